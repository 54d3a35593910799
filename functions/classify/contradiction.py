"""Recognises a reply that says a ticket declared resolved is not done. Pure.

``belum``, ``masih mati``, ``rusak lagi``, ``ora ono perubahan`` say so; ``belum pernah sebagus ini``, ``masih bagus``,
``sudah tidak bocor lagi`` do not. The last statement counts: ``sudah ditambal, tapi masih bocor``. The words are in
`contradiction.json`.
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
"""How many words after ``masih`` or ``sudah`` are searched for the word that it refers to."""
_BEFORE: Final = 2
"""How many words before a word are searched for its negation."""


def contradicts(text: str) -> bool:
    """Tell whether a reply says that what was declared done is not done. False when it says neither.

    The text is read clause by clause, and the last clause that says anything decides. A clause that only reports what
    others claim says nothing.
    """
    verdict = False
    for clause in _clauses(text):
        said = _says(clause)
        verdict = verdict if said is None else said
    return verdict


@functools.cache
def _words() -> dict[str, frozenset[str]]:
    """Load the lists of words with the first reply, because most cold starts never meet one."""
    lists = json.loads(Path(__file__).with_name("contradiction.json").read_text(encoding="utf-8"))
    return {name: frozenset(words) for name, words in lists.items()}


def _clauses(text: str) -> Iterator[list[str]]:
    """Yield the words of each clause in lower case. A clause ends at punctuation and before a word like ``tapi``."""
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
    """Tell whether any of the words is on any of the named lists."""
    return any(word in _words()[name] for word in words for name in lists)


def _says(clause: list[str]) -> bool | None:
    """Return True when the clause says that it is not done, False when it says that it is, None for neither."""
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
        pass  # a condition states nothing
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
    """Judge a ``belum``: alone it is enough, except in ``sudah … belum?`` and before a word such as ``tahu``."""
    behind = [word for word in clause[place + 1 :] if not _has([word], "particles")]
    if not behind:
        return None if _has(clause[:place], "already") else True
    if _has(behind[:1], "ever"):
        # "belum pernah" before "diperbaiki" says that it was never done; before "sebagus ini" it is praise.
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
