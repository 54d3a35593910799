"""The stores that a contract test asks, and what it puts into them and reads from them again and again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from aduan.notice import AnyNotice, NoticeId
from aduan.post import Post
from aduan.store.channels import ChannelStore, DynamoChannelStore
from aduan.store.contacts import ContactStore, DynamoContactStore
from aduan.store.examples import DynamoExampleStore, ExampleStore
from aduan.store.gates import DynamoGateStore, GateStore
from aduan.store.lanes import DynamoLaneStore, LaneStore
from aduan.store.notices import DynamoNoticeStore, NoticeStore
from aduan.store.posts import DynamoPostStore, PostStore
from aduan.store.replies import DynamoReplyStore, ReplyStore
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore, TicketStore
from aduan.ticket import Ticket
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event, an_example
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.contacts import InMemoryContactStore
from tests.in_memory.examples import InMemoryExampleStore
from tests.in_memory.gates import InMemoryGateStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.replies import InMemoryReplyStore
from tests.in_memory.tickets import InMemoryTicketStore

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
    lanes: LaneStore
    gates: GateStore


def stores_in_memory() -> Stores:
    """All on one empty memory."""
    memory = Memory()
    return Stores(
        InMemoryPostStore(memory),
        InMemoryChannelStore(memory),
        InMemoryTicketStore(memory),
        InMemoryNoticeStore(memory),
        InMemoryContactStore(memory),
        InMemoryExampleStore(memory),
        InMemoryReplyStore(memory),
        InMemoryLaneStore(memory),
        InMemoryGateStore(memory),
    )


def stores_on(table: Table) -> Stores:
    """All on one table."""
    return Stores(
        DynamoPostStore(table),
        DynamoChannelStore(table),
        DynamoTicketStore(table),
        DynamoNoticeStore(table),
        DynamoContactStore(table),
        DynamoExampleStore(table),
        DynamoReplyStore(table),
        DynamoLaneStore(table),
        DynamoGateStore(table),
    )


def open_ticket(stores: Stores) -> None:
    """Store the builders' post and open its ticket, with a pending notice."""
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), [a_notice()], [an_event()]))


def correct_ticket(stores: Stores, **changes: Any) -> Ticket:
    """Open the ticket, and let a person give it to DLH."""
    open_ticket(stores)
    after = a_ticket(department="dlh", version=2, corrected_at=NOON, **changes)
    stores.tickets.write(
        moves.corrected(
            stored_post(stores),
            a_ticket(),
            after,
            notices=[a_notice(department="dlh")],
            events=[an_event(move="routed")],
            example=an_example(),
        )
    )
    return after


def claim(stores: Stores, notice: AnyNotice, owner: str = "one", at: datetime = NOON) -> AnyNotice:
    """Claim a notice to Dishub."""
    return stores.notices.claim(notice, owner, at, "dishub@example.go.id", "dishub")


def stored_post(stores: Stores, key: str | None = None) -> Post:
    """A post as it is stored now; without a key the builders' post."""
    post = stores.posts.get(key or a_post().key)
    assert post is not None
    return post


def stored_ticket(stores: Stores, code: str | None = None) -> Ticket:
    """A ticket as it is stored now; without a code the builders' ticket."""
    ticket = stores.tickets.get(code or a_ticket().code)
    assert ticket is not None
    return ticket


def stored_notice(stores: Stores, notice: NoticeId | None = None) -> AnyNotice:
    """A notice as it is stored now; without an id the builders' notice."""
    found = stores.notices.get(notice or a_notice().id)
    assert found is not None
    return found


def mail_states(stores: Stores, *departments: str) -> list[str | None]:
    """The state of each department's mail; None where there is no mail."""
    found = (stores.notices.get(a_notice(department=department).id) for department in departments)
    return [None if notice is None else notice.state for notice in found]
