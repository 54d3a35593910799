"""When a ticket is due: working days in WIB, without weekends, national holidays and joint leave (cuti bersama).

Holidays come from the library `holidays`, which follows the yearly joint decree of three ministers. A year whose
decree is not out yet has estimated feasts and no joint leave; updating the library's pin brings them in.
"""

import functools
from datetime import UTC, date, datetime, time, timedelta
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aduan.record import WIB

if TYPE_CHECKING:
    from aduan.directory import Deadline

OFFICE_CLOSES: Final = time(16, 0)
"""16:00 WIB, when the offices close: "due on Tuesday" means that all of Tuesday's working hours are theirs, and what
happens at the due moment (a reminder, an escalation) reaches nobody at midnight."""
SATURDAY: Final = 5


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
    return day.weekday() < SATURDAY and day not in days_off(day.year)


@functools.cache
def days_off(year: int) -> frozenset[date]:
    """National holidays and joint leave of one year; worked out when a date of that year is first asked for."""
    return frozenset(_indonesia()(years=year, categories=("public", "government")))


def _next_working_day(day: date) -> date:
    day += timedelta(days=1)
    while not is_working_day(day):
        day += timedelta(days=1)
    return day


@functools.cache
def _indonesia() -> Any:
    """The library's class for Indonesia, from its one file.

    The ordinary import runs the package `holidays.countries`, which loads every country: 100 ms instead of 30.
    """
    package = find_spec("holidays")
    if package is None or package.origin is None:
        raise ModuleNotFoundError("The library holidays is not installed.", name="holidays")
    file = Path(package.origin).with_name("countries") / "indonesia.py"
    spec = spec_from_file_location("aduan_holidays_indonesia", file)
    if spec is None or spec.loader is None:
        raise ModuleNotFoundError("The library holidays has no file for Indonesia.", name="holidays")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Indonesia


_indonesia()  # at import: a cold start's first phase has a whole CPU, the first call only its share
