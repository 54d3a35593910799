"""From which probability on the functions act without a person. Fitted on texts the model had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from infra.training.example import CORPUS_SOURCE, Example
from infra.training.fitting import Unseen

LOST: Final = 0.015
"""Share of the reports of any source that may fall below the threshold of chatter."""
HIGHEST_DROP: Final = 0.2
"""And no post that is a report with this probability is ever dropped."""
PROMISE: Final = 0.95
"""Of what is routed without a person so much is to be right."""
MARGIN: Final = 0.0075
"""What the promise is raised by when thresholds are fitted: another city writes otherwise."""
FALSE_ALERTS: Final = 0.02
"""Share of the corpus's chatter of which a department may be told."""
FEWEST: Final = 25
"""Texts a topic must have above its threshold before it gets one of its own."""


@dataclass(frozen=True)
class Thresholds:
    """The numbers of `classify.model.Model` that are no weights."""

    drop_below: float
    auto_report: float
    auto_from: dict[str, float]

    def described(self) -> dict[str, Any]:
        """Give them as model.json has them."""
        return {
            "drop_below": round(self.drop_below, 4),
            "auto_report": round(self.auto_report, 4),
            "auto_from": {topic: round(value, 4) for topic, value in sorted(self.auto_from.items())},
        }


def thresholds(examples: Sequence[Example], unseen: Unseen) -> Thresholds:
    """Fit the thresholds."""
    auto_from = _auto_from(examples, unseen)
    return Thresholds(
        drop_below=_drop_below(examples, unseen.report),
        auto_report=_auto_report(examples, unseen, auto_from),
        auto_from=auto_from,
    )


def _drop_below(examples: Sequence[Example], report: np.ndarray) -> float:
    sources = sorted({example.source for example in examples if example.is_report})
    lows = [
        float(
            np.quantile(
                [
                    report[place]
                    for place, example in enumerate(examples)
                    if example.is_report and example.source == source
                ],
                LOST,
                method="lower",  # between two values more than this share might be lost
            )
        )
        for source in sources
    ]
    return min([*lows, HIGHEST_DROP])


def _auto_report(examples: Sequence[Example], unseen: Unseen, auto_from: Mapping[str, float]) -> float:
    """Find from where on nearly none of the corpus's chatter, which speaks of what complaints speak of, is told."""
    named, sure = unseen.topic.argmax(axis=1), unseen.topic.max(axis=1)
    chatter = [
        place for place, example in enumerate(examples) if example.source == CORPUS_SOURCE and not example.is_report
    ]
    told = sorted(
        (float(unseen.report[place]) for place in chatter if sure[place] >= auto_from[unseen.topics[named[place]]]),
        reverse=True,
    )
    tolerated = int(FALSE_ALERTS * len(chatter))
    return told[tolerated] + 1e-4 if len(told) > tolerated else 0.5


def _auto_from(examples: Sequence[Example], unseen: Unseen) -> dict[str, float]:
    """Find for each topic, as the model names it, from where on its promise holds."""
    known = [place for place, example in enumerate(examples) if example.topic]
    probabilities = unseen.topic[known]
    named, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    right = np.array(
        [unseen.topics[topic] in examples[place].topics for topic, place in zip(named, known, strict=True)]
    )
    overall = _lowest(sure, right, PROMISE + MARGIN) or 1.0
    found: dict[str, float] = {}
    for number, topic in enumerate(unseen.topics):
        mine = named == number
        own = _lowest(sure[mine], right[mine], PROMISE + MARGIN)
        # A rare topic borrows from all, and is never trusted more than they are.
        found[topic] = own if own is not None else max(overall, 0.9)
    return found


def _lowest(sure: np.ndarray, right: np.ndarray, promise: float) -> float | None:
    """Give the lowest threshold above which the share of what is right keeps the promise; None when too few do."""
    order = np.argsort(-sure, kind="stable")
    ordered = sure[order]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Of texts that are equally probable all pass a threshold, or none.
    apart = np.append(ordered[1:] < ordered[:-1], np.ones(min(1, len(order)), dtype=bool))
    kept = np.flatnonzero((share >= promise) & apart)
    if len(kept) == 0 or kept[-1] + 1 < FEWEST:
        return None
    return float(ordered[kept[-1]])
