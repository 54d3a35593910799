"""When the offices are open, and when limits end, in WIB. Weekends, national holidays and cuti bersama are days off.

The days off are in `days_off.json`, which names its sources. In a year it does not have, only weekends are days off: a
due date a few days early is better than a ticket that cannot be opened.
"""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aduan.record import WIB

if TYPE_CHECKING:
    from aduan.directory import Limit

OFFICE_OPENS: Final = time(8, 0)
OFFICE_CLOSES: Final = time(16, 0)
"""16:00 WIB. "Due on Tuesday" means that the department has all working hours of Tuesday, and that a reminder or an
escalation at the due moment reaches nobody at midnight."""
SATURDAY: Final = 5
_FILE: Final = Path(__file__).parent / "directory_data" / "days_off.json"
DAYS_OFF: Final = frozenset(
    day for days in json.loads(_FILE.read_text(encoding="utf-8"))["years"].values() for day in days
)
"""National holidays and joint leave (cuti bersama), as texts like ``2026-08-17``."""


def due_at(begun_at: datetime, limit: Limit) -> datetime:
    """Return the moment, in UTC, at which a limit that began at `begun_at` ends.

    A limit in working days ends when the offices close on the last of them; the day it began is not counted. A limit
    in minutes or days runs through nights and holidays.
    """
    if limit.working_days is None:
        return begun_at.astimezone(UTC) + timedelta(days=limit.days or 0, minutes=limit.minutes or 0)
    day = working_day(begun_at.astimezone(WIB).date(), limit.working_days)
    return datetime.combine(day, OFFICE_CLOSES, WIB).astimezone(UTC)


def office_time(moment: datetime) -> datetime:
    """Return a moment at which the offices are open, otherwise the moment when they next open; in UTC."""
    local = moment.astimezone(WIB)
    day = local.date()
    if is_working_day(day) and local.time() < OFFICE_CLOSES:
        return max(local, datetime.combine(day, OFFICE_OPENS, WIB)).astimezone(UTC)
    return morning(working_day(day, 1))


def morning(day: date) -> datetime:
    """Return when the offices open on a day, in UTC."""
    return datetime.combine(day, OFFICE_OPENS, WIB).astimezone(UTC)


def working_day(day: date, number: int) -> date:
    """Return the working day that is `number` working days after a day, before it if negative; the day itself for 0."""
    step = timedelta(days=1 if number > 0 else -1)
    for _ in range(abs(number)):
        day += step
        while not is_working_day(day):
            day += step
    return day


def is_working_day(day: date) -> bool:
    """Tell whether the county's offices are open on a day."""
    return day.weekday() < SATURDAY and day.isoformat() not in DAYS_OFF
