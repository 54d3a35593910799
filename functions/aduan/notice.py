"""One message to one department by one medium, about a ticket or about a channel."""

from typing import Literal

from aduan.record import Moment, Record
from aduan.triage import Urgency

Medium = Literal["email", "sms"]
NoticeState = Literal["pending", "claimed", "sent", "failed", "parked", "withdrawn"]
"""``withdrawn``: what it was about was deleted at its source before anybody was told."""


Matter = Literal["permission", "token", "budget"]
"""What is wrong with a channel: the platform refuses us; its token will end; the month's money is spent."""


class OutboxEntry(Record):
    """An entry of the outbox: ``pending → claimed → sent``, or ``failed``, or ``parked`` for a person to look at.

    It is claimed before it is sent and never sent twice on a guess: SES and SNS know no idempotency key, so an
    unknown outcome stays ``claimed`` until `follow_up` parks it.
    """

    department: str
    """Code of the department the notice is for."""
    medium: Medium
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


class Notice(OutboxEntry):
    """A department is told about a ticket."""

    ticket: str
    urgency: Urgency = "normal"

    @property
    def subject(self) -> str:
        """The ticket's code."""
        return self.ticket

    @property
    def key(self) -> str:
        """``department#medium``: one notice per ticket, department and medium."""
        return f"{self.department}#{self.medium}"


class ChannelNotice(OutboxEntry):
    """Who looks after a channel, or the desk, is told by mail what is wrong with it, once per episode."""

    channel: str
    """Id of the channel, ``kind:account``."""
    matter: Matter
    episode: str
    """Tells one occurrence from the next: when the refusals began; which end of a token and which of the warnings
    before it; the month."""
    medium: Literal["email"] = "email"
    since: Moment | None = None
    """Since when it is so; None for a token that still works."""
    until: Moment | None = None
    """When the token ends, or when the month is over; None when that is for a person to end."""
    reason: str | None = None
    """As the ledger names errors, by class and code; of a token, which of its ends is meant."""

    @property
    def subject(self) -> str:
        """The channel's id."""
        return self.channel

    @property
    def key(self) -> str:
        """``matter#episode``: one notice per channel and episode."""
        return f"{self.matter}#{self.episode}"


AnyNotice = Notice | ChannelNotice


class Contact(Record):
    """How a department is told."""

    department: str
    email: str | None = None
    phone: str | None = None
    """International form, ``+62…``."""
    updated_at: Moment
    updated_by: str
