"""The directory: departments, topics, places, words, channels, deadlines and rules of sending.

Codes never change: tickets, counters and the classifier keep them. Names are only labels and may change.
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
"""How far an entry was checked against a source. Unverified entries stay marked in the data."""


class Entry(BaseModel):
    """One entry of the directory. Unlike a stored record it refuses unknown fields, because they are misspellings.

    Its validator is not built by itself (`defer_build`): that of `Directory` includes it, and every cold start pays
    for each validator that is built.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Department(Entry):
    """A department of the county, the desk, or an outside owner to whom the county only passes tickets on."""

    code: Code
    name: Text
    short_name: Text
    kind: Literal["county", "group", "desk", "outside"]
    """``group`` stands for the 17 kapanewon or the 86 kalurahan together."""
    parent: Code | None
    confidential: bool
    """Whether nobody else may read its tickets."""
    aliases: tuple[Text, ...]
    """Other names people call it by."""
    words: tuple[Text, ...]
    """Words that decide for it among the departments of one topic."""
    channel: Text | None
    """Where citizens can complain to an outside owner."""
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
    """The department responsible by default."""
    others: tuple[Code, ...]
    """Departments that get a complaint of this topic when one of their own words is in it."""
    by_road: Literal["road", "lamp"] | None
    """Who is responsible instead when a road is named: its owner, or the owner of its lamps and signals."""
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
    """How sure the name is. ``weak``: also a place elsewhere; ``word``: an ordinary word; ``county``: also the county's
    name."""
    aliases: tuple[Text, ...]
    note: str | None


class Kalurahan(Entry):
    """A kalurahan, formerly desa."""

    name: Text
    code: Text
    kapanewon: Text
    strength: Literal["strong", "medium", "weak"]
    """How sure the name is. ``strong``: it occurs nowhere else in Indonesia; ``weak``: it needs a second cue."""
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
    """A road that does not, or not alone, belong to the county."""

    name: Text
    road_class: Literal["nasional", "provinsi", "kalurahan", "bbwsso"]
    owner: Code
    lamp_owner: Code | None
    """Owner of its lamps and signals; None when not known, then the desk finds out."""
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
    """Those of its kecamatan that are recognised by their name alone."""
    weak: tuple[Text, ...]
    """Those of its kecamatan whose name is also an ordinary word or a place in Sleman."""
    source: Text
    status: Status


class Province(Entry):
    """A province with its regencies (kabupaten) and cities (kota), by their bare names: ``Bekasi`` is in both lists."""

    name: Text
    aliases: tuple[Text, ...]
    kabupaten: tuple[Text, ...]
    kota: tuple[Text, ...]


class Regencies(Entry):
    """Every regency and city of Indonesia, and which words make their names mean something else."""

    source: Text
    owner: Code
    """The outside owner to whom a matter in a regency or city that is no neighbour belongs."""
    provinces: tuple[Province, ...]
    aliases: Mapping[str, tuple[Text, ...]]
    """Other names of a regency or city, by its bare name: short forms, and towns and districts known by themselves."""
    doubtful: tuple[Text, ...]
    """Names that are also ordinary words or names of people: they count after ``di`` and the like."""
    everyday: tuple[Text, ...]
    """Names that are ordinary words even after ``di`` (``di batu``): they count after ``kota`` and the like, or before
    their province."""
    not_there: tuple[Text, ...]
    """Words before a name that make it no place of the matter: ``soto Lamongan``, ``jalan Kediri``, ``asal Medan``."""
    lives: tuple[Text, ...]
    """Words for people and their lives before ``di``: neither ``pemiliknya di Jakarta`` nor ``saya lagi di Batam`` says
    where the matter is."""
    comparing: tuple[Text, ...]
    """Words that make another place a comparison: ``macet kayak Jakarta``."""


class Places(Entry):
    """The county's places, the neighbouring cities and counties, and all others of the country by name."""

    source: Text
    kapanewon: tuple[Kapanewon, ...]
    kalurahan: tuple[Kalurahan, ...]
    landmarks: tuple[Landmark, ...]
    roads: tuple[Road, ...]
    outside: tuple[Outside, ...]
    regencies: Regencies


OUTSIDE: Final = "outside"
"""Code of the ladder for tickets that were passed on to an outside owner."""
ANSWERED_WHERE: Final[Mapping[ChannelKind, str | None]] = {
    "instagram": "an answer in the comment's thread",
    "facebook_page": "a comment under the post, or in the comment's thread",
    "telegram_relay": "a message to the moderator who passed the post on",
    "youtube": None,  # an API key only reads; writing takes the sign-in of the channel's owner
    "x": None,  # each answer costs money, and the developer agreement forbids more than it allows
    "rss": None,  # a feed takes no answers
    "webhook": None,  # the partner's group is closed to everybody but its members
}
"""Where a public answer appears, by kind of channel; None where Aduan cannot answer."""


class Channel(Entry):
    """An account on a platform, or a feed, that Aduan knows."""

    id: Annotated[str, StringConstraints(pattern=r"^[a-z_]+:[A-Za-z0-9_.-]+$")]
    kind: ChannelKind
    account: Text
    """The platform's own id."""
    handle: Text | None
    name: Text
    purpose: Literal["complaints", "dissemination only"]
    """An account for dissemination only is not read, but known as the county's own."""
    department: Code
    """The department that looks after the account."""
    lookback_days: Annotated[int, Field(ge=1)]
    """How far back the first poll reads."""
    enabled: bool = True
    """False for a channel that must not be read yet; `note` says why."""
    every_minutes: Annotated[int, Field(ge=1, le=1440)] = 1
    """The channel is read once in this many minutes."""
    monthly_budget_usd: Annotated[float, Field(gt=0)] | None = None
    """What reading it may cost a month, for platforms that charge for it."""
    questions: Literal["list", "ticket"] = "list"
    """What becomes of a question to the account: it is listed for whoever looks after the account, or gets a ticket."""
    replies: bool = False
    """Whether complaints are answered under their posts: who has the matter, and when it is done."""
    parameters: Mapping[str, str | int | tuple[str, ...]] = Field(default_factory=dict)
    """Further settings that its kind of channel needs."""
    note: str | None = None

    @property
    def is_polled(self) -> bool:
        """Whether citizens' posts are fetched from the channel. A webhook's posts are brought to Aduan."""
        return self.enabled and self.purpose == "complaints" and self.kind != "webhook"

    @property
    def token_parameter(self) -> str:
        """Name of its token's parameter, below the stage's path in the Parameter Store."""
        return f"channels/{self.id.replace(':', '/')}/token"


class Limit(Entry):
    """How long something may take: in working days, minutes or days; only one of them is given."""

    code: Code
    label: Text
    working_days: int | None
    minutes: int | None
    days: int | None
    source: Text
    status: Status


class Deadline(Entry):
    """The deadlines of a class of tickets: codes of its limits, and of the ladder that is climbed when they pass."""

    code: Literal["normal", "question", "urgent", "suspected", "emergency", "abuse"]
    label: Text
    verify: Code
    """How long the desk may take to decide whose the ticket is."""
    respond: Code | None
    """How long the department may take to accept the ticket; None where the answer is the whole work."""
    finish: Annotated[tuple[Code, ...], Field(min_length=1)]
    """How long the ticket may take in all; of several limits the one that ends first counts."""
    ladder: Code
    department: Code | None
    """The department all of whose tickets are in this class; None for a class by urgency and kind."""


class Step(Entry):
    """A step that is taken when nothing has happened: some time before or after one of a ticket's two clocks ends."""

    name: Literal["remind", "head", "remind_due", "head_due", "sekda", "forum"]
    clock: Literal["take_up", "finish"]
    working_days: int | None = None
    """Distance from the end. Such a step is taken in office hours: before the end on the morning of that day, after it
    when the offices next open."""
    minutes: int | None = None
    """Distance from the end of a step that is taken at any hour."""
    tell: Mapping[Literal["officer", "head", "sekda", "desk"], tuple[Literal["email", "sms"], ...]]


class Ladder(Entry):
    """The steps for a class of tickets. A step that is listed twice is taken at the earlier of its times."""

    code: Code
    steps: tuple[Step, ...]


class SendingRule(Entry):
    """When a department is told of anything but an emergency. Hours are in WIB."""

    ordinary: Literal["immediate", "digest"]
    """When a department is told of ordinary tickets. ``digest``: all those of a day in one mail."""
    quiet_from: time | None
    """From this hour nothing is sent until `quiet_until` of the next day. Both are None for a department that is always
    awake."""
    quiet_until: time | None
    quiet_on_days_off: bool
    """Whether weekends, holidays and joint leave are quiet too."""
    mails_an_hour: Annotated[int, Field(ge=1)]
    """Most mails within an hour of the clock; further ones go into the next digest."""
    digest_at: time
    """When the digest is sent, on every day that is not quiet; none is sent when it would be empty."""
    source: Text
    status: Status


class SmsRule(Entry):
    """What SMS may cost, and when one is spared."""

    price_usd: Annotated[float, Field(gt=0)]
    """Price of an SMS of one part."""
    monthly_budget_usd: Annotated[float, Field(ge=0)]
    """What all SMS of the deployment may cost in a month of WIB. When it is used up, mails have to do."""
    repeat_minutes: Annotated[int, Field(ge=0)]
    """Within this time a department gets no second SMS about an emergency of the same topic at the same place."""
    per_author_a_day: Annotated[int, Field(ge=1)]
    """Most SMS a department gets in a day of WIB about what one author writes."""
    unplaced_a_day: Annotated[int, Field(ge=1)]
    """Most SMS a department gets in a day of WIB about emergencies that name no place and have one author."""
    unplaced_budget_usd: Annotated[float, Field(ge=0)]
    """How much of the month's budget such SMS may spend; the rest is kept for a named place or a second author."""
    source: Text
    status: Status


class Sending(Entry):
    """When departments are told, and what SMS may cost."""

    default: SendingRule
    departments: Mapping[Code, SendingRule]
    """The rules of departments that differ from the default, by code."""
    sms: SmsRule

    def rule(self, department: str) -> SendingRule:
        """Return the rule for a department; the default one when it has none of its own."""
        return self.departments.get(department, self.default)


class VocabularyWord(Entry):
    """A spelling people use and its normal form."""

    token: Text
    normal: Text
    kind: Literal["chat", "domain", "javanese"]
    status: Status


class Directory(Entry):
    """Everything the functions know about the county. `load_directory` returns it only when its data are consistent."""

    departments: Mapping[str, Department]
    """By code: the county's departments, the desk and the outside owners."""
    topics: Mapping[str, Topic]
    places: Places
    vocabulary: tuple[VocabularyWord, ...]
    channels: tuple[Channel, ...]
    limits: Mapping[str, Limit]
    deadlines: Mapping[str, Deadline]
    closing: Annotated[tuple[Code, ...], Field(min_length=1)]
    """Codes of the limits after which a resolved ticket is closed; the one that ends last counts."""
    ladders: Mapping[str, Ladder]
    sending: Sending
    hash: str
    """First twelve digits of the SHA-256 over all files, kept with each decision."""

    def __hash__(self) -> int:
        return hash(self.hash)

    def opens_tickets_for_questions(self, channel: str) -> bool:
        """Tell whether a question on this channel gets a ticket, instead of a place in its owner's list."""
        return any(one.id == channel and one.questions == "ticket" for one in self.channels)
