"""Find texts that say nearly the same, so that none is learnt from while its twin is scored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sklearn.feature_extraction.text import TfidfVectorizer

from infra.training.examples import Example

TWIN: Final = 0.6
"""Cosine of the words of two texts from which on they are twins, and stay on one side of every split."""
_BATCH: Final = 1000


def with_groups(examples: Sequence[Example]) -> list[Example]:
    """Give each text the group of its twins, named after the first of them."""
    groups = twins([example.text for example in examples])
    return [
        example.model_copy(update={"group": examples[first].id})
        for example, first in zip(examples, groups, strict=True)
    ]


def twins(texts: Sequence[str]) -> list[int]:
    """For each text, give the place of the first of its near-duplicates (itself, when it has none)."""
    if not texts:
        return []
    parent = list(range(len(texts)))

    def first_of(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    # The added letter keeps a text without any word from having no vector at all.
    words = TfidfVectorizer(token_pattern=r"\w+", binary=True).fit_transform([f"{text} ø" for text in texts])  # noqa: S106
    for start in range(0, len(texts), _BATCH):
        near = (words[start : start + _BATCH] @ words.T).tocoo()
        close = near.data >= TWIN
        for row, other in zip(near.row[close] + start, near.col[close], strict=True):
            one, two = first_of(int(row)), first_of(int(other))
            parent[max(one, two)] = min(one, two)
    return [first_of(place) for place in range(len(texts))]
