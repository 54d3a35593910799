"""What every simulated platform offers: routes, answers and refusals."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from infra.local.simulator.config import Config
from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.nodes import Subject
from infra.local.simulator.world import Account, Kind, World

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Route:
    """What a path leads to: the object (if there is one), its account, and the edge or method.

    `shape` is the path without anything that came from outside; requests are counted by it.
    """

    subject: Subject | None
    account: Account | None
    edge: str
    shape: str


@dataclass(frozen=True)
class Bot:
    """What Telegram remembers of a bot."""

    confirmed: int = 0
    """The id of the first update that has not been confirmed."""
    allowed: tuple[str, ...] | None = None
    webhook: str = ""
    sent: tuple[Mapping[str, Any], ...] = ()


@dataclass
class Memory:
    """What the platforms remember of their callers, apart from the posts."""

    bots: dict[str, Bot] = field(default_factory=dict)
    calls: Counter[tuple[str, int]] = field(default_factory=Counter)
    """Calls by account and window of time, for the platforms that report how many are left."""


@dataclass(frozen=True)
class Scene:
    """Everything an answer depends on except the request itself."""

    config: Config
    world: World
    memory: Memory
    now: datetime


@dataclass(frozen=True)
class Call:
    """One request on its way; `proceed` answers it as if no fault were on."""

    request: Request
    route: Route
    platform: Platform
    scene: Scene
    proceed: Callable[[Request], Answer]
    number: int = 0
    """How many calls of the same account the fault has met before this one."""

    @property
    def now(self) -> datetime:
        """The time of the call."""
        return self.scene.now

    @property
    def reads_list(self) -> bool:
        """Whether the call reads a list rather than one object."""
        return self.route.edge in self.platform.lists


@dataclass(frozen=True)
class Platform:
    """One platform; the one without a prefix gets the requests that no other takes."""

    prefix: str
    kinds: frozenset[Kind]
    route: Callable[[World, Request], Route]
    answer: Callable[[Scene, Request], Answer]
    edges: frozenset[str]
    """All names that a fault can be bound to."""
    lists: frozenset[str]
    """Those of the edges that answer with a list."""
    quirks: frozenset[str]
    """The ways to misbehave that this platform's reading can carry out."""
    refusals: Mapping[str, Callable[[Call, Settings], Answer]]
    page_size: str = ""
    """The parameter that limits the length of a page."""
    shortest_page: int = 1
