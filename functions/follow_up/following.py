"""Follows one ticket: reads it, takes the step that is due, and writes the ticket with everything that follows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from aduan.store.table import OutdatedError
from follow_up.ladder import advance

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.store.tickets import TicketStore

Outcome = Literal["already", "scheduled", "stepped"]
"""``already``: another change came first, or there was nothing to do. ``scheduled``: only the clocks or the time of the
next look changed. ``stepped``: a step was taken, and the history has it."""


def follow(code: str, *, tickets: TicketStore, directory: Directory, now: datetime) -> Outcome:
    """Take the next step of a ticket, if one is due. If the ticket moved meanwhile, nothing is written.

    Raises:
        ClientError: when the table refuses.
    """
    ticket = tickets.get(code)
    change = advance(ticket, directory, now) if ticket is not None else None
    if change is None:
        return "already"
    try:
        tickets.write(change)
    except OutdatedError:
        return "already"
    return "stepped" if change.events else "scheduled"
