"""How long nobody has written on a channel, and whether that is unusual at this hour."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

HISTORY: Final = timedelta(days=28)
"""How far back arrivals are looked at to find the usual gap: four of each weekday."""
SILENT_AFTER: Final = timedelta(hours=6)
"""A shorter silence is never unusual."""
SILENT_TIMES: Final = 3
"""A silence is unusual when it is longer than this many times the usual one, and longer than `SILENT_AFTER`."""

_SHARE: Final = 0.95
_DAYS_NEEDED: Final = 7
_GAPS_NEEDED: Final = 5
_DAY: Final = timedelta(days=1)
_HOUR: Final = timedelta(hours=1)


@dataclass(frozen=True)
class Silence:
    """How long nobody has written on a channel, and how long is usual there at this hour."""

    lasting: timedelta | None
    """How long nobody has written; None when nobody ever has."""
    usual: timedelta | None
    """Nineteen times out of twenty the silence is not longer than this; None while too little is known."""

    @property
    def is_unusual(self) -> bool:
        """Whether the silence is so long that posts may be missed without an error."""
        return (
            self.lasting is not None
            and self.usual is not None
            and self.lasting > max(SILENT_TIMES * self.usual, SILENT_AFTER)
        )


def usual_gap(arrivals: Collection[datetime], now: datetime) -> timedelta | None:
    """Return the silence that is not exceeded at this hour nineteen times out of twenty; None when too little is known.

    For each past day the silence is measured at this hour, an hour earlier and an hour later. So a nightly silence, as
    of an office's account, is usual at night. With less than a week of arrivals, the gaps between them are taken,
    whatever the hour. WIB has no summer time, so the same hour lies whole days back.
    """
    times = sorted({moment for moment in arrivals if now - HISTORY <= moment <= now})
    ages: list[timedelta] = []
    days = 0
    for day in range(1, HISTORY.days + 1):
        # After the last arrival begins the present silence, which must not become usual by lasting.
        moments = [
            moment for shift in (-1, 0, 1) if times and (moment := now - day * _DAY + shift * _HOUR) <= times[-1]
        ]
        known = [(moment, bisect_right(times, moment)) for moment in moments]
        found = [moment - times[position - 1] for moment, position in known if position > 0]
        days += bool(found)
        ages += found
    if days >= _DAYS_NEEDED:
        return _nineteen_of_twenty(ages)
    gaps = [later - earlier for earlier, later in pairwise(times)]
    return _nineteen_of_twenty(gaps) if len(gaps) >= _GAPS_NEEDED else None


def _nineteen_of_twenty(spans: Collection[timedelta]) -> timedelta:
    ordered = sorted(spans)
    return ordered[min(int(_SHARE * len(ordered)), len(ordered) - 1)]
