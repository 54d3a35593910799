"""Lanes in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aduan.lanes import Sorting
from aduan.post import Post
from aduan.store.table import OutdatedError
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore


@dataclass
class InMemoryLaneStore:
    """`LaneStore` in memory."""

    memory: Memory

    def candidates(self) -> list[Post]:
        """The first found first."""
        with self.memory.call():
            found = [post for post in self.memory.posts.values() if post.lane == "review"]
        return sorted(found, key=lambda post: post.fetched_at)

    def questions(self, channel: str) -> list[Post]:
        """The oldest first."""
        with self.memory.call():
            found = [post for post in self.memory.posts.values() if (post.lane, post.channel) == ("question", channel)]
        return sorted((post for post in found if post.answered_at is None), key=lambda post: post.created_at)

    def answered(self, key: str, at: datetime) -> None:
        """Note the answer once."""
        with self.memory.call(write=True):
            post = self.memory.posts.get(key)
            if post is None or not (post.state == "new" or post.lane in {"question", "review"}):
                return
            if post.answered_at is None and (post.revised_at is None or at >= post.revised_at):
                self.memory.posts[key] = post.model_copy(update={"answered_at": at})

    def sort(self, post: Post, sorting: Sorting) -> None:
        """Move the post and keep the example."""
        with self.memory.call(write=True):
            self.refuse(post)
            self.leave(post, sorting, None)
            self.memory.examples[post.key] = sorting.example

    def counts(self, months: Iterable[str]) -> dict[str, Counter[str]]:
        """Add up."""
        wanted, found = set(months), dict[str, Counter[str]]()
        with self.memory.call():
            for (month, channel, lane), number in self.memory.lanes.items():
                if month in wanted:
                    found.setdefault(channel, Counter())[lane] += number
        return found

    def refuse(self, post: Post) -> None:
        """Meet the conditions of the table."""
        stored = self.memory.posts[post.key]
        if (stored.state, stored.digest, stored.sorted_at) != ("triaged", post.digest, post.sorted_at) or stored.ticket:
            raise OutdatedError(post.key)

    def leave(self, post: Post, sorting: Sorting, ticket: str | None) -> None:
        """Move the post where the person wants it."""
        sorted_: dict[str, Any] = {"sorted_to": sorting.to, "sorted_by": sorting.by, "sorted_at": sorting.at}
        after = self.memory.posts[post.key].model_copy(update={**sorted_, "ticket": ticket})
        self.memory.posts[post.key] = after
        InMemoryPostStore(self.memory).count(post, after.lane)
