"""Deciding about labelled texts, and the tables of the figures."""

from __future__ import annotations

import json
from pathlib import Path

from aduan.context import Context
from aduan.directory_loading import load_directory
from classify.classifier import classify
from infra.training.report import Held, decisions, details, evaluation, overview
from tests.invented import an_example, chatter

DIRECTORY = load_directory()
UNDER = Context(under="Jalan mana yang rusak, lur? Laporkan di komentar", by="account", to="account")
COMMENT = an_example(text="kidul pasar", context=UNDER, channel_kind="instagram")


def test_a_text_is_decided_as_it_would_be_where_it_was_written() -> None:
    """Context and channel of an example reach the classifier."""
    [(example, triage)] = decisions([COMMENT], DIRECTORY)
    assert example == COMMENT
    assert triage == classify(COMMENT.text, DIRECTORY, context=UNDER, channel_kind="instagram")


def test_without_context_only_the_addressee_is_known() -> None:
    """What a context is worth shows when its text is taken away; whom a post addresses, every platform tells."""
    [(_, blind)] = decisions([COMMENT], DIRECTORY, with_context=False)
    assert blind == classify(COMMENT.text, DIRECTORY, context=Context(to="account"), channel_kind="instagram")
    assert blind != decisions([COMMENT], DIRECTORY)[0][1]
    alone = an_example(text="kidul pasar")
    assert decisions([alone], DIRECTORY, with_context=False) == decisions([alone], DIRECTORY)


def test_the_tables_have_a_column_for_each_set_and_a_line_for_each_source() -> None:
    """Every line of a table is as wide as its head, and a figure that nothing tells is a dash."""
    held = Held("satu", decisions([COMMENT, chatter(text="🔥🔥🔥", source="kota")], DIRECTORY))
    for lines in ([*overview([held, Held("dua", [])])], [line for line in details(held) if line]):
        heads = [place for place, line in enumerate(lines) if line.startswith("|---")]
        ends = [*(head - 1 for head in heads[1:]), len(lines)]
        for head, end in zip(heads, ends, strict=True):
            assert {line.count("|") for line in lines[head - 1 : end]} == {lines[head].count("|")}
    table = {line.split(" | ")[0].strip("| "): line.split(" | ")[1:] for line in overview([held])}
    assert table["texts"] == ["2 |"]
    assert table["questions listed or reviewed"] == ["- |"]
    assert table["chatter shown"][0].startswith("0.000")
    assert any(line.startswith("| kota | 1 |") for line in details(held))


def test_a_file_of_comments_is_evaluated(tmp_path: Path) -> None:
    """Lines with a label are scored like any others, those nobody could label are not."""
    rows = [
        {"text": "🔥🔥🔥", "label": "other"},
        {"text": "kapan?", "label": "question"},
        {"text": "?", "label": "unclear"},
    ]
    path = tmp_path / "komentar.jsonl"
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    tables = evaluation(path, DIRECTORY).splitlines()
    assert "| | komentar.jsonl |" in tables
    assert "| texts | 2 |" in tables
    assert any(line.startswith("| questions listed or reviewed | 1.000") for line in tables)
