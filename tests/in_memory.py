"""The stores without a table: they keep copies, obey the same conditions, and can be made to fail at any call.

They pass the same contract suite as the stores on DynamoDB (`tests/contract/test_stores.py`).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from aduan.channel import Cursor, Rejected, Run, Sweep
from aduan.notice import AnyNotice, ChannelNotice, Contact, Notice
from aduan.post import Post
from aduan.store.channels import LeaseError
from aduan.store.notices import LEFT_BEHIND as NOTICE_LEFT_BEHIND
from aduan.store.notices import NotPendingError
from aduan.store.posts import LEFT_BEHIND, AlreadyTriagedError
from aduan.store.tickets import CodeTakenError
from aduan.ticket import Event, Ticket, Voice
from aduan.triage import Triage


class Killed(BaseException):
    """The process died here. Not an `Exception`: no code may survive it."""


@dataclass
class Memory:
    """What all stores share, and a counter that kills the process before or after a chosen call."""

    posts: dict[str, Post] = field(default_factory=dict)
    quarantined: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    voices: dict[tuple[str, str], Voice] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    notices: dict[tuple[str, str], AnyNotice] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    reads: int = 0
    writes: int = 0
    calls: int = 0
    kill_before: int | None = None
    kill_after: int | None = None

    def call(self, *, write: bool = False) -> "_Call":
        """Enter one call of a store."""
        self.reads += not write
        self.writes += write
        return _Call(self)


@dataclass
class _Call:
    memory: Memory

    def __enter__(self) -> None:
        self.memory.calls += 1
        if self.memory.calls == self.memory.kill_before:
            raise Killed

    def __exit__(self, *_: object) -> None:
        if self.memory.calls == self.memory.kill_after:
            raise Killed


@dataclass
class InMemoryPostStore:
    """`PostStore` in memory."""

    memory: Memory

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """Look up."""
        with self.memory.call():
            stored = self.memory.posts
            return {post.key: stored[post.key].digest for post in posts if post.key in stored}

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """Look up in both."""
        with self.memory.call():
            posts, quarantined = self.memory.posts, self.memory.quarantined
            return {key for key in keys if key in posts or (channel, key.partition("#")[2]) in quarantined}

    def add(self, post: Post) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            return self.memory.posts.setdefault(post.key, post) is post

    def revise(self, post: Post) -> bool:
        """Replace the text of what is stored."""
        with self.memory.call(write=True):
            stored = self.memory.posts.get(post.key)
            if stored is None or stored.gone_at is not None or stored.digest == post.digest:
                return False
            self.memory.posts[post.key] = stored.model_copy(
                update={
                    "text": post.text,
                    "clipped": post.clipped,
                    "digest": post.digest,
                    "has_photo": post.has_photo,
                    "state": "new",
                    "revised_at": post.fetched_at,
                }
            )
            return True

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            key = (rejected.channel, rejected.native_id)
            return self.memory.quarantined.setdefault(key, rejected) is rejected

    def get(self, key: str) -> Post | None:
        """Look up."""
        with self.memory.call():
            return self.memory.posts.get(key)

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Decide once."""
        with self.memory.call(write=True):
            self.decide(post, triage, None)

    def bury(self, post: Post, reason: str, at: datetime) -> bool:
        """Leave a tombstone."""
        with self.memory.call(write=True):
            return self.memory.posts[post.key].ticket is None and self.lay_to_rest(post, reason, at)

    def lay_to_rest(self, post: Post, reason: str, at: datetime) -> bool:
        """Take away what it said and who said it."""
        stored = self.memory.posts[post.key]
        if stored.gone_at is not None:
            return False
        nothing = {"text": "", "permalink": "", "has_photo": False, "author": None}
        self.memory.posts[post.key] = stored.model_copy(
            update={**nothing, "state": "gone", "gone_at": at, "gone_reason": reason}
        )
        return True

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """Oldest first."""
        with self.memory.call():
            posts = [post for post in self.memory.posts.values() if post.channel == channel]
        found = sorted((post.fetched_at, post.key) for post in posts if post.fetched_at >= since)
        return [one for one in found if after is None or one > after][:limit]

    def decide(self, post: Post, triage: Triage, ticket: str | None) -> None:
        """Change a new post into a decided one."""
        stored = self.memory.posts[post.key]
        if stored.state != "new" or stored.digest != post.digest:
            raise AlreadyTriagedError(post.key)
        self.memory.posts[post.key] = post.model_copy(update={"state": "triaged", "triage": triage, "ticket": ticket})

    def left_behind(self, now: datetime) -> Iterator[str]:
        """New posts whose time has passed."""
        with self.memory.call():
            due = [
                post
                for post in self.memory.posts.values()
                if post.state == "new" and (post.revised_at or post.fetched_at) + LEFT_BEHIND <= now
            ]
        yield from [post.key for post in sorted(due, key=lambda post: post.fetched_at)]


@dataclass
class InMemoryChannelStore:
    """`ChannelStore` in memory."""

    memory: Memory

    def read(self, channel: str) -> Cursor:
        """Look up."""
        with self.memory.call():
            return self.memory.cursors.get(channel, Cursor(channel=channel))

    def lease(self, cursor: Cursor, owner: str, now: datetime, until: datetime) -> Cursor:
        """Take it if it is as it was read, and free."""
        with self.memory.call(write=True):
            stored = self.memory.cursors.get(cursor.channel, Cursor(channel=cursor.channel))
            if stored.version != cursor.version or stored.leased_to_other(owner, now):
                raise LeaseError(cursor.channel)
            self.memory.cursors[cursor.channel] = stored.model_copy(update={"lease_owner": owner, "lease_until": until})
            return cursor.model_copy(update={"lease_owner": owner, "lease_until": until})

    def release(self, cursor: Cursor, owner: str) -> None:
        """Write it if the lease still holds."""
        with self.memory.call(write=True):
            stored = self.memory.cursors.get(cursor.channel)
            if stored is None or stored.version != cursor.version or stored.lease_owner != owner:
                raise LeaseError(cursor.channel)
            self.memory.cursors[cursor.channel] = cursor.model_copy(
                update={"version": cursor.version + 1, "lease_owner": None, "lease_until": None}
            )

    def sweep(self, channel: str) -> Sweep:
        """Look up."""
        with self.memory.call():
            return self.memory.sweeps.get(channel, Sweep(channel=channel))

    def swept(self, sweep: Sweep) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.sweeps[sweep.channel] = sweep

    def announce(self, notice: ChannelNotice) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            return self.memory.notices.setdefault((notice.subject, notice.key), notice) is notice

    def record(self, run: Run) -> None:
        """Append."""
        with self.memory.call(write=True):
            self.memory.runs.append(run)

    def runs(self, channel: str, limit: int) -> list[Run]:
        """Youngest first."""
        with self.memory.call():
            runs = [run for run in self.memory.runs if run.channel == channel]
            return sorted(runs, key=lambda run: run.started_at, reverse=True)[:limit]


@dataclass
class InMemoryTicketStore:
    """`TicketStore` in memory."""

    memory: Memory

    def open(
        self, post: Post, triage: Triage, ticket: Ticket, notices: Sequence[Notice], events: Iterable[Event]
    ) -> None:
        """All or nothing."""
        with self.memory.call(write=True):
            memory = self.memory
            stored = memory.posts[post.key]
            if stored.state != "new" or stored.digest != post.digest:
                raise AlreadyTriagedError(post.key)
            if ticket.code in memory.tickets:
                raise CodeTakenError(ticket.code)
            InMemoryPostStore(memory).decide(post, triage, ticket.code)
            memory.tickets[ticket.code] = ticket
            voice = Voice(ticket=ticket.code, post=post.key, at=post.created_at)
            memory.voices[ticket.code, post.key] = voice
            memory.events.extend(events)
            memory.notices.update({(notice.ticket, notice.key): notice for notice in notices})
            counter = f"{ticket.channel}#{ticket.topic}#{ticket.department}"
            memory.counted[counter] = memory.counted.get(counter, 0) + 1

    def amend(  # noqa: PLR0913 # as the protocol has it
        self,
        post: Post,
        triage: Triage,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        events: Iterable[Event],
    ) -> None:
        """All or nothing."""
        with self.memory.call(write=True):
            memory = self.memory
            if memory.posts[post.key].state != "new" or memory.tickets[before.code].version != before.version:
                raise AlreadyTriagedError(post.key)
            InMemoryPostStore(memory).decide(post, triage, after.code)
            memory.tickets[after.code] = after
            memory.events.extend(events)
            for notice in notices:
                memory.notices.setdefault((notice.ticket, notice.key), notice)
            if after.department != before.department:
                for key, told in memory.notices.items():
                    if key[0] == after.code and told.state == "pending" and told.department != after.department:
                        memory.notices[key] = told.model_copy(update={"state": "withdrawn", "act_at": None})

    def bury(self, post: Post, ticket: Ticket, event: Event, reason: str, at: datetime) -> None:
        """All or nothing."""
        with self.memory.call(write=True):
            memory = self.memory
            if memory.posts[post.key].gone_at is not None or memory.tickets[ticket.code].version != ticket.version:
                raise AlreadyTriagedError(post.key)
            InMemoryPostStore(memory).lay_to_rest(post, reason, at)
            memory.tickets[ticket.code] = ticket.model_copy(update={"permalink": "", "version": ticket.version + 1})
            memory.events.append(event)
            for key, notice in memory.notices.items():
                if key[0] == ticket.code and notice.state == "pending":
                    memory.notices[key] = notice.model_copy(update={"state": "withdrawn", "act_at": None})

    def get(self, code: str) -> Ticket | None:
        """Look up."""
        with self.memory.call():
            return self.memory.tickets.get(code)


@dataclass
class InMemoryNoticeStore:
    """`NoticeStore` in memory."""

    memory: Memory

    def get(self, subject: str, key: str) -> AnyNotice | None:
        """Look up."""
        with self.memory.call():
            return self.memory.notices.get((subject, key))

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take it once."""
        with self.memory.call(write=True):
            stored = self.memory.notices[notice.subject, notice.key]
            if stored.state != "pending" or stored.attempt != notice.attempt:
                raise NotPendingError(notice.key)
            return self._write(
                stored,
                state="claimed",
                attempt=stored.attempt + 1,
                claimed_by=owner,
                claimed_at=now,
                recipient=recipient,
                told=told,
                failure=None,
            )

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Finish."""
        with self.memory.call(write=True):
            self._write(notice, state="sent", message_id=message_id, sent_at=now, act_at=None)

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Finish."""
        with self.memory.call(write=True):
            self._write(notice, state="failed", failure=why, act_at=None)

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Give back."""
        with self.memory.call(write=True):
            self._write(notice, state="pending", failure=why, act_at=until)

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Keep claimed."""
        with self.memory.call(write=True):
            self._write(notice, failure=why)

    def park(self, notice: AnyNotice, why: str) -> None:
        """Put aside what is as it was read."""
        with self.memory.call(write=True):
            stored = self.memory.notices[notice.subject, notice.key]
            if (stored.state, stored.attempt) != (notice.state, notice.attempt):
                raise NotPendingError(notice.key)
            self._write(stored, state="parked", failure=why, act_at=None)

    def left_behind(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Unfinished ones whose time has passed."""
        with self.memory.call():
            due = [notice for notice in self.memory.notices.values() if _act_at(notice) <= now]
        unfinished = [notice for notice in sorted(due, key=_act_at) if notice.state in {"pending", "claimed"}]
        yield from [(notice.subject, notice.key) for notice in unfinished]

    def _write(self, notice: AnyNotice, **changes: object) -> AnyNotice:
        written = notice.model_copy(update=changes)
        self.memory.notices[notice.subject, notice.key] = written
        return written


def _act_at(notice: AnyNotice) -> datetime:
    return notice.act_at or notice.created_at + NOTICE_LEFT_BEHIND


@dataclass
class InMemoryContactStore:
    """`ContactStore` in memory."""

    memory: Memory

    def get(self, department: str) -> Contact | None:
        """Look up."""
        with self.memory.call():
            return self.memory.contacts.get(department)

    def put(self, contact: Contact) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.contacts[contact.department] = contact
