"""Takes personal numbers out of what citizens write, before anything is stored.

It finds the 16 digits of a NIK or KK, telephone numbers in Indonesian forms, e-mail addresses, number plates, bank
accounts and house numbers. It does not recognise names and handles inside a text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote

_GAP: Final = r"[ .()\-\u00a0\u2010-\u2015]{0,3}"
"""People group long numbers with blanks, dots, hyphens, dashes or brackets."""

_NARROW_GAP: Final = r"[ .\-\u00a0\u2010-\u2015]?"
"""The gap between the digits of a long number. A wider one would join a date and the times after it to one number."""

_EMAIL: Final = re.compile(r"(?<![\w.+\-])[\w.+\-]{1,64}@[\w\-]{1,63}(?:\.[\w\-]{1,63}){1,8}")
"""The lengths are bounded as in mail itself (RFC 5321), because a long word would otherwise take quadratic time."""
_SIXTEEN: Final = re.compile(rf"(?<!\d)\d(?:{_NARROW_GAP}\d){{15}}(?!\d)")
_PHONE: Final = re.compile(
    rf"""(?<!\d)(?<!\d[.,])(?:
        (?:\+|00)?62{_GAP}\(?0?\)?{_GAP}8\d(?:{_GAP}\d){{6,11}}   # +62 812-3456-7890, 62812…
      | 0{_GAP}8\d(?:{_GAP}\d){{6,11}}                            # 0812 3456 7890
      | (?:\(0\d{{2,3}}\)|0[2-79]\d{{1,2}}){_GAP}\d(?:{_GAP}\d){{4,7}} # (0274) 868405, 0274-868405
      | (?:\+|00)62{_GAP}[2-79]\d{{1,2}}{_GAP}\d(?:{_GAP}\d){{4,7}}   # +62 274 868405
    )(?!\d)""",
    re.VERBOSE,
)
_ACCOUNT: Final = re.compile(
    rf"(?i)\b((?:no\.?\s*)?(?:rek|rekening|norek|bca|bri|bni|bsi|btn|mandiri|bpd|va)\b[^\d\n]{{0,20}})"
    rf"\d(?:{_GAP}\d){{6,17}}"
)
_AREAS: Final = "A[ABDEG]|B[ABDEGHKLMNP]|D[ABCDEGHKLMNRST]|E[ABD]|K[BHTU]|P[ABG]|[ABDEFGHKLMNPRSTWZ]"
"""Letters of the areas that issue number plates; AB is Yogyakarta."""
_ABBREVIATIONS: Final = "P3K|P2TL|BP2MI"
"""Abbreviations that look like plates but are what a complaint is about: first aid and teachers on contract, PLN's
meter checks, and the agency that protects workers abroad."""
_PLATE: Final = re.compile(
    rf"\b(?!(?:{_ABBREVIATIONS})\b)"
    rf"(?:(?:{_AREAS})[ .\-]?\d{{1,4}}[ .\-]?[A-Z]{{1,3}}|(?i:AB|AA|AD)[ .\-]?\d{{2,4}}[ .\-]?(?i:[A-Z]{{2,3}}))\b"
)
_HOUSE: Final = re.compile(
    r"(?i)(\b(?:jl|jln|jalan|gg|gang|perum|perumahan|blok|rumah)\b[^\n,;]{0,40}?\b(?:no|nomor|nmr)\b\.?\s*)"
    r"\d{1,4}(?:[a-z]\b|/\d+)?(?![\d.,]*\d)"
)
_DIGITS: Final = re.compile(rf"\d(?:{_GAP}\d)*")
_PASSES: Final = 10
_DATE_DAYS: Final = range(1, 32)
_WOMEN: Final = 40
"""In a woman's NIK, 40 is added to her day of birth."""
_MONTHS: Final = range(1, 13)
_UNPRINTABLE: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_LONGEST: Final = 300
"""Characters of the longest thing that is looked for, a mail address."""


def storable(text: str, limit: int) -> tuple[str, bool]:
    """Return what is kept of a text, and whether the text was longer.

    The text is masked first and then cut between characters, because half a number would no longer be recognised.

    Args:
        text: The text as it came in, of any length.
        limit: Most bytes that are kept.
    """
    text = text.strip()
    head = text[: 2 * limit]  # an endless text must not be masked to its end
    data = _UNPRINTABLE.sub("", head).encode("utf-8", "replace")
    whole = masked(data.decode("utf-8")).strip()
    longer = len(text) > len(head)
    if longer:
        whole = whole[:-_LONGEST]
    kept = whole.encode()[:limit].decode("utf-8", "ignore").strip()
    return kept, longer or len(kept) < len(whole)


def with_storable(fields: Any, name: str, limit: int) -> Any:
    """Return the `fields` of a record with the text `name` made `storable`, and `clipped` set when it was longer.

    Fields that are no mapping, or have no such text, are returned unchanged.
    """
    if not isinstance(fields, Mapping) or not isinstance(fields.get(name), str):
        return fields
    text, clipped = storable(fields[name], limit)
    return {**fields, name: text, "clipped": clipped or fields.get("clipped", False)}


def leads_to_a_person(name: str) -> bool:
    """Tell whether an id or address holds a telephone number or a mail address.

    Other masks do not count: long ids of platforms look like a NIK.
    """
    return any(sign in masked(unquote(name)) for sign in ("[telepon]", "[surel]"))


def masked(text: str) -> str:
    """Return `text` with personal numbers replaced by what they were, such as ``[telepon]``.

    Masking a masked text changes nothing. A number of 16 digits becomes ``[NIK]`` when its middle is a date, as in a
    NIK or KK. Otherwise it becomes ``[nomor]``: it may be the number of a card, which is just as private.
    """
    for _ in range(_PASSES):  # a mask can bring another number within reach of the word before: "rumah no. 4 dan no. 6"
        before, text = text, _masked_once(text)
        if before == text:
            return text
    # A text that is nothing but numbers, each leading to the next, would need a pass for each and take hours.
    return _DIGITS.sub("[nomor]", text)


def _masked_once(text: str) -> str:
    text = _EMAIL.sub("[surel]", text)
    text = _SIXTEEN.sub(_name_of_sixteen, text)
    text = _PHONE.sub("[telepon]", text)
    text = _ACCOUNT.sub(r"\1[rekening]", text)
    text = _PLATE.sub("[plat nomor]", text)
    return _HOUSE.sub(r"\1[nomor rumah]", text)


def masked_within(value: object) -> object:
    """Return a text, or the texts in a list, masked; any other value unchanged.

    It is for the values of a JSON object before the object is written, because escapes hide where words begin.
    """
    if isinstance(value, list):
        return [masked(part) if isinstance(part, str) else part for part in value]
    return masked(value) if isinstance(value, str) else value


def _name_of_sixteen(match: re.Match[str]) -> str:
    digits = re.sub(r"\D", "", match[0])
    day, month = int(digits[6:8]), int(digits[8:10])
    is_date = month in _MONTHS and (day in _DATE_DAYS or day - _WOMEN in _DATE_DAYS)
    return "[NIK]" if is_date else "[nomor]"
