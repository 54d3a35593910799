"""What a deployment learnt from its desk, as the table keeps it: versions of the gate, and which of them is in force.

The gate decides what is shown to a person and what is chatter. The base model has one of its own, version 0; every
later version corrects it by what the desk decided.
"""

from __future__ import annotations

from typing import Final, Literal

from aduan.record import Moment, Record

BASE: Final = 0
"""The version that stands for the base model alone."""

RunOutcome = Literal["in_force", "kept_aside", "no_better", "too_few"]
"""What became of a run that learns. ``kept_aside``: it is better, but a person chose an older version, so a person puts
it in force. ``no_better``: on decisions that it had not learnt from, it lost more reports than promised or did not show
less. ``too_few``: less was decided than anything can be learnt from."""


class GateVersion(Record):
    """One version, without its weights. Figures are of decisions that it had not learnt from."""

    version: int
    """Counts from 1."""
    model: str
    """Hash of the base model that it belongs to; with another one it is not used."""
    made_at: Moment
    decisions: int
    """How many decisions it was made of."""
    reports: int
    """How many of them were complaints and requests."""
    chatter: int
    """How many were chatter."""
    base_shown: int
    """How many of the chatter the base model alone shows to a person."""
    base_lost: int
    """How many of the reports the base model alone drops."""
    shown: int
    """How many of the chatter this version shows."""
    lost: int
    """How many of the reports it drops."""
    sentence: str
    """What it learnt and what that costs, in Indonesian."""


class GateInForce(Record):
    """Which version decides."""

    version: int = BASE
    at: Moment | None = None
    """Since when; None when nobody and nothing has chosen yet."""
    by: str | None = None
    """The person who chose it; None when a run did."""
    held: bool = False
    """True when a person went back to it: later versions are kept aside until a person chooses again."""


class GateRun(Record):
    """The last run that learnt."""

    at: Moment
    outcome: RunOutcome
    decisions: int
    """How many decisions there were to learn from."""
    version: int | None = None
    """The version that it made; None when it made none."""
    sentence: str
    """What the desk is told of it, in Indonesian."""
