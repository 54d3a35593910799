"""Notices, each one message to one department by one medium; and contacts, which say how a department is reached."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import BeforeValidator, ConfigDict, Field, PlainSerializer, TypeAdapter, field_serializer, model_validator

from aduan.gate_version import RunOutcome
from aduan.record import Moment, Record, stamp
from aduan.triage import DESK, Urgency

Medium = Literal["email", "sms"]
NoticeState = Literal["pending", "claimed", "sent", "failed", "parked", "withdrawn", "skipped"]
"""How far a notice is. ``skipped``: an SMS that was spared; the mail beside it says the same, and `failure` says why.
``withdrawn``: before the notice was sent, its post was deleted at its source, or somebody else got the matter."""


Matter = Literal["permission", "token", "budget"]
"""What is wrong with a channel. ``permission``: the platform refuses us. ``token``: its token will end. ``budget``: the
month's budget is used up."""


NoticeKind = Literal["ticket", "channel", "contact", "contact_change", "sms_budget", "list", "gate"]
"""What a notice is about."""
Partition = Literal["TICKET", "CHANNEL", "OUTBOX"]
"""Prefix of the partition that holds a notice. ``OUTBOX`` keeps the notices about a contact apart from the contact
itself, which no sender may write."""
PARTITIONS: Final[dict[NoticeKind, Partition]] = {
    "ticket": "TICKET",
    "channel": "CHANNEL",
    "contact": "OUTBOX",
    "contact_change": "OUTBOX",
    "sms_budget": "OUTBOX",
    "gate": "OUTBOX",
    "list": "OUTBOX",
}


class NoticeId(NamedTuple):
    """Identifies one notice among all."""

    partition: Partition
    subject: str
    """What the notice is about: the ticket's code, the channel's id, the contact's code, or ``sms``."""
    key: str
    """Identifies the notice among those about the same subject."""


Role = Literal["officer", "head"]
"""``officer``: the liaison officer. ``head``: the head of the department; for the Sekretariat Daerah, the Sekda."""


@dataclass(frozen=True)
class ContactId:
    """Somebody in a department who receives notices. The table and the API write it as its code: ``dishub.head``."""

    department: str
    role: Role = "officer"

    @classmethod
    def parse(cls, code: str) -> Self:
        """Read a code: ``dishub`` is the department's officer, ``dishub.head`` its head.

        Raises:
            ValueError: when there is no such role.
        """
        department, dot, role = code.partition(".")
        if dot and role != "head":
            raise ValueError("the code of a contact names no role")
        return cls(department, "head" if dot else "officer")

    def __str__(self) -> str:
        """Return the code."""
        return self.department if self.role == "officer" else f"{self.department}.{self.role}"


def _contact_id(given: Any) -> Any:
    return ContactId.parse(given) if isinstance(given, str) else given


ContactCode = Annotated[ContactId, BeforeValidator(_contact_id), PlainSerializer(str, return_type=str)]
"""A `ContactId` in a record, stored as its code."""


def alarms(urgency: Urgency, department: str) -> bool:
    """Tell whether a matter is told to a department at once, at any hour, and also by SMS.

    An emergency alarms everybody. A suspected one alarms the desk alone, which looks whether it is one.
    """
    return urgency == "emergency" or (urgency == "suspected" and department == DESK)


def media(urgency: Urgency, department: str) -> tuple[Medium, ...]:
    """Return the media by which a department is told.

    An SMS costs as much as 3,500 mails, so it is only for what `alarms`, and never without a mail.
    """
    return ("sms", "email") if alarms(urgency, department) else ("email",)


class OutboxEntry(Record, ABC):
    """An entry of the outbox: ``pending → claimed → sent``, or ``failed``, or ``parked`` for a person to look at.

    SES and SNS take no idempotency key, so an entry is claimed before it is sent, and stays ``claimed`` while the
    outcome is unknown. What SES reports about the mail settles it. A mail about which SES reports nothing is sent once
    more, and then parked. A mail that bounced becomes pending again, for the next address.
    """

    kind: NoticeKind
    department: str
    """Code of the department the notice is for."""
    medium: Medium
    state: NoticeState = "pending"
    urgency: Urgency = "normal"
    """More urgent notices are sent first when there is a queue."""
    attempt: int = 0
    """How often sending was begun."""
    repeated_at: Moment | None = None
    """When the notice was sent again although the outcome of the attempt before was unknown; at most once."""
    created_at: Moment
    act_at: Moment | None = None
    """When `follow_up` looks at an unfinished notice; None when it is finished."""
    claimed_by: str | None = None
    claimed_at: Moment | None = None
    recipient: str | None = None
    """Address or number the notice goes to, as the claim fixed it."""
    told: str | None = None
    """Code of the department whose contact was used; the desk's when it was told instead."""
    message_id: str | None = None
    sent_at: Moment | None = None
    failure: str | None = None
    """Why the notice was not, or not certainly, accepted, or has not arrived yet."""
    bounced: tuple[str, ...] = ()
    """Addresses that bounced the notice, for good or only this time, or complained about it. It is never sent to them
    again."""
    rejected_at: Moment | None = None
    """When SES, having accepted the mail, found its content harmful."""

    @property
    def alarms(self) -> bool:
        """Whether the notice goes at once, at any hour, as `alarms` says."""
        return alarms(self.urgency, self.department)

    @property
    @abstractmethod
    def subject(self) -> str:
        """The code, or another name, of what the notice is about."""

    @property
    @abstractmethod
    def key(self) -> str:
        """Identifies the notice among those about the same subject."""

    @property
    def id(self) -> NoticeId:
        """Identifies the notice among all."""
        return NoticeId(PARTITIONS[self.kind], self.subject, self.key)

    @property
    def contact(self) -> ContactId:
        """The contact the notice is for."""
        return ContactId(self.department)

    @property
    def fixed_address(self) -> str | None:
        """The address it goes to whatever the contact says; None for what goes to the contact as it is then."""
        return None


CONTRADICTED: Final = "contradicted"
"""Step of the notices that a resolved ticket was reopened because its author says that the matter is not settled."""


class Notice(OutboxEntry):
    """A notice to a department about a ticket."""

    kind: Literal["ticket"] = "ticket"
    ticket: str
    role: Role = "officer"
    """Who in the department is told."""
    step: str | None = None
    """The step of the ladder that was taken, or `CONTRADICTED`; None for the first notice. The table and the API write
    it with its round: ``remind.2``."""
    round: int | None = Field(default=None, exclude=True)
    """The round of the ticket's clocks in which the step was taken; None for the first."""
    digest_at: Moment | None = None
    """When the notice is, or was, sent in a digest; None for a mail of its own."""

    @property
    def subject(self) -> str:
        """The ticket's code."""
        return self.ticket

    @property
    def key(self) -> str:
        """``contact#medium``, so one notice per ticket, contact and medium; ``contact#medium#step`` for a step."""
        return "#".join(filter(None, (str(self.contact), self.medium, self._with_the_round(self.step))))

    @property
    def contact(self) -> ContactId:
        """The officer or the head of the department."""
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
    """A mail, once per episode, to the department that looks after a channel, or to the desk, about what is wrong."""

    kind: Literal["channel"] = "channel"
    channel: str
    """Id of the channel, ``kind:account``."""
    matter: Matter
    episode: str
    """Identifies the occurrence of the matter: when the refusals began; which end of a token and which of the warnings
    before it; or the month."""
    medium: Literal["email"] = "email"
    since: Moment | None = None
    """Since when the matter has lasted; None for a token that still works."""
    until: Moment | None = None
    """When the token ends, or when the month is over; None when only a person can end the matter."""
    reason: str | None = None
    """Class and code of the error, as in the ledger; for a token, which of its ends is meant."""

    @property
    def subject(self) -> str:
        """The channel's id."""
        return self.channel

    @property
    def key(self) -> str:
        """``matter#episode``: one notice per channel and episode."""
        return f"{self.matter}#{self.episode}"


class _AddressNotice(OutboxEntry):
    """A mail about one address of a contact."""

    about: ContactCode
    """The contact that has, or had, the address."""
    which: Literal["email", "fallback_email"]
    """Which of the contact's addresses."""
    address: str
    medium: Literal["email"] = "email"
    urgency: Urgency = "urgent"

    @property
    def subject(self) -> str:
        """The contact's code."""
        return str(self.about)


class ContactNotice(_AddressNotice):
    """A mail to the desk, once per death, that a department's address is dead."""

    kind: Literal["contact"] = "contact"
    died_at: Moment
    reason: str
    """Why it died, as the provider names it: ``bounce: General``."""
    department: str = DESK

    @property
    def key(self) -> str:
        """``which#moment``, so that an address that was entered again and died again is reported again."""
        return f"{self.which}#{stamp(self.died_at)}"


class ContactChangeNotice(_AddressNotice):
    """A mail to an address that was taken out of a contact, once for each change, so that nobody is cut off unseen."""

    kind: Literal["contact_change"] = "contact_change"
    instead: str | None = None
    """The new address, of which only the beginning and the domain are shown; None when there is none."""
    changed_at: Moment

    @property
    def key(self) -> str:
        """``changed#moment#which``, so that each address that a change takes out is told once."""
        return f"changed#{stamp(self.changed_at)}#{self.which}"

    @property
    def contact(self) -> ContactId:
        """The contact that was changed."""
        return self.about

    @property
    def fixed_address(self) -> str | None:
        """The address that was taken out."""
        return self.address


class SmsBudgetNotice(OutboxEntry):
    """A mail to the desk, at most once a month, that the budget for SMS is used up."""

    kind: Literal["sms_budget"] = "sms_budget"
    month: str
    """The month in WIB: ``2026-11``."""
    budget_usd: float
    department: str = DESK
    medium: Literal["email"] = "email"
    urgency: Urgency = "urgent"

    @property
    def subject(self) -> str:
        """``sms``, the same for all of them."""
        return "sms"

    @property
    def key(self) -> str:
        """``budget#month``, so one notice a month."""
        return f"budget#{self.month}"


class ListNotice(OutboxEntry):
    """A mail about the posts that wait for a person. What it lists is read when it is sent.

    The desk gets the candidates, and whoever looks after a channel its unanswered questions.
    """

    kind: Literal["list"] = "list"
    occasion: Literal["daily", "urgent"]
    """``daily``: all that waits, once a day. ``urgent``: what sounds urgent, at most once an hour, to the desk."""
    period: str
    """The day in WIB, ``2026-12-01``; for ``urgent`` the hour, ``2026-12-01T09``."""
    medium: Literal["email"] = "email"

    @property
    def subject(self) -> str:
        """The department's code."""
        return self.department

    @property
    def key(self) -> str:
        """``occasion#period``: one notice a department and day, or hour."""
        return f"{self.occasion}#{self.period}"


class GateNotice(OutboxEntry):
    """A mail to the desk, once a run, about what was learnt from its decisions."""

    kind: Literal["gate"] = "gate"
    learnt_at: Moment
    """When the run was."""
    outcome: RunOutcome
    sentence: str
    """What was learnt and what it costs, in Indonesian."""
    department: str = DESK
    medium: Literal["email"] = "email"

    @property
    def subject(self) -> str:
        """The gate."""
        return "gate"

    @property
    def key(self) -> str:
        """``learnt#moment``: one notice a run."""
        return f"learnt#{stamp(self.learnt_at)}"


AnyNotice = Notice | ChannelNotice | ContactNotice | ContactChangeNotice | SmsBudgetNotice | ListNotice | GateNotice


def _with_kind(given: Any) -> Any:
    """Add the kind to a notice stored before notices had one, by the attribute that only its class has."""
    if not isinstance(given, dict) or "kind" in given:
        return given
    of = {"ticket": "ticket", "channel": "channel", "about": "contact"}
    return {**given, "kind": next((kind for name, kind in of.items() if name in given), "sms_budget")}


ANY_NOTICE: Final[TypeAdapter[AnyNotice]] = TypeAdapter(
    Annotated[AnyNotice, Field(discriminator="kind"), BeforeValidator(_with_kind)]
)
"""Reads a stored notice of any kind."""


class Contact(Record):
    """How somebody in a department is reached. Replacing a contact declares its addresses alive."""

    model_config = ConfigDict(serialize_by_alias=True)

    id: ContactCode = Field(alias="department")
    email: str | None = None
    fallback_email: str | None = None
    """Gets the mails when `email` is dead."""
    phone: str | None = None
    """Number for SMS in international form, ``+62…``."""
    updated_at: Moment
    updated_by: str
    dead_since: Moment | None = None
    """When `email` bounced permanently or complained; nothing is sent there any more."""
    dead_because: str | None = None
    """Why `email` is dead, as the provider names it: ``bounce: General``."""
    fallback_dead_since: Moment | None = None
    fallback_dead_because: str | None = None

    def addresses(self, medium: Medium) -> tuple[str, ...]:
        """Return the living addresses for a medium, the first choice first."""
        if medium == "sms":
            return (self.phone,) if self.phone else ()
        own = ((self.email, self.dead_since), (self.fallback_email, self.fallback_dead_since))
        return tuple(address for address, dead_since in own if address and dead_since is None)

    def is_alive_as(self, email: str | None, fallback_email: str | None, phone: str | None) -> bool:
        """Tell whether the contact has exactly these addresses and number, and none of them is dead."""
        dead = self.dead_since or self.fallback_dead_since
        return dead is None and (self.email, self.fallback_email, self.phone) == (email, fallback_email, phone)

    def knows(self, medium: Medium) -> bool:
        """Tell whether an address for this medium was entered, dead or alive."""
        return bool(self.phone if medium == "sms" else self.email or self.fallback_email)
