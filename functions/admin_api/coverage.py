"""What the ledger proves: which parts of an interval were read completely, which were not, and why.

A complete run that started at S and read from R has read everything written between R and S. Quiet runs leave no
entry, but the next entry reaches back over them, so the entries are enough. A part that no entry proves to be read is
a gap, even if only because the next entry is not written yet. A part that a run found lost is a gap for ever, even
where other runs claim to have read it: an entry that left a feed before it was read may bear a time that they covered.
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
"""No run started in the gap, or none of them lived to write its entry."""
NOT_YET_READ: Final = "not_yet_read"
"""There is no complete run after the gap yet; the next one may still reach back over it."""
BEFORE_FIRST_RUN: Final = "before_first_run"
"""The gap lies before Aduan began with the channel, and is never read."""
FORGOTTEN: Final = "forgotten"
"""The ledger no longer holds the runs of that time."""
LOST: Final = "lost"
"""Posts of that time were, or may have been, out of reach when a run looked for them."""
STOPPED: Final = "stopped"
"""Runs ended early without a fault; the detail says why."""


@dataclass(frozen=True)
class Reason:
    """Why something was not read, or was read late: all the runs that ended in the same way."""

    code: str
    """One of this module's codes, or the class of an error as the ledger names it."""
    detail: str | None = None
    """What else the ledger says, such as the platform's error code; never a body or a token."""
    first: datetime | None = None
    last: datetime | None = None
    runs: int = 0


@dataclass(frozen=True)
class Stretch:
    """A part of the interval with one state and one reason. `until` itself is not in it."""

    since: datetime
    until: datetime
    state: State
    reasons: tuple[Reason, ...] = ()
    """Why the stretch is unread, or was read late."""
    read_at: datetime | None = None
    """When the run that read it late ended."""

    @property
    def is_covered(self) -> bool:
        """Whether everything written in the stretch was read."""
        return self.state != "unread"


@dataclass(frozen=True)
class Bounds:
    """How far the ledger reaches, and how far it was searched."""

    looked_until: datetime
    """Runs that started up to this moment were looked for."""
    began: datetime | None = None
    """The earliest moment from which the channel was read; None when that is not known."""
    forgotten_before: datetime | None = None
    """Entries of runs before this may be gone."""

    @classmethod
    def of(cls, now: datetime, kept_for: timedelta, first: Run | None, looked_until: datetime | None) -> Bounds:
        """Work out the bounds from the first complete run in the ledger, which keeps an entry for `kept_for`.

        If that run is as old as the ledger's memory, it is hardly the channel's first, so `began` is not known. The
        cursor's own floor does not help: it moves on with the time that may still be looked back at.
        """
        forgotten = now - kept_for
        is_first = first is not None and first.started_at > forgotten + timedelta(days=1)
        return cls(looked_until or now, first.read_from if first is not None and is_first else None, forgotten)


def coverage(runs: Iterable[Run], since: datetime, until: datetime, bounds: Bounds) -> tuple[Stretch, ...]:
    """Split the interval into stretches, in order and without a hole.

    Args:
        runs: The runs that started in the interval, at least the first complete one after it, and all that found
            part of it lost; in any order. A further run never makes less covered, except for what it found lost.
        since: Where the interval begins.
        until: Where it ends.
        bounds: How far the ledger reaches.

    Raises:
        ValueError: when the interval is empty.
    """
    if since >= until:
        raise ValueError("the interval is empty")
    ordered = sorted(runs, key=lambda run: run.started_at)
    # A run that found something lost has read all the rest.
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
        """Return why the runs that started at `since` or later, but before `until`, failed; earliest reason first."""
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
    """Take what lies between `since` and `until` out of `unread`, which is in order, and return it.

    Only the end of the list is searched: runs come in the order of their start, so that little lies after them.
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
    """Split an unread part where the reason for it changes."""
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
    """Put stretches into order, and join neighbours that were both read in time."""
    joined: list[Stretch] = []
    for stretch in sorted(stretches, key=lambda stretch: stretch.since):
        if joined and joined[-1].state == stretch.state == "read":
            joined[-1] = Stretch(joined[-1].since, stretch.until, "read")
        else:
            joined.append(stretch)
    return tuple(joined)
