"""A channel that is not read, fails or has gone silent is reported; one that is merely quiet is not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_api.health import (
    Health,
    allowed_lag,
    channel_health,
    consecutive_failures,
    token_label,
)
from admin_api.silence import HISTORY, Silence, usual_gap
from aduan import platform_errors
from aduan.channel import END_UNKNOWN, Cursor, Run, TokenCheck
from aduan.directory import Channel
from aduan.labels import ERROR_LABELS, error_label
from aduan.record import WIB
from tests.builders import NOON, a_channel

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def a_run(ago: timedelta, error: str | None = None, **changes: Any) -> Run:
    """Return a run some time before noon."""
    fields: dict[str, Any] = {
        "channel": "instagram:kabarsleman",
        "run_id": "run",
        "started_at": NOON - ago,
        "finished_at": NOON - ago,
        "read_from": NOON - ago - 2 * DAY,
        "complete": error is None,
        "error": error,
    }
    return Run.model_validate(fields | changes)


def a_cursor(**changes: Any) -> Cursor:
    return Cursor.model_validate({"channel": "instagram:kabarsleman", "watermark": NOON - HOUR, **changes})


def health(*runs: Run, channel: Channel | None = None, **changes: Any) -> Health:
    """Return the channel's health at noon; the runs are given youngest first."""
    cursor = changes.pop("cursor", a_cursor())
    arrivals = changes.pop("arrivals", ())
    return channel_health(channel or a_channel(), cursor, runs, arrivals, NOON, **changes)


def codes(judged: Health) -> list[str]:
    return [issue.code for issue in judged.issues]


def outages(number: int, error: str = "OutageError: code 2") -> list[Run]:
    """Return this many failed runs, the last of them a minute ago."""
    return [a_run(minute * MINUTE, error) for minute in range(1, number + 1)]


def every(gap: timedelta, since: timedelta = HISTORY, until: timedelta = timedelta()) -> list[datetime]:
    """Return arrivals at a steady pace."""
    count = (since - until) // gap
    return [NOON - since + number * gap for number in range(count + 1)]


def test_a_channel_that_is_read_is_healthy() -> None:
    """The health says when the channel was last read and how long ago that is, and has no issue."""
    judged = health(a_run(10 * MINUTE), a_run(70 * MINUTE))
    assert judged.healthy
    assert (judged.last_success, judged.lag) == (NOON - 10 * MINUTE, 10 * MINUTE)
    assert (judged.consecutive_failures, judged.last_error) == (0, None)


def test_a_quiet_channel_is_not_behind() -> None:
    """A quiet channel writes one entry an hour: up to the ledger's rhythm it is healthy, beyond it is behind."""
    channel = a_channel(every_minutes=15)
    assert health(a_run(allowed_lag(channel)), channel=channel).healthy
    judged = health(a_run(allowed_lag(channel) + MINUTE), channel=channel)
    assert codes(judged) == ["behind"]
    assert "2026-11-03 10:29 WIB" in judged.issues[0].message


def test_a_channel_read_once_a_day_is_given_its_time() -> None:
    """Lag is judged by the channel's own rhythm."""
    channel = a_channel(every_minutes=1440)
    assert health(a_run(25 * HOUR), channel=channel).healthy
    assert not health(a_run(3 * DAY), channel=channel).healthy


def test_a_bad_minute_wakes_nobody() -> None:
    """Two failures in a row are common on the platforms; three are reported, with their errors."""
    good = a_run(5 * MINUTE)
    assert health(*outages(2), good).healthy
    judged = health(*outages(3), good)
    assert codes(judged) == ["failing"]
    assert judged.issues[0].message == (
        "3 pembacaan terakhir gagal: Platform tidak menjawab, atau jawabannya rusak (OutageError: code 2)."
    )
    assert judged.last_error is not None
    assert judged.last_error.at == NOON - MINUTE


@pytest.mark.parametrize("error", ["CredentialError: code 190/463", "NotPermittedError: code 10"])
def test_a_refused_token_is_told_after_two_failures(error: str) -> None:
    """A lasting refusal is reported early: once may be the platform's mistake, twice is not."""
    good = a_run(5 * MINUTE)
    refused = {"refused_at": NOON - 2 * MINUTE}
    assert health(*outages(1, error), good, cursor=a_cursor(refusals=1, **refused)).healthy
    judged = health(*outages(4, error), good, cursor=a_cursor(refusals=2, **refused))
    assert codes(judged) == ["authorisation"]
    assert judged.needs_permission_since == NOON - 2 * MINUTE
    assert error in judged.issues[0].message
    assert "sejak 2026-11-03 11:58 WIB" in judged.issues[0].message


def test_a_mark_outlasts_an_outage() -> None:
    """A refused channel still needs its permission while the platform is down, and both are reported."""
    refused = a_cursor(refusals=2, refused_at=NOON - HOUR)
    judged = health(*outages(3), a_run(5 * MINUTE), cursor=refused)
    assert codes(judged) == ["authorisation", "failing"]
    assert codes(health(a_run(MINUTE), cursor=refused)) == ["authorisation"]


def test_a_channel_that_is_switched_off_needs_no_permission() -> None:
    """A disabled channel's mark is not shown and causes no issue."""
    judged = health(channel=a_channel(enabled=False), cursor=a_cursor(refusals=2, refused_at=NOON))
    assert (judged.healthy, judged.needs_permission_since) == (True, None)


def test_failures_are_counted_back_to_the_last_success() -> None:
    """Runs that stopped early count neither as failures nor as successes."""
    runs = [*outages(2), a_run(3 * MINUTE, complete=False, stopped="time"), a_run(4 * MINUTE, "OutageError: x")]
    assert consecutive_failures(a_channel(), a_cursor(), [*runs, a_run(5 * MINUTE), *outages(3)], NOON) == 3


def test_a_channel_that_recovered_quietly_is_not_called_failing() -> None:
    """A failure always has an entry: if the youngest entry is half an hour old, no run has failed since."""
    runs = [a_run((30 + minute) * MINUTE, "OutageError: code 2") for minute in range(5)]
    judged = health(*runs, a_run(40 * MINUTE))
    assert (judged.consecutive_failures, judged.healthy) == (0, True)
    assert judged.last_error is not None


def test_a_channel_that_must_wait_has_not_recovered() -> None:
    """No run starts while the platform makes us wait, so a silent ledger proves nothing."""
    runs = [a_run((30 + minute) * MINUTE, "ThrottledError: code 4") for minute in range(5)]
    judged = health(*runs, a_run(40 * MINUTE), cursor=a_cursor(not_before=NOON + HOUR))
    assert judged.consecutive_failures == 5


def test_a_channel_that_waits_says_until_when() -> None:
    """A channel that is behind because the platform makes it wait is reported with the end of the wait."""
    judged = health(a_run(3 * HOUR), cursor=a_cursor(not_before=NOON + HOUR))
    assert "menunggu sampai 2026-11-03 13:00 WIB" in judged.issues[0].message


def test_a_channel_never_read_is_not_healthy() -> None:
    """A channel whose ledger has only failures is not healthy either."""
    assert codes(health(cursor=a_cursor(watermark=None))) == ["never_read"]
    assert codes(health(*outages(4))) == ["never_read", "failing"]


def test_the_last_success_may_lie_far_back() -> None:
    """The last complete run counts even if more failures followed than are examined."""
    judged = health(*outages(5), last_complete=a_run(3 * DAY))
    assert judged.lag == 3 * DAY
    assert codes(judged) == ["behind", "failing"]
    assert "3 hari yang lalu" in judged.issues[0].message


@pytest.mark.parametrize("changes", [{"enabled": False}, {"purpose": "dissemination only"}])
def test_a_channel_that_is_not_to_be_read_has_no_issue(changes: dict[str, Any]) -> None:
    """A disabled channel is not reported as unhealthy."""
    assert health(channel=a_channel(**changes)).healthy


def test_silence_is_measured_against_the_channels_own_pace() -> None:
    """After three times the usual gap and more than six hours, the channel may be blind without an error."""
    busy = every(3 * HOUR, until=10 * HOUR)
    judged = health(a_run(MINUTE), arrivals=busy, cursor=a_cursor(watermark=NOON - 10 * HOUR))
    assert codes(judged) == ["silent"]
    assert "selama 10 jam" in judged.issues[0].message
    slow = every(DAY, until=DAY)
    assert health(a_run(MINUTE), arrivals=slow, cursor=a_cursor(watermark=NOON - DAY)).healthy


def test_a_few_hours_are_never_silence() -> None:
    """Even on the busiest channel, less than six hours without a post are no silence."""
    assert not Silence(6 * HOUR, MINUTE).is_unusual
    assert Silence(6 * HOUR + MINUTE, MINUTE).is_unusual


def test_the_night_is_usual_at_night() -> None:
    """An account that gets posts from eight to noon is silent every night, which is no issue."""
    mornings = [NOON - day * DAY - hour * HOUR for day in range(1, 29) for hour in range(4)]
    at_seven = NOON - 5 * HOUR
    assert usual_gap(mornings, at_seven) == 20 * HOUR
    assert usual_gap(mornings, NOON) == HOUR


def test_a_channel_that_is_not_read_is_not_called_silent() -> None:
    """Silence is not reported for a channel that is not read."""
    busy = every(HOUR, until=3 * DAY)
    judged = health(a_run(3 * DAY), arrivals=busy, cursor=a_cursor(watermark=NOON - 3 * DAY))
    assert codes(judged) == ["behind"]
    assert judged.silence.is_unusual


def test_a_young_channel_is_judged_by_its_gaps_alone() -> None:
    """With less than a week of history the hour of the day is ignored; with almost none, silence is not judged."""
    assert usual_gap(every(2 * HOUR, since=2 * DAY), NOON) == 2 * HOUR
    assert usual_gap([NOON - HOUR, NOON - 2 * HOUR], NOON) is None
    assert usual_gap([], NOON) is None
    assert not Silence(30 * DAY, None).is_unusual


def a_look(**changes: Any) -> TokenCheck:
    """A look, an hour before noon, at a token that lives until somebody ends it."""
    fields: dict[str, Any] = {"channel": "instagram:kabarsleman", "looked_at": NOON - HOUR, "valid": True}
    return TokenCheck.model_validate(fields | changes)


@pytest.mark.parametrize(
    ("ends", "said"),
    [
        (14 * DAY + HOUR, "2026-11-17 13:00 WIB, 14 hari lagi"),
        (DAY, "2026-11-04 12:00 WIB, 1 hari lagi"),
        (HOUR, "2026-11-03 13:00 WIB, kurang dari sehari lagi"),
        (timedelta(), "2026-11-03 12:00 WIB, sudah lewat"),
        (-DAY, "2026-11-02 12:00 WIB, sudah lewat"),
    ],
)
def test_a_token_near_its_end_is_an_issue(ends: timedelta, said: str) -> None:
    """From fourteen days before its end, a token is reported with the end and the time of the inspection."""
    look = a_look(reason="expires_at", ends_at=NOON + ends)
    judged = health(a_run(MINUTE), token=look)
    assert codes(judged) == ["token"]
    assert judged.issues[0].message == (
        f"Masa berlaku token berakhir {said}. Perlu token baru. Diperiksa 2026-11-03 11:00 WIB, sekali sehari."
    )
    assert judged.token == look


def test_a_token_that_lives_long_is_no_issue() -> None:
    """Fifteen days are enough, and so is an unknown end."""
    for look in (a_look(ends_at=NOON + 15 * DAY, reason="expires_at"), a_look(), a_look(reason=END_UNKNOWN), None):
        assert health(a_run(MINUTE), token=look).healthy


def test_a_dead_token_is_an_issue_until_the_channel_is_read_again() -> None:
    """The platform's word counts until a run proves that there is another token."""
    dead = a_look(valid=False, reason="code 190/460")
    judged = health(a_run(61 * MINUTE), token=dead)
    assert codes(judged) == ["token"]
    assert "Token tidak berlaku lagi (code 190/460)" in judged.issues[0].message
    assert health(a_run(59 * MINUTE), token=dead).healthy
    assert codes(health(token=dead)) == ["never_read", "token"]
    assert health(token=dead, channel=a_channel(enabled=False)).healthy


def test_every_end_of_a_token_has_a_name_for_people() -> None:
    """Each has a label of its own, and an unknown reason causes no error."""
    reasons = (None, END_UNKNOWN, "expires_at", "data_access_expires_at", "something_new")
    labels = [token_label(a_look(reason=reason)) for reason in reasons]
    labels.append(token_label(a_look(valid=False, reason="code 190")))
    assert len(set(labels)) == len(labels)


PAID = a_channel(id="x:kabarsleman", kind="x", account="200000001", every_minutes=15, monthly_budget_usd=20)


def paid(spent: float, ago: timedelta, wait: timedelta, *runs: Run, **changes: Any) -> Health:
    """Return the health of a channel that spent this much some time ago and has waited since."""
    cursor = a_cursor(spent_usd=spent, spent_at=NOON - ago, not_before=NOON - ago + wait)
    return health(*runs, channel=PAID, cursor=cursor, **changes)


def test_a_spent_budget_is_an_issue() -> None:
    """The issue says until when the channel is dark; its lag and silence meanwhile are not reported as well."""
    rest = datetime(2026, 12, 1, tzinfo=WIB) - (NOON - 2 * DAY)
    busy = every(HOUR, until=2 * DAY)
    judged = paid(20.5, 2 * DAY, rest, a_run(2 * DAY), arrivals=busy)
    assert codes(judged) == ["budget"]
    assert judged.issues[0].message == (
        "Anggaran bulan ini habis (20.50 dari 20.00 USD); dibaca lagi 2026-12-01 00:00 WIB."
    )
    assert judged.budget is not None
    assert judged.budget.not_before == datetime(2026, 12, 1, tzinfo=WIB)


def test_a_channel_that_stretches_its_budget_is_not_behind() -> None:
    """The pause is shown and is no issue, nor is the silence in it; afterwards the usual patience applies."""
    long_ago = DAY + allowed_lag(PAID)
    for ago in (20 * HOUR, long_ago):
        assert paid(10, ago, DAY, a_run(ago)).healthy
    assert codes(paid(10, long_ago + MINUTE, DAY, a_run(long_ago + MINUTE))) == ["behind"]
    busy = every(HOUR, until=20 * HOUR)
    spent = {"spent_usd": 10, "spent_at": NOON - 20 * HOUR, "not_before": NOON + 4 * HOUR}
    cursor = a_cursor(watermark=NOON - 20 * HOUR, **spent)
    judged = health(a_run(20 * HOUR), channel=PAID, cursor=cursor, arrivals=busy)
    assert (judged.healthy, judged.silence.is_unusual) == (True, True)
    assert judged.budget is not None
    assert (judged.budget.interval, judged.budget.not_before) == (DAY, NOON + 4 * HOUR)


@given(st.lists(st.integers(0, 60 * 24 * 40), max_size=60))
def test_the_usual_gap_is_one_that_occurred(minutes: list[int]) -> None:
    """Whatever the history, the usual gap is neither negative nor longer than the period examined."""
    gap = usual_gap([NOON - minute * MINUTE for minute in minutes], NOON)
    assert gap is None or timedelta() <= gap <= HISTORY + HOUR


def test_every_error_has_a_name_for_people() -> None:
    """Each class of error that a run may end with, but for those that are no fault, is known in Indonesian."""
    kinds = {
        name
        for name, kind in vars(platform_errors).items()
        if isinstance(kind, type)
        and issubclass(kind, platform_errors.ChannelError)
        and not issubclass(kind, platform_errors.StoppedError)
    }
    assert kinds - {"ChannelError"} <= set(ERROR_LABELS)
    assert error_label("SomethingNew: code 1") == "Galat lain"
