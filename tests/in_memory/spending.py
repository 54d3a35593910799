"""What was spent in a month, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from aduan.record import month_of
from tests.in_memory.memory import Memory


@dataclass
class InMemorySpendingStore:
    """`SpendingStore` in memory."""

    memory: Memory
    what: str = "SECOND_OPINIONS"

    def book(self, ask: str, now: datetime, amount: int, budget: int) -> bool:
        """Book an amount once, if it fits into the month's budget."""
        with self.memory.call(write=True):
            month = (self.what, month_of(now))
            if (*month, ask) not in self.memory.unsettled:
                spent = self.memory.spent.get(month, 0) + amount
                if spent > budget:
                    return False
                self.memory.spent[month] = spent
                self.memory.unsettled.add((*month, ask))
            return True

    def settle(self, ask: str, now: datetime, difference: int) -> None:
        """Correct a booked amount, once."""
        with self.memory.call(write=True):
            month = (self.what, month_of(now))
            if (*month, ask) in self.memory.unsettled:
                self.memory.unsettled.remove((*month, ask))
                self.memory.spent[month] += difference
