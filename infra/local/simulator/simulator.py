"""The simulator itself: a world, its faults and its counts behind one door, whatever server stands before it."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from threading import Lock

from infra.local.simulator import graph
from infra.local.simulator.config import Config
from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.faults import Call
from infra.local.simulator.switchboard import Faults
from infra.local.simulator.world import World


def utc_now() -> datetime:
    """The clock that is used unless a test brings its own."""
    return datetime.now(UTC)


class Simulator:
    """Answers one request at a time.

    Args:
        config: The app and its accounts; the world must be built from the same accounts.
        world: What stands on the channels.
        clock: Gives the time, for new posts and for errors that speak of it.
    """

    def __init__(self, config: Config, world: World, clock: Callable[[], datetime] = utc_now) -> None:
        self.config = config
        self.world = world
        self.faults = Faults()
        self.requests: Counter[str] = Counter()
        self.clock = clock
        self.lock = Lock()  # requests come from several threads; the control routes take it, too

    def answer(self, request: Request) -> Answer:
        """The answer of the Graph API, or of a fault that is on."""
        now = self.clock()
        with self.lock:
            route = graph.route(self.world, request)
            self.requests[route.shape] += 1

            def proceed(passed_on: Request) -> Answer:
                return graph.answer(self.config, self.world, passed_on, now)

            return self.faults.answer(Call(request, route, now, proceed))
