"""A budget lasts for its month, and a channel never goes dark without a notice."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Cursor
from aduan.channel_budget import (
    LONGEST_PAUSE,
    BudgetState,
    budget_state,
    is_exhausted,
    pause_after,
    spent_this_month,
    to_spare,
)
from aduan.record import WIB
from poll_channels.poll import Poll, charged
from poll_channels.source import Batch, Source, Window
from tests.builders import a_channel, a_post
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore

PAID = a_channel(id="x:kabarsleman", kind="x", account="200000001", every_minutes=15, monthly_budget_usd=20)
MIDDLE = datetime(2026, 11, 16, tzinfo=WIB)
moments = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(WIB))  # noqa: DTZ001 # bounds


def test_a_free_channel_never_waits() -> None:
    """A channel without a budget is read without pauses."""
    assert pause_after(a_channel(), 1000, MIDDLE) == timedelta(0)


def test_a_channel_that_spends_evenly_keeps_its_rhythm() -> None:
    """A channel that has spent half of its money in half of the month keeps its rhythm."""
    assert pause_after(PAID, 10, MIDDLE) == timedelta(0)


def test_the_interval_stretches_as_the_budget_thins() -> None:
    """The faster the money is spent, the longer the pause, up to a day."""
    pauses = [pause_after(PAID, spent, MIDDLE) for spent in (10.1, 10.3, 10.6)]
    assert timedelta(0) < pauses[0] < pauses[1] < pauses[2] <= LONGEST_PAUSE
    assert pause_after(PAID, 19.9, datetime(2026, 11, 2, tzinfo=WIB)) == LONGEST_PAUSE


def test_a_spent_budget_waits_for_the_next_month() -> None:
    """The channel is read again when the month begins in Sleman, and somebody is told."""
    assert MIDDLE + pause_after(PAID, 20, MIDDLE) == datetime(2026, 12, 1, tzinfo=WIB)
    assert is_exhausted(PAID, 20)
    assert not is_exhausted(PAID, 19.99)


@given(moments, st.floats(0, 100))
def test_a_pause_never_reaches_beyond_the_month(now: datetime, spent: float) -> None:
    """No month's budget keeps a channel waiting in the next month."""
    following = (now.replace(day=1) + timedelta(days=32)).replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    assert timedelta(0) <= pause_after(PAID, spent, now) <= following - now


def test_the_count_begins_anew_with_the_month() -> None:
    """Last month's spending does not count."""
    assert spent_this_month(7.5, MIDDLE, MIDDLE + timedelta(days=10)) == 7.5
    assert spent_this_month(7.5, MIDDLE, MIDDLE + timedelta(days=20)) == 0
    assert spent_this_month(7.5, None, MIDDLE) == 0


@dataclass
class Charging(Source):
    """A platform that charges for each post it shows."""

    number: int = 0
    calls: int = 0
    cost_usd: float = 0

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield one new post at each poll, for a dollar."""
        self.number += 1
        self.calls += 1
        self.cost_usd = 1.0
        yield Batch.of([a_post(native_id=str(self.number), channel=PAID.id, created_at=window.since)], window)


def test_a_poll_writes_down_what_it_cost_and_waits_when_the_money_is_gone() -> None:
    """With a budget of twenty dollars and one dollar a poll there are at most twenty polls in a month."""
    memory, source, now, runs = Memory(), Charging(), datetime(2026, 11, 1, tzinfo=WIB), []
    while now < datetime(2026, 12, 1, tzinfo=WIB):
        poll = Poll(
            PAID,
            InMemoryChannelStore(memory),
            InMemoryPostStore(memory),
            InMemoryNoticeStore(memory),
            InMemoryLaneStore(memory),
            run_id=str(now),
            clock=lambda now=now: now,  # type: ignore[misc] # bound at once
            lease_for=timedelta(minutes=1),
        )
        runs.append(poll.run(lambda: source))
        now += timedelta(minutes=15)
    paid = [run for run in runs if run is not None]
    assert len(paid) == 20
    assert [run.cost_usd for run in paid] == [1.0] * 20
    assert paid[-1].started_at.astimezone(WIB).day >= 19, "the money was spent long before the month was over"
    assert memory.cursors[PAID.id].spent_usd == 20


@given(st.floats(0, 40), moments)
def test_asking_again_never_makes_reading_wait(spent: float, now: datetime) -> None:
    """Spending on sweeps never slows the reading, and leaves it half of what the month has allowed so far."""
    spare = to_spare(PAID, spent, now)
    assert spare >= 0
    assert spare == 0 or pause_after(PAID, 2 * (spent + spare) - 0.001, now) == timedelta(0)
    assert to_spare(a_channel(), spent, now) == math.inf


def state_at(now: datetime, spent: float, at: datetime) -> BudgetState:
    """Return the budget's state after a poll at `at` brought the bill to `spent`."""
    cursor = charged(Cursor(channel=PAID.id), PAID, spent, at)
    found = budget_state(PAID, cursor, now)
    assert found is not None
    return found


def test_a_channel_that_costs_nothing_has_no_budget() -> None:
    """A free channel has no budget to show."""
    assert budget_state(a_channel(), Cursor(channel="instagram:kabarsleman"), MIDDLE) is None


def test_a_budget_nobody_has_touched_is_whole() -> None:
    """With an untouched budget, a channel keeps its rhythm and does not wait."""
    assert budget_state(PAID, Cursor(channel=PAID.id), MIDDLE) == BudgetState(
        limit_usd=20, spent_usd=0, interval=timedelta(minutes=15), paused_until=None, not_before=None
    )


def test_a_stretched_interval_is_shown_while_it_lasts() -> None:
    """The pause after a costly poll is shown until it ends; then the usual rhythm is shown again."""
    pause = pause_after(PAID, 10.3, MIDDLE)
    during, after = state_at(MIDDLE + pause / 2, 10.3, MIDDLE), state_at(MIDDLE + pause, 10.3, MIDDLE)
    assert (during.interval, during.not_before, during.is_dark) == (pause, MIDDLE + pause, False)
    assert (after.interval, after.not_before, after.spent_usd) == (timedelta(minutes=15), None, 10.3)


def test_a_spent_budget_is_dark_until_the_month_is_over() -> None:
    """On the first of the next month, nothing of the budget is spent."""
    december = datetime(2026, 12, 1, tzinfo=WIB)
    dark = state_at(december - timedelta(minutes=1), 20, MIDDLE)
    assert (dark.is_dark, dark.not_before, dark.spent_usd) == (True, december, 20)
    light = state_at(december, 20, MIDDLE)
    assert (light.is_dark, light.not_before, light.spent_usd) == (False, None, 0)
