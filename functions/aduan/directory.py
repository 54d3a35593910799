"""The directory: departments, topics, places, words, channels and deadlines, read from data and checked as a whole.

Codes are immutable: tickets, counters and the classifier keep them. Names are only labels and may change.
"""

import csv
import functools
import hashlib
import io
import json
from collections import Counter
from collections.abc import Iterable, Mapping
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


class Deadline(Entry):
    """How long a class of tickets may take: either working days or minutes."""

    code: Literal["normal", "request", "urgent", "emergency"]
    label: Text
    working_days: int | None
    minutes: int | None
    source: Text
    status: Status


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
    deadlines: Mapping[str, Deadline]
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
        _check_unique("vocabulary.csv", "token", (word.token for word in self.vocabulary))
        _check_deadlines(self.deadlines)
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


def _check_deadlines(deadlines: Mapping[str, Deadline]) -> None:
    for code in ("normal", "request", "urgent", "emergency"):
        if code not in deadlines:
            raise DirectoryError(f"deadlines.json: the deadline {code!r} is missing.")
    for deadline in deadlines.values():
        lengths = [length for length in (deadline.working_days, deadline.minutes) if length is not None]
        if len(lengths) != 1 or lengths[0] < 1:
            raise DirectoryError(
                f"deadlines.json: deadline {deadline.code} needs either working_days or minutes, at least 1."
            )


_FILE_OF: Final = {
    "topics": "topics.json",
    "places": "places.json",
    "vocabulary": "vocabulary.csv",
    "channels": "channels.json",
    "deadlines": "deadlines.json",
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


FILES: Final = (
    "channels.json",
    "deadlines.json",
    "departments.json",
    "outside_owners.json",
    "places.json",
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
        "deadlines": _by_code(
            "deadlines.json", "deadline", _entries("deadlines.json", contents["deadlines.json"], "deadlines")
        ),
        "hash": digest.hexdigest()[:12],
    }
    try:
        return Directory.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise DirectoryError(_sentence(faults[0], raw)) from None
