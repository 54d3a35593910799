"""The normal form of a text, in which numbers are looked for, with the way back to the text as it was written."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Final, NamedTuple

GAP: Final = r"[ \n.,()\[\]\-/_~*|:]{0,8}+"
"""What people write between the digits of one number, in the normal form. It has a bound, so that time stays linear."""
HIDDEN: Final = "\ue000"
"""Stands in the normal form where something was found or is harmless. It is no digit, no letter and no gap."""

_PLAIN: Final = re.compile(r"[\n\x20-\x7e]*")
_UNUSUAL: Final = re.compile(r"[^\n\x20-\x7e]")
_INVISIBLE: Final = frozenset({"Cf", "Cc", "Co", "Cs", "Cn", "Mn", "Me"})
_BLANK_LETTERS: Final = frozenset("\u115f\u1160\u3164\uffa0\u2800")
"""Letters and a symbol that show nothing."""
_DOTS: Final = frozenset("\u00b7\u2022\u2219\u22c5\u30fb\u3002\u25cf")
_DASHES: Final = frozenset("\u2212\u2500\u2501\u30fc\u02d7\u2043")
"""Signs that look like a dash and are none by category (Pd)."""
_LINE_ENDS: Final = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")
_LOOKALIKES: Final = re.compile(r"(?<![^\W_])(?=[OoIl]*\d)(?=\d*[OoIl])[\dOoIl]{2,20}(?![^\W_])")
_AS_DIGITS: Final = str.maketrans("OoIl", "0011")


class Found(NamedTuple):
    """A range of the normal form, and the mask for it."""

    start: int
    end: int
    mask: str


class Form(NamedTuple):
    """A text in its normal form: compatible characters alike (NFKC), ASCII digits, one kind of each gap."""

    text: str
    places: Sequence[int]
    """The index in the original of each character."""


def form_of(text: str) -> Form:
    """Return the normal form of a text. Invisible and combining characters have no place in it.

    The letters O, I and l count as digits in words that hold nothing else but digits: ``O8I2``.
    """
    if _PLAIN.fullmatch(text):
        return Form(_with_digits(text), range(len(text)))
    parts: list[str] = []
    places: list[int] = []
    done = 0
    for match in _UNUSUAL.finditer(text):
        start = match.start()
        parts.append(text[done:start])
        places.extend(range(done, start))
        folded = _folded(match[0])
        parts.append(folded)
        places.extend([start] * len(folded))
        done = start + 1
    parts.append(text[done:])
    places.extend(range(done, len(text)))
    return Form(_with_digits("".join(parts)), places)


def hide(text: str, found: Iterable[tuple[int, int]]) -> str:
    """Return a normal form of the same length in which the ranges, in order, are hidden."""
    parts: list[str] = []
    done = 0
    for start, end in found:
        parts += (text[done:start], HIDDEN * (end - start))
        done = end
    return "".join((*parts, text[done:])) if parts else text


def replaced(original: str, form: Form, found: Iterable[Found]) -> str:
    """Return the original with each range, none overlapping another, replaced by its mask."""
    parts: list[str] = []
    done = 0
    for start, end, mask in sorted(found):
        parts += (original[done : form.places[start]], mask)
        done = form.places[end - 1] + 1
    return "".join((*parts, original[done:]))


def _with_digits(text: str) -> str:
    return _LOOKALIKES.sub(lambda word: word[0].translate(_AS_DIGITS), text)


@lru_cache(maxsize=4096)
def _folded(letter: str) -> str:
    if letter in _LINE_ENDS:
        return "\n"
    if letter == "\t":
        return " "
    if letter in _BLANK_LETTERS:
        return ""
    if letter in _DOTS:
        return "."
    digit = unicodedata.digit(letter, None)
    if digit is not None:
        return str(digit)
    return "".join(map(_folded_part, unicodedata.normalize("NFKC", letter)))


def _folded_part(letter: str) -> str:
    category = unicodedata.category(letter)
    rules: tuple[tuple[bool, Callable[[], str]], ...] = (
        (category in _INVISIBLE, lambda: ""),
        (category == "Nd", lambda: str(unicodedata.decimal(letter))),
        (category == "Zs", lambda: " "),
        (category == "Pd" or letter in _DASHES, lambda: "-"),
        (category == "Pc", lambda: "_"),
        (letter in "\u2044\u2215\u29f8", lambda: "/"),
    )
    return next((value() for holds, value in rules if holds), letter)
