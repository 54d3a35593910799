"""What the simulator's page can ask of the stack that polls it: where each post went, and to poll now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from infra.local.simulator.world import Entry


@dataclass(frozen=True)
class Outcome:
    """What became of a post, in the terms of the page."""

    state: str
    """``waiting``, ``quarantine``, ``chatter``, ``ticket`` or ``gone``."""
    ticket: str = ""
    status: str = ""
    department: str = ""
    notices: tuple[str, ...] = ()
    reasons: str = ""
    stored: str = ""
    """The text as the stack stores it, without personal numbers."""


class Desk(Protocol):
    """The stack behind the page."""

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:
        """Return what became of these posts, by native id, or None while there is no stack."""

    def read_now(self) -> str | None:
        """Run the polling schedules; return what went wrong, or None."""


class NoDesk:
    """The desk of a simulator that runs without a stack."""

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:  # noqa: ARG002 # the protocol's
        """Return None: there is no stack to ask."""
        return None

    def read_now(self) -> str | None:
        """Return None: there is nothing to run."""
        return "Tumpukan belum berjalan."
