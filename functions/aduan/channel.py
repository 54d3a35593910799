"""How far a channel has been read, and the ledger of the runs that read it."""

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from aduan.masking import masked
from aduan.record import Moment, Record

SEEN_BYTES: Final = 3_000
MARKS_BYTES: Final = 4_000
"""Together with the rest the cursor item stays below 8 KB: one eventually consistent read unit."""


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
    version: int = 0
    lease_owner: str | None = None
    lease_until: Moment | None = None

    def leased_to_other(self, owner: str, now: datetime) -> bool:
        """Tell whether another run holds the channel at this moment."""
        return self.lease_until is not None and self.lease_owner != owner and now < self.lease_until


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
    """Why it stopped early without a fault: ``time`` or ``page cap``."""
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


class TokenLook(Record):
    """What the last look at a channel's token found."""

    channel: str
    looked_at: Moment
    days_left: int | None = None
    """Whole days it will still work; None when no end is known."""


class Rejected(Record):
    """A single post that could not be read: it waits in quarantine with its raw text, and the page goes on."""

    channel: str
    native_id: str
    reason: str
    raw: Annotated[str, AfterValidator(masked)]
    """Without personal numbers, like every text that is kept."""
