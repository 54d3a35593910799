"""The alphabet of an SMS, GSM 03.38: the length of a text in it, and how a text is converted to it and cut."""

from __future__ import annotations

import unicodedata
from typing import Final

from aduan.plain_text import one_line

SMS_SEPTETS: Final = 160
"""Length of one SMS in the GSM alphabet. Each further part costs as much again."""
GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38, the default alphabet: one septet each."""
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""The extension table of GSM 03.38: an escape and a letter, two septets each."""
_LOOKALIKES: Final = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
)
"""Plain characters for typographic dashes, quotes and dots."""


def septets(text: str) -> int | None:
    """Count the septets of a text in the GSM alphabet; None when a character is not in it."""
    if any(letter not in GSM_BASIC and letter not in GSM_EXTENSION for letter in text):
        return None
    return count_septets(text)


def count_septets(text: str) -> int:
    """Count the septets of a text that is all in the GSM alphabet."""
    return sum(2 if letter in GSM_EXTENSION else 1 for letter in text)


def cut(text: str, room: int) -> str:
    """Return the beginning of a GSM text that fits into `room` septets, cut at the end of a word where one is near."""
    if count_septets(text) <= room:
        return text
    cut = text[:room]
    while count_septets(cut) > room:
        cut = cut[:-1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > room // 2 else cut).rstrip(" ,.-")


def gsm(text: str) -> str:
    """Write a text in one line of the GSM alphabet; characters it cannot express are left out."""
    text = one_line(text).translate(_LOOKALIKES)
    letters = (letter if letter in GSM_BASIC else unicodedata.normalize("NFKD", letter) for letter in text)
    return one_line(
        "".join(letter for part in letters for letter in part if letter in GSM_BASIC or letter in GSM_EXTENSION)
    )
