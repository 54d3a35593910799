"""Reads every kind of channel in tests: from a platform's fake, by one run, or in a whole deployment."""

from __future__ import annotations

import json
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar, Generic, TypeVar, cast
from urllib.parse import parse_qsl, urlsplit

import urllib3
from hypothesis import strategies as st

from aduan.channel import Cursor, Rejected, Run
from aduan.context import Context
from aduan.directory import Channel
from aduan.platform_errors import ChannelError
from aduan.post import Post
from aduan.time_budget import TimeBudget
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.poll import Poll
from poll_channels.source import Source, Window
from poll_channels.sources import KINDS
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore
from tests.local_http import Answer, Asked, serving

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
FLOOR = NOW - timedelta(days=30)
FIRST = Window(since=FLOOR, floor=FLOOR, threads=FLOOR)
LATER = Window(since=NOW - timedelta(days=2), floor=FLOOR, threads=FLOOR)
"""The window of a run that follows a complete one."""
RECORDINGS = Path(__file__).parent / "recordings"
AUTHOR_KEY = "kunci-penulis"
APP_SECRET = "rahasia-aplikasi"
HTML = Answer(200, b"<!DOCTYPE html><title>Masuk</title>", {"Content-Type": "text/html"})
"""A login page in the place of an answer."""

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
"""Arbitrary JSON, whatever the platform documents."""

Fault = Callable[[Asked, int], Answer | None]


def recorded(kind: str, name: str, part: str | None = None) -> Answer:
    """A recorded answer of a platform: a whole file, or one part of it."""
    found = json.loads((RECORDINGS / kind / f"{name}.json").read_text(encoding="utf-8"))
    found = found if part is None else found[part]
    return Answer(found["status"], json.dumps(found["body"]).encode(), found.get("headers", {}))


def no_fault(_asked: Asked, _number: int) -> Answer | None:
    """Let the platform answer without a fault."""
    return None


@dataclass
class Fake(ABC):
    """A platform with one account. The class holds the account's channel and token."""

    CHANNEL: ClassVar[Channel]
    TOKEN: ClassVar[str]

    now: datetime = NOW
    fault: Fault = no_fault
    """Returns an answer to send instead, by the request and its number, or None."""
    asked: list[Asked] = field(default_factory=list)

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        self.asked.append(asked)
        instead = self.fault(asked, len(self.asked))
        return self.healthy(asked) if instead is None else instead

    @abstractmethod
    def healthy(self, asked: Asked) -> Answer:
        """Answer as a healthy platform does."""

    @abstractmethod
    def write(self, number: int, at: datetime) -> None:
        """Let a citizen write something."""

    @property
    @abstractmethod
    def citizens(self) -> Collection[str]:
        """Native ids of what citizens wrote."""


class TellingFake(Fake):
    """The fake of a platform that tells what was deleted."""

    @abstractmethod
    def delete(self, native_id: str) -> None:
        """Let the author delete a post."""


F = TypeVar("F", bound=Fake)


@dataclass
class Reading:
    """What one run over a source yielded."""

    posts: list[Post] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    own: int = 0
    answers: dict[str, datetime] = field(default_factory=dict)
    marks: dict[str, str] = field(default_factory=dict)
    error: ChannelError | None = None
    batches: int = 0
    calls: int = 0

    @property
    def ids(self) -> list[str]:
        """Native ids in order, repeated as often as they were yielded."""
        return [post.native_id for post in self.posts]

    @property
    def contexts(self) -> dict[str, Context | None]:
        """The posts' contexts, by their texts."""
        return {post.text: post.context for post in self.posts}

    @property
    def texts(self) -> dict[str, str]:
        """The posts' texts, by native id."""
        return {post.native_id: post.text for post in self.posts}


def read(source: Source, window: Window, marks: Mapping[str, str] | None = None) -> Reading:
    """Run a source to its end, or to its error."""
    found = Reading()
    try:
        for batch in source.read(window, marks or {}):
            found.batches += 1
            found.posts += batch.posts
            found.rejected += batch.rejected
            found.own += batch.own
            found.answers.update(batch.answers)
            found.marks.update(batch.marks)
    except ChannelError as error:
        found.error = error
    found.calls = source.calls
    return found


class Direct:
    """A client of a platform without a network in between."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._answer = answer

    def request(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None, **_: Any) -> Any:
        """Ask, as urllib3 does."""
        parts = urlsplit(url)
        named = {name.lower(): value for name, value in headers.items()}
        answer = self._answer(Asked(parts.path, dict(parse_qsl(parts.query)), named, url, body or b""))
        given = urllib3.HTTPHeaderDict(answer.headers)
        return urllib3.HTTPResponse(BytesIO(answer.data), headers=given, status=answer.status, preload_content=False)


def connection_to(  # noqa: PLR0913 # what a run gets to work with
    base_url: str,
    now: datetime,
    token: str,
    *,
    http: Any = None,
    pauses: list[float] | None = None,
    budget: TimeBudget | None = None,
    app_secret: str = APP_SECRET,
) -> Connection:
    """A connection on which every platform is at `base_url` and every token is `token`."""
    known = {"author_key": AUTHOR_KEY, "app_secret": app_secret}

    def get_parameters(Names: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 # the service's name
        values = {name: known.get(name.rpartition("/")[2], token) for name in Names}
        parameters = [{"Name": name, "Value": value} for name, value in values.items()]
        return {"Parameters": parameters, "InvalidParameters": []}

    client = cast("Any", SimpleNamespace(get_parameters=get_parameters))
    platforms = ("graph", "telegram", "x", "youtube")
    # Without a network, a feed is fetched from its own address.
    addresses: dict[str, Any] = {"feed_base_url": "" if http is not None else base_url}
    addresses |= {f"{name}_base_url": base_url for name in platforms}
    return Connection(
        urllib3.PoolManager(retries=False) if http is None else http,
        Credentials(client, "/aduan/test", time.monotonic),
        PollSettings.model_construct(**addresses, graph_version="v25.0"),
        budget or TimeBudget(time.monotonic, time.monotonic() + 30),
        now,
        sleep=(pauses if pauses is not None else list[float]()).append,
    )


@dataclass
class Platform(Generic[F]):
    """A platform's fake, and the source that reads it: over the network at `url`, or without one."""

    fake: F
    url: str = ""
    pauses: list[float] = field(default_factory=list)
    http: Any = None
    source: Any = None
    """The source that read it last."""

    def open(  # what a run gets to work with
        self,
        now: datetime = NOW,
        *,
        token: str | None = None,
        budget: TimeBudget | None = None,
        app_secret: str = APP_SECRET,
        **changes: Any,
    ) -> Any:
        """Open the channel, with `changes` to its line in the directory."""
        self.fake.now = now
        self.fake.asked.clear()
        channel = self.fake.CHANNEL.model_copy(update=changes)
        connection = connection_to(
            self.url or "http://platform.test",
            now,
            self.fake.TOKEN if token is None else token,
            http=self.http or (None if self.url else Direct(self.fake.answer)),
            pauses=self.pauses,
            budget=budget,
            app_secret=app_secret,
        )
        self.source = KINDS[channel.kind](channel, connection)
        return self.source

    def read(
        self, marks: Mapping[str, str] | None = None, window: Window | None = None, now: datetime = NOW, **more: Any
    ) -> Reading:
        """Run once, over the channel's whole lookback unless a window is given."""
        floor = NOW - timedelta(days=self.fake.CHANNEL.lookback_days)
        first = Window(since=floor, floor=floor, threads=floor)
        return read(self.open(now, **more), first if window is None else window, marks)

    @property
    def calls(self) -> int:
        """How many requests the last run sent."""
        return int(self.source.calls)


@contextmanager
def served(fake: F) -> Iterator[Platform[F]]:
    """A platform over real HTTP."""
    with serving(fake.answer) as url:
        yield Platform(fake, url)


@dataclass
class Deployment(Generic[F]):
    """A table, a clock that moves with every run, and a platform; requests count among the calls a run may die at."""

    fake: F
    memory: Memory = field(default_factory=Memory)
    now: datetime = NOW
    runs: int = 0
    changes: Mapping[str, Any] = field(default_factory=dict)
    """Changes to the channel's line in the directory."""

    @property
    def channel(self) -> Channel:
        """The channel, as the directory has it."""
        return self.fake.CHANNEL.model_copy(update=dict(self.changes))

    @property
    def cursor(self) -> Cursor | None:
        """The channel's cursor; None when it was never read."""
        return self.memory.cursors.get(self.channel.id)

    def poll(self) -> Run | None:
        """Run once, after any lease of a dead run has ended."""
        self.runs += 1
        self.now += timedelta(minutes=5)
        self.fake.now = self.now
        poll = Poll(
            self.channel,
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryNoticeStore(self.memory),
            InMemoryLaneStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=3),
        )
        return poll.run(lambda: KINDS[self.channel.kind](self.channel, self.connection()))

    def die(self, at: int | None, *, after: bool) -> None:
        """Run, and be killed before or after a request or a call of the table, if the run gets that far."""
        memory = self.memory
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, at) if after else (at, None)
        with suppress(Killed):
            self.poll()
        memory.kill_before = memory.kill_after = None

    def connection(self) -> Connection:
        """The connection that a run works with."""
        return connection_to("http://platform.test", self.now, self.fake.TOKEN, http=Direct(self._answer))

    def _answer(self, asked: Asked) -> Answer:
        with self.memory.call():
            return self.fake.answer(asked)

    @property
    def stored(self) -> set[str]:
        """Native ids of what is in the table."""
        return {post.native_id for post in self.memory.posts.values()}
