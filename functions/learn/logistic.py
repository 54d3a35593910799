"""Logistic regression in pure Python: how far a linear model departs from one that is known already.

The weights start from zero and are held there by a penalty on their squares, so what few examples say is believed only
a little. Rounds of two steps lead to them: Newton's method for the few weights that every example shares, and for the
many others coordinate ascent on the dual problem (Shalev-Shwartz and Zhang 2013), one example at a time. Each step is
the best one while all else stays, so there is no rate to choose.
"""

from __future__ import annotations

import math
import operator
import random
from array import array
from collections.abc import Sequence
from typing import Final, NamedTuple

ROUNDS: Final = 5
"""How often each example is visited. Later rounds change the third digit of a logit."""
_NEWTON: Final = 5
_SEED: Final = 0


class Row(NamedTuple):
    """One example as numbers: what is known without learning, values that every example has, and a sparse vector."""

    known: float
    """The logit before anything is learnt."""
    shared: tuple[float, ...]
    places: tuple[int, ...]
    """The places of its features, each once."""
    values: tuple[float, ...]
    """The value of each."""
    right: bool
    weight: float
    """How much the example counts; 0 for not at all."""


class Weights(NamedTuple):
    """What is added to the known logit."""

    shared: list[float]
    sparse: array[float]
    """An array, as it is read 150 times an example: packed numbers are near each other in memory."""

    def added_to(self, row: Row) -> float:
        """Return what is added to the logit of a row."""
        return _dot(self.shared, row.shared) + self.of_sparse(row)

    def of_sparse(self, row: Row) -> float:
        """Return the part of the sparse vector in that."""
        return float(sum(map(operator.mul, map(self.sparse.__getitem__, row.places), row.values)))


def fitted(rows: Sequence[Row], shared: int, size: int, penalty: float) -> Weights:
    """Return the weights that explain the rows best; the same rows give the same weights.

    Args:
        rows: The examples, all with as many shared values.
        shared: How many shared values that is.
        size: Number of sparse features; every place in the rows is below it.
        penalty: How strongly weights are held at zero, above 0.
    """
    counted = [row for row in rows if row.weight > 0]
    weights = Weights([0.0] * shared, array("d", bytes(8 * size)))
    lengths = [_dot(row.values, row.values) / penalty for row in counted]
    given = [0.0] * len(counted)
    order = list(range(len(counted)))
    shuffle = random.Random(_SEED)  # noqa: S311 # an order of visits, nothing secret
    _move_shared(weights, counted, penalty, times=_NEWTON)
    for _ in range(ROUNDS):
        shuffle.shuffle(order)
        for number in order:
            row = counted[number]
            sign = 1.0 if row.right else -1.0
            step = _step(sign * (row.known + weights.added_to(row)), given[number], lengths[number], row.weight)
            given[number] += step
            moved = sign * step / penalty
            for place, value in zip(row.places, row.values, strict=True):
                weights.sparse[place] += moved * value
        _move_shared(weights, counted, penalty, times=1)
    return weights


def _step(agreed: float, given: float, length: float, weight: float) -> float:
    """Return the change of an example's dual variable that is best while all others stay.

    The variable is right when it equals the weight times the probability of the wrong answer. It is `given` now, and
    the logit of the right answer is `agreed`, which each unit of change raises by `length`.
    """
    lowest, highest, step = -given, weight - given, 0.0
    for _ in range(_NEWTON):
        wrong = _logistic(-agreed - step * length)
        excess = given + step - weight * wrong
        if excess > 0:
            highest = step
        else:
            lowest = step
        step -= excess / (1 + weight * length * wrong * (1 - wrong))
        if not lowest <= step <= highest:
            step = (lowest + highest) / 2
    return step


def _move_shared(weights: Weights, rows: Sequence[Row], penalty: float, *, times: int) -> None:
    """Move the shared weights towards their best values while the others stay, by so many steps of Newton's method."""
    width = len(weights.shared)
    others = [row.known + weights.of_sparse(row) for row in rows]
    for _ in range(times):
        slope = [-penalty * weight for weight in weights.shared]
        curve = [[penalty * (one == two) for two in range(width)] for one in range(width)]
        for row, other in zip(rows, others, strict=True):
            likely = _logistic(other + _dot(weights.shared, row.shared))
            missed = row.weight * (row.right - likely)
            bend = row.weight * likely * (1 - likely)
            for one, value in enumerate(row.shared):
                slope[one] += missed * value
                for two in range(width):
                    curve[one][two] += bend * value * row.shared[two]
        for place, move in enumerate(_solved(curve, slope)):
            weights.shared[place] += move


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Solve a few linear equations by elimination. The matrix is symmetric and positive definite."""
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for pivot, row in enumerate(rows):
        for other in rows[:pivot] + rows[pivot + 1 :]:
            factor = other[pivot] / row[pivot]
            for place in range(pivot, len(other)):
                other[place] -= factor * row[place]
    return [row[-1] / row[place] for place, row in enumerate(rows)]


def _dot(one: Sequence[float], two: Sequence[float]) -> float:
    return float(sum(map(operator.mul, one, two)))


def _logistic(logit: float) -> float:
    return 1 / (1 + math.exp(max(-500.0, min(500.0, -logit))))
