"""Works out what a link can still do, as the ticket may have moved on since the mail was sent. Pure."""

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
"""``open``: the action can be done. ``already``: it was done. ``moved``: somebody else has the ticket. ``resolved``:
the department has said that the matter is done. ``closed``, ``withdrawn``: the ticket is no longer followed up.
``undecided``: the desk is looking at it. ``missing``: there is no such ticket."""

DONE: Final[dict[Action, frozenset[Status]]] = {
    "accept": frozenset({"accepted", "in_progress"}),
    "done": frozenset({"resolved"}),
    "not_ours": frozenset(),
}
"""Statuses of a ticket with which its department has already done the action."""
_ENDED: Final[dict[Status, LinkState]] = {
    "resolved": "resolved",
    "closed": "closed",
    "rejected": "withdrawn",
    "duplicate": "withdrawn",
}


@dataclass(frozen=True)
class Found:
    """The state of a link, and since when."""

    state: LinkState
    since: datetime | None = None
    """When the move that led to this state was made; None when no single move did."""


def signature(department: str) -> str:
    """Return the name under which the history lists what a department did by a link: ``tautan:dishub``."""
    return f"tautan:{department}"


def link_state(token: ActionToken, ticket: Ticket | None, history: Sequence[Event]) -> Found:
    """Return what a link can still do now.

    Args:
        token: What the link asks for.
        ticket: The ticket as it is; None when there is none.
        history: The ticket's events, oldest first.
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
    """Return when the last of these moves was made, by anybody or only by `by`; None when there is none."""
    return next(
        (event.at for event in reversed(history) if event.move in moves and by in {None, event.by}),
        None,
    )
