"""Counts how many posts of a month and channel are in each lane, and how often the learnt gate was wrong."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

from aduan.record import month_of
from aduan.store.table import Table, lanes_partition, to_image, values
from aduan.triage import TICKET_ROUTES

if TYPE_CHECKING:
    from aduan.post import Post
    from aduan.triage import GateMark, Route

LANES: Final[tuple[Route, ...]] = ("review", "question", "drop")
"""The lanes that open no ticket."""
GATE_COUNTS: Final = ("gate_dropped", "gate_sampled", "gate_judged", "gate_missed")
"""What is counted beside the lanes, to estimate the gate's mistakes; see `gate_counts`."""


def lane_counts(table: Table, post: Post, route: Route, gate: GateMark | None = None) -> list[dict[str, Any]]:
    """List the update that counts a post in the lane `route`, and no longer in the one it was in before, if any.

    A post that has a ticket from now on is counted with the tickets, in no lane. In the same item stand the decisions
    that the gate changed, and what people found of those that it sampled: nothing is taken from these again.

    Args:
        table: The table.
        post: The post as it was before the decision.
        route: The decision.
        gate: What the gate changed about the decision, if it was not a person's.
    """
    before = post.triage.route if post.triage is not None and post.ticket is None else None
    moves: Counter[str] = Counter({} if before is None or before in TICKET_ROUTES else {before: -1})
    moves.update({} if route in TICKET_ROUTES else {route: 1})
    moves.update(gate_counts(post, route, gate))
    named = {name: by for name, by in moves.items() if by}
    if not named:
        return []
    return [
        {
            "TableName": table.name,
            "Key": to_image({"pk": lanes_partition(month_of(post.fetched_at)), "sk": post.channel}),
            "UpdateExpression": f"ADD {', '.join(f'#{name} :{name}' for name in named)}",
            "ExpressionAttributeNames": {f"#{name}": name for name in named},
            "ExpressionAttributeValues": values(**named),
        }
    ]


def gate_counts(post: Post, route: Route, gate: GateMark | None) -> dict[str, int]:
    """Return what a decision adds to the counts from which the gate's mistakes are estimated.

    ``gate_dropped`` and ``gate_sampled`` count what it takes for chatter, ``gate_judged`` the samples that a person
    decided about, and ``gate_missed`` those of them that became a ticket.
    """
    if gate is not None:
        return {f"gate_{gate}": 1}
    was = post.triage
    if was is None or post.lane != "review" or was.gate != "sampled":
        return {}
    return {"gate_judged": 1, **({"gate_missed": 1} if route in TICKET_ROUTES else {})}
