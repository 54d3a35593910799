"""One mail carries several notices: each is claimed, each has its outcome, and none is sent twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.notice import Notice, NoticeId
from aduan.record import WIB
from notify.apply_mail_event import apply_mail_event
from notify.mail_events import Kind, MailEvent
from notify.mail_tags import TOGETHER, tagged, tags
from notify.senders import NotAcceptedError, OutcomeUnknownError
from tests.in_memory.memory import Killed
from tests.mailbox import County, a_code, a_directory

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=WIB)
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
DAILY = a_directory(dishub={"ordinary": "digest"}, inspektorat={"ordinary": "digest"}, setwan={"ordinary": "digest"})
GRACE = timedelta(minutes=15)


def waiting(number: int, *, department: str = "dishub") -> tuple[County, list[Notice]]:
    """Return a county at half past seven with so many notices of a department that go together."""
    county = County(NOON, DAILY)
    notices = [notice for one in range(number) for notice in county.open(one, department=department)]
    county.now = MORNING
    return county, notices


def raising(fault: BaseException) -> Callable[[], None]:
    """Return a provider's behaviour that raises this fault."""

    def fail() -> None:
        raise fault

    return fail


def states(county: County) -> list[str]:
    """Return the states of all notices."""
    return [notice.state for notice in county.memory.notices.values()]


def report(county: County, notices: list[Notice], kind: Kind, message: str) -> list[str]:
    """What SES says about the mail of several notices."""
    events = [
        MailEvent(kind, notice.id, message, "dishub@sleman.example", county.now, "bounce: General")
        for notice in notices
    ]
    stores = county.stores
    return [
        apply_mail_event(event, notices=stores.notices, contacts=stores.contacts, now=county.now) for event in events
    ]


def test_a_digest_leaves_its_message_id_on_every_notice() -> None:
    """All of its notices are sent by one attempt, with the one mail's id and recipient."""
    county, notices = waiting(3)
    done = county.follow_up()
    assert done.outcomes == {"notice_sent": 3}
    assert county.mail.requests == 1
    stored = [county.stored(notice) for notice in notices]
    assert {(one.state, one.message_id, one.attempt, one.told) for one in stored} == {("sent", "m-1", 1, "dishub")}
    assert county.follow_up().outcomes == {}


def test_what_is_due_first_stands_first() -> None:
    """The order follows the deadlines, across all mails of a morning."""
    county = County(NOON, DAILY)
    for number in range(TOGETHER + 5):
        county.open(number, due_at=NOON + timedelta(days=(number * 7) % 11, minutes=number))
    county.now = MORNING
    county.follow_up()
    told = [county.memory.tickets[one.subject].due_at for message in county.mail.accepted for one in message.notices]
    assert len(told) == TOGETHER + 5
    assert told == sorted(told)


def test_a_digest_of_one_is_the_ordinary_mail() -> None:
    """A department with one ticket in the morning gets the mail with the whole report."""
    county, _ = waiting(1)
    assert county.follow_up().outcomes == {"notice_sent": 1}
    [message] = county.mail.accepted
    assert message.mail is not None
    assert message.mail.subject.startswith(f"[{a_code(0)}]")


def test_each_department_has_its_own() -> None:
    """Two departments' tickets are never in one mail."""
    county, _ = waiting(2)
    for number in (10, 11):
        county.now = NOON
        county.open(number, department="inspektorat")
    county.now = MORNING
    county.follow_up()
    assert {message.recipient for message in county.mail.accepted} == {
        "dishub@sleman.example",
        "inspektorat@sleman.example",
    }
    assert [len(message.notices) for message in county.mail.accepted] == [2, 2]


def test_a_department_without_contact_has_its_digest_passed_on() -> None:
    """The desk gets the digest, asked to pass it on to the department by name."""
    county, notices = waiting(2, department="setwan")
    county.follow_up()
    [message] = county.mail.accepted
    assert message.recipient == "desk@sleman.example"
    assert message.mail is not None
    assert "Mohon diteruskan" in message.mail.subject
    assert "Sekretariat DPRD" in message.mail.text
    assert county.stored(notices[0]).told == "desk"


def test_what_was_withdrawn_or_taken_meanwhile_is_not_in_it() -> None:
    """The mail contains the notices that were claimed, not those that were found."""
    county, notices = waiting(4)
    first, second = notices[:2]
    claim = county.notices.claim
    county.memory.notices[first.id] = first.model_copy(update={"state": "withdrawn"})

    def claim_later(notice: Notice, *args: object) -> object:
        if notice.subject == second.subject:
            claim(second, "other", MORNING, "x@sleman.example", "dishub")
        return claim(notice, *args)  # type: ignore[arg-type] # passed through

    county.notices.claim = claim_later  # type: ignore[method-assign, assignment] # a slower run
    done = county.follow_up()
    [message] = county.mail.accepted
    assert list(message.notices) == [notice.id for notice in notices[2:]]
    assert message.mail is not None
    assert second.subject not in message.mail.text
    assert done.outcomes == {"notice_sent": 2, "notice_already": 1}


def test_what_another_run_is_sending_is_left_to_it() -> None:
    """A notice claimed a minute ago may still be on its way from its sender, so it is not sent as well."""
    county, notices = waiting(2)
    for notice in notices:
        county.notices.claim(notice, "other", MORNING - timedelta(minutes=1), "x@sleman.example", "dishub")
    assert county.follow_up().outcomes == {"notice_already": 2}
    assert county.mail.requests == 0


def test_reminders_are_a_mail_of_their_own() -> None:
    """Reminders are not mixed with what a department hears for the first time."""
    county, notices = waiting(4)
    for notice in notices[:2]:
        del county.memory.notices[notice.id]
        step = notice.model_copy(update={"step": "remind"})
        county.memory.notices[step.id] = step
    county.follow_up()
    subjects = [message.mail.subject for message in county.mail.accepted if message.mail is not None]
    assert sorted("Pengingat" in subject for subject in subjects) == [False, True]


def test_a_ticket_that_is_gone_is_parked_alone() -> None:
    """The other notices of the morning are sent."""
    county, notices = waiting(3)
    county.memory.posts.pop(county.memory.tickets[notices[0].subject].post)
    assert county.follow_up().outcomes == {"notice_parked": 1, "notice_sent": 2}


@pytest.mark.parametrize(
    ("fault", "outcome", "state"),
    [
        (NotAcceptedError("429", retry=True), "postponed", "pending"),
        (NotAcceptedError("400", retry=False), "failed", "failed"),
        (OutcomeUnknownError("ReadTimeoutError"), "unknown", "claimed"),
    ],
)
def test_the_answer_to_the_one_request_is_each_notices(fault: Exception, outcome: str, state: str) -> None:
    """Refused for now, refused for good or lost: one request was made, and all notices record the same."""
    county, _ = waiting(3)
    county.mail.fault = raising(fault)
    assert county.follow_up().outcomes == {f"notice_{outcome}": 3}
    assert county.mail.requests == 1
    assert states(county) == [state] * 3


def test_a_refused_digest_goes_together_later() -> None:
    """After the pause the same notices are one mail again."""
    county, _ = waiting(3)
    county.mail.fault = raising(NotAcceptedError("429", retry=True))
    county.follow_up()
    county.mail.fault = lambda: None
    county.now += timedelta(minutes=5)
    county.follow_up()
    assert [len(message.notices) for message in county.mail.accepted] == [3]


def test_a_provider_that_takes_nothing_is_asked_once() -> None:
    """When the account is paused, the rest of a long morning stays on the queue for the next run."""
    county, _ = waiting(TOGETHER * 2)
    county.mail.fault = raising(NotAcceptedError("SendingPaused", retry=True, blocked=True))
    county.follow_up()
    assert county.mail.requests == 1
    county.mail.fault = lambda: None
    county.follow_up_until(MORNING + timedelta(minutes=10))
    assert states(county) == ["sent"] * TOGETHER * 2


def test_a_run_without_time_leaves_the_rest_for_the_next() -> None:
    """Unsent notices stay pending, and the next run sends them."""
    county, _ = waiting(TOGETHER * 2)
    county.follow_up(lambda: county.mail.requests < 1)
    assert states(county).count("sent") == TOGETHER
    county.follow_up()
    assert states(county).count("sent") == TOGETHER * 2


def test_a_fault_delays_no_other_department() -> None:
    """A notice that cannot be worded stays pending, the error is raised, and all others are sent."""
    county, notices = waiting(3)
    post = county.memory.posts[county.memory.tickets[notices[0].subject].post]
    county.memory.posts[post.key] = post.model_copy(update={"text": None})
    done = county.follow_up()
    assert done.outcomes == {"notice_sent": 2}
    assert len(done.faults) == 1
    assert county.stored(notices[0]).state == "pending"


@settings(max_examples=60)
@given(st.integers(1, 30), st.booleans())
def test_a_crash_anywhere_tells_each_ticket_at_most_twice(call: int, before: bool) -> None:  # noqa: FBT001 # drawn
    """Wherever the run dies, later runs tell what was not told; what may have been told is told at most once more."""
    county, notices = waiting(4)
    county.memory.calls = 0
    county.memory.kill_before, county.memory.kill_after = (call, None) if before else (None, call)
    try:
        county.follow_up()
    except Killed:
        county.memory.kill_before = county.memory.kill_after = None
    county.memory.kill_before = county.memory.kill_after = None
    county.follow_up_until(MORNING + timedelta(hours=2))
    told = [one.subject for message in county.mail.accepted for one in message.notices]
    for notice in notices:
        assert 1 <= told.count(notice.subject) <= 2
        assert told.count(notice.subject) == 1 or county.stored(notice).repeated_at is not None
    assert states(county) == ["sent"] * 4


def test_a_lost_digest_is_sent_once_more_as_one_mail_and_then_parked() -> None:
    """Twenty tickets of unknown outcome do not become twenty mails."""
    county, _ = waiting(3)
    county.mail.fault = raising(OutcomeUnknownError("ReadTimeoutError"))
    county.follow_up()
    county.now += GRACE
    assert county.follow_up().outcomes == {"notice_unknown": 3}
    assert county.mail.requests == 2
    county.now += GRACE
    assert county.follow_up().outcomes == {"notice_parked": 3}
    assert county.mail.requests == 2


def test_what_ses_reports_about_a_digest_settles_each_notice() -> None:
    """A digest whose reply was lost is marked as sent by the one event, so nothing is sent again."""
    county, notices = waiting(3)
    county.mail.fault = raising(OutcomeUnknownError("ReadTimeoutError"))
    county.follow_up()
    assert report(county, notices, "accepted", "ses-1") == ["settled"] * 3
    assert {(county.stored(notice).state, county.stored(notice).message_id) for notice in notices} == {
        ("sent", "ses-1")
    }
    county.now += GRACE
    assert county.follow_up().outcomes == {}


def test_a_bounced_digest_goes_to_the_next_address_as_one_mail() -> None:
    """The bounce makes all its notices pending, and the next run sends them to the desk together."""
    county, notices = waiting(3)
    county.follow_up()
    county.now += timedelta(minutes=5)
    report(county, notices, "dead", "m-1")
    county.follow_up()
    told = [message for message in county.mail.accepted if message.notices[0].key == notices[0].key]
    assert [(message.recipient, len(message.notices)) for message in told] == [
        ("dishub@sleman.example", 3),
        ("desk@sleman.example", 3),
    ]


def test_a_digest_after_an_outage_into_the_night_waits_for_the_morning() -> None:
    """Nobody is woken by mail that should have come at half past seven."""
    county, _ = waiting(3)
    county.now = MORNING + timedelta(hours=14)
    assert county.follow_up().outcomes == {"notice_deferred": 3}
    county.follow_up_until(MORNING + timedelta(days=1))
    [message] = county.mail.accepted
    assert message.at == MORNING + timedelta(days=1)


def test_the_stream_leaves_what_waits_for_its_digest_alone() -> None:
    """A delivery before the digest's hour writes nothing."""
    county, notices = waiting(1)
    county.now = NOON
    writes = county.memory.writes
    assert county.deliver(notices[0]) == "deferred"
    assert (county.memory.writes, county.mail.requests) == (writes, 0)


@given(st.integers(1, TOGETHER))
def test_the_tags_of_a_digest_fit_and_name_every_ticket(number: int) -> None:
    """All codes that a digest may hold can be read from its tags, each within SES's limit of 256 characters."""
    codes = [a_code(one * 7919) for one in range(number)]
    notices = tuple(NoticeId("TICKET", code, "dishub#email") for code in codes)
    written = tags(notices)
    assert all(len(value) <= 256 for value in written.values())
    assert tagged({name: [value] for name, value in written.items()}) == notices
