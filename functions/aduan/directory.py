"""The directory: departments, topics, places, words, channels and deadlines.

Codes are immutable: tickets, counters and the classifier keep them. Names are only labels and may change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import time
from typing import Annotated, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from aduan.post import ChannelKind

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Status = Literal["verified", "name_partial", "unverified"]
"""How far the facts of an entry were read in a source; what is unverified stays marked in the data."""


class Entry(BaseModel):
    """One line of the directory. Unlike a stored record it refuses fields it does not know: they are misspellings.

    Its validator is not built on its own (`defer_build`): the one of `Directory` holds them all, and every cold
    start pays for each that is built.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Department(Entry):
    """A department of the county, the desk, or an outside owner to whom the county only passes on."""

    code: Code
    name: Text
    short_name: Text
    kind: Literal["county", "group", "desk", "outside"]
    """``group`` stands for the 17 kapanewon or the 86 kalurahan together."""
    parent: Code | None
    confidential: bool
    """True when what it deals with must not be read by others."""
    aliases: tuple[Text, ...]
    """Other names people call it by."""
    words: tuple[Text, ...]
    """Words that decide for it among the departments of one topic."""
    channel: Text | None
    """How an outside owner is reached by citizens."""
    source: Text
    status: Status

    @property
    def title(self) -> str:
        """The name without the number of offices that a group stands for."""
        return re.sub(r" \(\d+\)$", "", self.name)


class Topic(Entry):
    """What a complaint is about. `words` are written as people write them; ``a ~ b`` means both, near each other."""

    code: Code
    label: Text
    department: Code
    """Whose job it is unless something says otherwise."""
    others: tuple[Code, ...]
    """Departments whose own words take a complaint of this topic from the default."""
    by_road: Literal["road", "lamp"] | None
    """Whether the owner of a named road, or of its lamps and signals, is responsible instead."""
    strong: tuple[Text, ...]
    words: tuple[Text, ...]
    weak: tuple[Text, ...]
    source: Text
    status: Status


class Kapanewon(Entry):
    """A kapanewon, formerly kecamatan."""

    name: Text
    code: Text
    """Kemendagri's code."""
    strength: Literal["strong", "weak", "word", "county"]
    """``weak``: a place elsewhere too; ``word``: an ordinary word; ``county``: also the county's name."""
    aliases: tuple[Text, ...]
    note: str | None


class Kalurahan(Entry):
    """A kalurahan, formerly desa."""

    name: Text
    code: Text
    kapanewon: Text
    strength: Literal["strong", "medium", "weak"]
    """``strong``: the name occurs nowhere else in Indonesia; ``weak``: it needs a second cue."""
    aliases: tuple[Text, ...]
    ambiguous_with: tuple[Text, ...]


class Landmark(Entry):
    """A padukuhan or a building people name instead of the kalurahan."""

    name: Text
    kalurahan: Text
    kapanewon: Text
    strength: Literal["strong", "weak"]
    aliases: tuple[Text, ...]
    source: Text
    status: Status


class Road(Entry):
    """A road that is not the county's, or not only."""

    name: Text
    road_class: Literal["nasional", "provinsi", "kalurahan", "bbwsso"]
    owner: Code
    lamp_owner: Code | None
    """Whose lamps and signals; None when not known, then the desk asks."""
    aliases: tuple[Text, ...]
    source: Text
    status: Status


class Outside(Entry):
    """A neighbouring city or county."""

    name: Text
    code: Text
    owner: Code
    aliases: tuple[Text, ...]
    strong: tuple[Text, ...]
    """Its kecamatan whose name alone is enough."""
    weak: tuple[Text, ...]
    """Its kecamatan whose name is also an ordinary word or a place of Sleman."""
    source: Text
    status: Status


class Places(Entry):
    """The county's places and those next door."""

    source: Text
    kapanewon: tuple[Kapanewon, ...]
    kalurahan: tuple[Kalurahan, ...]
    landmarks: tuple[Landmark, ...]
    roads: tuple[Road, ...]
    outside: tuple[Outside, ...]


OUTSIDE: Final = "outside"
"""Code of the ladder of tickets that were passed on to an outside owner."""
ANSWERED_WHERE: Final[Mapping[ChannelKind, str | None]] = {
    "instagram": "an answer in the comment's thread",
    "facebook_page": "a comment under the post, or in the comment's thread",
    "telegram_relay": "a message to the moderator who passed the post on",
    "youtube": None,  # an API key only reads; writing takes the sign-in of the channel's owner
    "x": None,  # each costs money, and the agreement forbids more than it allows
    "rss": None,  # a feed takes no answers
    "webhook": None,  # the partner's group is closed to everybody but its members
}
"""Where an answer is seen, by kind of channel; None where it cannot be given."""


class Channel(Entry):
    """An account that is polled."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[A-Za-z0-9_.-]+$")]
    kind: ChannelKind
    account: Text
    """The platform's own id."""
    handle: Text | None
    name: Text
    purpose: Literal["complaints", "dissemination only"]
    """What is only there to publish is not read, but known as the county's own."""
    department: Code
    """Who looks after the account."""
    lookback_days: Annotated[int, Field(ge=1)]
    """How far back the first poll reads."""
    enabled: bool = True
    """False for what must not be read yet; `note` says why."""
    every_minutes: Annotated[int, Field(ge=1, le=1440)] = 1
    """How often it is read."""
    monthly_budget_usd: Annotated[float, Field(gt=0)] | None = None
    """What it may cost a month, for platforms that charge for reading."""
    replies: bool = False
    """Whether who complains there is told under his post who has it, and that it is done."""
    parameters: Mapping[str, str | int | tuple[str, ...]] = Field(default_factory=dict)
    """What its kind needs besides; the kind says which."""
    note: str | None = None

    @property
    def is_polled(self) -> bool:
        """Tell whether citizens' posts are fetched from it; a webhook's are brought."""
        return self.enabled and self.purpose == "complaints" and self.kind != "webhook"

    @property
    def token_parameter(self) -> str:
        """Where its token lies below the stage's path in the Parameter Store."""
        return f"channels/{self.id.replace(':', '/')}/token"


class Limit(Entry):
    """How long something may take: in working days, minutes or days, one of them."""

    code: Code
    label: Text
    working_days: int | None
    minutes: int | None
    days: int | None
    source: Text
    status: Status


class Deadline(Entry):
    """A class of tickets: the codes of its limits, and of the ladder that is climbed when they pass."""

    code: Literal["normal", "request", "urgent", "emergency", "abuse"]
    label: Text
    verify: Code
    """How long the desk may take to decide whose it is."""
    respond: Code | None
    """How long the department may take to accept it; None where the answer is the whole work."""
    finish: Annotated[tuple[Code, ...], Field(min_length=1)]
    """How long it may take in all; what ends first counts."""
    ladder: Code
    department: Code | None
    """Whose tickets are of this class, whatever they are about; None for a class by urgency and kind."""


class Step(Entry):
    """A step that is taken when nothing has happened, a time before or after one of a ticket's two clocks ends."""

    name: Literal["remind", "head", "remind_due", "head_due", "sekda", "forum"]
    clock: Literal["take_up", "finish"]
    working_days: int | None = None
    """Taken in office hours: before the end on the morning of that day, after it when the offices open next."""
    minutes: int | None = None
    """Taken at any hour."""
    tell: Mapping[Literal["officer", "head", "sekda", "desk"], tuple[Literal["email", "sms"], ...]]


class Ladder(Entry):
    """The steps of a class of tickets. A step that stands there twice is taken at the first of its times."""

    code: Code
    steps: tuple[Step, ...]


class SendingRule(Entry):
    """When a department is told what is no emergency. Hours are those of WIB."""

    ordinary: Literal["immediate", "digest"]
    """``digest``: all of a day in one mail."""
    quiet_from: time | None
    """From then on nothing is sent until `quiet_until` of the next day; None, both, for a department always awake."""
    quiet_until: time | None
    quiet_on_days_off: bool
    """Whether weekends, holidays and joint leave are quiet too."""
    mails_an_hour: Annotated[int, Field(ge=1)]
    """What is more than this within an hour of the clock goes into the next digest."""
    digest_at: time
    """When the digest goes, on every day that is not quiet; a day without anything in it has none."""
    source: Text
    status: Status


class SmsRule(Entry):
    """What SMS may cost, and when one is spared."""

    price_usd: Annotated[float, Field(gt=0)]
    """Of one part."""
    monthly_budget_usd: Annotated[float, Field(ge=0)]
    """Of the whole deployment, for a month of WIB. When it is used up, the mail beside the SMS has to do."""
    repeat_minutes: Annotated[int, Field(ge=0)]
    """Within this time an emergency of the same topic at the same place is no second SMS to the same department."""
    source: Text
    status: Status


class Sending(Entry):
    """How and when departments are told."""

    default: SendingRule
    departments: Mapping[Code, SendingRule]
    """By code, those for whom something else holds."""
    sms: SmsRule

    def rule(self, department: str) -> SendingRule:
        """The rule that holds for a department; the default one for a code nobody knows."""
        return self.departments.get(department, self.default)


class VocabularyWord(Entry):
    """A spelling people use and its normal form."""

    token: Text
    normal: Text
    kind: Literal["chat", "domain", "javanese"]
    status: Status


class Directory(Entry):
    """Everything the functions know about the county. `load_directory` hands it out only when it is whole."""

    departments: Mapping[str, Department]
    """By code: the county's departments, the desk and the outside owners."""
    topics: Mapping[str, Topic]
    places: Places
    vocabulary: tuple[VocabularyWord, ...]
    channels: tuple[Channel, ...]
    limits: Mapping[str, Limit]
    deadlines: Mapping[str, Deadline]
    closing: Annotated[tuple[Code, ...], Field(min_length=1)]
    """Codes of the limits after which what was resolved is closed; what ends last counts."""
    ladders: Mapping[str, Ladder]
    sending: Sending
    hash: str
    """First twelve letters of the SHA-256 over all files: kept with each decision."""

    def __hash__(self) -> int:
        return hash(self.hash)
