"""The stores in memory and on DynamoDB keep the same promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from aduan.channel import Run, Sweep, TokenCheck
from aduan.notice import Contact, ContactId, NoticeId
from aduan.post import Post
from aduan.store.channels import ChannelStore, DynamoChannelStore, LeaseError
from aduan.store.contacts import ContactStore, DynamoContactStore
from aduan.store.examples import DynamoExampleStore, ExampleStore
from aduan.store.notices import DynamoNoticeStore, NoticeChangedError, NoticeStore, NotPendingError
from aduan.store.pages import CursorError
from aduan.store.posts import DynamoPostStore, PostStore
from aduan.store.replies import DynamoReplyStore, ReplyStore, ReplyTakenError
from aduan.store.table import OutdatedError
from aduan.store.tickets import CodeTakenError, DynamoTicketStore, TicketStore
from aduan.ticket import Ticket, clock_of, ticket_code
from tests import in_memory, moves
from tests.builders import (
    NOON,
    a_channel_notice,
    a_contact_notice,
    a_notice,
    a_post,
    a_rejected,
    a_ticket,
    a_triage,
    an_event,
    an_example,
)
from tests.table import create_table
from tests.unit.fakes_notify import a_contact

CHANNEL = "instagram:kabarsleman"
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Stores:
    """One of each."""

    posts: PostStore
    channels: ChannelStore
    tickets: TicketStore
    notices: NoticeStore
    contacts: ContactStore
    examples: ExampleStore
    replies: ReplyStore


@pytest.fixture(params=["in memory", "DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each test runs on both."""
    if request.param == "in memory":
        memory = in_memory.Memory()
        yield Stores(
            in_memory.InMemoryPostStore(memory),
            in_memory.InMemoryChannelStore(memory),
            in_memory.InMemoryTicketStore(memory),
            in_memory.InMemoryNoticeStore(memory),
            in_memory.InMemoryContactStore(memory),
            in_memory.InMemoryExampleStore(memory),
            in_memory.InMemoryReplyStore(memory),
        )
        return
    with mock_aws():
        table = create_table()
        yield Stores(
            DynamoPostStore(table),
            DynamoChannelStore(table),
            DynamoTicketStore(table),
            DynamoNoticeStore(table),
            DynamoContactStore(table),
            DynamoExampleStore(table),
            DynamoReplyStore(table),
        )


def test_a_post_is_stored_once(stores: Stores) -> None:
    """The second put of a post changes nothing and returns False."""
    assert stores.posts.add(a_post()) is True
    assert stores.posts.add(a_post(text="another text")) is False
    assert stores.posts.get(a_post().key) == a_post()


def test_an_unknown_post_is_none(stores: Stores) -> None:
    """Reading a post that was never stored returns None."""
    assert stores.posts.get("instagram#1") is None


def test_digests_name_only_what_is_stored(stores: Stores) -> None:
    """A batch read tells stored posts from new ones, even beyond one batch of 100."""
    many = [a_post(native_id=str(number)) for number in range(230)]
    for post in many[::2]:
        stores.posts.add(post)
    assert stores.posts.digests(many) == {post.key: post.digest for post in many[::2]}


def test_an_unreadable_post_is_kept_once(stores: Stores) -> None:
    """The quarantine takes a post once."""
    assert stores.posts.quarantine(a_rejected(), NOON) is True
    assert stores.posts.quarantine(a_rejected(), NOON) is False


def test_known_is_what_is_stored_or_in_quarantine(stores: Stores) -> None:
    """One call checks both, even beyond a batch of 100; another channel's quarantine does not count."""
    keys = [f"instagram#{number}" for number in range(130)]
    for number in range(0, 130, 3):
        stores.posts.add(a_post(native_id=str(number)))
        stores.posts.quarantine(a_rejected(native_id=str(number + 1)), NOON)
        stores.posts.quarantine(a_rejected(channel="instagram:akunlain", native_id=str(number + 2)), NOON)
    assert stores.posts.known(CHANNEL, keys) == {key for number, key in enumerate(keys) if number % 3 < 2}


def test_a_post_is_settled_once(stores: Stores) -> None:
    """Only the first decision about a post is written."""
    chatter = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
    stores.posts.add(a_post())
    stores.posts.settle(a_post(), chatter, NOON + timedelta(days=30))
    with pytest.raises(OutdatedError):
        stores.posts.settle(a_post(), a_triage(), NOON + timedelta(days=30))
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.state, stored.triage) == ("triaged", chatter)


def test_only_posts_whose_time_has_passed_are_left_behind(stores: Stores) -> None:
    """A new post is listed after five minutes, a decided one never."""
    decided = a_post(native_id="2")
    for post in (a_post(), decided):
        stores.posts.add(post)
    stores.posts.settle(decided, a_triage(), NOON)
    stored_at = a_post().fetched_at
    assert list(stores.posts.left_behind(stored_at + 4 * MINUTE)) == []
    assert list(stores.posts.left_behind(stored_at + 5 * MINUTE)) == [a_post().key]


def test_a_ticket_comes_with_everything_that_belongs_to_it(stores: Stores) -> None:
    """Opening a ticket decides the post and makes the notice pending."""
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.state, stored.triage, stored.ticket) == ("triaged", a_triage(), a_ticket().code)
    assert stores.tickets.get(a_ticket().code) == a_ticket()
    notice = stores.notices.get(a_notice().id)
    assert notice is not None
    assert notice.state == "pending"


def test_a_post_opens_one_ticket(stores: Stores) -> None:
    """The second opening is refused as a whole, whatever its code."""
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
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
    untouched = stores.posts.get(a_post(native_id="2").key)
    assert untouched is not None
    assert untouched.state == "new"


def _pending(stores: Stores) -> None:
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))


def test_a_notice_is_claimed_once(stores: Stores) -> None:
    """One of two senders gets the notice, and its recipient is fixed at that moment."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    assert (claimed.state, claimed.attempt, claimed.recipient) == ("claimed", 1, "dishub@example.go.id")
    with pytest.raises(NotPendingError):
        stores.notices.claim(a_notice(), "two", NOON, "other@example.go.id", "dishub")


def test_a_sent_notice_is_final(stores: Stores) -> None:
    """A sent notice leaves the queue and can be neither claimed nor parked."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.sent(claimed, "message-1", NOON + MINUTE)
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    assert (stored.state, stored.message_id) == ("sent", "message-1")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []
    with pytest.raises(NotPendingError):
        stores.notices.claim(stored, "two", NOON, "dishub@example.go.id", "dishub")
    with pytest.raises(NotPendingError):
        stores.notices.park(claimed, "too late")


def test_a_refused_notice_is_final(stores: Stores) -> None:
    """A notice the provider will never take leaves the queue with its reason."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.refused(claimed, "MessageRejected")
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    assert (stored.state, stored.failure) == ("failed", "MessageRejected")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_postponed_notice_comes_back(stores: Stores) -> None:
    """A notice that was certainly not accepted is pending again, from a later time, with its attempt counted."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.postponed(claimed, "Throttling", NOON + 10 * MINUTE)
    assert list(stores.notices.left_behind(NOON + 9 * MINUTE)) == []
    assert list(stores.notices.left_behind(NOON + 10 * MINUTE)) == [a_notice().id]
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    assert stores.notices.claim(stored, "two", NOON, "dishub@example.go.id", "dishub").attempt == 2


def test_an_unknown_outcome_stays_claimed(stores: Stores) -> None:
    """A sender that read it before may not claim it; it is still listed, and may be parked."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.unknown(claimed, "ReadTimeoutError")
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    assert (stored.state, stored.failure) == ("claimed", "ReadTimeoutError")
    with pytest.raises(NotPendingError):
        stores.notices.claim(a_notice(), "two", NOON, "dishub@example.go.id", "dishub")
    assert list(stores.notices.left_behind(NOON + 5 * MINUTE)) == [a_notice().id]
    stores.notices.park(stored, "no outcome after 15 minutes")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_claim_is_taken_over_once(stores: Stores) -> None:
    """One of two followers of a dead sender gets the claim, and the record says that it is sent on a guess."""
    _pending(stores)
    dead = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    assert dead.repeated_at is None
    again = stores.notices.claim(dead, "two", NOON + MINUTE, "dishub@example.go.id", "dishub")
    assert (again.attempt, again.repeated_at) == (2, NOON + MINUTE)
    with pytest.raises(NotPendingError):
        stores.notices.claim(dead, "three", NOON + MINUTE, "dishub@example.go.id", "dishub")
    stores.notices.postponed(again, "Throttling", NOON + 2 * MINUTE)
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    assert (stored.state, stored.repeated_at) == ("pending", NOON + MINUTE)
    third = stores.notices.claim(stored, "four", NOON + 2 * MINUTE, "dishub@example.go.id", "dishub")
    assert (third.attempt, third.repeated_at) == (3, NOON + MINUTE)


def test_what_is_written_twice_by_the_same_hand_is_written_once(stores: Stores) -> None:
    """A write repeated after a lost reply is no fault: claim, outcome and parking."""
    _pending(stores)
    claimed = [stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub") for _ in range(2)]
    assert claimed[0].attempt == claimed[1].attempt == 1
    for _ in range(2):
        stores.notices.postponed(claimed[0], "Throttling", NOON + MINUTE)
    stored = stores.notices.get(a_notice().id)
    assert stored is not None
    for _ in range(2):
        stores.notices.park(stored, "the post is gone")
    parked = stores.notices.get(a_notice().id)
    assert parked is not None
    assert (parked.state, parked.attempt) == ("parked", 1)


def test_an_outcome_on_record_stands(stores: Stores) -> None:
    """The sender's own mark does not overwrite what the provider's event recorded first."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    reported = claimed.model_copy(update={"state": "sent", "message_id": "m-1", "sent_at": NOON, "act_at": None})
    stores.notices.record(claimed, reported)
    marks: list[Callable[[], None]] = [
        lambda: stores.notices.sent(claimed, "m-2", NOON + MINUTE),
        lambda: stores.notices.refused(claimed, "MessageRejected"),
        lambda: stores.notices.postponed(claimed, "Throttling", NOON + MINUTE),
        lambda: stores.notices.unknown(claimed, "ReadTimeoutError"),
    ]
    for mark in marks:
        mark()
        stored = stores.notices.get(a_notice().id)
        assert stored is not None
        assert (stored.state, stored.message_id, stored.failure) == ("sent", "m-1", None)
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_what_an_event_says_is_written_on_what_was_read(stores: Stores) -> None:
    """A notice that has changed is left alone; one to be sent again is back on the queue, without its old outcome."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.sent(claimed, "m-1", NOON)
    sent = stores.notices.get(a_notice().id)
    assert sent is not None
    again = {"state": "pending", "act_at": NOON + MINUTE, "message_id": None, "bounced": ("dishub@example.go.id",)}
    with pytest.raises(NoticeChangedError):
        stores.notices.record(claimed, claimed.model_copy(update=again))
    stores.notices.record(sent, sent.model_copy(update=again))
    stored = stores.notices.get(a_notice().id)
    assert stored == sent.model_copy(update=again)
    assert list(stores.notices.left_behind(NOON)) == []
    assert list(stores.notices.left_behind(NOON + MINUTE)) == [a_notice().id]


def test_what_is_urgent_is_found_first(stores: Stores) -> None:
    """Emergencies come first, then urgent notices, then others, however long those have waited."""
    for number, urgency in enumerate(("normal", "urgent", "emergency")):
        post = a_post(native_id=urgency)
        ticket = a_ticket(code=f"SLM-00000{number}", post=post.key)
        notice = a_notice(ticket=ticket.code, urgency=urgency, created_at=NOON + number * MINUTE)
        stores.posts.add(post)
        stores.tickets.write(moves.opened(post, a_triage(), ticket, [notice], [an_event(ticket=ticket.code)]))
    found = [notice.subject for notice in stores.notices.left_behind(NOON + 20 * MINUTE)]
    assert found == ["SLM-000002", "SLM-000001", "SLM-000000"]


def test_a_contact_is_replaced(stores: Stores) -> None:
    """The last contact written is the one that counts."""
    contact = Contact(department="dishub", email="a@example.go.id", updated_at=NOON, updated_by="admin")
    assert stores.contacts.get(ContactId("dishub")) is None
    stores.contacts.put(contact)
    stores.contacts.put(contact.model_copy(update={"email": "b@example.go.id"}))
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.email == "b@example.go.id"


def test_an_address_dies_once_and_the_desk_is_told(stores: Stores) -> None:
    """Each address dies by itself, with a notice; a second time changes nothing and tells nobody."""
    stores.contacts.put(a_contact("dishub").model_copy(update={"fallback_email": "cadangan@sleman.example"}))
    contact = stores.contacts.get(ContactId("dishub"))
    assert contact is not None
    for which, address in (("email", contact.email), ("fallback_email", contact.fallback_email)):
        notice = a_contact_notice(which=which, address=address)
        assert stores.contacts.died(contact, notice) is True
        assert stores.contacts.died(contact, notice) is False
        told = stores.notices.get(notice.id)
        assert told is not None
        assert told.model_copy(update={"act_at": None}) == notice
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.addresses("email") == ()
    assert (stored.dead_since, stored.fallback_dead_since) == (NOON, NOON)
    assert stored.dead_because == stored.fallback_dead_because == "bounce: General"
    assert len(list(stores.notices.left_behind(NOON + timedelta(days=1)))) == 2


def test_a_contact_that_was_replaced_does_not_die(stores: Stores) -> None:
    """A report about the old contact does not mark the new one, and the desk is not told."""
    stores.contacts.put(a_contact("dishub"))
    old = stores.contacts.get(ContactId("dishub"))
    assert old is not None
    assert old.email is not None
    stores.contacts.put(old.model_copy(update={"updated_at": NOON + MINUTE}))
    assert stores.contacts.died(old, a_contact_notice()) is False
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.addresses("email") == (old.email,)
    assert stores.notices.get(a_contact_notice().id) is None


def test_a_channel_is_leased_to_one_run(stores: Stores) -> None:
    """A second run is refused until the lease ends; afterwards the first run's cursor is refused."""
    cursor = stores.channels.read(CHANNEL)
    first = stores.channels.lease(cursor, "one", NOON, NOON + MINUTE)
    with pytest.raises(LeaseError):
        stores.channels.lease(cursor, "two", NOON, NOON + MINUTE)
    stores.channels.lease(stores.channels.read(CHANNEL), "two", NOON + MINUTE, NOON + 2 * MINUTE)
    with pytest.raises(LeaseError):
        stores.channels.release(first, "one")


def test_a_lease_is_taken_on_what_was_read(stores: Stores) -> None:
    """A run that read the cursor before another one moved it is refused."""
    stale = stores.channels.read(CHANNEL)
    stores.channels.release(stores.channels.lease(stale, "one", NOON, NOON + MINUTE), "one")
    with pytest.raises(LeaseError):
        stores.channels.lease(stale, "two", NOON, NOON + MINUTE)


def test_a_released_cursor_is_read_back(stores: Stores) -> None:
    """The next run reads what a run wrote, and the channel is free."""
    leased = stores.channels.lease(stores.channels.read(CHANNEL), "one", NOON, NOON + MINUTE)
    refused = {"refusals": 2, "refused_at": NOON}
    moved = leased.model_copy(update={"watermark": NOON, "marks": {"17": "3"}, "seen": ("18", "19"), **refused})
    stores.channels.release(moved, "one")
    stored = stores.channels.read(CHANNEL)
    assert (stored.watermark, stored.marks, stored.seen) == (NOON, {"17": "3"}, ("18", "19"))
    assert (stored.version, stored.lease_owner, stored.needs_permission_since) == (1, None, NOON)


def test_the_ledger_gives_the_youngest_runs_first(stores: Stores) -> None:
    """The requested number of runs is returned, youngest first."""
    for minute in range(4):
        at = NOON + minute * MINUTE
        stores.channels.record(
            Run(channel=CHANNEL, run_id=str(minute), started_at=at, finished_at=at, read_from=NOON, complete=True)
        )
    assert [run.run_id for run in stores.channels.runs(CHANNEL, 2)] == ["3", "2"]


def test_a_notice_about_a_channel_is_put_once(stores: Stores) -> None:
    """The notice is read back unchanged; a second one about the same episode changes nothing."""
    notice = a_channel_notice()
    assert stores.notices.add(notice) is True
    assert stores.notices.add(a_channel_notice(reason="another")) is False
    assert stores.notices.add(a_channel_notice(episode="another")) is True
    stored = stores.notices.get(notice.id)
    assert stored is not None
    assert stored.model_copy(update={"act_at": None}) == notice


def test_a_notice_about_a_channel_is_found_and_sent_like_any_other(stores: Stores) -> None:
    """It is on the queue when left behind, goes to one sender, and then leaves the queue for good."""
    notice = a_channel_notice()
    stores.notices.add(notice)
    later = notice.created_at + 5 * MINUTE
    assert list(stores.notices.left_behind(later)) == [notice.id]
    claimed = stores.notices.claim(notice, "one", NOON, "kanal@example.go.id", "diskominfo")
    with pytest.raises(NotPendingError):
        stores.notices.claim(notice, "two", NOON, "kanal@example.go.id", "diskominfo")
    stores.notices.sent(claimed, "message-1", NOON)
    assert list(stores.notices.left_behind(later)) == []
    assert stores.notices.add(notice) is False
    stored = stores.notices.get(notice.id)
    assert stored is not None
    assert (stored.state, stored.message_id) == ("sent", "message-1")


def test_a_notice_about_a_channel_is_no_part_of_its_ledger(stores: Stores) -> None:
    """It is stored under the channel's key, but neither cursor nor runs are affected."""
    stores.notices.add(a_channel_notice())
    assert list(stores.channels.runs(CHANNEL, 10)) == []
    assert stores.channels.read(CHANNEL).version == 0


def test_a_post_is_revised_once(stores: Stores) -> None:
    """Another version replaces the text and makes the post new again; the same version changes nothing."""
    edited = a_post(text="Lampunya sekarang dua yang mati", fetched_at=NOON + timedelta(hours=1))
    assert stores.posts.revise(edited) is False
    stores.posts.add(a_post())
    stores.posts.settle(a_post(), a_triage(), NOON + timedelta(days=30))
    assert stores.posts.revise(edited) is True
    assert stores.posts.revise(edited) is False
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.state, stored.text, stored.triage) == ("new", edited.text, a_triage())
    assert stores.posts.digests([a_post()]) == {a_post().key: edited.digest}
    assert list(stores.posts.left_behind(edited.fetched_at + 5 * MINUTE)) == [a_post().key]


def test_a_ticket_is_amended_with_everything_or_not_at_all(stores: Stores) -> None:
    """A move is written with its notices; a stale ticket or a decided post refuses the whole."""
    _pending(stores)
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


def test_a_step_is_taken_once_and_with_everything(stores: Stores) -> None:
    """Ticket, event and notices are written together, on the version that was read."""
    _pending(stores)
    step = a_notice(role="head", step="head")
    after = a_ticket(version=2, steps=("head",), act_at=NOON + MINUTE)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.moved(a_ticket(version=9), after, at=NOON, notices=[step], event=an_event(move="x")))
    assert stores.notices.get(step.id) is None
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, notices=[step], event=an_event(move="x")))
    assert stores.tickets.get(a_ticket().code) == after
    stored = stores.notices.get(NoticeId("TICKET", a_ticket().code, "dishub.head#email#head"))
    assert stored is not None
    assert stored.model_copy(update={"act_at": None}) == step
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, notices=[step], event=an_event(move="x")))


def test_a_move_stops_the_clock_and_starts_another(stores: Stores) -> None:
    """A step not yet claimed is withdrawn, the first notice is not, and the ticket is due at once."""
    _pending(stores)
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
    _pending(stores)
    listed = a_ticket(version=2, steps=("forum",), act_at=NOON)
    listed = listed.model_copy(update={"clock": clock_of(listed)})
    stores.tickets.write(moves.moved(a_ticket(), listed, at=NOON, notices=[], event=None))
    assert list(stores.tickets.due(NOON + timedelta(days=99))) == []
    accepted = listed.model_copy(update={"status": "accepted", "version": 3})
    stores.tickets.write(moves.moved(listed, accepted, at=NOON, notices=[], event=None))
    assert list(stores.tickets.due(NOON)) == [a_ticket().code]


def test_a_post_is_buried_once(stores: Stores) -> None:
    """Only the tombstone stays, off the queue, and a later version does not bring the post back."""
    stores.posts.add(a_post(author="pseudonym"))
    assert stores.posts.erase(a_post(), "gone", NOON) is True
    assert stores.posts.erase(a_post(), "gone", NOON) is False
    assert stores.posts.revise(a_post(text="again")) is False
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.text, stored.author, stored.permalink, stored.state) == ("", None, "", "gone")
    assert (stored.gone_at, stored.gone_reason) == (NOON, "gone")
    assert list(stores.posts.left_behind(NOON + timedelta(days=1))) == []


def test_a_post_of_a_ticket_is_buried_with_what_follows(stores: Stores) -> None:
    """The ticket loses its link and pending notices are withdrawn, but a claimed notice stays."""
    stores.posts.add(a_post())
    notices = [a_notice(), a_notice(medium="sms")]
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), notices, [an_event()]))
    stores.notices.claim(notices[1], "one", NOON, "+62811", "dishub")
    stores.tickets.write(moves.erased(a_post(), a_ticket(), an_event(move="source_gone"), "gone", NOON))
    found = [stores.notices.get(notice.id) for notice in notices]
    assert [notice.state for notice in found if notice] == ["withdrawn", "claimed"]
    ticket = stores.tickets.get(a_ticket().code)
    assert ticket is not None
    assert (ticket.permalink, ticket.version) == ("", 2)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.erased(a_post(), ticket, an_event(move="again"), "gone", NOON))


def test_a_channels_posts_are_found_in_pages(stores: Stores) -> None:
    """The channel's posts come oldest first, each once, even when all were found at the same moment."""
    for number in range(7):
        stores.posts.add(a_post(native_id=str(number)))
    stores.posts.add(a_post(native_id="other", channel="instagram:other"))
    stores.posts.add(a_post(native_id="younger", fetched_at=NOON + timedelta(hours=1)))
    seen: list[str] = []
    after = None
    while page := stores.posts.found_since(CHANNEL, NOON, after, 3):
        seen += [key for _, key in page]
        after = page[-1]
    assert sorted(seen[:-1]) == [f"instagram#{number}" for number in range(7)]
    assert seen[-1] == "instagram#younger"


def test_a_sweep_is_remembered(stores: Stores) -> None:
    """The last saved position is the one that is read."""
    assert stores.channels.sweep(CHANNEL).position is None
    stores.channels.save_sweep(Sweep(channel=CHANNEL, position=NOON, last="instagram#1"))
    assert stores.channels.sweep(CHANNEL).last == "instagram#1"


def test_the_last_look_at_a_token_is_kept(stores: Stores) -> None:
    """A younger check replaces the stored one; an older one that comes late does not."""
    assert stores.channels.token(CHANNEL) is None
    first = TokenCheck(channel=CHANNEL, looked_at=NOON, valid=True, ends_at=NOON + MINUTE, reason="expires_at")
    second = TokenCheck(channel=CHANNEL, looked_at=NOON + MINUTE, valid=False, reason="code 190/460")
    for look in (first, first, second):
        stores.channels.save_token_check(look)
        assert stores.channels.token(CHANNEL) == look
    stores.channels.save_token_check(first)
    assert stores.channels.token(CHANNEL) == second


def test_only_the_version_that_was_decided_about_is_decided(stores: Stores) -> None:
    """An edit that arrived during the decision still waits to be decided."""
    stores.posts.add(a_post())
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
    with pytest.raises(OutdatedError):
        stores.posts.settle(a_post(), a_triage(), NOON)
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert stored.state == "new"


def test_a_history_is_read_in_the_order_of_time(stores: Stores) -> None:
    """Two moves a microsecond apart stay in order, and another ticket's moves are not among them."""
    _pending(stores)
    first = an_event(move="not_ours", at=NOON + MINUTE)
    second = an_event(move="needs_review", at=first.at + timedelta(microseconds=1))
    after = a_ticket(department="desk", status="needs_review", version=2)
    stores.tickets.write(
        moves.corrected(a_post_of(stores), a_ticket(), after, notices=[], events=[first, second], example=None)
    )
    assert stores.tickets.history(after.code)[-2:] == [first, second]
    assert stores.tickets.history("SLM-000000") == []


def test_two_versions_of_a_post_are_looked_up_as_one(stores: Stores) -> None:
    """The same key twice in one request is no fault."""
    stores.posts.add(a_post())
    assert stores.posts.digests([a_post(), a_post(text="another")]) == {a_post().key: a_post().digest}


def test_a_notice_to_a_department_that_lost_the_ticket_is_withdrawn(stores: Stores) -> None:
    """A pending notice is not sent to a department that no longer has the ticket."""
    _pending(stores)
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


def _corrected(stores: Stores, **changes: Any) -> Ticket:
    """The pending ticket, given to DLH by a person."""
    _pending(stores)
    after = a_ticket(department="dlh", version=2, corrected_at=NOON, **changes)
    stores.tickets.write(
        moves.corrected(
            a_post_of(stores),
            a_ticket(),
            after,
            notices=[a_notice(department="dlh")],
            events=[an_event(move="routed")],
            example=an_example(),
        )
    )
    return after


def a_post_of(stores: Stores) -> Post:
    """The builders' post as it is stored now."""
    post = stores.posts.get(a_post().key)
    assert post is not None
    return post


def states(stores: Stores, *departments: str) -> list[str | None]:
    """The state of each department's mail."""
    found = (stores.notices.get(a_notice(department=department).id) for department in departments)
    return [None if notice is None else notice.state for notice in found]


def test_a_correction_is_written_with_everything_that_follows(stores: Stores) -> None:
    """Ticket, notices and example are written together; pending notices to the old department are withdrawn."""
    after = _corrected(stores)
    stored = stores.tickets.get(after.code)
    assert stored is not None
    assert stored.model_copy(update={"act_at": None}) == after
    assert states(stores, "dishub", "dlh") == ["withdrawn", "pending"]
    assert stores.examples.get(after) == an_example()


@pytest.mark.parametrize("meanwhile", ["the ticket moved", "the post was edited", "the post was deleted"])
def test_a_correction_of_what_changed_meanwhile_is_refused_whole(stores: Stores, meanwhile: str) -> None:
    """When ticket or post is not as the person saw it, neither notice nor example is written."""
    _pending(stores)
    read, before = a_post_of(stores), a_ticket()
    match meanwhile:
        case "the ticket moved":
            before = a_ticket(version=7)
        case "the post was edited":
            stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
        case _:
            stores.tickets.write(moves.erased(read, before, an_event(move="source_gone"), "gone", NOON))
    with pytest.raises(OutdatedError):
        stores.tickets.write(
            moves.corrected(
                read,
                before,
                a_ticket(department="dlh", version=before.version + 1),
                notices=[a_notice(department="dlh")],
                events=[an_event(move="routed")],
                example=an_example(),
            )
        )
    assert states(stores, "dlh") == [None]
    assert stores.examples.get(a_ticket()) is None


def test_who_was_told_is_not_told_again_and_who_was_not_is(stores: Stores) -> None:
    """When a ticket goes back, a sent notice stays sent, and a withdrawn one is pending again."""
    first = _corrected(stores)
    claimed = stores.notices.claim(a_notice(department="dlh"), "one", NOON, "dlh@example.go.id", "dlh")
    stores.notices.sent(claimed, "message-1", NOON)
    later = NOON + MINUTE
    back = first.model_copy(update={"department": "dishub", "version": 3})
    for before, after in ((first, back), (back, first.model_copy(update={"version": 4}))):
        stores.tickets.write(
            moves.corrected(
                a_post_of(stores),
                before,
                after,
                notices=[a_notice(department=after.department, created_at=later)],
                events=[an_event(move="routed", at=NOON + after.version * MINUTE)],
                example=an_example(),
            )
        )
        expected = {"dishub": ["pending", "sent"], "dlh": ["withdrawn", "sent"]}[after.department]
        assert states(stores, "dishub", "dlh") == expected
        waiting = [a_notice().id] if after is back else []
        assert list(stores.notices.left_behind(later)) == waiting


def test_an_edit_brings_a_withdrawn_notice_back(stores: Stores) -> None:
    """This also holds when the classifier returns the ticket to a department not told before."""
    _pending(stores)
    ticket = a_ticket()
    for number, department in enumerate(("dlh", "dishub"), start=1):
        edited = a_post(text=f"version {number}", fetched_at=NOON + number * MINUTE)
        stores.posts.revise(edited)
        moved = ticket.model_copy(update={"department": department, "version": ticket.version + 1})
        stores.tickets.write(
            moves.revised(
                a_post_of(stores),
                a_triage(department=department),
                ticket,
                moved,
                notices=[a_notice(department=department, created_at=NOON + number * MINUTE)],
                events=[],
            )
        )
        ticket = moved
    assert states(stores, "dishub", "dlh") == ["pending", "withdrawn"]


def test_an_example_goes_with_the_words_it_is_about(stores: Stores) -> None:
    """When the post is deleted at its source, nothing of its example can be read any more."""
    after = _corrected(stores)
    stores.tickets.write(moves.erased(a_post_of(stores), after, an_event(move="source_gone"), "gone", NOON))
    assert stores.examples.get(after) is None
    assert stores.examples.page("2026-11", 10) == ((), None)


def test_an_example_does_not_outlive_an_edit(stores: Stores) -> None:
    """A correction of the old text is no example for the new one, until a person repeats it."""
    after = _corrected(stores)
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati", fetched_at=NOON + MINUTE))
    stores.tickets.write(moves.revised(a_post_of(stores), a_triage(), after, after, notices=[], events=[]))
    assert stores.examples.get(after) is None
    again = after.model_copy(update={"topic": "jalan", "version": 3})
    example = an_example(text="Lampunya sekarang dua yang mati")
    event = an_event(move="corrected", at=NOON + MINUTE)
    stores.tickets.write(moves.corrected(a_post_of(stores), after, again, notices=[], events=[event], example=example))
    assert stores.examples.get(again) == example


def test_examples_come_in_pages_month_by_month(stores: Stores) -> None:
    """Each example of the month is on one page, and none of another month; a wrong cursor is refused."""
    for number in range(23):
        post = a_post(native_id=str(number))
        opened = NOON if number < 20 else NOON + timedelta(days=40)
        before = a_ticket(code=ticket_code(post.key), post=post.key, opened_at=opened)
        stores.posts.add(post)
        stores.tickets.write(moves.opened(post, a_triage(), before, [], []))
        stored = stores.posts.get(post.key)
        assert stored is not None
        stores.tickets.write(
            moves.corrected(
                stored,
                before,
                before.model_copy(update={"version": 2, "corrected_at": NOON}),
                notices=[],
                events=[an_event(ticket=before.code, move="corrected")],
                example=an_example(post=post.key, ticket=before.code),
            )
        )
    found: list[str] = []
    after = None
    while True:
        page, after = stores.examples.page("2026-11", 6, after)
        assert len(page) <= 6
        found += [example.post for example in page]
        if after is None:
            break
    assert sorted(found) == sorted(f"instagram#{number}" for number in range(20))
    assert len(stores.examples.page("2026-12", 10)[0]) == 3
    with pytest.raises(CursorError):
        stores.examples.page("2026-11", 6, "bukan")


def test_a_correction_leaves_a_step_whose_clock_runs_on(stores: Stores) -> None:
    """A pending reminder is withdrawn when the department changes, but not when only the topic does."""
    _pending(stores)
    step = a_notice(step="remind.1")
    before = a_ticket()
    stores.tickets.write(
        moves.moved(before, before.model_copy(update={"version": 2}), at=NOON, notices=[step], event=None)
    )
    for version, changes, state in ((2, {"topic": "jalan"}, "pending"), (3, {"department": "dlh"}, "withdrawn")):
        ticket = stores.tickets.get(before.code)
        assert ticket is not None
        after = ticket.model_copy(update={"version": version + 1, **changes})
        stores.tickets.write(
            moves.corrected(
                a_post_of(stores),
                ticket,
                after,
                notices=[a_notice(department=after.department)],
                events=[an_event(move="corrected", at=NOON + version * MINUTE)],
                example=an_example(),
            )
        )
        stored = stores.notices.get(step.id)
        assert stored is not None
        assert stored.state == state


def _resolve(stores: Stores, **changes: Any) -> Ticket:
    post = a_post(author="penulis", parent_id="atas", **changes)
    stores.posts.add(post)
    stores.tickets.write(moves.opened(post, a_triage(), a_ticket(), [], []))
    after = a_ticket(status="resolved", version=2)
    event = an_event(move="resolved")
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON + MINUTE, event=event, post=post))
    stored = stores.tickets.get(after.code)
    assert stored is not None
    return stored


def test_what_is_resolved_is_kept_for_its_author(stores: Stores) -> None:
    """A resolution is stored under the author's pseudonym, with thread and time, and for no other author."""
    assert stores.tickets.resolved("penulis") == []
    ticket = _resolve(stores)
    [kept] = stores.tickets.resolved("penulis")
    assert (kept.ticket, kept.post, kept.parent_id) == (ticket.code, ticket.post, "atas")
    assert kept.resolved_at == NOON + MINUTE
    assert stores.tickets.resolved("lain") == []


def test_what_nobody_wrote_is_kept_for_nobody(stores: Stores) -> None:
    """A ticket with an unknown author can be resolved, but nothing is stored for an author."""
    _pending(stores)
    after = a_ticket(status="resolved", version=2)
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, post=a_post_of(stores)))
    stored = stores.tickets.get(after.code)
    assert stored is not None
    assert stored.status == "resolved"


def test_another_post_joins_a_ticket_once(stores: Stores) -> None:
    """Post, ticket, voice and notices are written together, and not a second time or on a stale ticket."""
    before = _resolve(stores)
    answer = a_post(native_id="2", author="penulis")
    stores.posts.add(answer)
    after = before.model_copy(update={"status": "reopened", "version": before.version + 1})
    told = a_notice(step="contradicted.2")
    event = an_event(move="reopened", at=NOON + 2 * MINUTE)
    stale = before.model_copy(update={"version": 1})
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.joined(answer, a_triage(), stale, after, notices=[told], event=event))
    stores.tickets.write(moves.joined(answer, a_triage(), before, after, notices=[told], event=event))
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.joined(answer, a_triage(), before, after, notices=[told], event=event))
    stored, post = stores.tickets.get(before.code), stores.posts.get(answer.key)
    assert stored is not None
    assert post is not None
    assert (stored.status, stored.version, post.ticket) == ("reopened", 3, stored.code)
    notice = stores.notices.get(told.id)
    assert notice is not None
    assert notice.state == "pending"


def test_a_joined_post_is_buried_alone(stores: Stores) -> None:
    """When a joined post is deleted, the ticket keeps its link, version and notices."""
    before = _resolve(stores)
    answer = a_post(native_id="2", author="penulis")
    stores.posts.add(answer)
    told = a_notice(step="contradicted.2")
    event = an_event(move="joined", at=NOON + 2 * MINUTE)
    stores.tickets.write(moves.joined(answer, a_triage(), before, before, notices=[told], event=event))
    gone = an_event(move="source_gone", at=NOON + 3 * MINUTE)
    stores.tickets.write(moves.erased(answer, before, gone, "deleted", NOON + 3 * MINUTE))
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.erased(answer, before, gone, "deleted", NOON + 3 * MINUTE))
    notice, post = stores.notices.get(told.id), stores.posts.get(answer.key)
    assert stores.tickets.get(before.code) == before
    assert notice is not None
    assert notice.state == "pending"
    assert post is not None
    assert post.state == "gone"


def _answered(stores: Stores) -> Ticket:
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(replies=()), [a_notice()], [an_event()]))
    stored = stores.tickets.get(a_ticket().code)
    assert stored is not None
    return stored


def test_an_answer_comes_with_the_move_it_tells_of(stores: Stores) -> None:
    """The write that opens or moves the ticket puts the author's reply on the channel's queue."""
    ticket = _answered(stores)
    assert ticket.replies == ("routed",)
    after = ticket.model_copy(update={"status": "resolved", "version": 2})
    event = an_event(move="resolved")
    stores.tickets.write(moves.moved(ticket, after, at=NOON + MINUTE, event=event, post=a_post_of(stores)))
    moved = stores.tickets.get(ticket.code)
    assert moved is not None
    assert moved.replies == ("routed", "resolved")
    assert list(stores.replies.due(CHANNEL, NOON)) == [(ticket.code, "routed")]
    assert list(stores.replies.due(CHANNEL, NOON + MINUTE)) == [(ticket.code, "routed"), (ticket.code, "resolved")]
    assert list(stores.replies.due("instagram:akunlain", NOON + MINUTE)) == []
    assert list(stores.notices.left_behind(NOON + MINUTE)) == []


def test_moving_back_and_forth_tells_once(stores: Stores) -> None:
    """A ticket that reaches a stage again can be written, and its author gets no second reply."""
    ticket = _answered(stores)
    for number, status in enumerate(("needs_review", "routed", "needs_review", "routed"), start=1):
        after = ticket.model_copy(update={"status": status, "version": ticket.version + 1})
        at = NOON + number * MINUTE
        stores.tickets.write(moves.moved(ticket, after, at=at, notices=(), event=an_event(move=status, at=at)))
        found = stores.tickets.get(ticket.code)
        assert found is not None
        ticket = found
    assert len(list(stores.replies.due(CHANNEL, NOON + timedelta(days=1)))) == 1


def test_an_answer_is_claimed_by_one_run(stores: Stores) -> None:
    """The other run is refused, and the reply is off the queue until the claim ends."""
    ticket = _answered(stores)
    reply = stores.replies.get(ticket.code, "routed")
    assert reply is not None
    claimed = stores.replies.claim(reply, "one", NOON + 15 * MINUTE)
    with pytest.raises(ReplyTakenError):
        stores.replies.claim(reply, "two", NOON + 15 * MINUTE)
    assert list(stores.replies.due(CHANNEL, NOON + 14 * MINUTE)) == []
    assert list(stores.replies.due(CHANNEL, NOON + 15 * MINUTE)) == [(ticket.code, "routed")]
    again = stores.replies.claim(claimed, "two", NOON + 30 * MINUTE)
    assert (claimed.attempt, claimed.repeated, again.attempt, again.repeated) == (1, False, 2, True)
    with pytest.raises(ReplyTakenError):
        stores.replies.record(claimed, claimed.model_copy(update={"state": "sent", "act_at": None}))


def test_a_finished_answer_leaves_the_queue(stores: Stores) -> None:
    """A sent reply keeps the comment's id; reading a reply that does not exist returns None."""
    ticket = _answered(stores)
    reply = stores.replies.get(ticket.code, "routed")
    assert reply is not None
    claimed = stores.replies.claim(reply, "one", NOON + 15 * MINUTE)
    sent = claimed.model_copy(update={"state": "sent", "comment_id": "18", "sent_at": NOON, "act_at": None})
    stores.replies.record(claimed, sent)
    assert stores.replies.get(ticket.code, "routed") == sent
    assert stores.replies.get(ticket.code, "resolved") is None
    assert list(stores.replies.due(CHANNEL, NOON + timedelta(days=9))) == []
