"""What follows when a department accepts a ticket, says that it is done, or that it is not its job. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from actions.standing import ASKED, signature
from aduan.assignment import notices_about, status_with, with_deadline
from aduan.example import Example, Said
from aduan.ticket import MOVES, Event, Ticket
from aduan.triage import DESK

if TYPE_CHECKING:
    from actions.form import Remarks
    from aduan.action_token import ActionToken
    from aduan.directory import Directory
    from aduan.notice import Notice
    from aduan.post import Post

_WHY: Final = {"accept": "diterima", "done": "dinyatakan selesai"}
_NEXT: Final = timedelta(microseconds=1)
"""Between two moves of one moment, so that the history keeps their order."""


@dataclass(frozen=True)
class Change:
    """Everything that is written."""

    ticket: Ticket
    events: tuple[Event, ...]
    notices: tuple["Notice", ...] = ()
    """When the ticket comes to somebody else: all that it should have now."""
    example: Example | None = None


def taken_up(token: "ActionToken", ticket: Ticket, remarks: "Remarks", now: datetime) -> Change:
    """Accept a ticket, or resolve it; `actions.standing` has found that it can be done."""
    status = ASKED[token.action]
    after = ticket.model_copy(update={"status": status, "version": ticket.version + 1})
    why = f"{_WHY[token.action]} lewat tautan surel{remarks.as_text()}"
    event = Event(ticket=ticket.code, at=now, move=status, by=signature(token.department), why=why)
    return Change(after, (event,))


def refused(  # noqa: PLR0913 # what was asked, what there is, and the circumstances
    token: "ActionToken",
    ticket: Ticket,
    post: "Post",
    known: Example | None,
    remarks: "Remarks",
    *,
    directory: "Directory",
    now: datetime,
) -> Change:
    """Move a ticket on that is not its department's job.

    It goes to whom the department names, otherwise to who was next likely; when nobody is, or when it was refused
    before, to the desk, because two who refuse it are right and the classifier is not. From now on no decision of the
    classifier moves it.

    Args:
        token: Who refuses.
        ticket: As it is; `actions.standing` has found that it can be refused.
        post: The post that opened it.
        known: What was said about the post before.
        remarks: Whom the department names, and why.
        directory: Names, deadlines, and whose owner is outside the county.
        now: When.
    """
    owner = directory.departments[_next(ticket, remarks.department, directory)]
    changes: dict[str, Any] = {
        "status": status_with(owner),
        "department": owner.code,
        "refused_by": (*ticket.refused_by, token.department),
        "corrected_at": now,
        "version": ticket.version + 1,
    }
    if owner.code == DESK and remarks.department is not None:
        changes["runner_up"] = remarks.department
    elif owner.code == ticket.runner_up:
        changes["runner_up"] = None
    after = with_deadline(ticket, ticket.model_copy(update=changes), directory, now)
    example = None
    if remarks.department is not None and post.state != "gone":
        said = known.said if known is not None and known.said.is_report else Said()
        example = Example(
            post=post.key,
            ticket=ticket.code,
            text=post.text,
            decision=post.triage,
            said=said.model_copy(update={"department": remarks.department}),
            at=now,
        )
    events = _refusal(token, after, remarks, directory, now)
    return Change(after, events, notices_about(after, directory, now), example)


def _next(ticket: Ticket, named: str | None, directory: "Directory") -> str:
    """Code of the department that gets a ticket which is refused."""
    if ticket.refused_by:
        return DESK
    if named is not None:
        return named
    runner_up = ticket.runner_up
    likely = runner_up in directory.departments and runner_up != ticket.department
    return runner_up if likely and runner_up is not None else DESK


def _refusal(
    token: "ActionToken", after: Ticket, remarks: "Remarks", directory: "Directory", now: datetime
) -> tuple[Event, ...]:
    """Two moves: off the one, and on to the other. With an owner outside the county it stays at the first."""
    by, known = signature(token.department), directory.departments
    owner = known[after.department]
    refuser = known[token.department].title if token.department in known else token.department
    why = f"bukan wewenang {refuser}"
    if remarks.department is not None:
        why += f"; menurutnya wewenang {known[remarks.department].title}"
    if after.status == "not_ours":
        why += f"; diteruskan kepada {owner.title}"
    first = Event(ticket=after.code, at=now, move="not_ours", by=by, why=why + remarks.as_text())
    if after.status == "not_ours":
        return (first,)
    onward = f"dialihkan ke {owner.title}"
    if owner.code == DESK:
        again = len(after.refused_by) > 1
        onward = "ditolak untuk kedua kalinya" if again else "belum diketahui siapa yang berwenang"
        onward += "; diputuskan Meja Aduan"
    if after.status not in MOVES["not_ours"]:
        raise ValueError(f"no move from not_ours to {after.status}")
    return (first, Event(ticket=after.code, at=now + _NEXT, move=after.status, by=by, why=onward))
