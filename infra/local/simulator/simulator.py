"""The simulator itself: a world, its faults and its counts, independent of the server in front of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from infra.local.simulator.config import Config
from infra.local.simulator.desk import Desk, NoDesk
from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.platform import Call, Memory, Scene
from infra.local.simulator.platforms import platform_of
from infra.local.simulator.switchboard import Faults
from infra.local.simulator.world import World


def utc_now() -> datetime:
    """Return the time; the clock that is used unless a test brings its own."""
    return datetime.now(UTC)


class Simulator:
    """Answers one request at a time.

    Args:
        config: The app and its accounts; the world must be built from the same accounts.
        world: What stands on the channels.
        clock: Gives the time, for new posts and for errors that mention it.
        desk: What the page can learn about the stack that reads the channels.
    """

    def __init__(
        self, config: Config, world: World, clock: Callable[[], datetime] = utc_now, desk: Desk | None = None
    ) -> None:
        self.config = config
        self.world = world
        self.memory = Memory()
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.clock = clock
        self.desk = desk or NoDesk()
        self.lock = Lock()  # requests come from several threads; the control routes take the lock, too

    def answer(self, request: Request) -> Answer:
        """Return the answer of the platform that the path leads to, or of a fault that is on."""
        scene = Scene(self.config, self.world, self.memory, self.clock())
        platform = platform_of(request.path)
        with self.lock:
            route = platform.route(self.world, request)
            self.requests[route.shape] += 1

            def proceed(passed_on: Request) -> Answer:
                return platform.answer(scene, passed_on)

            return self.faults.answer(Call(request, route, platform, scene, proceed))
