"""Reading labelled texts."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.context import Context
from aduan.directory_loading import load_directory
from infra.training.example import Example, held_out
from infra.training.examples import read_corpus, read_examples
from infra.training.json_lines import ExampleError
from tests.invented import an_example

DIRECTORY = load_directory()


def written(path: Path, *rows: dict[str, Any]) -> Path:
    """Write rows as JSON lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def test_text_and_label_are_enough(tmp_path: Path) -> None:
    """Missing labels are unknown; ids and source come from the file, and other fields are ignored."""
    path = written(
        tmp_path / "kota.jsonl",
        {"text": "jalan rusak", "is_report": True, "author": "x", "date": "2026"},
        {"id": "dua", "text": "selamat pagi", "is_report": False, "group": "g", "source": "desa"},
    )
    assert read_examples(path, DIRECTORY) == [
        Example(id="kota-1", text="jalan rusak", is_report=True, source="kota", collection="kota", group="kota-1"),
        Example(id="dua", text="selamat pagi", is_report=False, source="desa", collection="kota", group="dua"),
    ]


def comments(path: Path, *rows: dict[str, Any]) -> list[Example]:
    """Read labelled comments."""
    return read_examples(written(path / "komentar.jsonl", *rows), DIRECTORY)


@pytest.mark.parametrize(
    ("label", "is_report", "wants_action"),
    [
        ("complaint", True, True),
        ("request", True, True),
        ("question", True, False),
        ("suggestion", True, False),
        ("other", False, False),
    ],
)
def test_a_label_is_one_of_the_five_kinds(tmp_path: Path, label: str, is_report: bool, wants_action: bool) -> None:  # noqa: FBT001
    """Only ``other`` is chatter, and only complaints and requests ought to be tickets."""
    [found] = comments(tmp_path, {"text": "jalan rusak", "label": label})
    assert (found.kind, found.is_report, found.wants_action) == (label, is_report, wants_action)


def test_what_its_reader_could_not_tell_is_left_out(tmp_path: Path) -> None:
    """A comment labelled ``unclear`` teaches nothing; the others keep the numbers of their lines."""
    found = comments(tmp_path, {"text": "hm", "label": "unclear"}, {"text": "jalan rusak", "label": "complaint"})
    assert [example.id for example in found] == ["komentar-2"]


def test_comments_teach_no_topics(tmp_path: Path) -> None:
    """Comments of one account are about its matters: their topics are scored, never learnt; an unknown one is none."""
    first, second = comments(
        tmp_path,
        {"text": "vaksin habis", "label": "complaint", "topic": "kesehatan"},
        {"text": "vaksin telat", "label": "complaint", "topic": "vaksinasi"},
    )
    assert (first.topic, first.teaches_topic) == ("kesehatan", False)
    assert (second.topic, second.teaches_topic) == (None, False)
    [report] = read_examples(written(tmp_path / "kota.jsonl", {"text": "jalan", "is_report": True}), DIRECTORY)
    assert report.teaches_topic


def test_each_source_of_comments_counts_by_itself(tmp_path: Path) -> None:
    """The source names the collection, and the kind of channel where it begins with one; else the line may name it."""
    found = comments(
        tmp_path,
        {"text": "satu", "label": "other", "source": "instagram_mayor"},
        {"text": "dua dua", "label": "other", "source": "forum", "channel_kind": "x"},
        {"text": "tiga tiga tiga", "label": "other"},
    )
    assert [(one.collection, one.channel_kind) for one in found] == [
        ("instagram_mayor", "instagram"),
        ("forum", "x"),
        ("comments", None),
    ]


def test_a_comments_context_is_read(tmp_path: Path) -> None:
    """What a comment stands under is the account's; where neither that nor the reader is known there is no context."""
    found = comments(
        tmp_path,
        {"text": "satu", "label": "other", "under": "Kabar", "to": "citizen"},
        {"text": "dua dua", "label": "other", "to": "account"},
        {"text": "tiga tiga tiga", "label": "other", "under": None},
    )
    assert [one.context for one in found] == [
        Context(under="Kabar", by="account", to="citizen"),
        Context(to="account"),
        None,
    ]


@pytest.mark.parametrize(
    ("danger", "urgency", "read"),
    [
        (True, None, "emergency"),
        ("now", "urgent", "emergency"),
        (False, "urgent", "urgent"),
        (None, None, "normal"),
        ("none", "", "normal"),
    ],
)
def test_a_danger_of_now_is_an_emergency(tmp_path: Path, danger: Any, urgency: str | None, read: str) -> None:
    """A comment marked as danger is an emergency; otherwise its urgency counts, which is normal if it is not given."""
    [found] = comments(tmp_path, {"text": "tolong", "label": "complaint", "danger": danger, "urgency": urgency})
    assert found.urgency == read


def test_groups_that_are_given_are_kept(tmp_path: Path) -> None:
    """When every text says which group it is of, nobody looks for near-duplicates."""
    rows = [{"text": "sama", "is_report": True, "group": name} for name in ("a", "b")]
    assert [example.group for example in read_examples(written(tmp_path / "kota.jsonl", *rows), DIRECTORY)] == [
        "a",
        "b",
    ]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"text": "jalan rusak"}, "is_report"),
        ({"is_report": True}, "text"),
        ({"text": "jalan rusak", "is_report": "mungkin"}, "is_report"),
        ({"text": "jalan rusak", "is_report": True, "kind": "keluhan"}, "kind"),
        ({"text": "jalan rusak", "label": "keluhan"}, "kind"),
        ({"text": "jalan rusak", "label": "complaint", "channel_kind": "tiktok"}, "channel_kind"),
        ({"text": "jalan rusak", "label": "complaint", "urgency": "kapan-kapan"}, "urgency"),
        ({"text": "jalan rusak", "is_report": True, "urgency": "kapan-kapan"}, "urgency"),
        ({"text": "jalan rusak", "is_report": True, "topic": "jalanan"}, "there is no topic 'jalanan'"),
        ({"text": "x", "is_report": True, "topic": "jalan", "topic_alt": ["mana"]}, "there is no topic 'mana'"),
    ],
)
def test_a_wrong_label_is_named(tmp_path: Path, row: dict[str, Any], sentence: str) -> None:
    """A missing or wrong field, or an unknown topic, is reported with file and line."""
    path = written(tmp_path / "kota.jsonl", {"text": "ya", "is_report": False}, row)
    with pytest.raises(ExampleError, match=rf"(?s)kota\.jsonl, line 2: .*{sentence}"):
        read_examples(path, DIRECTORY)


def test_a_wrong_line_of_the_corpus_is_named(tmp_path: Path) -> None:
    """A text of the corpus must give its group, and errors name file and line."""
    good = {"text": "jalan rusak", "is_report": True, "group": "g", "lang": "id"}
    written(tmp_path / "jalan.jsonl", good)
    assert [example.id for example in read_corpus(DIRECTORY, tmp_path)] == ["jalan-1"]
    written(tmp_path / "sosial.jsonl", good, {name: good[name] for name in ("text", "is_report")})
    with pytest.raises(ExampleError, match=r"(?s)sosial\.jsonl, line 2: .*group"):
        read_corpus(DIRECTORY, tmp_path)


@given(group=st.text(), parts=st.integers(1, 10))
def test_a_groups_texts_stand_on_one_side(group: str, parts: int) -> None:
    """The side of a split on which a text stands follows from its group alone."""
    one, other = an_example(group=group), an_example(group=group, id="lain", text="lain", is_report=False)
    assert one.part(parts) == other.part(parts)
    assert one.part(parts) in range(parts)
    assert held_out(one) == held_out(other)


def test_splits_are_independent() -> None:
    """Groups that stand together in one split are spread over the sides of another."""
    examples = [an_example(group=f"g{number}") for number in range(400)]
    kept = [example for example in examples if held_out(example)]
    assert 70 < len(kept) < 130
    assert {example.part(4, "fold ") for example in kept} == {0, 1, 2, 3}
