"""Fit an adapter to the decisions of one deployment's desk, and tell whether it may be put in force.

What an adapter is worth is measured on decisions it has not learnt from: each quarter of them, whole threads at a
time, is judged by an adapter made of the other three. The threshold comes from the same figures.
"""

from __future__ import annotations

import hashlib
import math
import operator
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

from classify.adapter import (
    DENSE,
    HEADS,
    MOST_FEATURES,
    STEPS,
    Adapter,
    Learnt,
    base_logits,
    hashes_of,
    shifted,
)
from classify.features import FAMILIES, SCALES, context_features, features_of
from classify.model import Model, Probabilities, gate_name
from classify.phrase_matches import reader_of
from learn.logistic import Row, Weights, fitted
from learn.unseen import fingerprint, unseen_logits

if TYPE_CHECKING:
    from aduan.context import Context
    from aduan.directory import Directory
    from aduan.post import ChannelKind
    from aduan.triage import ReportKind

FOLDS: Final = 4
FOLDS_OF_FEW: Final = 10
FEW: Final = 1000
"""Fewer decisions than this are measured in more parts, so that each adapter learns from nearly as many as the last."""
PENALTY: Final = 0.5
"""How strongly the weights are held at the base model."""
PROMISE: Final = 0.03
"""Share of the complaints and requests that may be lost."""
CONFIDENCE: Final = 2 / 3
"""How sure it must be, before a threshold is used, that on new posts no more are lost than promised."""
HIGHEST: Final = 0.2
"""No threshold is above this: what is a report as likely as that is shown, however well the rest is told apart."""
CLICKS: Final = 1.0
"""So much counts what one person alone says to be chatter about a topic; see `_weights`."""
CLICKS_PER_REPORT: Final = 3.0
_SHARED: Final = (1.0, 0.3, 0.3, 0.3)
"""Factors of what every decision has, in the order of `DENSE`: how freely the base model's logits are weighed anew."""
_GATE_HEADS: Final = 2
"""How many of `HEADS`, from the first, the relevance of a post is made of."""
_ACTION: Final = frozenset({"complaint", "request"})


class Decision(NamedTuple):
    """What a person decided about a post."""

    text: str
    """What was written, masked."""
    kind: ReportKind
    """``other`` for chatter."""
    group: str
    """Name of what must not be split between learning and measuring: the thread, or near-duplicates."""
    context: Context | None = None
    channel_kind: ChannelKind | None = None
    by: str | None = None
    """Who decided; None for decisions that no limit for one person applies to."""


class Outcome(NamedTuple):
    """An adapter, and whether it is better than the base model alone."""

    adapter: Adapter
    improves: bool
    """True when it may be put in force: for at least one gate it loses no more reports than promised, or than the base
    model, and shows less chatter. Its `drop_below` names only those gates."""


class _Case(NamedTuple):
    """A decision as the adapter sees it."""

    decision: Decision
    gate: str
    probable: Probabilities
    logits: tuple[float, ...]
    """The base model's, for `HEADS`."""
    features: list[list[int]]
    """Hashes, by family."""
    topics: frozenset[str]
    """What its words speak of."""
    part: int
    """A number by which decisions are divided; that of a group is one."""

    @property
    def is_report(self) -> bool:
        return self.decision.kind in _ACTION

    @property
    def is_chatter(self) -> bool:
        return self.decision.kind == "other"


def fit(decisions: Sequence[Decision], directory: Directory, model: Model, *, version: int, made_at: str) -> Outcome:
    """Make an adapter of everything that was decided; the same input gives the same adapter.

    Takes a second for each 500 decisions.

    Args:
        decisions: What the desk decided. Their order does not matter.
        directory: Topics and places, as `classify` uses them.
        model: The base model.
        version: Number of the adapter.
        made_at: When it is made, in ISO 8601.
    """
    cases = sorted(_cases(decisions, directory, model), key=lambda case: (case.decision.group, case.decision.text))
    weights = _weights(cases)
    unseen: list[Probabilities | None] = [None] * len(cases)
    folds = FOLDS_OF_FEW if len(cases) < FEW else FOLDS
    for fold in range(folds):
        inside = [place for place, case in enumerate(cases) if case.part % folds != fold]
        part = _learn([cases[place] for place in inside], [weights[place] for place in inside], _GATE_HEADS)
        for place, case in enumerate(cases):
            if case.part % folds == fold:
                unseen[place] = part.judged(case)
    judged = [(case, after) for case, after in zip(cases, unseen, strict=True) if after is not None]
    learnt: dict[str, Learnt] = {}
    drop_below: dict[str, float] = {}
    for name in sorted({case.gate for case in cases}):
        mine = [(case, after) for case, after in judged if case.gate == name]
        threshold, learnt[name] = _threshold(mine, model.gates[name].drop_below)
        if threshold is not None:
            drop_below[name] = threshold
    whole = _learn(cases, weights, len(HEADS))
    adapter = whole.adapter(model=model.hash, version=version, made_at=made_at, learnt=learnt, drop_below=drop_below)
    return Outcome(adapter, improves=bool(drop_below))


def _cases(decisions: Iterable[Decision], directory: Directory, model: Model) -> Iterable[_Case]:
    reader, unseen = reader_of(directory), unseen_logits(model)
    for decision in decisions:
        reading = reader.read(decision.text)
        if not reading.typed:
            continue  # `classify` does not ask the model about a post without words
        gate = gate_name(decision.channel_kind, decision.context)
        features = features_of(reading, context_features(decision.context, reader), gate)
        probable = model.weigh(features)
        if (honest := unseen.get(fingerprint(decision.text))) is not None:
            probable = shifted(probable, [new - old for new, old in zip(honest, base_logits(probable), strict=True)])
        yield _Case(
            decision,
            gate,
            probable,
            base_logits(probable),
            hashes_of(features),
            frozenset(reading.matches.topics),
            int.from_bytes(hashlib.sha256(decision.group.encode("utf-8", "surrogatepass")).digest()[:4]),
        )


def _weights(cases: Sequence[_Case]) -> list[float]:
    """Return how much each decision counts.

    Whoever clicks everything about a topic away would teach that the topic is chatter. So for each topic, what one
    person says to be chatter counts `CLICKS`, and beyond that only as much as other people say so too, and
    `CLICKS_PER_REPORT` for each report that anybody found about the topic.
    """
    reports = Counter(topic for case in cases if case.is_report for topic in case.topics)
    clicks = Counter(topic for case in cases if case.is_chatter for topic in case.topics)
    own = Counter((case.decision.by, topic) for case in cases if case.is_chatter for topic in case.topics)

    def share(by: str, topic: str) -> float:
        mine = own[by, topic]
        return min(1.0, (CLICKS + clicks[topic] - mine + CLICKS_PER_REPORT * reports[topic]) / mine)

    return [
        min((share(case.decision.by, topic) for topic in case.topics), default=1.0)
        if case.is_chatter and case.decision.by
        else 1.0
        for case in cases
    ]


class _Learnt(NamedTuple):
    """What was learnt, in floating point."""

    places: dict[int, int]
    """The place of each feature, by its hash."""
    heads: list[Weights]
    """For each of `HEADS`, or the first of them. The shared values are those of `DENSE`."""

    def judged(self, case: _Case) -> Probabilities:
        """Return the probabilities of a case."""
        row = _row(case, self.places)
        shifts = [weights.added_to(row) for weights in self.heads]
        return shifted(case.probable, [*shifts, *[0.0] * (len(HEADS) - len(shifts))])

    def adapter(self, **described: object) -> Adapter:
        """Round the weights to steps, and keep those of the strongest features."""
        heads = [weights.sparse for weights in self.heads]
        strength = {name: max(abs(weights[place]) for weights in heads) for name, place in self.places.items()}
        kept = sorted(self.places, key=lambda name: (-strength[name], name))[:MOST_FEATURES]
        scales = [max([1e-9, *(abs(weights[self.places[name]]) for name in kept)]) / STEPS for weights in heads]
        rows = {
            name: tuple(round(weights[self.places[name]] / scale) for weights, scale in zip(heads, scales, strict=True))
            for name in kept
        }
        dense = tuple(tuple(map(operator.mul, _SHARED, weights.shared)) for weights in self.heads)
        return Adapter(dense=dense, scales=tuple(scales), rows=rows, **described)  # type: ignore[arg-type]


def _learn(cases: Sequence[_Case], weights: Sequence[float], heads: int) -> _Learnt:
    """Learn from features that occur in two groups or more: what one person once wrote says nothing of others."""
    first: dict[int, str] = {}
    names = sorted(
        {
            name
            for case in cases
            for given in case.features
            for name in given
            if first.setdefault(name, case.decision.group) != case.decision.group
        }
    )
    places = {name: place for place, name in enumerate(names)}
    right = (
        lambda case: case.is_report,
        lambda case: not case.is_chatter,
        lambda case: case.decision.kind == "question",
    )
    rows = [_row(case, places) for case in cases]
    learnt = []
    for head in range(heads):
        of_head = [
            row._replace(
                known=case.logits[head],
                right=right[head](case),
                weight=0.0 if HEADS[head] == "question" and case.is_chatter else weight,
            )
            for row, case, weight in zip(rows, cases, weights, strict=True)
        ]
        learnt.append(fitted(of_head, len(DENSE), len(places), PENALTY))
    return _Learnt(places, learnt)


def _row(case: _Case, places: dict[int, int]) -> Row:
    """Return the values of a case; what is to be learnt of it is left open."""
    mine: list[int] = []
    values: list[float] = []
    for family, given in zip(FAMILIES, case.features, strict=True):
        found = [places[name] for name in given if name in places]
        if found:
            mine += found
            values += [SCALES[family] / math.sqrt(len(found))] * len(found)
    shared = tuple(map(operator.mul, _SHARED, (1.0, *case.logits)))
    return Row(0.0, shared, tuple(mine), tuple(values), right=False, weight=0.0)


def _threshold(judged: Sequence[tuple[_Case, Probabilities]], base: float) -> tuple[float | None, Learnt]:
    """Choose the threshold of a gate on decisions that were not learnt from; None when the base model does better."""
    reports = sorted(after.relevance for case, after in judged if case.is_report)
    chatter = [after.relevance for case, after in judged if case.is_chatter]
    base_lost = sum(case.probable.relevance < base for case, _ in judged if case.is_report)
    base_shown = sum(case.probable.relevance >= base for case, _ in judged if case.is_chatter)
    allowed = most_lost(len(reports))
    threshold = None if allowed is None else min(HIGHEST, reports[allowed])
    lost = base_lost if threshold is None else sum(value < threshold for value in reports)
    shown = base_shown if threshold is None else sum(value >= threshold for value in chatter)
    figures = Learnt(len(judged), len(reports), len(chatter), base_shown, base_lost, shown, lost)
    return (threshold if shown < base_shown else None), figures


def most_lost(reports: int) -> int | None:
    """Return how many of so many unseen reports a threshold may lose; None when there are too few reports to tell.

    A threshold that just keeps the report after the k-th loses a share of new reports that has the distribution Beta(k
    + 1, n - k). The share is to be within the promise as surely as `CONFIDENCE` says: 37 reports must lose none, and of
    500 twelve may go.
    """
    likelihood, beyond, allowed = (1 - PROMISE) ** reports, 0.0, None
    for lost in range(reports):
        beyond += likelihood
        if beyond > 1 - CONFIDENCE:
            break
        allowed = lost
        likelihood *= (reports - lost) / (lost + 1) * PROMISE / (1 - PROMISE)
    return allowed
