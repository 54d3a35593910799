"""The stores of a delivery, all on one memory."""

from __future__ import annotations

from notify.stores import Stores
from tests.in_memory.contacts import InMemoryContactStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.sending import InMemorySendingStore
from tests.in_memory.spending import InMemorySpendingStore
from tests.in_memory.tickets import InMemoryTicketStore


def stores_of(memory: Memory) -> Stores:
    """Return the stores that a delivery reads and writes."""
    return Stores(
        InMemoryNoticeStore(memory),
        InMemoryTicketStore(memory),
        InMemoryPostStore(memory),
        InMemoryContactStore(memory),
        InMemorySendingStore(memory),
        InMemorySpendingStore(memory, "SMS"),
        InMemoryLaneStore(memory),
    )
