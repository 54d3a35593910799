"""What follows when a person says that the classifier, or another person, was wrong about a ticket. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from admin_api.answers import KIND_LABELS, STATUS_LABELS, URGENCY_LABELS, department_name, topic_label
from aduan.assignment import notices_about, status_with, with_deadline
from aduan.change import Change
from aduan.example import Example, Label
from aduan.refusal import RefusedError
from aduan.ticket import MOVES, OPEN, Event, Status, Ticket
from aduan.triage import DESK

if TYPE_CHECKING:
    from admin_api.requests import CorrectionRequest
    from aduan.directory import Directory
    from aduan.post import Post

FOLLOWED_UP: Final = OPEN | {"not_ours"}
"""May be corrected where it stands."""
UNDECIDED: Final[frozenset[Status]] = frozenset({"needs_review", "rejected"})
"""Nobody has it: naming a department moves it on, even the one that stands on it."""


def correction(  # noqa: PLR0913 # what was asked, what there is, and the circumstances
    asked: CorrectionRequest,
    ticket: Ticket,
    post: Post,
    known: Example | None,
    *,
    by: str,
    directory: Directory,
    now: datetime,
) -> Change | None:
    """Work out what a correction changes; None when everything is as it says, so that it can be repeated.

    Args:
        asked: What the person said, and the version of the ticket that he saw.
        ticket: As it is.
        post: The post that opened it.
        known: What was said about the post before.
        by: Who says it.
        directory: Names, and whose owner is outside the county.
        now: When.

    Raises:
        RefusedError: 409 when the ticket changed since it was seen, when its status allows no such move, or while its
            post is being decided anew.
    """
    after = _after(ticket, asked, directory, now)
    if after == ticket:
        return None
    if asked.version != ticket.version:
        raise outdated()
    _must_be_allowed(ticket, after)
    if post.state == "new":
        raise _conflict(
            "undecided", "Kiriman ini baru saja disunting dan sedang dinilai ulang. Coba lagi sebentar lagi."
        )
    after = after.model_copy(update={"version": ticket.version + 1, "corrected_at": now})
    moved = (after.status, after.department) != (ticket.status, ticket.department)
    event = Event(
        ticket=ticket.code,
        at=now,
        move=after.status if moved else "corrected",
        by=by,
        why=_why(ticket, after, asked.note, directory),
    )
    change = Change(before=ticket, after=after, at=now, events=(event,), withdraws="unwanted", post=post, as_read=True)
    if post.state == "gone":
        return change
    return replace(
        change,
        notices=() if after.status == "rejected" else notices_about(after, directory, now),
        example=Example(
            post=post.key,
            ticket=ticket.code,
            text=post.text,
            decision=post.triage,
            label=_label(asked, known),
            at=now,
        ),
    )


def outdated() -> RefusedError:
    """409: somebody, or the classifier, changed the ticket since it was seen."""
    return _conflict(
        "outdated", "Tiket ini sudah berubah sejak Anda membukanya. Muat ulang, lalu koreksi lagi.", "version"
    )


def _conflict(code: str, message: str, field: str | None = None) -> RefusedError:
    return RefusedError(409, code, message, field)


def _after(ticket: Ticket, asked: CorrectionRequest, directory: Directory, now: datetime) -> Ticket:
    """The ticket as the person wants it; equal to what it is when nothing is to be changed."""
    if asked.is_report is False:
        return ticket.model_copy(update={"status": "rejected"})
    changes: dict[str, Any] = asked.model_dump(include={"topic", "department", "kind", "urgency"}, exclude_none=True)
    if asked.department is not None and (asked.department != ticket.department or ticket.status in UNDECIDED):
        changes["status"] = status_with(directory.departments[asked.department])
        if asked.department == ticket.runner_up:
            changes["runner_up"] = None
    return with_deadline(ticket, ticket.model_copy(update=changes), directory, now)


def _must_be_allowed(ticket: Ticket, after: Ticket) -> None:
    allowed = ticket.status in FOLLOWED_UP if after.status == ticket.status else after.status in MOVES[ticket.status]
    if allowed:
        return
    message = f"Tiket berstatus \u201c{STATUS_LABELS[ticket.status]}\u201d tidak dapat dikoreksi seperti ini."
    if "needs_review" in MOVES[ticket.status]:
        message += f" Kembalikan dahulu ke Meja Aduan (department: {DESK})."
    raise _conflict("not_allowed", message)


def _label(asked: CorrectionRequest, known: Example | None) -> Label:
    """The last word about each thing; who says that it is no report takes back the rest."""
    if asked.is_report is False:
        return Label(is_report=False)
    named = asked.model_dump(include={"topic", "department", "kind", "urgency"}, exclude_none=True)
    if asked.department == DESK:
        named["department"] = None
    before = known.label if known is not None and known.label.is_report else Label()
    return before.model_copy(update=named)


def _why(before: Ticket, after: Ticket, note: str, directory: Directory) -> str:
    """One line for the history: ``koreksi: topik Jalan → Drainase. Catatan: …``."""
    labels: dict[str, Callable[[Ticket], str]] = {
        "topik": lambda ticket: topic_label(ticket.topic, directory),
        "perangkat daerah": lambda ticket: department_name(ticket.department, directory),
        "jenis": lambda ticket: KIND_LABELS[ticket.kind],
        "urgensi": lambda ticket: URGENCY_LABELS[ticket.urgency],
        "status": lambda ticket: STATUS_LABELS[ticket.status],
    }
    changed = [
        f"{name} {label(before)} \u2192 {label(after)}"
        for name, label in labels.items()
        if label(before) != label(after)
    ]
    return f"koreksi: {'; '.join(changed)}" + (f". Catatan: {note}" if note else "")
