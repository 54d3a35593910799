"""What was sent to whom, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aduan.record import WIB
from aduan.ticket import Ticket
from tests.in_memory.memory import Memory


@dataclass
class InMemorySendingStore:
    """`SendingStore` in memory."""

    memory: Memory

    def opened(self, department: str, since: datetime, most: int, before: Ticket | None = None) -> int:
        """Count the tickets opened in between."""
        with self.memory.call():
            places = [
                (ticket.opened_at, ticket.code)
                for ticket in self.memory.tickets.values()
                if ticket.department == department and ticket.opened_at >= since
            ]
        if before is not None:
            places = [place for place in places if place < (before.opened_at, before.code)]
        return min(most, len(places))

    def counted(self, reader: str, now: datetime) -> int:
        """Look up."""
        with self.memory.call():
            return self.memory.mails.get((reader, f"{now.astimezone(WIB):%Y-%m-%dT%H}"), 0)

    def count(self, reader: str, now: datetime, limit: int) -> int:
        """Add one, up to the limit."""
        with self.memory.call(write=True):
            hour = (reader, f"{now.astimezone(WIB):%Y-%m-%dT%H}")
            before = self.memory.mails.get(hour, 0)
            self.memory.mails[hour] = max(before, min(before + 1, limit))
            return min(before, limit)

    def count_today(self, what: str, now: datetime, limit: int) -> bool:
        """Add one, up to the limit."""
        with self.memory.call(write=True):
            day = (what, f"{now.astimezone(WIB):%Y-%m-%d}")
            before = self.memory.mails.get(day, 0)
            self.memory.mails[day] = min(before + 1, limit)
            return before < limit

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """Record the SMS, unless one about another ticket is recorded."""
        with self.memory.call(write=True):
            noted = self.memory.texts.get((department, matter))
            if noted is not None and noted[0] != ticket and noted[1] > now - within:
                return False
            self.memory.texts[department, matter] = (ticket, now)
            return True
