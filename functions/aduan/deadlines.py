"""A ticket's two clocks, and the ladder of steps that are taken when a clock runs out and nothing has happened. Pure.

One clock runs until the ticket is taken up: until the desk decides whose it is, or the department accepts it. It
starts anew when the ticket comes to somebody else. The other clock runs from the opening until the ticket is resolved,
whoever has it. Both start anew when the ticket is reopened, or restored after it was set aside. The moment at which
each started is kept on the ticket, so that another urgency or kind changes only when it ends.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from aduan.directory import OUTSIDE
from aduan.record import WIB
from aduan.ticket import OPEN, WAITING, clock_of
from aduan.triage import DESK
from aduan.working_days import due_at, morning, office_time, working_day

if TYPE_CHECKING:
    from aduan.directory import Deadline, Directory, Step
    from aduan.ticket import Clock, Ticket
    from aduan.triage import ReportKind, Urgency

COUNTY_WIDE: Final = frozenset({"sekda", "forum"})
"""Steps whose readers are the same for every department, so they are not repeated when the ticket moves."""
TO_BE_TAKEN_UP: Final = WAITING | {"not_ours"}
"""Statuses in which the clock runs until the ticket is taken up."""
SET_ASIDE: Final = frozenset({"duplicate", "rejected"})
"""Statuses of a ticket that nobody has to do anything for. One that is restored from there starts anew."""


@dataclass(frozen=True)
class Due:
    """A step that is still to come."""

    at: datetime
    step: Step


def deadline_of(department: str, urgency: Urgency, kind: ReportKind, directory: Directory) -> Deadline:
    """Return the deadline class of a ticket. Its department decides first, then its urgency, then its kind."""
    for deadline in directory.deadlines.values():
        if deadline.department == department:
            return deadline
    if urgency != "normal":
        return directory.deadlines[urgency]
    return directory.deadlines["question" if kind == "question" else "normal"]


def finish_by(begun_at: datetime, deadline: Deadline, directory: Directory) -> datetime:
    """Return when a ticket that was opened or reopened at `begun_at` is due: at the earliest of its limits."""
    return _end(begun_at, deadline.finish, directory)


def changed(ticket: Ticket, changes: Mapping[str, Any], directory: Directory, at: datetime) -> Ticket:
    """Return the ticket with the `changes` made to it at `at`, and with the clocks that follow from them.

    This is the one rule for every change, whether a person, a department, the citizen or the classifier makes it. The
    same ticket is returned when it already is as the changes want it.
    """
    if all(getattr(ticket, name) == value for name, value in changes.items()):
        return ticket
    # The release before left the clocks of a changed ticket to `follow_up`, which may not have looked yet.
    current = started(ticket, directory, ticket.act_at or at)
    after = current.model_copy(update=dict(changes))
    if after.clock == clock_of(after):
        return after
    return started(after.model_copy(update={"round": ticket.round}), directory, at)


def started(ticket: Ticket, directory: Directory, at: datetime) -> Ticket:
    """Return the ticket with its clocks as they run since `at`, when it changed; the same ticket if they run already.

    What changed is the difference between the ticket and its `clock`:

    * Both clocks start anew when the ticket was reopened or restored.
    * The clock until it is taken up starts anew also when the ticket came to somebody else.
    * When only its class changed, a clock keeps its start and gets the new limit, by `_adapted`.

    Steps that were taken stay taken, with two exceptions. When the ticket came to somebody else, only the steps in
    `COUNTY_WIDE` stay taken. When it was reopened or restored, no step does.
    """
    before, now = ticket.clock, clock_of(ticket)
    if before == now:
        return ticket
    changes: dict[str, Any] = {"clock": now, "round": ticket.round + 1}
    comes = before is None or _holder(before) != _holder(now)
    deadline = _deadline(now, directory)
    if before is not None and _starts_anew(before, now):
        comes = True
        changes |= {"running_since": at, "due_at": finish_by(at, deadline, directory), "steps": ()}
    else:
        if comes:
            changes["steps"] = tuple(step for step in ticket.steps if step in COUNTY_WIDE)
        if before is not None and _deadline(before, directory).finish != deadline.finish:
            since = ticket.running_since or ticket.opened_at
            changes["due_at"] = _adapted(ticket.due_at, since, deadline.finish, directory, at)
    changes |= _take_up(ticket, None if comes else before, now, directory, at)
    after = ticket.model_copy(update=changes)
    return after.model_copy(update={"act_at": next_look(after, directory, at)})


def _starts_anew(before: Clock, now: Clock) -> bool:
    """Tell whether a ticket was reopened or restored, and not only changed while it is reopened."""
    reopened = now.status == "reopened" != before.status
    return reopened or (before.status in SET_ASIDE and now.status in TO_BE_TAKEN_UP)


def _holder(clock: Clock) -> str:
    """Return the code of whoever has to take the ticket up, or took it up."""
    return DESK if clock.status == "needs_review" else clock.department


def _deadline(clock: Clock, directory: Directory) -> Deadline:
    return deadline_of(clock.department, clock.urgency, clock.kind, directory)


def _take_up(
    ticket: Ticket, before: Clock | None, now: Clock, directory: Directory, at: datetime
) -> dict[str, datetime | None]:
    """Return since when, and until when, the ticket waits to be taken up; `before` is None when that starts anew.

    The start is kept even while there is no limit, because a corrected kind may bring the limit back.
    """
    if now.status not in TO_BE_TAKEN_UP:
        return {"waiting_since": None, "take_up_by": None}
    limit = _take_up_limit(now, directory)
    if before is None or before.status not in TO_BE_TAKEN_UP:
        return {"waiting_since": at, "take_up_by": None if limit is None else _end(at, (limit,), directory)}
    until = ticket.take_up_by
    if limit is None:
        until = None
    elif limit != _take_up_limit(before, directory):
        until = _adapted(until, ticket.waiting_since or at, (limit,), directory, at)
    return {"waiting_since": ticket.waiting_since, "take_up_by": until}


def _take_up_limit(clock: Clock, directory: Directory) -> str | None:
    """Return the code of the limit until which the ticket must be taken up; None when its class has none."""
    deadline = _deadline(clock, directory)
    if clock.status == "needs_review":
        return deadline.verify
    return deadline.respond or (deadline.finish[0] if clock.status == "not_ours" else None)


def _end(begun_at: datetime, limits: Iterable[str], directory: Directory) -> datetime:
    return min(due_at(begun_at, directory.limits[code]) for code in limits)


def _adapted(
    end: datetime | None, since: datetime, limits: Iterable[str], directory: Directory, at: datetime
) -> datetime:
    """Return the new end of a clock that has run since `since` and got other limits at `at`.

    The limits count from the start of the clock. If they end earlier than before, the ticket gets their full time from
    `at`, when its holder hears of it, but never more than it had.
    """
    limits = tuple(limits)
    entire = _end(since, limits, directory)
    return entire if end is None else max(entire, min(end, _end(at, limits, directory)))


def next_look(ticket: Ticket, directory: Directory, now: datetime) -> datetime | None:
    """Return when a ticket that was acted on at `now` is to be looked at next; None when nothing is to come.

    A step that is counted in working days waits at least for the next working day. So nobody is told twice a day, or
    pressed on the day on which the ticket reached them, even after an outage of ours.
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
    """Return the step of the ladder that comes next if nothing happens; None when there is no further step.

    The ladder ends on the list of the forum, whoever has the ticket then: the forum decides what is done.
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
    """Return when each running clock ends, by its name: ``take_up``, ``finish``."""
    ends = {}
    if ticket.take_up_by is not None and ticket.status in TO_BE_TAKEN_UP:
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
