"""The answers of the admin API about the posts that wait for a person: by thread, the most likely reports first."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from admin_api.answers import Answer, channel_name, wib
from aduan.labels import KIND_LABELS, URGENCY_LABELS, department_name, topic_label
from aduan.record import stamp
from aduan.store.lane_counts import LANES

if TYPE_CHECKING:
    from admin_api.sorting import Outcome, Verdict
    from aduan.directory import Directory
    from aduan.post import Post

OUTCOME_LABELS: Final[dict[Outcome, str]] = {
    "done": "Tersimpan",
    "outdated": "Kiriman atau keputusannya sudah berubah; baca lagi lalu putuskan lagi",
    "refused": "Tidak dapat disimpan",
}


def review_answer(posts: Sequence[Post], limit: int, directory: Directory, now: datetime) -> Answer:
    """Describe the candidates by thread: the thread with the likeliest report first, and so within each thread.

    At most `limit` candidates are shown; ``total`` says how many there are.
    """
    return _threads(posts, limit, directory, now, order=lambda post: -_likelihood(post))


def questions_answer(posts: Sequence[Post], limit: int, directory: Directory, now: datetime) -> Answer:
    """Describe the unanswered questions by thread, the oldest first. At most `limit` are shown."""
    return _threads(posts, limit, directory, now, order=lambda post: post.created_at.timestamp())


def sorting_answer(key: str, verdict: Verdict, post: Post | None, directory: Directory, now: datetime) -> Answer:
    """Describe what became of the decision about the post `key`; one that is outdated has the post as it is now."""
    shown = verdict.outcome == "outdated" and post is not None and post.state != "gone"
    return {
        "post": key,
        "outcome": verdict.outcome,
        "outcome_label": OUTCOME_LABELS[verdict.outcome],
        "reason": verdict.reason,
        "ticket": post.ticket if post is not None else None,
        "now": _candidate(post, directory, now) if shown and post is not None else None,
    }


def _threads(
    posts: Sequence[Post], limit: int, directory: Directory, now: datetime, *, order: Callable[[Post], float]
) -> Answer:
    threads: defaultdict[tuple[str, str], list[Post]] = defaultdict(list)
    for post in posts:
        threads[post.channel, post.thread].append(post)
    for members in threads.values():
        members.sort(key=lambda post: (order(post), post.key))
    ordered = sorted(threads.values(), key=lambda members: (order(members[0]), members[0].key))
    shown: list[Answer] = []
    left = limit
    for members in ordered:
        if left <= 0:
            break
        shown.append(_thread(members[:left], directory, now))
        left -= len(members)
    return {"total": len(posts), "threads": shown}


def _thread(members: Sequence[Post], directory: Directory, now: datetime) -> Answer:
    first = members[0]
    return {
        "channel": first.channel,
        "channel_name": channel_name(first.channel, directory),
        # Of different posts, different lengths of it are kept.
        "under": max((post.context.under for post in members if post.context is not None), key=len, default=""),
        "posts": [_candidate(post, directory, now) for post in members],
    }


def _candidate(post: Post, directory: Directory, now: datetime) -> Answer:
    triage = post.triage
    guess: dict[str, Any] = {}
    if triage is not None:
        guess = {
            "report_probability": triage.report_probability,
            "kind": triage.kind,
            "kind_label": KIND_LABELS[triage.kind],
            "topic": triage.topic,
            "topic_label": triage.topic and topic_label(triage.topic, directory),
            "urgency": triage.urgency,
            "urgency_label": URGENCY_LABELS[triage.urgency],
            "guess": triage.guess,
            "guess_name": triage.guess and department_name(triage.guess, directory),
            "runner_up": triage.runner_up,
            "runner_up_name": triage.runner_up and department_name(triage.runner_up, directory),
            "place_label": triage.place.label() if triage.place else None,
            "reasons": list(triage.reasons),
        }
    return {
        "post": post.key,
        "version": post.version,
        "text": post.text,
        "clipped": post.clipped,
        "has_photo": post.has_photo,
        "permalink": post.permalink,
        "to": post.context.to if post.context is not None else None,
        "created_at": stamp(post.created_at),
        **wib("created_at", post.created_at),
        "age_days": max(0, (now - post.created_at).days),
        **guess,
    }


def _likelihood(post: Post) -> float:
    triage = post.triage
    if triage is None:
        return 0.0
    return triage.report_probability + (triage.urgency != "normal")


def lanes_answer(counts: Mapping[str, int]) -> Answer:
    """Describe how many posts are in each lane that opens no ticket."""
    return {lane: counts.get(lane, 0) for lane in LANES}
