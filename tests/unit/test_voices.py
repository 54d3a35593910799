"""A short answer of the author in the thread belongs to the ticket, and every post that joins is counted."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from aduan.ticket import Ticket
from classify.decide import Outcome, decide
from tests import moves
from tests.builders import NOON, a_post, an_event
from tests.codes import ticket_code
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
DAY = timedelta(days=1)
AUTHOR = "penulis-1"
LAMP = a_post(author=AUTHOR)


@dataclass
class Thread:
    """A complaint about a lamp, its ticket, which was resolved the day after, and the answers below it."""

    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.posts, self.tickets = InMemoryPostStore(self.memory), InMemoryTicketStore(self.memory)
        self.memory.posts[LAMP.key] = LAMP
        self.decide(LAMP.key, NOON)
        before = self.ticket
        after = before.model_copy(update={"status": "resolved", "version": before.version + 1})
        event = an_event(ticket=before.code, move="resolved", at=NOON + DAY)
        self.tickets.write(moves.moved(before, after, at=NOON + DAY, event=event, post=self.memory.posts[LAMP.key]))

    @property
    def ticket(self) -> Ticket:
        """The lamp's ticket."""
        return self.memory.tickets[ticket_code(LAMP.key)]

    def decide(self, key: str, now: datetime) -> Outcome:
        """Decide about a post."""
        return decide(
            key,
            posts=self.posts,
            tickets=self.tickets,
            directory=DIRECTORY,
            now=now,
            chatter_for=30 * DAY,
            code_of=ticket_code,
        )

    def answer(self, text: str, **changes: Any) -> Outcome:
        """Write an answer of the author two days after the complaint, and decide about it."""
        number, at = str(len(self.memory.posts)), NOON + 2 * DAY
        fields = {"native_id": number, "author": AUTHOR, "parent_id": LAMP.native_id, "created_at": at} | changes
        post = a_post(text=text, fetched_at=at, **fields)
        self.memory.posts[post.key] = post
        return self.decide(post.key, at)


@pytest.mark.parametrize(
    "text",
    [
        "belum min, masih mati lampunya",
        "masih mati lampu min",
        "durung min, isih mati lampu",
        "Belum, mati lampu lagi",
        "masih gelap, mati lampunya di Condongcatur",
        "belum ada perbaikan min, dari kemarin sampai malam ini masih mati lampu",
        "belum min, masih mati lampunya \U0001f62d\U0001f62d @kabarsleman",
    ],
)
def test_a_few_words_of_the_author_reopen_the_ticket_whatever_topic_they_sound_like(text: str) -> None:
    """Thread and author outweigh the topic of a few words, or of words for both: no ticket is opened at PLN."""
    thread = Thread()
    assert thread.answer(text) == "joined"
    assert (list(thread.memory.tickets), thread.ticket.status) == ([ticket_code(LAMP.key)], "reopened")
    assert {notice.department for notice in thread.memory.notices.values()} == {"dishub", "desk"}


@pytest.mark.parametrize(
    "text",
    [
        "listrik di rumah saya di Gamping padam dari tadi pagi belum nyala",
        "air PDAM di Godean masih mati",
        "listrik rumah saya dari tadi pagi padam dan sampai sekarang belum nyala juga min",
        "Min sampah di TPS Condongcatur menumpuk, sudah seminggu belum diangkut petugas",
    ],
)
def test_a_complaint_of_its_own_gets_its_own_ticket(text: str) -> None:
    """A longer text about another topic, or one that names another place, is no answer."""
    thread = Thread()
    assert thread.answer(text) == "auto"
    assert (len(thread.memory.tickets), thread.ticket.status) == (2, "resolved")


@pytest.mark.parametrize("changes", [{"author": "penulis-2"}, {"parent_id": "17900000000000099"}])
def test_a_few_words_of_others_or_elsewhere_are_no_answer(changes: dict[str, Any]) -> None:
    """Without the author or the thread, the topic decides."""
    thread = Thread()
    assert thread.answer("belum min, masih mati lampunya", **changes) == "auto"
    assert thread.ticket.status == "resolved"


def test_every_post_that_joins_is_another_voice() -> None:
    """One that reopens the ticket counts, and so does one that joins the reopened ticket; a repetition does not."""
    thread = Thread()
    assert thread.ticket.voices == 1
    for number, text in enumerate(("belum min", "masih mati lampunya", "kok masih gelap"), start=2):
        thread.answer(text)
        assert (thread.ticket.voices, len(thread.memory.voices)) == (number, number)
    for key in list(thread.memory.posts):
        assert thread.decide(key, NOON + 3 * DAY) == "already"
    assert thread.ticket.voices == 4
    assert [event.move for event in thread.memory.events][-3:] == ["reopened", "joined", "joined"]


def test_a_post_that_joins_restarts_no_clock() -> None:
    """The reopened ticket keeps its dates and its steps when another post joins."""
    thread = Thread()
    thread.answer("belum min")
    before = thread.ticket
    thread.answer("masih mati")
    assert thread.ticket == before.model_copy(update={"voices": 3, "version": before.version + 1})
