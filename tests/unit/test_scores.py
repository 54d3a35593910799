"""Each figure is computed as its name says."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import f1_score, precision_score, recall_score

from aduan.triage import DESK, Triage
from infra.training.example import Example
from infra.training.scores import Decided, by_source, by_topic, interval, score
from tests.builders import a_triage
from tests.invented import an_example, chatter

TOPICS = ("jalan", "sampah_lingkungan", "sosial", "kesehatan")
DROPPED = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")


def decided(topic: str = "jalan", *, sure: float = 0.9, route: str = "auto") -> Triage:
    """Return a decision that a text is a report about a topic."""
    return a_triage(topic=topic, topic_probability=sure, route=route, department="dishub" if route == "auto" else DESK)


some_pairs = st.lists(
    st.tuples(
        st.one_of(
            st.builds(
                lambda topic, group, source: an_example(topic=topic, group=group, source=source),
                st.sampled_from(TOPICS),
                st.sampled_from(["a", "b", "c"]),
                st.sampled_from(["corpus", "kota"]),
            ),
            st.just(chatter()),
        ),
        st.one_of(
            st.just(DROPPED),
            st.builds(
                lambda topic, sure, route: decided(topic, sure=sure, route=route),
                st.sampled_from(TOPICS),
                st.floats(0, 1),
                st.sampled_from(["auto", "desk"]),
            ),
        ),
    ),
    max_size=40,
)


def with_topics(pairs: Decided) -> tuple[list[str], list[str]]:
    """Return known and decided topics of the reports that have both."""
    known = [(str(example.topic), str(triage.topic)) for example, triage in pairs if example.topic and triage.topic]
    return [topic for topic, _ in known], [topic for _, topic in known]


@given(some_pairs)
def test_topic_figures_are_the_usual_ones(pairs: list[tuple[Example, Triage]]) -> None:
    """Accuracy and macro-F1 over the occurring topics agree with scikit-learn."""
    found = score(pairs)
    known, said = with_topics(pairs)
    assert found.topics == len(known)
    if not known:
        assert (found.topic_accuracy, found.topic_macro_f1, found.topic_calibration_error) == (None, None, None)
        return
    assert found.topic_accuracy == pytest.approx(np.mean(np.array(known) == np.array(said)))
    expected = f1_score(known, said, average="macro", labels=sorted(set(known)), zero_division=0)
    assert found.topic_macro_f1 == pytest.approx(expected)


@given(some_pairs)
def test_report_figures_are_the_usual_ones(pairs: list[tuple[Example, Triage]]) -> None:
    """Recall and precision of reports agree with scikit-learn; an undefined figure is None."""
    found = score(pairs)
    reports, said = [example.is_report for example, _ in pairs], [triage.is_report for _, triage in pairs]
    recall, precision, shown = found.report_recall, found.report_precision, found.chatter_shown
    assert (recall is None, precision is None, shown is None) == (not any(reports), not any(said), all(reports))
    if recall is not None:
        assert recall == pytest.approx(recall_score(reports, said))
    if precision is not None:
        assert precision == pytest.approx(precision_score(reports, said))
    if shown is not None:
        assert shown == pytest.approx(1 - recall_score(reports, said, pos_label=False))


def test_an_accepted_topic_is_a_hit() -> None:
    """A topic that the label accepts as an alternative counts as right."""
    found = score([(an_example(topic="sosial", topic_alt=("jalan",)), decided("jalan"))])
    assert (found.topic_accuracy, found.topic_macro_f1, found.auto_precision) == (1.0, 1.0, 1.0)


def test_calibration_error_is_the_mean_distance_in_ten_bins() -> None:
    """Each bin's distance between confidence and accuracy is weighed by its texts; the last bin includes 1.0."""
    rights = [(an_example(), decided(sure=0.95))] * 4
    wrongs = [(an_example(), decided("sosial", sure=1.0))] + [(an_example(), decided("sosial", sure=0.25))] * 5
    last = abs((4 * 0.95 + 1.0) / 5 - 4 / 5)
    assert score(rights + wrongs).topic_calibration_error == pytest.approx((5 * last + 5 * 0.25) / 10)
    assert score([(an_example(), decided(sure=1.0))]).topic_calibration_error == 0.0


def test_chatter_a_department_is_told_of_is_wrong() -> None:
    """A decision sent out without a person is right only if the text is a report with the right topic."""
    pairs = [
        (an_example(), decided()),
        (an_example(), decided("sosial")),
        (an_example(), decided(route="desk")),
        (an_example(topic=None), decided()),  # whether the topic is right is unknown
        (chatter(), decided()),
        (chatter(), decided(route="desk")),
        (chatter(), DROPPED),
    ]
    found = score(pairs)
    assert found.auto_precision == pytest.approx(1 / 3)
    assert found.auto_share == pytest.approx(3 / 4)
    assert (found.alerted, found.texts, found.reports, found.topics) == (1, 7, 4, 3)
    assert found.chatter_shown == pytest.approx(2 / 3)


def in_lane(route: str) -> Triage:
    """Return a decision that leaves a text in a lane without a ticket."""
    return DROPPED if route == "drop" else a_triage(route=route, department=None, guess="dishub")


def test_the_figures_of_the_lanes_are_shares_of_what_they_speak_of() -> None:
    """Lost and ticketed are shares of complaints and requests, shown of chatter, listed of questions."""
    pairs = [
        (an_example(), decided()),
        (an_example(kind="request"), decided(route="desk")),
        (an_example(), in_lane("review")),
        (an_example(), in_lane("question")),
        (an_example(kind=None), in_lane("drop")),
        (an_example(kind="suggestion"), decided()),
        *((an_example(kind="question"), in_lane(route)) for route in ("question", "question", "review", "drop")),
        (an_example(kind="question"), decided(route="desk")),
        (chatter(), decided(route="desk")),
        *((chatter(), in_lane(route)) for route in ("review", "question", "drop", "drop")),
    ]
    found = score(pairs)
    assert found.lost == pytest.approx(1 / 5)
    assert found.ticket_share == pytest.approx(2 / 5)
    assert found.ticket_precision == pytest.approx(2 / 5)  # of five tickets, three are for a wish, a question, chatter
    assert found.questions_listed == pytest.approx(3 / 5)
    assert found.chatter_shown == pytest.approx(3 / 5)
    assert found.chatter_ticketed == pytest.approx(1 / 5)


def test_a_lane_that_nothing_speaks_of_has_no_figure() -> None:
    """Without tickets, questions or chatter their shares are unknown, and not nought."""
    found = score([(an_example(kind="suggestion"), in_lane("review"))])
    assert (found.lost, found.ticket_share, found.ticket_precision) == (None, None, None)
    assert (found.questions_listed, found.chatter_shown, found.chatter_ticketed) == (None, None, None)


def test_each_source_and_topic_is_scored_for_itself() -> None:
    """The figures of a source or topic come from its texts alone, by name; chatter has no topic."""
    pairs = [
        (an_example(source="kota"), decided()),
        (an_example(source="desa", topic="sosial"), decided()),
        (chatter(source="desa"), DROPPED),
    ]
    assert by_source(pairs) == {"desa": score(pairs[1:]), "kota": score(pairs[:1])}
    assert by_topic(pairs) == {"jalan": score(pairs[:1]), "sosial": score(pairs[1:2])}


def grouped(rights: Sequence[bool], copies: int) -> list[tuple[Example, Triage]]:
    """Right and wrong decisions, each about so many near-duplicates."""
    return [
        (an_example(group=f"g{place}"), decided("jalan" if right else "sosial"))
        for place, right in enumerate(rights)
        for _ in range(copies)
    ]


@settings(max_examples=10)
@given(st.lists(st.booleans(), min_size=1, max_size=30))
def test_an_interval_contains_its_figure(rights: list[bool]) -> None:
    """The figure lies in its interval, which is the same each time."""
    pairs = grouped(rights, 1)
    low, high = interval(pairs, "topic_accuracy") or (1.0, 0.0)
    accuracy = score(pairs).topic_accuracy
    assert accuracy is not None
    assert 0 <= low <= accuracy <= high <= 1
    assert interval(pairs, "topic_accuracy") == (low, high)


def test_an_interval_is_as_wide_as_is_usual() -> None:
    """For 100 texts that are right half the time, 95 % of the draws lie within about a tenth."""
    low, high = interval(grouped([True, False] * 50, 1), "topic_accuracy") or (0.0, 0.0)
    assert (low, high) == pytest.approx((0.4, 0.6), abs=0.04)


def test_near_duplicates_make_an_interval_no_narrower() -> None:
    """Ten copies of each text prove no more than one."""
    rights = [True, False] * 10
    assert interval(grouped(rights, 10), "topic_accuracy") == pytest.approx(
        interval(grouped(rights, 1), "topic_accuracy")
    )


def test_what_nothing_can_tell_has_no_interval() -> None:
    """Chatter says nothing about topics, so their figures have no interval."""
    assert interval([(chatter(), DROPPED)], "topic_accuracy") is None


def test_figures_are_written_in_four_places() -> None:
    """Figures are rounded for writing; counts stay whole and unknown figures stay unknown."""
    described = score([(an_example(), decided())] * 2 + [(an_example(), decided("sosial"))]).described()
    assert (described["topic_accuracy"], described["texts"], described["chatter_shown"]) == (0.6667, 3, None)
