"""Works out a ticket's status, deadline and notices when it comes to another department. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from aduan.deadlines import deadline_of, finish_by
from aduan.notice import Notice, media
from aduan.quiet_hours import held
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.ticket import Status, Ticket


def status_with(department: Department) -> Status:
    """Return the status of a ticket that comes to this department."""
    if department.code == DESK:
        return "needs_review"
    return "not_ours" if department.kind == "outside" else "routed"


def with_deadline(before: Ticket, after: Ticket, directory: Directory, now: datetime) -> Ticket:
    """Return the ticket with the deadline of its new class, or the same ticket when its class did not change.

    If the new deadline, counted from `now`, ends before the old one, it counts from `now`, when the department hears
    of it. Otherwise it counts from the opening of the ticket.
    """
    was, is_ = (deadline_of(each.department, each.urgency, each.kind, directory) for each in (before, after))
    if is_ == was:
        return after
    soon = finish_by(now, is_, directory)
    due_at = soon if soon < before.due_at else finish_by(before.opened_at, is_, directory)
    return after.model_copy(update={"due_at": due_at})


def notices_about(ticket: Ticket, directory: Directory, now: datetime) -> tuple[Notice, ...]:
    """Return the notices that tell the ticket's department about it, one for each medium, written at `now`."""
    return tuple(
        held(
            Notice(
                ticket=ticket.code,
                department=ticket.department,
                medium=medium,
                urgency=ticket.urgency,
                created_at=now,
            ),
            directory.sending,
        )
        for medium in media(ticket.urgency)
    )
