"""What the account answered, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from tests.in_memory.memory import Memory


@dataclass
class InMemoryAnswers:
    """Remembers which posts a run called answered, and when."""

    memory: Memory

    def answered(self, key: str, at: datetime) -> None:
        """Remember an answer."""
        with self.memory.call(write=True):
            self.memory.answers[key] = at
