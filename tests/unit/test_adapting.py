"""Learning a gate by hand: from a file of decisions to predictions by what was learnt."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classify.adapter import LARGEST, Adapter
from classify.model import load_model
from infra.training.__main__ import main
from tests.desk import CHEERS, PLEAS, comments


def a_file(tmp_path: Path) -> Path:
    """Write decisions: pleas are complaints, cheers are chatter, and one line is unclear."""
    rows = [
        *({"text": text, "label": "complaint"} for text in comments(PLEAS, 60, seed=1)),
        *({"text": text, "label": "other", "under": "Selamat pagi"} for text in comments(CHEERS, 40, seed=2)),
        *({"text": text, "label": "question", "topic": "kesehatan"} for text in ("kapan buka pak?", "di mana bu?")),
        {"text": "entahlah", "label": "unclear"},
    ]
    path = tmp_path / "decisions.jsonl"
    path.write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    return path


def test_adapt_writes_an_adapter_that_predict_uses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`adapt` says how each gate does; `predict --adapter` decides by it, in the same form as without."""
    decisions, out = a_file(tmp_path), tmp_path / "adapter"
    assert main(["adapt", str(decisions), "--out", str(out)]) == 0
    said = capsys.readouterr().out.splitlines()
    assert [line.split(",")[0] for line in said] == ["comment: 62 decisions", "thread: 40 decisions"]
    assert len(out.read_bytes()) <= LARGEST
    learnt = Adapter.from_bytes(out.read_bytes(), load_model()).learnt
    assert (learnt["comment"].reports, learnt["thread"].chatter) == (60, 40)
    assert main(["predict", str(decisions)]) == 0
    alone = capsys.readouterr().out.splitlines()
    assert main(["predict", str(decisions), "--adapter", str(out)]) == 0
    assert [list(json.loads(line)) for line in capsys.readouterr().out.splitlines()] == [
        list(json.loads(line)) for line in alone
    ]


@pytest.mark.parametrize(
    ("stored", "said"), [(b"rusak", "adapter: it is no adapter, or it is damaged"), (None, "No such file")]
)
def test_an_adapter_that_cannot_be_used_stops_predict_with_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], stored: bytes | None, said: str
) -> None:
    """Whoever names an adapter wants it: nothing is decided without it in silence."""
    path = tmp_path / "adapter"
    if stored is not None:
        path.write_bytes(stored)
    assert main(["predict", str(a_file(tmp_path)), "--adapter", str(path)]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err


def test_a_learning_curve_needs_an_account_with_reports_and_chatter(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What cannot be measured is said before anything is trained."""
    path = tmp_path / "reports.jsonl"
    path.write_text(json.dumps({"text": "jalan rusak", "is_report": True, "topic": "jalan"}), encoding="utf-8")
    assert main(["learning-curve", str(path)]) == 2
    assert "no line has a label" in capsys.readouterr().err
    assert main(["learning-curve", str(path), "--source", "lain"]) == 2
    assert "'lain' has no labelled reports and chatter" in capsys.readouterr().err
