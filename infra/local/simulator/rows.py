"""Turn a hand-written JSON row into a draft; errors say what is wrong with the row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.local.simulator.world import Draft, Kind, Role, World


class RowError(ValueError):
    """A row with a missing key or a wrong value."""


_CITIZEN_ROLES = [role.value for role in Role if role is not Role.COUNTY_POST]
_MOST_PHOTOS = 10


def citizen_draft(row: Mapping[str, Any], source_id: str, created_at: datetime, origin: str) -> Draft:
    """Read a citizen's post: {kind, edge, parent, author, text, has_photo}, and optionally {account, photos}.

    Other keys are ignored.

    Raises:
        RowError: A key is missing or has a wrong value.
    """
    return Draft(
        source_id=source_id,
        kind=Kind(word(row, "kind", [kind.value for kind in Kind])),
        role=Role(word(row, "edge", _CITIZEN_ROLES)),
        parent=text_or_null(row, "parent"),
        author=text_or_null(row, "author"),
        text=text(row, "text"),
        has_photo=flag(row, "has_photo"),
        created_at=created_at,
        origin=origin,
        account=text_or_null(row, "account") if "account" in row else None,
        photos=_photos(row),
    )


def _photos(row: Mapping[str, Any]) -> int:
    count = row.get("photos", 1)
    if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= _MOST_PHOTOS:
        raise RowError(f"'photos' must be a whole number from 1 to {_MOST_PHOTOS}, not {count!r}")
    return count


def free_source_id(world: World, whose: str = "by-hand") -> str:
    """Return an unused source id for a post that was written without one."""
    number = 1
    while world.find(f"{whose}-{number}"):
        number += 1
    return f"{whose}-{number}"


def text(row: Mapping[str, Any], key: str) -> str:
    """Read a string, which may be empty.

    Raises:
        RowError: It is missing or no string.
    """
    value = _value(row, key)
    if not isinstance(value, str):
        raise RowError(f"{key!r} must be text, not {value!r}")
    return value


def name(row: Mapping[str, Any], key: str) -> str:
    """Read a string that is not empty.

    Raises:
        RowError: It is missing, empty or no string.
    """
    value = text(row, key)
    if not value:
        raise RowError(f"{key!r} must not be empty")
    return value


def text_or_null(row: Mapping[str, Any], key: str) -> str | None:
    """Read a string that is not empty, or null.

    Raises:
        RowError: It is missing or neither.
    """
    return None if _value(row, key) is None else name(row, key)


def word(row: Mapping[str, Any], key: str, known: list[str]) -> str:
    """Read one of the known words.

    Raises:
        RowError: It is missing or another word.
    """
    value = _value(row, key)
    if value not in known:
        raise RowError(f"{key!r} must be one of {', '.join(known)}, not {value!r}")
    return str(value)


def flag(row: Mapping[str, Any], key: str) -> bool:
    """Read true or false.

    Raises:
        RowError: It is missing or neither.
    """
    value = _value(row, key)
    if not isinstance(value, bool):
        raise RowError(f"{key!r} must be true or false, not {value!r}")
    return value


def time_ago(row: Mapping[str, Any], now: datetime) -> datetime:
    """Read `minutes_ago` as a time.

    Raises:
        RowError: It is missing or no whole number of minutes in the past.
    """
    value = _value(row, "minutes_ago")
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise RowError(f"'minutes_ago' must be a whole number from 0 up, not {value!r}")
    return now - timedelta(minutes=value)


def rows_under(document: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    """Read a list of JSON objects.

    Raises:
        RowError: It is missing or something else.
    """
    value = _value(document, key)
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        raise RowError(f"{key!r} must be a list of objects")
    return value


def names(row: Mapping[str, Any], key: str) -> tuple[str, ...]:
    """Read a list of strings.

    Raises:
        RowError: It is missing or something else.
    """
    value = _value(row, key)
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise RowError(f"{key!r} must be a list of texts")
    return tuple(value)


def known_keys(document: Mapping[str, Any], known: Sequence[str]) -> None:
    """Refuse unknown keys, which are most likely misspelt.

    Raises:
        RowError: There is an unknown key.
    """
    for key in document:
        if key not in known:
            raise RowError(f"{key!r} is none of {', '.join(known)}")


def _value(row: Mapping[str, Any], key: str) -> Any:
    if key not in row:
        raise RowError(f"{key!r} is missing")
    return row[key]
