"""One look of `follow_up` at a ticket, and what it says it did."""

from __future__ import annotations

from datetime import timedelta

from aduan.directory_loading import load_directory
from aduan.ticket import Ticket
from follow_up.following import Outcome, follow
from tests.builders import NOON, a_post, a_triage
from tests.codes import opening
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
MUCH_LATER = NOON + timedelta(days=400)


class MovedMeanwhile(InMemoryTicketStore):
    """A table in which somebody else moves each ticket right after it was read."""

    def get(self, code: str) -> Ticket | None:
        """Read, and let the other one write."""
        ticket = super().get(code)
        if ticket is not None:
            self.memory.tickets[code] = ticket.model_copy(update={"version": ticket.version + 1})
        return ticket


def look(tickets: InMemoryTicketStore) -> Outcome:
    """Open a ticket, and look at it long after its first step was due."""
    post = a_post(created_at=NOON)
    InMemoryPostStore(tickets.memory).add(post)
    new = opening(post, a_triage(), DIRECTORY, NOON)
    tickets.write(new)
    return follow(new.ticket.code, tickets=tickets, directory=DIRECTORY, now=MUCH_LATER)


def test_a_step_that_is_due_is_taken() -> None:
    """The history has it."""
    tickets = InMemoryTicketStore(Memory())
    assert look(tickets) == "stepped"


def test_a_ticket_that_moved_meanwhile_is_left_alone() -> None:
    """The other change came first: nothing is written, and no error is raised."""
    tickets = MovedMeanwhile(Memory())
    assert look(tickets) == "already"
    [ticket] = tickets.memory.tickets.values()
    assert ticket.steps == ()
    assert len(tickets.memory.events) == 1, "only the opening"


def test_a_ticket_that_is_not_there_is_left_alone() -> None:
    """A queue may name a ticket that is gone."""
    tickets = InMemoryTicketStore(Memory())
    assert follow("SLM-000000", tickets=tickets, directory=DIRECTORY, now=NOON) == "already"
