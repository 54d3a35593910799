"""What a link can still do: the ticket may have moved on since the mail was sent. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Literal

from aduan.action_token import ASKED
from aduan.ticket import MOVES, Event, Status, Ticket

if TYPE_CHECKING:
    from aduan.action_token import Action, ActionToken

LinkState = Literal["open", "already", "moved", "resolved", "closed", "withdrawn", "undecided", "missing"]
"""``open``: it can be done. ``already``: it was. ``moved``: somebody else has the ticket. ``resolved``: the department
has said that it is done. ``closed``, ``withdrawn``: nothing is followed up any more. ``undecided``: the desk looks at
it. ``missing``: there is no such ticket."""

DONE: Final[dict[Action, frozenset[Status]]] = {
    "accept": frozenset({"accepted", "in_progress"}),
    "done": frozenset({"resolved"}),
    "not_ours": frozenset(),
}
"""Where a ticket stands that its department did this with."""
_ENDED: Final[dict[Status, LinkState]] = {
    "resolved": "resolved",
    "closed": "closed",
    "rejected": "withdrawn",
    "duplicate": "withdrawn",
}


@dataclass(frozen=True)
class Found:
    """What a link meets."""

    state: LinkState
    since: datetime | None = None
    """When that was written down, as far as it was a move."""


def signature(department: str) -> str:
    """Who did something by a link, as the history names it: ``tautan:dishub``."""
    return f"tautan:{department}"


def link_state(token: ActionToken, ticket: Ticket | None, history: Sequence[Event]) -> Found:
    """Say what becomes of a link that is followed now.

    Args:
        token: What the link asks for.
        ticket: As it is; None when there is none.
        history: Its events, in the order of time.
    """
    if ticket is None:
        return Found("missing")
    if ticket.department != token.department:
        refused = _last(history, frozenset({"not_ours"}), signature(token.department))
        again = token.action == "not_ours" and refused is not None
        return Found("already", refused) if again else Found("moved")
    if ticket.status in DONE[token.action]:
        return Found("already", _last(history, DONE[token.action]))
    if ASKED[token.action] in MOVES[ticket.status]:
        return Found("open")
    return Found(_ENDED.get(ticket.status, "undecided"), _last(history, frozenset({ticket.status})))


def _last(history: Sequence[Event], moves: frozenset[Status], by: str | None = None) -> datetime | None:
    """When the last of these moves was made."""
    return next(
        (event.at for event in reversed(history) if event.move in moves and by in {None, event.by}),
        None,
    )
