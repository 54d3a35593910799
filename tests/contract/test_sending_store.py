"""What was sent to whom is counted alike in memory and on DynamoDB, and notices wait alike."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from moto import mock_aws

from aduan.notice import AnyNotice, Notice, SmsBudgetNotice
from aduan.quiet_hours import Hold
from aduan.store.notices import DynamoNoticeStore, NoticeStore, NotPendingError
from aduan.store.posts import DynamoPostStore, PostStore
from aduan.store.sending import DynamoSendingStore, SendingStore
from aduan.store.tickets import DynamoTicketStore, TicketStore
from aduan.ticket import ticket_code
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.in_memory import (
    InMemoryNoticeStore,
    InMemoryPostStore,
    InMemorySendingStore,
    InMemoryTicketStore,
    Memory,
)
from tests.table import create_table

HOUR = timedelta(hours=1)
HALF_AN_HOUR = timedelta(minutes=30)
MORNING = NOON + timedelta(hours=19)


@dataclass(frozen=True)
class Stores:
    """Those that sending needs."""

    sending: SendingStore
    notices: NoticeStore
    posts: PostStore
    tickets: TicketStore

    def open(self) -> AnyNotice:
        """A ticket with a pending mail."""
        self.posts.add(a_post())
        self.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
        return self.stored()

    def stored(self) -> AnyNotice:
        """That mail, as it is."""
        notice = self.notices.get(a_notice().subject, a_notice().key)
        assert notice is not None
        return notice


@pytest.fixture(params=["in memory", "DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each test runs on both."""
    if request.param == "in memory":
        memory = Memory()
        yield Stores(
            InMemorySendingStore(memory),
            InMemoryNoticeStore(memory),
            InMemoryPostStore(memory),
            InMemoryTicketStore(memory),
        )
        return
    with mock_aws():
        table = create_table()
        yield Stores(
            DynamoSendingStore(table), DynamoNoticeStore(table), DynamoPostStore(table), DynamoTicketStore(table)
        )


def test_mails_are_counted_up_to_the_limit(stores: Stores) -> None:
    """Each call tells how many there were before it, and beyond the limit none is added."""
    assert [stores.sending.count("dishub", NOON, 3) for _ in range(5)] == [0, 1, 2, 3, 3]
    assert stores.sending.count("dishub", NOON, 4) == 3


def test_counting_is_seen(stores: Stores) -> None:
    """What was counted in this hour is read without counting."""
    stores.sending.count("dishub", NOON, 3)
    stores.sending.count("dishub", NOON, 3)
    assert [stores.sending.counted("dishub", NOON), stores.sending.counted("dishub", NOON)] == [2, 2]
    assert stores.sending.counted("dishub", NOON + HOUR) == 0


def test_a_ticket_has_a_place_among_those_of_its_department(stores: Stores) -> None:
    """Those of its department opened since a moment, and before it, count; at most as many as were asked for."""
    tickets = []
    for number, department in enumerate(["dishub", "dishub", "dlh", "dishub", "dishub"]):
        opened_at = NOON + timedelta(minutes=number // 2)
        post = a_post(native_id=str(number))
        code = ticket_code(post.key)
        ticket = a_ticket(code=code, post=post.key, department=department, opened_at=opened_at)
        stores.posts.add(post)
        stores.tickets.write(moves.opened(post, a_triage(), ticket, [], [an_event(ticket=code)]))
        tickets.append(ticket)
    own = sorted((ticket.opened_at, ticket.code) for ticket in tickets if ticket.department == "dishub")
    for ticket in tickets:
        if ticket.department == "dishub":
            place = own.index((ticket.opened_at, ticket.code))
            assert stores.sending.opened("dishub", NOON, 10, before=ticket) == place
            assert stores.sending.opened("dishub", NOON, 2, before=ticket) == min(place, 2)
    assert stores.sending.opened("dishub", NOON, 10) == 4
    assert stores.sending.opened("dishub", NOON, 3) == 3
    assert stores.sending.opened("dishub", NOON + timedelta(minutes=1), 10) == 2
    assert stores.sending.opened("dlh", NOON, 10) == 1
    assert stores.sending.opened("dishub.head", NOON, 10) == 0


def test_an_hour_and_a_department_count_for_themselves(stores: Stores) -> None:
    """The next hour of the clock, and another department, begin at nothing."""
    assert stores.sending.count("dishub", NOON + timedelta(minutes=59), 1) == 0
    assert stores.sending.count("dishub", NOON, 1) == 1
    assert stores.sending.count("dishub", NOON + HOUR, 1) == 0
    assert stores.sending.count("dlh", NOON, 1) == 0


def test_a_second_sms_about_the_same_is_known(stores: Stores) -> None:
    """Another ticket's is refused for half an hour; the same ticket's, another matter's and department's are not."""
    first = stores.sending.first_sms
    assert first("damkar", "kebakaran#Gamping", "SLM-000001", NOON, HALF_AN_HOUR)
    assert not first("damkar", "kebakaran#Gamping", "SLM-000002", NOON + timedelta(minutes=29), HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Gamping", "SLM-000001", NOON, HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Godean", "SLM-000002", NOON, HALF_AN_HOUR)
    assert first("bpbd", "kebakaran#Gamping", "SLM-000002", NOON, HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Gamping", "SLM-000002", NOON + HALF_AN_HOUR, HALF_AN_HOUR)


def test_sms_have_a_budget_of_their_own_a_month(stores: Stores) -> None:
    """What it does not hold is refused, what was given back is there again, and a new month begins at nothing."""
    book, settle = stores.sending.book_sms, stores.sending.settle_sms
    assert [book(name, NOON, 400, 1_000) for name in "abc"] == [True, True, False]
    settle("a", NOON, -400)
    settle("a", NOON, -400)
    settle("b", NOON, 0)
    assert [book(name, NOON, 400, 1_000) for name in "de"] == [True, False]
    assert book("f", NOON + timedelta(days=30), 400, 1_000)


def test_the_used_up_budget_is_announced_once_a_month(stores: Stores) -> None:
    """A second notice of the month changes nothing; the next month has its own."""
    first = SmsBudgetNotice(month="2026-11", budget_usd=35.0, created_at=NOON)
    stores.sending.announce(first)
    stores.sending.announce(first.model_copy(update={"created_at": NOON + HOUR}))
    found = stores.notices.get(first.subject, first.key)
    assert isinstance(found, SmsBudgetNotice)
    assert (found.created_at, found.budget_usd) == (NOON, 35.0)
    assert stores.notices.get("sms", "budget#2026-12") is None
    assert list(stores.notices.left_behind(NOON + HOUR)) == [("sms", "budget#2026-11")]


@pytest.mark.parametrize("in_digest", [True, False])
def test_a_notice_waits_until_its_time(stores: Stores, in_digest: bool) -> None:  # noqa: FBT001 # a parameter
    """It stays pending, and is found on the queue when the time has come and not before."""
    notice = stores.open()
    stores.notices.hold(notice, Hold(MORNING, in_digest=in_digest))
    held = stores.stored()
    assert isinstance(held, Notice)
    assert (held.state, held.act_at) == ("pending", MORNING)
    assert held.digest_at == (MORNING if in_digest else None)
    assert list(stores.notices.left_behind(MORNING - timedelta(seconds=1))) == []
    assert list(stores.notices.left_behind(MORNING)) == [(notice.subject, notice.key)]


def test_what_is_skipped_is_finished(stores: Stores) -> None:
    """It leaves the queue with the reason; skipping it again is the same write, and anything else is refused."""
    notice = stores.open()
    stores.notices.skip(notice, "said already")
    stores.notices.skip(notice, "said already")
    assert (stores.stored().state, stores.stored().failure) == ("skipped", "said already")
    assert list(stores.notices.left_behind(MORNING)) == []
    with pytest.raises(NotPendingError):
        stores.notices.park(notice, "nobody knows")


def test_what_was_claimed_can_neither_wait_nor_be_skipped(stores: Stores) -> None:
    """Whoever was slower changes nothing."""
    notice = stores.open()
    stores.notices.claim(notice, "owner", NOON, "dishub@sleman.example", "dishub")
    with pytest.raises(NotPendingError):
        stores.notices.hold(notice, Hold(MORNING, in_digest=True))
    with pytest.raises(NotPendingError):
        stores.notices.skip(notice, "said already")
    assert stores.stored().state == "claimed"


def test_what_comes_back_at_night_waits_for_the_morning(stores: Stores) -> None:
    """A withdrawn mail that is wanted again is found when it may go, and not every five minutes before."""
    notice = stores.open()
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    there = a_ticket(department="dlh", version=2)
    first = an_event(move="corrected")
    stores.tickets.write(moves.corrected(stored, a_ticket(), there, notices=[], events=[first], example=None))
    assert stores.stored().state == "withdrawn"
    back = a_ticket(version=3)
    again = a_notice(created_at=NOON + timedelta(hours=9), act_at=MORNING)
    second = an_event(move="corrected", at=NOON + HOUR)
    stores.tickets.write(moves.corrected(stored, there, back, notices=[again], events=[second], example=None))
    assert list(stores.notices.left_behind(MORNING - timedelta(minutes=1))) == []
    assert list(stores.notices.left_behind(MORNING)) == [(notice.subject, notice.key)]


def test_a_mail_that_waits_goes_when_its_ticket_becomes_an_emergency(stores: Stores) -> None:
    """An edit at night that makes it an emergency takes the mail out of the morning's queue, and out of the digest."""
    notice = stores.open()
    stores.notices.hold(notice, Hold(MORNING, in_digest=True))
    night = NOON + timedelta(hours=9)
    edited = a_post(text="KEBAKARAN di pasar", fetched_at=night)
    assert stores.posts.revise(edited)
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    after = a_ticket(urgency="emergency", version=2)
    urgent = a_notice(urgency="emergency", created_at=night)
    stores.tickets.write(
        moves.revised(stored, a_triage(urgency="emergency"), a_ticket(), after, notices=[urgent], events=[])
    )
    hurried = stores.stored()
    assert isinstance(hurried, Notice)
    assert (hurried.state, hurried.urgency, hurried.act_at) == ("pending", "emergency", night)
    assert hurried.digest_at is None
    assert list(stores.notices.left_behind(night)) == [(notice.subject, notice.key)]
