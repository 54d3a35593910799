"""Tells whether a text accuses officials of taking money, so that it is not shown to the very office it accuses.

The words are the group ``accusation`` of the rules. The model does not weigh them: they only decide who reads first.
"""

from __future__ import annotations

import functools
import json
from typing import TYPE_CHECKING, Final

from classify.phrase_matches import RULES_FILE

if TYPE_CHECKING:
    from aduan.directory import Directory
    from classify.phrase_matches import Reading

_WORDS: Final[dict[str, frozenset[str]]] = {
    name: frozenset(words) for name, words in json.loads(RULES_FILE.read_bytes())["accusation"].items()
}
_NEAR: Final = 3
"""Most words between a demand and what is demanded: ``dimintai lagi uang``."""
_REACH: Final = 6
"""Most words between the officials and what they did."""
INSPECTORATE: Final = "inspektorat"
REASON: Final = "dugaan pungutan oleh petugas: rahasia, perlu dilihat"


def accuses_officials(reading: Reading, directory: Directory) -> bool:
    """Tell whether a text says that officials, or an office called by name, demand or take money.

    An office that is only addressed ("lapor polisi") is not accused, nor are officials when somebody else near by is
    said to take the money, or to pass for one of them.
    """
    words = [word.casefold() for word in reading.words]
    for place in _acts(words):
        first, around = max(0, place - _REACH), words[max(0, place - _REACH) : place + _REACH + 1]
        if not _WORDS["others"].isdisjoint(around):
            continue
        for offset, word in enumerate(around):
            before = words[first + offset - 1] if first + offset else ""
            if before not in _WORDS["addressing"] and (
                word in _WORDS["officials"] or (first + offset < place and word in _names(directory))
            ):
                return True
    return False


def _acts(words: list[str]) -> list[int]:
    """List where a text speaks of taking money."""
    return [
        place
        for place, word in enumerate(words)
        if word in _WORDS["acts"]
        or (
            word in _WORDS["demands"]
            and not _WORDS["sums"].isdisjoint(words[max(0, place - _NEAR) : place + _NEAR + 1])
        )
    ]


@functools.lru_cache(maxsize=4)
def _names(directory: Directory) -> frozenset[str]:
    """Return the names of offices that are one word."""
    aliases = (alias for department in directory.departments.values() for alias in department.aliases)
    return frozenset(alias for alias in aliases if " " not in alias)
