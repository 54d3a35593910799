"""An author may contradict for a fortnight: the ticket is opened again, once, and no second one is opened."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.notice import Notice
from aduan.ticket import Status, Ticket
from aduan.triage import DESK
from classify.decide import Outcome, decide
from tests import moves
from tests.builders import NOON, a_post, an_event
from tests.codes import ticket_code
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
DAY = timedelta(days=1)
AUTHOR, OTHER = "penulis-1", "penulis-2"
MEDIUM, THREAD = "17900000000000010", "18000000000000077"
COMPLAINT = a_post(author=AUTHOR, parent_id=THREAD)
RESOLVED = NOON + DAY


@dataclass
class County:
    """The ticket of a complaint, resolved on the day after."""

    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.posts, self.tickets = InMemoryPostStore(self.memory), InMemoryTicketStore(self.memory)
        self.memory.posts[COMPLAINT.key] = COMPLAINT
        self.decide(COMPLAINT.key, NOON)
        self.resolve(RESOLVED)
        self.memory.notices.clear()

    @property
    def ticket(self) -> Ticket:
        """The complaint's ticket."""
        return self.memory.tickets[ticket_code(COMPLAINT.key)]

    def move(self, status: Status, at: datetime) -> None:
        """Move the ticket as a department does."""
        before = self.ticket
        after = before.model_copy(update={"status": status, "version": before.version + 1})
        event = an_event(ticket=before.code, move=status, at=at)
        self.tickets.write(moves.moved(before, after, at=at, event=event, post=self.memory.posts[before.post]))

    def resolve(self, at: datetime) -> None:
        """Mark the ticket as resolved."""
        self.move("resolved", at)

    def say(self, text: str, at: datetime = RESOLVED + DAY, **changes: Any) -> str:
        """Write an answer under the complaint; return its key."""
        number = str(len(self.memory.posts))
        answer = a_post(
            **{"native_id": number, "author": AUTHOR, "parent_id": COMPLAINT.native_id, "text": text}
            | {"created_at": at, "fetched_at": at}
            | changes
        )
        self.memory.posts[answer.key] = answer
        return answer.key

    def decide(self, key: str, now: datetime = RESOLVED + DAY) -> Outcome:
        """Decide about a post."""
        return decide(
            key,
            posts=self.posts,
            tickets=self.tickets,
            directory=DIRECTORY,
            now=now,
            chatter_for=timedelta(days=30),
            code_of=ticket_code,
        )


def test_a_contradiction_opens_the_ticket_again() -> None:
    """The ticket is reopened with new limits, the post belongs to it, and no other ticket is opened."""
    county = County()
    key, before = county.say("belum, masih mati min"), county.ticket
    assert county.decide(key) == "joined"
    assert list(county.memory.tickets) == [before.code]
    ticket = county.ticket
    assert (ticket.status, ticket.version, ticket.department) == ("reopened", before.version + 1, "dishub")
    assert ticket.due_at > before.due_at
    assert ticket.take_up_by is not None
    assert county.memory.posts[key].ticket == ticket.code
    assert (ticket.code, key) in county.memory.voices
    assert county.memory.events[-1].move == "reopened"


def test_department_and_desk_are_told_once_per_contradiction() -> None:
    """Each gets a notice of its own, although both knew of the ticket; a second contradiction is told again."""
    county = County()
    county.decide(county.say("masih rusak"))
    first = set(county.memory.notices)
    told = {notice.department for notice in county.memory.notices.values() if isinstance(notice, Notice)}
    assert told == {"dishub", DESK}
    county.resolve(RESOLVED + 2 * DAY)
    county.decide(county.say("isih peteng", RESOLVED + 3 * DAY), RESOLVED + 3 * DAY)
    assert county.ticket.status == "reopened"
    assert len(set(county.memory.notices) - first) == 2


def test_a_closed_ticket_is_opened_again_too() -> None:
    """The author may still contradict after the ticket is closed."""
    county = County()
    county.move("closed", RESOLVED + DAY / 2)
    assert county.decide(county.say("durung min")) == "joined"
    assert county.ticket.status == "reopened"


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("sudah, terima kasih", {}),
        ("belum pernah sebagus ini", {}),
        ("belum, masih mati", {"author": OTHER}),
        ("belum, masih mati", {"author": None}),
        ("belum, masih mati", {"parent_id": None}),
        ("belum, masih mati", {"parent_id": MEDIUM}),
        ("belum, masih mati", {"created_at": RESOLVED - DAY / 24}),
        ("belum, masih mati", {"created_at": RESOLVED + 15 * DAY}),
        ("Tolong! Belum padam, masih kebakaran besar di rumah warga Gamping", {}),
        ("Min sampah di TPS Condongcatur menumpuk, sudah seminggu belum diangkut petugas", {}),
    ],
)
def test_nothing_else_opens_it(text: str, changes: dict[str, Any]) -> None:
    """Thanks, other people, other threads, wrong times, emergencies and other matters do not reopen it."""
    county = County()
    assert county.decide(county.say(text, **changes)) != "joined"
    assert county.ticket.status == "resolved"


def test_the_thread_counts_where_the_complaint_was_an_answer_itself() -> None:
    """Platforms file an answer to an answer under the comment above: the author's next one is found there, too."""
    county = County()
    assert county.decide(county.say("masih gelap", parent_id=THREAD)) == "joined"


def test_until_the_last_day() -> None:
    """The fortnight runs from the resolution to the author's writing, however late that is read."""
    county = County()
    last = RESOLVED + 14 * DAY - timedelta(minutes=1)
    assert county.decide(county.say("belum", last), last + 3 * DAY) == "joined"


@given(st.lists(st.integers(0, 2), min_size=1, max_size=8))
def test_however_often_it_is_delivered_it_opens_once(order: list[int]) -> None:
    """However often several contradictions are delivered, one reopens the ticket and the others join it."""
    county = County()
    keys = [county.say(text) for text in ("belum", "masih mati min", "kok masih gelap")]
    for number in order:
        county.decide(keys[number])
    moves = [event.move for event in county.memory.events]
    assert moves.count("reopened") == 1
    assert moves.count("joined") == len(set(order)) - 1
    assert len(county.memory.notices) == 2
    assert list(county.memory.tickets) == [county.ticket.code]


def test_an_edit_of_what_was_added_moves_nothing() -> None:
    """The ticket follows the post that opened it; an edit of another post is only noted in the history."""
    county = County()
    key = county.say("belum min")
    county.decide(key)
    before = county.ticket
    county.posts.revise(county.memory.posts[key].model_copy(update={"text": "sampah menumpuk", "digest": "lain"}))
    county.decide(key)
    assert county.ticket == before
    assert county.memory.events[-1].move == "edited"


def test_a_deleted_addition_leaves_the_ticket_alone() -> None:
    """The added post's words are removed, while the ticket keeps its own post's link and its notices."""
    county = County()
    key = county.say("belum min")
    county.decide(key)
    before, post = county.ticket, county.memory.posts[key]
    gone = an_event(ticket=before.code, move="source_gone")
    county.tickets.write(moves.erased(post, before, gone, "deleted", RESOLVED + 2 * DAY))
    assert county.memory.posts[key].state == "gone"
    assert county.ticket == before
    assert {notice.state for notice in county.memory.notices.values()} == {"pending"}


def test_only_an_answer_that_contradicts_costs_a_read() -> None:
    """A post that is no answer or no contradiction is decided without looking for a resolved ticket."""
    reads = []
    answers: list[tuple[str, dict[str, Any]]] = [
        ("belum nyala", {"parent_id": None}),
        ("sip min", {}),
        ("belum nyala", {}),
    ]
    for text, changes in answers:
        county = County()
        key = county.say(text, **changes)
        county.memory.reads = 0
        county.decide(key)
        reads.append(county.memory.reads)
    assert reads == [1, 1, 3]


def test_an_author_who_is_quick_is_told_of_as_well() -> None:
    """Resolved and contradicted before `follow_up` looked, the ticket gets new limits and another round."""
    county = County()
    county.decide(county.say("belum"))
    first = county.ticket
    county.resolve(RESOLVED + 2 * DAY)
    at = RESOLVED + 2 * DAY + timedelta(seconds=30)
    county.decide(county.say("masih mati", at), at)
    assert county.ticket.round == first.round + 1
    assert county.ticket.due_at > first.due_at
