"""Score decisions against labels: figures with their confidence intervals, by source and by topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from aduan.triage import TICKET_ROUTES, Triage
from infra.training.example import Example

BINS: Final = 10
RESAMPLES: Final = 200
SEED: Final = 0


@dataclass(frozen=True)
class Scores:
    """Figures of one set of texts. A figure is None when no text in the set says anything about it."""

    texts: int
    reports: int
    topics: int
    """How many reports have a known topic and were given one."""
    topic_accuracy: float | None
    topic_macro_f1: float | None
    topic_calibration_error: float | None
    report_recall: float | None
    report_precision: float | None
    lost: float | None
    """Share of the complaints and requests that are dropped."""
    chatter_shown: float | None
    """Share of the chatter that a person sees, in whatever lane."""
    chatter_ticketed: float | None
    """Share of the chatter that becomes a ticket."""
    ticket_precision: float | None
    """Share of the tickets that are complaints or requests."""
    ticket_share: float | None
    """Share of the complaints and requests that become a ticket without a person."""
    questions_listed: float | None
    """Share of the questions that land among the questions or in review: not as tickets, and not dropped."""
    auto_precision: float | None
    """Share of the texts routed without a person whose topic is right. Chatter that is routed counts as wrong."""
    auto_share: float | None
    """Share of the reports that are routed without a person."""
    alerted: int
    """How many texts that are no report are routed to a department without a person."""

    def described(self) -> dict[str, float | int | None]:
        """Return the figures by name, rounded to four places."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


Decided = Sequence[tuple[Example, Triage]]


def score(decided: Decided) -> Scores:
    """Score decisions by how often they agree with the labels."""
    reports = [(example, triage) for example, triage in decided if example.is_report]
    chatter = [(example, triage) for example, triage in decided if not example.is_report]
    known = [(example, triage) for example, triage in reports if example.topic and triage.topic]
    wanted = [triage for example, triage in reports if example.wants_action]
    auto = [(example, triage) for example, triage in decided if triage.route == "auto"]
    judged = [(example, triage) for example, triage in auto if example.topic or not example.is_report]
    return Scores(
        texts=len(decided),
        reports=len(reports),
        topics=len(known),
        topic_accuracy=_share([triage.topic in example.topics for example, triage in known]),
        topic_macro_f1=_macro_f1(known),
        topic_calibration_error=_calibration_error(known),
        report_recall=_share([triage.is_report for _, triage in reports]),
        report_precision=_share([example.is_report for example, triage in decided if triage.is_report]),
        lost=_share([triage.route == "drop" for triage in wanted]),
        chatter_shown=_share([triage.route != "drop" for _, triage in chatter]),
        chatter_ticketed=_share([triage.route in TICKET_ROUTES for _, triage in chatter]),
        ticket_precision=_share([example.wants_action for example, triage in decided if triage.route in TICKET_ROUTES]),
        ticket_share=_share([triage.route in TICKET_ROUTES for triage in wanted]),
        questions_listed=_share(
            [triage.route in ("question", "review") for example, triage in decided if example.kind == "question"]
        ),
        auto_precision=_share([triage.topic in example.topics for example, triage in judged]),
        auto_share=_share([triage.route == "auto" for _, triage in reports]),
        alerted=sum(triage.route == "auto" for _, triage in chatter),
    )


def by_source(decided: Decided) -> dict[str, Scores]:
    """Score each source by itself."""
    return _grouped(decided, lambda example: example.source)


def by_topic(decided: Decided) -> dict[str, Scores]:
    """Score the texts of each topic by themselves; their accuracy is then the topic's recall."""
    return _grouped([pair for pair in decided if pair[0].topic], lambda example: str(example.topic))


def _grouped(decided: Decided, key: Callable[[Example], str]) -> dict[str, Scores]:
    groups: dict[str, list[tuple[Example, Triage]]] = defaultdict(list)
    for example, triage in decided:
        groups[key(example)].append((example, triage))
    return {name: score(groups[name]) for name in sorted(groups)}


def interval(decided: Decided, figure: str) -> tuple[float, float] | None:
    """Return the 95 % interval of a figure, by a bootstrap over groups of near-duplicates; None without a value."""
    groups: dict[str, list[tuple[Example, Triage]]] = defaultdict(list)
    for example, triage in decided:
        groups[example.group].append((example, triage))
    names = sorted(groups)
    draw = np.random.default_rng(SEED)
    found: list[float] = []
    for _ in range(RESAMPLES):
        drawn = [pair for place in draw.integers(len(names), size=len(names)) for pair in groups[names[place]]]
        value = getattr(score(drawn), figure)
        if value is not None:
            found.append(value)
    return (float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))) if found else None


def _share(hits: Sequence[bool]) -> float | None:
    return sum(hits) / len(hits) if hits else None


def _macro_f1(known: Decided) -> float | None:
    """Return the mean F1 of the topics that occur; another topic that is right as well counts as a hit."""
    if not known:
        return None
    hits: dict[str, int] = defaultdict(int)
    named: dict[str, int] = defaultdict(int)
    there: dict[str, int] = defaultdict(int)
    for example, triage in known:
        said = example.topic if triage.topic in example.topics else triage.topic
        there[str(example.topic)] += 1
        named[str(said)] += 1
        hits[str(example.topic)] += said == example.topic
    return sum(2 * hits[topic] / (there[topic] + named[topic]) for topic in there) / len(there)


def _calibration_error(known: Decided) -> float | None:
    """Return the mean distance, over ten bins, between the probability of decisions and how often they are right."""
    if not known:
        return None
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for example, triage in known:
        sure = triage.topic_probability
        bins[min(int(sure * BINS), BINS - 1)].append((sure, triage.topic in example.topics))
    distances = (abs(sum(sure for sure, _ in pairs) - sum(right for _, right in pairs)) for pairs in bins.values())
    return sum(distances) / len(known)
