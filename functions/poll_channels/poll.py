"""One run over one channel: read, store, and only then move the cursor.

Posts are stored under their own ids, and the cursor never passes what is stored. So wherever a run dies, the next one
finds each post in the table or at the platform again.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.channel import MARKS_BYTES, MOST_FAILING, SEEN_BYTES, Cursor, FailingObject, Rejected, Run
from aduan.channel_budget import pause_after, spent_this_month
from aduan.platform_errors import ChannelError, GapError, ObjectsError, StoppedError, ThrottledError
from aduan.post import Post
from aduan.store.channels import ChannelStore, LeaseError
from poll_channels.channel_alerts import budget_notice, permission_notice, with_refusals
from poll_channels.source import Batch, Source, Window

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.store.lanes import LaneStore
    from aduan.store.notices import NoticeStore
    from aduan.store.posts import PostStore

OVERLAP: Final = timedelta(hours=48)
"""How far behind the watermark every run reads again: platforms rank their lists and index late."""
RETRY_AFTER: Final = timedelta(seconds=50)
"""After its first failure an object is tried again by the next run, and then after twice as long each time."""
LONGEST_RETRY: Final = timedelta(hours=12)
ANSWERED: Final = ">"
"""Follows the id of an answered post in the cursor's memory; no id holds this character."""
QUIET_LEDGER: Final = timedelta(hours=1)
"""A run that finds nothing writes nothing, except once an hour to record that the channel is being read."""


@dataclass
class _Progress:
    """What a run has done so far."""

    seen: list[str] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    failed: dict[str, str] = field(default_factory=dict)
    recovered: set[str] = field(default_factory=set)
    since: datetime | None = None
    """Where the run's window begins."""
    youngest: datetime | None = None
    new: int = 0
    duplicate: int = 0
    revised: int = 0
    rejected: int = 0
    own: int = 0
    too_old: int = 0
    undated: int = 0
    held: bool = False
    """Whether the lease was taken, because there was something to write."""


class Poll:
    """One run over one channel."""

    def __init__(  # noqa: PLR0913 # what a run works with; none has a sensible default
        self,
        channel: Channel,
        channels: ChannelStore,
        posts: PostStore,
        notices: NoticeStore,
        lanes: LaneStore,
        *,
        run_id: str,
        clock: Callable[[], datetime],
        lease_for: timedelta,
    ) -> None:
        self._channel = channel
        self._channels = channels
        self._posts = posts
        self._notices = notices
        self._lanes = lanes
        self._run_id = run_id
        self._clock = clock
        self._lease_for = lease_for
        self._progress = _Progress()
        self.read_until: datetime | None = None
        """When the last complete run in the ledger before this one began."""
        self.spent_usd = 0.0
        """The month's bill, including this run."""

    def run(self, open_source: Callable[[], Source]) -> Run | None:
        """Read the channel and return the run, or None when another run has it or the platform asked us to wait.

        `open_source` is called only when the channel is free; a `ChannelError` that it raises goes to the ledger too.

        Raises:
            ClientError: when the table refuses; the lease then runs out by itself.
        """
        started = self._clock()
        cursor = self._channels.read(self._channel.id)
        self.read_until = cursor.ledger_at
        waiting = cursor.not_before is not None and started < cursor.not_before
        if waiting or cursor.leased_to_other(self._run_id, started):
            return None
        window = window_of(cursor, started, timedelta(days=self._channel.lookback_days))
        window = replace(window, proves=is_entered(cursor, started))
        self._progress.since = window.since
        source: Source | None = None
        failure: ChannelError | None = None
        try:
            try:
                source = open_source()
                for batch in source.read(window, cursor.marks):
                    self._store(batch, cursor)
            except ChannelError as error:
                failure = error
            return self._finish(source, cursor, window, started, failure)
        except LeaseError:
            return None

    def _store(self, batch: Batch, cursor: Cursor) -> None:
        """Store a batch before the next one is fetched. Known posts cost one read at most, and none in the overlap."""
        progress = self._progress
        seen = {*cursor.seen, *progress.seen}
        unseen = {version(post): post for post in batch.posts if version(post) not in seen}
        stored = self._posts.digests(unseen.values()) if unseen else {}
        new = revised = 0
        for post in unseen.values():
            if stored.get(post.key) == post.digest:
                continue
            self._hold(cursor)
            is_new = self._posts.add(post) if post.key not in stored else False
            # An erased post has no digest; one that is shown again is taken in again.
            if is_new or (stored.get(post.key) == "" and self._posts.readmit(post)):
                new += 1
                progress.undated += post.undated
            else:
                # A new version of a post that was stored before or came in this same batch.
                revised += self._posts.revise(post)
        for rejected in batch.rejected:
            if version(rejected) not in seen:
                self._hold(cursor)
                progress.rejected += self._posts.quarantine(rejected, self._clock())
        answered = self._answered(batch, cursor, seen)
        progress.new += new
        progress.revised += revised
        progress.duplicate += len(batch.posts) - new - revised
        progress.own += batch.own
        progress.too_old += batch.too_old
        progress.seen += [*unseen, *map(version, batch.rejected), *answered]
        created = [post.created_at for post in batch.posts]
        progress.youngest = max([*created, *filter(None, [progress.youngest])], default=None)
        progress.marks.update(batch.marks)
        progress.failed.update(batch.failed)
        progress.recovered.update(batch.recovered)

    def _answered(self, batch: Batch, cursor: Cursor, seen: set[str]) -> list[str]:
        """Tell the questions that the account itself answered; return the answers' names for the cursor's memory.

        A thread is read again and again with the same answers, and each is told only once.
        """
        told = {answer_name(native_id, at): (native_id, at) for native_id, at in batch.answers.items()}
        fresh = {name: answer for name, answer in told.items() if name not in seen}
        for native_id, at in fresh.values():
            self._hold(cursor)
            self._lanes.answered(f"{self._channel.kind}#{native_id}", at)
        return list(fresh)

    def _hold(self, cursor: Cursor) -> None:
        """Take the lease before the first write: a run that only reads disturbs nobody."""
        if not self._progress.held:
            now = self._clock()
            self._channels.lease(cursor, self._run_id, now, now + self._lease_for)
            self._progress.held = True

    def _finish(
        self, source: Source | None, cursor: Cursor, window: Window, started: datetime, failure: ChannelError | None
    ) -> Run:
        """Write the ledger, move the cursor up to what is stored, and release the channel."""
        now = self._clock()
        progress = self._progress
        stopped = isinstance(failure, StoppedError)
        reached_end = failure is None or isinstance(failure, ObjectsError)
        # Objects that failed earlier, and are read now, are read from where they were left.
        since = min(window.since, cursor.unread_since or window.since)
        cost = source.cost_usd if source is not None else 0.0
        keeps = source.keeps if source is not None else Source.keeps
        run = Run(
            channel=self._channel.id,
            run_id=self._run_id,
            started_at=started,
            finished_at=now,
            read_from=max(since, started - keeps),
            complete=failure is None,
            seen=progress.new + progress.revised + progress.duplicate,
            new=progress.new,
            duplicate=progress.duplicate,
            revised=progress.revised,
            rejected=progress.rejected,
            own=progress.own,
            too_old=progress.too_old,
            undated=progress.undated,
            calls=source.calls if source is not None else 0,
            cost_usd=cost,
            stopped=str(failure) if stopped else None,
            unread=len(failure.reasons) if isinstance(failure, ObjectsError) else 0,
            lost_from=failure.since if isinstance(failure, GapError) else None,
            lost_until=failure.until if isinstance(failure, GapError) else None,
            error=None if failure is None or stopped else f"{type(failure).__name__}: {failure}",
        )
        moved = with_refusals(moved_cursor(cursor, progress, started, failure), started, failure)
        moved = charged(moved, self._channel, cost, started)
        self.spent_usd = moved.spent_usd
        quiet = moved == cursor and reached_end and not progress.held
        if quiet and not window.proves:
            return run
        # A failed or stopped run left something unread, so only one that came to the end sets the time of reading.
        read_until = started if reached_end else cursor.ledger_at
        writes_cursor = reached_end or moved != cursor or progress.held
        if writes_cursor:
            self._hold(cursor)
        # Notices are written before the cursor that records them: after a death in between, the same key is used again.
        told = [permission_notice(self._channel, cursor, moved, failure, now)]
        if cost:
            told.append(budget_notice(self._channel, moved, now))
        for notice in filter(None, told):
            self._notices.add(notice)
        # The ledger is written before the cursor: what it says was read is stored, even if the cursor never moves.
        self._channels.record(run)
        if writes_cursor:
            after = moved.model_copy(update={"ledger_at": read_until, "floor": window.floor})
            self._channels.release(after, self._run_id)
        return run


def version(item: Post | Rejected) -> str:
    """Return the name of a post's version as the cursor remembers it. An edit gives a post another name."""
    return f"{item.native_id}@{item.digest if isinstance(item, Post) else ''}"


def answer_name(native_id: str, at: datetime) -> str:
    """Return the name of an answer as the cursor remembers it: no post has such a name, and a later answer another."""
    return f"{native_id}{ANSWERED}@{int(at.timestamp()):x}"


def is_due(channel: Channel, now: datetime) -> bool:
    """Tell whether a channel is to be read in this minute, by its `every_minutes`.

    The clock alone decides, so that no write is needed. Channels with the same interval are spread over it by their
    ids.
    """
    phase = zlib.crc32(channel.id.encode())
    return (int(now.timestamp()) // 60 + phase) % channel.every_minutes == 0


def is_entered(cursor: Cursor, started: datetime) -> bool:
    """Tell whether a complete run is entered in the ledger even if it finds nothing."""
    is_due = cursor.ledger_at is None or started - cursor.ledger_at >= QUIET_LEDGER
    return is_due or cursor.refusals > 0


def window_of(cursor: Cursor, now: datetime, lookback: timedelta) -> Window:
    """Return the part of the past that this run must cover, which never reaches back further than `lookback`.

    Older posts were decided long ago and may have been deleted here since: they must not come in again as new.
    """
    threads = now - lookback
    floor = threads if cursor.floor is None else max(cursor.floor, threads)
    since = floor if cursor.watermark is None else max(floor, cursor.watermark - OVERLAP)
    return Window(since, floor, threads, failing=cursor.failing, unread_since=cursor.unread_since)


def moved_cursor(cursor: Cursor, progress: _Progress, started: datetime, failure: ChannelError | None) -> Cursor:
    """Return the cursor after a run; the same cursor when nothing was found.

    A complete run moves the watermark to the youngest post it stored, but never past its own start, because
    platforms' clocks may run ahead. A run that missed only what is lost for ever does the same: waiting would not
    bring it back. So does a run that read all but some objects, which are remembered. A run that had to stop keeps the
    marks of the threads it finished, so that the next one continues after them. A run that failed moves nothing.
    """
    if isinstance(failure, ThrottledError):
        return cursor.model_copy(update={"not_before": started + failure.wait})
    if failure is not None and not isinstance(failure, StoppedError):
        return cursor
    marks = within({**without(cursor.marks, progress.marks), **progress.marks}, MARKS_BYTES)
    failing = failing_objects(cursor, progress, started, failure)
    unread_since = cursor.unread_since or progress.since if failing else None
    watermark = cursor.watermark
    is_read = failure is None or isinstance(failure, GapError | ObjectsError)
    if is_read and progress.failed.keys() <= failing.keys() and progress.youngest is not None:
        youngest = min(progress.youngest, started)
        watermark = youngest if watermark is None else max(watermark, youngest)
    kept = {"marks": marks, "watermark": watermark, "failing": failing, "unread_since": unread_since}
    if not progress.held and all(value == getattr(cursor, name) for name, value in kept.items()):
        return cursor
    before, met = by_id(cursor.seen), by_id(progress.seen)
    seen = within({**without(before, met), **met}, SEEN_BYTES)
    versions = tuple(f"{native_id}@{digest}" for native_id, digest in seen.items())
    return cursor.model_copy(update={**kept, "seen": versions, "not_before": None})


def failing_objects(
    cursor: Cursor, progress: _Progress, started: datetime, failure: ChannelError | None
) -> dict[str, FailingObject]:
    """Return the failing objects after a run that came to its end or had to stop; those that fail longest come first.

    A run without any failure has read everything. Else an object stays until it is read, and waits longer with every
    try.
    """
    failing = (
        {}
        if failure is None
        else {name: known for name, known in cursor.failing.items() if name not in progress.recovered}
    )
    for name, reason in progress.failed.items():
        known = failing.get(name)
        tries = 1 if known is None else known.tries + 1
        wait = min(RETRY_AFTER * 2 ** min(tries - 1, 20), LONGEST_RETRY)
        failing[name] = FailingObject(
            first_at=started if known is None else known.first_at, tries=tries, retry_at=started + wait, reason=reason
        )
    return dict(sorted(failing.items(), key=lambda item: item[1].first_at)[:MOST_FAILING])


def charged(cursor: Cursor, channel: Channel, cost: float, started: datetime) -> Cursor:
    """Return the cursor with a run's cost on the month's bill, and with the pause that the channel's budget demands."""
    if not cost:
        return cursor
    spent = spent_this_month(cursor.spent_usd, cursor.spent_at, started) + cost
    wait_until = started + pause_after(channel, spent, started)
    return cursor.model_copy(
        update={
            "spent_usd": round(spent, 6),
            "spent_at": started,
            "not_before": max(wait_until, cursor.not_before or wait_until),
        }
    )


def by_id(versions: Iterable[str]) -> dict[str, str]:
    """Return the last digest of each native id in `versions`. The last one counts, because an edit may be undone."""
    return {native_id: digest for native_id, _, digest in (name.rpartition("@") for name in versions)}


def without(marks: dict[str, str], changed: dict[str, str]) -> dict[str, str]:
    """Return `marks` without those that changed; the caller appends these at the end, as the youngest."""
    return {name: mark for name, mark in marks.items() if changed.get(name, mark) == mark}


def within(entries: dict[str, str], limit: int) -> dict[str, str]:
    """Return the youngest entries that fit into `limit` bytes. Forgotten ones are read again, never missed."""
    kept: dict[str, str] = {}
    size = 0
    for name, value in reversed(entries.items()):
        size += len(name.encode()) + len(value.encode())
        if size > limit:
            break
        kept[name] = value
    return dict(reversed(kept.items()))
