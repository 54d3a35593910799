"""Posts and the quarantine in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from aduan.channel import Rejected
from aduan.post import Post
from aduan.store.posts import LEFT_BEHIND
from aduan.store.table import OutdatedError
from aduan.triage import Triage
from tests.in_memory.memory import Memory


@dataclass
class InMemoryPostStore:
    """`PostStore` in memory."""

    memory: Memory

    def digests(self, posts: Iterable[Post]) -> dict[str, str]:
        """Look up."""
        with self.memory.call():
            stored = self.memory.posts
            return {post.key: stored[post.key].digest for post in posts if post.key in stored}

    def known(self, channel: str, keys: Iterable[str]) -> set[str]:
        """Look up in the posts and the quarantine."""
        with self.memory.call():
            posts, quarantined = self.memory.posts, self.memory.quarantined
            return {key for key in keys if key in posts or (channel, key.partition("#")[2]) in quarantined}

    def add(self, post: Post) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            return self.memory.posts.setdefault(post.key, post) is post

    def revise(self, post: Post) -> bool:
        """Replace the text of what is stored."""
        with self.memory.call(write=True):
            stored = self.memory.posts.get(post.key)
            if stored is None or stored.gone_at is not None or stored.digest == post.digest:
                return False
            self.memory.posts[post.key] = stored.model_copy(
                update={
                    "text": post.text,
                    "clipped": post.clipped,
                    "digest": post.digest,
                    "has_photo": post.has_photo,
                    "context": post.context or stored.context,
                    "state": "new",
                    "missed_at": None,
                    "answered_at": None,
                    "revised_at": post.fetched_at,
                }
            )
            return True

    def readmit(self, post: Post) -> bool:
        """Replace a tombstone, but keep what ticket it belongs to."""
        with self.memory.call(write=True):
            stored = self.memory.posts.get(post.key)
            if stored is None or stored.gone_at is None:
                return False
            self.memory.posts[post.key] = post.model_copy(update={"triage": stored.triage, "ticket": stored.ticket})
            return True

    def note_missed(self, post: Post, at: datetime | None) -> None:
        """Set or remove the time."""
        with self.memory.call(write=True):
            stored = self.memory.posts[post.key]
            if stored.gone_at is None:
                self.memory.posts[post.key] = stored.model_copy(update={"missed_at": at})

    def quarantine(self, rejected: Rejected, at: datetime) -> bool:
        """Put unless there."""
        with self.memory.call(write=True):
            key = (rejected.channel, rejected.native_id)
            return self.memory.quarantined.setdefault(key, rejected) is rejected

    def get(self, key: str) -> Post | None:
        """Look up."""
        with self.memory.call():
            return self.memory.posts.get(key)

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Decide once."""
        with self.memory.call(write=True):
            self.decide(post, triage, None)
            if post.sorted_at is not None:
                self.memory.examples.pop(post.key, None)

    def erase(self, post: Post, reason: str, at: datetime) -> bool:
        """Leave a tombstone."""
        with self.memory.call(write=True):
            if self.memory.posts[post.key].ticket is not None:
                return False
            if self.memory.posts[post.key].sorted_at is not None:
                self.memory.examples.pop(post.key, None)
            return self.leave_tombstone(post, reason, at)

    def leave_tombstone(self, post: Post, reason: str, at: datetime) -> bool:
        """Remove a post's text and author."""
        stored = self.memory.posts[post.key]
        if stored.gone_at is not None:
            return False
        triage = stored.triage and stored.triage.without_words()
        nothing = {"text": "", "permalink": "", "has_photo": False, "author": None, "context": None, "digest": ""}
        gone = {"missed_at": None, "state": "gone", "gone_at": at, "gone_reason": reason, "triage": triage}
        self.memory.posts[post.key] = stored.model_copy(update={**nothing, **gone})
        return True

    def found_since(
        self, channel: str, since: datetime, after: tuple[datetime, str] | None, limit: int
    ) -> list[tuple[datetime, str]]:
        """Oldest first."""
        with self.memory.call():
            posts = [post for post in self.memory.posts.values() if post.channel == channel]
        found = sorted((post.fetched_at, post.key) for post in posts if post.fetched_at >= since)
        return [one for one in found if after is None or one > after][:limit]

    def decide(  # as in the table
        self, post: Post, triage: Triage, ticket: str | None, by: str | None = None, at: datetime | None = None
    ) -> None:
        """Decide about a new post, or about one in a lane."""
        stored = self.memory.posts[post.key]
        if (stored.state, stored.digest, stored.lane) != (post.state, post.digest, post.lane) or stored.state == "gone":
            raise OutdatedError(post.key)
        if stored.state == "triaged" and stored.ticket is not None:
            raise OutdatedError(post.key)
        if post.answered_at is None and stored.answered_at is not None:
            raise OutdatedError(post.key)
        self.memory.count_lane(post, triage.route if ticket is None else "desk", triage.gate if by is None else None)
        decided = {"state": "triaged", "triage": triage, "ticket": ticket, "sorted_by": by, "sorted_at": by and at}
        self.memory.posts[post.key] = post.model_copy(update=decided)

    def left_behind(self, now: datetime) -> Iterator[str]:
        """New posts whose time has passed."""
        with self.memory.call():
            due = [
                post
                for post in self.memory.posts.values()
                if post.state == "new" and (post.revised_at or post.fetched_at) + LEFT_BEHIND <= now
            ]
        yield from [post.key for post in sorted(due, key=lambda post: post.fetched_at)]
