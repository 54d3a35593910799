"""A complaint the county follows up, and the moves it may make."""

import hashlib
from typing import Final, Literal

from pydantic import Field

from aduan.record import Moment, Record
from aduan.triage import Place, ReportKind, Urgency

Status = Literal[
    "needs_review",
    "routed",
    "accepted",
    "in_progress",
    "resolved",
    "closed",
    "reopened",
    "not_ours",
    "duplicate",
    "rejected",
]

MOVES: Final[dict[Status, frozenset[Status]]] = {
    "needs_review": frozenset({"routed", "not_ours", "duplicate", "rejected"}),
    "routed": frozenset({"accepted", "in_progress", "resolved", "not_ours", "needs_review", "duplicate", "rejected"}),
    "accepted": frozenset({"in_progress", "resolved", "not_ours", "needs_review"}),
    "in_progress": frozenset({"resolved", "not_ours", "needs_review"}),
    "resolved": frozenset({"closed", "reopened"}),
    "closed": frozenset({"reopened"}),
    "reopened": frozenset({"accepted", "in_progress", "resolved", "not_ours", "needs_review"}),
    "not_ours": frozenset({"needs_review", "routed", "closed"}),
    "duplicate": frozenset({"needs_review"}),
    "rejected": frozenset({"needs_review"}),
}
"""Whitelisted moves; everything else is refused."""

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that a code survives being said on the phone."""
_CODE_LENGTH: Final = 6


def ticket_code(post_key: str, attempt: int = 0) -> str:
    """Derive a ticket's code from its first post, e.g. ``SLM-4K7P2M``.

    The same post and attempt give the same code, so a repeated classification cannot open a second ticket.
    Six letters are 2**30 codes; when one is taken by another post, the caller tries the next ``attempt``.
    """
    digest = hashlib.sha256(f"{post_key}#{attempt}".encode()).digest()
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(_CODE_LENGTH):
        number, remainder = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[remainder])
    return "SLM-" + "".join(letters)


class Ticket(Record):
    """The state of one complaint. Its history is in its events."""

    code: str = Field(pattern=r"^SLM-[0-9A-HJKMNP-TV-Z]{6}$")
    status: Status
    kind: ReportKind
    topic: str
    urgency: Urgency
    department: str
    """Code of the department, outside owner or desk that has it now."""
    runner_up: str | None = None
    place: Place | None = None
    channel: str
    post: str
    """Key of the post that opened it."""
    permalink: str
    opened_at: Moment
    due_at: Moment
    voices: int = 1
    version: int = 1


class Event(Record):
    """One step in a ticket's history. Events are added, never changed."""

    ticket: str
    at: Moment
    move: str
    """What happened: ``opened``, or the status the ticket moved to."""
    by: str
    """Who did it: a function's name, or an admin's user name."""
    why: str


class Voice(Record):
    """One citizen's post that belongs to a ticket."""

    ticket: str
    post: str
    at: Moment
