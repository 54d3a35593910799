"""How good decisions are: figures with their confidence intervals, by source and by topic."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from aduan.triage import Triage
from infra.training.example import Example

BINS: Final = 10
RESAMPLES: Final = 200
SEED: Final = 0


@dataclass(frozen=True)
class Scores:
    """Figures of one set of texts; None where nothing in it can tell."""

    texts: int
    reports: int
    topics: int
    """How many have a known topic."""
    topic_accuracy: float | None
    topic_macro_f1: float | None
    topic_calibration_error: float | None
    report_recall: float | None
    report_precision: float | None
    chatter_dropped: float | None
    auto_precision: float | None
    """Of what is routed without a person, the share whose topic is right; chatter so routed is wrong."""
    auto_share: float | None
    """Of the reports, the share that is routed without a person."""
    alerted: int
    """Texts that are no report and of which a department is told."""

    def described(self) -> dict[str, float | int | None]:
        """Give the figures rounded to four places."""
        return {name: round(value, 4) if isinstance(value, float) else value for name, value in asdict(self).items()}


Decided = Sequence[tuple[Example, Triage]]


def score(decided: Decided) -> Scores:
    """Count how often decisions agree with what is known."""
    reports = [(example, triage) for example, triage in decided if example.is_report]
    chatter = [(example, triage) for example, triage in decided if not example.is_report]
    known = [(example, triage) for example, triage in reports if example.topic and triage.topic]
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
        chatter_dropped=_share([not triage.is_report for _, triage in chatter]),
        auto_precision=_share([triage.topic in example.topics for example, triage in judged]),
        auto_share=_share([triage.route == "auto" for _, triage in reports]),
        alerted=sum(triage.route == "auto" for _, triage in chatter),
    )


def by_source(decided: Decided) -> dict[str, Scores]:
    """Score each source for itself."""
    return _grouped(decided, lambda example: example.source)


def by_topic(decided: Decided) -> dict[str, Scores]:
    """Score the texts of each topic for themselves; accuracy is then the share that is found."""
    return _grouped([pair for pair in decided if pair[0].topic], lambda example: str(example.topic))


def _grouped(decided: Decided, key: Callable[[Example], str]) -> dict[str, Scores]:
    groups: dict[str, list[tuple[Example, Triage]]] = defaultdict(list)
    for example, triage in decided:
        groups[key(example)].append((example, triage))
    return {name: score(groups[name]) for name in sorted(groups)}


def interval(decided: Decided, figure: str) -> tuple[float, float] | None:
    """Give the 95 % interval of a figure, by drawing groups of near-duplicates again and again."""
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
    """Mean over the topics that occur of the harmonic mean of precision and recall; an accepted topic is a hit."""
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
    """Mean distance between how sure a decision was and how often such decisions are right, over ten bins."""
    if not known:
        return None
    bins: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for example, triage in known:
        sure = triage.topic_probability
        bins[min(int(sure * BINS), BINS - 1)].append((sure, triage.topic in example.topics))
    distances = (abs(sum(sure for sure, _ in pairs) - sum(right for _, right in pairs)) for pairs in bins.values())
    return sum(distances) / len(known)
