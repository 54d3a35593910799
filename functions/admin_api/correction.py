"""Works out what an admin's correction of a ticket changes. Pure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

from aduan.assignment import notices_about, status_with
from aduan.change import Change
from aduan.deadlines import changed
from aduan.example import Example, Label, words_of
from aduan.labels import KIND_LABELS, STATUS_LABELS, URGENCY_LABELS, department_name, topic_label
from aduan.refusal import RefusedError
from aduan.ticket import MOVES, OPEN, Event, Status, Ticket
from aduan.triage import DESK

if TYPE_CHECKING:
    from admin_api.requests import CorrectionRequest
    from aduan.directory import Directory
    from aduan.post import Post

FOLLOWED_UP: Final = OPEN | {"not_ours"}
"""Statuses in which a ticket can be corrected without moving it."""
UNDECIDED: Final[frozenset[Status]] = frozenset({"needs_review", "rejected"})
"""Statuses in which no department has the ticket: naming one moves it there, even the one already entered on it."""


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
    """Return the change that a correction makes; None when the ticket already is as asked, so requests can be repeated.

    Args:
        asked: What the person wants, and the version of the ticket that they saw.
        ticket: The ticket as it is.
        post: The post that opened it.
        known: The example of the post before this correction, if there is one.
        by: User name of the person.
        directory: The departments, topics and deadlines.
        now: The time of the correction.

    Raises:
        RefusedError: 409 when the ticket changed since it was seen, when its status allows no such move, or while its
            edited post is being decided again.
    """
    after = _after(ticket, asked, directory, now)
    if after == ticket and not _confirms(asked, ticket, known):
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
            **words_of(post),
            decision=post.triage,
            label=_label(asked, known, after),
            at=now,
            by=by,
        ),
    )


def outdated() -> RefusedError:
    """Return the 409 error for a ticket that a person or the classifier changed since it was seen."""
    return _conflict(
        "outdated", "Tiket ini sudah berubah sejak Anda membukanya. Muat ulang, lalu koreksi lagi.", "version"
    )


def _conflict(code: str, message: str, field: str | None = None) -> RefusedError:
    return RefusedError(409, code, message, field)


def _after(ticket: Ticket, asked: CorrectionRequest, directory: Directory, now: datetime) -> Ticket:
    """Return the ticket as the person wants it; an equal ticket when nothing changes."""
    if asked.is_report is False:
        return changed(ticket, {"status": "rejected"}, directory, now)
    changes: dict[str, Any] = asked.model_dump(include={"topic", "department", "kind", "urgency"}, exclude_none=True)
    if asked.department is not None and (asked.department != ticket.department or ticket.status in UNDECIDED):
        changes["status"] = status_with(directory.departments[asked.department])
        if asked.department == ticket.runner_up:
            changes["runner_up"] = None
    return changed(ticket, changes, directory, now)


def _must_be_allowed(ticket: Ticket, after: Ticket) -> None:
    allowed = ticket.status in FOLLOWED_UP if after.status == ticket.status else after.status in MOVES[ticket.status]
    if allowed:
        return
    message = f"Tiket berstatus \u201c{STATUS_LABELS[ticket.status]}\u201d tidak dapat dikoreksi seperti ini."
    if "needs_review" in MOVES[ticket.status]:
        message += f" Kembalikan dahulu ke Meja Aduan (department: {DESK})."
    raise _conflict("not_allowed", message)


def _confirms(asked: CorrectionRequest, ticket: Ticket, known: Example | None) -> bool:
    """Tell whether the desk names the very department that only a link named, and that has the ticket now."""
    waits = known is not None and not known.is_confirmed
    return waits and known is not None and asked.department == known.label.department == ticket.department


def _label(asked: CorrectionRequest, known: Example | None, after: Ticket) -> Label:
    """Return the latest statement about each field. "No report" takes back all other statements.

    A department that only a link named stays where the desk leaves the ticket with it.
    """
    if asked.is_report is False:
        return Label(is_report=False)
    named = asked.model_dump(include={"topic", "department", "kind", "urgency"}, exclude_none=True)
    if asked.department == DESK:
        named["department"] = None
    before = known.label if known is not None and known.label.is_report else Label()
    if known is not None and not known.is_confirmed and before.department != after.department:
        before = before.model_copy(update={"department": None})
    return before.model_copy(update=named)


def _why(before: Ticket, after: Ticket, note: str, directory: Directory) -> str:
    """Return the line for the history: ``koreksi: topik Jalan → Drainase. Catatan: …``."""
    labels: dict[str, Callable[[Ticket], str]] = {
        "topik": lambda ticket: topic_label(ticket.topic, directory),
        "perangkat daerah": lambda ticket: department_name(ticket.department, directory),
        "jenis": lambda ticket: KIND_LABELS[ticket.kind],
        "urgensi": lambda ticket: URGENCY_LABELS[ticket.urgency],
        "status": lambda ticket: STATUS_LABELS[ticket.status],
    }
    differing = [
        f"{name} {label(before)} \u2192 {label(after)}"
        for name, label in labels.items()
        if label(before) != label(after)
    ]
    return f"koreksi: {'; '.join(differing) or 'perangkat daerah dibenarkan'}" + (f". Catatan: {note}" if note else "")
