"""Fault 34: everybody writes about the same thing at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

from aduan.directory_loading import load_directory
from aduan.notice import SmsBudgetNotice
from aduan.record import WIB
from aduan.triage import DESK, Place
from classify.decide import decide
from notify.mail_tags import TOGETHER
from tests.builders import a_post
from tests.codes import ticket_code
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.mailbox import County
from tests.unit.fakes_notify import a_contact

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=WIB)
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
HOUR = timedelta(hours=1)
DAYS = timedelta(days=4)
SENDING = load_directory().sending
LIMIT = SENDING.default.mails_an_hour
OWN = a_contact("dishub").email
SAME = "Lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki"


def told(county: County) -> Counter[str]:
    """How often a mail told of each ticket."""
    return Counter(notice.subject for message in county.mail.accepted for notice in message.notices)


def test_fault_34_thousands_of_complaints_in_an_hour_are_told_by_the_limit_and_all_of_them() -> None:
    """Ten mails at once, then full digests over as many runs as needed; every ticket is in exactly one of them."""
    number = 2_000
    county = County(NOON)
    for one in range(number):
        county.now = NOON + HOUR * one / number
        for notice in county.open(one):
            county.deliver(notice)
    assert len(county.mail.accepted) == LIMIT
    county.now = MORNING
    runs = 0
    while waiting(county):
        county.follow_up(for_mails(county, 30))
        runs += 1
    assert told(county) == Counter(list(county.memory.tickets))
    assert {notice.state for notice in county.memory.notices.values()} == {"sent"}
    digests = -(-(number - LIMIT) // TOGETHER)
    assert len(county.mail.accepted) - LIMIT == digests
    assert runs == -(-digests // 30)
    assert {message.recipient for message in county.mail.accepted} == {OWN}


def for_mails(county: County, number: int) -> Callable[[], bool]:
    """A run that has time for so many."""
    most = county.mail.requests + number
    return lambda: county.mail.requests < most


def waiting(county: County) -> bool:
    """Whether any notice is still unsent."""
    return any(notice.state == "pending" for notice in county.memory.notices.values())


def test_fault_34_a_flood_for_one_department_delays_no_other() -> None:
    """While one department is over its limit, others are told at once, and so is an emergency."""
    county = County(NOON)
    for one in range(3 * LIMIT):
        for notice in county.open(one):
            county.deliver(notice)
    other = county.open(1001, department="dlh")
    emergency = county.open(1002, urgency="emergency")
    assert [county.deliver(notice) for notice in (*other, *emergency)] == ["sent", "sent", "sent"]


def test_fault_34_one_text_five_hundred_times_is_told_by_the_limit_and_loses_nobody() -> None:
    """Every post is decided and has its ticket; its department gets no more mails than the limit and the digests."""
    number = 500
    county = County(NOON)
    posts, tickets = InMemoryPostStore(county.memory), InMemoryTicketStore(county.memory)
    for one in range(number):
        post = a_post(native_id=str(one), text=SAME, fetched_at=NOON)
        posts.add(post)
        decide(
            post.key,
            posts=posts,
            tickets=tickets,
            directory=county.directory,
            now=NOON,
            chatter_for=DAYS,
            code_of=ticket_code,
        )
    for notice in list(county.memory.notices.values()):
        county.deliver(notice)
    assert len(county.mail.accepted) == LIMIT
    county.now = MORNING
    county.follow_up()
    assert {ticket.post for ticket in county.memory.tickets.values()} == set(county.memory.posts)
    assert told(county) == Counter(list(county.memory.tickets))
    assert len(county.mail.accepted) == LIMIT + -(-(number - LIMIT) // TOGETHER)


def test_fault_34_a_fire_that_five_hundred_people_report_is_one_sms() -> None:
    """The other SMS are suppressed with the reason on record; every ticket has its mail."""
    county = County(NOON)
    place = Place(kalurahan="Ambarketawang")
    for one in range(500):
        for notice in county.open(one, urgency="emergency", department="damkar", topic="bencana", place=place):
            county.deliver(notice)
    assert county.sms.requests == 1
    assert told(county) == Counter(list(county.memory.tickets))
    skipped = [notice for notice in county.memory.notices.values() if notice.state == "skipped"]
    assert len(skipped) == 499
    assert all(notice.failure for notice in skipped)


def test_fault_34_the_bill_for_sms_ends_with_the_months_budget_and_the_desk_hears_of_it() -> None:
    """Of five hundred fires, those within the budget get an SMS; all get a mail, and the desk gets one more."""
    county = County(NOON)
    for one in range(500):
        for notice in county.open(one, urgency="emergency", department="damkar"):
            county.deliver(notice)
    assert county.sms.requests == int(SENDING.sms.monthly_budget_usd / SENDING.sms.price_usd)
    county.follow_up_until(NOON + HOUR)
    mails = told(county)
    assert all(mails[code] == 1 for code in county.memory.tickets)
    about = [notice for notice in county.memory.notices.values() if isinstance(notice, SmsBudgetNotice)]
    assert [(notice.state, notice.told) for notice in about] == [("sent", DESK)]
