"""What the stream left behind is completed by `follow_up` alone, with the same result."""

from __future__ import annotations

import contextlib

from hypothesis import given
from hypothesis import strategies as st

from aduan.triage import TICKET_ROUTES
from follow_up.redrive import Redrive
from notify.senders import NotAcceptedError, OutcomeUnknownError
from notify.timing import GRACE
from tests.builders import NOON, a_notice
from tests.county import MINUTE, TEXTS, County
from tests.in_memory.memory import Killed


def test_what_the_stream_still_may_bring_is_left_to_it() -> None:
    """A post and a notice younger than five minutes are not touched."""
    county = County()
    county.store(TEXTS[:1])
    county.now += 4 * MINUTE
    assert county.follow_up().outcomes == {}


def test_a_claimed_notice_is_sent_once_more_and_then_parked() -> None:
    """The notice is repeated when its sender must be dead and nothing was reported; a third attempt is not made."""
    county = County()
    county.store(TEXTS[:1])
    county.mail.fault = OutcomeUnknownError("ReadTimeoutError")
    for _ in range(12):
        county.now += 5 * MINUTE
        county.follow_up()
    assert county.states == {"parked"}
    assert len(county.mail.outbox) == 2


def test_a_claimed_notice_is_left_to_its_sender_for_a_while() -> None:
    """Within the grace time the outcome may still be reported."""
    county = County()
    notice = a_notice(
        ticket="SLM-000000", medium="sms", state="claimed", attempt=1, claimed_by="other", claimed_at=NOON
    )
    county.memory.notices[notice.id] = notice
    county.now = NOON + GRACE - MINUTE
    assert county.follow_up().outcomes == {"notice_already": 1}
    county.now = NOON + GRACE
    assert county.follow_up().outcomes == {"notice_parked": 1}


def test_a_postponed_notice_is_sent_when_the_provider_takes_it_again() -> None:
    """A throttled mail is late, but neither lost nor doubled."""
    county = County()
    county.store(TEXTS[:1])
    county.mail.fault = NotAcceptedError("Throttling", retry=True)
    for _ in range(4):
        county.now += 5 * MINUTE
        county.follow_up()
    assert county.states == {"pending"}
    county.mail.fault = None
    county.now += 60 * MINUTE
    county.follow_up()
    assert county.states == {"sent"}


def test_one_that_fails_delays_no_other() -> None:
    """The others are processed, and the error is kept for the handler to raise."""
    county = County()
    county.store(TEXTS[:3])
    county.now += 5 * MINUTE

    def decide_or_fail(key: str) -> str:
        if key == "instagram#1":
            raise ValueError(key)
        return county.decide(key)

    redrive = Redrive(decide=decide_or_fail, follow=county.follow, delivery=county.delivery)
    done = redrive.run(county.stores.posts.left_behind(county.now), [], [], lambda: True)
    assert done.outcomes.total() == 2
    assert len(done.faults) == 1


def test_a_run_without_time_leaves_the_rest_to_the_next_one() -> None:
    """What the run had no time for stays on the queue."""
    county = County()
    county.store(TEXTS)
    county.now += 5 * MINUTE
    assert county.follow_up(seconds=2).outcomes.total() == 2
    assert county.follow_up().outcomes.total() == len(TEXTS) - 2


@given(
    deaths=st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=3),
    texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4),
)
def test_a_follow_up_killed_anywhere_loses_nothing_and_tells_nobody_twice(
    deaths: list[tuple[int, bool]], texts: list[str]
) -> None:
    """However often it dies, each complaint ends with one notice per medium, sent or parked.

    A notice is sent once, and a second time only with that on record.
    """
    county = County()
    county.store(texts)
    for death, after in [*deaths, *[(0, False)] * 9]:
        county.now += 5 * MINUTE
        memory = county.memory
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        with contextlib.suppress(Killed):
            county.follow_up()
    assert {post.state for post in county.memory.posts.values()} == {"triaged"}
    assert county.states <= {"sent", "parked", "skipped"}
    reports = [post for post in county.memory.posts.values() if post.triage and post.triage.route in TICKET_ROUTES]
    assert sorted(ticket.post for ticket in county.memory.tickets.values()) == sorted(post.key for post in reports)
    notices = county.memory.notices.values()
    mails = [notice for notice in notices if notice.medium == "email"]
    assert len(county.mail.outbox) <= sum(1 + (notice.repeated_at is not None) for notice in mails)
    assert len(county.sms.outbox) <= sum(notice.medium == "sms" for notice in notices)
