"""Whoever looks after a channel is told once per episode, however often and wherever a run dies."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Cursor, Run
from aduan.directory import Channel
from aduan.notice import ChannelNotice
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GapError,
    NotPermittedError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
)
from aduan.record import WIB
from aduan.triage import DESK
from poll_channels.channel_alerts import budget_notice, permission_notice, with_refusals
from poll_channels.source import Batch, Source, Window
from tests.builders import NOON, a_channel, a_post
from tests.in_memory.memory import Killed
from tests.polling import MINUTE, Platform

REFUSED = CredentialError("code 190/463")
REFUSALS = [REFUSED, NotPermittedError("code 10")]
ADMISSIONS = [None, PageCapError(), GapError(NOON, NOON)]
NEITHER = [OutageError("code 2"), StoppedError("time"), ThrottledError("code 4", MINUTE)]
PAID = a_channel(id="x:kabarsleman", kind="x", account="200000001", monthly_budget_usd=20)


@dataclass
class Answering(Source):
    """A channel whose platform refuses, fails or answers as it is told to, and may charge for it."""

    channel: Channel
    failure: ChannelError | None = None
    charges: float = 0
    calls: int = 0
    cost_usd: float = 0

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield nothing, or what was paid for, and end as told."""
        self.calls += 1
        if self.charges:
            self.cost_usd = self.charges
            post = a_post(native_id=str(window.since.timestamp()), channel=self.channel.id, created_at=window.since)
            yield Batch.of([post], window)
        if self.failure is not None:
            raise self.failure
        yield Batch()


@dataclass
class Office(Platform):
    """The table, the clock, and everything in the outbox."""

    charges: float = 0

    def run(self, failure: ChannelError | None = None, *, wait: timedelta = 5 * MINUTE) -> Run | None:
        """Run once, some time after the last run, with this outcome."""
        self.now += wait - MINUTE
        return self.poll(Answering(self.channel, failure, self.charges))

    @property
    def told(self) -> list[ChannelNotice]:
        """Return the notices about channels, in the order they were stored."""
        return [notice for notice in self.memory.notices.values() if isinstance(notice, ChannelNotice)]

    @property
    def marked_since(self) -> datetime | None:
        """Return the channel's stored mark."""
        cursor = self.memory.cursors.get(self.channel.id)
        return None if cursor is None else cursor.needs_permission_since


def test_two_refusals_in_a_row_mark_the_channel_and_tell_its_owner() -> None:
    """The notice says since when and why; the cursor bears the mark from then on."""
    office = Office()
    office.run(REFUSED)
    first = office.now
    assert (office.told, office.marked_since) == ([], None)
    office.run(REFUSED)
    [notice] = office.told
    assert (notice.matter, notice.department, notice.since, notice.state) == (
        "permission",
        "diskominfo",
        first,
        "pending",
    )
    assert notice.reason == "CredentialError: code 190/463"
    assert office.marked_since == first


def test_a_channel_that_stays_refused_costs_no_more_than_its_ledger() -> None:
    """From the third refusal on, only the run is recorded, and nobody is told again."""
    office = Office()
    for _ in range(2):
        office.run(REFUSED)
    office.memory.writes = 0
    for _ in range(10):
        office.run(REFUSED)
    assert office.memory.writes == 10
    assert len(office.told) == 1


@pytest.mark.parametrize("admission", ADMISSIONS)
def test_a_run_that_is_let_in_ends_the_episode(admission: ChannelError | None) -> None:
    """An admitted run removes the mark, even if a thread is too long to read; the next episode is told anew."""
    office = Office()
    for _ in range(2):
        for _ in range(3):
            office.run(REFUSED)
        office.run(admission)
        assert (office.marked_since, office.cursor.refusals) == (None, 0)
    assert len({notice.key for notice in office.told}) == 2


@pytest.mark.parametrize("failure", NEITHER)
def test_what_says_nothing_about_permission_changes_nothing(failure: ChannelError) -> None:
    """An outage or a run out of time between two refusals neither ends the episode nor counts as a refusal."""
    office = Office()
    office.run(REFUSED)
    office.run(failure)
    assert office.told == []
    office.run(REFUSED)
    assert len(office.told) == 1


def test_a_quiet_channel_is_not_written_to() -> None:
    """A run that is admitted and finds nothing costs no write, before an episode and after it."""
    office = Office()
    office.run()
    for _ in range(2):
        office.run(REFUSED)
    office.run()
    office.memory.writes = 0
    office.run()
    assert office.memory.writes == 0


def episodes_of(failures: list[ChannelError | None]) -> int:
    """Count the episodes: stretches between two admissions with at least two refused runs."""
    told = refused = 0
    for failure in failures:
        if isinstance(failure, CredentialError | NotPermittedError):
            refused += 1
            told += refused == 2
        elif failure in ADMISSIONS:
            refused = 0
    return told


@given(st.lists(st.sampled_from([*REFUSALS, *ADMISSIONS, *NEITHER]), max_size=30))
def test_there_is_one_notice_an_episode(failures: list[ChannelError | None]) -> None:
    """Whatever comes between, each episode is told exactly once and the mark stands as long as the episode."""
    office = Office()
    for number, failure in enumerate(failures, start=1):
        before = office.marked_since
        office.run(failure)
        assert len(office.told) == episodes_of(failures[:number])
        if before is not None:
            assert office.marked_since == (None if failure in ADMISSIONS else before)


@given(
    st.lists(
        st.tuples(st.sampled_from([*REFUSALS, None, OutageError("code 2")]), st.integers(0, 8), st.booleans()),
        max_size=15,
    )
)
def test_no_death_loses_or_doubles_a_notice(runs: list[tuple[ChannelError | None, int, bool]]) -> None:
    """After deaths anywhere and two undisturbed refusals, each first refusal has exactly one notice."""
    office = Office()
    for failure, death, after in [*runs, (None, 0, False), (REFUSED, 0, False), (REFUSED, 0, False)]:
        memory = office.memory
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        with contextlib.suppress(Killed):
            office.run(failure)
    since = office.marked_since
    assert since is not None
    beginnings = [notice.since for notice in office.told]
    assert beginnings.count(since) == 1
    assert len(set(beginnings)) == len(beginnings)


def test_the_decision_is_about_the_moment_of_marking_alone() -> None:
    """A cursor that was already marked, or is not marked now, causes no notice."""
    once = with_refusals(Cursor(channel="instagram:kabarsleman"), NOON, REFUSED)
    twice = with_refusals(once, NOON + MINUTE, REFUSED)
    assert permission_notice(a_channel(), once, twice, REFUSED, NOON) is not None
    assert permission_notice(a_channel(), twice, with_refusals(twice, NOON, REFUSED), REFUSED, NOON) is None
    assert permission_notice(a_channel(), twice, with_refusals(twice, NOON, None), None, NOON) is None


def test_the_desk_is_told_when_a_budget_is_gone() -> None:
    """The month in which a channel goes dark has one notice, which names when the channel is read again."""
    office = Office(channel=PAID, now=datetime(2026, 11, 10, tzinfo=WIB), charges=8)
    while not office.told:
        office.run(wait=timedelta(hours=25))
    dark_since = office.now
    assert office.run() is None, "it is dark now"
    [notice] = office.told
    assert (notice.matter, notice.episode, notice.department) == ("budget", "2026-11", DESK)
    assert (notice.since, notice.until) == (dark_since, datetime(2026, 12, 1, tzinfo=WIB))


def test_a_budget_is_told_of_again_in_another_month() -> None:
    """Each month in which a channel goes dark has its notice; the month's first free poll has none."""
    office = Office(channel=PAID, now=datetime(2026, 11, 10, tzinfo=WIB), charges=25)
    office.run()
    office.charges = 0
    office.now = datetime(2026, 12, 1, tzinfo=WIB)
    office.run()
    assert [notice.key for notice in office.told] == ["budget#2026-11"]
    office.charges = 25
    office.run()
    assert [notice.key for notice in office.told] == ["budget#2026-11", "budget#2026-12"]


def test_a_channel_without_a_budget_never_goes_dark() -> None:
    """Its spending causes no notice to the desk."""
    spent = Cursor(channel="instagram:kabarsleman", spent_usd=1000, spent_at=NOON)
    assert budget_notice(a_channel(), spent, NOON) is None
    assert budget_notice(PAID, Cursor(channel=PAID.id, spent_usd=19.9, spent_at=NOON), NOON) is None


@given(st.integers(1, 12), st.booleans())
def test_no_channel_goes_dark_unheard(death: int, after: bool) -> None:  # noqa: FBT001 # drawn
    """Wherever the run that spends the rest of the budget dies, a dark channel has exactly one notice."""
    office = Office(channel=PAID, charges=25)
    office.memory.kill_before, office.memory.kill_after = (None, death) if after else (death, None)
    with contextlib.suppress(Killed):
        office.run()
    office.memory.kill_before = office.memory.kill_after = None
    for _ in range(3):
        office.run()
        assert office.cursor.not_before is not None
        assert [notice.key for notice in office.told] == ["budget#2026-11"]
