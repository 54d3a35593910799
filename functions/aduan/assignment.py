"""Works out a ticket's status and notices when it comes to another department. Pure."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

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
        for medium in media(ticket.urgency, ticket.department)
    )
