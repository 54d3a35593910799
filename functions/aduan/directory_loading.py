"""Read the directory from its files, or say in one sentence what is wrong with them."""

from __future__ import annotations

import csv
import functools
import hashlib
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from aduan.directory import Directory
from aduan.directory_checks import DirectoryError, check, check_unique

DEFAULT_FOLDER: Final = Path(__file__).with_name("directory_data")
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
"""Fields that may name an entry in a message, best first."""


def _sentence(fault: Mapping[str, Any], raw: Mapping[str, Any]) -> str:
    """Say in one sentence what is wrong: the file, the entry by its code, the field."""
    place = fault["loc"]
    file = "regencies.json" if "regencies" in place else _FILE_OF.get(str(place[0]), "departments.json")
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
    check_unique(file, what, (entry["code"] for entry in listed))
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
    """Return the lists of `deadlines.json`, each by code."""
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
    """Return the rules of `sending.json`. A department's rule takes what it does not say from the default rule."""
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
    "regencies.json",
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
    """Read the directory and check it as a whole, once per folder and process.

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
        "places": {
            **_json("places.json", contents["places.json"]),
            "regencies": _json("regencies.json", contents["regencies.json"]),
        },
        "vocabulary": list(csv.DictReader(io.StringIO(_text("vocabulary.csv", contents["vocabulary.csv"])))),
        "channels": _entries("channels.json", contents["channels.json"], "channels"),
        **_deadlines(contents["deadlines.json"]),
        "sending": _sending(contents["sending.json"]),
        "hash": digest.hexdigest()[:12],
    }
    try:
        directory = Directory.model_validate(raw)
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
        raise DirectoryError(_sentence(faults[0], raw)) from None
    check(directory)
    return directory
