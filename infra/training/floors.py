"""Floors that no score may fall below. `make check` measures the scores that need no other data, and reads the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from aduan.directory import Directory
from classify.classifier import classify
from classify.model import load_model
from infra.training.example import held_out
from infra.training.examples import PROTEST, read_corpus, read_examples
from infra.training.model_card import SCORES
from infra.training.scores import score

FLOORS: Final = Path(__file__).parent / "floors.json"
_CEILINGS: Final = ("alerted", "topic_calibration_error")
"""Figures that are better when lower: their floor is a ceiling."""


def check(directory: Directory) -> int:
    """Compare the scores with their floors. Print those that fall below, and return how many do.

    The held-out corpus and the protest set are scored anew. The held-out thirds and the unseen source need texts that
    are not in the repository; their scores were written by the training that made the deployed model. The result is 1
    when those scores belong to another model.
    """
    floors: dict[str, dict[str, float]] = json.loads(FLOORS.read_bytes())
    written = json.loads(SCORES.read_bytes())
    if written["model"] != load_model().hash:
        print(f"scores.json is of model {written['model']}, deployed is {load_model().hash}: run `make train`")
        return 1
    kept = [example for example in read_corpus(directory) if held_out(example)]
    measured: dict[str, dict[str, Any]] = written["scores"] | {
        name: score([(example, classify(example.text, directory)) for example in examples]).described()
        for name, examples in (("held-out corpus", kept), ("protest", read_examples(PROTEST, directory)))
    }
    return sum(
        not _holds(f"{name}: {figure}", measured.get(name, {}).get(figure), floor, ceiling=figure in _CEILINGS)
        for name, wanted in floors.items()
        for figure, floor in wanted.items()
    )


def _holds(name: str, value: float | None, floor: float, *, ceiling: bool) -> bool:
    if value is not None and (value <= floor if ceiling else value >= floor):
        return True
    print(f"{name} is {value}, and must be {'at most' if ceiling else 'at least'} {floor}")
    return False
