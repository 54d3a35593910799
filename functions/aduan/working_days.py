"""When a ticket is due: working days in WIB, without weekends, national holidays and joint leave (cuti bersama).

The days off lie in `days_off.json`, which says where they come from. In a year it does not know, only weekends are
free: a due date that is a few days early is better than a ticket that cannot be opened.
"""

import json
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

from aduan.record import WIB

if TYPE_CHECKING:
    from aduan.directory import Deadline

OFFICE_CLOSES: Final = time(16, 0)
"""16:00 WIB, when the offices close: "due on Tuesday" means that all of Tuesday's working hours are theirs, and what
happens at the due moment (a reminder, an escalation) reaches nobody at midnight."""
SATURDAY: Final = 5
_FILE: Final = Path(__file__).parent / "directory_data" / "days_off.json"
DAYS_OFF: Final = frozenset(
    day for days in json.loads(_FILE.read_text(encoding="utf-8"))["years"].values() for day in days
)
"""National holidays and joint leave, as ``2026-08-17``."""


def due_at(opened_at: datetime, deadline: "Deadline") -> datetime:
    """Give the moment, in UTC, by which a ticket opened at `opened_at` is to be answered.

    A deadline in working days ends when the offices close on the last of them; the day of opening is not counted.
    A deadline in minutes runs through nights and holidays.

    Raises:
        ValueError: when the deadline has neither working days nor minutes.
    """
    if deadline.minutes is not None:
        return opened_at.astimezone(UTC) + timedelta(minutes=deadline.minutes)
    if deadline.working_days is None:
        raise ValueError(f"Deadline {deadline.code} has neither working days nor minutes.")
    day = opened_at.astimezone(WIB).date()
    for _ in range(deadline.working_days):
        day = _next_working_day(day)
    return datetime.combine(day, OFFICE_CLOSES, WIB).astimezone(UTC)


def is_working_day(day: date) -> bool:
    """Tell whether the county's offices are open on a day."""
    return day.weekday() < SATURDAY and day.isoformat() not in DAYS_OFF


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day
