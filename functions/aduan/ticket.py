"""A ticket: a complaint that the county follows up, and the moves it may make."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any, Final, Literal

from pydantic import (
    Field,
    ValidationError,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

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
"""The public answers under a citizen's post: who has the ticket, which outside owner has it, or that it is done."""

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
"""The statuses to which a ticket may move from each status. Every other move is refused."""

_LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32 has no I, L, O or U, so that a code can be said on the phone."""
_CODE_LENGTH: Final = 6

WAITING: Final[frozenset[Status]] = frozenset({"needs_review", "routed", "reopened"})
"""Statuses of a ticket that was not taken up: the desk has not decided, or the department has not accepted it."""
OPEN: Final[frozenset[Status]] = WAITING | {"accepted", "in_progress"}
"""Statuses of a ticket for which the county still has to do something."""


_CODE_LABEL: Final = "ticket_code"
"""Stands before what is hashed for a code. For an author's pseudonym, made with the same key, the kind of a channel
stands there, so that neither hash says anything about the other."""


def ticket_code(secret: str, post_key: str, attempt: int = 0) -> str:
    """Derive a ticket's code, such as ``SLM-4K7P2M``, from the deployment's secret and the key of its first post.

    The keys of posts are public, and a plain hash would let anybody compute the codes of all tickets; HMAC-SHA-256 does
    not. The same post and attempt give the same code, so a repeated classification cannot open a second ticket. Six
    letters make 2**30 codes. When another post has the code, the caller tries the next `attempt`.
    """
    digest = hmac.new(secret.encode(), f"{_CODE_LABEL}:{post_key}#{attempt}".encode(), hashlib.sha256).digest()
    number = int.from_bytes(digest[:8], "big")
    letters = []
    for _ in range(_CODE_LENGTH):
        number, remainder = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[remainder])
    return "SLM-" + "".join(letters)


class Clock(Record):
    """What a ticket's clocks were set for. When one of these fields changes, the clocks are set again."""

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
        """Return the stored form, one word for each field: ``routed dishub normal complaint``."""
        return f"{self.status} {self.department} {self.urgency} {self.kind}"


class Ticket(Record):
    """The present state of one complaint. Its history is in its events."""

    code: str = Field(pattern=r"^SLM-[0-9A-HJKMNP-TV-Z]{6}$")
    status: Status
    kind: ReportKind
    topic: str
    urgency: Urgency
    department: str
    """Code of the department, outside owner or desk that has the ticket now."""
    runner_up: str | None = None
    """Code of the department that gets the ticket next if the present one says that it is not its job."""
    refused_by: tuple[str, ...] = ()
    """Codes of the departments that said the ticket is not theirs, in order."""
    place: Place | None = None
    channel: str
    post: str
    """Key of the post that opened the ticket."""
    permalink: str
    opened_at: Moment
    due_at: Moment
    """When the ticket must be resolved."""
    running_since: Moment | None = None
    """When it was last reopened or restored, from which `due_at` counts; None when it counts from the opening."""
    take_up_by: Moment | None = None
    """Until when the desk must decide whose it is, or the department accept it; None when neither has to."""
    waiting_since: Moment | None = None
    """When it came to whoever must do that, from which `take_up_by` counts; None when nobody must."""
    steps: tuple[str, ...] = ()
    """Names of the steps of the ladder that were taken and are not to be repeated."""
    clock: Clock | None = None
    """What the clocks were set for. When `clock_of` differs, they must be set again."""
    round: int = 0
    """How often the clocks were set. A step that is taken in another round is another step."""
    act_at: Moment | None = None
    """When `follow_up` looks at the ticket next; None when nothing is to come. On the forum's list: since when."""
    voices: int = 1
    """How many citizens' posts belong to the ticket, deleted ones included."""
    version: int = 1
    corrected_at: Moment | None = None
    """When a person last corrected the ticket. After that no decision of the classifier moves it."""
    replies: tuple[Stage, ...] | None = None
    """Stages for which the author got, or will get, a public answer; None when the author gets none at all."""

    @field_validator("clock", mode="wrap")
    @classmethod
    def _known_or_none(cls, given: Any, read: ValidatorFunctionWrapHandler) -> Clock | None:
        """Read a clock. One that names nothing, as on the oldest tickets, is None and so started anew."""
        try:
            clock: Clock | None = read(given)
        except ValidationError:
            return None
        return clock

    @property
    def on_forum_list(self) -> bool:
        """Whether the ticket is on the list of the forum led by the Wakil Bupati."""
        return "forum" in self.steps and self.status in OPEN


def clock_of(ticket: Ticket) -> Clock:
    """Return what the clocks of a ticket should run for, given its present fields."""
    return Clock(status=ticket.status, department=ticket.department, urgency=ticket.urgency, kind=ticket.kind)


CLASSIFIER: Final = "classify"
"""Who decided, in the events of `classify`."""
ERASED: Final = "dihapus bersama kirimannya"
"""What stands in the place of an event's erased reasons."""
_NOTE: Final = re.compile(r"\. Catatan: .*?(?=\. Foto: https?://\S+$|$)", re.DOTALL)
"""The note at the end of an event's `why`, before the link to a photo, if there is one."""


class Event(Record):
    """One step in a ticket's history. Events are added, and change only when the ticket's first post is erased."""

    ticket: str
    at: Moment
    move: str
    """The status the ticket moved to, or else what happened: ``opened``, ``edited``, ``corrected``, ``source_gone``,
    ``joined``, ``reminded``, ``reminded:due``, ``escalated:head``, ``escalated:sekda``, ``escalated:forum``."""
    by: str
    """Who did it: a function's name, an admin's user name, or ``tautan:`` and a department's code for a link."""
    why: str

    def without_words(self) -> Event:
        """Return the event without what may repeat a citizen's words or name somebody.

        That is all that the classifier says, because it gives words of the text as its reasons, and people's notes.
        What people did stays in the history, and so does the photo of the work.
        """
        why = ERASED if self.by == CLASSIFIER else _NOTE.sub(f". Catatan {ERASED}", self.why)
        return self if why == self.why else self.model_copy(update={"why": why})


class Voice(Record):
    """One citizen's post that belongs to a ticket."""

    ticket: str
    post: str
    at: Moment


class Resolution(Record):
    """A record that a ticket was declared resolved, kept to recognise its author's answer that it is not done."""

    ticket: str
    post: str
    """Key of the post that opened the ticket."""
    author: str
    """Pseudonym of that post's author."""
    parent_id: str | None = None
    """Native id of the post or thread under which that post stands."""
    resolved_at: Moment

    def is_thread_of(self, parent_id: str) -> bool:
        """Tell whether a post under `parent_id`, on the same channel, is in the ticket's thread."""
        return parent_id in {self.post.partition("#")[2], self.parent_id}
