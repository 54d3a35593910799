from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import Limit
from aduan.directory_loading import load_directory
from aduan.record import WIB
from aduan.working_days import DAYS_OFF, due_at, is_working_day, office_time, working_day
from infra.days_off import FILE, days_off

LIMITS = load_directory().limits
moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 # bounds are naive
lengths = st.integers(1, 60)


def working_days(number: int) -> Limit:
    return LIMITS["respond"].model_copy(update={"working_days": number})


def wib(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=WIB)


@given(moments, lengths)
def test_due_dates_fall_on_working_days_when_the_offices_close(opened_at: datetime, number: int) -> None:
    """Whatever the moment, a ticket is due at 16:00 WIB on a day that is neither weekend nor holiday."""
    due = due_at(opened_at, working_days(number))
    local = due.astimezone(WIB)
    assert due.tzinfo is UTC
    assert local.time() == time(16)
    assert local.weekday() < 5
    assert local.date().isoformat() not in DAYS_OFF


@given(moments, moments, lengths)
def test_a_later_ticket_is_never_due_earlier(one: datetime, other: datetime, number: int) -> None:
    """A ticket opened later is due at the same time or later."""
    earlier, later = sorted((one, other))
    assert due_at(earlier, working_days(number)) <= due_at(later, working_days(number))


@given(moments, lengths)
def test_exactly_the_given_number_of_working_days_lies_between(opened_at: datetime, number: int) -> None:
    """From the day after opening to the due day there are as many working days as the deadline says."""
    first = opened_at.astimezone(WIB).date()
    last = due_at(opened_at, working_days(number)).astimezone(WIB).date()
    between = [first + timedelta(days=count) for count in range(1, (last - first).days + 1)]
    assert sum(is_working_day(day) for day in between) == number


@given(moments, st.integers(1, 10_000))
def test_an_emergency_runs_through_nights_and_holidays(opened_at: datetime, minutes: int) -> None:
    """A limit in minutes or days ends that much later, on any day."""
    emergency = LIMITS["emergency_respond"].model_copy(update={"minutes": minutes})
    assert due_at(opened_at, emergency) == opened_at + timedelta(minutes=minutes)
    assert due_at(opened_at, LIMITS["contradiction"]) == opened_at + timedelta(days=14)


@pytest.mark.parametrize(
    ("opened", "number", "due"),
    [
        pytest.param(wib(2026, 11, 3), 13, date(2026, 11, 20), id="three weeks without a holiday"),
        pytest.param(wib(2026, 3, 17), 1, date(2026, 3, 25), id="Nyepi, Idul Fitri and their joint leave, 18-24 March"),
        pytest.param(wib(2026, 2, 13), 1, date(2026, 2, 18), id="joint leave and Imlek after a weekend"),
        pytest.param(wib(2026, 5, 26), 1, date(2026, 5, 29), id="Idul Adha and its joint leave"),
        pytest.param(wib(2026, 8, 14), 1, date(2026, 8, 18), id="Independence Day on a Monday"),
        pytest.param(wib(2026, 12, 23), 2, date(2026, 12, 29), id="Christmas and its joint leave"),
        pytest.param(wib(2026, 12, 31), 1, date(2027, 1, 4), id="New Year on a Friday, in the next year's list"),
        pytest.param(wib(2026, 11, 7), 1, date(2026, 11, 9), id="opened on a Saturday"),
        pytest.param(wib(2026, 11, 6, 23), 1, date(2026, 11, 9), id="Friday night in WIB is Friday"),
    ],
)
def test_known_dates_of_2026(opened: datetime, number: int, due: date) -> None:
    """The decree's holidays and joint leave of 2026 are days off."""
    assert due_at(opened, working_days(number)).astimezone(WIB).date() == due


def test_the_day_is_counted_in_wib() -> None:
    """Eighteen hours UTC is already the next day in Sleman."""
    assert due_at(datetime(2026, 11, 3, 18, tzinfo=UTC), working_days(1)) == datetime(2026, 11, 5, 9, tzinfo=UTC)


@given(moments)
def test_office_time_is_the_first_moment_at_which_the_offices_are_open(moment: datetime) -> None:
    """Within office hours it is the moment itself; no office hour lies between the moment and it."""
    opening = office_time(moment)
    local = opening.astimezone(WIB)
    assert opening >= moment
    assert is_working_day(local.date())
    assert time(8) <= local.time() < time(16)
    if opening > moment:
        assert local.time() == time(8)
        assert working_day(local.date(), -1) <= moment.astimezone(WIB).date()


@given(moments, lengths)
def test_working_days_are_counted_the_same_both_ways(moment: datetime, number: int) -> None:
    """Counting working days forward and then back leads to the day it began with."""
    day = working_day(moment.date(), 1)
    assert working_day(working_day(day, number), -number) == day


def test_the_shipped_days_off_are_the_librarys() -> None:
    """The file holds what `python -m infra.days_off` would write today."""
    assert json.loads(FILE.read_text(encoding="utf-8")) == days_off()
