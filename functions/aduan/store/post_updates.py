"""The updates by which a post is decided, sorted, erased and counted; for use alone or in a transaction."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aduan.lanes import lane_moves
from aduan.record import month_of, stamp
from aduan.store.table import (
    REVIEW,
    Item,
    Table,
    attributes,
    lanes_key,
    post_key,
    questions_queue,
    to_image,
    values,
)

if TYPE_CHECKING:
    from aduan.lanes import Sorting
    from aduan.post import Lane, Post
    from aduan.triage import Triage

_SAME_VERSION: Final = "(digest = :digest OR attribute_not_exists(digest))"
"""A post of the first deployments has no digest. It has only one version, because every revision adds a digest."""


def erasure(table: Table, post: Post, reason: str, at: datetime) -> dict[str, Any]:
    """Return the update that leaves only a tombstone of a post; for use alone or in a transaction.

    The decision stays without its reasons, which repeat words of the text.
    """
    decision = {} if post.triage is None else {"triage": attributes(post.triage.without_words())}
    also = ", triage = :triage" if decision else ""
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": (
            "SET #text = :nothing, permalink = :nothing, has_photo = :no, #state = :gone, gone_at = :at,"
            f" gone_reason = :reason{also} REMOVE author, digest, missed_at, context, work_queue, act_at"
        ),
        "ConditionExpression": "attribute_exists(pk) AND attribute_not_exists(gone_at)",
        "ExpressionAttributeNames": {"#text": "text", "#state": "state"},
        "ExpressionAttributeValues": values(nothing="", no=False, gone="gone", at=at, reason=reason, **decision),
    }


def waiting_in(post: Post, where: str) -> Item:
    """Return the attributes that put a post on the list of its lane; none for a lane without a list."""
    if where == "review":
        return {"work_queue": REVIEW, "act_at": stamp(post.fetched_at)}
    if where == "question" and post.answered_at is None:
        return {"work_queue": questions_queue(post.channel), "act_at": stamp(post.created_at)}
    return {}


def sorted_update(table: Table, post: Post, sorting: Sorting, *, ticket: str | None = None) -> dict[str, Any]:
    """Return the update that moves a post out of its lane as a person decided; for use in a transaction.

    It is refused when the post was edited, deleted, or sorted by somebody else since it was read.
    """
    sets = ["sorted_to = :to", "sorted_by = :by", "sorted_at = :at"]
    given: Item = {"to": sorting.to, "by": sorting.by, "at": sorting.at, "triaged": "triaged", "digest": post.digest}
    if ticket is not None:
        sets.append("ticket = :ticket")
        given["ticket"] = ticket
    if sorting.expires_at is not None:
        sets.append("expires_at = :expires_at")
        given["expires_at"] = int(sorting.expires_at.timestamp())
    waiting = waiting_in(post, sorting.to)
    sets += [f"{name} = :{name}" for name in waiting]
    removes = "" if waiting else " REMOVE work_queue, act_at"
    before = "attribute_not_exists(sorted_at)"
    if post.sorted_at is not None:
        before = "sorted_at = :before"
        given["before"] = post.sorted_at
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": f"SET {', '.join(sets)}{removes}",
        "ConditionExpression": f"#state = :triaged AND {_SAME_VERSION} AND attribute_not_exists(ticket) AND {before}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(**given, **waiting),
    }


def lane_counting(table: Table, post: Post, after: Lane | None) -> list[dict[str, Any]]:
    """Return the update that moves a post from the counter of the lane it was in to that of another, if it moves."""
    moves = lane_moves(post.last_lane, after)
    if not moves:
        return []
    return [
        {
            "TableName": table.name,
            "Key": to_image(lanes_key(month_of(post.fetched_at), post.channel)),
            "UpdateExpression": "ADD " + ", ".join(f"#{lane} :{lane}" for lane in moves),
            "ExpressionAttributeNames": {f"#{lane}": lane for lane in moves},
            "ExpressionAttributeValues": values(**moves),
        }
    ]


def unchanged(table: Table, post: Post) -> dict[str, Any]:
    """Return the condition check that refuses a transaction when a post was edited or deleted since it was read."""
    gone = post.state == "gone"  # a tombstone no longer has a digest
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "ConditionExpression": "#state = :state" if gone else f"#state = :state AND {_SAME_VERSION}",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(state=post.state, **({} if gone else {"digest": post.digest})),
    }


def triaged_update(
    table: Table, post: Post, triage: Triage, *, ticket: str | None = None, expires_at: datetime | None = None
) -> dict[str, Any]:
    """Return the update that turns a new post into a decided one; for use alone or in a transaction.

    A candidate and a question without an answer go to their list. What a person said about an earlier version of the
    post is no longer true of this one, unless the post has a ticket, on which the correction stands.
    """
    sets = ["#state = :triaged", "triage = :triage"]
    given: dict[str, object] = {"new": "new", "triaged": "triaged", "triage": attributes(triage), "digest": post.digest}
    if ticket is not None:
        sets.append("ticket = :ticket")
        given["ticket"] = ticket
    if expires_at is not None:
        sets.append("expires_at = :expires_at")
        given["expires_at"] = int(expires_at.timestamp())
    removes = [] if post.ticket is not None else ["sorted_to", "sorted_by", "sorted_at"]
    waiting = waiting_in(post, triage.route) if ticket is None else {}
    if waiting:
        sets += ["work_queue = :work_queue", "act_at = :act_at"]
        given |= waiting
    else:
        removes += ["work_queue", "act_at"]
    return {
        "TableName": table.name,
        "Key": to_image(post_key(post.key)),
        "UpdateExpression": f"SET {', '.join(sets)}" + (f" REMOVE {', '.join(removes)}" if removes else ""),
        # Only the version that was read is decided: a newer one that came meanwhile still has to be. An answer that
        # came meanwhile must be seen, or the question would stay open.
        "ConditionExpression": f"#state = :new AND {_SAME_VERSION}"
        + ("" if post.answered_at is not None else " AND attribute_not_exists(answered_at)"),
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(**given),
    }
