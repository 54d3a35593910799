"""Fault 35: during and after a deployment, code meets items that older and newer code wrote."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from aduan.channel import Cursor, Run, Sweep, TokenCheck
from aduan.directory_loading import load_directory
from aduan.notice import ContactId
from aduan.record import SCHEMA_VERSION, Record
from aduan.store.channels import DynamoChannelStore
from aduan.store.contacts import DynamoContactStore
from aduan.store.examples import DynamoExampleStore, example_key
from aduan.store.lanes import DynamoLaneStore
from aduan.store.notices import DynamoNoticeStore, new_notice_item
from aduan.store.posts import DynamoPostStore
from aduan.store.table import (
    Item,
    Table,
    channel_key,
    contact_key,
    from_image,
    post_key,
    queue,
    to_image,
    to_item,
)
from aduan.store.ticket_reading import TicketQuery, TicketReading
from aduan.store.tickets import DynamoTicketStore, event_item, ticket_item, under
from aduan.ticket import Event, Ticket, Voice
from classify.decide import decide
from notify.delivery import Delivery, Senders
from notify.stores import open_stores
from poll_channels.poll import Poll
from tests import moves
from tests.builders import (
    NOON,
    a_channel,
    a_channel_notice,
    a_contact_notice,
    a_notice,
    a_post,
    a_ticket,
    a_triage,
    an_event,
    an_example,
)
from tests.codes import ticket_code
from tests.polling import LEASE, FakeSource
from tests.sending import MINUTE, PRODUCTION
from tests.table import create_table
from tests.template.declared import events
from tests.unit.fakes_notify import FakeMail, FakeSms, a_contact

DIRECTORY = load_directory()
CHANNEL = a_channel()
TOMORROW = {"words": [{"deep": {"er": 1}}], "yes": True}
INDEXED = {"pk", "sk", "schema_version", "work_queue", "act_at", "listed", "fetched_at"}
FIRST: dict[str, set[str]] = {
    "Post": {
        *("kind", "native_id", "channel", "text", "has_photo", "permalink", "parent_id", "created_at", "fetched_at"),
        *("state", "triage", "ticket"),
    },
    "Triage": {
        *("is_report", "kind", "topic", "urgency", "place", "department", "ours", "confidence", "runner_up", "route"),
        *("reasons", "decided_by"),
    },
    "Ticket": {
        *("code", "status", "kind", "topic", "urgency", "department", "runner_up", "place", "channel", "post"),
        *("permalink", "opened_at", "due_at", "voices", "version"),
    },
    "Event": {"ticket", "at", "move", "by", "why"},
    "Voice": {"ticket", "post", "at"},
    "Notice": {
        *("ticket", "department", "medium", "urgency", "state", "attempt", "created_at", "claimed_by", "claimed_at"),
        *("recipient", "told", "message_id", "sent_at", "failure"),
    },
    "Contact": {"department", "email", "phone", "updated_at", "updated_by"},
    "Cursor": {"channel", "watermark", "marks", "seen", "not_before", "ledger_at", "version"},
    "Run": {
        *("channel", "run_id", "started_at", "finished_at", "read_from", "complete", "seen", "new", "duplicate"),
        *("rejected", "own", "calls", "stopped", "error"),
    },
}
"""The fields that the first version of each record had; an item with only these must still be readable."""


def of_the_past(record: Record, item: Item) -> Item:
    """Return an item as the first version wrote it: without the attributes that came later."""
    kept = FIRST.get(type(record).__name__, set(item)) | INDEXED
    old = {name: value for name, value in item.items() if name in kept}
    if "triage" in old:
        old["triage"] = {name: value for name, value in old["triage"].items() if name in FIRST["Triage"]}
    return old


def of_the_future(_record: Record, item: Item) -> Item:
    """Return an item as a later version may write it: with attributes unknown today, at every level."""
    grown = {
        # The keys of `marks` are no attributes but names of threads.
        name: value | {"tomorrow": TOMORROW} if isinstance(value, dict) and name != "marks" else value
        for name, value in item.items()
    }
    return grown | {"tomorrow": TOMORROW, "schema_version": SCHEMA_VERSION + 1}


Age = Callable[[Record, Item], Item]
ages = pytest.mark.parametrize("age", [of_the_past, of_the_future])


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def put(table: Table, *items: Item) -> None:
    """Write the items unchanged."""
    for item in items:
        table.client.put_item(TableName=table.name, Item=to_image(item))


def a_new_post(age: Age, **changes: Any) -> Item:
    """Return a post that waits for its decision."""
    post = a_post(**changes)
    waits = {"work_queue": queue("POST", post.key), "act_at": "2026-11-03T05:06:00.000000Z"}
    return age(post, to_item(post, post_key(post.key), **waits))


def an_opened_ticket(age: Age, **changes: Any) -> list[Item]:
    """Return the items of a ticket with its decided post, first event, voice and notice."""
    ticket: Ticket = a_ticket(**changes)
    post = a_post(state="triaged", triage=a_triage(), ticket=ticket.code)
    voice = Voice(ticket=ticket.code, post=post.key, at=post.created_at)
    return [
        age(post, to_item(post, post_key(post.key))),
        age(ticket, ticket_item(ticket)),
        age(an_event(), event_item(an_event())),
        age(voice, to_item(voice, under(ticket.code, f"VOICE#{post.key}"))),
        age(a_notice(), new_notice_item(a_notice())),
    ]


def decided(table: Table, key: str = a_post().key) -> str:
    """Decide as the stream does."""
    stores: Any = {"posts": DynamoPostStore(table), "tickets": DynamoTicketStore(table)}
    return decide(
        key, **stores, directory=DIRECTORY, now=NOON + MINUTE, chatter_for=timedelta(days=30), code_of=ticket_code
    )


# ------------------------------------------------------------------------------------------------------- posts


@ages
@pytest.mark.parametrize("text", [a_post().text, "Selamat pagi min, semoga sehat selalu"])
def test_fault_35_a_new_post_of_another_version_is_decided_once(table: Table, age: Age, text: str) -> None:
    """The post is found on the queue, read, decided and removed from the queue."""
    put(table, a_new_post(age, text=text))
    posts = DynamoPostStore(table)
    assert list(posts.left_behind(NOON + timedelta(hours=1))) == [a_post().key]
    assert [decided(table), decided(table)] == ["auto" if text == a_post().text else "drop", "already"]
    assert list(posts.left_behind(NOON + timedelta(days=9))) == []


@ages
def test_fault_35_a_post_of_another_version_can_be_edited_and_is_decided_anew(table: Table, age: Age) -> None:
    """The new text is stored, and an event about it is added to the ticket."""
    put(table, *an_opened_ticket(age))
    posts = DynamoPostStore(table)
    edited = a_post(text=f"{a_post().text} Sudah seminggu", fetched_at=NOON + MINUTE)
    assert posts.digests([edited]).keys() == {edited.key}
    assert posts.revise(edited) is True
    assert decided(table) in {"auto", "desk"}
    assert "edited" in [event.move for event in DynamoTicketStore(table).history(a_ticket().code)]


@ages
def test_fault_35_a_post_of_another_version_can_be_erased(table: Table, age: Age) -> None:
    """The post is erased along with its ticket's link and the notice that was not yet sent."""
    put(table, *an_opened_ticket(age))
    posts, tickets = DynamoPostStore(table), DynamoTicketStore(table)
    post, ticket = posts.get(a_post().key), tickets.get(a_ticket().code)
    assert post is not None
    assert ticket is not None
    tickets.write(moves.erased(post, ticket, an_event(move="source_gone", at=NOON + MINUTE), "deleted", NOON + MINUTE))
    stored = posts.get(post.key)
    assert stored is not None
    assert (stored.text, stored.state) == ("", "gone")


@ages
def test_fault_35_a_decision_of_another_version_is_read(age: Age) -> None:
    """A missing attribute takes its default, and an unknown one is ignored."""
    triage = a_triage()
    item = age(a_post(), to_item(a_post(triage=triage), post_key(a_post().key)))
    assert type(a_post()).model_validate(item).triage == triage


# ----------------------------------------------------------------------------------------------------- tickets


@ages
def test_fault_35_a_ticket_of_another_version_can_be_read_with_all_that_belongs_to_it(table: Table, age: Age) -> None:
    """A ticket can be read on its own, with history, notice and voice, and in the list."""
    put(table, *an_opened_ticket(age))
    detail = TicketReading(table).ticket_detail(a_ticket().code)
    assert detail is not None
    assert detail.ticket == a_ticket()
    assert (detail.events, len(detail.notices), len(detail.voices)) == ((an_event(),), 1, 1)
    assert list(detail.posts) == [a_post().key]
    tickets, _ = TicketReading(table).list_tickets(TicketQuery(), 10)
    assert tickets == (a_ticket(),)


@ages
def test_fault_35_a_ticket_of_another_version_can_be_moved_and_its_clocks_start(table: Table, age: Age) -> None:
    """The move succeeds, the event is added, and `follow_up` finds the ticket from then on."""
    put(table, *an_opened_ticket(age))
    tickets = DynamoTicketStore(table)
    before = tickets.get(a_ticket().code)
    assert before is not None
    after = before.model_copy(update={"status": "accepted", "version": before.version + 1})
    moved = an_event(move="accepted", at=NOON + MINUTE)
    tickets.write(moves.moved(before, after, at=NOON + MINUTE, notices=[], event=moved))
    assert [event.move for event in tickets.history(before.code)] == ["opened", "accepted"]
    assert list(tickets.due(NOON + MINUTE)) == [before.code]


@ages
def test_fault_35_a_ticket_of_another_version_can_be_corrected(table: Table, age: Age) -> None:
    """The correction is written on the very post that was read; an older post has no digest to compare."""
    put(table, *an_opened_ticket(age))
    posts, tickets = DynamoPostStore(table), DynamoTicketStore(table)
    post, ticket = posts.get(a_post().key), tickets.get(a_ticket().code)
    assert post is not None
    assert ticket is not None
    after = ticket.model_copy(update={"topic": "jalan", "version": ticket.version + 1})
    event = an_event(move="corrected", at=NOON + MINUTE)
    tickets.write(moves.corrected(post, ticket, after, notices=[a_notice()], events=[event], example=an_example()))
    corrected = tickets.get(ticket.code)
    assert corrected is not None
    assert corrected.topic == "jalan"


@ages
def test_fault_35_an_event_of_another_version_is_read(table: Table, age: Age) -> None:
    """An event is read even if the name of its move is unknown."""
    event: Event = an_event(move="a move of tomorrow")
    put(table, age(event, event_item(event)))
    assert DynamoTicketStore(table).history(event.ticket) == [event]


# ----------------------------------------------------------------------------------------------------- notices


@ages
@pytest.mark.parametrize("state", ["pending", "claimed"])
def test_fault_35_a_notice_of_another_version_is_sent_once(table: Table, age: Age, state: str) -> None:
    """The notice is found on the queue, claimed under all conditions, sent, and final."""
    post, ticket, *others, _ = an_opened_ticket(age)
    began: dict[str, Any] = {"attempt": 1, "claimed_by": "one", "claimed_at": NOON, "recipient": "x@y.example"}
    notice = a_notice(state=state, **(began if state == "claimed" else {}))
    put(table, post, ticket, *others, age(notice, new_notice_item(notice)))
    stores, mail = open_stores(table), FakeMail()
    stores.contacts.put(a_contact("dishub"))
    now = NOON + timedelta(hours=1)
    delivery = Delivery(stores, Senders(mail, FakeSms()), DIRECTORY, PRODUCTION, clock=lambda: now)
    outcomes = []
    for _ in range(2):
        [which] = list(stores.notices.left_behind(now)) or [notice.id]
        found = stores.notices.get(which)
        assert found is not None
        outcomes.append(delivery.deliver(found))
    assert outcomes == ["sent", "already"]
    assert len(mail.outbox) == 1


@ages
@pytest.mark.parametrize("notice", [a_channel_notice(), a_contact_notice()])
def test_fault_35_a_notice_about_something_else_is_read(table: Table, age: Age, notice: Any) -> None:
    """A notice's kind is recognised by its subject."""
    put(table, age(notice, new_notice_item(notice)))
    found = DynamoNoticeStore(table).get(notice.id)
    assert type(found) is type(notice)
    assert found is not None
    assert found.model_copy(update={"act_at": None}) == notice


# ---------------------------------------------------------------------------------------- channels and contacts


@ages
def test_fault_35_a_channel_goes_on_from_a_cursor_of_another_version(table: Table, age: Age) -> None:
    """Stored posts are known, new posts are stored, and the cursor moves on."""
    cursor = Cursor(
        channel=CHANNEL.id, watermark=NOON, marks={"thread": "1"}, seen=("18000000000000021@12345678",), version=7
    )
    put(table, age(cursor, to_item(cursor, channel_key(CHANNEL.id))), a_new_post(age))
    channels, posts = DynamoChannelStore(table), DynamoPostStore(table)
    assert channels.read(CHANNEL.id) == cursor
    poll = Poll(
        CHANNEL,
        channels,
        posts,
        DynamoNoticeStore(table),
        DynamoLaneStore(table),
        run_id="run-1",
        clock=lambda: NOON + MINUTE,
        lease_for=LEASE,
    )
    known, new = a_post(), a_post(native_id="2", created_at=NOON + MINUTE)
    run = poll.run(lambda: FakeSource({"thread": [known, new]}))
    assert run is not None
    assert (run.new, run.complete) == (1, True)
    after = channels.read(CHANNEL.id)
    assert (after.version, after.watermark) == (8, NOON + MINUTE)


@ages
def test_fault_35_the_ledger_and_what_lies_beside_it_are_read(table: Table, age: Age) -> None:
    """Runs, the daily sweep and the last inspection of a token are readable."""
    run = Run(channel=CHANNEL.id, run_id="r", started_at=NOON, finished_at=NOON, read_from=NOON, complete=True)
    sweep = Sweep(channel=CHANNEL.id, position=NOON, last="instagram#1")
    look = TokenCheck(channel=CHANNEL.id, looked_at=NOON, valid=True)
    put(
        table,
        age(run, to_item(run, channel_key(CHANNEL.id, "RUN#2026-11-03T05:00:00.000000Z#r"))),
        age(sweep, to_item(sweep, channel_key(CHANNEL.id, "SWEEP"))),
        age(look, to_item(look, channel_key(CHANNEL.id, "TOKEN"))),
    )
    channels = DynamoChannelStore(table)
    assert (channels.runs(CHANNEL.id, 5), channels.sweep(CHANNEL.id), channels.token(CHANNEL.id)) == (
        [run],
        sweep,
        look,
    )


@ages
def test_fault_35_a_contact_of_another_version_is_used_and_can_die(table: Table, age: Age) -> None:
    """The contact's address is used; a bounce marks it once, and the desk is told."""
    contact = a_contact("dishub")
    put(table, age(contact, to_item(contact, contact_key(ContactId("dishub")))))
    contacts = DynamoContactStore(table)
    found = contacts.get(ContactId("dishub"))
    assert found == contact
    assert found is not None
    assert [contacts.died(found, a_contact_notice()), contacts.died(found, a_contact_notice())] == [True, False]
    dead = contacts.get(ContactId("dishub"))
    assert dead is not None
    assert dead.addresses("email") == ()


@ages
def test_fault_35_an_example_of_another_version_is_read(table: Table, age: Age) -> None:
    """The example keeps the classifier's answer and the person's."""
    example = an_example()
    put(table, age(example, to_item(example, example_key(a_ticket()))))
    assert DynamoExampleStore(table).get(a_ticket()) == example


# -------------------------------------------------------------------------------------------------- in mid-run


def test_fault_35_every_item_says_which_version_wrote_it(table: Table) -> None:
    """All items that a decision writes carry their version, so that a later reader can tell."""
    put(table, a_new_post(lambda _, item: item))
    decided(table)
    items = [from_image(image) for image in table.client.scan(TableName=table.name)["Items"]]
    assert len(items) == 6
    assert {item.get("schema_version") for item in without_counters(items)} == {SCHEMA_VERSION}


def without_counters(items: Iterable[Item]) -> list[Item]:
    """Return the items without counters, which are only added to."""
    return [item for item in items if not item["pk"].startswith("STATS#")]


def test_fault_35_a_mapping_that_starts_anew_reads_what_was_written_meanwhile() -> None:
    """The mapping begins with the oldest record, so that an update of the mapping takes minutes but loses no record."""
    assert {properties["StartingPosition"] for properties in events("DynamoDB").values()} == {"TRIM_HORIZON"}
