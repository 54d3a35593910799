"""All simulated platforms; a new one is a file and a line here."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from infra.local.simulator.graph import GRAPH
from infra.local.simulator.platform import Platform
from infra.local.simulator.rss import RSS
from infra.local.simulator.telegram_relay import TELEGRAM
from infra.local.simulator.x import X
from infra.local.simulator.youtube import YOUTUBE

PLATFORMS: Final[Sequence[Platform]] = (TELEGRAM, X, YOUTUBE, RSS, GRAPH)
EDGES: Final = frozenset().union(*(platform.edges for platform in PLATFORMS))
"""Everything that a fault can be bound to."""


def platform_of(path: str) -> Platform:
    """Return the platform that answers a path; Meta's has no prefix and comes last."""
    return next(platform for platform in PLATFORMS if path.startswith(platform.prefix))
