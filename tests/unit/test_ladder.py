"""Each step of the ladder is taken once, none is skipped, and none follows after its clock has stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.deadlines import deadline_of, finish_by, next_step, started
from aduan.directory import OUTSIDE, Step
from aduan.directory_loading import load_directory
from aduan.notice import Notice
from aduan.record import WIB
from aduan.ticket import MOVES, OPEN, WAITING, Event, Status, Ticket, clock_of
from aduan.triage import DESK
from aduan.working_days import due_at, is_working_day
from follow_up.following import follow
from follow_up.ladder import EVENTS, advance
from tests import moves
from tests.builders import NOON, a_post, a_triage
from tests.codes import opening
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
HOUR = timedelta(hours=1)
YEAR = timedelta(days=400)


def a_new_ticket(now: datetime = NOON, **triage: Any) -> Ticket:
    """Return a ticket as the classifier opens it."""
    return opening(a_post(created_at=now), a_triage(**triage), DIRECTORY, now).ticket


def steps(ticket: Ticket) -> tuple[Step, ...]:
    """Return the ladder of a ticket in its present state."""
    deadline = deadline_of(ticket.department, ticket.urgency, ticket.kind, DIRECTORY)
    return DIRECTORY.ladders[OUTSIDE if ticket.status == "not_ours" else deadline.ladder].steps


@dataclass
class Follower:
    """A ticket in the table, people who move it, and `follow_up`, which looks when something is due."""

    now: datetime = NOON
    memory: Memory = field(default_factory=Memory)
    taken: list[tuple[Ticket, str, datetime]] = field(default_factory=list)
    """For each step: the ticket before it, the step's name, and its time."""

    def __post_init__(self) -> None:
        self.tickets = InMemoryTicketStore(self.memory)

    def open(self, **triage: Any) -> None:
        """Open the ticket."""
        post = a_post(created_at=self.now, fetched_at=self.now)
        InMemoryPostStore(self.memory).add(post)
        new = opening(post, a_triage(**triage), DIRECTORY, self.now)
        self.tickets.write(new)

    @property
    def ticket(self) -> Ticket:
        """The ticket as stored now."""
        return next(iter(self.memory.tickets.values()))

    def move(self, **changes: str) -> None:
        """Move the ticket as a person does, who leaves the clocks alone."""
        ticket = self.ticket
        after = ticket.model_copy(update={**changes, "version": ticket.version + 1})
        event = Event(ticket=ticket.code, at=self.now, move=after.status, by="petugas", why="")
        self.tickets.write(moves.moved(ticket, after, at=self.now, event=event, post=self.memory.posts[ticket.post]))

    def wait(self, span: timedelta) -> None:
        """Let time pass; each look is made when it is due."""
        until = self.now + span
        while (at := self.ticket.act_at) is not None and at <= until and not self._listed():
            self.now = max(self.now, at)
            self.look()
        self.now = until

    def look(self) -> None:
        """Let `follow_up` look once; none of the notices it makes may have been made before."""
        before, told = self.ticket, set(self.memory.notices)
        change = advance(before, DIRECTORY, self.now)
        if change is not None:
            assert not told & {(notice.ticket, notice.key) for notice in change.notices}
        follow(before.code, tickets=self.tickets, directory=DIRECTORY, now=self.now)
        new = [step for step in self.ticket.steps if step not in before.steps]
        assert len(new) <= 1
        self.taken += [(before, step, self.now) for step in new]

    def _listed(self) -> bool:
        return self.ticket.code not in set(self.tickets.due(datetime.max.replace(tzinfo=NOON.tzinfo)))


SPANS = st.one_of(
    st.integers(1, 90).map(lambda minutes: timedelta(minutes=minutes)),
    st.integers(1, 400).map(lambda hours: timedelta(hours=hours)),
)
ACTIONS = st.lists(
    st.one_of(
        SPANS,
        st.sampled_from(get_args(Status)),
        st.sampled_from([{"urgency": "urgent"}, {"urgency": "emergency"}, {"kind": "question"}]),
    ),
    max_size=12,
)


@settings(max_examples=300)
@given(
    triage=st.fixed_dictionaries(
        {
            "department": st.sampled_from(["dishub", "inspektorat", "pln"]),
            "urgency": st.sampled_from(["normal", "urgent", "emergency"]),
            "kind": st.sampled_from(["complaint", "question"]),
            "route": st.sampled_from(["auto", "desk"]),
        }
    ),
    minute=st.integers(0, 100_000),
    actions=ACTIONS,
)
def test_whatever_happens_each_step_is_taken_once_in_its_time(
    triage: dict[str, Any], minute: int, actions: list[Any]
) -> None:
    """No step is taken twice or after its clock has stopped, and once nothing else happens, none is left out."""
    ours = triage["department"] != "pln"
    follower = Follower(now=NOON + timedelta(minutes=minute))
    follower.open(**{**triage, "ours": ours, **({"department": None} if triage["route"] == "desk" else {})})
    for action in actions:
        ticket = follower.ticket
        if isinstance(action, timedelta):
            follower.wait(action)
        elif isinstance(action, str) and action in MOVES[ticket.status]:
            department = {"needs_review": DESK, "routed": "dlh", "not_ours": "pln"}.get(action, ticket.department)
            follower.move(status=action, department=department)
        elif isinstance(action, dict) and ticket.status in OPEN:
            follower.move(**action)
    follower.wait(YEAR)
    _each_in_its_time(follower)
    _none_left_out(follower)


def _each_in_its_time(follower: Follower) -> None:
    rounds = [(before.round, step) for before, step, _ in follower.taken]
    assert len(rounds) == len(set(rounds))
    for before, taken, at in follower.taken:
        assert before.clock == clock_of(before)
        running = [
            step
            for step in steps(before)
            if step.name == taken and (step.clock == "finish" or before.take_up_by is not None)
        ]
        assert running
        if all(step.clock == "take_up" for step in running):
            assert before.status in WAITING | {"not_ours"}
        else:
            assert before.status in OPEN
        if all(step.minutes is None for step in running):
            local = at.astimezone(WIB)
            assert is_working_day(local.date())
            assert time(8) <= local.time() < time(16)


def _none_left_out(follower: Follower) -> None:
    ticket = follower.ticket
    if ticket.on_forum_list:
        assert ticket.status in OPEN
    elif ticket.status in OPEN:
        clocks = {"finish"} | ({"take_up"} if ticket.status in WAITING and ticket.take_up_by is not None else set())
        assert {step.name for step in steps(ticket) if step.clock in clocks} <= set(ticket.steps)
        assert not any(step.name == "forum" for step in steps(ticket))
    else:
        assert ticket.status != "resolved"
        assert ticket.act_at is None


def test_a_warning_comes_before_the_breach() -> None:
    """A limit in working days is warned about one working day before, a limit in minutes at half time."""
    calm, fire = a_new_ticket(), a_new_ticket(urgency="emergency")
    for ticket in (calm, fire):
        step = next_step(ticket, DIRECTORY)
        assert step is not None
        assert step.step.name == "remind"
        assert ticket.take_up_by is not None
        assert step.at < ticket.take_up_by
    assert fire.act_at == NOON + timedelta(minutes=15)


def test_after_an_outage_nobody_is_told_twice_a_day() -> None:
    """After `follow_up` was down for a month, the due steps come one per working day, in their order."""
    follower = Follower()
    follower.open()
    follower.now = NOON + timedelta(days=40)
    while not follower.ticket.on_forum_list:
        follower.look()
        follower.now += HOUR
    assert [step for _, step, _ in follower.taken] == ["remind", "head", "remind_due", "sekda", "forum"]
    days = [at.astimezone(WIB).date() for _, _, at in follower.taken]
    assert len(set(days)) == len(days)


def test_a_step_that_comes_due_at_night_waits_for_the_office() -> None:
    """A late run of `follow_up` sends no reminder in the evening."""
    ticket = a_new_ticket()
    assert ticket.act_at is not None
    change = advance(ticket, DIRECTORY, ticket.act_at + 10 * HOUR)
    assert change is not None
    assert (change.events, change.notices) == ((), ())
    assert change.ticket.version == ticket.version
    assert change.ticket.act_at is not None
    assert change.ticket.act_at.astimezone(WIB).time() == time(8)


def test_another_department_has_its_own_time_and_its_own_head() -> None:
    """A ticket that moves is warned about anew; its due date stays."""
    follower = Follower()
    follower.open(department="dpupkp")
    follower.wait(timedelta(days=9))
    assert [step for _, step, _ in follower.taken] == ["remind", "head"]
    due = follower.ticket.due_at
    follower.move(status="needs_review", department=DESK)
    follower.move(status="routed", department="dlh")
    moved = follower.now
    follower.look()
    assert (follower.ticket.steps, follower.ticket.due_at) == ((), due)
    assert follower.ticket.take_up_by == due_at(moved, DIRECTORY.limits["respond"])
    follower.wait(timedelta(days=9))
    assert [step for _, step, _ in follower.taken[2:]] == ["remind", "remind_due", "head"]
    heads = {notice.department for notice in _steps(follower) if notice.role == "head"}
    assert heads == {"dpupkp", "dlh"}


def test_what_the_sekda_heard_once_is_not_told_again_for_another_department() -> None:
    """The county already knows; only a reopened ticket starts again."""
    follower = Follower()
    follower.open()
    follower.wait(timedelta(days=20))
    assert [step for _, step, _ in follower.taken][-1] == "sekda"
    follower.move(status="needs_review", department=DESK)
    follower.move(status="routed", department="dlh")
    follower.wait(timedelta(days=60))
    assert [step for _, step, _ in follower.taken].count("sekda") == 1
    follower.move(status="resolved")
    follower.wait(HOUR)
    follower.move(status="reopened")
    reopened = follower.now
    follower.look()
    deadline = DIRECTORY.deadlines["normal"]
    assert follower.ticket.due_at == finish_by(reopened, deadline, DIRECTORY)
    follower.wait(timedelta(days=60))
    assert [step for _, step, _ in follower.taken].count("sekda") == 2


def test_an_acceptance_withdraws_the_reminder_that_was_not_sent() -> None:
    """A department is not reminded of what it did while the reminder waited."""
    follower = Follower()
    follower.open()
    while not follower.taken:
        follower.wait(HOUR)
    assert {notice.state for notice in _steps(follower)} == {"pending"}
    follower.move(status="accepted")
    assert {notice.state for notice in _steps(follower)} == {"withdrawn"}


def test_alleged_abuse_is_told_to_the_inspektorat_alone() -> None:
    """The ladder tells neither the Sekda nor the forum nor the desk."""
    follower = Follower()
    follower.open(department="inspektorat")
    follower.wait(YEAR)
    assert {notice.department for notice in _steps(follower)} == {"inspektorat"}
    assert {notice.medium for notice in _steps(follower)} == {"email"}


def test_every_step_has_a_name_in_the_history() -> None:
    """The history has a name for every step that the directory may name."""
    assert {step.name for ladder in DIRECTORY.ladders.values() for step in ladder.steps} == set(EVENTS)


def test_clocks_that_run_are_left_alone() -> None:
    """Starting the clocks twice changes nothing."""
    ticket = a_new_ticket()
    assert started(ticket, DIRECTORY, NOON + HOUR) is ticket


@pytest.mark.parametrize("status", ["closed", "duplicate", "rejected"])
def test_what_is_over_leaves_the_queue(status: Status) -> None:
    """No step is to come, and the first look removes the ticket from the queue."""
    ticket = a_new_ticket().model_copy(update={"status": status, "act_at": NOON})
    change = advance(ticket, DIRECTORY, NOON)
    assert change is not None
    assert (change.ticket.act_at, change.events, change.ticket.take_up_by) == (None, (), None)


def _steps(follower: Follower) -> list[Notice]:
    """Return the notices of the ladder."""
    return [
        notice for notice in follower.memory.notices.values() if isinstance(notice, Notice) and notice.step is not None
    ]
