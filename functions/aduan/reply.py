"""A public answer under a citizen's post: the code, and who has it. Off unless a channel says otherwise.

Platforms know no idempotency key. So it is an entry of an outbox like a notice: claimed before it is sent, and when
nobody knows what became of it, our own comment is looked for under the post before it is sent once more.
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
"""While a ticket stands there, what the answer says is true."""


class Reply(Record):
    """One answer about one ticket: ``pending → claimed → sent``, or ``failed``, ``skipped``, or ``parked``."""

    ticket: str
    channel: str
    """Id of the channel, ``kind:account``."""
    stage: Stage
    state: Literal["pending", "claimed", "sent", "failed", "parked", "skipped"] = "pending"
    """``skipped``: it was not true any more, or could not be given in time; ``parked``: nobody knows whether it was
    given."""
    attempt: int = 0
    """How often a send was begun."""
    repeated: bool = False
    """Whether it was sent again without knowing what had become of the attempt before: once, if ever."""
    created_at: Moment
    act_at: Moment | None = None
    """When it is looked at; None when finished."""
    claimed_by: str | None = None
    comment_id: str | None = None
    """The platform's id of what was written."""
    sent_at: Moment | None = None
    failure: str | None = None


def can_be_answered(post: Post, directory: Directory) -> bool:
    """Tell whether a post's author is to be answered: its channel says so, and its platform lets us.

    On Instagram only comments take an answer; others' pictures and mentions do not.
    """
    channel = next((channel for channel in directory.channels if channel.id == post.channel), None)
    if channel is None or not channel.replies:
        return False
    return post.kind != "instagram" or post.parent_id is not None


def with_reply(before: Ticket | None, after: Ticket, at: datetime) -> tuple[Ticket, Reply | None]:
    """Return a ticket as it is written when it moved at `at`, and the answer that follows: each stage once.

    The ticket keeps which were given, so that moving there a second time says nothing twice.
    """
    moved = before is None or before.status != after.status
    stage = next((stage for stage in STATES if stage == after.status), None)
    if not moved or stage is None or after.replies is None or stage in after.replies:
        return after, None
    reply = Reply(ticket=after.code, channel=after.channel, stage=stage, created_at=at, act_at=at)
    return after.model_copy(update={"replies": (*after.replies, stage)}), reply
