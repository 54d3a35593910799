"""What follows for a ticket about which nothing was heard: the next step of its ladder, or its closing. Pure.

One look does one thing, and writes down when the next one is due.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.change import Change
from aduan.deadlines import Due, next_look, next_step, started
from aduan.notice import Medium, Notice, Role
from aduan.record import WIB
from aduan.ticket import WAITING, Event, Ticket, clock_of
from aduan.triage import DESK
from aduan.working_days import office_time

if TYPE_CHECKING:
    from aduan.directory import Directory, Step

BY: Final = "follow_up"
SECRETARIAT: Final = "setda"
"""Whose head is the Sekda."""
EVENTS: Final = {
    "remind": "reminded",
    "remind_due": "reminded:due",
    "head": "escalated:head",
    "head_due": "escalated:head",
    "sekda": "escalated:sekda",
    "forum": "escalated:forum",
}
"""How the history names a step."""


def advance(ticket: Ticket, directory: Directory, now: datetime) -> Change | None:
    """Say what is to be done about a ticket now; None when its time has not come, or there is nothing to do.

    A clock that stands for another status, department or urgency than the ticket's is started anew first, from the
    moment at which the ticket changed.
    """
    if ticket.act_at is None or ticket.act_at > now:
        return None
    if ticket.clock != clock_of(ticket):
        return Change(before=ticket, after=started(ticket, directory, ticket.act_at), at=now)
    if ticket.status == "resolved":
        return _closing(ticket, now)
    due = next_step(ticket, directory)
    if due is None:
        return None if ticket.on_forum_list else _looked_at(ticket, None, now)
    at = due.at if due.step.minutes is not None else office_time(max(due.at, now))
    if at > now:
        return _looked_at(ticket, at, now)
    return _step(ticket, due, directory, now)


def _looked_at(ticket: Ticket, act_at: datetime | None, now: datetime) -> Change:
    """Nothing happens but that the next look is at another time, or none is needed."""
    return Change(before=ticket, after=ticket.model_copy(update={"act_at": act_at}), at=now)


def _closing(ticket: Ticket, now: datetime) -> Change:
    """Close what was resolved and not contradicted."""
    closed = ticket.model_copy(update={"status": "closed", "act_at": None, "version": ticket.version + 1})
    closed = closed.model_copy(update={"clock": clock_of(closed)})
    why = "tidak ada sanggahan sejak dinyatakan selesai"
    event = Event(ticket=ticket.code, at=now, move="closed", by=BY, why=why)
    return Change(before=ticket, after=closed, at=now, events=(event,))


def _step(ticket: Ticket, due: Due, directory: Directory, now: datetime) -> Change:
    step = due.step
    after = ticket.model_copy(update={"steps": (*ticket.steps, step.name), "version": ticket.version + 1})
    after = after.model_copy(update={"act_at": next_look(after, directory, now)})
    notices = tuple(
        Notice(
            ticket=ticket.code,
            department=department,
            role=role,
            medium=medium,
            urgency=ticket.urgency,
            step=step.name if ticket.round == 1 else f"{step.name}.{ticket.round}",
            created_at=now,
        )
        for department, role, media in _readers(ticket, step)
        for medium in media
    )
    event = Event(ticket=ticket.code, at=now, move=EVENTS[step.name], by=BY, why=_why(ticket, step))
    return Change(before=ticket, after=after, at=now, events=(event,), notices=notices)


def _readers(ticket: Ticket, step: Step) -> Iterator[tuple[str, Role, tuple[Medium, ...]]]:
    """Who is told by which media; nobody twice."""
    holder = DESK if ticket.status == "needs_review" else ticket.department
    contacts: dict[str, tuple[str, Role]] = {
        "officer": (holder, "officer"),
        "head": (holder, "head"),
        "sekda": (SECRETARIAT, "head"),
        "desk": (DESK, "officer"),
    }
    told: dict[tuple[str, Role], tuple[Medium, ...]] = {}
    for whom, media in step.tell.items():
        known = told.get(contacts[whom], ())
        told[contacts[whom]] = (*known, *(medium for medium in media if medium not in known))
    for (department, role), media in told.items():
        yield department, role, media


def _why(ticket: Ticket, step: Step) -> str:
    """One line for the history: what had not happened, and by when it should have."""
    end = ticket.take_up_by if step.clock == "take_up" else None
    limit = f"{(end or ticket.due_at).astimezone(WIB):%d-%m-%Y %H.%M} WIB"
    if ticket.status == "not_ours":
        return f"diteruskan ke luar kewenangan, belum ada kabar sampai {limit}"
    if end is not None:
        return f"belum {'diputuskan' if ticket.status == 'needs_review' else 'diterima'}, batas {limit}"
    return f"belum {'diterima' if ticket.status in WAITING else 'selesai'}, tenggat {limit}"
