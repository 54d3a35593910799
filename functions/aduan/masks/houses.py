"""Finds the numbers of houses behind the word for a street or a house."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aduan.masks.form import HIDDEN, Found

_EVENT: Final = re.compile(
    rf"\b(?:(?P<street>jl|jln|jalan|gg|gang|perum|perumahan|blok|rumah)|"
    rf"(?:no|nomor|nomer|nmr)\b[ .:\n]{{0,4}}(?:"
    rf"(?P<number>\d{{1,4}}(?:[a-z](?![^\W_])|/\d{{1,4}})?)(?![.,]{{0,2}}\d|[^\W\d_])|{HIDDEN}))",
    re.IGNORECASE,
)
_REACH: Final = 40
"""Characters between the street and the word for its number, or from one number to the next."""


def house_numbers(text: str) -> Iterator[Found]:
    """Yield the numbers of houses in a normal form, in order, also several of one street: ``rumah no. 4 dan no. 6``.

    What is hidden does not count as distance, so that a masked text is read as the one it came from.
    """
    reached: int | None = None
    for event in _EVENT.finditer(text):
        if event["street"]:
            reached = event.end()
            continue
        between = text[reached : event.start()] if reached is not None else ","
        if any(end in between for end in "\n,;") or len(between.replace(HIDDEN, "")) > _REACH:
            continue
        reached = event.end()
        if event["number"]:
            yield Found(*event.span("number"), "[nomor rumah]")
