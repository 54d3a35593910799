"""The stores in memory and on DynamoDB keep the same promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from moto import mock_aws

from aduan.channel import Run, Sweep
from aduan.notice import Contact
from aduan.store.channels import ChannelStore, DynamoChannelStore, LeaseError
from aduan.store.contacts import ContactStore, DynamoContactStore
from aduan.store.notices import DynamoNoticeStore, NoticeStore, NotPendingError
from aduan.store.posts import AlreadyTriagedError, DynamoPostStore, PostStore
from aduan.store.tickets import CodeTakenError, DynamoTicketStore, TicketStore
from tests import in_memory
from tests.builders import NOON, a_channel_notice, a_notice, a_post, a_rejected, a_ticket, a_triage, an_event
from tests.table import create_table

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
        )


def test_a_post_is_stored_once(stores: Stores) -> None:
    """The second put of a post changes nothing and says so."""
    assert stores.posts.add(a_post()) is True
    assert stores.posts.add(a_post(text="another text")) is False
    assert stores.posts.get(a_post().key) == a_post()


def test_an_unknown_post_is_none(stores: Stores) -> None:
    """What was never stored is answered by None."""
    assert stores.posts.get("instagram#1") is None


def test_digests_name_only_what_is_stored(stores: Stores) -> None:
    """A batch read tells stored posts from new ones, also beyond one batch of 100."""
    many = [a_post(native_id=str(number)) for number in range(230)]
    for post in many[::2]:
        stores.posts.add(post)
    assert stores.posts.digests(many) == {post.key: post.digest for post in many[::2]}


def test_an_unreadable_post_is_kept_once(stores: Stores) -> None:
    """Quarantine takes a post once."""
    assert stores.posts.quarantine(a_rejected(), NOON) is True
    assert stores.posts.quarantine(a_rejected(), NOON) is False


def test_known_is_what_is_stored_or_in_quarantine(stores: Stores) -> None:
    """In one question, also beyond one batch of 100; another channel's quarantine knows nothing of it."""
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
    with pytest.raises(AlreadyTriagedError):
        stores.posts.settle(a_post(), a_triage(), NOON + timedelta(days=30))
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.state, stored.triage) == ("triaged", chatter)


def test_only_posts_whose_time_has_passed_are_left_behind(stores: Stores) -> None:
    """A new post is found after five minutes, a decided one never."""
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
    stores.tickets.open(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()])
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.state, stored.triage, stored.ticket) == ("triaged", a_triage(), a_ticket().code)
    assert stores.tickets.get(a_ticket().code) == a_ticket()
    notice = stores.notices.get(a_ticket().code, a_notice().key)
    assert notice is not None
    assert notice.state == "pending"


def test_a_post_opens_one_ticket(stores: Stores) -> None:
    """The second opening is refused whole, whatever its code."""
    stores.posts.add(a_post())
    stores.tickets.open(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()])
    other = a_ticket(code="SLM-000000")
    with pytest.raises(AlreadyTriagedError):
        stores.tickets.open(a_post(), a_triage(), other, [a_notice(ticket=other.code)], [])
    assert stores.tickets.get(other.code) is None


def test_a_code_belongs_to_one_ticket(stores: Stores) -> None:
    """A code that is taken is refused by its own error, and the post stays new."""
    for post in (a_post(), a_post(native_id="2")):
        stores.posts.add(post)
    stores.tickets.open(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()])
    with pytest.raises(CodeTakenError):
        stores.tickets.open(a_post(native_id="2"), a_triage(), a_ticket(), [a_notice()], [an_event()])
    untouched = stores.posts.get(a_post(native_id="2").key)
    assert untouched is not None
    assert untouched.state == "new"


def _pending(stores: Stores) -> None:
    stores.posts.add(a_post())
    stores.tickets.open(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()])


def test_a_notice_is_claimed_once(stores: Stores) -> None:
    """Of two senders one gets it; whom it goes to is frozen at that moment."""
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
    stored = stores.notices.get(a_ticket().code, a_notice().key)
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
    stored = stores.notices.get(a_ticket().code, a_notice().key)
    assert stored is not None
    assert (stored.state, stored.failure) == ("failed", "MessageRejected")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_postponed_notice_comes_back(stores: Stores) -> None:
    """A notice that was certainly not accepted is pending again, from a later time, with its attempt counted."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.postponed(claimed, "Throttling", NOON + 10 * MINUTE)
    assert list(stores.notices.left_behind(NOON + 9 * MINUTE)) == []
    assert list(stores.notices.left_behind(NOON + 10 * MINUTE)) == [(a_ticket().code, a_notice().key)]
    stored = stores.notices.get(a_ticket().code, a_notice().key)
    assert stored is not None
    assert stores.notices.claim(stored, "two", NOON, "dishub@example.go.id", "dishub").attempt == 2


def test_an_unknown_outcome_stays_claimed(stores: Stores) -> None:
    """Nobody may claim it again; it is still found, and may be parked."""
    _pending(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    stores.notices.unknown(claimed, "ReadTimeoutError")
    stored = stores.notices.get(a_ticket().code, a_notice().key)
    assert stored is not None
    assert (stored.state, stored.failure) == ("claimed", "ReadTimeoutError")
    with pytest.raises(NotPendingError):
        stores.notices.claim(stored, "two", NOON, "dishub@example.go.id", "dishub")
    assert list(stores.notices.left_behind(NOON + 5 * MINUTE)) == [(a_ticket().code, a_notice().key)]
    stores.notices.park(stored, "no outcome after 15 minutes")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_contact_is_replaced(stores: Stores) -> None:
    """The last contact written is the one that counts."""
    contact = Contact(department="dishub", email="a@example.go.id", updated_at=NOON, updated_by="admin")
    assert stores.contacts.get("dishub") is None
    stores.contacts.put(contact)
    stores.contacts.put(contact.model_copy(update={"email": "b@example.go.id"}))
    stored = stores.contacts.get("dishub")
    assert stored is not None
    assert stored.email == "b@example.go.id"


def test_a_channel_is_leased_to_one_run(stores: Stores) -> None:
    """A second run is refused until the lease has run out; then the first one's cursor is refused."""
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
    """What a run writes is what the next one reads, and the channel is free."""
    leased = stores.channels.lease(stores.channels.read(CHANNEL), "one", NOON, NOON + MINUTE)
    refused = {"refusals": 2, "refused_at": NOON}
    moved = leased.model_copy(update={"watermark": NOON, "marks": {"17": "3"}, "seen": ("18", "19"), **refused})
    stores.channels.release(moved, "one")
    stored = stores.channels.read(CHANNEL)
    assert (stored.watermark, stored.marks, stored.seen) == (NOON, {"17": "3"}, ("18", "19"))
    assert (stored.version, stored.lease_owner, stored.needs_permission_since) == (1, None, NOON)


def test_the_ledger_gives_the_youngest_runs_first(stores: Stores) -> None:
    """Runs come back in order of time, as many as asked for."""
    for minute in range(4):
        at = NOON + minute * MINUTE
        stores.channels.record(
            Run(channel=CHANNEL, run_id=str(minute), started_at=at, finished_at=at, read_from=NOON, complete=True)
        )
    assert [run.run_id for run in stores.channels.runs(CHANNEL, 2)] == ["3", "2"]


def test_a_notice_about_a_channel_is_put_once(stores: Stores) -> None:
    """It comes back as it was written; a second one about the same episode changes nothing."""
    notice = a_channel_notice()
    assert stores.channels.announce(notice) is True
    assert stores.channels.announce(a_channel_notice(reason="another")) is False
    assert stores.channels.announce(a_channel_notice(episode="another")) is True
    stored = stores.notices.get(notice.subject, notice.key)
    assert stored is not None
    assert stored.model_copy(update={"act_at": None}) == notice


def test_a_notice_about_a_channel_is_found_and_sent_like_any_other(stores: Stores) -> None:
    """Left behind it is on the queue, one sender gets it, and afterwards it leaves the queue for good."""
    notice = a_channel_notice()
    stores.channels.announce(notice)
    later = notice.created_at + 5 * MINUTE
    assert list(stores.notices.left_behind(later)) == [(notice.subject, notice.key)]
    claimed = stores.notices.claim(notice, "one", NOON, "kanal@example.go.id", "diskominfo")
    with pytest.raises(NotPendingError):
        stores.notices.claim(notice, "two", NOON, "kanal@example.go.id", "diskominfo")
    stores.notices.sent(claimed, "message-1", NOON)
    assert list(stores.notices.left_behind(later)) == []
    assert stores.channels.announce(notice) is False
    stored = stores.notices.get(notice.subject, notice.key)
    assert stored is not None
    assert (stored.state, stored.message_id) == ("sent", "message-1")


def test_a_notice_about_a_channel_is_no_part_of_its_ledger(stores: Stores) -> None:
    """It lies under the channel's key, and neither cursor nor runs see it."""
    stores.channels.announce(a_channel_notice())
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
    """A moved ticket is written with its notices; a stale one, or a decided post, refuses the whole."""
    _pending(stores)
    edited = a_post(text="Sampah menumpuk")
    stores.posts.revise(edited)
    moved = a_ticket(department="dlh", topic="sampah_lingkungan", version=2)
    new = a_notice(department="dlh")
    triage = a_triage(department="dlh")
    with pytest.raises(AlreadyTriagedError):
        stores.tickets.amend(edited, triage, a_ticket(version=9), moved, notices=[new], events=[])
    assert stores.notices.get(a_ticket().code, new.key) is None
    stores.tickets.amend(edited, triage, a_ticket(), moved, notices=[new, a_notice()], events=[an_event(move="x")])
    assert stores.tickets.get(a_ticket().code) == moved
    assert stores.notices.get(a_ticket().code, new.key) is not None
    with pytest.raises(AlreadyTriagedError):
        stores.tickets.amend(edited, triage, moved, moved, notices=[], events=[])


def test_a_post_is_buried_once(stores: Stores) -> None:
    """Only the tombstone stays, off the queue, and no later version brings it back."""
    stores.posts.add(a_post(author="pseudonym"))
    assert stores.posts.bury(a_post(), "gone", NOON) is True
    assert stores.posts.bury(a_post(), "gone", NOON) is False
    assert stores.posts.revise(a_post(text="again")) is False
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert (stored.text, stored.author, stored.permalink, stored.state) == ("", None, "", "gone")
    assert (stored.gone_at, stored.gone_reason) == (NOON, "gone")
    assert list(stores.posts.left_behind(NOON + timedelta(days=1))) == []


def test_a_post_of_a_ticket_is_buried_with_what_follows(stores: Stores) -> None:
    """The ticket loses the link and pending notices are withdrawn; one that was claimed stays."""
    stores.posts.add(a_post())
    notices = [a_notice(), a_notice(medium="sms")]
    stores.tickets.open(a_post(), a_triage(), a_ticket(), notices, [an_event()])
    stores.notices.claim(notices[1], "one", NOON, "+62811", "dishub")
    stores.tickets.bury(a_post(), a_ticket(), an_event(move="source_gone"), "gone", NOON)
    found = [stores.notices.get(a_ticket().code, notice.key) for notice in notices]
    assert [notice.state for notice in found if notice] == ["withdrawn", "claimed"]
    ticket = stores.tickets.get(a_ticket().code)
    assert ticket is not None
    assert (ticket.permalink, ticket.version) == ("", 2)
    with pytest.raises(AlreadyTriagedError):
        stores.tickets.bury(a_post(), ticket, an_event(move="again"), "gone", NOON)


def test_a_channels_posts_are_found_in_pages(stores: Stores) -> None:
    """Oldest first, each once, also when all were found at one moment; other channels' are not among them."""
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
    """What was noted last is what is read."""
    assert stores.channels.sweep(CHANNEL).position is None
    stores.channels.swept(Sweep(channel=CHANNEL, position=NOON, last="instagram#1"))
    assert stores.channels.sweep(CHANNEL).last == "instagram#1"


def test_only_the_version_that_was_decided_about_is_decided(stores: Stores) -> None:
    """An edit that came in while somebody decided stays to be decided."""
    stores.posts.add(a_post())
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
    with pytest.raises(AlreadyTriagedError):
        stores.posts.settle(a_post(), a_triage(), NOON)
    with pytest.raises(AlreadyTriagedError):
        stores.tickets.open(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()])
    stored = stores.posts.get(a_post().key)
    assert stored is not None
    assert stored.state == "new"


def test_two_versions_of_a_post_are_looked_up_as_one(stores: Stores) -> None:
    """The same key twice in one question is no fault."""
    stores.posts.add(a_post())
    assert stores.posts.digests([a_post(), a_post(text="another")]) == {a_post().key: a_post().digest}


def test_a_notice_to_a_department_that_lost_the_ticket_is_withdrawn(stores: Stores) -> None:
    """What nobody has begun to send goes to nobody who has nothing to do with it any more."""
    _pending(stores)
    stores.posts.revise(a_post(text="Sampah menumpuk"))
    moved = a_ticket(department="dlh", version=2)
    new = a_notice(department="dlh")
    stores.tickets.amend(
        a_post(text="Sampah menumpuk"), a_triage(department="dlh"), a_ticket(), moved, notices=[new], events=[]
    )
    states = [stores.notices.get(a_ticket().code, notice.key) for notice in (a_notice(), new)]
    assert [notice.state for notice in states if notice] == ["withdrawn", "pending"]
