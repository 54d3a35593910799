"""Fault 24: the classifier raises, returns unknown names, is not sure, or names no department at all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.triage import DESK, Triage
from classify import decide as decisions
from notify.wording import Mail
from tests.builders import a_triage
from tests.classifying import ALL, Deployed, failures
from tests.county import MINUTE, TEXTS, County
from tests.unit.fakes_notify import a_contact

DIRECTORY = load_directory()


@contextmanager
def deciding(triage: Triage | Exception) -> Iterator[None]:
    """Replace the classifier by one that always answers this."""

    def classify(*_: object, **__: object) -> Triage:
        if isinstance(triage, Exception):
            raise triage
        return triage

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decisions, "classify", classify)
        yield


def told(triage: Triage | Exception) -> tuple[County, list[tuple[str, Mail, str | None]]]:
    """Return the mails about one post with this answer, in a county where only the desk has a contact."""
    county = County()
    county.store(TEXTS[:1])
    with deciding(triage):
        for _ in range(4):
            county.now += 5 * MINUTE
            county.follow_up()
    return county, county.mail.outbox


def logged(caplog: pytest.LogCaptureFixture, message: str, error: str) -> bool:
    """Whether a line with this message names this error; the details are in the record, not in its text."""
    return any(record.getMessage() == message and vars(record)["error"] == error for record in caplog.records)


@pytest.mark.parametrize("fault", [ValueError("lampu mati"), RecursionError(), KeyError("dinas"), MemoryError()])
def test_fault_24_a_classifier_that_raises_sends_the_post_to_the_desk(
    fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever the error, a person gets the post to read; the log has the error's type and no word of the text."""
    county, [(recipient, mail, _)] = told(fault)
    [ticket] = county.memory.tickets.values()
    assert (ticket.department, ticket.status, ticket.topic) == (DESK, "needs_review", "lainnya")
    [post] = county.memory.posts.values()
    assert post.triage is not None
    assert (post.triage.confidence, post.triage.decided_by) == (0, f"none/{DIRECTORY.hash}")
    assert recipient == a_contact(DESK).email
    assert ticket.code in mail.subject
    assert logged(caplog, "the classifier failed", type(fault).__name__)
    assert "lampu" not in str([vars(record) for record in caplog.records])


def test_fault_24_a_classifier_that_fails_on_everything_loses_nothing(
    classifier: Deployed, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The function reports no record as failed: everything is with the desk, and no word of it in the log."""

    def fail(text: str, *_: object, **__: object) -> Triage:
        raise ValueError(text)

    monkeypatch.setattr(decisions, "classify", fail)
    assert classifier.call(*ALL) == failures()
    routes = [triage.route for post in ALL if (triage := classifier.stored(post).triage)]
    assert routes == ["desk"] * 4
    assert logged(caplog, "the classifier failed", "ValueError")
    assert "KENARI" not in str([vars(record) for record in caplog.records]) + classifier.log.getvalue()


doubtful = st.builds(
    a_triage,
    kind=st.sampled_from(["complaint", "request", "suggestion", "other"]),
    topic=st.sampled_from([None, "penerangan_jalan", "topik_yang_tidak_ada", ""]),
    department=st.sampled_from([None, DESK, "dishub", "dinas_yang_tidak_ada", "pln", "inspektorat"]),
    runner_up=st.sampled_from([None, "dpupkp", "dinas_yang_tidak_ada"]),
    guess=st.sampled_from([None, "dishub", "dinas_yang_tidak_ada"]),
    urgency=st.sampled_from(["normal", "urgent"]),
    ours=st.booleans(),
    confidence=st.sampled_from([0.0, 0.01, 0.5, 1.0]),
    route=st.sampled_from(["auto", "desk"]),
    place=st.none(),
    reasons=st.sampled_from([(), ("kata: x",)]),
)


@given(doubtful)
def test_fault_24_whatever_is_answered_about_a_report_a_person_hears_of_it(triage: Triage) -> None:
    """Unknown topic, unknown or no department, no confidence: one ticket, and a mail to an existing recipient."""
    county, mails = told(triage)
    [ticket] = county.memory.tickets.values()
    assert county.states == {"sent"}
    [(recipient, mail, _)] = mails
    assert recipient == a_contact(DESK).email, "nobody else has a contact"
    assert ticket.code in mail.subject
    assert ticket.due_at > county.now + timedelta(hours=1)
