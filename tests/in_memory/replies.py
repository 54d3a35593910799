"""Replies to authors in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aduan.reply import Reply
from aduan.store.replies import ReplyTakenError
from aduan.ticket import Stage
from tests.in_memory.memory import Memory


@dataclass
class InMemoryReplyStore:
    """`ReplyStore` in memory."""

    memory: Memory

    def due(self, channel: str, now: datetime) -> Iterator[tuple[str, Stage]]:
        """Oldest first."""
        with self.memory.call():
            waiting = [
                (reply.act_at, key)
                for key, reply in self.memory.replies.items()
                if reply.channel == channel and reply.act_at is not None
            ]
        yield from [key for at, key in sorted(waiting) if at <= now]

    def get(self, ticket: str, stage: Stage) -> Reply | None:
        """Look up."""
        with self.memory.call():
            return self.memory.replies.get((ticket, stage))

    def claim(self, reply: Reply, owner: str, until: datetime) -> Reply:
        """Take it."""
        claimed = reply.model_copy(
            update={
                "state": "claimed",
                "attempt": reply.attempt + 1,
                "repeated": reply.repeated or reply.state == "claimed",
                "claimed_by": owner,
                "act_at": until,
            }
        )
        self.record(reply, claimed)
        return claimed

    def record(self, before: Reply, after: Reply) -> None:
        """Replace what is as it was read."""
        with self.memory.call(write=True):
            key = after.ticket, after.stage
            if self.memory.replies[key] != before:
                raise ReplyTakenError(after.ticket)
            self.memory.replies[key] = after
