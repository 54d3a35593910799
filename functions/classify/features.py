"""The features of a text that the model weighs. Training and the functions share this code, so they cannot differ."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from aduan.context import Context
    from classify.phrase_matches import Reader, Reading

FAMILIES: Final = ("word", "pair", "opening", "known", "gram", "sign", "under", "gate")
"""``word``: a word in its normal form. ``pair``: two words in a row. ``opening``: a word among the first `OPENING`.
``known``: a phrase of the directory or the rules, and what it stands for. ``gram``: a piece of a word as it was typed,
which is not misled by ``jln`` and ``rusaaak``. ``sign``: what the text shows besides its words. ``under``: a word or
known phrase of the text it stands under, whose that is, and whom the post addresses. ``gate``: that the post is one on
X that addresses nobody. Nearly none of these is a report, whatever its words; without this feature the model would
mistrust the words."""
SCALES: Final = {
    "word": 1.0,
    "pair": 0.7,
    "opening": 0.5,
    "known": 0.5,
    "gram": 1.2,
    "sign": 0.5,
    "under": 1.0,
    "gate": 3.0,
}
"""How much each family weighs in training. Chosen by hand; the scores change little between half and double."""
OPENING: Final = 14
"""Number of words that open a text: most complaints name their subject first and tell the story afterwards."""
GRAM_LENGTHS: Final = (3, 4, 5)


def features_of(reading: Reading, under: Iterable[str] = (), gate: str = "") -> tuple[list[str], ...]:
    """List the features of each family, in the order of `FAMILIES`. The model later counts a repeated one once.

    Args:
        reading: The text.
        under: What it answers, as `context_features` lists it.
        gate: Name of the gate it goes through, as `classify.model.gate_name` says.
    """
    words = reading.words
    return (
        words,
        [f"{first} {second}" for first, second in itertools.pairwise(words)],
        words[:OPENING],
        reading.matches.features,
        _grams(reading.typed),
        reading.signs,
        list(under),
        [gate] if gate == "post" else [],
    )


def context_features(context: Context | None, reader: Reader) -> list[str]:
    """List what the model is told of a post's context; empty when it is not known."""
    if context is None:
        return []
    said = [f"to:{context.to}"] if context.to else []
    if context.by:
        said.append(f"by:{context.by}")
    return [*said, *reader.read_under(context.under)]


def _grams(typed: list[str]) -> list[str]:
    return [gram for word in {word.casefold() for word in typed} for gram in grams_of(word)]


def grams_of(word: str) -> list[str]:
    """Cut a word with a blank at each end into pieces: ``jln`` gives `` jl``, ``jln``, ``ln ``, and longer ones."""
    edged = f" {word} "
    return [edged[start : start + length] for length in GRAM_LENGTHS for start in range(len(edged) - length + 1)]
