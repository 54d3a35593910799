"""Run the simulator as a process: `python -m infra.local.simulator --config … --posts … --county …`."""

import argparse
import signal
import sys
from pathlib import Path
from threading import Event

from infra.local.simulator.input_files import InputError, read_config, read_world
from infra.local.simulator.server import running
from infra.local.simulator.simulator import Simulator, utc_now
from infra.local.simulator.world import WorldError


def main() -> int:
    """Serve until SIGTERM or Ctrl-C; 1 if a file cannot be used."""
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
        posts = len(simulator.world.citizen_posts())
        print(f"The channel simulator serves {posts} citizen posts at {server.graph_url}", flush=True)
        stop.wait()
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local.simulator", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="JSON: version, app_secret, accounts")
    parser.add_argument("--posts", type=Path, required=True, help="JSON lines: the citizens' posts")
    parser.add_argument("--limit", type=int, help="take only so many posts")
    parser.add_argument("--county", type=Path, required=True, help="JSON: the county's own posts and comments")
    parser.add_argument("--port", type=int, default=0, help="0 takes any free port")
    return parser.parse_args()


def _simulator(arguments: argparse.Namespace) -> Simulator:
    config = read_config(arguments.config)
    world = read_world(config, arguments.posts, arguments.county, utc_now(), arguments.limit)
    return Simulator(config, world)


if __name__ == "__main__":
    sys.exit(main())
