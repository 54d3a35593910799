"""An edited post is decided anew, and nobody is told twice."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.triage import DESK
from classify.decide import decide
from classify.revision import revision, same_decision
from tests.builders import NOON, a_post, a_ticket, a_triage
from tests.codes import ticket_code
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
LATER = NOON + timedelta(hours=2)
LAMP = "Min, lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki"
LAMP_AGAIN = "Min, lampu jalan depan pasar Condongcatur mati sudah TIGA hari, tolong segera diperbaiki ya"
RUBBISH = "Mohon sampah menumpuk di depo Condongcatur belum diangkut truk sampah seminggu"


class World:
    """One post that was decided."""

    def __init__(self, text: str) -> None:
        self.memory = Memory()
        self.posts = InMemoryPostStore(self.memory)
        self.tickets = InMemoryTicketStore(self.memory)
        self.posts.add(a_post(text=text))
        self.decide()

    def decide(self) -> str:
        """Decide as the stream or `follow_up` does."""
        return decide(
            a_post().key,
            posts=self.posts,
            tickets=self.tickets,
            directory=DIRECTORY,
            now=LATER,
            chatter_for=timedelta(days=30),
            code_of=ticket_code,
        )

    def edit(self, text: str) -> None:
        """Let the author edit the text, the poller find it, and the post be decided."""
        assert self.posts.revise(a_post(text=text, fetched_at=LATER))
        self.decide()

    @property
    def post(self) -> Post:
        """Return the post as stored."""
        return self.memory.posts[a_post().key]

    @property
    def told(self) -> list[str]:
        """Return the departments that have a notice."""
        return sorted(notice.department for notice in self.memory.notices.values())


def test_an_edit_that_changes_no_decision_tells_nobody() -> None:
    """The history records the edit, the ticket stays, and there is no second notice."""
    world = World(LAMP)
    [before] = world.memory.tickets.values()
    world.edit(LAMP_AGAIN)
    assert list(world.memory.tickets.values()) == [before]
    assert world.told == ["dishub"]
    assert world.memory.events[-1].move == "edited"
    assert (world.post.state, world.post.text) == ("triaged", LAMP_AGAIN)


def test_an_edit_that_changes_the_decision_tells_the_new_department_once() -> None:
    """The ticket moves under its old code, and only the new department gets a notice."""
    world = World(LAMP)
    [code] = world.memory.tickets
    world.edit(RUBBISH)
    [ticket] = world.memory.tickets.values()
    assert (ticket.code, ticket.department, ticket.version) == (code, "dlh", 2)
    assert world.told == ["dishub", "dlh"]
    world.edit(LAMP)
    assert world.told == ["dishub", "dlh"]


def test_chatter_that_becomes_a_complaint_opens_a_ticket() -> None:
    """A post that was dropped is decided like a new one."""
    world = World("Selamat pagi semuanya, semoga sehat selalu")
    assert not world.memory.tickets
    world.edit(LAMP)
    assert world.told == ["dishub"]


def test_a_complaint_that_becomes_chatter_goes_to_the_desk() -> None:
    """A department was told of it, so a person decides what becomes of the ticket."""
    world = World(LAMP)
    world.edit("Selamat pagi semuanya, semoga sehat selalu")
    [ticket] = world.memory.tickets.values()
    assert (ticket.status, ticket.department) == ("needs_review", DESK)


@pytest.mark.parametrize("status", ["accepted", "in_progress", "resolved", "closed"])
def test_a_ticket_somebody_took_stays_where_it_is(status: str) -> None:
    """A changed decision is only recorded in the history."""
    ticket = a_ticket(status=status)
    change = revision(a_post(), a_triage(), a_triage(department="dlh"), ticket, directory=DIRECTORY, now=LATER)
    assert (change.ticket, change.notices) == (ticket, ())
    assert [event.move for event in change.events] == ["edited"]


def test_how_sure_a_decision_is_does_not_make_it_another() -> None:
    """A decision with other words or another confidence is still the same."""
    assert same_decision(a_triage(), a_triage(confidence=0.1, reasons=("x",), decided_by="y"))


def test_an_edit_is_decided_once() -> None:
    """A stream record that comes twice changes nothing."""
    world = World(LAMP)
    world.edit(RUBBISH)
    before = (dict(world.memory.tickets), dict(world.memory.notices), list(world.memory.events))
    assert world.decide() == "already"
    assert (dict(world.memory.tickets), dict(world.memory.notices), list(world.memory.events)) == before


def test_an_edit_does_not_take_back_a_persons_word() -> None:
    """A ticket that a person corrected stays where it was put, whatever the classifier thinks of the new words."""
    corrected = a_ticket(department="dlh", corrected_at=NOON)
    change = revision(a_post(), a_triage(), a_triage(department="dpupkp"), corrected, directory=DIRECTORY, now=LATER)
    assert (change.ticket, change.notices) == (corrected, ())
    assert [event.move for event in change.events] == ["edited"]
    assert "koreksi petugas tetap berlaku" in change.events[0].why
