"""Tickets, in memory and on DynamoDB, are opened, edited, moved and erased as a whole or not at all."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.notice import NoticeId
from aduan.store.table import OutdatedError
from aduan.store.tickets import CodeTakenError
from aduan.ticket import clock_of
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.stores import MINUTE, Stores, mail_states, open_ticket, stored_notice, stored_post, stored_ticket


def test_a_ticket_comes_with_everything_that_belongs_to_it(stores: Stores) -> None:
    """Opening a ticket decides the post and makes the notice pending."""
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    stored = stored_post(stores)
    assert (stored.state, stored.triage, stored.ticket) == ("triaged", a_triage(), a_ticket().code)
    assert stores.tickets.get(a_ticket().code) == a_ticket()
    notice = stored_notice(stores)
    assert notice.state == "pending"


def test_a_post_opens_one_ticket(stores: Stores) -> None:
    """The second opening is refused as a whole, whatever its code."""
    open_ticket(stores)
    other = a_ticket(code="SLM-000000")
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.opened(a_post(), a_triage(), other, [a_notice(ticket=other.code)], []))
    assert stores.tickets.get(other.code) is None


def test_a_code_belongs_to_one_ticket(stores: Stores) -> None:
    """A code in use is refused with its own error, and the post stays new."""
    for post in (a_post(), a_post(native_id="2")):
        stores.posts.add(post)
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    with pytest.raises(CodeTakenError):
        stores.tickets.write(moves.opened(a_post(native_id="2"), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    untouched = stored_post(stores, a_post(native_id="2").key)
    assert untouched.state == "new"


def test_only_the_version_that_was_decided_about_is_decided(stores: Stores) -> None:
    """An edit that arrived during the decision still waits to be decided."""
    stores.posts.add(a_post())
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
    with pytest.raises(OutdatedError):
        stores.posts.settle(a_post(), a_triage(), NOON)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    assert stored_post(stores).state == "new"


def test_a_ticket_is_amended_with_everything_or_not_at_all(stores: Stores) -> None:
    """A move is written with its notices; a stale ticket or a decided post refuses the whole."""
    open_ticket(stores)
    edited = a_post(text="Sampah menumpuk")
    stores.posts.revise(edited)
    moved = a_ticket(department="dlh", topic="sampah_lingkungan", version=2)
    new = a_notice(department="dlh")
    triage = a_triage(department="dlh")
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.revised(edited, triage, a_ticket(version=9), moved, notices=[new], events=[]))
    assert stores.notices.get(new.id) is None
    stores.tickets.write(
        moves.revised(edited, triage, a_ticket(), moved, notices=[new, a_notice()], events=[an_event(move="x")])
    )
    assert stores.tickets.get(a_ticket().code) == moved.model_copy(update={"act_at": edited.fetched_at})
    assert stores.notices.get(new.id) is not None
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.revised(edited, triage, moved, moved, notices=[], events=[]))


def test_a_notice_to_a_department_that_lost_the_ticket_is_withdrawn(stores: Stores) -> None:
    """A pending notice is not sent to a department that no longer has the ticket."""
    open_ticket(stores)
    stores.posts.revise(a_post(text="Sampah menumpuk"))
    moved = a_ticket(department="dlh", version=2)
    new = a_notice(department="dlh")
    stores.tickets.write(
        moves.revised(
            a_post(text="Sampah menumpuk"), a_triage(department="dlh"), a_ticket(), moved, notices=[new], events=[]
        )
    )
    states = [stores.notices.get(notice.id) for notice in (a_notice(), new)]
    assert [notice.state for notice in states if notice] == ["withdrawn", "pending"]


def test_an_edit_brings_a_withdrawn_notice_back(stores: Stores) -> None:
    """This also holds when the classifier returns the ticket to a department not told before."""
    open_ticket(stores)
    ticket = a_ticket()
    for number, department in enumerate(("dlh", "dishub"), start=1):
        edited = a_post(text=f"version {number}", fetched_at=NOON + number * MINUTE)
        stores.posts.revise(edited)
        moved = ticket.model_copy(update={"department": department, "version": ticket.version + 1})
        stores.tickets.write(
            moves.revised(
                stored_post(stores),
                a_triage(department=department),
                ticket,
                moved,
                notices=[a_notice(department=department, created_at=NOON + number * MINUTE)],
                events=[],
            )
        )
        ticket = moved
    assert mail_states(stores, "dishub", "dlh") == ["pending", "withdrawn"]


def test_a_step_is_taken_once_and_with_everything(stores: Stores) -> None:
    """Ticket, event and notices are written together, on the version that was read."""
    open_ticket(stores)
    step = a_notice(role="head", step="head")
    after = a_ticket(version=2, steps=("head",), act_at=NOON + MINUTE)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.moved(a_ticket(version=9), after, at=NOON, notices=[step], event=an_event(move="x")))
    assert stores.notices.get(step.id) is None
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, notices=[step], event=an_event(move="x")))
    assert stores.tickets.get(a_ticket().code) == after
    stored = stored_notice(stores, NoticeId("TICKET", a_ticket().code, "dishub.head#email#head"))
    assert stored.model_copy(update={"act_at": None}) == step
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, notices=[step], event=an_event(move="x")))


def test_a_move_stops_the_clock_and_starts_another(stores: Stores) -> None:
    """A step not yet claimed is withdrawn, the first notice is not, and the ticket is due at once."""
    open_ticket(stores)
    step = a_notice(step="remind")
    waiting = a_ticket(version=2, steps=("remind",), act_at=NOON + timedelta(days=3))
    stores.tickets.write(moves.moved(a_ticket(), waiting, at=NOON, notices=[step], event=None))
    assert list(stores.tickets.due(NOON + timedelta(days=2))) == []
    accepted = waiting.model_copy(update={"status": "accepted", "version": 3})
    stores.tickets.write(moves.moved(waiting, accepted, at=NOON + MINUTE, notices=[], event=an_event(move="accepted")))
    states = [stores.notices.get(notice.id) for notice in (step, a_notice())]
    assert [notice.state for notice in states if notice] == ["withdrawn", "pending"]
    assert list(stores.tickets.due(NOON)) == []
    assert list(stores.tickets.due(NOON + MINUTE)) == [a_ticket().code]


def test_a_ticket_on_the_list_of_the_forum_is_not_looked_at_again(stores: Stores) -> None:
    """The ticket is not due until it moves; then it is due like any other."""
    open_ticket(stores)
    listed = a_ticket(version=2, steps=("forum",), act_at=NOON)
    listed = listed.model_copy(update={"clock": clock_of(listed)})
    stores.tickets.write(moves.moved(a_ticket(), listed, at=NOON, notices=[], event=None))
    assert list(stores.tickets.due(NOON + timedelta(days=99))) == []
    accepted = listed.model_copy(update={"status": "accepted", "version": 3})
    stores.tickets.write(moves.moved(listed, accepted, at=NOON, notices=[], event=None))
    assert list(stores.tickets.due(NOON)) == [a_ticket().code]


def test_a_post_of_a_ticket_is_erased_with_what_follows(stores: Stores) -> None:
    """The ticket loses its link and pending notices are withdrawn, but a claimed notice stays."""
    stores.posts.add(a_post())
    notices = [a_notice(), a_notice(medium="sms")]
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), notices, [an_event()]))
    stores.notices.claim(notices[1], "one", NOON, "+62811", "dishub")
    stores.tickets.write(moves.erased(a_post(), a_ticket(), an_event(move="source_gone"), "gone", NOON))
    found = [stores.notices.get(notice.id) for notice in notices]
    assert [notice.state for notice in found if notice] == ["withdrawn", "claimed"]
    ticket = stored_ticket(stores)
    assert (ticket.permalink, ticket.version) == ("", 2)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.erased(a_post(), ticket, an_event(move="again"), "gone", NOON))


def test_a_history_is_read_in_the_order_of_time(stores: Stores) -> None:
    """Two moves a microsecond apart stay in order, and another ticket's moves are not among them."""
    open_ticket(stores)
    first = an_event(move="not_ours", at=NOON + MINUTE)
    second = an_event(move="needs_review", at=first.at + timedelta(microseconds=1))
    after = a_ticket(department="desk", status="needs_review", version=2)
    stores.tickets.write(
        moves.corrected(stored_post(stores), a_ticket(), after, notices=[], events=[first, second], example=None)
    )
    assert stores.tickets.history(after.code)[-2:] == [first, second]
    assert stores.tickets.history("SLM-000000") == []
