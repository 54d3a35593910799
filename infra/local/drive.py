"""Run the schedules at once instead of waiting for the minute they fire, until everything has settled."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import urllib3

from aduan.store.table import NOTICE_QUEUES, QUEUE_SHARDS, Table, post_key, values
from infra.local.deploy import STACK
from infra.local.machine import Addresses, MachineError

ROUNDS: Final = 20
IDLE_ROUNDS: Final = 3
SETTLE_SECONDS: Final = 180
"""How long to wait for the stream and the senders while nothing moves."""


@dataclass(frozen=True)
class SimulatedPost:
    """A citizen's post as the simulator knows it."""

    key: str
    kind: str
    edge: str


def simulated_posts(addresses: Addresses) -> list[SimulatedPost]:
    """Return every post that the platforms show now, except the county's own."""
    answer = urllib3.request("GET", f"{addresses.simulator}/_simulator/posts", timeout=30)
    return [
        SimulatedPost(key=f"{post['kind']}#{post['native_id']}", kind=post["kind"], edge=post["edge"])
        for post in json.loads(answer.data)["posts"]
    ]


def poll_until_stored(
    posts: Sequence[SimulatedPost], table: Table, run_schedules: Callable[[], None], progress: Callable[[int], None]
) -> int:
    """Poll until every post is stored or a round finds no more; return how many are stored."""
    stored = idle = 0
    for _ in range(ROUNDS):
        run_schedules()
        before, stored = stored, len(table.digests([post_key(post.key) for post in posts]))
        progress(stored)
        # One idle round may mean that one of the stack's own schedules was faster and holds the lease.
        idle = idle + 1 if stored == before else 0
        if stored == len(posts) or idle > IDLE_ROUNDS:
            break
        time.sleep(idle)
    return stored


class Schedules:
    """The deployed schedules, with the function and the input that the template gives each."""

    def __init__(self, scheduler: Any, functions: Any) -> None:
        self._functions = functions
        self._targets: dict[str, dict[str, Any]] = {}
        for listed in scheduler.list_schedules()["Schedules"]:
            if listed["Name"].startswith(STACK):
                schedule = scheduler.get_schedule(Name=listed["Name"], GroupName=listed["GroupName"])
                self._targets[listed["Name"]] = schedule["Target"]

    def run(self, function: str) -> None:
        """Invoke `function` once, with its input, for each schedule that targets it, without waiting between them.

        Raises:
            MachineError: when there is no such schedule, or the function fails.
        """
        targets = [target for target in self._targets.values() if f":{STACK}-{function}-" in target["Arn"]]
        if not targets:
            raise MachineError(f"no schedule runs {function}")
        for target in targets:
            event = json.loads(target.get("Input") or "{}") | {"at_once": True}
            answer = self._functions.invoke(FunctionName=target["Arn"], Payload=json.dumps(event))
            if "FunctionError" in answer:
                raise MachineError(f"{function} failed: {answer['Payload'].read().decode()[:500]}")


def wait_until_settled(table: Table, progress: Callable[[int, int], None]) -> None:
    """Wait until no post is undecided and no notice unsent, as long as something still moves.

    `progress` is called with the number of undecided posts and the number of unsent notices.
    """
    last: tuple[int, int] | None = None
    end = time.monotonic() + SETTLE_SECONDS
    quiet = 0
    while time.monotonic() < end:
        waiting = (waiting_on(table, "POST"), waiting_on(table, "NOTICE"))
        progress(*waiting)
        if waiting != last:
            last, end = waiting, time.monotonic() + SETTLE_SECONDS
        # A post's notice may be written one transaction after its decision, so one empty reading is not enough.
        quiet = quiet + 1 if waiting == (0, 0) else 0
        if quiet > 1:
            return
        time.sleep(0.5)


def waiting_on(table: Table, what: str) -> int:
    """Return how many posts or notices are unfinished."""
    return sum(
        1
        for name in (NOTICE_QUEUES.values() if what == "NOTICE" else [what])
        for number in range(QUEUE_SHARDS)
        for _ in table.query(
            "work_queue = :queue", IndexName="due", ExpressionAttributeValues=values(queue=f"{name}#{number}")
        )
    )
