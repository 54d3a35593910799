"""What a channel kind must offer, and how it says what went wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol

from aduan.channel import Rejected
from aduan.post import Post

SHARE_OF_TIME: Final = 0.8
"""A run stops reading when this share of its time is spent: the rest is for storing and for the cursor."""

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


class Source(Protocol):
    """One account on one platform."""

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what citizens wrote, leaving out threads about which `marks` already say the same.

        Reaching the end means that everything in the window was yielded.

        Raises:
            ChannelError: when it could not be read to the end; batches yielded before are good.
        """


class ChannelError(Exception):
    """The channel could not be read to its end. The text is safe to log: no body, no token, no person."""


class OutageError(ChannelError):
    """No answer, or not an answer of the documented shape. It is never taken for "no posts"."""


class ThrottledError(ChannelError):
    """The platform wants us to wait."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


class CredentialError(ChannelError):
    """The token is expired, revoked or missing: a person must act."""


class NotPermittedError(ChannelError):
    """The token lacks a permission, or the app a capability: a person must act."""


class MisconfiguredError(ChannelError):
    """The platform does not know what we ask for."""


class GoneError(ChannelError):
    """The object asked for is deleted or not visible to us."""


class StoppedError(ChannelError):
    """The run must end here although nothing is wrong; the next one goes on."""


class GapError(StoppedError):
    """All that can be read was read; what was written between two moments is out of reach for ever."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__("gap")
        self.since = since
        self.until = until


class PageCapError(StoppedError):
    """One edge is longer than a run reads. The others are read all the same, or this one would starve them."""

    def __init__(self) -> None:
        super().__init__("page cap")


@dataclass(frozen=True)
class Budget:
    """How long a run may go on reading."""

    clock: Callable[[], float]
    """Seconds of a clock that only moves forward."""
    end: float

    @classmethod
    def of(cls, clock: Callable[[], float], seconds: float) -> Budget:
        """Grant the usual share of `seconds` from now on."""
        return cls(clock, clock() + SHARE_OF_TIME * seconds)

    def check(self) -> float:
        """Return the seconds left.

        Raises:
            StoppedError: when none are.
        """
        left = self.end - self.clock()
        if left <= 0:
            raise StoppedError("time")
        return left
