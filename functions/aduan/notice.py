"""One message to one department about one ticket, by one medium."""

from typing import Literal

from aduan.record import Moment, Record
from aduan.triage import Urgency

Medium = Literal["email", "sms"]
NoticeState = Literal["pending", "claimed", "sent", "failed", "parked", "withdrawn"]
"""``withdrawn``: what it was about was deleted at its source before anybody was told."""


class Notice(Record):
    """An entry of the outbox: ``pending → claimed → sent``, or ``failed``, or ``parked`` for a person to look at.

    It is claimed before it is sent and never sent twice on a guess: SES and SNS know no idempotency key, so an
    unknown outcome stays ``claimed`` until `follow_up` parks it.
    """

    ticket: str
    department: str
    """Code of the department the notice is for."""
    medium: Medium
    urgency: Urgency = "normal"
    state: NoticeState = "pending"
    attempt: int = 0
    """How often a send was begun."""
    created_at: Moment
    act_at: Moment | None = None
    """When `follow_up` looks at it, unless it is finished by then; None when finished."""
    claimed_by: str | None = None
    claimed_at: Moment | None = None
    recipient: str | None = None
    """Address or number, frozen at the claim."""
    told: str | None = None
    """Code of the department whose contact was used: the desk, when the department has none."""
    message_id: str | None = None
    sent_at: Moment | None = None
    failure: str | None = None
    """Why it was not, or not certainly, accepted."""

    @property
    def key(self) -> str:
        """``department#medium``: one notice per ticket, department and medium."""
        return f"{self.department}#{self.medium}"


class Contact(Record):
    """How a department is told."""

    department: str
    email: str | None = None
    phone: str | None = None
    """International form, ``+62…``."""
    updated_at: Moment
    updated_by: str
