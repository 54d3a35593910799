"""Checks of the whole directory: codes that are named exist, nothing is there twice, lengths and hours make sense."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Final

from aduan.directory import ANSWERED_WHERE, OUTSIDE
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.directory import Department, Directory, Places, Regencies

KAPANEWON_COUNT: Final = 17
KALURAHAN_COUNT: Final = 86
"""Numbers for Kabupaten Sleman by Kepmendagri. Another number means that a line was lost or doubled."""
REGENCY_COUNT: Final = 416
CITY_COUNT: Final = 98
"""Regencies and cities of Indonesia by the same decree, those that only administer (six in Jakarta) among them."""


class DirectoryError(Exception):
    """The directory's data contradict themselves or cannot be read. The message names file, entry and code."""


def check(directory: Directory) -> None:
    """Check everything that no entry can check by itself.

    Raises:
        DirectoryError: with one sentence that names the file, the entry and the code that is wrong.
    """
    _check_departments(directory)
    _check_topics(directory)
    _check_places(directory.places)
    _check_regencies(directory.places.regencies)
    _check_owners(directory.places, directory.departments)
    check_unique("channels.json", "channel", (channel.id for channel in directory.channels))
    for channel in directory.channels:
        _check_code("channels.json", f"channel {channel.id}", channel.department, directory.departments)
        if channel.replies and ANSWERED_WHERE[channel.kind] is None:
            raise DirectoryError(f"channels.json: channel {channel.id}: nobody can be answered on {channel.kind}.")
    check_unique("vocabulary.csv", "token", (word.token for word in directory.vocabulary))
    _check_deadlines(directory)
    _check_sending(directory)


def _check_code(file: str, entry: str, code: str, known: Mapping[str, Department]) -> None:
    if code not in known:
        raise DirectoryError(f"{file}: {entry} names the department {code!r}, which does not exist.")


def check_unique(file: str, what: str, values: Iterable[str]) -> None:
    """Refuse a file in which one of these values occurs more than once.

    Raises:
        DirectoryError: naming the file and the value.
    """
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
        check_unique("topics.json", f"word of topic {topic.code}", (*topic.strong, *topic.words, *topic.weak))


def _check_places(places: Places) -> None:
    file = "places.json"
    for what, found, expected in (
        ("kapanewon", len(places.kapanewon), KAPANEWON_COUNT),
        ("kalurahan", len(places.kalurahan), KALURAHAN_COUNT),
    ):
        if found != expected:
            raise DirectoryError(f"{file}: there are {found} {what}, not {expected}.")
    for what, entries in (("kapanewon", places.kapanewon), ("kalurahan", places.kalurahan)):
        check_unique(file, what, (entry.name for entry in entries))
        check_unique(file, f"code of a {what}", (entry.code for entry in entries))
    check_unique(file, "road", (road.name for road in places.roads))
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


def _check_regencies(regencies: Regencies) -> None:
    file = "regencies.json"
    for what, names, expected in (
        ("kabupaten", [name for province in regencies.provinces for name in province.kabupaten], REGENCY_COUNT),
        ("kota", [name for province in regencies.provinces for name in province.kota], CITY_COUNT),
    ):
        check_unique(file, what, names)
        if len(names) != expected:
            raise DirectoryError(f"{file}: there are {len(names)} {what}, not {expected}.")
    bare = {name for entry in regencies.provinces for name in (*entry.kabupaten, *entry.kota)}
    known = bare | {name for entry in regencies.provinces for name in (entry.name, *entry.aliases)}
    known |= {alias for aliases in regencies.aliases.values() for alias in aliases}
    folded = {name.casefold() for name in known}
    for what, listed, among in (
        ("aliases", regencies.aliases, {name.casefold() for name in bare}),
        ("doubtful", regencies.doubtful, folded),
        ("everyday", regencies.everyday, folded),
    ):
        for name in listed:
            if name.casefold() not in among:
                raise DirectoryError(f"{file}: {what} has {name!r}, which is no regency or city.")


def _check_owners(places: Places, departments: Mapping[str, Department]) -> None:
    file = "places.json"
    for road in places.roads:
        for code in filter(None, (road.owner, road.lamp_owner)):
            _check_code(file, f"road {road.name}", code, departments)
    for outside in places.outside:
        _check_code(file, f"outside place {outside.name}", outside.owner, departments)
    _check_code("regencies.json", "the file", places.regencies.owner, departments)


def _check_deadlines(directory: Directory) -> None:
    file = "deadlines.json"
    for code in ("normal", "question", "urgent", "suspected", "emergency", "abuse"):
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
