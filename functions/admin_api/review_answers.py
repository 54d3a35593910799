"""The answers of the API about candidates and questions: threads, their posts, and what became of decisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from admin_api.answers import channel_name, decision_answer, wib
from aduan.labels import ROUTE_LABELS
from aduan.lanes import likelihood
from aduan.post import LANES
from aduan.record import stamp

if TYPE_CHECKING:
    from admin_api.review import Answer
    from aduan.directory import Directory
    from aduan.lanes import Thread
    from aduan.post import Post

SHOWN: Final = 500
"""Most posts in one answer. When they are decided, the next ones are shown."""
SHOWN_BYTES: Final = 1_000_000
"""After so many bytes of text the answer ends, because Lambda allows 6 MB, and JSON may write each byte as three."""
OUTCOME_LABELS: Final = {"done": "Tersimpan", "outdated": "Sudah berubah", "refused": "Ditolak"}


def threads_answer(threads: Iterable[Thread], name: str, directory: Directory, now: datetime) -> dict[str, Any]:
    """Describe threads with their posts under `name`, as many as one answer holds; ``total`` counts all."""
    shown, total, seen, room = [], 0, 0, SHOWN_BYTES
    for thread in threads:
        total += len(thread.posts)
        posts: list[Post] = []
        for post in thread.posts:
            if seen == SHOWN or room <= 0:
                break
            posts.append(post)
            seen, room = seen + 1, room - len(post.text.encode())
        if posts:
            shown.append(_thread(thread, posts, name, directory, now))
    return {"threads": shown, "total": total, "more": total > seen}


def decisions_answer(answers: Iterable[tuple[str, Answer]], directory: Directory, now: datetime) -> dict[str, Any]:
    """Describe what became of each decision, in the order of the request, and count the outcomes."""
    told = [_decided(key, answer, directory, now) for key, answer in answers]
    counted = Counter(str(one["outcome"]) for one in told)
    return {"decisions": told, **{outcome: counted[outcome] for outcome in OUTCOME_LABELS}}


def lanes_answer(counts: Mapping[str, Counter[str]], directory: Directory) -> list[dict[str, Any]]:
    """Describe how many posts each channel has in each lane."""
    return [
        {
            "channel": channel,
            "label": channel_name(channel, directory),
            **{lane: counts[channel][lane] for lane in LANES},
        }
        for channel in sorted(counts)
    ]


def _thread(thread: Thread, posts: Iterable[Post], name: str, directory: Directory, now: datetime) -> dict[str, Any]:
    return {
        "channel": thread.channel,
        "channel_name": channel_name(thread.channel, directory),
        "parent_id": thread.parent_id,
        "under": thread.under,
        "report_probability": thread.likelihood,
        name: [_post(post, directory, now) for post in posts],
    }


def _post(post: Post, directory: Directory, now: datetime) -> dict[str, Any]:
    fields = {"text", "clipped", "has_photo", "permalink", "parent_id", "context"}
    return {
        "post": post.key,
        "version": post.version,
        "lane": post.lane,
        "lane_label": None if post.lane is None else ROUTE_LABELS[post.lane],
        **post.model_dump(mode="json", include=fields),
        "created_at": stamp(post.created_at),
        **wib("created_at", post.created_at),
        "age_hours": max(round((now - post.created_at).total_seconds() / 3600, 1), 0.0),
        "answered_at": None if post.answered_at is None else stamp(post.answered_at),
        **wib("answered_at", post.answered_at),
        "report_probability": likelihood(post),
        "decision": decision_answer(post.triage, directory),
    }


def _decided(key: str, answer: Answer, directory: Directory, now: datetime) -> dict[str, Any]:
    post = answer.post
    return {
        "post": key,
        "outcome": answer.outcome,
        "outcome_label": OUTCOME_LABELS[answer.outcome],
        "message": answer.message,
        "ticket": None if post is None else post.ticket,
        "now": None if post is None or answer.outcome == "done" else _post(post, directory, now),
    }
