"""A platform of threads, a table in memory, and a clock, with which runs over one channel are tested."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aduan.channel import Cursor, Rejected, Run
from aduan.directory import Channel
from aduan.platform_errors import ChannelError, OutageError
from aduan.post import Post
from poll_channels.poll import Poll
from poll_channels.source import Batch, Source, Window
from tests.builders import NOON, a_channel, a_post
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore

MINUTE = timedelta(minutes=1)
LEASE = timedelta(minutes=3)


@dataclass
class FakeSource(Source):
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
    channel: Channel = field(default_factory=a_channel)
    now: datetime = NOON
    runs: int = 0

    def poll(self, source: Source, channel: Channel | None = None) -> Run | None:
        """Run once."""
        self.runs += 1
        self.now += MINUTE
        poll = Poll(
            channel or self.channel,
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryNoticeStore(self.memory),
            InMemoryLaneStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=LEASE,
        )
        return poll.run(lambda: source)

    def die(self, source: Source, *, before: int | None = None, after: int | None = None) -> None:
        """Run, and be killed before or after a call of the stores, if the run gets that far."""
        self.memory.calls = 0
        self.memory.kill_before, self.memory.kill_after = before, after
        with contextlib.suppress(Killed):
            self.poll(source)
        self.memory.calls = 0
        self.memory.kill_before = self.memory.kill_after = None

    @property
    def cursor(self) -> Cursor:
        """The cursor as stored."""
        return self.memory.cursors[self.channel.id]


def some_posts(*numbers: int) -> list[Post | Rejected]:
    """Posts a minute apart."""
    return [a_post(native_id=str(n), created_at=NOON - timedelta(minutes=100 - n)) for n in numbers]
