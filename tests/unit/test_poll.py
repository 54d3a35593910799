"""A run first stores posts and then moves the cursor, whatever happens in between."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from poll_channels.poll import within
from poll_channels.source import Batch, Window
from tests.builders import NOON, a_post
from tests.polling import FakeSource, Platform, some_posts


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
    """Without new posts a run makes no write and one read, of the cursor."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1, 2)})
    platform.poll(source)
    platform.memory.reads = platform.memory.writes = 0
    run = platform.poll(source)
    assert (platform.memory.writes, platform.memory.reads) == (0, 1)
    assert run is not None
    assert run.new == 0


def test_posts_of_the_overlap_are_not_looked_up_again() -> None:
    """Posts that every run lists again cost neither a write nor a batch read."""
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
    """Sixty quiet minutes leave one entry in the ledger."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1)})
    platform.poll(source)
    for _ in range(60):
        platform.poll(source)
    assert len(platform.memory.runs) == 2


def test_an_outage_at_the_first_call_costs_one_write() -> None:
    """Only the ledger is written."""
    platform = Platform()
    platform.poll(FakeSource({"a": some_posts(1)}))
    platform.memory.writes = 0
    platform.poll(FakeSource({"b": some_posts(2)}, fails_after=0))
    assert platform.memory.writes == 1


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


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=5), max_size=20), st.integers(0, 80))
def test_the_youngest_entries_that_fit_are_kept(entries: dict[str, str], limit: int) -> None:
    """The kept entries are the last ones, and they fit."""
    kept = within(entries, limit)
    assert list(kept.items()) == list(entries.items())[len(entries) - len(kept) :]
    assert sum(len(name.encode()) + len(value.encode()) for name, value in kept.items()) <= limit


def test_a_platform_that_forgets_is_not_said_to_be_read_further_back() -> None:
    """After two days of outage the ledger claims only the period that the platform still keeps."""

    @dataclass
    class Forgetful(FakeSource):
        """A platform that keeps posts for a day."""

        keeps: timedelta = timedelta(hours=24)

    platform = Platform()
    platform.poll(Forgetful({"a": some_posts(1)}))
    platform.now += timedelta(days=2)
    run = platform.poll(Forgetful({"a": some_posts(1), "b": some_posts(2)}))
    assert run is not None
    assert run.read_from == platform.now - timedelta(hours=24)
