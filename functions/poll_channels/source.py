"""The interface of a source, and what some sources can do in addition. A source declares it by its base classes."""

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
"""How many threads' marks a cursor can keep. With more threads, some would be read anew in every run."""
PAGE_CAP: Final = 40
"""The most pages of one edge in one run: a platform whose pages never end must not hold the poller for ever."""
SUSPICIOUS: Final = 3
"""This many threads are never deleted between two requests of one run: if all are gone, a permission was lost."""


@dataclass(frozen=True)
class Window:
    """Which part of a channel's past a run looks at."""

    since: datetime
    """Everything created or changed from here on must be read."""
    floor: datetime
    """Anything older was written before the county used Aduan, and is left alone."""
    threads: datetime
    """Threads begun before this are not asked about any more, unless the platform lists them anyway."""
    proves: bool = False
    """Whether the run is entered in the ledger even when nothing is new. Then it must see for itself what is there: a
    platform's word that nothing has changed is no proof."""

    def is_past(self, results: Iterable[Post | Rejected | None]) -> bool:
        """Tell whether all posts of a page lie before `since`. Where the newest come first, reading ends there."""
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
    """What to remember, once this batch is stored, about the threads that were read to their end."""

    @classmethod
    def of(cls, results: Iterable[Post | Rejected | None], window: Window) -> Batch:
        """Make a batch of what was read. None stands for one of the account's own posts.

        Posts older than the window's floor are left out.
        """
        found = list(results)
        return cls(
            posts=tuple(item for item in found if isinstance(item, Post) and item.created_at >= window.floor),
            rejected=tuple(item for item in found if isinstance(item, Rejected)),
            own=sum(item is None for item in found),
        )


@dataclass
class Threads:
    """Counts how many threads of one run could be read, and how many were gone."""

    read: int = 0
    gone: int = 0

    def check(self) -> None:
        """Distinguish deleted threads from a lost permission, for which platforms give the same answer.

        Raises:
            NotPermittedError: when at least `SUSPICIOUS` threads were asked for and all of them were gone.
        """
        if self.read == 0 and self.gone >= SUSPICIOUS:
            raise NotPermittedError(f"all {self.gone} threads asked for are gone")


class Source(ABC):
    """One account on one platform, opened for one run."""

    keeps: timedelta = timedelta(days=3650)
    """How far back the platform shows posts."""

    @abstractmethod
    def __init__(self, channel: Channel, connection: Connection) -> None:
        """Open a channel.

        Raises:
            CredentialError: when a parameter of the Parameter Store is missing; the error names it.
            MisconfiguredError: when a field of the channel's line in the directory is wrong; the error names both.
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
        """Yield what citizens wrote, leaving out threads that have not changed since `marks`.

        Reaching the end means that everything in the window was yielded.

        Raises:
            ChannelError: when the channel could not be read to the end; batches yielded before are valid.
        """


class HttpSource(Source):
    """Base of the sources that read their platform with a `PlatformClient`."""

    def __init__(self, channel: Channel, connection: Connection, client: PlatformClient) -> None:
        self._channel = channel
        self._client = client
        self._factory = connection.post_factory(channel)

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._client.calls

    def check(self) -> None:
        """Check that another request may be sent.

        Raises:
            StoppedError: when none may.
        """
        self._client.check()


class CanRecheck(ABC):
    """A source that can tell whether posts are still there."""

    batch_size: int
    """How many posts are checked before the sweep's position is saved."""
    price_usd: float = 0.0
    """What the platform charges for each post that it still has; `cost_usd` is what it has charged."""

    @property
    def cost_usd(self) -> float:
        """What the platform charged for its responses so far."""
        return 0.0

    @abstractmethod
    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Return by native id whether the platform still shows each of `posts`; unknown ones are left out.

        Raises:
            ChannelError: when the platform tells about none of them.
        """
