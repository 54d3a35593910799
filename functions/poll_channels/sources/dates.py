"""Reads the dates of feeds that are written as people in Indonesia write them.

Feed parsers know neither Indonesian names nor the three Indonesian time zones: they drop the date or, worse, take WIB
for UTC, seven hours in the future.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

_ZONES: Final[Mapping[str, int]] = {"wib": 7, "wita": 8, "wit": 9}
"""Hours ahead of UTC. Indonesia has no daylight saving."""
_MONTHS: Final[Mapping[str, int]] = {
    name: number
    for number, names in enumerate(
        (
            "jan",
            "feb peb",
            "mar",
            "apr",
            "mei may",
            "jun",
            "jul",
            "agu agt ags aug",
            "sep",
            "okt oct",
            "nov nop",
            "des dec",
        ),
        1,
    )
    for name in names.split()
}
"""Months by their first three letters, in Indonesian and English."""
_DAYS: Final = r"senin|selasa|rabu|kamis|jum\W?at|sabtu|minggu|ahad|sen|sel|rab|kam|jum|sab|min|mgg"
_INDONESIAN_MONTHS: Final = r"januari|februari|pebruari|peb|maret|mei|juni|juli|agu\w*|agt|ags|okt\w*|nop\w*|des\w*"
_LOCAL: Final = re.compile(
    rf"\b(?:wib|wita|wit)\b|\b(?:utc|gmt)\s*[+-]\s*\d|\b(?:{_DAYS})\b|\b(?:{_INDONESIAN_MONTHS})\b|\bpukul\b",
    re.IGNORECASE,
)
_DATE: Final = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{1,2})-(?P<d>\d{1,2})"
    r"|(?P<d2>\d{1,2})[\s./-]+(?P<m2>[A-Za-z]{3,12}|\d{1,2})[\s./,-]+(?P<y2>\d{4})"
)
_TIME: Final = re.compile(r"(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?(?!\d)")
_OFFSET: Final = re.compile(r"(?:utc|gmt)?\s*([+-])\s*(\d{1,2})(?::?(\d{2}))?\s*$", re.IGNORECASE)
_UTC: Final = re.compile(r"(?:\b(?:utc|gmt|ut)|(?<=\d)\s*z)\s*$", re.IGNORECASE)
_LONGEST: Final = 80


def is_local(text: str) -> bool:
    """Tell whether a date holds an Indonesian name or zone, or an offset behind a zone's name."""
    return len(text) <= _LONGEST and _LOCAL.search(text) is not None


def local_moment(text: str) -> datetime | None:
    """Return a date as a UTC time, or None when it is no date.

    Days come before months. Without a time the day begins at midnight, and without a zone it is WIB.
    """
    date = _DATE.search(text[:_LONGEST])
    if date is None:
        return None
    year, month, day = (date["y"], date["m"], date["d"]) if date["y"] else (date["y2"], date["m2"], date["d2"])
    rest = text[date.end() : _LONGEST]
    time = _TIME.search(rest)
    hour, minute, second = (int(part or 0) for part in time.groups()) if time is not None else (0, 0, 0)
    number = int(month) if month.isdecimal() else _MONTHS.get(month[:3].lower(), 0)
    zone = _zone_of(rest[time.end() :] if time is not None else rest)
    try:
        return datetime(int(year), number, int(day), hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _zone_of(text: str) -> timezone:
    """Return the time zone that follows a time; WIB when none is named."""
    words = [word for word in re.findall(r"[a-z]+", text.lower()) if word in _ZONES]
    if words:
        return timezone(timedelta(hours=_ZONES[words[0]]))
    offset = _OFFSET.search(text)
    if offset is not None:
        ahead = timedelta(hours=min(int(offset[2]), 23), minutes=min(int(offset[3] or 0), 59))
        return timezone(ahead if offset[1] == "+" else -ahead)
    return UTC if _UTC.search(text) else timezone(timedelta(hours=_ZONES["wib"]))
