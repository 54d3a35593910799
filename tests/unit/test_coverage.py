"""Coverage says of every moment whether it was read, and never claims more than the ledger proves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from admin_api.coverage import (
    BEFORE_FIRST_RUN,
    FORGOTTEN,
    LOST,
    NO_RUN,
    NOT_YET_READ,
    STOPPED,
    Bounds,
    Reason,
    Stretch,
    coverage,
    is_complete,
)
from aduan.channel import Run
from aduan.platform_errors import OutageError
from poll_channels.poll import Poll
from poll_channels.source import Batch, Source, Window
from tests.builders import NOON, a_channel, a_post
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OUTAGE = "OutageError: code 2"
BOUNDS = Bounds(looked_until=NOON + HOUR)


def at(minute: float) -> datetime:
    return NOON + minute * MINUTE


def a_run(minute: int, read_from: int, **changes: Any) -> Run:
    """Return a run that read everything from a minute on."""
    fields: dict[str, Any] = {
        "channel": "instagram:kabarsleman",
        "run_id": f"run-{minute}",
        "started_at": at(minute),
        "finished_at": at(minute) + timedelta(seconds=5),
        "read_from": at(read_from),
        "complete": True,
    }
    return Run.model_validate(fields | changes)


def failing(minute: int, error: str | None = OUTAGE, stopped: str | None = None) -> Run:
    """Return a run that did not reach its end."""
    return a_run(minute, minute - 60, complete=False, error=error, stopped=stopped)


def said(stretches: tuple[Stretch, ...]) -> list[tuple[str, float, float]]:
    """Return the state and minutes of each stretch."""
    return [(stretch.state, (stretch.since - NOON) / MINUTE, (stretch.until - NOON) / MINUTE) for stretch in stretches]


@st.composite
def ledgers(draw: st.DrawFn) -> list[Run]:
    """Draw runs with any outcome, in any order, some outside the interval."""
    runs = []
    for start in draw(st.lists(st.integers(-10, 80), max_size=12)):
        back = draw(st.integers(0, 40))
        changes = draw(
            st.sampled_from(
                [
                    {},
                    {"complete": False, "error": OUTAGE},
                    {"complete": False, "error": "CredentialError: code 190"},
                    {"complete": False, "stopped": "time"},
                ]
            )
        )
        runs.append(a_run(start, start - back, **changes))
    return runs


bounds = st.builds(
    Bounds,
    looked_until=st.just(at(100)),
    began=st.none() | st.integers(-20, 80).map(at),
    forgotten_before=st.none() | st.integers(-20, 80).map(at),
)


def covered(stretches: tuple[Stretch, ...]) -> set[int]:
    """Return the minutes of the interval that were read."""
    return {
        minute
        for minute in range(60)
        for stretch in stretches
        if stretch.is_covered and stretch.since <= at(minute) < stretch.until
    }


@given(ledgers(), bounds)
def test_every_moment_is_told_of_once(runs: list[Run], known: Bounds) -> None:
    """Stretches are in order, without overlaps or holes, and begin and end with the interval."""
    stretches = coverage(runs, at(0), at(60), known)
    assert (stretches[0].since, stretches[-1].until) == (at(0), at(60))
    assert all(earlier.until == later.since for earlier, later in pairwise(stretches))
    assert all(stretch.since < stretch.until for stretch in stretches)


@given(ledgers(), bounds)
def test_a_moment_is_covered_exactly_when_a_complete_run_reached_back_to_it(runs: list[Run], known: Bounds) -> None:
    """Exactly what the entries prove is claimed, in whatever order they come."""
    proven = {
        minute
        for minute in range(60)
        if any(run.complete and run.read_from <= at(minute) < run.started_at for run in runs)
    }
    assert covered(coverage(runs, at(0), at(60), known)) == proven


@given(ledgers(), bounds, st.integers(-10, 80), st.integers(0, 60))
def test_a_complete_run_more_never_makes_less_covered(runs: list[Run], known: Bounds, start: int, back: int) -> None:
    """Another complete run keeps all that was covered and adds what it read."""
    before = covered(coverage(runs, at(0), at(60), known))
    after = covered(coverage([*runs, a_run(start, start - back)], at(0), at(60), known))
    assert before <= after
    assert after - before <= set(range(start - back, start))


@given(ledgers(), bounds)
def test_a_gap_is_never_without_a_reason(runs: list[Run], known: Bounds) -> None:
    """An unread stretch says why; one read on time has no reason; one read late is covered and has a reason."""
    for stretch in coverage(runs, at(0), at(60), known):
        assert bool(stretch.reasons) == (stretch.state != "read")
        assert (stretch.read_at is not None) == (stretch.state == "read_late")


@given(st.integers(1, 25), st.integers(1, 30), st.integers(0, 60))
def test_an_outage_is_made_good_by_a_run_that_reaches_back(begins: int, lasts: int, back: int) -> None:
    """An outage between two complete runs shows as read late if the second run reaches back over it, else as a gap."""
    recovers = begins + lasts
    runs = [
        *(a_run(minute, minute - 60) for minute in range(begins)),
        *(failing(minute) for minute in range(begins, recovers)),
        a_run(recovers, recovers - back),
    ]
    stretches = coverage(runs, at(0), at(recovers), BOUNDS)
    assert is_complete(stretches) == (back > lasts)
    dark = next((stretch for stretch in stretches if not stretch.is_covered), None)
    late = [stretch for stretch in stretches if stretch.state == "read_late"]
    if dark is None:
        assert said(tuple(late)) == [("read_late", begins - 1, recovers)]
        assert late[0].read_at == at(recovers) + timedelta(seconds=5)
    else:
        assert (dark.since, dark.until) == (at(begins - 1), at(recovers - back))


def test_a_quiet_hour_is_covered_by_the_entry_after_it() -> None:
    """Runs that found nothing leave no entry; the next entry reads back over them, and nothing was late."""
    runs = [a_run(0, -2880), a_run(60, -2880), a_run(120, -2880)]
    assert said(coverage(runs, at(0), at(120), BOUNDS)) == [("read", 0, 120)]


def test_what_no_run_reached_yet_is_not_yet_read() -> None:
    """After the last complete run there is a gap that says so and names the runs that failed in it."""
    runs = [a_run(10, -60), failing(11), failing(12), failing(14, "ThrottledError: code 4")]
    stretches = coverage(runs, at(0), at(20), BOUNDS)
    assert said(stretches) == [("read", 0, 10), ("unread", 10, 20)]
    assert stretches[1].reasons == (
        Reason(NOT_YET_READ, last=BOUNDS.looked_until),
        Reason("OutageError", "code 2", at(11), at(12), 2),
        Reason("ThrottledError", "code 4", at(14), at(14), 1),
    )


def test_a_gap_without_a_run_says_so() -> None:
    """If nothing ran and the next run did not reach back, the gap can no longer be closed."""
    stretches = coverage([a_run(10, 0), a_run(40, 30)], at(0), at(40), BOUNDS)
    assert said(stretches) == [("read", 0, 10), ("unread", 10, 30), ("read", 30, 40)]
    assert stretches[1].reasons == (Reason(NO_RUN),)


def test_runs_that_stopped_early_are_a_reason() -> None:
    """A run that stopped at a limit read something, but not everything."""
    runs = [a_run(0, -60), failing(1, None, "page cap"), failing(2, None, "page cap"), a_run(9, 5)]
    (gap,) = [stretch for stretch in coverage(runs, at(0), at(9), BOUNDS) if not stretch.is_covered]
    assert gap.reasons == (Reason(STOPPED, "page cap", at(1), at(2), 2),)


def test_what_was_written_before_aduan_is_told_apart() -> None:
    """A gap that began before Aduan's first run is split there."""
    known = Bounds(looked_until=at(60), began=at(10))
    stretches = coverage([a_run(30, 10)], at(0), at(30), known)
    assert said(stretches) == [("unread", 0, 10), ("read", 10, 30)]
    assert stretches[0].reasons == (Reason(BEFORE_FIRST_RUN),)


def test_what_the_ledger_forgot_is_not_called_unread_for_want_of_runs() -> None:
    """Where entries have expired, coverage says that nothing is known."""
    known = Bounds(looked_until=at(60), forgotten_before=at(20))
    stretches = coverage([a_run(40, 30)], at(0), at(40), known)
    assert [stretch.reasons[0].code for stretch in stretches if not stretch.is_covered] == [FORGOTTEN, NO_RUN]


def test_the_beginning_is_only_known_while_the_ledger_remembers_it() -> None:
    """A first entry at the edge of the ledger's memory says nothing about what came before."""
    now = NOON
    young = Bounds.of(now, 90 * DAY, a_run(-1440 * 40, -1440 * 70), None)
    assert (young.began, young.looked_until) == (now - 70 * DAY, now)
    old = Bounds.of(now, 90 * DAY, a_run(-1440 * 90, -1440 * 92), at(-5))
    assert (old.began, old.forgotten_before, old.looked_until) == (None, now - 90 * DAY, at(-5))
    assert Bounds.of(now, 90 * DAY, None, None).began is None


def test_an_empty_interval_is_refused() -> None:
    """An interval of no length has no coverage."""
    with pytest.raises(ValueError, match="empty"):
        coverage([], at(5), at(5), BOUNDS)


# ------------------------------------------------------------------------------------ an hour with outages


@dataclass
class Scripted(Source):
    """A platform on which somebody writes in given minutes, and that does not answer in others."""

    writes: frozenset[int]
    fails: frozenset[int]
    minute: int = 0
    calls: int = 0

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what was written until now, or fail."""
        self.calls += 1
        if self.minute in self.fails:
            raise OutageError("code 2")
        written = [
            a_post(native_id=str(minute), created_at=at(minute), fetched_at=at(self.minute))
            for minute in self.writes
            if window.since <= at(minute) <= at(self.minute)
        ]
        yield Batch.of(written, window)


@dataclass
class Hour:
    """A channel that is polled every minute, and its coverage."""

    source: Scripted
    memory: Memory = field(default_factory=Memory)

    def poll_until(self, last: int) -> Hour:
        """Run once a minute up to and including `last`."""
        for minute in range(self.source.minute, last + 1):
            self.source.minute = minute
            Poll(
                a_channel(),
                InMemoryChannelStore(self.memory),
                InMemoryPostStore(self.memory),
                InMemoryNoticeStore(self.memory),
                InMemoryLaneStore(self.memory),
                run_id=f"run-{minute}",
                clock=lambda: at(self.source.minute),
                lease_for=3 * MINUTE,
            ).run(lambda: self.source)
        self.source.minute = last + 1
        return self

    def coverage(self, since: int, until: int) -> tuple[Stretch, ...]:
        """Return the coverage of some minutes, as of now."""
        return coverage(self.memory.runs, at(since), at(until), Bounds(looked_until=at(self.source.minute)))


OUTAGES = frozenset({*range(10, 15), 30, 31})


def test_an_hour_with_outages_is_proven_to_have_been_read() -> None:
    """During an outage the gap grows and names it; afterwards everything is covered, the outage as read late.

    Somebody writes every minute, so every run has an entry. In the end, every post is in the table.
    """
    hour = Hour(Scripted(writes=frozenset(range(61)), fails=OUTAGES))

    assert said(hour.poll_until(9).coverage(0, 9)) == [("read", 0, 9)]

    during = hour.poll_until(12).coverage(0, 12)
    assert said(during) == [("read", 0, 9), ("unread", 9, 12)]
    assert during[1].reasons[0].code == NOT_YET_READ
    # A run that starts at the end of the interval belongs to the next interval.
    assert during[1].reasons[1] == Reason("OutageError", "code 2", at(10), at(11), 2)
    assert not is_complete(during)

    after = hour.poll_until(15).coverage(0, 15)
    assert said(after) == [("read", 0, 9), ("read_late", 9, 15)]
    assert after[1].reasons == (Reason("OutageError", "code 2", at(10), at(14), 5),)
    assert after[1].read_at == at(15)

    assert said(hour.poll_until(31).coverage(0, 32))[-2:] == [("read", 15, 29), ("unread", 29, 32)]

    whole = hour.poll_until(60).coverage(0, 60)
    assert said(whole) == [
        ("read", 0, 9),
        ("read_late", 9, 15),
        ("read", 15, 29),
        ("read_late", 29, 32),
        ("read", 32, 60),
    ]
    assert is_complete(whole)
    assert set(hour.memory.posts) == {f"instagram#{minute}" for minute in range(61)}


def test_a_quiet_hour_with_outages_is_proven_by_its_next_entry() -> None:
    """On a channel where nobody writes, the hourly entry brings the proof; until then nothing is claimed."""
    hour = Hour(Scripted(writes=frozenset({0}), fails=OUTAGES))
    assert said(hour.poll_until(12).coverage(0, 12)) == [("unread", 0, 12)]
    whole = hour.poll_until(61).coverage(0, 60)
    assert is_complete(whole)
    late = [reason for stretch in whole for reason in stretch.reasons]
    assert sum(reason.runs for reason in late) == len(OUTAGES)


def test_an_outage_longer_than_a_run_looks_back_is_a_gap_for_ever() -> None:
    """When the platform comes back after more than the lookback, part of the outage is never read."""
    runs = [a_run(0, -1440), *(failing(1440 * day) for day in range(1, 40)), a_run(1440 * 40, 1440 * 10)]
    stretches = coverage(runs, at(0), at(1440 * 40), BOUNDS)
    assert said(stretches) == [("unread", 0, 1440 * 10), ("read_late", 1440 * 10, 1440 * 40)]
    assert stretches[0].reasons == (Reason("OutageError", "code 2", at(1440), at(1440 * 9), 9),)


def losing(minute: int, lost_from: int, lost_until: int) -> Run:
    """Return a run that read all there was, and found that some time was out of reach."""
    lost = {"lost_from": at(lost_from), "lost_until": at(lost_until)}
    return a_run(minute, minute - 600, complete=False, stopped="gap", **lost)


def test_what_was_lost_is_unread_whatever_other_runs_claim() -> None:
    """No earlier or later run, however far it reaches back, proves what came and went in the lost time."""
    runs = [a_run(10, -600), losing(60, -30, 50), a_run(90, -600)]
    stretches = coverage(runs, at(-60), at(90), BOUNDS)
    assert said(stretches) == [("read", -60, -30), ("unread", -30, 50), ("read", 50, 90)]
    assert stretches[1].reasons == (Reason(LOST, None, at(60), at(60), 1),)
    assert not is_complete(stretches)


def test_a_run_that_lost_something_read_all_the_rest() -> None:
    """A loss is no failure: everything else was read in time."""
    assert said(coverage([losing(60, 20, 40)], at(0), at(60), BOUNDS)) == [
        ("read", 0, 20),
        ("unread", 20, 40),
        ("read", 40, 60),
    ]


@given(
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 100), st.integers(1, 50)), max_size=5),
    st.lists(st.tuples(st.integers(0, 100), st.integers(0, 60)), max_size=5),
)
def test_nothing_that_was_lost_is_ever_called_read(
    losses: list[tuple[int, int, int]], reads: list[tuple[int, int]]
) -> None:
    """The stretches leave no hole, and no covered stretch touches a loss."""
    runs = [*(losing(minute, start, start + length) for minute, start, length in losses)]
    runs += [a_run(minute, minute - back) for minute, back in reads]
    stretches = coverage(runs, at(0), at(100), BOUNDS)
    assert all(before.until == after.since for before, after in pairwise(stretches))
    for stretch in stretches:
        if stretch.is_covered:
            assert not any(
                at(start) < stretch.until and stretch.since < at(start + length) for _, start, length in losses
            )
