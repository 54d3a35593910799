"""Follow one ticket: read it, take the step that is due, write it with everything that belongs to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from aduan.store.tickets import OutdatedError
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
    if ticket is None or change is None:
        return "already"
    try:
        tickets.move(ticket, change.ticket, at=now, notices=change.notices, event=change.event)
    except OutdatedError:
        return "already"
    return "scheduled" if change.event is None else "stepped"
