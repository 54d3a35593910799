"""Posts, edits, deletions, corrections, links, answers and the ladder: in any order, what is stored is what happened.

After each step, the counters, the voices, the status and both due dates of every ticket equal a recount: from the
events, and from a journal of whose the ticket was, of which kind and how urgent.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple, get_args

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from actions.case import Case
from actions.form import Remarks
from actions.link_state import link_state
from actions.moves import refused, taken_up
from admin_api.correction import correction
from admin_api.requests import CorrectionRequest
from aduan.action_token import Action, ActionToken
from aduan.change import Change
from aduan.deadlines import deadline_of, finish_by
from aduan.directory_loading import load_directory
from aduan.refusal import RefusedError
from aduan.store.table import OutdatedError
from aduan.ticket import MOVES, WAITING, Status, Ticket, clock_of
from aduan.triage import DESK, ReportKind, Urgency
from aduan.working_days import due_at
from classify.decide import decide
from follow_up.following import follow
from poll_channels.recheck import erasure
from tests import moves
from tests.builders import NOON, a_post, an_event
from tests.codes import ticket_code
from tests.in_memory.examples import InMemoryExampleStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
DAY: Final = timedelta(days=1)
STATUSES: Final = frozenset(get_args(Status))
REPORTS: Final = (
    "Min, lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki",
    "Mohon sampah menumpuk di depo Condongcatur belum diangkut truk sampah seminggu",
    "Tolong! Kebakaran rumah besar di Gamping, api membesar",
    "Listrik padam di Godean sejak pagi, belum nyala min",
    "Min mau tanya, bagaimana cara mengurus KTP yang hilang?",
    "Jalan di Prambanan berlubang parah min, tolong ditambal",
    "Min tolong dibantu, sudah lapor ke mana-mana tidak ada tanggapan",
)
OTHERS: Final = ("Selamat pagi semuanya, semoga sehat selalu", "mantap min")
ANSWERS: Final = ("belum min", "masih mati min lampunya", "belum min, masih mati lampunya", "sudah, terima kasih")
CORRECTIONS: Final[tuple[dict[str, Any], ...]] = (
    *({"kind": kind} for kind in ("complaint", "request", "suggestion")),
    *({"urgency": urgency} for urgency in ("normal", "urgent", "emergency")),
    *({"department": department} for department in (DESK, "dishub", "dlh", "pln", "inspektorat")),
    {"topic": "jalan"},
    {"topic": "penerangan_jalan", "department": "dishub", "kind": "complaint", "urgency": "normal"},
    {"is_report": False},
)
NUMBERS = st.integers(0, 10)
MOST_TICKETS: Final = 2
"""With few tickets, much happens to each."""
SOON: Final = 8
"""So many events come before the first deletion, because little can happen to a deleted post."""
MINUTE: Final = timedelta(minutes=1)
UNTAKEN: Final = WAITING | {"not_ours"}


class Row(NamedTuple):
    """How a ticket was from a moment on, without anything that the clocks say."""

    at: datetime
    status: Status
    department: str
    urgency: Urgency
    kind: ReportKind

    @property
    def holder(self) -> str:
        """Who has to take it up."""
        return DESK if self.status == "needs_review" else self.department

    def finish(self, since: datetime) -> datetime:
        """Return the end of a clock that runs until it is resolved."""
        return finish_by(since, deadline_of(self.department, self.urgency, self.kind, DIRECTORY), DIRECTORY)

    def take_up(self, since: datetime) -> datetime | None:
        """Return the end of a clock that runs until it is taken up; None when there is no limit."""
        deadline = deadline_of(self.department, self.urgency, self.kind, DIRECTORY)
        limit = deadline.verify if self.status == "needs_review" else deadline.respond
        if limit is None and self.status == "not_ours":
            limit = deadline.finish[0]
        return None if limit is None else due_at(since, DIRECTORY.limits[limit])


def recounted_due(rows: list[Row]) -> datetime:
    """Return until when a ticket has to be resolved, from its journal."""
    since, due = rows[0].at, rows[0].finish(rows[0].at)
    for before, row in itertools.pairwise(rows):
        if (row.status == "reopened" != before.status) or (before.status == "rejected" != row.status):
            since, due = row.at, row.finish(row.at)
        elif row.finish(since) != before.finish(since):
            due = max(row.finish(since), min(due, row.finish(row.at)))
    return due


def recounted_take_up(rows: list[Row]) -> datetime | None:
    """Return until when a ticket has to be taken up, from its journal; None when it has not."""
    since, end, before = rows[0].at, None, None
    for row in rows:
        if row.status not in UNTAKEN:
            end = None
        elif (
            before is None
            or before.status not in UNTAKEN
            or row.holder != before.holder
            or row.status == "reopened" != before.status
        ):
            since, end = row.at, row.take_up(row.at)
        elif row.take_up(since) != before.take_up(since):
            entire, soon = row.take_up(since), row.take_up(row.at)
            end = entire if entire is None or soon is None or end is None else max(entire, min(end, soon))
        before = row
    return end


class Tickets(RuleBasedStateMachine):
    """Citizens, the poller, the desk, departments and `follow_up`, at a county with one channel."""

    @initialize()
    def begin(self) -> None:
        """Start on a Tuesday at noon with nothing."""
        self.memory, self.now = Memory(), NOON
        self.posts, self.tickets = InMemoryPostStore(self.memory), InMemoryTicketStore(self.memory)
        self.examples = InMemoryExampleStore(self.memory)
        self.journal: dict[str, list[Row]] = {}
        self.last: Change | None = None
        self.write(REPORTS[0], "penulis-1")

    @precondition(lambda self: len(self.memory.tickets) < MOST_TICKETS)
    @rule(text=st.sampled_from(REPORTS + OTHERS), author=st.sampled_from(["penulis-1", "penulis-2", None]))
    def write(self, text: str, author: str | None) -> None:
        """A citizen writes a post."""
        self._post(text, author, None)

    @rule(which=NUMBERS, text=st.sampled_from(ANSWERS))
    def answer(self, which: int, text: str) -> None:
        """The author of a ticket answers below it."""
        post = self.memory.posts[self._ticket(which).post]
        self._post(text, post.author, post.native_id)

    @rule(which=NUMBERS, text=st.sampled_from(ANSWERS))
    def contradict(self, which: int, text: str) -> None:
        """A department says that it is done, and the author answers the day after."""
        self.press(which, "done", None)
        self.wait(DAY)
        self.answer(which, text)

    @rule(which=NUMBERS, text=st.sampled_from(REPORTS + OTHERS + ANSWERS))
    def edit(self, which: int, text: str) -> None:
        """A citizen edits a post."""
        post = list(self.memory.posts.values())[which % len(self.memory.posts)]
        edited = a_post(native_id=post.native_id, text=text, fetched_at=self.now, created_at=post.created_at)
        if self.posts.revise(edited):
            self._decide(post.key)

    @precondition(lambda self: len(self.memory.events) > SOON)
    @rule(which=NUMBERS)
    def delete(self, which: int) -> None:
        """A citizen deletes a post, and the poller notices."""
        post = list(self.memory.posts.values())[which % len(self.memory.posts)]
        if post.ticket is not None:
            self._write(erasure(post, self.memory.tickets[post.ticket], self.now))

    @rule(which=NUMBERS, days=st.integers(0, 5), asked=st.sampled_from(CORRECTIONS))
    def correct_later(self, which: int, days: int, asked: dict[str, Any]) -> None:
        """Some days pass, and the desk corrects a ticket."""
        self.wait(days * DAY)
        self.correct(which, asked)

    @rule(which=NUMBERS, days=st.integers(0, 30), asked=st.sampled_from(CORRECTIONS))
    def contradict_and_correct(self, which: int, days: int, asked: dict[str, Any]) -> None:
        """A ticket is reopened after a while, and corrected some days later."""
        self.wait(days * DAY)
        self.contradict(which, ANSWERS[0])
        self.correct_later(which, 1 + days % 5, asked)

    @rule(which=NUMBERS, days=st.integers(1, 30), asked=st.sampled_from(CORRECTIONS))
    def reject_and_restore(self, which: int, days: int, asked: dict[str, Any]) -> None:
        """The desk rejects a ticket, sees its error days later, and corrects it some days after that."""
        self.correct(which, {"is_report": False})
        self.wait(days * DAY)
        self.correct(which, {"department": DESK})
        self.correct_later(which, 1, asked)

    @rule(which=NUMBERS, asked=st.sampled_from(CORRECTIONS))
    def correct(self, which: int, asked: dict[str, Any]) -> None:
        """The desk corrects a ticket."""
        ticket = self._ticket(which)
        request = CorrectionRequest.model_validate({"version": ticket.version} | asked)
        post = self.memory.posts[ticket.post]
        known = self.examples.get(ticket)
        try:
            change = correction(request, ticket, post, known, by="admin", directory=DIRECTORY, now=self.now)
        except RefusedError:
            return
        if change is not None:
            self._write(change)

    @rule(
        which=NUMBERS,
        action=st.sampled_from(get_args(Action)),
        named=st.sampled_from([None, "dlh", "pln", "dpupkp"]),
    )
    def press(self, which: int, action: Action, named: str | None) -> None:
        """A department uses the link in its mail."""
        ticket = self._ticket(which)
        if DIRECTORY.departments[ticket.department].kind not in {"county", "group"}:
            return  # only these get links
        token = ActionToken(
            ticket=ticket.code, department=ticket.department, action=action, expires_at=self.now + 60 * DAY
        )
        case = Case(token=token, ticket=ticket, post=self.memory.posts[ticket.post], directory=DIRECTORY)
        if link_state(token, ticket, self.tickets.history(ticket.code)).state != "open" or named == ticket.department:
            return
        if action == "not_ours":
            self._write(refused(case, self.examples.get(ticket), Remarks(department=named), self.now))
        else:
            self._write(taken_up(case, Remarks(), self.now))

    @rule(which=NUMBERS, status=st.sampled_from(["accepted", "resolved"]))
    def move_as_the_release_before(self, which: int, status: Status) -> None:
        """A department's link is used while the release before still runs, which leaves the clocks to `follow_up`."""
        ticket = self._ticket(which)
        if status in MOVES[ticket.status]:
            after = ticket.model_copy(update={"status": status, "version": ticket.version + 1})
            event = an_event(ticket=ticket.code, at=self.now, move=status)
            self._write(moves.moved(ticket, after, at=self.now, event=event, post=self.memory.posts[ticket.post]))

    @precondition(lambda self: self.last is not None)
    @rule()
    def repeat(self) -> None:
        """A change is written again by somebody who had read what it changed: nothing happens."""
        assert self.last is not None
        if self.last.is_written:
            before = dict(self.memory.tickets), len(self.memory.events)
            try:
                self.tickets.write(self.last)
            except OutdatedError:
                pass
            else:
                raise AssertionError
            assert before == (self.memory.tickets, len(self.memory.events))

    @rule(span=st.sampled_from([DAY / 96, DAY / 12, DAY, 3 * DAY, 12 * DAY]))
    def wait(self, span: timedelta) -> None:
        """Time passes, and `follow_up` looks at each ticket when that is due."""
        until = self.now + span
        while codes := list(self.tickets.due(until)):
            looks = [(self.memory.tickets[code].act_at, code) for code in codes]
            at, code = min((at, code) for at, code in looks if at is not None)
            self.now = max(self.now, at)
            follow(code, tickets=self.tickets, directory=DIRECTORY, now=self.now)
            self._note()
        self.now = until

    @invariant()
    def the_counters_are_what_a_recount_finds(self) -> None:
        """Each ticket is counted where it is, in its status, and each refusal where it was made."""
        memory = self._started()
        tickets = [(f"{each.channel}#{each.topic}#{each.department}", each) for each in memory.tickets.values()]
        assert _counted(memory.counted) == Counter(where for where, _ in tickets)
        assert _counted(memory.statuses) == Counter((where, each.status) for where, each in tickets)
        refusals = Counter(
            event.by.partition(":")[2]
            for event in memory.events
            if event.move == "not_ours" and event.by.startswith("tautan:")
        )
        misroutes: Counter[str] = Counter()
        for where, number in memory.misroutes.items():
            misroutes[where.rpartition("#")[2]] += number
        assert +misroutes == refusals

    @invariant()
    def the_voices_are_what_a_recount_finds(self) -> None:
        """A ticket has its first post, and one voice for each post that joined or contradicted, deleted or not."""
        memory = self._started()
        for ticket in memory.tickets.values():
            joined = [event for event in self._events(ticket) if event in {"joined", "reopened"}]
            stored = [post for code, post in memory.voices if code == ticket.code]
            assert ticket.voices == 1 + len(joined) == len(stored)

    @invariant()
    def the_status_is_that_of_the_last_event(self) -> None:
        """The history names every move."""
        for ticket in self._started().tickets.values():
            assert [move for move in self._events(ticket) if move in STATUSES][-1] == ticket.status

    @invariant()
    def the_due_dates_are_what_a_recount_finds(self) -> None:
        """Every ticket whose clocks are set is due when its journal says so."""
        for ticket in self._started().tickets.values():
            if ticket.clock == clock_of(ticket):
                rows = self.journal[ticket.code]
                assert ticket.due_at == recounted_due(rows)
                assert ticket.take_up_by == recounted_take_up(rows)

    def _started(self) -> Memory:
        return self.memory if hasattr(self, "memory") else Memory()

    def _events(self, ticket: Ticket) -> Iterator[str]:
        return (event.move for event in self.memory.events if event.ticket == ticket.code)

    def _ticket(self, which: int) -> Ticket:
        return list(self.memory.tickets.values())[which % len(self.memory.tickets)]

    def _post(self, text: str, author: str | None, parent: str | None) -> None:
        self.now += MINUTE
        number = str(len(self.memory.posts))
        post = a_post(
            native_id=number, text=text, author=author, parent_id=parent, created_at=self.now, fetched_at=self.now
        )
        self.posts.add(post)
        self._decide(post.key)

    def _decide(self, key: str) -> None:
        for _ in range(2):  # the stream may deliver twice
            decide(
                key,
                posts=self.posts,
                tickets=self.tickets,
                directory=DIRECTORY,
                now=self.now,
                chatter_for=30 * DAY,
                code_of=ticket_code,
            )
        self._note()

    def _write(self, change: Change) -> None:
        try:
            self.tickets.write(change)
        except OutdatedError:
            return  # the post is erased already
        self.last = change
        self._note()
        self.now += MINUTE

    def _note(self) -> None:
        """Note in the journal what changed."""
        for code, ticket in self.memory.tickets.items():
            rows = self.journal.setdefault(code, [])
            row = Row(self.now, ticket.status, ticket.department, ticket.urgency, ticket.kind)
            if not rows or rows[-1][1:] != row[1:]:
                rows.append(row)


def _counted(counters: dict[Any, int]) -> dict[Any, int]:
    return {where: number for where, number in counters.items() if number}


TestTickets = Tickets.TestCase
TestTickets.settings = settings(max_examples=100, stateful_step_count=30, deadline=None)
