"""The lanes of posts without a ticket: what a person decides about one, and how lists are grouped by thread. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from aduan.example import Example
    from aduan.post import Lane, Post


@dataclass(frozen=True)
class Sorting:
    """What a person decided about a candidate or a question."""

    to: Literal["question", "drop", "ticket"]
    by: str
    """User name of the person."""
    at: datetime
    example: Example
    """What the person said, from which the classifier learns."""
    expires_at: datetime | None = None
    """From when on the table may delete the post; only for ``drop``."""


@dataclass(frozen=True)
class Thread:
    """Posts of one lane that stand under the same text."""

    channel: str
    parent_id: str | None
    """Native id of the post that they stand under; None where the platform does not say."""
    under: str
    """The text they stand under; empty when it is not known."""
    posts: tuple[Post, ...]

    @property
    def likelihood(self) -> float:
        """How likely the likeliest of its posts is a report."""
        return max(likelihood(post) for post in self.posts)


def likelihood(post: Post) -> float:
    """Return how probable it is that a post is a report; 0 for one that nobody decided about."""
    return 0.0 if post.triage is None else post.triage.report_probability


def by_likelihood(posts: Iterable[Post]) -> list[Thread]:
    """Group candidates by thread: threads, and the posts in each, that are likeliest reports come first."""
    ordered = sorted(posts, key=lambda post: (-likelihood(post), post.created_at, post.key))
    return _threads(ordered)


def by_age(posts: Iterable[Post]) -> list[Thread]:
    """Group questions by thread: the oldest first, and so are the threads by their oldest question."""
    return _threads(sorted(posts, key=lambda post: (post.created_at, post.key)))


def _threads(posts: Sequence[Post]) -> list[Thread]:
    """Group posts by channel and parent, or else the text above; threads come in the order of their first posts."""
    groups: dict[tuple[str, str], list[Post]] = {}
    for post in posts:
        groups.setdefault((post.channel, post.parent_id or _under(post) or f"#{post.key}"), []).append(post)
    return [
        Thread(group[0].channel, group[0].parent_id, next(filter(None, map(_under, group)), ""), tuple(group))
        for group in groups.values()
    ]


def _under(post: Post) -> str:
    return "" if post.context is None else post.context.under


def lane_moves(before: Lane | None, after: Lane | None) -> dict[str, int]:
    """Return what is added to the counter of each lane when a post moves; None stands for no lane."""
    if before == after:
        return {}
    return {lane: number for lane, number in ((before, -1), (after, 1)) if lane is not None}
