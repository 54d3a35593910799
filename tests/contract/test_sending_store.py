"""What was sent to whom is counted alike in memory and on DynamoDB, and notices wait alike."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws

from aduan.notice import AnyNotice, Notice, SmsBudgetNotice
from aduan.quiet_hours import Hold
from aduan.store.notices import NotPendingError
from notify.stores import Stores, open_stores
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Memory
from tests.table import create_table

HOUR = timedelta(hours=1)
HALF_AN_HOUR = timedelta(minutes=30)
MORNING = NOON + timedelta(hours=19)


@pytest.fixture(params=["in memory", "DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each test runs on both."""
    if request.param == "in memory":
        yield stores_of(Memory())
        return
    with mock_aws():
        yield open_stores(create_table())


def opened(stores: Stores) -> AnyNotice:
    """A ticket with a pending mail."""
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    return stored_in(stores)


def stored_in(stores: Stores) -> AnyNotice:
    """That mail, as it is."""
    notice = stores.notices.get(a_notice().id)
    assert notice is not None
    return notice


def test_mails_are_counted_up_to_the_limit(stores: Stores) -> None:
    """Each call returns how many there were before it, and none is added beyond the limit."""
    assert [stores.sending.count("dishub", NOON, 3) for _ in range(5)] == [0, 1, 2, 3, 3]
    assert stores.sending.count("dishub", NOON, 4) == 3


def test_counting_is_seen(stores: Stores) -> None:
    """The count of this hour can be read without counting."""
    stores.sending.count("dishub", NOON, 3)
    stores.sending.count("dishub", NOON, 3)
    assert [stores.sending.counted("dishub", NOON), stores.sending.counted("dishub", NOON)] == [2, 2]
    assert stores.sending.counted("dishub", NOON + HOUR) == 0


def test_a_ticket_has_a_place_among_those_of_its_department(stores: Stores) -> None:
    """Its department's tickets opened since a moment and before it are counted, up to the requested number."""
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
    """The next clock hour, and another department, start at zero."""
    assert stores.sending.count("dishub", NOON + timedelta(minutes=59), 1) == 0
    assert stores.sending.count("dishub", NOON, 1) == 1
    assert stores.sending.count("dishub", NOON + HOUR, 1) == 0
    assert stores.sending.count("dlh", NOON, 1) == 0


def test_a_second_sms_about_the_same_is_known(stores: Stores) -> None:
    """For half an hour no other ticket gets an SMS about the same matter to the same department."""
    first = stores.sending.first_sms
    assert first("damkar", "kebakaran#Gamping", "SLM-000001", NOON, HALF_AN_HOUR)
    assert not first("damkar", "kebakaran#Gamping", "SLM-000002", NOON + timedelta(minutes=29), HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Gamping", "SLM-000001", NOON, HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Godean", "SLM-000002", NOON, HALF_AN_HOUR)
    assert first("bpbd", "kebakaran#Gamping", "SLM-000002", NOON, HALF_AN_HOUR)
    assert first("damkar", "kebakaran#Gamping", "SLM-000002", NOON + HALF_AN_HOUR, HALF_AN_HOUR)


def test_sms_have_a_budget_of_their_own_a_month(stores: Stores) -> None:
    """An SMS beyond the budget is refused, a returned amount can be used again, and a new month starts at zero."""
    book, settle = stores.spending.book, stores.spending.settle
    assert [book(name, NOON, 400, 1_000) for name in "abc"] == [True, True, False]
    settle("a", NOON, -400)
    settle("a", NOON, -400)
    settle("b", NOON, 0)
    assert [book(name, NOON, 400, 1_000) for name in "de"] == [True, False]
    assert book("f", NOON + timedelta(days=30), 400, 1_000)


def test_the_used_up_budget_is_announced_once_a_month(stores: Stores) -> None:
    """A second notice of the month changes nothing; the next month has its own."""
    first = SmsBudgetNotice(month="2026-11", budget_usd=35.0, created_at=NOON)
    assert stores.notices.add(first)
    assert not stores.notices.add(first.model_copy(update={"created_at": NOON + HOUR}))
    found = stores.notices.get(first.id)
    assert isinstance(found, SmsBudgetNotice)
    assert (found.created_at, found.budget_usd) == (NOON, 35.0)
    assert stores.notices.get(first.model_copy(update={"month": "2026-12"}).id) is None
    assert list(stores.notices.left_behind(NOON + HOUR)) == [first.id]


@pytest.mark.parametrize("in_digest", [True, False])
def test_a_notice_waits_until_its_time(stores: Stores, in_digest: bool) -> None:  # noqa: FBT001 # a parameter
    """A waiting notice stays pending, and is on the queue only from its time on."""
    notice = opened(stores)
    stores.notices.hold(notice, Hold(MORNING, in_digest=in_digest))
    held = stored_in(stores)
    assert isinstance(held, Notice)
    assert (held.state, held.act_at) == ("pending", MORNING)
    assert held.digest_at == (MORNING if in_digest else None)
    assert list(stores.notices.left_behind(MORNING - timedelta(seconds=1))) == []
    assert list(stores.notices.left_behind(MORNING)) == [notice.id]


def test_what_is_skipped_is_finished(stores: Stores) -> None:
    """A skipped notice leaves the queue with its reason.

    Skipping it again is harmless, and anything else is refused.
    """
    notice = opened(stores)
    stores.notices.skip(notice, "said already")
    stores.notices.skip(notice, "said already")
    assert (stored_in(stores).state, stored_in(stores).failure) == ("skipped", "said already")
    assert list(stores.notices.left_behind(MORNING)) == []
    with pytest.raises(NotPendingError):
        stores.notices.park(notice, "nobody knows")


def test_what_was_claimed_can_neither_wait_nor_be_skipped(stores: Stores) -> None:
    """A writer that came after the claim changes nothing."""
    notice = opened(stores)
    stores.notices.claim(notice, "owner", NOON, "dishub@sleman.example", "dishub")
    with pytest.raises(NotPendingError):
        stores.notices.hold(notice, Hold(MORNING, in_digest=True))
    with pytest.raises(NotPendingError):
        stores.notices.skip(notice, "said already")
    assert stored_in(stores).state == "claimed"


def test_what_comes_back_at_night_waits_for_the_morning(stores: Stores) -> None:
    """A withdrawn mail that is wanted again is found when it may be sent, not every five minutes before."""
    notice = opened(stores)
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    there = a_ticket(department="dlh", version=2)
    first = an_event(move="corrected")
    stores.tickets.write(moves.corrected(stored, a_ticket(), there, notices=[], events=[first], example=None))
    assert stored_in(stores).state == "withdrawn"
    back = a_ticket(version=3)
    again = a_notice(created_at=NOON + timedelta(hours=9), act_at=MORNING)
    second = an_event(move="corrected", at=NOON + HOUR)
    stores.tickets.write(moves.corrected(stored, there, back, notices=[again], events=[second], example=None))
    assert list(stores.notices.left_behind(MORNING - timedelta(minutes=1))) == []
    assert list(stores.notices.left_behind(MORNING)) == [notice.id]


def test_a_mail_that_waits_goes_when_its_ticket_becomes_an_emergency(stores: Stores) -> None:
    """An edit at night that makes it an emergency takes the mail out of the morning's queue and digest."""
    notice = opened(stores)
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
    hurried = stored_in(stores)
    assert isinstance(hurried, Notice)
    assert (hurried.state, hurried.urgency, hurried.act_at) == ("pending", "emergency", night)
    assert hurried.digest_at is None
    assert list(stores.notices.left_behind(night)) == [notice.id]


def test_a_days_ration_ends_and_begins_again(stores: Stores) -> None:
    """Each count is of its own thing and of its own day of WIB."""
    assert [stores.sending.count_today("dishub#unplaced", NOON, 2) for _ in range(3)] == [True, True, False]
    assert stores.sending.count_today("dishub#penulis", NOON, 2)
    assert stores.sending.count_today("dishub#unplaced", NOON + timedelta(days=1), 2)
