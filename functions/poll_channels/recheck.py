"""Ask the platforms whether the posts of the last month are still there, and bury those that are not.

What a citizen deletes is deleted here too: text, author and picture go, the tombstone with its time and reason stays.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

from aduan.channel import Sweep
from aduan.directory import Channel
from aduan.post import Post
from aduan.store.channels import ChannelStore
from aduan.store.posts import AlreadyTriagedError, PostStore
from aduan.store.tickets import TicketStore
from aduan.ticket import Event
from poll_channels.source import NotPermittedError, StoppedError

LOOKED_AFTER: Final = timedelta(days=30)
"""How long after it was found a post is asked about."""
EVERY: Final = timedelta(days=1)
"""How often each post is asked about. X's developer policy wants deletions followed within 24 hours of a request."""
SLICE: Final = 10
"""Posts between two notes of how far the sweep is."""
REASON: Final = "dihapus di kanal asalnya"


class Rechecking(Protocol):
    """A source that can tell whether posts are still there."""

    def gone(self, posts: list[Post]) -> set[str]:
        """Native ids, among those of `posts`, that the platform does not show any more.

        Raises:
            ChannelError: when it cannot tell.
        """


class Recheck:
    """One sweep over one channel; it goes on where the last one had to stop."""

    def __init__(
        self,
        channel: Channel,
        channels: ChannelStore,
        posts: PostStore,
        tickets: TicketStore,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._channel = channel
        self._channels = channels
        self._posts = posts
        self._tickets = tickets
        self._clock = clock
        self._alive = False
        """A post was seen that is still there."""

    def run(self, open_source: Callable[[], Rechecking]) -> int:
        """Sweep as far as there is time, and return how many posts were buried.

        Raises:
            ChannelError: when the platform cannot tell; the sweep stays where it is.
        """
        now = self._clock()
        sweep = self._channels.sweep(self._channel.id)
        if sweep.finished_at is not None and now - sweep.finished_at < EVERY:
            return 0
        after = None if sweep.position is None or sweep.last is None else (sweep.position, sweep.last)
        source = open_source()
        buried = 0
        while True:
            found = self._posts.found_since(self._channel.id, now - LOOKED_AFTER, after, SLICE)
            try:
                buried += self._look_at([key for _, key in found], source)
            except StoppedError:
                return buried
            if len(found) < SLICE:
                self._channels.swept(Sweep(channel=self._channel.id, finished_at=now))
                return buried
            after = found[-1]
            self._channels.swept(Sweep(channel=self._channel.id, position=after[0], last=after[1]))

    def _look_at(self, keys: list[str], source: Rechecking) -> int:
        posts = [post for key in keys if (post := self._posts.get(key)) is not None and post.state != "gone"]
        gone = source.gone(posts) if posts else set()
        self._alive = self._alive or len(gone) < len(posts)
        if gone and not self._alive:
            # A lost permission looks the same; one post that is there proves that we may see them.
            raise NotPermittedError(f"all {len(posts)} posts asked for are gone")
        return sum(self._bury(post.key) for post in posts if post.native_id in gone)

    def _bury(self, key: str) -> bool:
        at = self._clock()
        post = self._posts.get(key)  # asking took its time, and a ticket may have been opened
        if post is None:
            return False
        ticket = self._tickets.get(post.ticket) if post.ticket is not None else None
        if ticket is None:
            return self._posts.bury(post, REASON, at)
        event = Event(ticket=ticket.code, at=at, move="source_gone", by="poll_channels", why=REASON)
        try:
            self._tickets.bury(post, ticket, event, REASON, at)
        except AlreadyTriagedError:
            return False  # somebody moved it at this moment; the next sweep meets it again
        return True
