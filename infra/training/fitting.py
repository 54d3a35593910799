"""Fit the model's weights to labelled texts.

Three linear learners use the same features. A fourth learns, on texts the three have not seen, how far to trust each
of them for each topic, which also calibrates the probabilities. All four are linear, so together they are one table of
weights, which is rounded to eight bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import scipy.sparse as sp
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import ComplementNB
from sklearn.svm import LinearSVC

from aduan.directory import Directory
from classify.features import context_features, features_of
from classify.model import gate_name
from classify.phrase_matches import reader_of
from infra.training.example import OWN_SOURCES, Example
from infra.training.vocabulary import Vocabulary, allowed_features

FEATURES: Final = 40_000
"""How many features are kept: with 27 outcomes they take 1.4 MB."""
JUDGE: Final = 0.01
"""`C` of the fourth learner, the inverse of its regularisation: far below usual, as it only mixes and calibrates."""
BINARY: Final = 0.3
"""`C` of the decisions between yes and no. Real comments are ranked best by a strongly regularised learner."""
FOLDS: Final = 4
SEED: Final = 0
ALTERNATIVE: Final = 0.3
"""Weight of a text under another topic that is right as well."""
REPORT: Final = "report"
SHOWN: Final = "shown"

Features = list[tuple[list[str], ...]]


def read_features(examples: Sequence[Example], directory: Directory) -> Features:
    """Return the features of each text by family, exactly as the functions read them."""
    reader = reader_of(directory)
    return [
        features_of(
            reader.read(example.text),
            context_features(example.context, reader),
            gate_name(example.channel_kind, example.context),
        )
        for example in examples
    ]


@dataclass(frozen=True)
class Head:
    """A linear decision: ``logits = X @ weights + biases``, with one column for each outcome."""

    outcomes: tuple[str, ...]
    weights: np.ndarray
    biases: np.ndarray


@dataclass(frozen=True)
class Fit:
    """A fitted model in floating point: a vocabulary, and one head for each decision."""

    vocabulary: Vocabulary
    heads: tuple[Head, ...]
    unseen: Unseen


@dataclass(frozen=True)
class Unseen:
    """Probabilities for the training texts, a row for each, by models that had not seen the text."""

    topics: tuple[str, ...]
    topic: np.ndarray
    report: np.ndarray
    shown: np.ndarray
    question: np.ndarray
    """How probable it is that the text, if it is more than chatter, is a question."""


def fit(
    examples: Sequence[Example],
    features: Features,
    directory: Directory,
    *,
    say: Callable[[str], None] = lambda _: None,
) -> Fit:
    """Fit a model to examples and their `features`; the same input gives the same output.

    Args:
        examples: The labelled texts.
        features: The features of each of them, as `read_features` returns them.
        directory: Has the words that a model may always use.
        say: Is called with a line of progress after each step.

    Raises:
        ValueError: when a topic has too few texts to be in every fold.
    """
    say(f"{len(examples)} texts")
    vocabulary = Vocabulary.of(features, allowed_features(examples, features, directory))
    pruned = _prune(vocabulary, examples, features)
    matrix = pruned.matrix(features)
    say(f"{matrix.shape[1]} features")
    topic, seen_topic = _fit_topic(examples, pruned.without(matrix, "gate"))
    say("topics")
    report, seen_report = _fit_binary(REPORT, examples, matrix, [example.wants_action for example in examples])
    shown, seen_shown = _fit_binary(SHOWN, examples, matrix, [example.is_report for example in examples])
    say("report or not, chatter or not")
    kind, seen_kind = _fit_small("kind", examples, matrix, lambda example: example.is_report)
    urgency, _ = _fit_small("urgency", examples, matrix, lambda _: True)
    say("kind and urgency")
    unseen = Unseen(
        topics=tuple(outcome.partition(":")[2] for outcome in topic.outcomes),
        topic=seen_topic,
        report=seen_report,
        shown=seen_shown,
        question=seen_kind[:, kind.outcomes.index("kind:question")],
    )
    return Fit(pruned, (report, shown, kind, urgency, topic), unseen)


def _prune(vocabulary: Vocabulary, examples: Sequence[Example], features: Features) -> Vocabulary:
    """Keep the `FEATURES` features that matter most for the topic or for telling reports from chatter."""
    matrix = vocabulary.matrix(features)
    places, topics, weights = _topic_rows(examples)
    svc = LinearSVC(C=0.1, random_state=SEED).fit(matrix[places], topics, sample_weight=weights)
    reports = np.array([example.is_report for example in examples])
    chatter = LinearSVC(C=0.1, random_state=SEED, class_weight="balanced").fit(matrix, reports)
    strength = np.abs(np.vstack([svc.coef_, chatter.coef_])).max(axis=0)
    met = np.sqrt(np.asarray((matrix > 0).sum(axis=0)).ravel())
    return vocabulary.keep(np.argsort(-strength * met, kind="stable")[:FEATURES])


def _topic_rows(examples: Sequence[Example]) -> tuple[list[int], list[str], list[float]]:
    """Return places, topics and weights of the examples with a topic, one for each topic that is right."""
    rows = [
        (place, example.topic, 1.0) for place, example in enumerate(examples) if example.topic and example.teaches_topic
    ]
    rows += [
        (place, topic, ALTERNATIVE)
        for place, example in enumerate(examples)
        if example.teaches_topic
        for topic in example.topic_alt
    ]
    places, topics, weights = zip(*rows, strict=True)
    return list(places), list(topics), list(weights)


def _learners() -> list[Any]:
    return [
        LinearSVC(C=0.1, random_state=SEED),
        LinearSVC(C=0.1, class_weight="balanced", random_state=SEED),
        ComplementNB(alpha=0.3),
    ]


def _linear(learner: Any) -> tuple[np.ndarray, np.ndarray]:
    """Return weights (features x classes) and biases of a fitted learner."""
    if isinstance(learner, ComplementNB):
        return learner.feature_log_prob_.T, np.zeros(len(learner.classes_))
    return learner.coef_.T, learner.intercept_


def _centred(weights: np.ndarray, biases: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return weights - weights.mean(axis=1, keepdims=True), biases - biases.mean()


def _base_scores(matrix: sp.csr_matrix, examples: Sequence[Example]) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Fit the three learners, and return them as one linear map to three scores for each class."""
    places, topics, weights = _topic_rows(examples)
    maps, offsets, classes = [], [], []
    for learner in _learners():
        learner.fit(matrix[places], topics, sample_weight=weights)
        linear, biases = _centred(*_linear(learner))
        spread = (matrix[places] @ linear + biases).std()
        maps.append(linear / spread)
        offsets.append(biases / spread)
        classes = list(learner.classes_)
    return np.hstack(maps), np.concatenate(offsets), classes


def _fit_topic(examples: Sequence[Example], matrix: sp.csr_matrix) -> tuple[Head, np.ndarray]:
    known = [place for place, example in enumerate(examples) if example.topic and example.teaches_topic]
    linear, biases, classes = _base_scores(matrix, examples)
    scores = np.full((len(examples), linear.shape[1]), np.nan)
    for inside, outside in _folds(examples):
        part, offset, found = _base_scores(matrix[inside], [examples[place] for place in inside])
        if found != classes:
            raise ValueError(
                f"a fold lacks the topics {', '.join(sorted(set(classes) - set(found)))}: too few texts to learn from"
            )
        scores[outside] = matrix[outside] @ part + offset
    given = [str(examples[place].topic) for place in known]
    judge = LogisticRegression(C=JUDGE, max_iter=1000).fit(scores[known], given)
    logits = judge.decision_function(scores)
    # So strongly regularised, the judge is underconfident. One factor, learnt on the same unseen texts, corrects that.
    factor = _temperature(logits[known], np.searchsorted(judge.classes_, np.array(given)), np.ones(len(known)))
    head = Head(
        outcomes=tuple(f"topic:{code}" for code in judge.classes_),
        weights=linear @ judge.coef_.T * factor,
        biases=(biases @ judge.coef_.T + judge.intercept_) * factor,
    )
    return head, _softmax(logits * factor)


def _folds(examples: Sequence[Example]) -> list[tuple[list[int], list[int]]]:
    sides = [example.part(FOLDS, "fold ") for example in examples]
    return [
        (
            [place for place, side in enumerate(sides) if side != fold],
            [place for place, side in enumerate(sides) if side == fold],
        )
        for fold in range(FOLDS)
    ]


def _weights(examples: Sequence[Example]) -> np.ndarray:
    """Return the weight of each text: all collections together count alike, and the mean weight is 1."""
    sizes = Counter(example.collection for example in examples)
    return np.array([len(examples) / len(sizes) / sizes[example.collection] for example in examples])


def _fit_binary(
    name: str, examples: Sequence[Example], matrix: sp.csr_matrix, right: Sequence[bool]
) -> tuple[Head, np.ndarray]:
    """Fit a yes-or-no decision, and return it with the probabilities of unseen texts.

    Real comments are few beside the messages that people send to governments, and are what most posts look like. So
    every collection of texts counts alike.
    """
    given, weights = np.array(right), _weights(examples)

    def learner() -> LogisticRegression:
        return LogisticRegression(C=BINARY, max_iter=1000)

    unseen = np.zeros(len(examples))
    for inside, outside in _folds(examples):
        part = learner().fit(matrix[inside], given[inside], sample_weight=weights[inside])
        unseen[outside] = part.decision_function(matrix[outside])
    whole = learner().fit(matrix, given, sample_weight=weights)
    # One slope and one offset, learnt on unseen texts, calibrate the logits (Platt scaling).
    platt = LogisticRegression(C=1e6).fit(unseen[:, None], given, sample_weight=weights)
    slope, offset = platt.coef_[0, 0], platt.intercept_[0]
    head = Head((name,), whole.coef_.T * slope, whole.intercept_ * slope + offset)
    return head, 1 / (1 + np.exp(-(unseen * slope + offset)))


def _fit_small(
    name: str, examples: Sequence[Example], matrix: sp.csr_matrix, counts: Callable[[Example], bool]
) -> tuple[Head, np.ndarray]:
    """Fit kind or urgency by one learner and one temperature, because few texts have these labels.

    Only texts that `counts` says yes to are learnt from. Returned are also the probabilities, by unseen models, of
    every text.
    """
    known = [place for place, example in enumerate(examples) if counts(example) and getattr(example, name)]
    given = np.array([getattr(examples[place], name) for place in known])
    weights = np.array([1.0 if examples[place].source in OWN_SOURCES else 0.3 for place in known])
    rows = matrix[known]

    def learner() -> LogisticRegression:
        return LogisticRegression(C=4.0, max_iter=1000)

    whole = learner().fit(rows, given, sample_weight=weights)
    seen = whole.decision_function(matrix)
    unseen = np.zeros((len(known), len(whole.classes_)))
    for inside, outside in _folds([examples[place] for place in known]):
        part = learner().fit(rows[inside], given[inside], sample_weight=weights[inside])
        unseen[outside] = part.decision_function(rows[outside])
    right = np.searchsorted(whole.classes_, given)
    temperature = _temperature(unseen, right, weights)
    outcomes = tuple(f"{name}:{code}" for code in whole.classes_)
    seen[known] = unseen
    head = Head(outcomes, whole.coef_.T * temperature, whole.intercept_ * temperature)
    return head, _softmax(seen * temperature)


def _temperature(logits: np.ndarray, right: np.ndarray, weights: np.ndarray) -> float:
    """Return the factor for the logits that calibrates their probabilities best."""

    def surprise(factor: float) -> float:
        chosen = _softmax(logits * factor)[np.arange(len(right)), right]
        return float(-np.average(np.log(chosen + 1e-12), weights=weights))

    return float(minimize_scalar(surprise, bounds=(0.1, 10.0), method="bounded").x)


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)  # type: ignore[no-any-return] # numpy types a quotient as Any
