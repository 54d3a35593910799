"""Floors that no score may fall below. `make check` measures the scores that need no other data, and reads the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from aduan.directory import Directory
from classify.model import Model, load_model
from infra.training.example import held_out
from infra.training.examples import PROTEST, read_corpus, read_dangers, read_examples, read_threads
from infra.training.model_card import SCORES
from infra.training.report import decisions
from infra.training.scores import Decided, score

FLOORS: Final = Path(__file__).parent / "floors.json"
_CEILINGS: Final = ("alerted", "topic_calibration_error", "lost", "chatter_shown", "chatter_ticketed")
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
    measured: dict[str, dict[str, Any]] = written["scores"] | {
        name: score(decided).described() for name, decided in scored_anew(directory).items()
    }
    return sum(
        not _holds(f"{name}: {figure}", measured.get(name, {}).get(figure), floor, ceiling=figure in _CEILINGS)
        for name, wanted in floors.items()
        for figure, floor in wanted.items()
    )


def scored_anew(directory: Directory, model: Model | None = None) -> dict[str, Decided]:
    """Decide about the project's own texts that no model learns from, by set."""
    corpus = [example for example in read_corpus(directory) if held_out(example)]
    threads = [example for example in read_threads(directory) if held_out(example)]
    dangers = [example for example in read_dangers(directory) if held_out(example)]
    return {
        "held-out corpus": decisions(corpus, directory, model),
        "held-out threads": decisions(threads, directory, model),
        "held-out threads without context": decisions(threads, directory, model, with_context=False),
        "held-out dangers": decisions(dangers, directory, model),
        "protest": decisions(read_examples(PROTEST, directory), directory, model),
    }


def _holds(name: str, value: float | None, floor: float, *, ceiling: bool) -> bool:
    if value is not None and (value <= floor if ceiling else value >= floor):
        return True
    print(f"{name} is {value}, and must be {'at most' if ceiling else 'at least'} {floor}")
    return False
