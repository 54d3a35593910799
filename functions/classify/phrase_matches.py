"""What a text says in the words the directory and the rules know, and where it says it happened."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from classify.places import Found, Gazetteer
from classify.words import APART, Normaliser, Phrases, spellings

if TYPE_CHECKING:
    from aduan.directory import Directory

RULES_FILE: Final = Path(__file__).parent / "rules.json"
_RULES: Final[dict[str, Any]] = json.loads(RULES_FILE.read_bytes())
_MARKS: Final = (
    "plea",
    "defect",
    "question",
    "request",
    "aspiration",
    "addressee",
    "thanks",
    "urgent",
    "politics",
    "fear",
)
_HEDGE_REACH: Final = 4
"""How many words before ``pohon tumbang`` a ``takut`` still makes it a fear and not an event."""

_Role = Literal["topic", "department", "alias", "chatter", "emergency", "mark"]


class Meaning(NamedTuple):
    """What one phrase stands for: of a topic, a department, a kind of chatter, an emergency, or a mark."""

    role: _Role
    code: str
    other: str | None = None
    """Of a topic's word how telling it is; of an emergency who is called."""


@dataclass
class PhraseMatches:
    """The known phrases of a text, by what they stand for."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    departments: dict[str, list[str]] = field(default_factory=dict)
    """Words that speak of a department's work."""
    named: list[str] = field(default_factory=list)
    """Codes of the departments that are called by name, in order."""
    marks: dict[str, list[str]] = field(default_factory=dict)
    emergency: Meaning | None = None
    emergency_word: str = ""
    feared: str = ""
    """A word of emergency that somebody only fears, remembers or prevents."""
    features: list[str] = field(default_factory=list)
    """All of it as the model reads it."""

    def add(self, phrase: str, meaning: Meaning, *, denied: bool, hedged: bool) -> None:
        """Take a phrase in; `denied` when a negation stands before it, `hedged` when it is only feared."""
        strength = f":{meaning.other}" if meaning.role == "topic" else ""
        self.features.append(f"{'-' if denied else ''}{meaning.role}:{meaning.code}{strength}")
        match meaning.role:
            case "topic":
                # "tidak macet" speaks of traffic, but does not complain of it.
                if not denied:
                    self.topics.setdefault(meaning.code, []).append(phrase)
            case "department":
                self.departments.setdefault(meaning.code, []).append(phrase)
            case "alias":
                self.named.append(meaning.code)
            case "mark":
                if not (denied and meaning.code in {"defect", "urgent"}):
                    self.marks.setdefault(meaning.code, []).append(phrase)
            case "emergency":
                self._add_emergency(phrase, meaning, real=not (denied or hedged))
            case "chatter":
                pass

    def _add_emergency(self, phrase: str, meaning: Meaning, *, real: bool) -> None:
        if not real:
            self.feared = phrase
        elif self.emergency is None or (not self.emergency.other and meaning.other):
            self.emergency, self.emergency_word = meaning, phrase


class Reading(NamedTuple):
    """A text, read."""

    typed: list[str]
    """Its words as they were typed; empty when there is nothing but mentions, links or pictures."""
    words: list[str]
    """Its words in their normal form."""
    matches: PhraseMatches
    where: Found


def _meanings_of_directory(directory: Directory) -> Iterator[tuple[str, Meaning]]:
    for topic in directory.topics.values():
        for strength in ("strong", "words", "weak"):
            for phrase in getattr(topic, strength):
                yield phrase, Meaning("topic", topic.code, strength)
    for department in directory.departments.values():
        for phrase in department.words:
            yield phrase, Meaning("department", department.code)
        for phrase in department.aliases:
            yield phrase, Meaning("alias", department.code)


def _meanings_of_rules() -> Iterator[tuple[str, Meaning]]:
    for mark in _MARKS:
        for phrase in _RULES[mark]:
            yield phrase, Meaning("mark", mark)
    for group in _RULES["chatter"]:
        for phrase in group["words"]:
            yield phrase, Meaning("chatter", group["label"])
    for group in _RULES["emergency"]:
        for phrase in group["words"]:
            yield phrase, Meaning("emergency", group["topic"] or "", group["department"])


class Reader:
    """Reads texts with the words of one directory."""

    def __init__(self, directory: Directory) -> None:
        meanings = [*_meanings_of_directory(directory), *_meanings_of_rules()]
        vocabulary = {word.token: word.normal for word in directory.vocabulary}
        hedges, negations = _RULES["hedge"], _RULES["negations"]
        known = {word for phrase, _ in meanings for word in phrase.split()} | {*hedges, *negations}
        self._normaliser = Normaliser(vocabulary, known)
        self._phrases = Phrases(meanings, self._normaliser)
        self._gazetteer = Gazetteer(directory.places)
        self._hedges = frozenset(self._normaliser.normalise(hedges))
        self._negations = frozenset(self._normaliser.normalise(negations))

    def read(self, text: str) -> Reading:
        """Find what is known in a text. Never raises, whatever the text."""
        typed = spellings(text)
        words = self._normaliser.normalise(typed)
        return Reading(typed, words, self._gather(words), self._gazetteer.find(typed))

    def _gather(self, words: list[str]) -> PhraseMatches:
        found = PhraseMatches()
        seen: set[tuple[str, str, str]] = set()
        for place, phrase, meanings in self._phrases.find(words):
            denied = place > 0 and words[place - 1] in self._negations
            # The halves of a pair may enclose the hedge: "pohon yang mau tumbang".
            after = _HEDGE_REACH if APART in phrase else 0
            hedged = not self._hedges.isdisjoint(words[max(0, place - _HEDGE_REACH) : place + 1 + after])
            found.features.append(phrase)
            for meaning in meanings:
                key = (phrase, meaning.role, meaning.code)
                if key not in seen:
                    seen.add(key)
                    found.add(phrase, meaning, denied=denied, hedged=hedged)
        return found


@functools.lru_cache(maxsize=4)
def reader_of(directory: Directory) -> Reader:
    """Give the reader of a directory; built once."""
    return Reader(directory)
