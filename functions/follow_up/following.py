"""Follow one ticket: read it, take the step that is due, write it with everything that belongs to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from aduan.store.table import OutdatedError
from follow_up.ladder import advance

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.store.tickets import TicketStore

Outcome = Literal["already", "scheduled", "stepped"]
"""``already``: somebody else was faster, or there was nothing to do; ``scheduled``: only the time of the next look
changed; ``stepped``: something happened that is in the history."""


def follow(code: str, *, tickets: TicketStore, directory: Directory, now: datetime) -> Outcome:
    """Take the next step of a ticket, if one is due. What is refused because the ticket moved is due again.

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
