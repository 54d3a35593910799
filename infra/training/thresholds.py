"""Fit the probabilities from which the functions act without a person, on texts the model had not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from classify.model import Gate, gate_name, logistic, logit
from infra.training.example import CORPUS_SOURCE, OWN_SOURCES, Example
from infra.training.fitting import Unseen

LOST: Final = {"comment": 0.015, "thread": 0.025, "message": 0.005, "post": 0.22}
"""Largest share of unseen reports that may be dropped as chatter, by gate.

A threshold does not transfer: one that loses 3 in 100 on one account loses 6 on another. So comments without a context,
which are judged blindly, get a third of what is promised (3 in 100). Of posts on X that address nobody one in twenty is
a report: most of what is let through there is for nothing, and no channel reads them by default.
"""
TICKETS: Final = 0.93
"""Share of the unseen texts above a gate's `ticket_from` that are to be reports."""
QUESTION: Final = 0.5
"""A text is a question when that is more likely than not."""
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

    auto_report: float
    gates: dict[str, Gate]

    def described(self) -> dict[str, Any]:
        """Return the thresholds as model.json has them."""
        return {
            "auto_report": round(self.auto_report, 4),
            "gates": {
                name: {
                    "drop_below": round(gate.drop_below, 4),
                    "ticket_from": round(gate.ticket_from, 4),
                    "question_from": gate.question_from,
                    "auto_from": {topic: round(value, 4) for topic, value in sorted(gate.auto_from.items())},
                }
                for name, gate in self.gates.items()
            },
        }


def thresholds(examples: Sequence[Example], unseen: Unseen) -> Thresholds:
    """Fit all thresholds to the examples and the `unseen` probabilities for them."""
    auto_from = _auto_from(examples, unseen)
    relevance = np.array(
        [
            logistic((logit(report) + logit(shown)) / 2)
            for report, shown in zip(unseen.report, unseen.shown, strict=True)
        ]
    )
    kinds = np.array([gate_of(example) for example in examples])
    reports = np.array([example.wants_action for example in examples])
    social = _social(examples, unseen, auto_from)
    gates: dict[str, Gate] = {}
    for name, lost in LOST.items():
        mine = kinds == name
        if not (mine & reports).any():
            continue
        gates[name] = Gate(
            # A value between two texts could lose more than this share.
            drop_below=float(np.quantile(relevance[mine & reports], lost, method="lower")),
            ticket_from=_lowest(unseen.report[mine], reports[mine], TICKETS) or 0.9,
            question_from=QUESTION,
            auto_from=auto_from if name == "message" else social,
        )
    if not gates:
        raise ValueError("no report to fit a gate to")
    # A way of writing that no text is an example of gets the most cautious thresholds that there are.
    cautious = Gate(
        drop_below=min(gate.drop_below for gate in gates.values()),
        ticket_from=max(gate.ticket_from for gate in gates.values()),
        question_from=QUESTION,
        auto_from=auto_from,
    )
    return Thresholds(
        auto_report=_auto_report(examples, unseen, auto_from),
        gates={name: gates.get(name, cautious) for name in LOST},
    )


def gate_of(example: Example) -> str:
    """Return the name of the gate that a text is learnt for."""
    if example.channel_kind is None:  # the corpus and the messages sent to governments
        return "message"
    return gate_name(example.channel_kind, example.context)


def _social(examples: Sequence[Example], unseen: Unseen, auto_from: Mapping[str, float]) -> dict[str, float]:
    """Lower each topic's threshold to the one from which the project's own texts, all social posts, keep the promise.

    The messages that people send to governments are longer, and their offices overlap more.
    """
    known = [place for place, example in enumerate(examples) if example.topic and example.source in OWN_SOURCES]
    named, sure = unseen.topic[known].argmax(axis=1), unseen.topic[known].max(axis=1)
    right = np.array(
        [unseen.topics[topic] in examples[place].topics for topic, place in zip(named, known, strict=True)]
    )
    own = _lowest(sure, right, PROMISE) or 1.0
    return {topic: min(value, own) for topic, value in auto_from.items()}


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
    known = [place for place, example in enumerate(examples) if example.topic and example.teaches_topic]
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
