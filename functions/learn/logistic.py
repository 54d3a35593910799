"""Logistic regression in pure Python: how far a linear model departs from one that is known already.

The weights start from zero and are held there by a penalty on their squares, so what few examples say is believed only
a little. Solved by coordinate ascent on the dual problem (Shalev-Shwartz and Zhang 2013), one example at a time: each
step is the best one for its example, so there is no rate to choose.
"""

from __future__ import annotations

import math
import operator
import random
from collections.abc import Sequence
from typing import Final, NamedTuple

ROUNDS: Final = 8
"""How often each example is visited. With the penalties used here, later rounds change the third digit."""
_SEED: Final = 0


class Row(NamedTuple):
    """One example as numbers: a sparse vector, and what is known without learning."""

    places: tuple[int, ...]
    """The places of its features, each once."""
    values: tuple[float, ...]
    """The value of each."""
    known: float
    """The logit before anything is learnt."""
    right: bool
    weight: float
    """How much the example counts; 0 for not at all."""


def fitted(rows: Sequence[Row], size: int, penalty: float) -> list[float]:
    """Return the `size` weights that explain the rows best; the same rows give the same weights.

    Args:
        rows: The examples.
        size: Number of features; every place in the rows is below it.
        penalty: How strongly weights are held at zero, above 0.
    """
    weights = [0.0] * size
    counted = [row for row in rows if row.weight > 0 and row.places]
    lengths = [sum(value * value for value in row.values) / penalty for row in counted]
    given = [0.0] * len(counted)
    order = list(range(len(counted)))
    shuffle = random.Random(_SEED)  # noqa: S311 # an order of visits, nothing secret
    for _ in range(ROUNDS):
        shuffle.shuffle(order)
        for number in order:
            row = counted[number]
            sign = 1.0 if row.right else -1.0
            logit = row.known + margin(weights, row)
            wrong = row.weight / (1 + math.exp(max(-500.0, min(500.0, sign * logit))))
            step = (wrong - given[number]) / (1 + row.weight * lengths[number] / 4)
            given[number] += step
            moved = sign * step / penalty
            for place, value in zip(row.places, row.values, strict=True):
                weights[place] += moved * value
    return weights


def margin(weights: Sequence[float], row: Row) -> float:
    """Return what the weights add to the logit of a row."""
    return sum(map(operator.mul, map(weights.__getitem__, row.places), row.values))
