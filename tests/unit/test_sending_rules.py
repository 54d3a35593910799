"""Whenever notices are written, none is lost, nobody is woken, and nobody gets too much at once."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.assignment import notices_about
from aduan.directory_loading import load_directory
from aduan.quiet_hours import is_quiet
from aduan.record import WIB
from tests.builders import a_post, a_triage
from tests.codes import opening
from tests.mailbox import County, a_directory

FRIDAY = datetime(2026, 11, 6, 12, 0, tzinfo=WIB)
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
LIMIT = 3
DIRECTORY = a_directory(
    dishub={"mails_an_hour": LIMIT},
    dlh={"ordinary": "digest"},
    bpbd={"mails_an_hour": LIMIT, "quiet_from": None, "quiet_until": None, "quiet_on_days_off": False},
    inspektorat={"mails_an_hour": LIMIT},
)


class Written(NamedTuple):
    """A ticket, and how its notices begin."""

    minute: int
    """Minutes after Friday noon."""
    department: str
    urgency: str
    planned: bool
    streamed: bool
    """Whether the stream delivers its notices."""


bursts = st.sampled_from(
    [0, 40, 7 * 60 + 50, 8 * 60 + 5, 18 * 60 + 29, 19 * 60 + 31, 3 * 24 * 60 - 6 * 60, 67 * 60 + 31]
)
written = st.builds(
    Written,
    st.one_of(st.integers(0, 4 * 24 * 60), st.builds(int.__add__, bursts, st.integers(0, 40))),
    st.sampled_from(["dishub", "dishub", "dlh", "bpbd", "inspektorat", "desk"]),
    st.sampled_from(["normal", "normal", "normal", "urgent", "emergency"]),
    st.booleans(),
    st.booleans(),
)


@settings(max_examples=60)
@given(st.lists(written, max_size=30))
def test_any_stream_of_notices_is_told_by_the_rules(stream: list[Written]) -> None:
    """Each notice is in one message; quiet hours hold all but emergencies, and no hour exceeds the limit."""
    county = County(FRIDAY, DIRECTORY)
    for number, one in enumerate(sorted(stream)):
        county.follow_up_until(FRIDAY + timedelta(minutes=one.minute) - timedelta(minutes=5))
        county.now = max(county.now, FRIDAY + timedelta(minutes=one.minute))
        # Tickets that come later are due earlier.
        due_at = FRIDAY + timedelta(days=30, minutes=-one.minute)
        who = {"department": one.department, "urgency": one.urgency}
        for notice in county.open(number, planned=one.planned, due_at=due_at, **who):
            if one.streamed:
                county.deliver(notice)
    county.follow_up_until(FRIDAY + timedelta(days=6))

    messages = county.mail.accepted + county.sms.accepted
    assert Counter(key for message in messages for key in message.notices) == Counter(list(county.memory.notices))
    assert all(notice.state == "sent" for notice in county.memory.notices.values())
    singles: Counter[tuple[str, str]] = Counter()
    for message in county.mail.accepted:
        notices = [county.memory.notices[key] for key in message.notices]
        [department] = {notice.department for notice in notices}
        rule = DIRECTORY.sending.rule(department)
        emergency = notices[0].urgency == "emergency"
        assert emergency or not is_quiet(rule, message.at)
        assert all(notice.created_at <= message.at for notice in notices)
        due = [county.memory.tickets[notice.subject].due_at for notice in notices]
        assert due == sorted(due)
        alone = len(notices) == 1 and getattr(notices[0], "digest_at", None) is None
        if alone and not emergency:
            singles[department, f"{message.at:%d %H}"] += 1
    assert not [hour for hour, number in singles.items() if number > DIRECTORY.sending.rule(hour[0]).mails_an_hour]
    assert not [hour for hour in singles if hour[0] == "dlh"]


@settings(max_examples=20)
@given(st.lists(written, max_size=15))
def test_emergencies_wait_for_nothing(stream: list[Written]) -> None:
    """Mail and SMS of an emergency leave with the stream's first delivery, at any hour."""
    county = County(FRIDAY, DIRECTORY)
    for number, one in enumerate(sorted(stream)):
        county.now = FRIDAY + timedelta(minutes=one.minute)
        opened = county.open(number, planned=one.planned, department=one.department, urgency="emergency")
        assert [county.deliver(notice) for notice in opened] == ["sent", "sent"]


def test_a_flood_becomes_ten_mails_and_one_digest_a_morning() -> None:
    """Of 57 tickets in an hour ten are sent at once, and the rest next morning in mails of twenty."""
    county = County(datetime(2026, 11, 3, 9, 0, tzinfo=WIB))
    for number in range(57):
        county.now += timedelta(minutes=1)
        [notice] = county.open(number)
        county.deliver(notice)
    assert len(county.mail.accepted) == 10
    county.follow_up_until(datetime(2026, 11, 4, 7, 25, tzinfo=WIB))
    assert len(county.mail.accepted) == 10
    county.follow_up_until(datetime(2026, 11, 4, 7, 35, tzinfo=WIB))
    assert [len(message.notices) for message in county.mail.accepted[10:]] == [20, 20, 7]
    assert all(message.recipient == "dishub@sleman.example" for message in county.mail.accepted)


def test_what_comes_too_late_for_its_hour_counts_in_the_next() -> None:
    """Thirty tickets from an hour in which the stream was down become ten mails in the next hour, and no more."""
    county = County(datetime(2026, 11, 3, 9, 50, tzinfo=WIB))
    for number in range(30):
        county.open(number)
    county.now = datetime(2026, 11, 3, 10, 5, tzinfo=WIB)
    county.follow_up()
    assert len(county.mail.accepted) == 10


def test_the_night_is_told_in_the_hour_that_opens() -> None:
    """Of a night's thirty tickets, ten are mails at half past six, without a stored count; the rest are a digest."""
    county = County(datetime(2026, 11, 3, 22, 0, tzinfo=WIB))
    for number in range(30):
        county.open(number)
    county.follow_up_until(datetime(2026, 11, 4, 6, 30, tzinfo=WIB))
    assert len(county.mail.accepted) == 10
    assert county.memory.mails == {}
    county.follow_up_until(MORNING)
    assert [len(message.notices) for message in county.mail.accepted[10:]] == [20]


def test_a_ticket_opened_at_night_says_when_it_may_be_told() -> None:
    """`classify` and a person's correction store the time with the notice, so that waiting costs no write."""
    night = datetime(2026, 11, 3, 22, 0, tzinfo=WIB)
    directory = load_directory()
    opened = opening(a_post(created_at=night), a_triage(), directory, night)
    assert [notice.act_at for notice in opened.notices] == [MORNING - timedelta(hours=1)]
    assert [notice.act_at for notice in notices_about(opened.ticket, directory, night)] == [
        MORNING - timedelta(hours=1)
    ]


def test_a_day_without_anything_has_no_digest() -> None:
    """A department with a digest gets no mail on a morning without tickets."""
    county = County(datetime(2026, 11, 3, 9, 0, tzinfo=WIB), DIRECTORY)
    county.open(1, department="dlh")
    county.follow_up_until(datetime(2026, 11, 4, 9, 0, tzinfo=WIB))
    county.follow_up_until(datetime(2026, 11, 6, 9, 0, tzinfo=WIB))
    [message] = county.mail.accepted
    assert message.at.astimezone(WIB) == datetime(2026, 11, 4, 7, 30, tzinfo=WIB)


def test_whoever_has_no_contact_floods_the_desk_within_its_limit() -> None:
    """Mails that go to the desk in place of many departments count towards the desk's limit."""
    county = County(datetime(2026, 11, 3, 9, 0, tzinfo=WIB))
    outcomes = []
    for number, department in enumerate(["setwan", "kesbangpol", "desk"] * 5):
        [notice] = county.open(number, department=department)
        outcomes.append(county.deliver(notice))
    assert Counter(outcomes) == {"sent": 10, "deferred": 5}
    assert {message.recipient for message in county.mail.accepted} == {"desk@sleman.example"}
