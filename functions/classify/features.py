"""What the model weighs of a text. Training and the functions make it here, so that they can never differ."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from classify.phrase_matches import Reading

FAMILIES: Final = ("word", "pair", "opening", "known", "gram")
"""Words in their normal form; two in a row; those a text opens with; phrases of the directory and the rules with what
they stand for; pieces of the words as they were typed, which survive ``jln`` and ``rusaaak``."""
OPENING: Final = 14
"""Words. A complaint mostly names its matter at once and tells its story after."""
GRAM_LENGTHS: Final = (3, 4, 5)


def features_of(reading: Reading) -> tuple[list[str], ...]:
    """List the features of each family, in the order of `FAMILIES`; repeated ones count once, later."""
    words = reading.words
    return (
        words,
        [f"{first} {second}" for first, second in itertools.pairwise(words)],
        words[:OPENING],
        reading.matches.features,
        _grams(reading.typed),
    )


def _grams(typed: list[str]) -> list[str]:
    return [gram for word in {word.casefold() for word in typed} for gram in grams_of(word)]


def grams_of(word: str) -> list[str]:
    """Cut a word and its edges into pieces: `` jl``, ``jln`` and ``ln `` of ``jln``, and the longer ones."""
    edged = f" {word} "
    return [edged[start : start + length] for length in GRAM_LENGTHS for start in range(len(edged) - length + 1)]
