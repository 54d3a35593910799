"""Find near-duplicates, so that no model is scored on a text that says nearly the same as one it learnt from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from sklearn.feature_extraction.text import TfidfVectorizer

from infra.training.example import Example

SIMILARITY: Final = 0.6
"""Two texts are near-duplicates from this cosine of their words on; they stay on one side of every split."""
_BATCH: Final = 1000


def with_groups(examples: Sequence[Example]) -> list[Example]:
    """Return the texts with their groups of near-duplicates, each named after the first of its texts."""
    firsts = near_duplicates([example.text for example in examples])
    return [
        example.model_copy(update={"group": examples[first].id})
        for example, first in zip(examples, firsts, strict=True)
    ]


def near_duplicates(texts: Sequence[str]) -> list[int]:
    """Return, for each text, the place of the first of its near-duplicates; its own when it has none.

    A near-duplicate of a near-duplicate counts as one as well, so texts with the same place are a group.
    """
    if not texts:
        return []
    parent = list(range(len(texts)))

    def first_of(place: int) -> int:
        while parent[place] != place:
            parent[place] = parent[parent[place]]
            place = parent[place]
        return place

    # The added letter gives a vector even to a text without any word.
    words = TfidfVectorizer(token_pattern=r"\w+", binary=True).fit_transform([f"{text} ø" for text in texts])  # noqa: S106
    for start in range(0, len(texts), _BATCH):
        near = (words[start : start + _BATCH] @ words.T).tocoo()
        close = near.data >= SIMILARITY
        for row, other in zip(near.row[close] + start, near.col[close], strict=True):
            one, two = first_of(int(row)), first_of(int(other))
            parent[max(one, two)] = min(one, two)
    return [first_of(place) for place in range(len(texts))]
