"""Finds the phrases of the directory and the rules in a text, and the place the text speaks of."""

from __future__ import annotations

import functools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple

from classify.places import Found, Gazetteer
from classify.signs import signs_of
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
"""A hedge such as ``takut`` up to this many words before ``pohon tumbang`` makes it a fear, not an event."""

_CAPTIONS: Final = 256
"""How many captions are remembered."""

_Role = Literal["topic", "department", "alias", "chatter", "emergency", "mark"]


class Meaning(NamedTuple):
    """What one phrase stands for: a topic, a department, a kind of chatter, an emergency, or a mark."""

    role: _Role
    code: str
    other: str | None = None
    """For a topic, how strongly the phrase speaks for it; for an emergency, the code of the department called."""
    tell: str | None = None
    """For an emergency, what the desk has to do besides, because the county itself may not reach who helps."""


@dataclass
class PhraseMatches:
    """The known phrases found in a text, grouped by what they stand for."""

    topics: dict[str, list[str]] = field(default_factory=dict)
    departments: dict[str, list[str]] = field(default_factory=dict)
    """Phrases that speak of each department's work."""
    named: list[str] = field(default_factory=list)
    """Codes of the departments that the text calls by name, in order."""
    marks: dict[str, list[str]] = field(default_factory=dict)
    emergency: Meaning | None = None
    emergency_word: str = ""
    feared: str = ""
    """A phrase of emergency that is negated, or that the author only fears, remembers or wants to prevent."""
    features: list[str] = field(default_factory=list)
    """All matches in the form in which the model weighs them."""

    def add(self, phrase: str, meaning: Meaning, *, denied: bool, hedged: bool) -> None:
        """Add a phrase; it is `denied` when a negation stands before it, `hedged` when it is only feared."""
        strength = f":{meaning.other}" if meaning.role == "topic" else ""
        self.features.append(f"{'-' if denied else ''}{meaning.role}:{meaning.code}{strength}")
        match meaning.role:
            case "topic":
                # "tidak macet" speaks of traffic, but does not complain about it.
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
    """A text with everything that was found in it."""

    typed: list[str]
    """Its words as they were typed; empty when there are only mentions, links or emojis."""
    words: list[str]
    """Its words in their normal form."""
    matches: PhraseMatches
    where: Found
    signs: list[str]
    """What it shows besides its words."""


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
            yield phrase, Meaning("emergency", group["topic"] or "", group["department"], group.get("tell"))


class Reader:
    """Reads texts with the words of one directory and of the rules."""

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
        self.read_under = functools.lru_cache(maxsize=_CAPTIONS)(self._read_under)
        """The words and known phrases of a text that others stand under. All comments of a thread share it."""

    def read(self, text: str) -> Reading:
        """Return the known phrases and the place of a text. Never raises, whatever the text."""
        typed = spellings(text)
        words = self._normaliser.normalise(typed)
        return Reading(typed, words, self._gather(words), self._gazetteer.find(typed), signs_of(text))

    def _read_under(self, text: str) -> tuple[str, ...]:
        words = self._normaliser.normalise(spellings(text))
        return tuple(dict.fromkeys([*words, *self._gather(words).features]))

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
    """Return the reader of a directory, which is built once."""
    return Reader(directory)
