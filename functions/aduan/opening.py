"""Opens a decided post's ticket, with the first event of its history and the notices that go out. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.assignment import notices_about
from aduan.change import Change
from aduan.deadlines import deadline_of, finish_by, started
from aduan.reply import can_be_answered
from aduan.ticket import CLASSIFIER, Event, Status, Ticket
from aduan.triage import DESK, Triage

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post

STALE: Final = timedelta(hours=6)
"""An emergency, even a suspected one, that was written longer ago than this, and is read only now after an outage or at
a first poll, counts as urgent: it wakes nobody by SMS."""


def opening(  # noqa: PLR0913 # the post, the decision, and the circumstances
    post: Post, triage: Triage, directory: Directory, now: datetime, code: str, *, by: str | None = None
) -> Change:
    """Return the change that opens the ticket `code` for a post that is a report.

    When a person decided so, perhaps days later, the ticket counts from when the post was written, and no later
    decision of the classifier moves it. `by` is their user name; None for the classifier.
    """
    opened_at = now if by is None else min(post.created_at, now)
    decision = triage
    if triage.urgency in {"emergency", "suspected"} and now - post.created_at > STALE:
        triage = triage.model_copy(update={"urgency": "urgent"})
    department = triage.department or DESK
    deadline = deadline_of(department, triage.urgency, triage.kind, directory)
    ticket = Ticket(
        code=code,
        status=first_status(triage),
        kind=triage.kind,
        topic=triage.topic or "lainnya",
        urgency=triage.urgency,
        department=department,
        runner_up=triage.next_in_line,
        place=triage.place,
        channel=post.channel,
        post=post.key,
        permalink=post.permalink,
        opened_at=opened_at,
        due_at=finish_by(opened_at, deadline, directory),
        replies=() if can_be_answered(post, directory) else None,
        corrected_at=None if by is None else now,
    )
    ticket = started(ticket, directory, now)
    event = Event(
        ticket=code, at=now, move=ticket.status, by=by or CLASSIFIER, why="; ".join(triage.reasons) or triage.route
    )
    return Change(
        before=None,
        after=ticket,
        at=now,
        events=(event,),
        notices=notices_about(ticket, directory, now),
        post=post,
        decision=decision,
        sorted_by=by,
    )


def first_status(triage: Triage) -> Status:
    """Return the status of a new ticket: with the desk, its department, or an owner outside the county."""
    if triage.route == "desk":
        return "needs_review"
    return "routed" if triage.ours else "not_ours"
