"""The posts that wait for a person, in memory."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from aduan.example import Example
from aduan.post import Post
from aduan.triage import Route, Triage
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore


@dataclass
class InMemoryLaneStore:
    """`LaneStore` in memory."""

    memory: Memory

    def candidates(self) -> list[Post]:
        """Look through all posts."""
        return self._waiting("review")

    def questions(self, channel: str) -> list[Post]:
        """Look through all posts."""
        return [post for post in self._waiting("question") if post.channel == channel]

    def sort(self, post: Post, triage: Triage, example: Example, chatter_for: timedelta) -> None:
        """Decide once."""
        del chatter_for
        with self.memory.call(write=True):
            InMemoryPostStore(self.memory).decide(post, triage, None, example.by, example.at)
            self.memory.examples[post.key] = example

    def answered(self, key: str, at: datetime) -> bool:
        """Note the first answer."""
        with self.memory.call(write=True):
            post = self.memory.posts.get(key)
            if post is None or not post.takes_answer(at):
                return False
            self.memory.posts[key] = post.model_copy(update={"answered_at": at})
            return True

    def _waiting(self, lane: Route) -> list[Post]:
        with self.memory.call():
            posts = [post for post in self.memory.posts.values() if post.lane == lane]
        posts = [post for post in posts if lane == "review" or post.answered_at is None]
        return sorted(posts, key=lambda post: (post.fetched_at, post.key))
