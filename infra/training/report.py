"""Write scores as tables for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aduan.context import Context
from aduan.directory import Directory
from classify.adapter import Adapter
from classify.classifier import classify
from classify.model import Model
from infra.training.example import Example
from infra.training.examples import read_examples
from infra.training.scores import Decided, Scores, by_source, by_topic, interval, score

_FIGURES: Final = {
    "topic_accuracy": "topic accuracy",
    "topic_macro_f1": "topic macro-F1",
    "topic_calibration_error": "topic calibration error",
    "report_recall": "report recall",
    "report_precision": "report precision",
    "lost": "complaints and requests dropped",
    "chatter_shown": "chatter shown",
    "chatter_ticketed": "chatter as ticket",
    "ticket_precision": "tickets that are reports",
    "ticket_share": "reports that become tickets",
    "questions_listed": "questions listed or reviewed",
    "auto_precision": "auto precision",
    "auto_share": "auto share",
}
_WITH_INTERVAL: Final = (
    "topic_accuracy",
    "topic_macro_f1",
    "report_recall",
    "lost",
    "chatter_shown",
    "ticket_precision",
    "ticket_share",
    "auto_precision",
    "auto_share",
)


@dataclass(frozen=True)
class Held:
    """A set of texts that a model has not seen, and what it decided about them."""

    name: str
    decided: Decided


def decisions(
    examples: Iterable[Example],
    directory: Directory,
    model: Model | None = None,
    *,
    with_context: bool = True,
    adapter: Adapter | None = None,
) -> Decided:
    """Decide about texts with a model, by default the deployed one; without their contexts if so wished.

    An `adapter` must belong to that model.
    """
    return [
        (
            example,
            classify(
                example.text,
                directory,
                context=example.context if with_context else _blind(example.context),
                channel_kind=example.channel_kind,
                model=model,
                adapter=adapter,
            ),
        )
        for example in examples
    ]


def _blind(context: Context | None) -> Context | None:
    """Return a context of which only the addressee is known."""
    return None if context is None else Context(to=context.to)


def evaluation(path: Path, directory: Directory) -> str:
    """Score the deployed model on a file of labelled texts, and return the tables.

    Raises:
        ExampleError: when a line cannot be read.
    """
    examples = read_examples(path, directory)
    held = Held(path.name, decisions(examples, directory))
    return "\n".join([*overview([held]), "", *details(held)])


def overview(held: list[Held]) -> Iterator[str]:
    """Yield the lines of a table with the figures of several sets and their 95 % intervals."""
    yield f"| | {' | '.join(one.name for one in held)} |"
    yield f"|---|{'---|' * len(held)}"
    scores = [score(one.decided) for one in held]
    for name in ("texts", "reports", "topics"):
        yield f"| {name} | {' | '.join(str(getattr(one, name)) for one in scores)} |"
    for name, label in _FIGURES.items():
        cells = []
        for one, figures in zip(held, scores, strict=True):
            cell = _number(getattr(figures, name))
            between = interval(one.decided, name) if name in _WITH_INTERVAL and cell != "-" else None
            cells.append(f"{cell} ({between[0]:.3f}-{between[1]:.3f})" if between else cell)
        yield f"| {label} | {' | '.join(cells)} |"
    yield f"| no report, yet a department is told | {' | '.join(str(one.alerted) for one in scores)} |"


def details(held: Held) -> Iterator[str]:
    """Yield the lines of two tables with the figures of one set, by source and by topic."""
    for title, groups in (("source", by_source(held.decided)), ("topic", by_topic(held.decided))):
        yield from _table(title, groups)
        yield ""


def _table(title: str, groups: Mapping[str, Scores]) -> Iterator[str]:
    yield f"| {title} | texts | {' | '.join(_FIGURES.values())} | told wrongly |"
    yield f"|---|---|{'---|' * len(_FIGURES)}---|"
    for name, figures in groups.items():
        cells = " | ".join(_number(getattr(figures, figure)) for figure in _FIGURES)
        yield f"| {name} | {figures.texts} | {cells} | {figures.alerted} |"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
