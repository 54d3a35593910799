"""One message to one department by one medium, about a ticket, a channel or a contact; and how departments are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, field_serializer, model_validator

from aduan.record import Moment, Record, stamp
from aduan.triage import DESK, Urgency

Medium = Literal["email", "sms"]
NoticeState = Literal["pending", "claimed", "sent", "failed", "parked", "withdrawn", "skipped"]
"""``skipped``: an SMS that was spared; the mail beside it says the same, and `failure` says why.

``withdrawn``: before anybody was told, what it was about was deleted at its source, or became somebody else's."""


Matter = Literal["permission", "token", "budget"]
"""What is wrong with a channel: the platform refuses us; its token will end; the month's money is spent."""


NoticeKind = Literal["ticket", "channel", "contact", "sms_budget"]
"""What a notice is about."""
Partition = Literal["TICKET", "CHANNEL", "OUTBOX"]
"""Beside what a notice lies in the table. A department's notices lie apart from its contact, which no sender writes."""
PARTITIONS: Final[dict[NoticeKind, Partition]] = {
    "ticket": "TICKET",
    "channel": "CHANNEL",
    "contact": "OUTBOX",
    "sms_budget": "OUTBOX",
}


class NoticeId(NamedTuple):
    """What tells one notice from all others."""

    partition: Partition
    subject: str
    """The ticket's code, the channel's id, the contact's code, or ``sms``."""
    key: str
    """Tells it from the others about the same."""


Role = Literal["officer", "head"]
"""``officer``: the liaison officer. ``head``: who leads the department; of the Sekretariat Daerah, the Sekda."""


@dataclass(frozen=True)
class ContactId:
    """Somebody in a department who is told. It is stored, and named by the API, as its code: ``dishub.head``."""

    department: str
    role: Role = "officer"

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a code: ``dishub`` is its officer, ``dishub.head`` its head.

        Raises:
            ValueError: when there is no such role.
        """
        department, dot, role = code.partition(".")
        if dot and role != "head":
            raise ValueError("the code of a contact names no role")
        return cls(department, "head" if dot else "officer")

    def __str__(self) -> str:
        """Write the code."""
        return self.department if self.role == "officer" else f"{self.department}.{self.role}"


def _contact_id(given: Any) -> Any:
    return ContactId.parse(given) if isinstance(given, str) else given


ContactCode = Annotated[ContactId, BeforeValidator(_contact_id), PlainSerializer(str, return_type=str)]
"""A contact, as records hold it."""


def media(urgency: Urgency) -> tuple[Medium, ...]:
    """How a department is told: an SMS costs as much as 3,500 mails, so it is for emergencies, and never alone."""
    return ("sms", "email") if urgency == "emergency" else ("email",)


class OutboxEntry(Record):
    """An entry of the outbox: ``pending → claimed → sent``, or ``failed``, or ``parked`` for a person to look at.

    SES and SNS know no idempotency key, so it is claimed before it is sent, and an unknown outcome stays ``claimed``.
    What SES reports about the mail settles it. A mail nobody reports about is sent once more, and then parked; one
    that bounced is pending again, for the next address.
    """

    kind: NoticeKind
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
    def subject(self) -> str:
        """The code, or another name, of what it is about."""
        raise NotImplementedError

    @property
    def key(self) -> str:
        """Tells it from the others about the same."""
        raise NotImplementedError

    @property
    def id(self) -> NoticeId:
        """Tells it from all others."""
        return NoticeId(PARTITIONS[self.kind], self.subject, self.key)

    @property
    def contact(self) -> ContactId:
        """Whom it is for."""
        return ContactId(self.department)


CONTRADICTED: Final = "contradicted"
"""Step of the notices that a resolved ticket was opened again, because who complained says that it is not done."""


class Notice(OutboxEntry):
    """A department is told about a ticket."""

    kind: Literal["ticket"] = "ticket"
    ticket: str
    role: Role = "officer"
    """Who in the department."""
    step: str | None = None
    """The step of the ladder that was taken, or `CONTRADICTED`; None for the first notice. It is stored, and shown by
    the API, with its round: ``remind.2``."""
    round: int | None = Field(default=None, exclude=True)
    """In which round of the ticket's clocks the step was taken; None for the first."""
    digest_at: Moment | None = None
    """When it goes, or went, with others in one mail; None for a mail of its own."""

    @property
    def subject(self) -> str:
        """The ticket's code."""
        return self.ticket

    @property
    def key(self) -> str:
        """``contact#medium``: one notice per ticket, contact and medium; of the ladder ``contact#medium#step``."""
        return "#".join(filter(None, (str(self.contact), self.medium, self._with_the_round(self.step))))

    @property
    def contact(self) -> ContactId:
        """Who in the department."""
        return ContactId(self.department, self.role)

    @model_validator(mode="before")
    @classmethod
    def _without_the_round(cls, given: dict[str, Any]) -> dict[str, Any]:
        step, dot, number = str(given.get("step") or "").partition(".")
        return {**given, "step": step, "round": number} if dot else given

    @field_serializer("step")
    def _with_the_round(self, step: str | None) -> str | None:
        return step if self.round is None else f"{step}.{self.round}"


class ChannelNotice(OutboxEntry):
    """Who looks after a channel, or the desk, is told by mail what is wrong with it, once per episode."""

    kind: Literal["channel"] = "channel"
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

    kind: Literal["contact"] = "contact"
    about: ContactCode
    """Whose address it is."""
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
        """The contact's code."""
        return str(self.about)

    @property
    def key(self) -> str:
        """``which#moment``: an address that was entered again, and died again, is told again."""
        return f"{self.which}#{stamp(self.died_at)}"


class SmsBudgetNotice(OutboxEntry):
    """The desk is told by mail, once a month, that the budget for SMS is used up."""

    kind: Literal["sms_budget"] = "sms_budget"
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


def _with_kind(given: Any) -> Any:
    """Name the kind of a notice from before notices named theirs, by the attribute that only its class has."""
    if not isinstance(given, dict) or "kind" in given:
        return given
    of = {"ticket": "ticket", "channel": "channel", "about": "contact"}
    return {**given, "kind": next((kind for name, kind in of.items() if name in given), "sms_budget")}


ANY_NOTICE: Final[TypeAdapter[AnyNotice]] = TypeAdapter(
    Annotated[AnyNotice, Field(discriminator="kind"), BeforeValidator(_with_kind)]
)
"""Reads a notice of whatever kind."""


class Contact(Record):
    """How a department is told. Whoever replaces it declares its addresses alive."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: ContactCode = Field(alias="department")
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
