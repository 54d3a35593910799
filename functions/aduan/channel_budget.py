"""How a channel that costs money spends its month's budget: evenly, and never dark without somebody hearing. Pure.

Platforms that charge do so for what they return, so a poll that finds nothing is free, and the guard only has to wait
after one that cost something.
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
"""However fast a budget goes, a channel is read once a day until it is gone."""

RECHECK_SHARE: Final = 0.5
"""How much of what the month has allowed so far may be gone for deletions to be asked about."""


@dataclass(frozen=True)
class BudgetState:
    """How far a channel has come with the budget of the present month."""

    limit_usd: float
    spent_usd: float
    interval: timedelta
    """How often it is read: in its own rhythm, unless the money has to last and the pauses are longer."""
    paused_until: datetime | None
    """How long the pause lasts, or lasted, that the last poll which cost something was followed by."""
    not_before: datetime | None
    """Before this moment it is not read; None when nothing makes it wait."""

    @property
    def is_dark(self) -> bool:
        """Whether it waits for the next month, because the money is gone."""
        return self.not_before is not None and self.spent_usd >= self.limit_usd


def budget_state(channel: Channel, cursor: Cursor, now: datetime) -> BudgetState | None:
    """Say how a channel's budget stands; None when reading it costs nothing."""
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
    """Return what of `spent`, counted up to `since`, belongs to the month of `now`: all or nothing."""
    return spent if since is not None and _month(since) == _month(now) else 0.0


def pause_after(channel: Channel, spent: float, now: datetime) -> timedelta:
    """Return how long to wait after a poll that cost something, `spent` being the month's total with it.

    As long as the money goes no faster than the month, the channel keeps its rhythm. When it goes faster, the channel
    waits until the month has caught up, and when it is gone, for the next month.
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
    """Return how much may be spent on asking again about what was read, in USD; `spent` is the month's total.

    Reading goes first: it is never made to wait by this, and keeps the other half for days on which many write.
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
    """Begin and end of the month, in WIB."""
    year, month = _month(now)
    begin = datetime(year, month, 1, tzinfo=WIB)
    return begin, begin + timedelta(days=monthrange(year, month)[1])
