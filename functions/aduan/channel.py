"""How far a channel has been read, and the ledger of the runs that read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field, field_validator, model_validator

from aduan.masking import with_storable
from aduan.record import Moment, Record

SEEN_BYTES: Final = 3_000
MARKS_BYTES: Final = 4_000
"""With `SEEN_BYTES` and the rest, the cursor item stays below 8 KB: one eventually consistent read unit."""
MOST_FAILING: Final = 10
"""How many failing objects the cursor names. While there are more, the watermark waits for them."""
RAW_BYTES: Final = 8_000
"""Bytes of an unreadable post that are kept in quarantine."""
REFUSALS: Final = 2
"""A channel is marked after this many authorisation errors in a row: one may be the platform's mistake."""
TOKEN_WARNING_DAYS: Final = (1, 7, 14)
"""Days before a token's end on which its owner is warned. From the earliest of them on, the channel is not healthy."""
END_UNKNOWN: Final = "expires_at absent"
"""The reason when the platform should name the end of a token and does not."""


class FailingObject(Record):
    """A thread or another object that could not be read, while the rest of its channel was."""

    first_at: Moment
    """When it failed for the first time since it was last read."""
    tries: int
    retry_at: Moment
    """It is not asked for before this moment."""
    reason: str
    """Class and code of the last error; never a body or a token."""


class Cursor(Record):
    """How far a channel has been read.

    `watermark` is the time of the youngest post stored by a run that read everything; the next run begins an overlap
    before it. `marks` holds what the platform last said about each thread (a comment count, a time of change), so
    that quiet threads are not read again. `seen` holds the ids of the overlap, so that a run which finds nothing new
    need not read the table.
    """

    channel: str
    floor: Moment | None = None
    """Where reading began. Older posts are never read."""
    watermark: Moment | None = None
    marks: dict[str, str] = Field(default_factory=dict)
    seen: tuple[str, ...] = ()
    failing: dict[str, FailingObject] = Field(default_factory=dict)
    """The objects that fail by themselves, by the source's name of each; at most `MOST_FAILING`."""
    unread_since: Moment | None = None
    """From where on the objects in `failing` are to be read; None when there are none. The rest is read further."""
    not_before: Moment | None = None
    """The channel is not read before this moment: the platform asked us to wait, or the budget does."""
    spent_usd: float = 0
    """What reading the channel cost in the month of `spent_at`, up to that moment."""
    spent_at: Moment | None = None
    ledger_at: Moment | None = None
    """When the last complete run in the ledger began. A run that found nothing is written only once an hour."""
    refusals: int = 0
    """Authorisation errors since the platform last let us read, counted up to `REFUSALS`."""
    refused_at: Moment | None = None
    """When the first of these errors came; None when the platform lets us read."""
    version: int = 0
    lease_owner: str | None = None
    lease_until: Moment | None = None

    @field_validator("failing", mode="before")
    @classmethod
    def _known(cls, given: Any) -> Any:
        """Drop what another version wrote in another shape: that object is only tried again at once."""
        if not isinstance(given, dict):
            return given
        needed = FailingObject.model_fields.keys()
        return {name: value for name, value in given.items() if not isinstance(value, dict) or needed <= value.keys()}

    def leased_to_other(self, owner: str, now: datetime) -> bool:
        """Tell whether another run holds the channel at this moment."""
        return self.lease_until is not None and self.lease_owner != owner and now < self.lease_until

    @property
    def needs_permission_since(self) -> datetime | None:
        """Since when the channel needs a new token or permission to be read; None when it needs none."""
        return self.refused_at if self.refusals >= REFUSALS else None


class Run(Record):
    """One run over one channel, as the ledger keeps it. The counts are of citizens' posts."""

    channel: str
    run_id: str
    started_at: Moment
    finished_at: Moment
    read_from: Moment
    complete: bool
    """True when everything since `read_from` was read and stored."""
    seen: int = 0
    new: int = 0
    duplicate: int = 0
    revised: int = 0
    """Stored posts of which a new version was found."""
    rejected: int = 0
    own: int = 0
    too_old: int = 0
    """Posts that were left out because they were written before reading began, each time they were listed."""
    undated: int = 0
    """New posts without a plausible date, which count as written when they were read."""
    calls: int = 0
    cost_usd: float = 0
    """What the platform charges for what it returned."""
    stopped: str | None = None
    """Why it is incomplete without a fault of the account: ``time`` or ``page cap``; ``gap`` when it read all but what
    is lost; ``objects`` with their errors when it read all but these."""
    unread: int = 0
    """How many objects could not be read, while everything else was."""
    lost_from: Moment | None = None
    lost_until: Moment | None = None
    """Between these two moments posts were, or may have been, written that no run can read any more."""
    error: str | None = None
    """Class and code of the fault; never a body or a token."""

    @property
    def is_current(self) -> bool:
        """Whether the channel was read to its end, though perhaps without some of its objects."""
        return self.complete or self.unread > 0


class Sweep(Record):
    """How far the daily sweep, which asks whether posts are still there, has come."""

    channel: str
    position: Moment | None = None
    last: str | None = None
    """`position` is when the last post that was asked about had been found, `last` is its key; None at the start."""
    finished_at: Moment | None = None
    """When the last sweep that came to its end began; None while a sweep is under way."""


class TokenCheck(Record):
    """What the platform said about a channel's token when it was last asked. It is asked once a day."""

    channel: str
    looked_at: Moment
    valid: bool
    ends_at: Moment | None = None
    """When the token ends; None when no end is known, or when the token is no longer valid."""
    reason: str | None = None
    """What ends the token (``expires_at`` or ``data_access_expires_at``), why it is not valid (``code 190/460``), or
    `END_UNKNOWN`; None when it is valid until somebody revokes it."""

    def days_left(self, now: datetime) -> int | None:
        """Return how many whole days the token is still valid: 0 on the last day and later, None if no end is known."""
        if not self.valid:
            return 0
        return None if self.ends_at is None else max((self.ends_at - now) // timedelta(days=1), 0)


class Rejected(Record):
    """A post that could not be read. It waits in quarantine with its raw text, while the rest of its page is stored."""

    channel: str
    native_id: str
    reason: str
    raw: str
    """The raw text, with personal numbers masked like in every text that is kept."""
    clipped: bool = False
    """True when the raw text was longer than what is kept."""

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, fields: Any) -> Any:
        return with_storable(fields, "raw", RAW_BYTES)
