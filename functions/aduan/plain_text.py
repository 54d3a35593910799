"""Makes texts readable for people: removes invisible characters from what citizens wrote, and writes moments in WIB."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime
from typing import Final

from aduan.record import WIB

_DAYS: Final = ("Senin", "Selasa", "Rabu", "Kamis", "Jumat", "Sabtu", "Minggu")
MONTHS: Final = (
    "Januari",
    "Februari",
    "Maret",
    "April",
    "Mei",
    "Juni",
    "Juli",
    "Agustus",
    "September",
    "Oktober",
    "November",
    "Desember",
)
_LINE_END: Final = re.compile("\r\n|[\r\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cs", "Cn"})


def in_wib(moment: datetime) -> str:
    """Return a moment in WIB as people read it: ``Selasa, 3 November 2026 pukul 13.41 WIB``."""
    return f"{day_in_wib(moment)} pukul {moment.astimezone(WIB):%H.%M} WIB"


def day_in_wib(moment: datetime) -> str:
    """Return the day of a moment in WIB as people read it: ``Selasa, 3 November 2026``."""
    local = moment.astimezone(WIB)
    return f"{_DAYS[local.weekday()]}, {local.day} {MONTHS[local.month - 1]} {local.year}"


def readable(text: str) -> str:
    """Return a text without invisible characters, and with at most one empty line in a row.

    Format characters (category Cf) can reverse the direction of text, hide in words and carry invisible tags.
    """
    text = _LINE_END.sub("\n", unicodedata.normalize("NFC", text)).replace("\t", " ")
    text = "".join(letter for letter in text if letter == "\n" or unicodedata.category(letter) not in _INVISIBLE)
    return re.sub(r"\n\s*\n\s*", "\n\n", text).strip()


def one_line(text: str) -> str:
    """Return a text as one line without control or format characters, as a header or a cell needs it."""
    return " ".join(readable(text).split())
