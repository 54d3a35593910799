"""What follows when a ticket comes to another department: where it stands, until when, and who is told. Pure."""

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
    """Where a ticket stands that comes to this department."""
    if department.code == DESK:
        return "needs_review"
    return "not_ours" if department.kind == "outside" else "routed"


def with_deadline(before: Ticket, after: Ticket, directory: Directory, now: datetime) -> Ticket:
    """Give a ticket that changed at `now` the deadline of its new class; as it is when it has the same class.

    More urgent than was thought, the time runs from now, when they hear of it; less, from the beginning.
    """
    was, is_ = (deadline_of(each.department, each.urgency, each.kind, directory) for each in (before, after))
    if is_ == was:
        return after
    soon = finish_by(now, is_, directory)
    due_at = soon if soon < before.due_at else finish_by(before.opened_at, is_, directory)
    return after.model_copy(update={"due_at": due_at})


def notices_about(ticket: Ticket, directory: Directory, now: datetime) -> tuple[Notice, ...]:
    """All notices that whoever has the ticket should have of it, written at `now`."""
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
