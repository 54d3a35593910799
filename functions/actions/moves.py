"""Changes that follow when a department accepts a ticket, reports it as done, or says it is not its job. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from actions.link_state import signature
from aduan.action_token import ASKED
from aduan.assignment import notices_about, status_with
from aduan.change import Change
from aduan.deadlines import changed
from aduan.example import Example, Label, words_of
from aduan.ticket import Event
from aduan.triage import DESK

if TYPE_CHECKING:
    from actions.case import Case
    from actions.form import Remarks

_WHY: Final = {"accept": "diterima", "done": "dinyatakan selesai"}
_NEXT: Final = timedelta(microseconds=1)
"""Time between two moves of the same moment, so that the history keeps their order."""


def taken_up(case: Case, remarks: Remarks, now: datetime) -> Change:
    """Return the change that accepts or resolves a ticket, after `actions.link_state` found that this can be done."""
    token, ticket = case.token, case.ticket
    status = ASKED[token.action]
    after = changed(ticket, {"status": status, "version": ticket.version + 1}, case.directory, now)
    why = f"{_WHY[token.action]} lewat tautan surel{remarks.as_text()}"
    event = Event(ticket=ticket.code, at=now, move=status, by=signature(token.department), why=why)
    return Change(before=ticket, after=after, at=now, events=(event,), post=case.post)


def refused(case: Case, known: Example | None, remarks: Remarks, now: datetime) -> Change:
    """Return the change that moves on a ticket which is not its department's job.

    The ticket goes to the department that is named, otherwise to the runner-up. It goes to the desk when there is
    neither, or when it was refused before: two departments that refuse it are more likely right than the classifier.
    From now on no decision of the classifier moves it.

    Args:
        case: The ticket, which `actions.link_state` found can be refused, and its post.
        known: The example of the post before this change, if there is one.
        remarks: The department that is named, if any, and the note.
        now: The time of the refusal.
    """
    ticket, directory = case.ticket, case.directory
    owner = directory.departments[_next(case, remarks.department)]
    changes: dict[str, Any] = {
        "status": status_with(owner),
        "department": owner.code,
        "refused_by": (*ticket.refused_by, case.token.department),
        "corrected_at": now,
        "version": ticket.version + 1,
    }
    if owner.code == DESK and remarks.department is not None:
        changes["runner_up"] = remarks.department
    elif owner.code == ticket.runner_up:
        changes["runner_up"] = None
    after = changed(ticket, changes, directory, now)
    events = _events(replace(case, ticket=after), remarks, now)
    return Change(
        before=ticket,
        after=after,
        at=events[-1].at,
        events=events,
        notices=notices_about(after, directory, now),
        withdraws="unwanted",
        post=case.post,
        as_read=True,
        example=_example(case, known, remarks.department, now),
    )


def _next(case: Case, named: str | None) -> str:
    """Return the code of the department that gets the refused ticket; `named` is the one the refuser names."""
    if case.ticket.refused_by:
        return DESK
    likely = named or case.ticket.runner_up
    if likely is None or likely not in case.directory.departments or likely == case.ticket.department:
        return DESK
    return likely


def _example(case: Case, known: Example | None, named: str | None, now: datetime) -> Example | None:
    if named is None or case.post.state == "gone":
        return None
    label = known.label if known is not None and known.label.is_report else Label()
    return Example(
        post=case.post.key,
        ticket=case.ticket.code,
        **words_of(case.post),
        decision=case.post.triage,
        label=label.model_copy(update={"department": named}),
        at=now,
        link_of=case.token.department,
    )


def _events(case: Case, remarks: Remarks, now: datetime) -> tuple[Event, ...]:
    """Return two events: the refusal, and the move to the next department. For an outside owner they are one event."""
    after, by = case.ticket, signature(case.token.department)
    owner = case.name(after.department)
    why = f"bukan wewenang {case.refuser}"
    if remarks.department is not None:
        why += f"; menurutnya wewenang {case.name(remarks.department)}"
    if after.status == "not_ours":
        why += f"; diteruskan kepada {owner}"
    first = Event(ticket=after.code, at=now, move="not_ours", by=by, why=why + remarks.as_text())
    if after.status == "not_ours":
        return (first,)
    onward = f"dialihkan ke {owner}"
    if after.department == DESK:
        again = len(after.refused_by) > 1
        onward = f"{'ditolak untuk kedua kalinya' if again else 'belum diketahui siapa yang berwenang'}; ke {owner}"
    return (first, Event(ticket=after.code, at=now + _NEXT, move=after.status, by=by, why=onward))
