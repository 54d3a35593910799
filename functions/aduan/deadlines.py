"""A ticket's two clocks, and the ladder of steps that are taken when they end and nothing has happened. Pure.

One clock runs until whoever has the ticket takes it up: the desk by deciding whose it is, the department by accepting
it. It starts anew when the ticket comes to somebody else, or is opened again. The other runs from the opening until
the ticket is resolved, whoever has it; only a ticket that is opened again gets a new one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aduan.directory import OUTSIDE
from aduan.record import WIB
from aduan.ticket import OPEN, WAITING, clock_of
from aduan.working_days import due_at, morning, office_time, working_day

if TYPE_CHECKING:
    from aduan.directory import Deadline, Directory, Step
    from aduan.ticket import Ticket
    from aduan.triage import ReportKind, Urgency

COUNTY_WIDE: Final = frozenset({"sekda", "forum"})
"""Who was told by these has been told of the ticket, not of its department."""


@dataclass(frozen=True)
class Due:
    """A step that is still to come."""

    at: datetime
    step: Step


def deadline_of(department: str, urgency: Urgency, kind: ReportKind, directory: Directory) -> Deadline:
    """The class of a ticket: by its department, then by its urgency, then by its kind."""
    for deadline in directory.deadlines.values():
        if deadline.department == department:
            return deadline
    if urgency != "normal":
        return directory.deadlines[urgency]
    return directory.deadlines["request" if kind == "request" else "normal"]


def finish_by(begun_at: datetime, deadline: Deadline, directory: Directory) -> datetime:
    """When a ticket is due that was opened, or opened again, at `begun_at`."""
    return min(due_at(begun_at, directory.limits[code]) for code in deadline.finish)


def started(ticket: Ticket, directory: Directory, at: datetime) -> Ticket:
    """Start the clocks of a ticket that came at `at` to whoever has it now; the same ticket when they run already.

    Steps that were taken stay taken, except that another department has been told nothing yet, and that everything
    begins anew when the ticket is opened again.
    """
    if ticket.clock == clock_of(ticket):
        return ticket
    changes: dict[str, Any] = {"clock": clock_of(ticket), "round": ticket.round + 1, "take_up_by": None}
    deadline = deadline_of(ticket.department, ticket.urgency, ticket.kind, directory)
    if ticket.status == "reopened":
        changes |= {"due_at": finish_by(at, deadline, directory), "steps": ()}
    elif ticket.clock is None or ticket.clock.department != ticket.department:
        changes["steps"] = tuple(step for step in ticket.steps if step in COUNTY_WIDE)
    limit = deadline.respond
    if ticket.status == "needs_review":
        limit = deadline.verify
    elif ticket.status == "not_ours":
        limit = deadline.respond or deadline.finish[0]
    elif ticket.status not in WAITING:
        limit = None
    if limit is not None:
        changes["take_up_by"] = due_at(at, directory.limits[limit])
    after = ticket.model_copy(update=changes)
    return after.model_copy(update={"act_at": next_look(after, directory, at)})


def next_look(ticket: Ticket, directory: Directory, now: datetime) -> datetime | None:
    """When something is to be done about a ticket to which something was done now; None when nothing is to come.

    In office hours nothing is done on the same day again: nobody is told twice a day, nor pressed on the day on which
    the ticket came to him, be it after an outage of ours.
    """
    if ticket.status == "resolved":
        return max(due_at(now, directory.limits[code]) for code in directory.closing)
    due = next_step(ticket, directory)
    if due is None:
        return now if ticket.on_forum_list else None
    if due.step.minutes is not None:
        return due.at
    return max(due.at, morning(working_day(now.astimezone(WIB).date(), 1)))


def next_step(ticket: Ticket, directory: Directory) -> Due | None:
    """The step of the ladder that comes next while nothing happens; None when there is no more.

    The list of the forum is the end of it, whoever has the ticket then: the forum decides what is done.
    """
    if ticket.on_forum_list:
        return None
    deadline = deadline_of(ticket.department, ticket.urgency, ticket.kind, directory)
    ladder = directory.ladders[OUTSIDE if ticket.status == "not_ours" else deadline.ladder]
    ends = _ends(ticket)
    due = [
        Due(_time(step, ends[step.clock]), step)
        for step in ladder.steps
        if step.clock in ends and step.name not in ticket.steps
    ]
    return min(due, key=lambda step: step.at, default=None)


def _ends(ticket: Ticket) -> Mapping[str, datetime]:
    """When the clocks end that run now."""
    ends = {}
    if ticket.take_up_by is not None and ticket.status in WAITING | {"not_ours"}:
        ends["take_up"] = ticket.take_up_by
    if ticket.status in OPEN:
        ends["finish"] = ticket.due_at
    return ends


def _time(step: Step, end: datetime) -> datetime:
    if step.working_days is None:
        return end + timedelta(minutes=step.minutes or 0)
    if step.working_days < 0:
        return morning(working_day(end.astimezone(WIB).date(), step.working_days))
    opening = office_time(end)
    if step.working_days == 0:
        return opening
    return morning(working_day(opening.astimezone(WIB).date(), step.working_days))
