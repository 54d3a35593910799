"""The stores in memory: they keep copies, obey the table's conditions, and can be made to fail at any call.

They pass the same contract suite as the stores on DynamoDB (`tests/contract/test_stores.py`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aduan.change import Change
from aduan.channel import Cursor, Rejected, Run, Sweep, TokenCheck
from aduan.example import Example
from aduan.notice import AnyNotice, Contact, ContactId, ContactNotice, Notice, NoticeId
from aduan.post import Post
from aduan.quiet_hours import Hold
from aduan.record import WIB, month_of
from aduan.reply import Reply
from aduan.store.channels import LeaseError
from aduan.store.notices import LEFT_BEHIND as NOTICE_LEFT_BEHIND
from aduan.store.notices import NoticeChangedError, NotPendingError
from aduan.store.pages import page_cursor, page_position
from aduan.store.posts import LEFT_BEHIND
from aduan.store.replies import ReplyTakenError
from aduan.store.table import NOTICE_QUEUES, OutdatedError
from aduan.store.tickets import CodeTakenError
from aduan.ticket import Event, Resolution, Stage, Ticket, Voice, clock_of
from aduan.triage import Triage
from notify.stores import Stores


class Killed(BaseException):
    """The process died here. It is no `Exception`, so that no code can catch it by accident."""


@dataclass
class Memory:
    """The data that all stores share, and a counter that kills the process before or after a chosen call."""

    posts: dict[str, Post] = field(default_factory=dict)
    quarantined: dict[tuple[str, str], Rejected] = field(default_factory=dict)
    tickets: dict[str, Ticket] = field(default_factory=dict)
    voices: dict[tuple[str, str], Voice] = field(default_factory=dict)
    events: list[Event] = field(default_factory=list)
    notices: dict[NoticeId, AnyNotice] = field(default_factory=dict)
    cursors: dict[str, Cursor] = field(default_factory=dict)
    runs: list[Run] = field(default_factory=list)
    sweeps: dict[str, Sweep] = field(default_factory=dict)
    tokens: dict[str, TokenCheck] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    """Contacts by their codes."""
    examples: dict[str, Example] = field(default_factory=dict)
    resolutions: dict[tuple[str, str], Resolution] = field(default_factory=dict)
    replies: dict[tuple[str, Stage], Reply] = field(default_factory=dict)
    counted: dict[str, int] = field(default_factory=dict)
    spent: dict[tuple[str, str], int] = field(default_factory=dict)
    """Amounts spent, in millionths of a USD, by purpose and month."""
    unsettled: set[tuple[str, str, str]] = field(default_factory=set)
    mails: dict[tuple[str, str], int] = field(default_factory=dict)
    """How many mails went to a department in each hour."""
    texts: dict[tuple[str, str], tuple[str, datetime]] = field(default_factory=dict)
    """The ticket and time of the last SMS, by department and matter."""
    reads: int = 0
    writes: int = 0
    calls: int = 0
    kill_before: int | None = None
    kill_after: int | None = None

    def call(self, *, write: bool = False) -> _Call:
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
        """Look up in the posts and the quarantine."""
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
                    "missed_at": None,
                    "revised_at": post.fetched_at,
                }
            )
            return True

    def readmit(self, post: Post) -> bool:
        """Replace a tombstone, but keep what ticket it belongs to."""
        with self.memory.call(write=True):
            stored = self.memory.posts.get(post.key)
            if stored is None or stored.gone_at is None:
                return False
            self.memory.posts[post.key] = post.model_copy(update={"triage": stored.triage, "ticket": stored.ticket})
            return True

    def note_missed(self, post: Post, at: datetime | None) -> None:
        """Set or remove the time."""
        with self.memory.call(write=True):
            stored = self.memory.posts[post.key]
            if stored.gone_at is None:
                self.memory.posts[post.key] = stored.model_copy(update={"missed_at": at})

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

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Leave a tombstone."""
        with self.memory.call(write=True):
            return self.memory.posts[post.key].ticket is None and self.leave_tombstone(post, reason, at)

    def leave_tombstone(self, post: Post, reason: str, at: datetime) -> bool:
        """Remove a post's text and author."""
        stored = self.memory.posts[post.key]
        if stored.gone_at is not None:
            return False
        nothing = {"text": "", "permalink": "", "has_photo": False, "author": None, "digest": "", "missed_at": None}
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
            raise OutdatedError(post.key)
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
        """Take the lease if the cursor is as it was read, and free."""
        with self.memory.call(write=True):
            stored = self.memory.cursors.get(cursor.channel, Cursor(channel=cursor.channel))
            if stored.version != cursor.version or stored.leased_to_other(owner, now):
                raise LeaseError(cursor.channel)
            self.memory.cursors[cursor.channel] = stored.model_copy(update={"lease_owner": owner, "lease_until": until})
            return cursor.model_copy(update={"lease_owner": owner, "lease_until": until})

    def release(self, cursor: Cursor, owner: str) -> None:
        """Write the cursor if the lease still holds."""
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

    def save_sweep(self, sweep: Sweep) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.sweeps[sweep.channel] = sweep

    def save_token_check(self, check: TokenCheck) -> None:
        """Replace an older one."""
        with self.memory.call(write=True):
            stored = self.memory.tokens.get(check.channel)
            if stored is None or stored.looked_at <= check.looked_at:
                self.memory.tokens[check.channel] = check

    def token(self, channel: str) -> TokenCheck | None:
        """Look up."""
        with self.memory.call():
            return self.memory.tokens.get(channel)

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

    def write(self, change: Change) -> None:
        """All or nothing."""
        with self.memory.call(write=True):
            memory, ticket = self.memory, change.ticket
            self._refuse(change)
            if change.post is not None and change.decision is not None:
                InMemoryPostStore(memory).decide(change.post, change.decision, ticket.code)
            if change.post is not None and change.tombstone is not None:
                InMemoryPostStore(memory).leave_tombstone(change.post, change.tombstone, change.at)
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
                memory.examples.pop(ticket.post, None)
            if change.example is not None:
                memory.examples[change.example.post] = change.example
            self._tell(change)

    def _refuse(self, change: Change) -> None:
        """Meet the conditions of the table."""
        post, before, memory = change.post, change.before, self.memory
        stored = memory.posts[post.key] if post is not None else None
        if stored is not None and post is not None:
            edited = (stored.state, stored.digest) != (post.state, post.digest)
            decided = change.decision is not None and (stored.state != "new" or stored.digest != post.digest)
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
        for ticket, number in ((change.before, -1), (change.after, 1)):
            if ticket is not None:
                counter = f"{ticket.channel}#{ticket.topic}#{ticket.department}"
                self.memory.counted[counter] = self.memory.counted.get(counter, 0) + number

    def _tell(self, change: Change) -> None:
        code, notices = change.after.code, self.memory.notices
        told = [notice for notice in notices.values() if isinstance(notice, Notice) and notice.ticket == code]
        outbox = told if change.needs_outbox else []
        withdrawn = [
            notice.model_copy(update={"state": "withdrawn", "act_at": None}) for notice in change.stale(outbox)
        ]
        renewed = [after for _, after in change.renewals(outbox)]
        notices.update({notice.id: notice for notice in (*change.additions(outbox), *renewed, *withdrawn)})


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
            opened = {ticket.post for ticket in self.memory.tickets.values() if month_of(ticket.opened_at) == month}
            found = [self.memory.examples[key] for key in sorted(opened & set(self.memory.examples)) if key > last]
        return tuple(found[:limit]), page_cursor(found[limit - 1].post) if len(found) > limit else None


@dataclass
class InMemoryNoticeStore:
    """`NoticeStore` in memory."""

    memory: Memory

    def add(self, notice: AnyNotice) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            return self.memory.notices.setdefault(notice.id, notice) is notice

    def get(self, notice: NoticeId) -> AnyNotice | None:
        """Look up."""
        with self.memory.call():
            return self.memory.notices.get(notice)

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take it once; a repetition by the same owner succeeds too."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.claimed_by, stored.attempt) == (owner, notice.attempt + 1):
                return stored
            read = (notice.state, notice.attempt)
            if notice.state not in {"pending", "claimed"} or (stored.state, stored.attempt) != read:
                raise NotPendingError(notice.key)
            return self._write(
                stored,
                state="claimed",
                attempt=stored.attempt + 1,
                repeated_at=now if stored.state == "claimed" else stored.repeated_at,
                claimed_by=owner,
                claimed_at=now,
                recipient=recipient,
                told=told,
                failure=None,
            )

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Finish."""
        self._finish(notice, state="sent", message_id=message_id, sent_at=now, act_at=None)

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Finish."""
        self._finish(notice, state="failed", failure=why, act_at=None)

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Give back."""
        self._finish(notice, state="pending", failure=why, act_at=until)

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Keep claimed."""
        self._finish(notice, failure=why)

    def park(self, notice: AnyNotice, why: str) -> None:
        """Put aside what is as it was read."""
        self._put_aside(notice, "parked", why)

    def skip(self, notice: AnyNotice, why: str) -> None:
        """Put aside what is as it was read."""
        self._put_aside(notice, "skipped", why)

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Let a notice wait, if it is as it was read."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.state, stored.attempt) != ("pending", notice.attempt):
                raise NotPendingError(notice.key)
            digest = {"digest_at": hold.until} if hold.in_digest else {}
            self._write(stored, act_at=hold.until, **digest)

    def _put_aside(self, notice: AnyNotice, state: str, why: str) -> None:
        with self.memory.call(write=True):
            stored = self._stored(notice)
            if (stored.state, stored.attempt) == (notice.state, notice.attempt):
                self._write(stored, state=state, failure=why, act_at=None)
            elif stored.state != state:
                raise NotPendingError(notice.key)

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Replace what is as it was read."""
        with self.memory.call(write=True):
            stored = self._stored(before)
            if (stored.state, stored.attempt) != (before.state, before.attempt):
                raise NoticeChangedError(before.key)
            changed = {name: value for name, value in after if value != getattr(before, name)}
            self._write(stored, **changed)

    def left_behind(self, now: datetime) -> Iterator[NoticeId]:
        """Unfinished ones whose time has passed."""
        with self.memory.call():
            due = [notice for notice in self.memory.notices.values() if _act_at(notice) <= now]
        unfinished = [notice for notice in sorted(due, key=_turn) if notice.state in {"pending", "claimed"}]
        yield from [notice.id for notice in unfinished]

    def _stored(self, notice: AnyNotice) -> AnyNotice:
        return self.memory.notices[notice.id]

    def _finish(self, notice: AnyNotice, **changes: object) -> None:
        """Write an outcome where none is recorded, if the notice still belongs to this attempt."""
        with self.memory.call(write=True):
            stored = self._stored(notice)
            owner = (stored.claimed_by, stored.attempt)
            if stored.state == "claimed" and owner == (notice.claimed_by, notice.attempt):
                self._write(stored, **changes)

    def _write(self, notice: AnyNotice, **changes: object) -> AnyNotice:
        written = notice.model_copy(update=changes)
        self.memory.notices[notice.id] = written
        return written


def _act_at(notice: AnyNotice) -> datetime:
    return notice.act_at or notice.created_at + NOTICE_LEFT_BEHIND


def _turn(notice: AnyNotice) -> tuple[int, datetime]:
    return list(NOTICE_QUEUES).index(notice.urgency), _act_at(notice)


@dataclass
class InMemoryContactStore:
    """`ContactStore` in memory."""

    memory: Memory

    def get(self, contact: ContactId) -> Contact | None:
        """Look up."""
        with self.memory.call():
            return self.memory.contacts.get(str(contact))

    def put(self, contact: Contact) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.contacts[str(contact.id)] = contact

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """Both or neither."""
        with self.memory.call(write=True):
            which = notice.which.removesuffix("email")
            stored = self.memory.contacts[str(contact.id)]
            if stored.updated_at != contact.updated_at or getattr(stored, f"{which}dead_since") is not None:
                return False
            dead = {f"{which}dead_since": notice.died_at, f"{which}dead_because": notice.reason}
            self.memory.contacts[str(contact.id)] = stored.model_copy(update=dead)
            self.memory.notices[notice.id] = notice
            return True


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

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """Record the SMS, unless one about another ticket is recorded."""
        with self.memory.call(write=True):
            noted = self.memory.texts.get((department, matter))
            if noted is not None and noted[0] != ticket and noted[1] > now - within:
                return False
            self.memory.texts[department, matter] = (ticket, now)
            return True


def stores_of(memory: Memory) -> Stores:
    """Return the stores that a delivery reads and writes."""
    return Stores(
        InMemoryNoticeStore(memory),
        InMemoryTicketStore(memory),
        InMemoryPostStore(memory),
        InMemoryContactStore(memory),
        InMemorySendingStore(memory),
        InMemorySpendingStore(memory, "SMS"),
    )
