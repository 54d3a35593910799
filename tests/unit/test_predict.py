"""Deciding about a file of texts on the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pytest

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.triage import Urgency
from classify.classifier import classify
from infra.training.__main__ import main
from infra.training.predict import described
from tests.builders import a_triage

ROOT = Path(__file__).parents[2]
KEYS = [
    *("id", "is_report", "report_probability", "shown_probability", "kind", "topic", "topic_probability"),
    *("runner_up", "department", "place", "urgency", "danger", "route"),
]
LAMP = "lampu jalan mati di Jalan Kaliurang km 7, tolong diperbaiki"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command as people do: from the repository's root, with nothing configured."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(  # noqa: S603 # our own command, from our own interpreter
        [sys.executable, "-m", "infra.training", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_each_line_gets_a_decision(tmp_path: Path) -> None:
    """Each line gives one line, in order, with the promised keys; without an id, it gets its line number."""
    texts = [LAMP, "Aamiin ya Allah", "", "sampah 🔥 ora dijupuk", "🔥"]
    rows: list[dict[str, Any]] = [
        {"id": "satu", "text": texts[0], "author": "x"},
        *({"text": text} for text in texts[1:-1]),
    ]
    rows.append({"id": 7, "text": texts[-1]})
    path = tmp_path / "posts.jsonl"
    path.write_text("\ufeff" + "\n\n".join(json.dumps(row, ensure_ascii=False) for row in rows) + "\n", "utf-8")
    done = run("predict", str(path))
    assert (done.returncode, done.stderr) == (0, "")
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [KEYS] * len(rows)
    assert [answer["id"] for answer in answers] == ["satu", 3, 5, 7, 7]
    for text, answer in zip(texts, answers, strict=True):
        triage = classify(text, load_directory())
        assert answer["department"] == (triage.guess or triage.department)
        assert answer["place"] == (triage.place.label() if triage.place else None)
        for key in set(KEYS) - {"id", "department", "place", "danger"}:
            assert answer[key] == getattr(triage, key)


def predicted(path: Path, capsys: pytest.CaptureFixture[str], *rows: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the decisions about some lines."""
    path.write_text("".join(f"{json.dumps(row)}\n" for row in rows), "utf-8")
    assert main(["predict", str(path)]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_what_is_known_about_a_text_is_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What it stands under, whom it addresses and the kind of channel reach the classifier; absent ones are unknown."""
    under = "Jalan mana yang rusak, lur? Laporkan di komentar"
    rows: list[dict[str, Any]] = [
        {"text": "kidul pasar"},
        {"text": "kidul pasar", "under": under, "to": "account", "channel_kind": "instagram"},
        {"text": "kidul pasar", "to": "citizen"},
        {"text": "kidul pasar", "channel_kind": "x"},
        {"text": "kidul pasar", "under": None, "to": None, "channel_kind": None},
        {"text": "kidul pasar", "under": ""},
    ]
    contexts = [None, Context(under=under, by="account", to="account"), Context(to="citizen"), None, None, None]
    kinds: list[Any] = [None, "instagram", None, "x", None, None]
    answers = predicted(tmp_path / "posts.jsonl", capsys, *rows)
    assert len({answer["report_probability"] for answer in answers[:4]}) == 4
    for answer, context, kind in zip(answers, contexts, kinds, strict=True):
        triage = classify("kidul pasar", load_directory(), context=context, channel_kind=kind)
        assert (answer["report_probability"], answer["route"]) == (triage.report_probability, triage.route)


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"channel_kind": "tiktok"}, "there is no channel_kind 'tiktok'"),
        ({"channel_kind": 7}, "there is no channel_kind 7"),
        ({"channel_kind": ["x"]}, "there is no channel_kind"),
        ({"to": "bupati"}, "to"),
        ({"to": 1}, "to"),
        ({"under": 7}, "under"),
        ({"under": ["kabar"]}, "under"),
    ],
)
def test_an_odd_circumstance_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], wrong: dict[str, Any], sentence: str
) -> None:
    """A kind of channel, a reader or a caption that cannot be ends the command with the line and the fault."""
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps({"text": "jalan rusak"} | wrong), "utf-8")
    assert main(["predict", str(path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("python -m infra.training: posts.jsonl, line 1: ")
    assert sentence in said.err


def test_danger_is_named_for_itself() -> None:
    """Both steps of danger are told beside the urgency; what is only urgent is no danger."""
    dangers = {urgency: described(1, a_triage(urgency=urgency))["danger"] for urgency in get_args(Urgency)}
    assert dangers == {"emergency": "emergency", "suspected": "suspected", "urgent": None, "normal": None}


def test_the_department_is_the_best_guess(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A text that a person must look at names the likeliest department, too; a place is written as one line."""
    path = tmp_path / "posts.jsonl"
    path.write_text(json.dumps({"text": f"{LAMP}, jangan cuma janji kampanye caleg"}), "utf-8")
    assert main(["predict", str(path)]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert (answer["route"], answer["department"]) == ("desk", "dishub_diy")
    assert answer["place"].startswith("Jalan Kaliurang")


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        (b'{"id": "dua"}', "line 3: it has no text"),
        (b'{"text": null}', "line 3: it has no text"),
        (b'{"text": ["jalan"]}', "line 3: it has no text"),
        (b'["jalan rusak"]', "line 3: it is not a JSON object"),
        (b"jalan rusak", "line 3: it is not JSON: Expecting value"),
        (b'{"text": "jalan', "line 3: it is not JSON: Unterminated string starting at"),
        (b'{"text": "caf\xe9"}', "line 3: it is not in UTF-8"),
    ],
)
def test_an_odd_line_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], line: bytes, sentence: str) -> None:
    """An unreadable line ends the command with one sentence that names the line and the fault."""
    path = tmp_path / "posts.jsonl"
    path.write_bytes(b'{"text": "jalan rusak"}\n\n' + line + b'\n{"text": "lampu mati"}\n')
    assert main(["predict", str(path)]) == 2
    said = capsys.readouterr()
    assert said.err == f"python -m infra.training: posts.jsonl, {sentence}\n"
    assert len(said.out.splitlines()) <= 1


def test_an_odd_file_ends_the_process_with_two(tmp_path: Path) -> None:
    """A calling script sees exit code 2, without a traceback."""
    path = tmp_path / "posts.jsonl"
    path.write_text('{"id": 1}', "utf-8")
    done = run("predict", str(path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "python -m infra.training: posts.jsonl, line 1: it has no text\n"


def test_a_file_that_is_not_there_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A missing file, or a folder, ends the command with one sentence that names it."""
    for path in (tmp_path / "tiada.jsonl", tmp_path):
        assert main(["predict", str(path)]) == 2
        said = capsys.readouterr()
        assert said.out == ""
        assert said.err.startswith("python -m infra.training: ")
        assert str(path) in said.err
        assert len(said.err.splitlines()) == 1


def test_an_empty_file_gets_no_decisions(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An empty file gives no output and no error."""
    path = tmp_path / "posts.jsonl"
    path.write_text("\n", "utf-8")
    assert main(["predict", str(path)]) == 0
    assert capsys.readouterr() == ("", "")
