"""What the ledger proves: which parts of an interval were read completely, which were not, and why.

A complete run that started at S and read from R has read everything written between R and S. Quiet runs leave no
entry, but the next entry reaches back over them, so entries alone are enough. What no entry proves is a gap, also
when it is only that the next entry is not written yet. What a run found lost is a gap for ever, whatever other runs
claim: an entry that left a feed unread bears a time of which they knew nothing.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from aduan.channel import Run

State = Literal["read", "read_late", "unread"]

NO_RUN: Final = "no_run"
"""No run started in the gap, or none lived to write its entry."""
NOT_YET_READ: Final = "not_yet_read"
"""There is no complete run after it yet; the next one may still reach back over it."""
BEFORE_FIRST_RUN: Final = "before_first_run"
"""It was written before Aduan began with the channel, and is left alone for ever."""
FORGOTTEN: Final = "forgotten"
"""The ledger no longer holds the runs of that time."""
LOST: Final = "lost"
"""What was written then was out of reach, or may have been, when it was looked for."""
STOPPED: Final = "stopped"
"""Runs ended early without a fault; the detail says at what."""


@dataclass(frozen=True)
class Reason:
    """Why something was not read, or not when it should have been: all runs that ended in the same way."""

    code: str
    """One of this module's codes, or the class of an error as the ledger names it."""
    detail: str | None = None
    """What the ledger says besides, e.g. the platform's error code; never a body or a token."""
    first: datetime | None = None
    last: datetime | None = None
    runs: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of the interval about which the ledger says one thing. `until` itself is not in it."""

    since: datetime
    until: datetime
    state: State
    reasons: tuple[Reason, ...] = ()
    """Why it is unread, or was read late."""
    read_at: datetime | None = None
    """When the run ended that read it late after all."""

    @property
    def is_covered(self) -> bool:
        """Whether everything written in it was read."""
        return self.state != "unread"


@dataclass(frozen=True)
class Bounds:
    """What is known about the ledger itself."""

    looked_until: datetime
    """Runs up to here were looked for."""
    began: datetime | None = None
    """Where reading of the channel began, if it did."""
    forgotten_before: datetime | None = None
    """Entries of runs before this may be gone."""

    @classmethod
    def of(cls, now: datetime, kept_for: timedelta, first: Run | None, looked_until: datetime | None) -> Bounds:
        """Tell them from the first complete run there is in the ledger, which keeps an entry for `kept_for`.

        A first entry as old as the ledger's memory is hardly the first there ever was. The cursor's own floor is no
        help: it moves on with the time that may still be looked back at.
        """
        forgotten = now - kept_for
        is_first = first is not None and first.started_at > forgotten + timedelta(days=1)
        return cls(looked_until or now, first.read_from if first is not None and is_first else None, forgotten)


def coverage(runs: Iterable[Run], since: datetime, until: datetime, bounds: Bounds) -> tuple[Stretch, ...]:
    """Split the interval into stretches, in order and without a hole.

    `runs` are those that started in the interval, at least the first complete one after it, and all that found
    something of it lost, in any order. More of them never make less covered, but for what they found lost.

    Raises:
        ValueError: when the interval is empty.
    """
    if since >= until:
        raise ValueError("the interval is empty")
    ordered = sorted(runs, key=lambda run: run.started_at)
    # What found something lost has read all the rest.
    complete = [run for run in ordered if run.complete or run.lost_until is not None]
    failing = _Failing([run for run in ordered if not run.complete and run.lost_until is None])
    unread = [(since, until)]
    stretches: list[Stretch] = []
    for run in complete:
        if run.lost_from is not None and run.lost_until is not None:
            reason = Reason(LOST, None, run.started_at, run.started_at, 1)
            lost = _take(unread, max(run.lost_from, since), min(run.lost_until, until))
            stretches += [Stretch(start, end, "unread", (reason,)) for start, end in lost]
    for run in complete:
        for start, end in _take(unread, max(run.read_from, since), min(run.started_at, until)):
            reasons = failing.between(start, run.started_at)
            if reasons:
                stretches.append(Stretch(start, end, "read_late", reasons, run.finished_at))
            else:
                stretches.append(Stretch(start, end, "read"))
    reached = complete[-1].started_at if complete else None
    for start, end in unread:
        stretches += _gaps(start, end, failing, bounds, is_last=reached is None or start >= reached)
    return _joined(stretches)


def is_complete(stretches: Iterable[Stretch]) -> bool:
    """Tell whether everything was read."""
    return all(stretch.is_covered for stretch in stretches)


class _Failing:
    """Incomplete runs in the order of their start."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self._runs = runs
        self._starts = [run.started_at for run in runs]

    def between(self, since: datetime, until: datetime) -> tuple[Reason, ...]:
        """Why those ended that started from `since` on and before `until`: the earliest reason first."""
        alike: dict[tuple[str, str | None], list[Run]] = {}
        for run in self._runs[bisect_left(self._starts, since) : bisect_left(self._starts, until)]:
            alike.setdefault(_ending(run), []).append(run)
        return tuple(
            Reason(code, detail, runs[0].started_at, runs[-1].started_at, len(runs))
            for (code, detail), runs in alike.items()
        )


def _ending(run: Run) -> tuple[str, str | None]:
    if run.error is None:
        return STOPPED, run.stopped
    code, _, detail = run.error.partition(": ")
    return code, detail or None


def _take(
    unread: list[tuple[datetime, datetime]], since: datetime, until: datetime
) -> Iterable[tuple[datetime, datetime]]:
    """Take out of `unread`, which is in order, what lies between `since` and `until`, and return it.

    Only the end of the list is looked at: runs come in the order of their start, so that little lies behind.
    """
    taken: list[tuple[datetime, datetime]] = []
    behind: list[tuple[datetime, datetime]] = []
    while since < until and unread and unread[-1][1] > since:
        start, end = unread.pop()
        if end > until:
            behind.append((max(start, until), end))
        if start < until:
            taken.append((max(start, since), min(end, until)))
        if start < since:
            unread.append((start, since))
    unread += reversed(behind)
    return taken


def _gaps(start: datetime, end: datetime, failing: _Failing, bounds: Bounds, *, is_last: bool) -> Iterable[Stretch]:
    """Split what is unread where the reason for it changes."""
    if bounds.began is not None and start < bounds.began:
        upper = min(end, bounds.began)
        yield Stretch(start, upper, "unread", (Reason(BEFORE_FIRST_RUN),))
        start = upper
    if bounds.forgotten_before is not None and start < min(end, bounds.forgotten_before):
        upper = min(end, bounds.forgotten_before)
        yield Stretch(start, upper, "unread", (Reason(FORGOTTEN), *failing.between(start, upper)))
        start = upper
    if start == end:
        return
    reasons = failing.between(start, end)
    if is_last:
        reasons = (Reason(NOT_YET_READ, last=bounds.looked_until), *reasons)
    yield Stretch(start, end, "unread", reasons or (Reason(NO_RUN),))


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Put them into order, and neighbours of which nothing more is to be said than that they were read into one."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda stretch: stretch.since):
        if joined and joined[-1].state == stretch.state == "read":
            joined[-1] = Stretch(joined[-1].since, stretch.until, "read")
        else:
            joined.append(stretch)
    return tuple(joined)
