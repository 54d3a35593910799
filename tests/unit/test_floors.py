"""No score falls below its floor unnoticed."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from classify.model import load_model
from infra.training import floors
from infra.training.example import Example, held_out
from tests.invented import an_example, chatter

DIRECTORY = load_directory()
SURE = "jalan rusak parah berlubang di Sinduadi, mohon segera diperbaiki"
PLAIN = "Keren pol 🔥🔥🔥"

Check = Callable[..., int]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Return a check of floors against written scores, with a small corpus and protest set."""
    held = [an_example(text=SURE, group=f"g{number}") for number in range(40)]

    def checked(
        wanted: dict[str, dict[str, float]],
        scores: dict[str, dict[str, Any]] | None = None,
        *,
        model: str | None = None,
        corpus: list[Example] | None = None,
    ) -> int:
        floors_file, scores_file = tmp_path / "floors.json", tmp_path / "scores.json"
        floors_file.write_text(json.dumps(wanted), encoding="utf-8")
        scores_file.write_text(json.dumps({"model": model or load_model().hash, "scores": scores or {}}))
        monkeypatch.setattr(floors, "FLOORS", floors_file)
        monkeypatch.setattr(floors, "SCORES", scores_file)
        monkeypatch.setattr(floors, "read_corpus", lambda _: held if corpus is None else corpus)
        monkeypatch.setattr(floors, "read_examples", lambda *_: [chatter(text=PLAIN)])
        return floors.check(DIRECTORY)

    return checked


def test_what_holds_passes_in_silence(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    """When every figure is at its floor or above, nothing is printed."""
    wanted = {"held-out thirds": {"topic_accuracy": 0.88}, "held-out corpus": {"topic_accuracy": 1.0}}
    assert check(wanted, {"held-out thirds": {"topic_accuracy": 0.88}}) == 0
    assert capsys.readouterr().out == ""


def test_what_falls_below_is_named(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    """Each figure below its floor is counted and printed with its value and its floor."""
    wanted = {"held-out thirds": {"topic_accuracy": 0.88, "report_recall": 0.99, "auto_share": 0.5}}
    scores = {"held-out thirds": {"topic_accuracy": 0.8799, "report_recall": 0.5, "auto_share": 0.6}}
    assert check(wanted, scores) == 2
    assert capsys.readouterr().out.splitlines() == [
        "held-out thirds: topic_accuracy is 0.8799, and must be at least 0.88",
        "held-out thirds: report_recall is 0.5, and must be at least 0.99",
    ]


@pytest.mark.parametrize("figure", ["alerted", "topic_calibration_error"])
def test_some_figures_must_stay_low(check: Check, capsys: pytest.CaptureFixture[str], figure: str) -> None:
    """False alarms and calibration error have ceilings."""
    assert check({"held-out thirds": {figure: 0.05}}, {"held-out thirds": {figure: 0.05}}) == 0
    assert check({"held-out thirds": {figure: 0.05}}, {"held-out thirds": {figure: 0.06}}) == 1
    assert f"{figure} is 0.06, and must be at most 0.05" in capsys.readouterr().out


def test_a_figure_that_nothing_tells_any_more_does_not_hold(check: Check) -> None:
    """A score that has become unknown counts as below its floor."""
    assert check({"held-out thirds": {"auto_precision": 0.1}}, {"held-out thirds": {"auto_precision": None}}) == 1


def test_scores_of_another_model_are_worth_nothing(check: Check, capsys: pytest.CaptureFixture[str]) -> None:
    """A model changed without new training is reported, whatever the figures."""
    assert check({}, model="000000000000") == 1
    assert f"deployed is {load_model().hash}" in capsys.readouterr().out


def test_what_can_be_measured_is_measured_anew(check: Check) -> None:
    """Figures of the corpus and the protest set are measured, not read from the file."""
    wanted = {"held-out corpus": {"topic_accuracy": 0.9}, "protest": {"alerted": 0}}
    right = {"held-out corpus": {"topic_accuracy": 0.0}, "protest": {"alerted": 100}}
    assert check(wanted, right) == 0
    wrong = [an_example(text=SURE, topic="sosial", group=f"g{number}") for number in range(40)]
    boast = {"held-out corpus": {"topic_accuracy": 1.0}, "protest": {"alerted": 0}}
    assert check(wanted, boast, corpus=wrong) == 1


def test_only_what_was_held_out_counts(check: Check) -> None:
    """Texts of the corpus that the model was trained on prove nothing."""
    learnt = [an_example(text=SURE, topic="sosial", group=f"g{number}") for number in range(40)]
    kept = [example for example in learnt if held_out(example)]
    assert 0 < len(kept) < len(learnt)
    mixed = [example.model_copy(update={"topic": "jalan"}) if example in kept else example for example in learnt]
    assert check({"held-out corpus": {"topic_accuracy": 1.0, "texts": len(kept)}}, corpus=mixed) == 0
