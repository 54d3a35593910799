"""Asks the platforms whether the posts of the last month are still there, and erases those that are not.

What a citizen deletes is deleted here too: text, author and picture go; a tombstone with time and reason stays. A
platform's answer may be wrong for an hour and looks the same as a deletion, so a post is erased only when it was missed
on two different days and not shown in between.
Where each answer costs money, a sweep spends only what reading does not need, and may take some days.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.change import Change
from aduan.channel import Cursor, Sweep
from aduan.channel_budget import spent_this_month, to_spare
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    NotPermittedError,
    StoppedError,
    ThrottledError,
)
from aduan.record import WIB
from aduan.store.channels import ChannelStore, LeaseError
from aduan.store.table import OutdatedError
from aduan.ticket import Event, Ticket
from poll_channels.poll import ANSWERED, charged

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.post import Post
    from aduan.store.posts import PostStore
    from aduan.store.tickets import TicketStore
    from poll_channels.source import CanRecheck

RECHECKED_FOR: Final = timedelta(days=30)
"""How long a post is checked after it was found."""
EVERY: Final = timedelta(days=1)
"""How often each post is checked. X's developer policy wants deletions followed within 24 hours of a request."""
APART: Final = timedelta(hours=12)
"""The least time between the two misses, so that a fault around midnight does not count as two days."""
CONFIRMED_FOR: Final = timedelta(days=3)
"""How much longer a post is checked that was missed for the first time at the end of `RECHECKED_FOR`."""
REASON: Final = "dihapus di kanal asalnya"


class Recheck:
    """One sweep over one channel. It continues where the last run had to stop."""

    def __init__(  # noqa: PLR0913 # what a sweep works with; none has a sensible default
        self,
        channel: Channel,
        channels: ChannelStore,
        posts: PostStore,
        tickets: TicketStore,
        *,
        run_id: str,
        clock: Callable[[], datetime],
        lease_for: timedelta,
    ) -> None:
        self._channel = channel
        self._channels = channels
        self._posts = posts
        self._tickets = tickets
        self._run_id = run_id
        self._clock = clock
        self._lease_for = lease_for
        self._witness: Post | None = None
        """The last post that the platform showed."""
        self.cost_usd = 0.0
        """What the sweep cost so far."""

    def run(self, open_source: Callable[[], CanRecheck]) -> int:
        """Sweep as far as time, money and the platform allow, and return how many posts were erased.

        Raises:
            ChannelError: when the platform cannot tell; the sweep's position does not move.
        """
        now = self._clock()
        sweep = self._channels.sweep(self._channel.id)
        if sweep.finished_at is not None and now - sweep.finished_at < EVERY:
            return 0
        after = None if sweep.position is None or sweep.last is None else (sweep.position, sweep.last)
        source = open_source()
        erased = 0
        while True:
            limit = self._limit(source)
            if not limit:
                return erased
            found = self._posts.found_since(self._channel.id, now - RECHECKED_FOR - CONFIRMED_FOR, after, limit)
            try:
                erased += self._check([key for _, key in found], source)
            except (StoppedError, LeaseError):
                return erased
            except (CredentialError, NotPermittedError, ThrottledError):
                raise
            except ChannelError:
                # When an earlier post is shown, the error is that of these posts, and must not hold up the others.
                if not self._sees_witness(source):
                    raise
            if len(found) < limit:
                self._channels.save_sweep(Sweep(channel=self._channel.id, finished_at=now))
                return erased
            after = found[-1]
            self._channels.save_sweep(Sweep(channel=self._channel.id, position=after[0], last=after[1]))

    def _check(self, keys: list[str], source: CanRecheck) -> int:
        now = self._clock()
        posts = [post for key in keys if (post := self._posts.get(key)) is not None and is_asked_about(post, now)]
        found = self._ask(posts, source)
        missed = [post for post in posts if found.get(post.native_id) is False]
        shown = [post for post in posts if found.get(post.native_id)]
        if missed and not shown and not self._sees_witness(source):
            # A lost permission looks the same; one post that is shown proves that we may see them.
            raise NotPermittedError(f"all {len(missed)} posts asked for are gone")
        self._witness = shown[0] if shown else self._witness
        for post in shown:
            if post.missed_at is not None:
                self._posts.note_missed(post, None)
        for post in missed:
            if post.missed_at is None:
                self._posts.note_missed(post, now)
        gone = [post for post in missed if post.missed_at is not None and are_two_days(post.missed_at, now)]
        return self._erase_all(gone) if gone else 0

    def _sees_witness(self, source: CanRecheck) -> bool:
        return self._witness is not None and self._ask([self._witness], source).get(self._witness.native_id, False)

    def _limit(self, source: CanRecheck) -> int:
        """Return how many posts may be checked: none while the platform wants us to wait, or while money is short."""
        now = self._clock()
        cursor = self._channels.read(self._channel.id)
        if cursor.not_before is not None and now < cursor.not_before:
            return 0
        if not source.price_usd:
            return source.batch_size
        spent = spent_this_month(cursor.spent_usd, cursor.spent_at, now)
        return int(min(source.batch_size, to_spare(self._channel, spent, now) / source.price_usd))

    def _ask(self, posts: list[Post], source: CanRecheck) -> dict[str, bool]:
        """Ask which posts are there, and add the cost to the channel's bill.

        The bill is part of the cursor, so the channel is leased meanwhile.
        """
        if not posts or not source.price_usd:
            return source.still_there(posts) if posts else {}
        now = self._clock()
        cursor = self._channels.read(self._channel.id)
        self._channels.lease(cursor, self._run_id, now, now + self._lease_for)
        before = source.cost_usd
        try:
            return source.still_there(posts)
        finally:
            cost = source.cost_usd - before
            self.cost_usd += cost
            self._channels.release(charged(cursor, self._channel, cost, now), self._run_id)

    def _erase_all(self, posts: list[Post]) -> int:
        """Erase posts, and forget on the cursor that they were read: one that is shown again is then taken in again.

        Raises:
            LeaseError: when the channel is being read; nothing was erased then, or the forgetting is lost.
        """
        now = self._clock()
        cursor = self._channels.read(self._channel.id)
        self._channels.lease(cursor, self._run_id, now, now + self._lease_for)
        erased = sum(self._erase(post.key) for post in posts)
        self._channels.release(forgetting(cursor, posts), self._run_id)
        return erased

    def _erase(self, key: str) -> bool:
        at = self._clock()
        post = self._posts.get(key)  # read again: a ticket may have been opened while the platform was asked
        if post is None:
            return False
        ticket = self._tickets.get(post.ticket) if post.ticket is not None else None
        if ticket is None:
            return self._posts.erase(post, REASON, at)
        try:
            self._tickets.write(erasure(post, ticket, at))
        except OutdatedError:
            return False  # the ticket changed at this moment; the next sweep tries again
        return True


def is_asked_about(post: Post, now: datetime) -> bool:
    """Tell whether a post is checked: until some time after it was found, or until a first miss is confirmed."""
    return post.state != "gone" and (post.fetched_at >= now - RECHECKED_FOR or post.missed_at is not None)


def are_two_days(first: datetime, second: datetime) -> bool:
    """Tell whether two moments lie on different days in Sleman, and not just before and after midnight."""
    return second - first >= APART and first.astimezone(WIB).date() != second.astimezone(WIB).date()


def forgetting(cursor: Cursor, posts: list[Post]) -> Cursor:
    """Return the cursor without the memory of some posts and of the threads they belong to."""
    erased = {post.native_id for post in posts}
    # A mark is named by a thread's id, or on Facebook by its last part; a comment's id there begins with its thread's.
    named = [name for post in posts for name in (post.native_id, post.parent_id or "")]
    threads = {part for name in named for part in (name, *name.split("_"))}
    return cursor.model_copy(
        update={
            "seen": tuple(name for name in cursor.seen if name.rpartition("@")[0].removesuffix(ANSWERED) not in erased),
            "marks": {name: mark for name, mark in cursor.marks.items() if name not in threads},
        }
    )


def erasure(post: Post, ticket: Ticket, at: datetime) -> Change:
    """Return the change that leaves only a tombstone of a ticket's post and records it in the ticket's history.

    When the post opened the ticket, the ticket's link, its pending notices and an example made of the post go too.
    """
    event = Event(ticket=ticket.code, at=at, move="source_gone", by="poll_channels", why=REASON)
    gone = Change(before=ticket, after=ticket, at=at, events=(event,), post=post, tombstone=REASON)
    if post.key != ticket.post:
        return gone
    after = ticket.model_copy(update={"permalink": "", "version": ticket.version + 1})
    return replace(gone, after=after, withdraws="all")
