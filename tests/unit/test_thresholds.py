"""Thresholds keep their promises on the texts they were fitted on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.training.example import CORPUS_SOURCE, Example
from infra.training.fitting import Unseen
from infra.training.thresholds import FALSE_ALERTS, FEWEST, HIGHEST_DROP, LOST, MARGIN, PROMISE, Thresholds, thresholds
from tests.invented import an_example, chatter

TOPICS = ("jalan", "sampah_lingkungan", "sosial")


class Judged(NamedTuple):
    """Texts, with the predictions of models that had not seen them."""

    examples: list[Example]
    unseen: Unseen


@st.composite
def some_judged(draw: st.DrawFn) -> Judged:
    """Hundreds of texts with probabilities as coarse as near-duplicates make them, and topics that are mostly right."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(1, 400))
    places = draw(st.sampled_from([1, 2, 8]))
    right = draw(st.sampled_from([0.5, 0.9, 0.97, 1.0]))
    topic = random.dirichlet([draw(st.sampled_from([0.1, 0.5]))] * len(TOPICS), size=count).round(places)
    named = topic.argmax(axis=1)
    examples = []
    for place in range(count):
        said = TOPICS[named[place]] if random.random() < right else TOPICS[random.integers(len(TOPICS))]
        source = random.choice([CORPUS_SOURCE, "kota"])
        is_report = place == 0 or bool(random.random() < 0.7)
        examples.append(an_example(topic=said, source=source) if is_report else chatter(source=source))
    return Judged(examples, Unseen(TOPICS, topic, random.random(count).round(places)))


def judged(rows: Sequence[tuple[Example, float, float]]) -> Judged:
    """Return texts predicted as ``jalan``, with the probabilities of topic and report."""
    topic = np.array([[sure, (1 - sure) / 2, (1 - sure) / 2] for _, sure, _ in rows])
    return Judged([example for example, _, _ in rows], Unseen(TOPICS, topic, np.array([report for *_, report in rows])))


def fitted(given_: Judged) -> Thresholds:
    """Return the thresholds of these texts."""
    return thresholds(given_.examples, given_.unseen)


@settings(max_examples=100)
@given(some_judged())
def test_what_a_topic_is_trusted_with_is_right(texts: Judged) -> None:
    """Above a topic's own threshold the promised share is right; a rare topic is trusted only from 0.9 on."""
    found = fitted(texts).auto_from
    named, sure = texts.unseen.topic.argmax(axis=1), texts.unseen.topic.max(axis=1)
    assert set(found) == set(TOPICS)
    for number, topic in enumerate(TOPICS):
        trusted = [
            topic in example.topics
            for place, example in enumerate(texts.examples)
            if example.topic and named[place] == number and sure[place] >= found[topic]
        ]
        assert found[topic] >= 0.9 or (len(trusted) >= FEWEST and np.mean(trusted) >= PROMISE + MARGIN)


@settings(max_examples=100)
@given(some_judged())
def test_hardly_a_report_is_dropped(texts: Judged) -> None:
    """At most its share of each source falls below the threshold, and a likely report never does."""
    drop = fitted(texts).drop_below
    assert drop <= HIGHEST_DROP
    for source in (CORPUS_SOURCE, "kota"):
        reports = [
            texts.unseen.report[place]
            for place, example in enumerate(texts.examples)
            if example.is_report and example.source == source
        ]
        assert sum(report < drop for report in reports) <= LOST * len(reports)


@settings(max_examples=100)
@given(some_judged())
def test_hardly_any_chatter_is_told(texts: Judged) -> None:
    """At most its share of the corpus's chatter passes both the topic's threshold and the report's."""
    found = fitted(texts)
    named, sure = texts.unseen.topic.argmax(axis=1), texts.unseen.topic.max(axis=1)
    chatter_at = [
        place
        for place, example in enumerate(texts.examples)
        if example.source == CORPUS_SOURCE and not example.is_report
    ]
    told = [
        place
        for place in chatter_at
        if texts.unseen.report[place] >= found.auto_report and sure[place] >= found.auto_from[TOPICS[named[place]]]
    ]
    assert len(told) <= FALSE_ALERTS * len(chatter_at)


def test_a_topic_is_trusted_as_low_as_it_is_right() -> None:
    """The threshold is the lowest one that keeps the promise."""
    rights = [(an_example(), 0.99 - number / 1000, 0.9) for number in range(100)]
    wrongs = [(an_example(topic="sosial"), 0.5 - number / 1000, 0.9) for number in range(50)]
    found = fitted(judged(rights + wrongs)).auto_from["jalan"]
    sure = sorted((sure for _, sure, _ in wrongs), reverse=True)
    tolerated = int(100 / (PROMISE + MARGIN)) - 100
    assert found == pytest.approx(sure[tolerated - 1])


def test_equally_probable_texts_pass_together() -> None:
    """Where right and wrong texts are equally probable, the threshold does not claim to separate them."""
    rights = [(an_example(), 0.8, 0.9)] * 60
    wrongs = [(an_example(topic="sosial"), 0.8, 0.9)] * 60
    surer = [(an_example(), 0.85, 0.9)] * FEWEST
    assert fitted(judged([*rights, *wrongs, *surer])).auto_from["jalan"] == pytest.approx(0.85)


def test_an_accepted_topic_is_right_as_well() -> None:
    """A text whose label accepts the named topic does not count against it."""
    texts = [(an_example(topic="sosial", topic_alt=("jalan",)), 0.7, 0.9)] * FEWEST
    assert fitted(judged(texts)).auto_from["jalan"] == pytest.approx(0.7)


@pytest.mark.parametrize(("count", "trusted"), [(FEWEST - 1, 0.9), (FEWEST, 0.6)])
def test_a_rare_topic_has_to_be_sure(count: int, trusted: float) -> None:
    """Too few texts prove nothing: the topic is trusted where all topics together are, and never below 0.9."""
    texts = judged([(an_example(), 0.6, 0.9)] * count)
    others = [an_example(topic="sosial")] * FEWEST
    unseen = Unseen(
        TOPICS,
        np.vstack([texts.unseen.topic, [[0.2, 0.2, 0.6]] * FEWEST]),
        np.concatenate([texts.unseen.report, [0.9] * FEWEST]),
    )
    assert thresholds(texts.examples + others, unseen).auto_from["jalan"] == pytest.approx(trusted)


def test_when_nothing_is_right_nothing_is_trusted() -> None:
    """A model that is always wrong sends nothing without a person unless it is certain."""
    texts = [(an_example(topic="sosial"), 0.9, 0.9)] * 100
    assert set(fitted(judged(texts)).auto_from.values()) == {1.0}


def test_thresholds_are_written_in_four_places() -> None:
    """The files hold rounded numbers that people can compare, with topics in order."""
    described = Thresholds(0.123456, 0.5, {"sosial": 0.98765, "jalan": 1.0}).described()
    assert described == {"drop_below": 0.1235, "auto_report": 0.5, "auto_from": {"jalan": 1.0, "sosial": 0.9877}}
    assert list(described["auto_from"]) == ["jalan", "sosial"]
