"""A public answer under a citizen's post: the ticket's code, and who has it. Off unless a channel turns it on.

Platforms have no idempotency keys. So a reply is an entry of an outbox, like a notice, and is claimed before it is
sent. When nobody knows whether it was sent, our own comment is looked for under the post before it is sent again.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from aduan.record import Moment, Record
from aduan.ticket import Stage, Status, Ticket

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post

STATES: Final[Mapping[Stage, frozenset[Status]]] = {
    "routed": frozenset({"routed", "accepted", "in_progress", "reopened"}),
    "not_ours": frozenset({"not_ours"}),
    "resolved": frozenset({"resolved", "closed"}),
}
"""The statuses of a ticket in which each answer is true."""


class Reply(Record):
    """One answer about one ticket: ``pending → claimed → sent``, or finally ``failed``, ``skipped`` or ``parked``."""

    ticket: str
    channel: str
    """Id of the channel, ``kind:account``."""
    stage: Stage
    state: Literal["pending", "claimed", "sent", "failed", "parked", "skipped"] = "pending"
    """``skipped``: the answer was no longer true, or could not be given in time. ``parked``: nobody knows whether it
    was given."""
    attempt: int = 0
    """How often sending was begun."""
    repeated: bool = False
    """Whether it was tried again without knowing the outcome of the attempt before. That happens at most once."""
    created_at: Moment
    act_at: Moment | None = None
    """When it is looked at next; None when it is finished."""
    claimed_by: str | None = None
    comment_id: str | None = None
    """The platform's id of our comment."""
    sent_at: Moment | None = None
    failure: str | None = None


def can_be_answered(post: Post, directory: Directory) -> bool:
    """Tell whether a post's author is answered: the channel must ask for it, and the platform must allow it.

    On Instagram only comments can be answered, not other people's pictures or mentions.
    """
    channel = next((channel for channel in directory.channels if channel.id == post.channel), None)
    if channel is None or not channel.replies:
        return False
    return post.kind != "instagram" or post.parent_id is not None


def with_reply(before: Ticket | None, after: Ticket, at: datetime) -> tuple[Ticket, Reply | None]:
    """Return the ticket as it is written, and the answer that follows from its move at `at`, or None.

    The ticket lists the stages that were answered, so that each is answered once, even if the ticket comes back to it.
    """
    moved = before is None or before.status != after.status
    stage = next((stage for stage in STATES if stage == after.status), None)
    if not moved or stage is None or after.replies is None or stage in after.replies:
        return after, None
    reply = Reply(ticket=after.code, channel=after.channel, stage=stage, created_at=at, act_at=at)
    return after.model_copy(update={"replies": (*after.replies, stage)}), reply
