"""Fault 36: the stream brings nothing: its mapping is disabled or gone, or its filter matches nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.notice import Notice
from aduan.store.notices import LEFT_BEHIND
from infra.templates import load
from tests.builders import a_notice
from tests.county import MINUTE, TEXTS, County
from tests.template.declared import events

HALF_AN_HOUR = timedelta(minutes=30)
RUN = 5 * MINUTE


def complaints(county: County) -> set[str]:
    """Return the keys of the posts that were not taken for chatter."""
    return {post.key for post in county.memory.posts.values() if post.triage and post.triage.route != "drop"}


def test_fault_36_without_a_stream_every_complaint_is_told_within_half_an_hour() -> None:
    """The schedule alone decides posts and sends notices within the promised time."""
    county = County()
    posts = county.store(TEXTS)
    for _ in range(6):
        county.now += 5 * MINUTE
        county.follow_up()
    assert {post.state for post in county.memory.posts.values()} == {"triaged"}
    assert county.states == {"sent"}
    told = {ticket.post for ticket in county.memory.tickets.values()}
    assert {post.key for post in posts[:2]} <= told


def test_fault_36_a_day_without_a_stream_is_followed_up_alone() -> None:
    """Whatever the time of day, each complaint is told once, and an emergency within half an hour."""
    county = County()
    begun = county.now
    while county.now < begun + timedelta(hours=30):
        if (county.now - begun) % timedelta(hours=1) == timedelta() and county.now < begun + timedelta(hours=25):
            county.store(TEXTS[:2], created_at=county.now)
        county.now += RUN
        county.follow_up()
    assert {post.state for post in county.memory.posts.values()} == {"triaged"}
    assert {ticket.post for ticket in county.memory.tickets.values()} == complaints(county) == set(county.memory.posts)
    assert county.states <= {"sent", "skipped"}
    for notice in county.memory.notices.values():
        assert isinstance(notice, Notice)
        if notice.urgency == "emergency" and notice.step is None and notice.sent_at is not None:
            written = county.memory.posts[county.memory.tickets[notice.ticket].post].fetched_at
            assert notice.sent_at - written <= HALF_AN_HOUR


def test_fault_36_what_the_stream_did_not_bring_is_counted() -> None:
    """A post is counted once when decided, a notice once when sent, and neither again."""
    county = County()
    county.store(TEXTS[:1])
    late = []
    for _ in range(6):
        county.now += RUN
        late.append(county.follow_up().late)
    assert sum(late) == 2
    assert late[-1] == 0


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "sent"},
        {"attempt": 1},
        {"act_at": County().now},
        {"act_at": County().now + timedelta(hours=9)},
        {"state": "claimed", "attempt": 1, "claimed_by": "one", "claimed_at": County().now},
    ],
)
def test_fault_36_what_waited_for_another_reason_is_not_counted(changes: dict[str, object]) -> None:
    """A retry, a step put back, the morning's mails and what somebody else sent say nothing about the stream."""
    county = County()
    county.store(TEXTS[:1])
    county.now += RUN
    county.follow_up()
    [(where, notice)] = county.memory.notices.items()
    assert notice.act_at is None
    county.memory.notices[where] = notice.model_copy(update=changes)
    county.now += timedelta(hours=10)
    assert county.follow_up().late == 0


def test_fault_36_a_silent_stream_wakes_somebody() -> None:
    """One post or notice that `follow_up` had to rescue raises the alarm, with or without a batch in the stream."""
    alarm = load("infra/alarms.yaml")["Resources"]["StreamSilent"]["Properties"]
    assert (alarm["MetricName"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("LeftBehind", 1, 1)


def test_fault_36_follow_up_looks_before_a_quarter_of_an_hour_has_passed() -> None:
    """What is left behind is found by the first run after five minutes, and there is a run every five minutes."""
    [schedule] = [each for name, each in events("ScheduleV2").items() if name.startswith("FollowUp.")]
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    assert schedule.get("State", "ENABLED") == "ENABLED"
    assert timedelta(minutes=15) > LEFT_BEHIND + RUN
    assert a_notice().act_at is None
