"""A poller dies, meets another poller, or gets no reply to a write that was done."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Self

import pytest
from botocore.exceptions import ConnectionClosedError
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from aduan.channel import Rejected
from aduan.platform_errors import StoppedError
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore, LeaseError
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.time_budget import SHARE_OF_TIME, TimeBudget
from poll_channels.source import Batch, Window
from tests.builders import NOON, a_channel, a_post, a_triage
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Killed
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import LEASE, MINUTE, FakeSource, Platform, some_posts
from tests.table import create_table

CHANNEL = a_channel().id
CALLS_OF_A_RUN = 30
"""More calls than any run of the property below makes; a death set for a later call never happens."""


def test_fault_01_a_crash_between_the_posts_and_the_cursor_repeats_nothing() -> None:
    """The next run finds its posts stored and decided, leaves them alone, and moves the cursor."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1, 2)})
    rehearsal = Platform()
    rehearsal.poll(source)
    platform.die(source, before=rehearsal.memory.calls)
    assert len(platform.memory.posts) == 2
    assert platform.cursor.watermark is None
    posts = InMemoryPostStore(platform.memory)
    for post in list(platform.memory.posts.values()):
        posts.settle(post, a_triage(is_report=False, route="drop"), NOON)
    decided = dict(platform.memory.posts)
    platform.now += LEASE
    run = platform.poll(source)
    assert run is not None
    assert (run.complete, run.new, run.revised, run.duplicate) == (True, 0, 0, 2)
    assert platform.memory.posts == decided, "a decided post was touched, and would be decided again"
    assert platform.cursor.watermark == NOON - timedelta(minutes=98)


def test_fault_02_a_crash_in_the_middle_of_a_page_stores_the_rest_in_the_next_run() -> None:
    """With k of n posts stored, the cursor remembers no part of the page, and the next run stores the other n - k."""
    for stored in range(1, 5):
        platform = Platform()
        source = FakeSource({"a": some_posts(1, 2, 3, 4)})
        platform.die(source, after=3 + stored)  # after the cursor, the check for known posts, and the lease
        assert len(platform.memory.posts) == stored
        assert (platform.cursor.watermark, platform.cursor.marks) == (None, {})
        platform.now += LEASE
        run = platform.poll(source)
        assert run is not None
        assert (run.new, run.duplicate) == (4 - stored, stored)
        assert len(platform.memory.posts) == 4


@given(
    first=st.integers(1, CALLS_OF_A_RUN),
    second=st.integers(1, CALLS_OF_A_RUN),
    after=st.booleans(),
    sizes=st.lists(st.integers(0, 4), min_size=1, max_size=4),
)
def test_fault_02_a_crash_between_any_two_calls_loses_and_doubles_nothing(
    *, first: int, second: int, after: bool, sizes: list[int]
) -> None:
    """After dying twice, at any call and before or after its effect, the third run stores what is missing."""
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
        cursor = memory.cursors.get(CHANNEL)
        if cursor is not None and cursor.watermark is not None:
            assert cursor.watermark <= max(stored), "the cursor passed what is stored"
        platform.now += LEASE
    assert set(platform.memory.posts) == {
        post.key for items in threads.values() for post in items if isinstance(post, Post)
    }
    assert len(written) == len(set(written)) == number
    assert platform.memory.runs[-1].complete


@dataclass
class LostReply:
    """Loses the reply of one call after the table has done what was asked."""

    table: Table
    operation: str
    requests: int = 0

    def __enter__(self) -> Self:
        """Intercept requests as close to the wire as possible."""
        self.table.client.meta.events.register_last(f"before-send.dynamodb.{self.operation}", self.lose)
        return self

    def __exit__(self, *_: object) -> None:
        """Stop intercepting."""
        self.table.client.meta.events.unregister(f"before-send.dynamodb.{self.operation}", self.lose)

    def lose(self, request: Any, **_: Any) -> None:
        """Break the connection after the first request."""
        self.requests += 1
        if self.requests == 1:
            raise ConnectionClosedError(endpoint_url=request.url)


@pytest.fixture
def table(monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    monkeypatch.setattr("botocore.endpoint.time.sleep", lambda _seconds: None)
    with mock_aws():
        yield create_table()


def test_fault_03_a_lease_whose_reply_is_lost_is_held(table: Table) -> None:
    """The SDK repeats the write and meets the run's own lease: the run continues, and no other run may start."""
    channels = DynamoChannelStore(table)
    fresh = channels.read(CHANNEL)
    with LostReply(table, "UpdateItem") as wire:
        channels.lease(fresh, "one", NOON, NOON + MINUTE)
    assert wire.requests == 2
    with pytest.raises(LeaseError):
        channels.lease(fresh, "two", NOON, NOON + MINUTE)


def test_fault_03_a_cursor_whose_reply_is_lost_is_written(table: Table) -> None:
    """The SDK's second write is refused because of the first, and the owner's mark shows that the first is ours."""
    channels = DynamoChannelStore(table)
    leased = channels.lease(channels.read(CHANNEL), "one", NOON, NOON + MINUTE)
    with LostReply(table, "PutItem") as wire:
        channels.release(leased.model_copy(update={"watermark": NOON}), "one")
    assert wire.requests == 2
    stored = channels.read(CHANNEL)
    assert (stored.watermark, stored.version, stored.lease_owner) == (NOON, 1, None)


def test_fault_03_a_cursor_that_another_run_wrote_is_not_taken_for_our_own(table: Table) -> None:
    """With the same version but another owner on the cursor, the write has failed for good, and the run learns so."""
    channels = DynamoChannelStore(table)
    first = channels.lease(channels.read(CHANNEL), "one", NOON, NOON + MINUTE)
    second = channels.lease(channels.read(CHANNEL), "two", NOON + MINUTE, NOON + 2 * MINUTE)
    channels.release(second, "two")
    with pytest.raises(LeaseError):
        channels.release(first, "one")


def test_fault_03_a_post_whose_reply_is_lost_is_stored_once(table: Table) -> None:
    """The second write meets the first: the post is stored as it was read, and is not taken for a new version."""
    posts = DynamoPostStore(table)
    with LostReply(table, "PutItem"):
        posts.add(a_post())
    assert posts.get(a_post().key) == a_post()
    assert posts.revise(a_post()) is False


def test_fault_04_a_run_leaves_a_channel_alone_that_another_one_holds() -> None:
    """The run neither asks the platform nor writes."""
    platform = Platform()
    channels = InMemoryChannelStore(platform.memory)
    channels.lease(channels.read(CHANNEL), "other", NOON, NOON + 10 * MINUTE)
    writes = platform.memory.writes
    source = FakeSource({"a": some_posts(1)})
    assert platform.poll(source) is None
    assert (source.windows, platform.memory.writes) == ([], writes)


@dataclass
class Slow(FakeSource):
    """A platform that finishes its first thread only after the lease has run out and another run has taken place."""

    platform: Platform = field(default_factory=Platform)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Let the other run start and finish between two batches of this one."""
        for number, batch in enumerate(super().read(window, marks)):
            yield batch
            if number == 0:
                self.platform.now += LEASE
                other = self.platform.poll(FakeSource({**self.threads, "c": some_posts(9)}))
                assert other is not None
                assert other.complete


def test_fault_04_a_lease_that_ran_out_is_taken_over_and_the_late_run_writes_no_cursor() -> None:
    """The second run completes; the first run's cursor and ledger are refused; every post is stored once."""
    platform = Platform()
    slow = Slow({"a": some_posts(1), "b": some_posts(2)}, platform=platform)
    assert platform.poll(slow) is None
    assert set(platform.memory.posts) == {"instagram#1", "instagram#2", "instagram#9"}
    assert platform.cursor.watermark == NOON - timedelta(minutes=91)
    assert (platform.cursor.version, platform.cursor.lease_owner) == (1, None)


def test_fault_05_a_run_out_of_time_keeps_the_threads_it_finished() -> None:
    """The next run continues with the rest; the watermark stays until everything is read."""
    platform = Platform()
    source = FakeSource({"a": some_posts(1), "b": some_posts(50)}, fails_after=1, failure=StoppedError("time"))
    run = platform.poll(source)
    assert run is not None
    assert (run.complete, run.stopped, run.error) == (False, "time", None)
    assert (platform.cursor.marks, platform.cursor.watermark) == ({"a": "1"}, None)
    source.fails_after = None
    platform.poll(source)
    assert platform.cursor.watermark == NOON - timedelta(minutes=50)


def test_fault_05_reading_ends_at_four_fifths_of_the_time() -> None:
    """A fifth of the time is left for storing the posts and the cursor."""
    now = 100.0
    budget = TimeBudget.of(lambda: now, 50)
    assert SHARE_OF_TIME == 0.8
    now = 139.9
    assert budget.check() == pytest.approx(0.1)
    now = 140.0
    with pytest.raises(StoppedError, match=r"^time$"):
        budget.check()
