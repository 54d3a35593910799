"""How far a channel has been read, and the ledger of the runs that read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import Field, model_validator

from aduan.masking import with_storable
from aduan.record import Moment, Record

SEEN_BYTES: Final = 3_000
MARKS_BYTES: Final = 4_000
"""Together with the rest the cursor item stays below 8 KB: one eventually consistent read unit."""
RAW_BYTES: Final = 8_000
"""Of what could not be read, so much waits in quarantine."""
REFUSALS: Final = 2
"""So many authorisation errors in a row mark a channel: one may be the platform's mistake."""
TOKEN_WARNING_DAYS: Final = (1, 7, 14)
"""So many days before a token ends its owner is told; from the first of them on the channel is not healthy."""
END_UNKNOWN: Final = "expires_at absent"
"""Why the end of a token is not known, where the platform should name it."""


class Cursor(Record):
    """How far a channel has been read.

    `watermark` is the youngest post stored by a run that read everything; the next run reads from an overlap
    before it. `marks` remember, per thread, what the platform last said about it (a comment count, a time of
    change), so that quiet threads are not read again. `seen` holds the ids of the overlap, so that a run which
    finds nothing new needs no look into the table.
    """

    channel: str
    floor: Moment | None = None
    """Where reading began; what is older is left alone for ever."""
    watermark: Moment | None = None
    marks: dict[str, str] = Field(default_factory=dict)
    seen: tuple[str, ...] = ()
    not_before: Moment | None = None
    """The platform asked us to wait until then."""
    spent_usd: float = 0
    """What reading it cost, up to and in the month of `spent_at`."""
    spent_at: Moment | None = None
    ledger_at: Moment | None = None
    """When the last complete run of the ledger began; a quiet one is written only once an hour."""
    refusals: int = 0
    """How often the platform refused us since it last let us read, counted up to `REFUSALS`."""
    refused_at: Moment | None = None
    """When it did so first; None when it lets us read."""
    version: int = 0
    lease_owner: str | None = None
    lease_until: Moment | None = None

    def leased_to_other(self, owner: str, now: datetime) -> bool:
        """Tell whether another run holds the channel at this moment."""
        return self.lease_until is not None and self.lease_owner != owner and now < self.lease_until

    @property
    def needs_permission_since(self) -> datetime | None:
        """The channel's mark: since when it cannot be read without a new token or permission; None when it can."""
        return self.refused_at if self.refusals >= REFUSALS else None


class Run(Record):
    """One run over one channel, as the ledger keeps it. Counts are of citizens' posts."""

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
    """Posts of which another version was found."""
    rejected: int = 0
    own: int = 0
    calls: int = 0
    cost_usd: float = 0
    """What the platform charges for what it returned."""
    stopped: str | None = None
    """Why it stopped early without a fault: ``time`` or ``page cap``; ``gap`` when only what is lost was not read."""
    lost_from: Moment | None = None
    lost_until: Moment | None = None
    """Between these two, things were written that could no longer be read, or may have been; no run ever will."""
    error: str | None = None
    """What went wrong, by class and code; never a body or a token."""


class Sweep(Record):
    """How far the daily question whether posts are still there has come."""

    channel: str
    position: Moment | None = None
    last: str | None = None
    """When the last post that was asked about was found, and its key; None at the beginning."""
    finished_at: Moment | None = None
    """When the last sweep began that came to its end; None while one is under way."""


class TokenCheck(Record):
    """What the platform said of a channel's token when it was last asked, once a day."""

    channel: str
    looked_at: Moment
    valid: bool
    ends_at: Moment | None = None
    """None when no end is known, or when it is not valid any more."""
    reason: str | None = None
    """What ends it (``expires_at`` or ``data_access_expires_at``), why it is not valid (``code 190/460``), or
    `END_UNKNOWN`; None when it lives until somebody ends it."""

    def days_left(self, now: datetime) -> int | None:
        """How many more whole days it works; 0 on the last day and afterwards, None when no end is known."""
        if not self.valid:
            return 0
        return None if self.ends_at is None else max((self.ends_at - now) // timedelta(days=1), 0)


class Rejected(Record):
    """A single post that could not be read: it waits in quarantine with its raw text, and the page goes on."""

    channel: str
    native_id: str
    reason: str
    raw: str
    """Without personal numbers, like every text that is kept."""
    clipped: bool = False
    """There was more of it than is kept."""

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, fields: Any) -> Any:
        return with_storable(fields, "raw", RAW_BYTES)
