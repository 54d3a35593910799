"""Polling with everything that can happen at once: deaths, outages, overlapping runs, late and edited posts.

The machine writes to a platform, polls it in every broken way, and at the end checks that nothing is missing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aduan.platform_errors import OutageError, StoppedError
from aduan.post import Post
from poll_channels.poll import OVERLAP, Poll
from poll_channels.source import Batch, Source, Window
from tests.builders import NOON, a_channel, a_post
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore

LEASE = timedelta(minutes=2)
THREADS = ("a", "b", "c")
LATE = OVERLAP - timedelta(hours=1)
"""How late a post may become visible for the overlap to catch it."""


@dataclass
class Platform(Source):
    """Threads whose mark is how much ever happened in them; they may be listed in any order."""

    threads: dict[str, dict[str, Post]] = field(default_factory=lambda: {name: {} for name in THREADS})
    happened: dict[str, int] = field(default_factory=lambda: dict.fromkeys(THREADS, 0))
    backwards: bool = False
    between: Callable[[], None] | None = None
    """Called once, between the first two batches."""
    failure: OutageError | StoppedError | None = None
    calls: int = 0

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the threads in which something happened."""
        for name in sorted(self.threads, reverse=self.backwards):
            mark = str(self.happened[name])
            if marks.get(name, "0") == mark:
                continue
            posts = sorted(self.threads[name].values(), key=lambda post: post.native_id, reverse=self.backwards)
            yield Batch.of(posts, window)
            if self.between is not None:
                between, self.between = self.between, None
                between()
            if self.failure is not None:
                raise self.failure
            yield Batch(marks={name: mark})


class Polling(RuleBasedStateMachine):
    """One channel over some days."""

    @initialize()
    def start(self) -> None:
        """Start with an empty channel."""
        self.platform = Platform()
        self.memory = Memory()
        self.now = NOON
        self.runs = 0
        self.written = 0
        self.watermark: datetime | None = None

    def poll(self) -> None:
        """Run once, to the end unless the process dies."""
        self.runs += 1
        poll = Poll(
            a_channel(),
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryNoticeStore(self.memory),
            InMemoryLaneStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=LEASE,
        )
        self.platform.calls = 0
        poll.run(lambda: self.platform)

    def heal(self) -> None:
        """End all trouble."""
        self.platform.failure = self.platform.between = None
        self.memory.calls = 0
        self.memory.kill_before = self.memory.kill_after = None

    @rule(thread=st.sampled_from(THREADS), age=st.integers(0, int(LATE.total_seconds()) // 60))
    def write(self, thread: str, age: int) -> None:
        """Add a post, written now or a while ago, that becomes visible now."""
        self.written += 1
        created_at = max(self.now - timedelta(minutes=age), NOON - timedelta(days=20))
        post = a_post(native_id=f"{self.written:05}", text=f"first {self.written}", created_at=created_at)
        self.platform.threads[thread][post.native_id] = post
        self.platform.happened[thread] += 1

    @rule(thread=st.sampled_from(THREADS), number=st.integers(1, 20))
    def edit(self, thread: str, number: int) -> None:
        """Let an author edit a post."""
        post = self.platform.threads[thread].get(f"{number:05}")
        if post is not None:
            self.platform.happened[thread] += 1
            text = f"edited {self.platform.happened[thread] % 2}"
            edited = a_post(native_id=post.native_id, text=text, created_at=post.created_at)
            self.platform.threads[thread][post.native_id] = edited

    @rule()
    def reorder(self) -> None:
        """Let the platform rank differently from now on."""
        self.platform.backwards = not self.platform.backwards

    @rule(minutes=st.integers(1, 600))
    def wait(self, minutes: int) -> None:
        """Let time pass."""
        self.now += timedelta(minutes=minutes)

    @rule()
    def poll_well(self) -> None:
        """Run once without trouble."""
        self.heal()
        self.poll()

    @rule(call=st.integers(1, 25), after=st.booleans())
    def poll_and_die(self, call: int, after: bool) -> None:  # noqa: FBT001 # hypothesis passes by name
        """Let the process die before a call, or after its effect but before its reply."""
        self.heal()
        self.memory.kill_before, self.memory.kill_after = (None, call) if after else (call, None)
        with contextlib.suppress(Killed):
            self.poll()
        self.heal()

    @rule(failure=st.sampled_from([OutageError("code 2"), StoppedError("time")]))
    def poll_and_fail(self, failure: OutageError | StoppedError) -> None:
        """Let the platform fail, or the time run out, after the first thread."""
        self.heal()
        self.platform.failure = failure
        self.poll()
        self.heal()

    @rule()
    def poll_twice_at_once(self) -> None:
        """Let a second run begin and end while the first is between two threads."""
        self.heal()
        self.platform.between = self.poll
        self.poll()
        self.heal()

    @invariant()
    def the_cursor_never_passes_what_is_stored(self) -> None:
        """The cursor is at a stored post and never moves back."""
        cursor = self.memory.cursors.get(a_channel().id) if hasattr(self, "memory") else None
        if cursor is None or cursor.watermark is None:
            return
        assert cursor.watermark <= max(post.created_at for post in self.memory.posts.values())
        assert self.watermark is None or cursor.watermark >= self.watermark
        self.watermark = cursor.watermark

    @invariant()
    def nothing_is_stored_that_nobody_wrote(self) -> None:
        """Each stored post exists on the platform."""
        if hasattr(self, "memory"):
            shown = {post.key for posts in self.platform.threads.values() for post in posts.values()}
            assert set(self.memory.posts) <= shown

    def teardown(self) -> None:
        """After the lease has expired, one run without trouble stores what is missing, in its last version."""
        if not hasattr(self, "memory"):
            return
        self.heal()
        self.now += LEASE
        self.poll()
        for posts in self.platform.threads.values():
            for post in posts.values():
                assert self.memory.posts[post.key].text == post.text
        writes = self.memory.writes
        self.poll()
        assert self.memory.writes == writes, "a run that finds nothing wrote"


TestPolling = Polling.TestCase
TestPolling.settings = settings(max_examples=150, stateful_step_count=30)
