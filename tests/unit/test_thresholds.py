"""Thresholds keep their promises on the texts they were fitted on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classify.model import Gate, Probabilities
from infra.training.example import CORPUS_SOURCE, Example
from infra.training.fitting import Unseen
from infra.training.thresholds import (
    FALSE_ALERTS,
    FEWEST,
    LOST,
    MARGIN,
    PROMISE,
    TICKETS,
    Thresholds,
    gate_of,
    thresholds,
)
from tests.invented import GATES, an_example, chatter

TOPICS = ("jalan", "sampah_lingkungan", "sosial")


class Judged(NamedTuple):
    """Texts, with the predictions of models that had not seen them."""

    examples: list[Example]
    unseen: Unseen


@st.composite
def some_judged(draw: st.DrawFn) -> Judged:
    """Hundreds of texts with probabilities as coarse as near-duplicates make them, and topics that are mostly right."""
    random = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    count = draw(st.integers(len(GATES), 400))
    places = draw(st.sampled_from([1, 2, 8]))
    right = draw(st.sampled_from([0.5, 0.9, 0.97, 1.0]))
    topic = random.dirichlet([draw(st.sampled_from([0.1, 0.5]))] * len(TOPICS), size=count).round(places)
    named = topic.argmax(axis=1)
    examples = []
    for place in range(count):
        said = TOPICS[named[place]] if random.random() < right else TOPICS[random.integers(len(TOPICS))]
        source = random.choice([CORPUS_SOURCE, "kota"])
        is_report = place < len(GATES) or bool(random.random() < 0.7)
        fields: dict[str, Any] = {"source": source, **GATES[place % len(GATES)]}
        examples.append(an_example(topic=said, **fields) if is_report else chatter(**fields))
    report, shown, question = random.random((3, count)).round(places)
    return Judged(examples, Unseen(TOPICS, topic, report, shown, question))


def judged(rows: Sequence[tuple[Example, float, float]]) -> Judged:
    """Return texts predicted as ``jalan``, with the probabilities of topic and report.

    Each gate has one report more, whose topic nobody knows: without any, it has no thresholds.
    """
    rows = [*rows, *((an_example(topic=None, **fields), 0.5, 0.9) for fields in GATES)]
    topic = np.array([[sure, (1 - sure) / 2, (1 - sure) / 2] for _, sure, _ in rows])
    report = np.array([report for *_, report in rows])
    return Judged([example for example, _, _ in rows], Unseen(TOPICS, topic, report, report, np.zeros(len(rows))))


def fitted(given_: Judged) -> Thresholds:
    """Return the thresholds of these texts."""
    return thresholds(given_.examples, given_.unseen)


def trusted_from(given_: Judged) -> Mapping[str, float]:
    """Return from which probability of each topic a message is told without a person."""
    return fitted(given_).gates["message"].auto_from


def relevance(unseen: Unseen, place: int) -> float:
    """Return how probable it is that a person should see a text."""
    return Probabilities(float(unseen.report[place]), float(unseen.shown[place]), {}, {}, {}).relevance


@settings(max_examples=100)
@given(some_judged())
def test_what_a_topic_is_trusted_with_is_right(texts: Judged) -> None:
    """Above a topic's own threshold the promised share is right; a rare topic is trusted only from 0.9 on."""
    found = fitted(texts).gates["message"].auto_from
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
    """At most its share of the reports of each gate falls below the gate's threshold."""
    gates = fitted(texts).gates
    assert set(gates) == set(LOST)
    for name, gate in gates.items():
        reports = [
            relevance(texts.unseen, place)
            for place, example in enumerate(texts.examples)
            if example.wants_action and gate_of(example) == name
        ]
        assert sum(one < gate.drop_below for one in reports) <= LOST[name] * len(reports)


@settings(max_examples=100)
@given(some_judged())
def test_what_opens_a_ticket_is_a_report(texts: Judged) -> None:
    """Above a gate's threshold the promised share are reports; where nothing proves one, it must be nearly certain."""
    for name, gate in fitted(texts).gates.items():
        tickets = [
            example.wants_action
            for place, example in enumerate(texts.examples)
            if gate_of(example) == name and texts.unseen.report[place] >= gate.ticket_from
        ]
        assert gate.ticket_from == 0.9 or (len(tickets) >= FEWEST and np.mean(tickets) >= TICKETS)


@settings(max_examples=100)
@given(some_judged())
def test_a_comment_is_told_as_soon_as_the_projects_own_posts_prove_right(texts: Judged) -> None:
    """Comments never wait where messages do not, and where they wait less, the project's own posts keep the promise."""
    gates = fitted(texts).gates
    message, comment = gates["message"].auto_from, gates["comment"].auto_from
    assert gates["thread"].auto_from == gates["post"].auto_from == comment
    sure = texts.unseen.topic.max(axis=1)
    for topic in TOPICS:
        assert comment[topic] <= message[topic]
        right = [
            TOPICS[texts.unseen.topic[place].argmax()] in example.topics
            for place, example in enumerate(texts.examples)
            if example.topic and example.source == CORPUS_SOURCE and sure[place] >= comment[topic]
        ]
        assert comment[topic] == message[topic] or np.mean(right) >= PROMISE


@settings(max_examples=100)
@given(some_judged())
def test_hardly_any_chatter_is_told(texts: Judged) -> None:
    """At most its share of the corpus's chatter passes both the topic's threshold and the report's."""
    found = fitted(texts)
    told_from = found.gates["message"].auto_from
    named, sure = texts.unseen.topic.argmax(axis=1), texts.unseen.topic.max(axis=1)
    chatter_at = [
        place
        for place, example in enumerate(texts.examples)
        if example.source == CORPUS_SOURCE and not example.is_report
    ]
    told = [
        place
        for place in chatter_at
        if texts.unseen.report[place] >= found.auto_report and sure[place] >= told_from[TOPICS[named[place]]]
    ]
    assert len(told) <= FALSE_ALERTS * len(chatter_at)


def test_a_topic_is_trusted_as_low_as_it_is_right() -> None:
    """The threshold is the lowest one that keeps the promise."""
    rights = [(an_example(), 0.99 - number / 1000, 0.9) for number in range(100)]
    wrongs = [(an_example(topic="sosial"), 0.5 - number / 1000, 0.9) for number in range(50)]
    found = trusted_from(judged(rights + wrongs))["jalan"]
    sure = sorted((sure for _, sure, _ in wrongs), reverse=True)
    tolerated = int(100 / (PROMISE + MARGIN)) - 100
    assert found == pytest.approx(sure[tolerated - 1])


def test_equally_probable_texts_pass_together() -> None:
    """Where right and wrong texts are equally probable, the threshold does not claim to separate them."""
    rights = [(an_example(), 0.8, 0.9)] * 60
    wrongs = [(an_example(topic="sosial"), 0.8, 0.9)] * 60
    surer = [(an_example(), 0.85, 0.9)] * FEWEST
    assert trusted_from(judged([*rights, *wrongs, *surer]))["jalan"] == pytest.approx(0.85)


def test_an_accepted_topic_is_right_as_well() -> None:
    """A text whose label accepts the named topic does not count against it."""
    texts = [(an_example(topic="sosial", topic_alt=("jalan",)), 0.7, 0.9)] * FEWEST
    assert trusted_from(judged(texts))["jalan"] == pytest.approx(0.7)


@pytest.mark.parametrize(("count", "trusted"), [(FEWEST - 1, 0.9), (FEWEST, 0.6)])
def test_a_rare_topic_has_to_be_sure(count: int, trusted: float) -> None:
    """Too few texts prove nothing: the topic is trusted where all topics together are, and never below 0.9."""
    texts = judged([(an_example(), 0.6, 0.9)] * count)
    others = [an_example(topic="sosial")] * FEWEST
    report = np.concatenate([texts.unseen.report, [0.9] * FEWEST])
    topic = np.vstack([texts.unseen.topic, [[0.2, 0.2, 0.6]] * FEWEST])
    unseen = Unseen(TOPICS, topic, report, report, np.zeros(len(report)))
    found = trusted_from(Judged(texts.examples + others, unseen))
    assert found["jalan"] == pytest.approx(trusted)


def test_when_nothing_is_right_nothing_is_trusted() -> None:
    """A model that is always wrong sends nothing without a person unless it is certain."""
    texts = [(an_example(topic="sosial"), 0.9, 0.9)] * 100
    assert set(trusted_from(judged(texts)).values()) == {1.0}


def test_thresholds_are_written_in_four_places() -> None:
    """The files hold rounded numbers that people can compare, with topics in order."""
    gate = Gate(0.123456, 0.987654, 0.5, {"sosial": 0.98765, "jalan": 1.0})
    described = Thresholds(0.56789, {"comment": gate}).described()
    assert described["auto_report"] == 0.5679
    auto_from = {"jalan": 1.0, "sosial": 0.9877}
    assert described["gates"] == {
        "comment": {"drop_below": 0.1235, "ticket_from": 0.9877, "question_from": 0.5, "auto_from": auto_from}
    }
    assert list(described["gates"]["comment"]["auto_from"]) == ["jalan", "sosial"]


def without_gate(name: str, texts: Judged) -> Judged:
    """Return the texts that go through other gates."""
    keep = [place for place, example in enumerate(texts.examples) if gate_of(example) != name]
    parts = (texts.unseen.topic, texts.unseen.report, texts.unseen.shown, texts.unseen.question)
    return Judged([texts.examples[place] for place in keep], Unseen(TOPICS, *(part[keep] for part in parts)))


@settings(max_examples=50)
@given(some_judged(), st.sampled_from(sorted(LOST)))
def test_a_gate_without_reports_is_the_most_cautious(texts: Judged, name: str) -> None:
    """Where no report shows what would be lost, no gate drops less and none opens fewer tickets."""
    gates = fitted(without_gate(name, texts)).gates
    assert set(gates) == set(LOST)
    cautious = gates.pop(name)
    assert cautious.drop_below == min(gate.drop_below for gate in gates.values())
    assert cautious.ticket_from == max(gate.ticket_from for gate in gates.values())
    assert all(cautious.auto_from[topic] >= gate.auto_from[topic] for gate in gates.values() for topic in TOPICS)


def test_without_any_report_there_is_no_gate() -> None:
    """From chatter alone nobody can learn what may be dropped."""
    none = Unseen(TOPICS, np.array([[1.0, 0.0, 0.0]]), *[np.array([0.1])] * 3)
    with pytest.raises(ValueError, match="no report to fit a gate to"):
        thresholds([chatter()], none)


def test_what_came_by_no_channel_is_a_message() -> None:
    """The corpus and what people sent to governments are read as messages; all else goes by its channel."""
    assert [gate_of(an_example(**fields)) for fields in GATES] == ["message", "thread", "comment", "post"]


def test_a_gates_thresholds_are_its_own() -> None:
    """Where reports look less like reports, fewer are dropped and a ticket needs as much as there."""
    comment, message = GATES[2], GATES[0]
    rows = [(an_example(**comment), 0.9, 0.3 + number / 1000) for number in range(200)]
    rows += [(an_example(**message), 0.9, 0.7 + number / 1000) for number in range(200)]
    rows += [(chatter(**comment), 0.9, 0.2) for _ in range(200)]
    gates = fitted(judged(rows)).gates
    assert gates["comment"].drop_below == pytest.approx(0.303, abs=0.001)
    assert gates["message"].drop_below == pytest.approx(0.701, abs=0.001)
    assert gates["comment"].ticket_from == pytest.approx(0.3)
