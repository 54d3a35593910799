"""Checks of single fields of a request: moments, addresses and numbers as people type them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from pydantic_core import PydanticCustomError

from aduan.record import WIB

SAID: Final = "said"
"""Kind of the pydantic errors whose message is a sentence for the caller."""
_DAY: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}")
_WITHOUT_ZONE: Final = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?")
_LABEL: Final = "[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_EMAIL: Final = re.compile(
    rf"[A-Za-z0-9_%+'-]+(?:\.[A-Za-z0-9_%+'-]+)*@(?:{_LABEL}\.)+[A-Za-z]{{2,63}}",
)
_EMAIL_BYTES: Final = 254
_EMAIL_LOCAL_BYTES: Final = 64
_MOBILE: Final = re.compile(r"\+628[0-9]{7,11}")


def _wrong(message: str) -> PydanticCustomError:
    return PydanticCustomError(SAID, "{sentence}", {"sentence": message})


def opened(text: object, *, whole_day: bool) -> datetime:
    """Read a moment with its offset, or a day in WIB, and return it in UTC.

    A day means its beginning, or with `whole_day` its end, for the last day of an interval.

    Raises:
        PydanticCustomError: when it is neither, or not in this century.
    """
    sentence = "Tulis tanggal sebagai TTTT-BB-HH (hari WIB) atau waktu ISO 8601 dengan zona, misalnya 2026-11-03."
    try:
        if _DAY.fullmatch(str(text)):
            day = datetime.combine(date.fromisoformat(str(text)), time(), WIB)
            return (day + timedelta(days=1 if whole_day else 0)).astimezone(UTC)
        moment = datetime.fromisoformat(str(text))
        # Only aware moments of this century: those at the ends of the calendar cannot be moved between zones.
        if moment.tzinfo is not None and 2000 <= moment.year < 2100:  # noqa: PLR2004 # as `_DAY` has it
            return moment.astimezone(UTC)
    except ValueError:
        pass
    raise _wrong(sentence)


def in_wib(text: object, *, whole_day: bool) -> datetime:
    """Read a moment as `opened` does, but take one without an offset as WIB.

    In a URL typed by hand the plus of an offset would be read as a blank.
    """
    if _WITHOUT_ZONE.fullmatch(str(text)):
        text = f"{text}+07:00"
    return opened(text, whole_day=whole_day)


def email_address(text: str | None) -> str | None:
    """Check a mail address as offices use it, and return it with its domain in small letters.

    Raises:
        PydanticCustomError: when it is not a valid address.
    """
    if text is None:
        return None
    local, _, domain = text.strip().rpartition("@")
    address = f"{local}@{domain.lower()}"
    if not _EMAIL.fullmatch(address) or len(address) > _EMAIL_BYTES or len(local) > _EMAIL_LOCAL_BYTES:
        raise _wrong("Alamat surel tidak sah; contoh yang benar: aduan@slemankab.go.id.")
    return address


def phone_number(text: str | None) -> str | None:
    """Return an Indonesian mobile number, however it is written, in its international form.

    Raises:
        PydanticCustomError: when it is not a mobile number: only those receive SMS.
    """
    if text is None:
        return None
    number = re.sub(r"[\s().-]", "", text)
    for prefix in ("+62", "0062", "62", "0"):
        if number.startswith(prefix):
            number = "+62" + number.removeprefix(prefix).removeprefix("0")
            break
    if not _MOBILE.fullmatch(number):
        raise _wrong("Nomor tidak sah; isi nomor seluler Indonesia, misalnya 0812-3456-7890 atau +6281234567890.")
    return number
