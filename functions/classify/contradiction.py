"""Whether who had complained says that it is not done, under a ticket that was declared resolved. Pure.

``belum``, ``masih mati``, ``rusak lagi``, ``ora ono perubahan`` say so; ``belum pernah sebagus ini``, ``masih bagus``,
``sudah tidak bocor lagi`` do not. What is said last counts: ``sudah ditambal, tapi masih bocor``. The words are data.
"""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from classify.words import spellings

_PAUSE: Final = re.compile(r"[.,;:!?\n()]+")
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_SOON: Final = 3
"""How many words behind ``masih`` or a negation the word may stand that it is about."""
_BEFORE: Final = 2
"""How many words before a word its negation may stand."""


def contradicts(text: str) -> bool:
    """Tell whether a reply says that what was declared done is not. False for what says neither.

    The text is read by its clauses, and the last one that says anything decides. One that tells what others say
    says nothing.
    """
    verdict = False
    for clause in _clauses(text):
        said = _says(clause)
        verdict = verdict if said is None else said
    return verdict


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    """Loaded when the first reply is looked at: most deployments' cold starts never meet one."""
    lists = json.loads(Path(__file__).with_name("contradiction.json").read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in lists.items()}


def _clauses(text: str) -> Iterator[list[str]]:
    """The words of each clause, in small letters; a clause ends at a pause, and before a word like ``tapi``."""
    turns = _words()["turns"]
    for part in _PAUSE.split(text):
        clause: list[str] = []
        for word in (_STRETCHED.sub(r"\1", spelling.casefold()) for spelling in spellings(part)):
            if word in turns and clause:
                yield clause
                clause = []
            clause.append(word)
        if clause:
            yield clause


def _has(words: Iterable[str], *lists: str) -> bool:
    """Whether one of these words is on one of the lists."""
    return any(word in _words()[name] for word in words for name in lists)


def _says(clause: list[str]) -> bool | None:
    """True: it is not done; False: it is; None: the clause says neither."""
    if _has(clause, "claims"):
        return None
    if _has(clause, "lies"):
        return True
    found = [said for place in range(len(clause)) if (said := _says_at(clause, place)) is not None]
    return found[-1] if found else None


def _says_at(clause: list[str], place: int) -> bool | None:
    word = clause[place : place + 1]
    behind, before = clause[place + 1 : place + 1 + _SOON], clause[max(0, place - _BEFORE) : place]
    said = None
    if _has(before[-1:], "if"):
        pass  # what would be
    elif _has(word, "not_yet"):
        said = _not_yet(clause, place)
    elif _has(word, "still"):
        said = _still(behind)
    elif _has(word, "fault") and not _has(before, "not_yet"):
        again = _has(behind[:_BEFORE], "again")
        if not _has(before, "negation"):
            said = True if again else None
        elif again or _has(clause[:place], "already"):
            said = False
    elif _has(word, "done", "came", "good") and _has(before, "negation"):
        said = True
    elif _has(word, "already"):
        said = _already(behind)
    return said


def _not_yet(clause: list[str], place: int) -> bool | None:
    """``belum`` alone is enough, but not at the end of ``sudah … belum?``, nor before what is no loss."""
    behind = [word for word in clause[place + 1 :] if not _has([word], "particles")]
    if not behind:
        return None if _has(clause[:place], "already") else True
    if _has(behind[:1], "ever"):
        # Of what was never done it says so; what never was as good is praise.
        return True if _has(behind[1:_SOON], "done", "came", "there") else None
    return None if _has(behind[:1], "not_yet_but") else True


def _still(behind: list[str]) -> bool | None:
    if all(_has([word], "particles") for word in behind):
        return True
    for number, word in enumerate(behind):
        if _has([word], "negation", "not_yet", "fault", "same"):
            return True
        if _has([word], "good"):
            return None
        if _has([word], "there"):
            return None if _has(behind[number:], "good") else True
    return None


def _already(behind: list[str]) -> bool | None:
    for word in behind:
        if _has([word], "negation", "not_yet", "still"):
            return None
        if _has([word], "done", "good"):
            return False
    return None
