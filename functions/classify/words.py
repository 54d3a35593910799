"""Turns what people type into words that can be compared: ``LAMPUNEEE matiii`` becomes ``lampu mati``."""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from typing import Final, Generic, TypeVar

LONGEST_TEXT: Final = 16_000
"""Only this many characters are read, invisible ones and runs of blanks not counted: all that a post keeps."""

_INVISIBLE: Final = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff"
    "\ufe00-\ufe0f\uffa0\U000e0000-\U000e0fff]"
)
"""Characters that Unicode lets be ignored, and fillers that show nothing."""
_BLANKS: Final = re.compile(r"\s+")
_ELSEWHERE: Final = re.compile(r"(?:https?://|www\.)\S+|(?<!\w)@[\w.]+|<[A-Z]+>|\[(?:NIK|[a-z]+(?: [a-z]+)?)\]")
"""Addresses, account names and the marks of masked data, which are not words. Our own marks have square brackets."""
_WORD: Final = re.compile(r"[^\W_]+")
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_DOUBLED: Final = re.compile(r"([^\W\d_])\1+")
_TWICE: Final = re.compile(r"^([^\W\d_]{3,})2(?:an|nya|e|ne)?$")
"""A word that is doubled with a digit: ``lubang2``, ``jalan2nya``."""
_ENDINGS: Final = {"nya": 3, "ne": 3, "ipun": 3, "e": 3, "lah": 5, "kah": 5, "pun": 5}
"""Endings that do not change the meaning (``lampune``, ``jalannya``, ``aspale``), each with the least length of the
rest: ``masalah`` is not ``masa`` + ``lah``."""


def _visible(text: str) -> str:
    """Return a text without characters that say nothing, so that blanks push no complaint out of what is read."""
    return _BLANKS.sub(" ", _INVISIBLE.sub("", text))


def is_read_whole(text: str) -> bool:
    """Tell whether `spellings` reads all of a text."""
    return len(text) <= LONGEST_TEXT or len(_visible(text)) <= LONGEST_TEXT


def spellings(text: str) -> list[str]:
    """Split a text into its words as they were typed. Never raises, whatever the text."""
    plain = unicodedata.normalize("NFKC", _visible(text)[:LONGEST_TEXT])
    return _WORD.findall(_ELSEWHERE.sub(" ", _INVISIBLE.sub("", plain)))


def _stems(word: str) -> list[str]:
    """List what may remain of a word without an ending."""
    return [
        word[: -len(ending)]
        for ending, shortest in _ENDINGS.items()
        if len(word) >= shortest + len(ending) and word.endswith(ending)
    ]


class Normaliser:
    """Gives each word its normal form.

    An ending or a doubled letter is removed only when a known word remains: ``sore`` must not become ``sor``. No word
    is thrown away, not even a negation.
    """

    def __init__(self, vocabulary: Mapping[str, str], known: Iterable[str]) -> None:
        self._normal: dict[str, tuple[str, ...]] = {}
        self._longer: dict[str, list[tuple[tuple[str, ...], tuple[str, ...]]]] = {}
        for token, normal in vocabulary.items():
            first, *rest = token.split()
            if rest:
                self._longer.setdefault(first, []).append((tuple(rest), tuple(normal.split())))
            else:
                self._normal[first] = tuple(normal.split())
        words = {*known, *itertools.chain.from_iterable(self._normal.values())}
        self._known = frozenset(word for word in words if not any(stem in words for stem in _stems(word)))

    def normalise(self, words: Iterable[str]) -> list[str]:
        """List the normal forms in order. One spelling may become several words, and several may become one."""
        folded = [word.casefold() for word in words]
        found: list[str] = []
        place = 0
        while place < len(folded):
            word = folded[place]
            place += 1
            for rest, normal in self._longer.get(word, ()):
                if tuple(folded[place : place + len(rest)]) == rest:
                    found.extend(normal)
                    place += len(rest)
                    break
            else:
                found.extend(self._normal.get(word) or self._unusual(word))
        return found

    def _unusual(self, word: str) -> tuple[str, ...]:
        if word in self._known:
            return (word,)
        twice = _TWICE.match(word)
        if twice:
            word = twice[1]
        for form in (word, _STRETCHED.sub(r"\1", word), _DOUBLED.sub(r"\1", word)):
            normal = self._plain(form)
            if normal:
                return normal
        return (_STRETCHED.sub(r"\1", word),)

    def _plain(self, word: str) -> tuple[str, ...] | None:
        if word in self._normal:
            return self._normal[word]
        if word in self._known:
            return (word,)
        for stem in _stems(word):
            if stem in self._normal:
                return self._normal[stem]
            if stem in self._known:
                return (stem,)
        return None


P = TypeVar("P")
APART: Final = "…"
"""Replaces the ``~`` of a pair when it is shown to people: ``lampu … mati``."""
NEAR: Final = 6
"""Most words by which the two halves of ``lampu ~ mati`` may be apart."""


class Phrases(Generic[P]):
    """Finds phrases among words, each with its meanings.

    A longer phrase hides the shorter ones inside it: ``mati lampu`` is not also ``lampu``. A pair ``a ~ b`` is found
    when both words stand near each other, in either order, even inside a longer phrase.
    """

    def __init__(self, phrases: Iterable[tuple[str, P]], normaliser: Normaliser) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], str, list[P]]]] = {}
        self._pairs: dict[str, list[tuple[str, str, P]]] = {}
        meanings: dict[tuple[str, ...], list[P]] = {}
        for phrase, meaning in phrases:
            left, near, right = phrase.partition("~")
            words = tuple(normaliser.normalise(left.split()))
            if near:
                other = normaliser.normalise(right.split())[-1]
                self._pairs.setdefault(words[-1], []).append((other, phrase.replace("~", APART), meaning))
            elif words in meanings:
                meanings[words].append(meaning)
            else:
                meanings[words] = [meaning]
                self._by_first.setdefault(words[0], []).append((words, phrase, meanings[words]))
        for candidates in self._by_first.values():
            candidates.sort(key=lambda candidate: -len(candidate[0]))

    def find(self, words: list[str]) -> Iterator[tuple[int, str, list[P]]]:
        """Yield for each phrase the index of its first word, its spelling in the data, and its meanings."""
        place = 0
        while place < len(words):
            for phrase_words, phrase, meanings in self._by_first.get(words[place], ()):
                length = len(phrase_words)
                if length == 1 or tuple(words[place : place + length]) == phrase_words:
                    yield place, phrase, meanings
                    place += length - 1
                    break
            place += 1
        for place, word in enumerate(words):
            pairs = self._pairs.get(word)
            if pairs:
                around = set(words[max(0, place - NEAR) : place] + words[place + 1 : place + 1 + NEAR])
                for other, phrase, meaning in pairs:
                    if other in around:
                        yield place, phrase, [meaning]
