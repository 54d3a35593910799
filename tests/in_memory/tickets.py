"""Tickets in memory: a change is written whole, or refused as the table refuses it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from aduan.change import Change
from aduan.notice import Notice
from aduan.store.table import OutdatedError
from aduan.store.tickets import CodeTakenError
from aduan.ticket import Event, Resolution, Ticket, clock_of
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore


@dataclass
class InMemoryTicketStore:
    """`TicketStore` in memory."""

    memory: Memory

    def write(self, change: Change) -> None:
        """All or nothing."""
        with self.memory.call(write=True):
            memory, ticket = self.memory, change.ticket
            self._refuse(change)
            if change.post is not None and change.decision is not None:
                InMemoryPostStore(memory).decide(change.post, change.decision, ticket.code, change.sorted_by, change.at)
            if change.post is not None and change.tombstone is not None:
                InMemoryPostStore(memory).leave_tombstone(change.post, change.tombstone, change.at)
            if change.forgets_words and change.post is not None:
                mine = ticket.code
                memory.events = [one.without_words() if one.ticket == mine else one for one in memory.events]
                memory.resolutions.pop((str(change.post.author), ticket.code), None)
            if change.is_written:
                memory.tickets[ticket.code] = ticket
                self._count(change)
            memory.events.extend(change.events)
            if (voice := change.voice) is not None:
                memory.voices[voice.ticket, voice.post] = voice
            if (reply := change.reply) is not None:
                memory.replies[reply.ticket, reply.stage] = reply
            if (resolution := change.resolution) is not None:
                memory.resolutions[resolution.author, resolution.ticket] = resolution
            if change.forgets_example:
                memory.examples.pop(change.post.key if change.post is not None else ticket.post, None)
            if change.example is not None:
                memory.examples[change.example.post] = change.example
            self._tell(change)

    def _refuse(self, change: Change) -> None:
        """Meet the conditions of the table."""
        post, before, memory = change.post, change.before, self.memory
        stored = memory.posts[post.key] if post is not None else None
        if stored is not None and post is not None:
            edited = (stored.state, stored.digest) != (post.state, post.digest)
            same = (stored.state, stored.digest, stored.lane) == (post.state, post.digest, post.lane)
            decided = change.decision is not None and not (same and (stored.state == "new" or stored.lane is not None))
            erased = change.tombstone is not None and stored.gone_at is not None
            if decided or erased or (change.as_read and edited and not stored.state == post.state == "gone"):
                raise OutdatedError(post.key)
        if before is None and change.after.code in memory.tickets:
            raise CodeTakenError(change.after.code)
        if before is not None and change.is_written and memory.tickets[before.code].version != before.version:
            raise OutdatedError(before.code)

    def get(self, code: str) -> Ticket | None:
        """Look up."""
        with self.memory.call():
            return self.memory.tickets.get(code)

    def resolved(self, author: str) -> list[Resolution]:
        """Look up."""
        with self.memory.call():
            return [one for (whose, _), one in self.memory.resolutions.items() if whose == author]

    def history(self, code: str) -> list[Event]:
        """In the order of time."""
        with self.memory.call():
            return sorted((event for event in self.memory.events if event.ticket == code), key=lambda event: event.at)

    def due(self, now: datetime) -> Iterator[str]:
        """Codes of the due tickets that are not before the forum."""
        with self.memory.call():
            waiting = [
                (ticket.act_at, ticket.code)
                for ticket in self.memory.tickets.values()
                if ticket.act_at is not None and not (ticket.on_forum_list and ticket.clock == clock_of(ticket))
            ]
        yield from [code for at, code in sorted(waiting) if at <= now]

    def _count(self, change: Change) -> None:
        memory = self.memory
        for ticket, number, misroutes in ((change.before, -1, change.misroutes), (change.after, 1, 0)):
            if ticket is not None:
                counter = f"{ticket.channel}#{ticket.topic}#{ticket.department}"
                memory.counted[counter] = memory.counted.get(counter, 0) + number
                status = counter, ticket.status
                memory.statuses[status] = memory.statuses.get(status, 0) + number
                memory.misroutes[counter] = memory.misroutes.get(counter, 0) + misroutes

    def _tell(self, change: Change) -> None:
        code, notices = change.after.code, self.memory.notices
        told = [notice for notice in notices.values() if isinstance(notice, Notice) and notice.ticket == code]
        outbox = told if change.needs_outbox else []
        withdrawn = [
            notice.model_copy(update={"state": "withdrawn", "act_at": None}) for notice in change.stale(outbox)
        ]
        renewed = [after for _, after in change.renewals(outbox)]
        notices.update({notice.id: notice for notice in (*change.additions(outbox), *renewed, *withdrawn)})
