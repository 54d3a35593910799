"""A decided post becomes its ticket, its first event and its notices, without reading anything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.deadlines import deadline_of
from aduan.directory_loading import load_directory
from aduan.notice import media
from aduan.opening import first_status
from aduan.ticket import MOVES
from aduan.triage import DESK, Place, ReportKind, Route, Urgency
from aduan.working_days import due_at
from tests.builders import NOON, a_post, a_triage
from tests.codes import opening, ticket_code

DIRECTORY = load_directory()


@pytest.mark.parametrize(
    ("route", "ours", "status"),
    [
        ("auto", True, "routed"),
        ("auto", False, "not_ours"),
        ("desk", True, "needs_review"),
        ("desk", False, "needs_review"),
    ],
)
def test_a_ticket_begins_where_it_belongs(route: Route, ours: object, status: str) -> None:
    """A ticket starts with its department, with an outside owner, or with a person whenever it is uncertain."""
    triage = a_triage(route=route, ours=ours)
    assert first_status(triage) == status
    assert status in MOVES


@pytest.mark.parametrize(
    ("urgency", "expected"),
    [("emergency", ("sms", "email")), ("suspected", ("email",)), ("urgent", ("email",)), ("normal", ("email",))],
)
def test_only_an_emergency_goes_by_sms_and_never_alone(urgency: Urgency, expected: tuple[str, ...]) -> None:
    """An SMS costs as much as thousands of mails and may be lost."""
    assert media(urgency, "damkar") == expected


@pytest.mark.parametrize(
    ("kind", "urgency", "expected"),
    [
        ("complaint", "normal", "normal"),
        ("question", "normal", "question"),
        ("suggestion", "normal", "normal"),
        ("other", "normal", "normal"),
        ("question", "urgent", "urgent"),
        ("complaint", "urgent", "urgent"),
        ("question", "emergency", "emergency"),
    ],
)
def test_the_deadline_follows_urgency_before_kind(kind: ReportKind, urgency: Urgency, expected: str) -> None:
    """Every class is in the directory."""
    assert deadline_of("dishub", urgency, kind, DIRECTORY).code == expected


def test_a_ticket_says_what_was_decided_about_its_post() -> None:
    """Topic, urgency, place, department and runner-up come from the triage; channel and link from the post."""
    triage, post = a_triage(), a_post()
    ticket = opening(post, triage, DIRECTORY, NOON).ticket
    assert ticket.code == ticket_code(post.key)
    for name in ("kind", "topic", "urgency", "place", "department", "runner_up"):
        assert getattr(ticket, name) == getattr(triage, name)
    assert (ticket.channel, ticket.post, ticket.permalink) == (post.channel, post.key, post.permalink)
    assert (ticket.opened_at, ticket.voices, ticket.version) == (NOON, 1, 1)
    assert ticket.due_at == due_at(NOON, DIRECTORY.limits["county"]) < due_at(NOON, DIRECTORY.limits["complaint"])
    assert ticket.take_up_by == due_at(NOON, DIRECTORY.limits["respond"])


def test_an_emergency_is_due_within_two_hours() -> None:
    """Its deadline and the half hour for accepting it run through nights and holidays."""
    new = opening(a_post(), a_triage(urgency="emergency"), DIRECTORY, NOON)
    assert new.ticket.due_at == NOON + timedelta(minutes=120)
    assert new.ticket.take_up_by == NOON + timedelta(minutes=30)
    assert [(notice.medium, notice.urgency) for notice in new.notices] == [
        ("sms", "emergency"),
        ("email", "emergency"),
    ]


def test_alleged_abuse_is_a_class_of_its_own() -> None:
    """Whatever its urgency and kind, a ticket of the Inspektorat has sixty working days, and nobody else is told."""
    new = opening(a_post(), a_triage(department="inspektorat", kind="question"), DIRECTORY, NOON)
    assert new.ticket.due_at == due_at(NOON, DIRECTORY.limits["abuse"])
    assert [notice.department for notice in new.notices] == ["inspektorat"]


def test_what_the_triage_leaves_open_falls_to_the_desk() -> None:
    """A ticket without department and topic still has an owner and is still counted."""
    new = opening(a_post(), a_triage(route="desk", department=None, topic=None, reasons=()), DIRECTORY, NOON)
    assert (new.ticket.department, new.ticket.topic) == (DESK, "lainnya")
    assert [notice.department for notice in new.notices] == [DESK]
    assert [event.why for event in new.events] == ["desk"]
    assert new.ticket.topic in DIRECTORY.topics


def test_an_outside_owner_is_told_as_well() -> None:
    """The owner gets a notice, because the county passes on what is not its own."""
    new = opening(a_post(), a_triage(department="pln", ours=False), DIRECTORY, NOON)
    assert (new.ticket.status, [notice.department for notice in new.notices]) == ("not_ours", ["pln"])


def test_the_history_begins_with_where_the_ticket_went_and_why() -> None:
    """The first event names the status, the function and the words that decided."""
    [event] = opening(a_post(), a_triage(), DIRECTORY, NOON).events
    assert (event.move, event.by, event.at) == ("routed", "classify", NOON)
    assert event.why == "kata: lampu jalan; kata: mati"


def test_the_next_attempt_takes_another_code_for_everything() -> None:
    """When a code is taken, ticket, notices and event all get the next one."""
    codes = []
    for attempt in range(5):
        new = opening(a_post(), a_triage(), DIRECTORY, NOON, attempt)
        assert {new.ticket.code} == {notice.ticket for notice in new.notices} == {event.ticket for event in new.events}
        codes.append(new.ticket.code)
    assert len(set(codes)) == 5


@given(
    text=st.text(max_size=20),
    route=st.sampled_from(["auto", "desk"]),
    kind=st.sampled_from(["complaint", "question", "suggestion", "other"]),
    urgency=st.sampled_from(["emergency", "urgent", "normal"]),
    department=st.sampled_from([None, *DIRECTORY.departments]),
    topic=st.sampled_from([None, *DIRECTORY.topics]),
    now=st.datetimes(datetime(2024, 1, 1), datetime(2032, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 # bounds are naive
)
def test_whatever_was_decided_somebody_is_told_and_it_falls_due(  # noqa: PLR0913 # what a triage is made of
    *,
    text: str,
    route: Route,
    kind: ReportKind,
    urgency: Urgency,
    department: str | None,
    topic: str | None,
    now: datetime,
) -> None:
    """Every decision opens a ticket with a notice, an event and a later due date, and can be repeated."""
    triage = a_triage(
        route=route, kind=kind, urgency=urgency, department=department, topic=topic, place=Place(road=text)
    )
    new = opening(a_post(text=text), triage, DIRECTORY, now)
    assert new == opening(a_post(text=text), triage, DIRECTORY, now)
    assert "email" in [notice.medium for notice in new.notices]
    assert {notice.state for notice in new.notices} == {"pending"}
    assert {notice.department for notice in new.notices} == {new.ticket.department}
    assert new.ticket.department in DIRECTORY.departments
    assert len(new.events) == 1
    assert new.ticket.due_at > now


def test_an_old_emergency_wakes_nobody() -> None:
    """A fire of yesterday, read after an outage or at the first poll, is urgent and told by mail."""
    fire = a_triage(urgency="emergency")
    fresh = opening(a_post(created_at=NOON - timedelta(hours=5)), fire, DIRECTORY, NOON)
    stale = opening(a_post(created_at=NOON - timedelta(hours=7)), fire, DIRECTORY, NOON)
    assert [notice.medium for notice in fresh.notices] == ["sms", "email"]
    assert [notice.medium for notice in stale.notices] == ["email"]
    assert (stale.ticket.urgency, stale.notices[0].urgency) == ("urgent", "urgent")
    assert stale.ticket.due_at > fresh.ticket.due_at
