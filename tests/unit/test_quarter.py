"""A quarter of a year with Lebaran in it: every step falls on the day that was worked out by hand.

Days off in 2027: 5 February (Friday, Imlek), 8 to 12 and 15 March (Nyepi and Lebaran with joint leave, from a Monday to
the next), 25 and 26 March (Thursday and Friday before Easter), 6 May (Thursday). `follow_up` runs every five minutes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from types import SimpleNamespace
from typing import Any, Final

import pytest

from aduan.directory_loading import load_directory
from aduan.record import WIB
from aduan.ticket import MOVES, Event, Ticket
from aduan.triage import DESK
from follow_up.following import follow
from follow_up.redrive import Redrive
from notify.delivery import Delivery, Senders
from tests import moves
from tests.builders import a_post, a_triage
from tests.codes import opening
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Memory
from tests.unit.fakes_notify import FakeMail, FakeSms, a_contact

DIRECTORY: Final = load_directory()
PRODUCTION: Final = SimpleNamespace(stage="prod", override_email="", override_phone="")
RUN: Final = timedelta(minutes=5)


def wib(day: str, hour: str = "08:00") -> datetime:
    """Return a time in 2027: ``wib("17 Mar")``, ``wib("6 Mar", "23:00")``."""
    return datetime.strptime(f"{day} 2027 {hour}", "%d %b %Y %H:%M").replace(tzinfo=WIB)


@dataclass(frozen=True)
class Case:
    """A ticket: when it is opened, what people do with it, and the ladder's expected steps."""

    opened: datetime
    triage: dict[str, Any]
    expected: Sequence[tuple[datetime, str]]
    moves: Sequence[tuple[datetime, dict[str, str]]] = ()


CASES: Final = {
    # 5 working days: 2, 3, 4, 5, 16 March; 13: 17, 18, 19, 22, 23, 24, 29, 30 March.
    "a complaint nobody touches": Case(
        wib("1 Mar", "10:00"),
        {},
        [
            (wib("5 Mar"), "reminded"),
            (wib("17 Mar"), "escalated:head"),
            (wib("29 Mar"), "reminded:due"),
            (wib("31 Mar"), "escalated:sekda"),
            (wib("7 Apr"), "escalated:forum"),
        ],
    ),
    # 3 working days: 16, 17, 18 March; 13: 5 April.
    "a ticket left at the desk": Case(
        wib("5 Mar", "15:00"),
        {"route": "desk", "department": None},
        [
            (wib("17 Mar"), "reminded"),
            (wib("19 Mar"), "escalated:head"),
            (wib("2 Apr"), "reminded:due"),
            (wib("6 Apr"), "escalated:sekda"),
            (wib("13 Apr"), "escalated:forum"),
        ],
    ),
    # 5 working days from a Saturday: 16, 17, 18, 19, 22 March.
    "a question": Case(
        wib("6 Mar", "09:00"),
        {"kind": "question"},
        [
            (wib("19 Mar"), "reminded:due"),
            (wib("23 Mar"), "escalated:head"),
            (wib("24 Mar"), "escalated:sekda"),
            (wib("1 Apr"), "escalated:forum"),
        ],
    ),
    # 5 working days: 5, 16, 17, 18, 19 March. Ten after 23 March: 24, 29, 30, 31 March, 1, 2, 5, 6, 7, 8 April.
    "something urgent, accepted, late, and resolved in the end": Case(
        wib("4 Mar", "11:00"),
        {"urgency": "urgent"},
        [
            (wib("18 Mar"), "reminded:due"),
            (wib("22 Mar"), "escalated:sekda"),
            (wib("8 Apr", "16:00"), "closed"),
        ],
        [(wib("4 Mar", "14:00"), {"status": "accepted"}), (wib("23 Mar", "10:00"), {"status": "resolved"})],
    ),
    # 5 working days: 2, 3, 4, 8, 9 February; 60: 10 May.
    "alleged abuse": Case(
        wib("1 Feb", "09:00"),
        {"department": "inspektorat"},
        [
            (wib("8 Feb"), "reminded"),
            (wib("10 Feb"), "escalated:head"),
            (wib("7 May"), "reminded:due"),
            (wib("11 May"), "escalated:head"),
        ],
    ),
    "an emergency nobody takes, on a Saturday night before Lebaran": Case(
        wib("6 Mar", "23:00"),
        {"urgency": "emergency"},
        [
            (wib("6 Mar", "23:15"), "reminded"),
            (wib("6 Mar", "23:30"), "escalated:head"),
            (wib("7 Mar", "01:00"), "escalated:sekda"),
            (wib("16 Mar"), "reminded:due"),
            (wib("23 Mar"), "escalated:forum"),
        ],
    ),
    # Ten working days after 4 March: 5, 16, 17, 18, 19, 22, 23, 24, 29, 30 March.
    "an emergency taken in time, reported as done the next day": Case(
        wib("3 Mar", "12:00"),
        {"urgency": "emergency"},
        [(wib("4 Mar"), "reminded:due"), (wib("30 Mar", "16:00"), "closed")],
        [(wib("3 Mar", "12:10"), {"status": "accepted"}), (wib("4 Mar", "10:00"), {"status": "resolved"})],
    ),
    # 5 working days: 3, 4, 5, 16, 17 March.
    "what is an outside owner's": Case(
        wib("2 Mar", "09:00"), {"department": "pln", "ours": False}, [(wib("18 Mar"), "reminded")]
    ),
    # 5 working days from 4 March: 5, 16, 17, 18, 19 March; due as it was.
    "a complaint that was sent to the wrong department first": Case(
        wib("1 Mar", "10:00"),
        {"department": "dpupkp"},
        [
            (wib("18 Mar"), "reminded"),
            (wib("22 Mar"), "escalated:head"),
            (wib("29 Mar"), "reminded:due"),
            (wib("31 Mar"), "escalated:sekda"),
            (wib("7 Apr"), "escalated:forum"),
        ],
        [
            (wib("4 Mar", "09:55"), {"status": "needs_review", "department": DESK}),
            (wib("4 Mar", "10:00"), {"status": "routed", "department": "dlh"}),
        ],
    ),
    # Opened again on 8 February: 9, 10, 11, 12, 15; then 16, 17, 18, 19, 22, 23, 24, 25 February.
    "what was not done after all": Case(
        wib("1 Feb", "09:00"),
        {},
        [
            (wib("12 Feb"), "reminded"),
            (wib("16 Feb"), "escalated:head"),
            (wib("24 Feb"), "reminded:due"),
            (wib("26 Feb"), "escalated:sekda"),
            (wib("5 Mar"), "escalated:forum"),
        ],
        [(wib("3 Feb", "10:00"), {"status": "resolved"}), (wib("8 Feb", "10:00"), {"status": "reopened"})],
    ),
}
TOLD: Final = {
    "a complaint nobody touches": {
        (wib("5 Mar"), "dishub@sleman.example"),
        (wib("17 Mar"), "dishub@sleman.example"),
        (wib("17 Mar"), "dishub.head@sleman.example"),
        (wib("17 Mar"), "+62811000011"),
        (wib("29 Mar"), "dishub@sleman.example"),
        (wib("31 Mar"), "dishub.head@sleman.example"),
        (wib("31 Mar"), "setda.head@sleman.example"),
        (wib("7 Apr"), "desk@sleman.example"),
    },
    "alleged abuse": {
        (wib("8 Feb"), "inspektorat@sleman.example"),
        (wib("10 Feb"), "inspektorat@sleman.example"),
        (wib("10 Feb"), "inspektorat.head@sleman.example"),
        (wib("7 May"), "inspektorat@sleman.example"),
        (wib("11 May"), "inspektorat@sleman.example"),
        (wib("11 May"), "inspektorat.head@sleman.example"),
    },
    "an emergency nobody takes, on a Saturday night before Lebaran": {
        (wib("6 Mar", "23:15"), "dishub@sleman.example"),
        (wib("6 Mar", "23:15"), "+62811000006"),
        (wib("6 Mar", "23:30"), "dishub.head@sleman.example"),
        (wib("6 Mar", "23:30"), "+62811000011"),
        (wib("6 Mar", "23:30"), "desk@sleman.example"),
        (wib("7 Mar", "01:00"), "setda.head@sleman.example"),
        (wib("7 Mar", "01:00"), "+62811000010"),
        (wib("7 Mar", "01:00"), "desk@sleman.example"),
        (wib("16 Mar"), "dishub@sleman.example"),
        (wib("23 Mar"), "desk@sleman.example"),
    },
    "what is an outside owner's": {(wib("18 Mar"), "desk@sleman.example")},
}
"""For some cases: when each step is taken, and who is told."""


@dataclass
class County:
    """The table and the providers; `follow_up` alone does the work."""

    memory: Memory = field(default_factory=Memory)
    now: datetime = field(default=wib("1 Feb", "08:00"))
    opened: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.stores = stores_of(self.memory)
        senders = Senders(FakeMail(), FakeSms())
        self.delivery = Delivery(self.stores, senders, DIRECTORY, PRODUCTION, clock=lambda: self.now)
        contacts = ("dishub", "dpupkp", "dlh", "inspektorat", "pln", DESK)
        for code in (*contacts, *(f"{code}.head" for code in contacts), "setda.head"):
            self.stores.contacts.put(a_contact(code))

    def open(self, name: str, case: Case) -> None:
        """Open a ticket as the classifier does."""
        post = a_post(native_id=str(len(self.opened)), created_at=self.now, fetched_at=self.now)
        triage = a_triage(**case.triage)
        self.stores.posts.add(post)
        new = opening(post, triage, DIRECTORY, self.now)
        self.stores.tickets.write(new)
        self.opened[name] = new.ticket.code

    def move(self, name: str, changes: dict[str, str]) -> None:
        """Move a ticket as a person does, who leaves the clocks alone."""
        ticket = self.ticket(name)
        assert changes["status"] in MOVES[ticket.status]
        after = ticket.model_copy(update={**changes, "version": ticket.version + 1})
        event = Event(ticket=ticket.code, at=self.now, move=changes["status"], by="petugas", why="")
        self.stores.tickets.write(
            moves.moved(ticket, after, at=self.now, event=event, post=self.memory.posts[ticket.post])
        )

    def follow_up(self) -> None:
        """One run."""
        redrive = Redrive(decide=str, follow=self._follow, delivery=self.delivery)
        done = redrive.run(
            [], self.stores.tickets.due(self.now), self.stores.notices.left_behind(self.now), lambda: True
        )
        assert not done.faults

    def ticket(self, name: str) -> Ticket:
        """Return a case's ticket as stored now."""
        return self.memory.tickets[self.opened[name]]

    def steps(self, name: str) -> list[tuple[datetime, str]]:
        """Return what `follow_up` did, to the minute."""
        events = [
            event for event in self.memory.events if event.ticket == self.opened[name] and event.by == "follow_up"
        ]
        return [(event.at.astimezone(WIB), event.move) for event in events]

    def told(self, name: str) -> set[tuple[datetime, str]]:
        """Who was told with a step, and when it was taken."""
        notices = [notice for which, notice in self.memory.notices.items() if which.subject == self.opened[name]]
        assert {notice.state for notice in notices} == {"sent"}
        return {
            (notice.created_at.astimezone(WIB), notice.recipient or "")
            for notice in notices
            if notice.key.count("#") > 1
        }

    def _follow(self, code: str) -> str:
        return follow(code, tickets=self.stores.tickets, directory=DIRECTORY, now=self.now)


@cache
def the_quarter() -> County:
    """Play the quarter from 1 February to 15 May."""
    county = County()
    openings = sorted((case.opened, name) for name, case in CASES.items())
    moves = sorted(
        ((at, name, changes) for name, case in CASES.items() for at, changes in case.moves), key=lambda move: move[0]
    )
    while county.now < wib("15 May"):
        while openings and openings[0][0] <= county.now:
            _, name = openings.pop(0)
            county.open(name, CASES[name])
        while moves and moves[0][0] <= county.now:
            _, name, changes = moves.pop(0)
            county.move(name, changes)
        county.follow_up()
        county.now += RUN
    return county


@pytest.mark.parametrize("name", CASES)
def test_every_step_falls_on_the_day_worked_out_by_hand(name: str) -> None:
    """Each step is taken once, in office hours except in an emergency, and none after its clock has stopped."""
    assert the_quarter().steps(name) == CASES[name].expected


@pytest.mark.parametrize("name", TOLD)
def test_every_step_tells_those_whom_it_concerns(name: str) -> None:
    """Each reader is told once, by the directory's medium; alleged abuse is told to the Inspektorat alone."""
    assert the_quarter().told(name) == TOLD[name]


def test_nothing_waits_for_ever_at_the_end_of_the_quarter() -> None:
    """The tickets that reach the forum are exactly those on its list, and no look is due any more."""
    county = the_quarter()
    assert list(county.stores.tickets.due(datetime.max.replace(tzinfo=UTC))) == []
    left = {name for name in CASES if county.ticket(name).on_forum_list}
    assert left == {name for name, case in CASES.items() if case.expected[-1][1] == "escalated:forum"}
