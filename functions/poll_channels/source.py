"""What every source offers, and what some can do besides. A source says so by the classes it is derived from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.channel import Rejected
from aduan.platform_errors import NotPermittedError
from aduan.post import Post

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.platform_http import PlatformClient
    from poll_channels.connection import Connection

THREADS_REMEMBERED: Final = 150
"""Threads of which a cursor can keep marks. Listing more would read some of them anew at every run."""
PAGE_CAP: Final = 40
"""Pages of one edge in one run: a platform that never comes to an end must not hold the poller for ever."""
SUSPICIOUS: Final = 3
"""So many threads are not deleted between two requests of one run."""


@dataclass(frozen=True)
class Window:
    """Which part of a channel's past a run looks at."""

    since: datetime
    """Everything created or changed from here on must be read."""
    floor: datetime
    """What is older was written before the county used Aduan, and is left alone."""
    threads: datetime
    """Threads begun before this are not asked about any more, unless the platform lists them anyhow."""

    def is_past(self, results: Iterable[Post | Rejected | None]) -> bool:
        """Tell whether all posts of a page lie before `since`: where the newest come first, it is the last one read."""
        times = [item.created_at for item in results if isinstance(item, Post)]
        return bool(times) and all(time < self.since for time in times)


@dataclass(frozen=True)
class Batch:
    """A piece of a channel that is stored before the next piece is fetched."""

    posts: tuple[Post, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    own: int = 0
    """How many of the account's own posts were passed over."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What to remember about the threads that were read to their end, once this batch is stored."""

    @classmethod
    def of(cls, results: Iterable[Post | Rejected | None], window: Window) -> Batch:
        """Sort what was read; None stands for one of the account's own. What is older than the floor is left alone."""
        found = list(results)
        return cls(
            posts=tuple(item for item in found if isinstance(item, Post) and item.created_at >= window.floor),
            rejected=tuple(item for item in found if isinstance(item, Rejected)),
            own=sum(item is None for item in found),
        )


@dataclass
class Threads:
    """How the threads of one run answered."""

    read: int = 0
    gone: int = 0

    def check(self) -> None:
        """Tell deleted threads from a lost permission, for which platforms have the same answer.

        Raises:
            NotPermittedError: when several threads were asked for and every one of them was gone.
        """
        if self.read == 0 and self.gone >= SUSPICIOUS:
            raise NotPermittedError(f"all {self.gone} threads asked for are gone")


class Source(ABC):
    """One account on one platform, opened for one run."""

    keeps: timedelta = timedelta(days=3650)
    """How far back the platform shows what was written."""

    @abstractmethod
    def __init__(self, channel: Channel, connection: Connection) -> None:
        """Open a channel.

        Raises:
            CredentialError: naming a parameter of the Parameter Store that is missing.
            MisconfiguredError: naming the channel, and the field of its line in the directory that is wrong.
        """

    @property
    @abstractmethod
    def calls(self) -> int:
        """How many requests were sent so far."""

    @property
    def cost_usd(self) -> float:
        """What the platform charged for its responses so far."""
        return 0.0

    @abstractmethod
    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what citizens wrote, leaving out threads about which `marks` already say the same.

        Reaching the end means that everything in the window was yielded.

        Raises:
            ChannelError: when it could not be read to the end; batches yielded before are good.
        """


class HttpSource(Source):
    """What sources that are read by a client of one platform have in common."""

    def __init__(self, channel: Channel, connection: Connection, client: PlatformClient) -> None:
        self._channel = channel
        self._client = client
        self._factory = connection.post_factory(channel)

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._client.calls

    def check(self) -> None:
        """Look whether another request may be sent.

        Raises:
            StoppedError: when none may.
        """
        self._client.check()


class CanRecheck(ABC):
    """A source that can tell whether posts are still there."""

    batch_size: int
    """How many posts are asked about between two notes of how far the sweep is."""
    price_usd: float = 0.0
    """What the platform charges for each post that it still has. What was charged is `cost_usd`."""

    @property
    def cost_usd(self) -> float:
        """What the platform charged for its responses so far."""
        return 0.0

    @abstractmethod
    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Tell by their native ids which of `posts` the platform still shows; what it cannot tell is left out.

        Raises:
            ChannelError: when it cannot tell anything.
        """
