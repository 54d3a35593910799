"""The interface of a source, and what some sources can do in addition. A source declares it by its base classes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.channel import FailingObject, Rejected
from aduan.platform_errors import (
    ACCOUNT_ERRORS,
    ChannelError,
    GoneError,
    NotPermittedError,
    ObjectsError,
    OutageError,
    PageCapError,
)
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
"""This many threads are never deleted between two requests of one run: if all are gone or refused, a permission was
lost."""


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
    failing: Mapping[str, FailingObject] = field(default_factory=dict)
    """The objects that could not be read by the runs before."""
    unread_since: datetime | None = None
    """From where on these are to be read."""

    def is_past(self, results: Iterable[Result]) -> bool:
        """Tell whether all posts of a page lie before `since`. Where the newest come first, reading ends there."""
        times = [item.created_at for item in results if isinstance(item, Post)]
        return bool(times) and all(time < self.since for time in times)


@dataclass(frozen=True)
class Own:
    """One of the account's own posts. It is not stored, but may answer what a citizen wrote."""

    at: datetime
    answers: tuple[str, ...] = ()
    """Native ids of the posts that it answers."""


Result = Post | Rejected | Own | None
"""What reading one item gives; None when the item is passed over, such as a repost."""


@dataclass(frozen=True)
class Batch:
    """A piece of a channel that is stored before the next piece is fetched."""

    posts: tuple[Post, ...] = ()
    rejected: tuple[Rejected, ...] = ()
    own: int = 0
    """How many of the account's own posts were passed over."""
    answers: Mapping[str, datetime] = field(default_factory=dict)
    """When the account itself answered, by the native id of the post that it answered."""
    marks: Mapping[str, str] = field(default_factory=dict)
    """What to remember, once this batch is stored, about the threads that were read to their end."""
    failed: Mapping[str, str] = field(default_factory=dict)
    """The objects that could not be read, each with the class and code of its error."""
    recovered: tuple[str, ...] = ()
    """The objects that failed before, and were read now or are gone."""
    too_old: int = 0
    """How many posts were left out because they are older than the window's floor."""

    @classmethod
    def of(cls, results: Iterable[Result], window: Window) -> Batch:
        """Make a batch of what was read. Posts older than the window's floor are left out, and answers as well."""
        found = list(results)
        posts = [item for item in found if isinstance(item, Post)]
        kept = tuple(post for post in posts if post.created_at >= window.floor)
        own = [item for item in found if isinstance(item, Own)]
        answers = {answered: item.at for item in sorted(own, key=lambda item: item.at) for answered in item.answers}
        return cls(
            posts=kept,
            too_old=len(posts) - len(kept),
            rejected=tuple(item for item in found if isinstance(item, Rejected)),
            own=len(own) + sum(item is None for item in found),
            answers={native_id: at for native_id, at in answers.items() if at >= window.floor},
        )


class Objects:
    """Reads the objects of one run, such as threads, so that the error of one ends the reading of no other."""

    def __init__(self, window: Window, now: datetime) -> None:
        self._window = window
        self._now = now
        self._asked_for: set[str] = set()
        self._unread: dict[str, str] = {}
        self._too_long: PageCapError | None = None
        self._read = self._gone = self._refused = 0
        self._ended_in_outage = False

    def read(self, name: str, batches: Callable[[Window], Iterator[Batch]], *, can_go: bool = True) -> Iterator[Batch]:
        """Yield an object's batches, unless it failed before and its next try is not due.

        Args:
            name: The object's name, which every run gives it.
            batches: Reads the object in a window, which for an object that failed reaches back to what was not read.
            can_go: Whether the object may have been deleted after it was listed, and what lies under it as well.

        Raises:
            ChannelError: when the error is not the object's but the account's.
        """
        self._asked_for.add(name)
        failing = self._window.failing.get(name)
        if failing is not None and self._now < failing.retry_at:
            self._unread[name] = failing.reason
            return
        asked = False
        try:
            for batch in batches(self._window_of(name)):
                asked = True
                yield batch
        except PageCapError as error:
            self._too_long = error
            return
        except ACCOUNT_ERRORS:
            raise
        except ChannelError as error:
            if not (can_go and isinstance(error, GoneError)):
                self._refused += isinstance(error, NotPermittedError)
                self._ended_in_outage = isinstance(error, OutageError)
                self._unread[name] = f"{type(error).__name__}: {error}"
                yield Batch(failed={name: self._unread[name]})
                return
            self._gone += 1
        else:
            self._read += asked
            self._ended_in_outage = self._ended_in_outage and not asked
        if failing is not None:
            yield Batch(recovered=(name,))

    def finish(self, ask_again: Callable[[], object], *, all_listed: bool = True) -> Iterator[Batch]:
        """End the reading: forget failing objects that are no longer listed, and raise what was left unread.

        Args:
            ask_again: Asks for the account's list again. It is called when the run ended with an object that got no
                sound answer, because the platform may be down since then; its error is the account's.
            all_listed: Whether the run listed every object that may be failing; else those not asked for stay unread.

        Raises:
            NotPermittedError: when at least `SUSPICIOUS` objects were asked for and all were gone or refused. For a
                deleted thread and a lost permission platforms give the same answer.
            PageCapError: when one object is longer than a run reads.
            ObjectsError: when some objects could not be read.
            ChannelError: whatever `ask_again` raises.
        """
        if self._ended_in_outage:
            ask_again()
        missed = {name: failing.reason for name, failing in self._window.failing.items() if name not in self._asked_for}
        if all_listed and missed:
            yield Batch(recovered=tuple(missed))
        elif not all_listed:
            self._unread |= missed
        if self._read == 0 and self._gone + self._refused >= SUSPICIOUS:
            how = "refused" if self._refused else "gone"
            raise NotPermittedError(f"all {self._gone + self._refused} threads asked for are {how}")
        if self._too_long is not None:
            raise self._too_long
        if self._unread:
            raise ObjectsError(self._unread)

    def _window_of(self, name: str) -> Window:
        since = self._window.unread_since
        if since is None or name not in self._window.failing:
            return self._window
        return replace(self._window, since=min(since, self._window.since))


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
