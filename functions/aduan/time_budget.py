"""How long a run may go on talking to platforms."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from aduan.platform_errors import StoppedError

SHARE_OF_TIME: Final = 0.8
"""A run stops reading when this share of its time is spent: the rest is for storing and for the cursor."""


@dataclass(frozen=True)
class TimeBudget:
    """The moment at which a run must stop."""

    clock: Callable[[], float]
    """Returns the seconds of a clock that only moves forward."""
    end: float
    """The moment, on that clock."""

    @classmethod
    def of(cls, clock: Callable[[], float], seconds: float) -> TimeBudget:
        """Return a budget of `SHARE_OF_TIME` of `seconds`, from now on."""
        return cls(clock, clock() + SHARE_OF_TIME * seconds)

    def check(self) -> float:
        """Return the seconds left.

        Raises:
            StoppedError: when none are left.
        """
        left = self.end - self.clock()
        if left <= 0:
            raise StoppedError("time")
        return left
