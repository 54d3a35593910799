"""A run stores first and moves the cursor afterwards, whatever happens in between."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Cursor, Rejected, Run
from aduan.post import Post
from poll_channels.poll import OVERLAP, Poll, within
from poll_channels.source import Batch, ChannelError, CredentialError, OutageError, StoppedError, ThrottledError, Window
from tests.builders import NOON, a_channel, a_post, a_rejected
from tests.in_memory import InMemoryChannelStore, InMemoryPostStore, Killed, Memory

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=3)


@dataclass
class FakeSource:
    """A platform with threads of posts; a thread is read again only when its mark differs."""

    threads: dict[str, list[Post | Rejected]] = field(default_factory=dict)
    fails_after: int | None = None
    failure: ChannelError = field(default_factory=lambda: OutageError("code 2"))
    calls: int = 0
    windows: list[Window] = field(default_factory=list)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield thread by thread."""
        self.windows.append(window)
        for name, items in self.threads.items():
            if marks.get(name) == str(len(items)):
                continue
            if self.calls == self.fails_after:
                raise self.failure
            self.calls += 1
            yield Batch.of(items, window)
            yield Batch(marks={name: str(len(items))})


@dataclass
class Platform:
    """The table, a clock that moves a minute with every run, and one channel."""

    memory: Memory = field(default_factory=Memory)
    now: datetime = NOON
    runs: int = 0

    def poll(self, source: FakeSource) -> Run | None:
        """Run once."""
        self.runs += 1
        self.now += MINUTE
        poll = Poll(
            a_channel(),
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=LEASE,
        )
        return poll.run(lambda: source)

    @property
    def cursor(self) -> Cursor:
        """The cursor as stored."""
        return self.memory.cursors[a_channel().id]


def some_posts(*numbers: int) -> list[Post | Rejected]:
    """Posts a minute apart."""
    return [a_post(native_id=str(n), created_at=NOON - timedelta(minutes=100 - n)) for n in numbers]


def test_what_was_read_is_stored_and_the_cursor_follows() -> None:
    """All posts are in the table; the watermark is the youngest of them; the ledger says complete."""
    platform = Platform()
    run = platform.poll(FakeSource({"a": some_posts(1, 2), "b": some_posts(3)}))
    assert set(platform.memory.posts) == {"instagram#1", "instagram#2", "instagram#3"}
    assert platform.cursor.watermark == NOON - timedelta(minutes=97)
    assert run is not None
    assert (run.complete, run.new, run.error) == (True, 3, None)
    assert platform.memory.runs == [run]


def test_a_second_run_of_the_same_poll_writes_nothing() -> None:
    """Nothing new costs no write at all, and one read: the cursor."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1, 2)})
    platform.poll(source)
    platform.memory.reads = platform.memory.writes = 0
    run = platform.poll(source)
    assert (platform.memory.writes, platform.memory.reads) == (0, 1)
    assert run is not None
    assert run.new == 0


def test_posts_of_the_overlap_are_not_looked_up_again() -> None:
    """Posts that every run sees again cost neither a write nor a batch read."""
    platform = Platform()
    platform.poll(FakeSource({"a": some_posts(1, 2)}))
    platform.memory.reads = platform.memory.writes = 0

    @dataclass
    class Forgetful(FakeSource):
        """A platform that lists everything at every poll."""

        def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
            yield Batch.of(some_posts(1, 2), window)

    run = platform.poll(Forgetful())
    assert (platform.memory.writes, platform.memory.reads) == (0, 1)
    assert run is not None
    assert run.duplicate == 2


def test_a_quiet_channel_says_once_an_hour_that_it_was_read() -> None:
    """Sixty quiet minutes leave one line in the ledger."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1)})
    platform.poll(source)
    for _ in range(60):
        platform.poll(source)
    assert len(platform.memory.runs) == 2


@pytest.mark.parametrize("failure", [OutageError("no list of data"), CredentialError("code 190/463")])
def test_an_outage_leaves_the_cursor_unchanged_and_the_ledger_says_why(failure: ChannelError) -> None:
    """What was stored before the outage stays; the cursor is where it was; the channel is free again."""
    platform = Platform()
    platform.poll(FakeSource({"a": some_posts(1)}))
    before = platform.cursor
    source = FakeSource({"b": some_posts(2), "c": some_posts(3)}, fails_after=1, failure=failure)
    run = platform.poll(source)
    assert run is not None
    assert (run.complete, run.error) == (False, f"{type(failure).__name__}: {failure}")
    assert (platform.cursor.watermark, platform.cursor.marks) == (before.watermark, before.marks)
    assert "instagram#2" in platform.memory.posts
    source.fails_after = None
    platform.poll(source)
    assert "instagram#3" in platform.memory.posts


def test_an_outage_at_the_first_call_costs_one_write() -> None:
    """Only the ledger is written."""
    platform = Platform()
    platform.poll(FakeSource({"a": some_posts(1)}))
    platform.memory.writes = 0
    platform.poll(FakeSource({"b": some_posts(2)}, fails_after=0))
    assert platform.memory.writes == 1


def test_a_run_out_of_time_keeps_the_threads_it_finished() -> None:
    """The next run goes on behind them; the watermark waits until everything is read."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1), "b": some_posts(50)}, fails_after=1, failure=StoppedError("time"))
    run = platform.poll(source)
    assert run is not None
    assert (run.complete, run.stopped, run.error) == (False, "time", None)
    assert (platform.cursor.marks, platform.cursor.watermark) == ({"a": "1"}, None)
    source.fails_after = None
    platform.poll(source)
    assert platform.cursor.watermark == NOON - timedelta(minutes=50)


def test_a_throttled_channel_is_left_alone_for_as_long_as_asked() -> None:
    """No call is made before the time has come."""
    platform = Platform()
    throttled = FakeSource({"a": some_posts(1)}, fails_after=0, failure=ThrottledError("code 80002", 5 * MINUTE))
    platform.poll(throttled)
    source = FakeSource({"a": some_posts(1)})
    results = [platform.poll(source) for _ in range(5)]
    assert [run is None for run in results] == [True, True, True, True, False]
    assert len(source.windows) == 1


def test_a_run_leaves_a_channel_alone_that_another_one_holds() -> None:
    """It neither asks the platform nor writes."""
    platform = Platform()
    InMemoryChannelStore(platform.memory).lease(Cursor(channel=a_channel().id), "other", NOON, NOON + 10 * MINUTE)
    source = FakeSource({"a": some_posts(1)})
    assert platform.poll(source) is None
    assert source.windows == []


def test_an_unreadable_post_does_not_stop_the_page() -> None:
    """It is quarantined once, and costs nothing in later runs."""
    platform = Platform()
    source = FakeSource({"a": [a_rejected(), *some_posts(2)]})
    run = platform.poll(source)
    assert run is not None
    assert (run.new, run.rejected) == (1, 1)
    assert len(platform.memory.quarantined) == 1
    platform.memory.writes = 0
    platform.poll(source)
    assert platform.memory.writes == 0


def test_a_clock_that_runs_ahead_does_not_carry_the_watermark_away() -> None:
    """A post from the future is stored, but posts from now on are still in the window."""
    platform = Platform()
    platform.poll(FakeSource({"a": [a_post(created_at=NOON + timedelta(days=300))]}))
    assert platform.cursor.watermark == platform.now


def test_every_run_reads_an_overlap_again() -> None:
    """A post that becomes visible late is in the next run's window."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1)})
    platform.poll(source)
    assert platform.cursor.watermark is not None
    platform.poll(source)
    assert source.windows[-1].since == platform.cursor.watermark - OVERLAP


def test_what_was_forgotten_does_not_come_in_again() -> None:
    """However long a channel is read, a post older than the lookback is never new."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1)})
    platform.poll(source)
    platform.memory.posts.clear()
    platform.now += timedelta(days=40)
    source.threads["a"] += [a_post(native_id="2", created_at=platform.now)]
    platform.poll(source)
    assert set(platform.memory.posts) == {"instagram#2"}


CALLS_OF_A_RUN = 30
"""More than any run of the machine below makes; a death beyond the last call is no death."""


@given(
    first=st.integers(1, CALLS_OF_A_RUN),
    second=st.integers(1, CALLS_OF_A_RUN),
    after=st.booleans(),
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_a_poller_killed_between_any_two_of_its_calls_loses_and_doubles_nothing(
    *, first: int, second: int, after: bool, sizes: list[int]
) -> None:
    """Killed twice at any call, before or after it took effect, the third run completes what is missing."""
    platform = Platform()
    threads: dict[str, list[Post | Rejected]] = {}
    number = 0
    for name, size in enumerate(sizes):
        threads[str(name)] = some_posts(*range(number, number + size))
        number += size
    source = FakeSource(threads)
    written: list[str] = []
    for death in (first, second, None):
        memory = platform.memory
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        before = set(memory.posts)
        with contextlib.suppress(Killed):
            platform.poll(source)
        written += set(memory.posts) - before
        stored = [post.created_at for post in memory.posts.values()]
        cursor = memory.cursors.get(a_channel().id)
        if cursor is not None and cursor.watermark is not None:
            assert cursor.watermark <= max(stored), "the cursor passed what is stored"
        platform.now += LEASE
    assert set(platform.memory.posts) == {
        post.key for items in threads.values() for post in items if isinstance(post, Post)
    }
    assert len(written) == len(set(written)) == number
    assert platform.memory.runs[-1].complete


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=20), st.integers(0, 80))
def test_the_youngest_entries_that_fit_are_kept(entries: dict[str, str], limit: int) -> None:
    """What is kept is a tail of what was there, and fits."""
    kept = within(entries, limit)
    assert list(kept.items()) == list(entries.items())[len(entries) - len(kept) :]
    assert sum(len(name.encode()) + len(value.encode()) for name, value in kept.items()) <= limit


def test_an_edited_post_is_revised_and_then_known() -> None:
    """Another text under a known id is another version, found once."""
    platform = Platform()
    thread: list[Post | Rejected] = [a_post(native_id="1", text="jalan rusak")]

    @dataclass
    class Listing(FakeSource):
        """A platform that lists the thread at every poll."""

        def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
            yield Batch.of(thread, window)

    platform.poll(Listing())
    thread[0] = a_post(native_id="1", text="jalan rusak parah")
    run = platform.poll(Listing())
    assert run is not None
    assert (run.new, run.revised) == (0, 1)
    assert platform.memory.posts["instagram#1"].text == "jalan rusak parah"
    platform.memory.writes = 0
    platform.poll(Listing())
    assert platform.memory.writes == 0


def test_a_platform_that_forgets_is_not_said_to_be_read_further_back() -> None:
    """After two days of outage the ledger claims only what the platform still keeps."""

    @dataclass
    class Forgetful(FakeSource):
        """Keeps everything for a day."""

        keeps: timedelta = timedelta(hours=24)

    platform = Platform()
    platform.poll(Forgetful({"a": some_posts(1)}))
    platform.now += timedelta(days=2)
    run = platform.poll(Forgetful({"a": some_posts(1), "b": some_posts(2)}))
    assert run is not None
    assert run.read_from == platform.now - timedelta(hours=24)
