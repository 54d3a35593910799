"""The stores that sending needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aduan.store.contacts import ContactStore, DynamoContactStore
from aduan.store.lanes import DynamoLaneStore, LaneStore
from aduan.store.notices import DynamoNoticeStore, NoticeStore
from aduan.store.posts import DynamoPostStore, PostStore
from aduan.store.sending import DynamoSendingStore, SendingStore
from aduan.store.spending import DynamoSpendingStore, SpendingStore
from aduan.store.tickets import DynamoTicketStore, TicketStore

if TYPE_CHECKING:
    from aduan.store.table import Table


@dataclass(frozen=True)
class Stores:
    """What a delivery reads and writes."""

    notices: NoticeStore
    tickets: TicketStore
    posts: PostStore
    contacts: ContactStore
    sending: SendingStore
    spending: SpendingStore
    """The month's spending on SMS."""
    lanes: LaneStore


def open_stores(table: Table) -> Stores:
    """Open all the stores on one table."""
    return Stores(
        DynamoNoticeStore(table),
        DynamoTicketStore(table),
        DynamoPostStore(table),
        DynamoContactStore(table),
        DynamoSendingStore(table),
        DynamoSpendingStore(table, "SMS"),
        DynamoLaneStore(table),
    )
