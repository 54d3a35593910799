"""Examples for training in memory."""

from __future__ import annotations

from dataclasses import dataclass

from aduan.example import Example
from aduan.record import month_of
from aduan.store.pages import page_cursor, page_position
from aduan.ticket import Ticket
from tests.in_memory.memory import Memory


@dataclass
class InMemoryExampleStore:
    """`ExampleStore` in memory."""

    memory: Memory

    def get(self, ticket: Ticket) -> Example | None:
        """Look up."""
        with self.memory.call():
            return self.memory.examples.get(ticket.post)

    def page(self, month: str, limit: int, after: str | None = None) -> tuple[tuple[Example, ...], str | None]:
        """In the order of their posts' keys."""
        last = "" if after is None else page_position(after)
        with self.memory.call():
            opened = {ticket.post: ticket.opened_at for ticket in self.memory.tickets.values()}
            counted = {key: opened.get(key, self.memory.posts[key].created_at) for key in self.memory.examples}
            mine = sorted(key for key, at in counted.items() if month_of(at) == month)
            found = [self.memory.examples[key] for key in mine if key > last]
        return tuple(found[:limit]), page_cursor(found[limit - 1].post) if len(found) > limit else None
