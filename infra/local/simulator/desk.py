"""What the simulator's page can learn about the stack that reads it: where each post went, and how to read now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.local.simulator.world import Entry


@dataclass(frozen=True)
class Outcome:
    """What became of a post, in words of the page."""

    state: str
    """``waiting``, ``quarantine``, ``chatter``, ``ticket`` or ``gone``."""
    ticket: str = ""
    status: str = ""
    department: str = ""
    notices: tuple[str, ...] = ()
    reasons: str = ""
    stored: str = ""
    """The text as it is kept, without personal numbers."""


class Desk(Protocol):
    """The stack behind the page."""

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:
        """What became of these posts, by native id; None as long as there is no stack."""

    def read_now(self) -> str | None:
        """Run the polling schedules; return what went wrong."""


class NoDesk:
    """The simulator on its own."""

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:  # noqa: ARG002 # the protocol's
        """Nobody knows."""
        return None

    def read_now(self) -> str | None:
        """Nobody reads."""
        return "Tumpukan belum berjalan."
