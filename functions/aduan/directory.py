"""The directory: departments, topics, places, words, channels and deadlines, read from data and checked as a whole.

Codes are immutable: tickets, counters and the classifier keep them. Names are only labels and may change.
"""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import time
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from aduan.post import ChannelKind
from aduan.triage import DESK

DEFAULT_FOLDER: Final = Path(__file__).with_name("directory_data")
KAPANEWON_COUNT: Final = 17
KALURAHAN_COUNT: Final = 86
"""Kabupaten Sleman by Kepmendagri; another number means that a line was lost or doubled."""

Code = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, pattern=r"\S")]
Status = Literal["verified", "name_partial", "unverified"]
"""How far the facts of an entry were read in a source; what is unverified stays marked in the data."""


class DirectoryError(Exception):
    """The directory's data contradict themselves or cannot be read; the sentence names file, entry and code."""


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
    """Everything the functions know about the county. It exists only when it is whole."""

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

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        _check_departments(self)
        _check_topics(self)
        _check_places(self.places)
        _check_owners(self.places, self.departments)
        _check_unique("channels.json", "channel", (channel.id for channel in self.channels))
        for channel in self.channels:
            _check_code("channels.json", f"channel {channel.id}", channel.department, self.departments)
            if channel.replies and ANSWERED_WHERE[channel.kind] is None:
                raise DirectoryError(f"channels.json: channel {channel.id}: nobody can be answered on {channel.kind}.")
        _check_unique("vocabulary.csv", "token", (word.token for word in self.vocabulary))
        _check_deadlines(self)
        _check_sending(self)
        return self


def _check_code(file: str, entry: str, code: str, known: Mapping[str, Department]) -> None:
    if code not in known:
        raise DirectoryError(f"{file}: {entry} names the department {code!r}, which does not exist.")


def _check_unique(file: str, what: str, values: Iterable[str]) -> None:
    for value, times in Counter(values).items():
        if times > 1:
            raise DirectoryError(f"{file}: the {what} {value!r} is there {times} times.")


def _department_file(department: Department) -> str:
    return "outside_owners.json" if department.kind == "outside" else "departments.json"


def _check_departments(directory: Directory) -> None:
    departments = directory.departments
    if DESK not in departments:
        raise DirectoryError(f"departments.json: the department {DESK!r} is missing.")
    owners: dict[str, str] = {}
    for department in departments.values():
        file, entry = _department_file(department), f"department {department.code}"
        if department.parent is not None:
            _check_code(file, entry, department.parent, departments)
        for alias in department.aliases:
            name = alias.casefold()
            if name in owners:
                raise DirectoryError(f"{file}: {entry} has the alias {alias!r}, and so has {owners[name]!r}.")
            owners[name] = department.code


def _check_topics(directory: Directory) -> None:
    for topic in directory.topics.values():
        for code in (topic.department, *topic.others):
            _check_code("topics.json", f"topic {topic.code}", code, directory.departments)
        _check_unique("topics.json", f"word of topic {topic.code}", (*topic.strong, *topic.words, *topic.weak))


def _check_places(places: Places) -> None:
    file = "places.json"
    for what, found, expected in (
        ("kapanewon", len(places.kapanewon), KAPANEWON_COUNT),
        ("kalurahan", len(places.kalurahan), KALURAHAN_COUNT),
    ):
        if found != expected:
            raise DirectoryError(f"{file}: there are {found} {what}, not {expected}.")
    for what, entries in (("kapanewon", places.kapanewon), ("kalurahan", places.kalurahan)):
        _check_unique(file, what, (entry.name for entry in entries))
        _check_unique(file, f"code of a {what}", (entry.code for entry in entries))
    _check_unique(file, "road", (road.name for road in places.roads))
    codes = {entry.name: entry.code for entry in places.kapanewon}
    homes = {entry.name: entry.kapanewon for entry in places.kalurahan}
    for kalurahan in places.kalurahan:
        if kalurahan.kapanewon not in codes:
            raise DirectoryError(
                f"{file}: kalurahan {kalurahan.name} names the kapanewon {kalurahan.kapanewon!r}, which does not exist."
            )
        if not kalurahan.code.startswith(codes[kalurahan.kapanewon] + "."):
            raise DirectoryError(
                f"{file}: kalurahan {kalurahan.name} has the code {kalurahan.code!r}, "
                f"which is not one of {kalurahan.kapanewon}."
            )
    for landmark in places.landmarks:
        if homes.get(landmark.kalurahan) != landmark.kapanewon:
            raise DirectoryError(
                f"{file}: landmark {landmark.name} lies in {landmark.kalurahan!r}, {landmark.kapanewon!r}, "
                "which is no kalurahan of that kapanewon."
            )


def _check_owners(places: Places, departments: Mapping[str, Department]) -> None:
    file = "places.json"
    for road in places.roads:
        for code in filter(None, (road.owner, road.lamp_owner)):
            _check_code(file, f"road {road.name}", code, departments)
    for outside in places.outside:
        _check_code(file, f"outside place {outside.name}", outside.owner, departments)


OUTSIDE: Final = "outside"
"""Code of the ladder of tickets that were passed on to an outside owner."""


def _check_deadlines(directory: Directory) -> None:
    file = "deadlines.json"
    for code in ("normal", "request", "urgent", "emergency", "abuse"):
        if code not in directory.deadlines:
            raise DirectoryError(f"{file}: the deadline {code!r} is missing.")
    named = [("closing", code) for code in directory.closing]
    ladders = [("a ticket of an outside owner", OUTSIDE)]
    for deadline in directory.deadlines.values():
        entry = f"deadline {deadline.code}"
        named += [(entry, code) for code in (deadline.verify, deadline.respond, *deadline.finish) if code is not None]
        ladders.append((entry, deadline.ladder))
        if deadline.department is not None:
            _check_code(file, entry, deadline.department, directory.departments)
    _check_named(file, "limit", named, directory.limits)
    _check_named(file, "ladder", ladders, directory.ladders)
    for limit in directory.limits.values():
        lengths = (limit.working_days, limit.minutes, limit.days)
        _check_lengths(file, f"limit {limit.code}", lengths)
        if max(length or 0 for length in lengths) < 1:
            raise DirectoryError(f"{file}: limit {limit.code} must be at least 1.")
    for ladder in directory.ladders.values():
        for step in ladder.steps:
            _check_lengths(file, f"step {step.name} of ladder {ladder.code}", (step.working_days, step.minutes))


def _check_named(file: str, what: str, named: Iterable[tuple[str, str]], known: Iterable[str]) -> None:
    for entry, code in named:
        if code not in known:
            raise DirectoryError(f"{file}: {entry} names the {what} {code!r}, which does not exist.")


def _check_lengths(file: str, entry: str, lengths: Iterable[int | None]) -> None:
    if len([length for length in lengths if length is not None]) != 1:
        raise DirectoryError(f"{file}: {entry} needs exactly one length.")


def _check_sending(directory: Directory) -> None:
    file, sending = "sending.json", directory.sending
    for code in sending.departments:
        _check_code(file, "a rule", code, directory.departments)
    for code, rule in {"default": sending.default, **sending.departments}.items():
        if (rule.quiet_from is None) != (rule.quiet_until is None):
            raise DirectoryError(f"{file}: {code} needs both quiet_from and quiet_until, or neither.")
        if rule.quiet_from is not None and rule.quiet_until is not None:
            if not rule.quiet_until < rule.quiet_from:
                raise DirectoryError(f"{file}: {code}: the quiet hours must go over midnight.")
            if not rule.quiet_until <= rule.digest_at < rule.quiet_from:
                raise DirectoryError(f"{file}: {code}: digest_at {rule.digest_at:%H:%M} lies in the quiet hours.")


_FILE_OF: Final = {
    "topics": "topics.json",
    "places": "places.json",
    "vocabulary": "vocabulary.csv",
    "channels": "channels.json",
    "limits": "deadlines.json",
    "deadlines": "deadlines.json",
    "closing": "deadlines.json",
    "ladders": "deadlines.json",
    "sending": "sending.json",
}
_NAMES: Final = ("code", "id", "token", "name")
"""By what an entry is called in a sentence, best first."""


def _sentence(fault: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Say in one sentence what is wrong: the file, the entry by its code, the field."""
    place = fault["loc"]
    file = _FILE_OF.get(str(place[0]), "departments.json")
    entry, name, field = raw, "", ".".join(str(part) for part in place)
    for depth, step in enumerate(place):
        if not (isinstance(entry, dict) and step in entry) and not (
            isinstance(entry, (list, tuple)) and isinstance(step, int) and step < len(entry)
        ):
            break
        entry = entry[step]
        if isinstance(entry, dict) and any(key in entry for key in _NAMES):
            name = str(next(entry[key] for key in _NAMES if key in entry))
            field = ".".join(str(part) for part in place[depth + 1 :])
            if entry.get("kind") == "outside":
                file = "outside_owners.json"
    return f"{file}: {name or 'the file'}: {field or 'entry'}: {fault['msg']}."


def _text(file: str, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise DirectoryError(f"{file}: byte {error.start} is not UTF-8.") from None


def _json(file: str, content: bytes) -> dict[str, Any]:
    try:
        value = json.loads(_text(file, content))
    except json.JSONDecodeError as error:
        raise DirectoryError(f"{file}: line {error.lineno} is not JSON: {error.msg}.") from None
    if not isinstance(value, dict):
        raise DirectoryError(f"{file}: it must hold one JSON object.")
    return value


def _entries(file: str, content: bytes, key: str) -> list[dict[str, Any]]:
    value = _json(file, content)
    entries = value.get(key)
    if set(value) != {key} or not isinstance(entries, list):
        raise DirectoryError(f"{file}: it must hold one list, {key!r}, and nothing else.")
    return _objects(file, entries)


def _objects(file: str, entries: list[Any]) -> list[dict[str, Any]]:
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, dict):
            raise DirectoryError(f"{file}: entry {number} is not a JSON object.")
    return entries


def _by_code(file: str, what: str, entries: Iterable[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    listed = list(entries)
    for number, entry in enumerate(listed, start=1):
        if not isinstance(entry.get("code"), str):
            raise DirectoryError(f"{file}: {what} number {number} has no code.")
    _check_unique(file, what, (entry["code"] for entry in listed))
    return {entry["code"]: entry for entry in listed}


def _departments(county: bytes, outside: bytes) -> dict[str, dict[str, Any]]:
    """Join the two files of departments; each holds only its own kinds."""
    files = {
        "departments.json": _entries("departments.json", county, "departments"),
        "outside_owners.json": _entries("outside_owners.json", outside, "outside_owners"),
    }
    for file, entries in files.items():
        for entry in entries:
            if (entry.get("kind") == "outside") != (file == "outside_owners.json"):
                raise DirectoryError(
                    f"{file}: department {entry.get('code')!r} of kind {entry.get('kind')!r} belongs in the other file."
                )
    joined = [entry for entries in files.values() for entry in entries]
    return _by_code("departments.json and outside_owners.json", "department", joined)


def _deadlines(content: bytes) -> dict[str, Any]:
    """The lists of `deadlines.json`, by code."""
    file = "deadlines.json"
    value = _json(file, content)
    parts = {"limits": "limit", "deadlines": "deadline", "ladders": "ladder"}
    if set(value) != {*parts, "closing"} or not all(isinstance(value[name], list) for name in value):
        raise DirectoryError(f"{file}: it must hold the lists limits, deadlines, closing and ladders, nothing else.")
    return {
        **{name: _by_code(file, what, _objects(file, value[name])) for name, what in parts.items()},
        "closing": value["closing"],
    }


def _sending(content: bytes) -> dict[str, Any]:
    """The rules of `sending.json`; a department's has what it does not say itself from the default one."""
    file = "sending.json"
    value = _json(file, content)
    if set(value) != {"default", "departments", "sms"} or not isinstance(value["departments"], list):
        raise DirectoryError(f"{file}: it must hold default, the list departments and sms, and nothing else.")
    if not isinstance(value["default"], dict):
        raise DirectoryError(f"{file}: default is not a JSON object.")
    own = _by_code(file, "department", _objects(file, value["departments"]))
    for rule in own.values():
        del rule["code"]
    return {**value, "departments": {code: {**value["default"], **rule} for code, rule in own.items()}}


FILES: Final = (
    "channels.json",
    "deadlines.json",
    "departments.json",
    "outside_owners.json",
    "places.json",
    "sending.json",
    "topics.json",
    "vocabulary.csv",
)


def _read(folder: Path, file: str) -> bytes:
    try:
        return (folder / file).read_bytes()
    except FileNotFoundError:
        raise DirectoryError(f"{file}: the file is missing.") from None


@functools.cache
def load_directory(folder: Path = DEFAULT_FOLDER) -> Directory:
    """Read the directory and check it as a whole; once per folder and process.

    Raises:
        DirectoryError: with one sentence that names the file, the entry and the code that is wrong.
    """
    contents = {file: _read(folder, file) for file in FILES}
    digest = hashlib.sha256()
    for file, content in contents.items():
        digest.update(f"{file}\0{len(content)}\0".encode() + content)

    raw = {
        "departments": _departments(contents["departments.json"], contents["outside_owners.json"]),
        "topics": _by_code("topics.json", "topic", _entries("topics.json", contents["topics.json"], "topics")),
        "places": _json("places.json", contents["places.json"]),
        "vocabulary": list(csv.DictReader(io.StringIO(_text("vocabulary.csv", contents["vocabulary.csv"])))),
        "channels": _entries("channels.json", contents["channels.json"], "channels"),
        **_deadlines(contents["deadlines.json"]),
        "sending": _sending(contents["sending.json"]),
        "hash": digest.hexdigest()[:12],
    }
    try:
        return Directory.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise DirectoryError(_sentence(faults[0], raw)) from None
