"""Fit the probabilities from which the functions act without a person, on texts the model had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from infra.training.example import CORPUS_SOURCE, Example
from infra.training.fitting import Unseen

LOST: Final = 0.015
"""Largest share of any source's reports that may be dropped as chatter."""
HIGHEST_DROP: Final = 0.2
"""A post that is a report with at least this probability is never dropped."""
PROMISE: Final = 0.95
"""Share of the posts routed without a person that is to be right."""
MARGIN: Final = 0.0075
"""By how much the promise is raised for fitting, because people in another city write differently."""
FALSE_ALERTS: Final = 0.02
"""Largest share of the corpus's chatter that may be routed to a department without a person."""
FEWEST: Final = 25
"""A topic needs this many texts above its threshold to get a threshold of its own."""


@dataclass(frozen=True)
class Thresholds:
    """The thresholds of `classify.model.Model`, all of them probabilities."""

    drop_below: float
    auto_report: float
    auto_from: dict[str, float]

    def described(self) -> dict[str, Any]:
        """Return the thresholds as model.json has them."""
        return {
            "drop_below": round(self.drop_below, 4),
            "auto_report": round(self.auto_report, 4),
            "auto_from": {topic: round(value, 4) for topic, value in sorted(self.auto_from.items())},
        }


def thresholds(examples: Sequence[Example], unseen: Unseen) -> Thresholds:
    """Fit all thresholds to the examples and the `unseen` probabilities for them."""
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
                method="lower",  # a value between two texts could lose more than this share
            )
        )
        for source in sources
    ]
    return min([*lows, HIGHEST_DROP])


def _auto_report(examples: Sequence[Example], unseen: Unseen, auto_from: Mapping[str, float]) -> float:
    """Find the probability of a report from which nearly no chatter of the corpus is routed without a person.

    The corpus's chatter speaks of the same matters as complaints do.
    """
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
    """Find, for each topic the model may name, the probability from which the promise holds."""
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
        # A rare topic takes the threshold of all topics together, but no lower one than 0.9.
        found[topic] = own if own is not None else max(overall, 0.9)
    return found


def _lowest(sure: np.ndarray, right: np.ndarray, promise: float) -> float | None:
    """Return the lowest threshold from which the share of right texts keeps the promise.

    None when it is never kept, or for fewer than `FEWEST` texts.
    """
    order = np.argsort(-sure, kind="stable")
    ordered = sure[order]
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Texts with equal probability pass a threshold all together or not at all.
    apart = np.append(ordered[1:] < ordered[:-1], np.ones(min(1, len(order)), dtype=bool))
    kept = np.flatnonzero((share >= promise) & apart)
    if len(kept) == 0 or kept[-1] + 1 < FEWEST:
        return None
    return float(ordered[kept[-1]])
