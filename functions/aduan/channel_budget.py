"""Spreads a channel's monthly budget evenly over the month, for channels that cost money to read. Pure.

Platforms charge for what they return. So a poll that finds nothing is free, and a pause is needed only after a poll
that cost something.
"""

from __future__ import annotations

import math
from calendar import monthrange
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.record import WIB

if TYPE_CHECKING:
    from aduan.channel import Cursor
    from aduan.directory import Channel

LONGEST_PAUSE: Final = timedelta(days=1)
"""However fast the budget goes, the channel is read once a day until the money is gone."""

RECHECK_SHARE: Final = 0.5
"""Deletions are asked about only while less than this share of what the month has allowed so far is spent."""


@dataclass(frozen=True)
class BudgetState:
    """How a channel's budget for the present month stands."""

    limit_usd: float
    spent_usd: float
    interval: timedelta
    """Time between two polls: the channel's own rhythm, or the present pause if that is longer."""
    paused_until: datetime | None
    """End of the pause, even a past one, after the last poll that cost something; None when no poll did."""
    not_before: datetime | None
    """The channel is not read before this moment; None when nothing makes it wait."""

    @property
    def is_dark(self) -> bool:
        """Whether the channel waits for the next month because the money is gone."""
        return self.not_before is not None and self.spent_usd >= self.limit_usd


def budget_state(channel: Channel, cursor: Cursor, now: datetime) -> BudgetState | None:
    """Return how a channel's budget stands; None when the channel has no budget because reading it costs nothing."""
    if channel.monthly_budget_usd is None:
        return None
    rhythm = timedelta(minutes=channel.every_minutes)
    pause, paused_until = timedelta(0), None
    if cursor.spent_at is not None:
        pause = pause_after(channel, cursor.spent_usd, cursor.spent_at)
        paused_until = cursor.spent_at + pause
    is_waiting = cursor.not_before is not None and cursor.not_before > now
    is_paused = paused_until is not None and paused_until > now
    return BudgetState(
        limit_usd=channel.monthly_budget_usd,
        spent_usd=spent_this_month(cursor.spent_usd, cursor.spent_at, now),
        interval=max(rhythm, pause) if is_paused else rhythm,
        paused_until=paused_until,
        not_before=cursor.not_before if is_waiting else None,
    )


def spent_this_month(spent: float, since: datetime | None, now: datetime) -> float:
    """Return `spent` if it was last added to in the month of `now`, else 0; `since` is when that was. All in USD."""
    return spent if since is not None and _month(since) == _month(now) else 0.0


def pause_after(channel: Channel, spent: float, now: datetime) -> timedelta:
    """Return how long to wait after a poll that cost something; `spent` is the month's total including that poll.

    While the money goes no faster than the month, there is no pause. When it goes faster, the channel waits until the
    month has caught up, but at most `LONGEST_PAUSE`. When it is gone, the channel waits for the next month.
    """
    budget = channel.monthly_budget_usd
    if budget is None:
        return timedelta(0)
    begin, end = _bounds(now)
    if spent >= budget:
        return end - now
    planned = begin + (end - begin) * (spent / budget)
    return min(max(planned - now, timedelta(0)), LONGEST_PAUSE)


def to_spare(channel: Channel, spent: float, now: datetime) -> float:
    """Return how many USD may be spent on asking whether posts are still there; `spent` is the month's total.

    Reading new posts comes first: the rest of the budget is kept for days on which many people write.
    """
    budget = channel.monthly_budget_usd
    if budget is None:
        return math.inf
    begin, end = _bounds(now)
    return max(RECHECK_SHARE * budget * ((now - begin) / (end - begin)) - spent, 0.0)


def is_exhausted(channel: Channel, spent: float) -> bool:
    """Tell whether the month's budget is gone."""
    return channel.monthly_budget_usd is not None and spent >= channel.monthly_budget_usd


def _month(moment: datetime) -> tuple[int, int]:
    local = moment.astimezone(WIB)
    return local.year, local.month


def _bounds(now: datetime) -> tuple[datetime, datetime]:
    """Return the beginning and the end of the month of `now`, in WIB."""
    year, month = _month(now)
    begin = datetime(year, month, 1, tzinfo=WIB)
    return begin, begin + timedelta(days=monthrange(year, month)[1])
