from __future__ import annotations

from datetime import datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import SendingRule
from aduan.directory_loading import load_directory
from aduan.quiet_hours import Hold, digest_after, held, hold, is_quiet, opens_at, quiet_since
from aduan.record import WIB
from aduan.working_days import is_working_day
from tests.builders import a_channel_notice, a_notice

SENDING = load_directory().sending
OFFICE = SENDING.default
AWAKE = SENDING.departments["bpbd"]
DAILY = OFFICE.model_copy(update={"ordinary": "digest"})

moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda moment: moment.replace(tzinfo=WIB))  # noqa: DTZ001 # the zone is put on
rules = st.sampled_from(
    [
        OFFICE,
        AWAKE,
        DAILY,
        OFFICE.model_copy(update={"quiet_on_days_off": False}),
        AWAKE.model_copy(update={"quiet_on_days_off": True}),
    ]
)


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time in November 2026; the 3rd is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


@given(rules, moments)
def test_what_opens_is_open_and_nothing_before_it_was(rule: SendingRule, now: datetime) -> None:
    """The opening is the first moment from now on that is not quiet: every minute before it is quiet."""
    opening = opens_at(rule, now)
    assert opening >= now
    assert not is_quiet(rule, opening)
    minutes = range(0, int((opening - now) / timedelta(minutes=1)), 17)
    assert all(is_quiet(rule, now + timedelta(minutes=minute)) for minute in minutes)


@given(rules, moments)
def test_a_digest_goes_at_its_hour_on_the_next_day_that_is_awake(rule: SendingRule, now: datetime) -> None:
    """The digest is in the future, at the rule's time in WIB, outside quiet hours, on the first possible day."""
    digest = digest_after(rule, now)
    assert digest > now
    assert digest.astimezone(WIB).time() == rule.digest_at
    assert not is_quiet(rule, digest)
    day = digest.astimezone(WIB) - timedelta(days=1)
    while day > now:
        assert rule.quiet_on_days_off
        assert not is_working_day(day.date())
        day -= timedelta(days=1)


@given(rules, moments)
def test_a_quiet_time_began_where_the_last_open_one_ended(rule: SendingRule, now: datetime) -> None:
    """It is quiet from the beginning until now and was not just before; an open moment is its own beginning."""
    since = quiet_since(rule, now)
    assert is_quiet(rule, now) or since == now
    assert since <= now
    if since < now:
        assert not is_quiet(rule, since - timedelta(microseconds=1))
        minutes = range(0, int((now - since) / timedelta(minutes=1)), 17)
        assert all(is_quiet(rule, since + timedelta(minutes=minute)) for minute in minutes)


def test_at_the_very_minute_the_next_digest_is_tomorrows() -> None:
    """A notice that arrives while a digest is written goes into the next one."""
    assert digest_after(OFFICE, wib(3, 7, 29)) == wib(3, 7, 30)
    assert digest_after(OFFICE, wib(3, 7, 30)) == wib(4, 7, 30)


def test_the_county_sleeps_from_eight_to_half_past_six() -> None:
    """The quiet hours begin at 20:00 and end at 06:30, to the minute."""
    assert not is_quiet(OFFICE, wib(3, 19, 59))
    assert opens_at(OFFICE, wib(3, 20)) == wib(4, 6, 30)
    assert opens_at(OFFICE, wib(4, 6, 29)) == wib(4, 6, 30)
    assert not is_quiet(OFFICE, wib(4, 6, 30))


def test_a_weekend_and_a_holiday_are_quiet() -> None:
    """Friday night and Saturday noon wait for Monday; Christmas waits until the joint leave is over."""
    assert opens_at(OFFICE, wib(6, 21)) == wib(9, 6, 30)
    assert opens_at(OFFICE, wib(7, 12)) == wib(9, 6, 30)
    eve = datetime(2026, 12, 23, 21, tzinfo=WIB)
    assert opens_at(OFFICE, eve) == datetime(2026, 12, 28, 6, 30, tzinfo=WIB)


def test_whoever_is_on_call_is_never_asleep() -> None:
    """A department without quiet hours is told at night and on Sunday."""
    assert not is_quiet(AWAKE, wib(8, 3))


def test_days_off_alone_end_at_midnight() -> None:
    """A department that is quiet only on days off is told from the first minute of Monday."""
    rule = AWAKE.model_copy(update={"quiet_on_days_off": True})
    assert opens_at(rule, wib(7, 12)) == datetime.combine(wib(9, 0).date(), time.min, WIB)


@given(rules, moments)
def test_an_emergency_is_held_by_nothing(rule: SendingRule, now: datetime) -> None:
    """Neither night nor holiday nor digest delays an emergency."""
    assert hold(a_notice(urgency="emergency", created_at=now), rule, now) is None


def test_a_new_notice_carries_the_moment_it_may_go() -> None:
    """A notice written at night waits for the morning without another write; by day it carries no time."""
    night = held(a_notice(created_at=wib(3, 22)), SENDING)
    assert (night.act_at, night.digest_at) == (wib(4, 6, 30), None)
    by_day = a_notice(created_at=wib(3, 12))
    assert held(by_day, SENDING) is by_day


def test_a_department_that_wants_a_digest_gets_all_of_its_mails_in_one() -> None:
    """A new mail goes into the next morning's digest; an SMS and notices about no ticket do not."""
    now = wib(3, 12)
    assert hold(a_notice(), DAILY, now) == Hold(wib(4, 7, 30), in_digest=True)
    assert hold(a_notice(medium="sms"), DAILY, now) is None
    assert hold(a_channel_notice(), DAILY, now) is None


def test_a_step_of_the_ladder_keeps_its_day() -> None:
    """A reminder does not wait for the next day's digest, when its deadline would have passed."""
    assert hold(a_notice(step="remind"), DAILY, wib(3, 12)) is None
    assert hold(a_notice(step="remind"), OFFICE, wib(3, 21)) == Hold(wib(4, 6, 30), in_digest=False)
