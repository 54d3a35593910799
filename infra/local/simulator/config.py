"""What the simulator is told about the county's app and accounts."""

from __future__ import annotations

from dataclasses import dataclass, field

from infra.local.simulator.world import Account


@dataclass(frozen=True)
class Config:
    """The API version that is served, the app's secret, and the county's accounts with their tokens."""

    version: str
    app_secret: str = field(repr=False)
    accounts: tuple[Account, ...]
