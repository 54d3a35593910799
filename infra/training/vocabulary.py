"""Choose the features that a model may have, and make the matrix of those that texts have."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from aduan.directory import Directory
from classify.features import FAMILIES, SCALES, grams_of
from classify.phrase_matches import reader_of
from classify.words import spellings
from infra.training.example import OWN_SOURCES, Example
from infra.training.names import GIVEN_NAMES, HONORIFICS

FEWEST_TEXTS = 2
"""A feature must occur in this many groups of near-duplicates."""
FEWEST_STRANGERS = 8
"""A word that neither the project's corpus nor the directory uses must occur in this many groups of near-duplicates: in
fewer it may be a name."""
FEWEST_HOSTS = 3
"""A piece of a word must occur in this many different words, and groups, so that it gives no word away."""
CAPITALISED = 0.6
"""A word may be capitalised in at most this share of its occurrences: otherwise it may be a name."""
ADDRESSED = 0.1
"""A word may follow a form of address in at most this share of its occurrences: otherwise it may be a name."""
_LONG_NUMBER = re.compile(r"\d{4}")
"""A number that may belong to a person."""


@dataclass(frozen=True)
class Vocabulary:
    """The features of a model, by family, each with its inverse document frequency."""

    names: tuple[tuple[str, ...], ...]
    rarity: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, features: Sequence[tuple[list[str], ...]], allowed: Sequence[set[str]]) -> Vocabulary:
        """Take the allowed features that occur in these texts, with their inverse document frequency there."""
        names, rarity = [], []
        for family in range(len(FAMILIES)):
            met = Counter(name for given in features for name in set(given[family]))
            chosen = tuple(sorted(name for name in met if name in allowed[family]))
            counts = np.array([met[name] for name in chosen])
            names.append(chosen)
            rarity.append(np.log((1 + len(features)) / (1 + counts)) + 1)
        return cls(tuple(names), tuple(rarity))

    def keep(self, places: np.ndarray) -> Vocabulary:
        """Return a vocabulary of only the features at these places, counted through all families."""
        kept = np.zeros(sum(len(names) for names in self.names), dtype=bool)
        kept[places] = True
        names, rarity, first = [], [], 0
        for given, weights in zip(self.names, self.rarity, strict=True):
            mine = kept[first : first + len(given)]
            names.append(tuple(name for name, stays in zip(given, mine, strict=True) if stays))
            rarity.append(weights[mine])
            first += len(given)
        return Vocabulary(tuple(names), tuple(rarity))

    def matrix(self, features: Sequence[tuple[list[str], ...]]) -> sp.csr_matrix:
        """Make a row for each text. Each family is scaled by its factors and the root of how many features it has."""
        return sp.hstack([self._block(family, features) for family in range(len(FAMILIES))]).tocsr()

    def without(self, matrix: sp.csr_matrix, family: str) -> sp.csr_matrix:
        """Return a matrix of this vocabulary without the features of one family, for a decision it must not sway."""
        kept = [np.full(len(names), FAMILIES[place] != family) for place, names in enumerate(self.names)]
        return matrix @ sp.diags(np.concatenate(kept).astype(float))

    def factors(self, family: int) -> np.ndarray:
        """Return the factor of each feature of a family, before it is divided by the root in `matrix`."""
        return self.rarity[family] * SCALES[FAMILIES[family]] / 3

    def _block(self, family: int, features: Sequence[tuple[list[str], ...]]) -> sp.csr_matrix:
        places = {name: place for place, name in enumerate(self.names[family])}
        columns, ends, values = [], [0], []
        for given in features:
            found = sorted(places[name] for name in set(given[family]) if name in places)
            columns += found
            ends.append(len(columns))
            values += [1 / max(1, len(found)) ** 0.5] * len(found)
        block = sp.csr_matrix((values, columns, ends), shape=(len(features), len(places)))
        return block @ sp.diags(self.factors(family))


def allowed_features(
    examples: Sequence[Example], features: Sequence[tuple[list[str], ...]], directory: Directory
) -> list[set[str]]:
    """Choose the features of each family that may be in a model that everybody can read.

    Citizens' texts hold names of people even where their source replaced most of them. So a word is taken only when
    the project's own corpus or the directory uses it, or when many texts do, mostly in small letters and not after
    ``Pak`` or ``Bu``. Frequent given names are never taken.
    """
    met: list[Counter[str]] = []
    for family in range(len(FAMILIES)):
        groups: dict[str, set[str]] = {}
        for example, given in zip(examples, features, strict=True):
            for name in given[family]:
                groups.setdefault(name, set()).add(example.group)
        met.append(Counter({name: len(where) for name, where in groups.items()}))
    words = _allowed_words(examples, features, directory, met[0])
    pairs = {pair for pair, count in met[1].items() if count >= FEWEST_TEXTS and words.issuperset(pair.split(" "))}
    opening = {word for word, count in met[2].items() if count >= FEWEST_TEXTS and word in words}
    known = {name for name, count in met[3].items() if count >= FEWEST_TEXTS}
    signs = {name for name, count in met[5].items() if count >= FEWEST_TEXTS}
    under = {name for name, count in met[6].items() if count >= FEWEST_TEXTS and name not in GIVEN_NAMES}
    return [words, pairs, opening, known, _allowed_grams(examples, met[4]), signs, under, set(met[7])]


def _allowed_words(
    examples: Sequence[Example], features: Sequence[tuple[list[str], ...]], directory: Directory, met: Counter[str]
) -> set[str]:
    own = {
        word
        for example, given in zip(examples, features, strict=True)
        if example.source in OWN_SOURCES
        for word in given[0]
    }
    for topic in directory.topics.values():
        for phrase in (*topic.strong, *topic.words, *topic.weak):
            own.update(reader_of(directory).read(phrase).words)
    own.update(word for entry in directory.vocabulary for word in entry.normal.split())
    capital, inside, addressed = Counter[str](), Counter[str](), Counter[str]()
    for example in examples:
        typed = spellings(example.text)
        for before, word in itertools.pairwise(typed):
            folded = word.casefold()
            inside[folded] += 1
            capital[folded] += word[0].isupper()
            addressed[folded] += before.casefold() in HONORIFICS
    return {
        word
        for word, count in met.items()
        if word not in GIVEN_NAMES
        and count >= FEWEST_TEXTS
        and not _LONG_NUMBER.search(word)
        and (
            word in own
            or (
                count >= FEWEST_STRANGERS
                and capital[word] <= CAPITALISED * inside[word]
                and addressed[word] <= ADDRESSED * inside[word]
            )
        )
    }


def _allowed_grams(examples: Sequence[Example], met: Counter[str]) -> set[str]:
    """Choose the pieces that several different words share, so that no piece gives a word away."""
    hosts: dict[str, set[str]] = {}
    for word in {word.casefold() for example in examples for word in spellings(example.text)}:
        for gram in grams_of(word):
            hosts.setdefault(gram, set()).add(word)
    return {gram for gram, count in met.items() if count >= FEWEST_HOSTS and len(hosts[gram]) >= FEWEST_HOSTS}
