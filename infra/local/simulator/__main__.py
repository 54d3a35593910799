"""Run the simulator as a process: `python -m infra.local.simulator --config … --posts … --county …`."""

from __future__ import annotations

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from infra.local.simulator.desk import Desk
from infra.local.simulator.input_files import InputError, read_config, read_world
from infra.local.simulator.server import running
from infra.local.simulator.simulator import Simulator, utc_now
from infra.local.simulator.world import WorldError


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; return 1 if a file cannot be used."""
    arguments = _arguments()
    try:
        simulator = _simulator(arguments)
    except (InputError, WorldError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    with running(simulator, arguments.port) as server:
        print(_start_line(simulator, server.graph_url), flush=True)
        stop.wait()
    return 0


def _start_line(simulator: Simulator, url: str) -> str:
    """Describe what is served and what is not; the address comes last."""
    world = simulator.world
    without = ", ".join(f"{count} of {kind}" for kind, count in sorted(world.left_out.items()))
    note = f" (left out, since no such channel is polled: {without})" if without else ""
    return f"The channel simulator serves {len(world.citizen_posts())} citizen posts{note} at {url}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.simulator", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON: version, app_secret, accounts")
    parser.add_argument("--posts", type=Path, required=True, help="JSON lines: the citizens' posts")
    parser.add_argument("--limit", type=int, help="take only so many posts")
    parser.add_argument("--county", type=Path, required=True, help="JSON: the county's own posts and comments")
    parser.add_argument("--stack", type=Path, help="JSON, written later: emulator, table; for the page")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    return parser.parse_args()


def _simulator(arguments: argparse.Namespace) -> Simulator:
    config = read_config(arguments.config)
    world = read_world(config, arguments.posts, arguments.county, utc_now(), arguments.limit)
    return Simulator(config, world, desk=_desk(arguments.stack))


def _desk(stack: Path | None) -> Desk | None:
    """Return the stack behind the page, if there is to be one; only then are the functions' packages imported."""
    if stack is None:
        return None
    from infra.local.watching import StackDesk  # noqa: PLC0415

    return StackDesk(stack)


if __name__ == "__main__":
    sys.exit(main())
