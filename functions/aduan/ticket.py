"""A complaint the county follows up, and the moves it may make."""

from __future__ import annotations

import hashlib
from typing import Any, Final, Literal

from pydantic import Field, field_validator, model_serializer, model_validator

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

Stage = Literal["routed", "not_ours", "resolved"]
"""What who complained is told under his post: who has it, who owns it when that is not the county, that it is done."""

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

WAITING: Final[frozenset[Status]] = frozenset({"needs_review", "routed", "reopened"})
"""Whoever has it has not taken it up: the desk has not decided, or the department not accepted."""
OPEN: Final[frozenset[Status]] = WAITING | {"accepted", "in_progress"}
"""The county owes an answer."""


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


class Clock(Record):
    """What a ticket's clocks were started for. When one of these changes, they start anew."""

    status: Status
    department: str
    urgency: Urgency
    kind: ReportKind

    @model_validator(mode="before")
    @classmethod
    def _read(cls, given: Any) -> Any:
        return dict(zip(cls.model_fields, given.split(" "), strict=True)) if isinstance(given, str) else given

    @model_serializer
    def _written(self) -> str:
        """One word each, as stored: ``routed dishub normal complaint``."""
        return f"{self.status} {self.department} {self.urgency} {self.kind}"


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
    refused_by: tuple[str, ...] = ()
    """Codes of the departments that said that it is not theirs, in the order in which they did."""
    place: Place | None = None
    channel: str
    post: str
    """Key of the post that opened it."""
    permalink: str
    opened_at: Moment
    due_at: Moment
    """Until when it is to be resolved."""
    take_up_by: Moment | None = None
    """Until when the desk is to decide whose it is, or the department to accept it; None when that was done."""
    steps: tuple[str, ...] = ()
    """The steps of the ladder that were taken with those who have it now."""
    clock: Clock | None = None
    """What its clocks run for; when `clock_of` says something else, they are to be started anew."""
    round: int = 0
    """How often they were started: a step that is taken in another round is another step."""
    act_at: Moment | None = None
    """When `follow_up` looks at it next; None when nothing is to come. On the list of the forum: since when."""
    voices: int = 1
    version: int = 1
    corrected_at: Moment | None = None
    """When a person last corrected it: from then on no decision of the classifier moves it."""
    replies: tuple[Stage, ...] | None = None
    """Of what its author is told, or was, under the post; None where nobody is answered."""

    @field_validator("clock", mode="before")
    @classmethod
    def _started_or_not(cls, given: Any) -> Any:
        return given or None  # the first tickets have an empty word where nothing was started

    @property
    def on_forum_list(self) -> bool:
        """Whether the forum led by the Wakil Bupati is to speak about it."""
        return "forum" in self.steps and self.status in OPEN


def clock_of(ticket: Ticket) -> Clock:
    """What a ticket's clocks should run for, as the ticket stands."""
    return Clock(status=ticket.status, department=ticket.department, urgency=ticket.urgency, kind=ticket.kind)


CLOCK_FIELDS: Final = ("take_up_by", "steps", "clock", "round", "act_at")
"""The fields of a ticket that only `aduan.deadlines` and the ladder set."""


class Event(Record):
    """One step in a ticket's history. Events are added, never changed."""

    ticket: str
    at: Moment
    move: str
    """The status it moved to; otherwise what happened: ``opened``, ``edited``, ``corrected``, ``source_gone``,
    ``joined``, ``reminded``, ``reminded:due``, ``escalated:head``, ``escalated:sekda``, ``escalated:forum``."""
    by: str
    """Who did it: a function's name, or an admin's user name."""
    why: str


class Voice(Record):
    """One citizen's post that belongs to a ticket."""

    ticket: str
    post: str
    at: Moment


class Resolution(Record):
    """That a ticket was declared resolved: what its author is known by when he says that it is not."""

    ticket: str
    post: str
    """Key of the post that opened it."""
    author: str
    """Pseudonym of who wrote that."""
    parent_id: str | None = None
    """What that post stands under, by its native id."""
    resolved_at: Moment

    def is_thread_of(self, parent_id: str) -> bool:
        """Whether what stands under `parent_id`, on the same channel, is in the ticket's thread."""
        return parent_id in {self.post.partition("#")[2], self.parent_id}
