"""One message to one department by one medium, about a ticket, a channel or a contact; and how departments are told."""

from __future__ import annotations

from typing import Final, Literal

from aduan.record import Moment, Record, stamp
from aduan.triage import DESK, Urgency

Medium = Literal["email", "sms"]
NoticeState = Literal["pending", "claimed", "sent", "failed", "parked", "withdrawn", "skipped"]
"""``skipped``: an SMS that was spared; the mail beside it says the same, and `failure` says why.

``withdrawn``: before anybody was told, what it was about was deleted at its source, or became somebody else's."""


Matter = Literal["permission", "token", "budget"]
"""What is wrong with a channel: the platform refuses us; its token will end; the month's money is spent."""


def media(urgency: Urgency) -> tuple[Medium, ...]:
    """How a department is told: an SMS costs as much as 3,500 mails, so it is for emergencies, and never alone."""
    return ("sms", "email") if urgency == "emergency" else ("email",)


class OutboxEntry(Record):
    """An entry of the outbox: ``pending → claimed → sent``, or ``failed``, or ``parked`` for a person to look at.

    SES and SNS know no idempotency key, so it is claimed before it is sent, and an unknown outcome stays ``claimed``.
    What SES reports about the mail settles it. A mail nobody reports about is sent once more, and then parked; one
    that bounced is pending again, for the next address.
    """

    department: str
    """Code of the department the notice is for."""
    medium: Medium
    state: NoticeState = "pending"
    urgency: Urgency = "normal"
    """What is urgent is sent first when there is a queue."""
    attempt: int = 0
    """How often a send was begun."""
    repeated_at: Moment | None = None
    """When it was sent again without knowing what had become of the attempt before: once, if ever."""
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
    """Why it was not, or not certainly, accepted, or has not arrived yet."""
    bounced: tuple[str, ...] = ()
    """Addresses that bounced it or complained about it: it goes to none of them again."""
    rejected_at: Moment | None = None
    """When SES found the content harmful, after it had accepted it."""

    @property
    def contact(self) -> str:
        """Code of the contact it is for."""
        return self.department


Role = Literal["officer", "head"]
"""``officer``: the liaison officer. ``head``: who leads the department; of the Sekretariat Daerah, the Sekda."""


CONTRADICTED: Final = "contradicted"
"""Step of the notices that a resolved ticket was opened again, because who complained says that it is not done."""


def contact_code(department: str, role: Role) -> str:
    """Code of the contact of somebody in a department: ``dishub``, ``dishub.head``."""
    return department if role == "officer" else f"{department}.{role}"


class Notice(OutboxEntry):
    """A department is told about a ticket."""

    ticket: str
    role: Role = "officer"
    """Who in the department."""
    step: str | None = None
    """The step of the ladder that was taken, or `CONTRADICTED`, and after a dot in which round; None for the first
    notice."""
    digest_at: Moment | None = None
    """When it goes, or went, with others in one mail; None for a mail of its own."""

    @property
    def subject(self) -> str:
        """The ticket's code."""
        return self.ticket

    @property
    def key(self) -> str:
        """``contact#medium``: one notice per ticket, contact and medium; of the ladder ``contact#medium#step``."""
        return f"{self.contact}#{self.medium}" + (f"#{self.step}" if self.step else "")

    @property
    def contact(self) -> str:
        """As `contact_code` writes it."""
        return contact_code(self.department, self.role)


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


class ContactNotice(OutboxEntry):
    """The desk is told by mail that a department's address is dead, once per death."""

    about: str
    """Code of the department whose contact it is."""
    which: Literal["email", "fallback_email"]
    """Which of the contact's addresses."""
    address: str
    died_at: Moment
    reason: str
    """As the provider names it: ``bounce: General``."""
    department: str = DESK
    medium: Literal["email"] = "email"
    urgency: Urgency = "urgent"

    @property
    def subject(self) -> str:
        """Code of the department."""
        return self.about

    @property
    def key(self) -> str:
        """``which#moment``: an address that was entered again, and died again, is told again."""
        return f"{self.which}#{stamp(self.died_at)}"


class SmsBudgetNotice(OutboxEntry):
    """The desk is told by mail, once a month, that the budget for SMS is used up."""

    month: str
    """In WIB: ``2026-11``."""
    budget_usd: float
    department: str = DESK
    medium: Literal["email"] = "email"
    urgency: Urgency = "urgent"

    @property
    def subject(self) -> str:
        """Always the same."""
        return "sms"

    @property
    def key(self) -> str:
        """``budget#month``."""
        return f"budget#{self.month}"


AnyNotice = Notice | ChannelNotice | ContactNotice | SmsBudgetNotice


class Contact(Record):
    """How a department is told. Whoever replaces it declares its addresses alive."""

    department: str
    """Code of the contact, as `contact_code` writes it."""
    email: str | None = None
    fallback_email: str | None = None
    """Takes the mails when `email` is dead."""
    phone: str | None = None
    """International form, ``+62…``."""
    updated_at: Moment
    updated_by: str
    dead_since: Moment | None = None
    """When `email` bounced for good or complained; nothing is sent there any more."""
    dead_because: str | None = None
    """As the provider names it: ``bounce: General``."""
    fallback_dead_since: Moment | None = None
    fallback_dead_because: str | None = None

    def addresses(self, medium: Medium) -> tuple[str, ...]:
        """Where the department can be reached, the first choice first; without the dead ones."""
        if medium == "sms":
            return (self.phone,) if self.phone else ()
        own = ((self.email, self.dead_since), (self.fallback_email, self.fallback_dead_since))
        return tuple(address for address, dead_since in own if address and dead_since is None)

    def is_alive_as(self, email: str | None, fallback_email: str | None, phone: str | None) -> bool:
        """Whether it consists of exactly these, and none of them is dead."""
        dead = self.dead_since or self.fallback_dead_since
        return dead is None and (self.email, self.fallback_email, self.phone) == (email, fallback_email, phone)

    def knows(self, medium: Medium) -> bool:
        """Whether an address for this medium was entered, dead or alive."""
        return bool(self.phone if medium == "sms" else self.email or self.fallback_email)
