"""A post is decided once, and what follows is written with the decision or not at all."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.notice import NoticeId, media
from aduan.post import Post
from aduan.store.tickets import CODES_TRIED, CodeTakenError
from aduan.ticket import Ticket
from aduan.triage import DESK, TICKET_ROUTES, Triage
from classify.classifier import classify
from classify.decide import Outcome, decide
from tests.builders import NOON, a_post, a_ticket, a_triage
from tests.codes import ticket_code
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
KEPT = timedelta(days=30)
LAMP = a_post().text
FIRE = "Tolong min kebakaran di Gamping, api besar di rumah warga"
GREETING = "Selamat pagi min, semoga sehat selalu"
ADVERT = "Jual kaos murah cek bio kak"
UNCLEAR = "Min iki piye to jan ora karuan tenan, tolong"
POWER = "Listrik padam PLN di Mlati sejak pagi min tolong"
CANDIDATE = "Nggih niku wingi pripun"
ASKED = "Min jam buka kantor besok jam berapa?"
CHATTER = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
DECISIONS = {
    LAMP: a_triage(guess="dishub"),
    FIRE: a_triage(urgency="emergency", topic="bencana", department="damkar", guess="damkar"),
    POWER: a_triage(topic="listrik_telekomunikasi", department="pln", guess="pln", ours=False),
    GREETING: CHATTER,
    ADVERT: CHATTER,
    UNCLEAR: a_triage(department=DESK, guess="dishub", route="desk"),
    CANDIDATE: a_triage(department=None, guess="dishub", route="review"),
    ASKED: a_triage(department=None, guess="disdukcapil", kind="question", route="question"),
}


@pytest.fixture(autouse=True, scope="module")
def _decided_as_invented() -> Iterator[None]:
    """Let the classifier decide these texts as written above: what follows from a decision depends on no weights."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "classify.decide.classify",
            lambda text, *given, **more: DECISIONS[text] if text in DECISIONS else classify(text, *given, **more),
        )
        yield


@dataclass
class Posts(InMemoryPostStore):
    """The store in memory, which also records until when chatter is kept."""

    expiries: dict[str, datetime] = field(default_factory=dict)

    def settle(self, post: Post, triage: Triage, expires_at: datetime) -> None:
        """Settle the post and record the expiry."""
        super().settle(post, triage, expires_at)
        self.expiries[post.key] = expires_at


@dataclass
class County:
    """The table with some new posts."""

    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        self.posts = Posts(self.memory)
        self.tickets = InMemoryTicketStore(self.memory)

    def add(self, *texts: str) -> list[str]:
        """Store new posts and return their keys."""
        posts = [a_post(native_id=str(number), text=text) for number, text in enumerate(texts, start=1)]
        self.memory.posts.update({post.key: post for post in posts})
        return [post.key for post in posts]

    def decide(self, key: str, now: datetime = NOON, **changes: Any) -> Outcome:
        """Decide about a post."""
        given_stores: dict[str, Any] = {"posts": self.posts, "tickets": self.tickets, "directory": DIRECTORY}
        return decide(key, now=now, chatter_for=KEPT, code_of=ticket_code, **(given_stores | changes))

    def ticket_of(self, key: str) -> Ticket:
        """Return the only ticket of a post."""
        [ticket] = [ticket for ticket in self.memory.tickets.values() if ticket.post == key]
        return ticket


@pytest.mark.parametrize("text", [GREETING, ADVERT])
def test_chatter_is_settled_and_expires(text: str) -> None:
    """A post that asks the county for nothing opens no ticket, and is kept for a while in case it is a mistake."""
    county = County()
    [key] = county.add(text)
    assert county.decide(key) == "drop"
    assert county.memory.posts[key].state == "triaged"
    assert county.posts.expiries == {key: NOON + KEPT}
    assert (county.memory.tickets, county.memory.notices, county.memory.events) == ({}, {}, [])
    assert county.memory.calls == 2


def test_a_clear_complaint_is_routed() -> None:
    """The post has a ticket with its department, one notice, one voice and one event, and is counted once."""
    county = County()
    [key] = county.add(LAMP)
    assert county.decide(key) == "auto"
    ticket = county.ticket_of(key)
    assert (ticket.department, ticket.status, ticket.opened_at) == ("dishub", "routed", NOON)
    assert list(county.memory.notices) == [NoticeId("TICKET", ticket.code, "dishub#email")]
    assert list(county.memory.voices) == [(ticket.code, key)]
    assert [event.ticket for event in county.memory.events] == [ticket.code]
    assert list(county.memory.counted.values()) == [1]
    stored = county.memory.posts[key]
    assert (stored.state, stored.ticket) == ("triaged", ticket.code)
    assert stored.triage is not None
    assert stored.triage.department == "dishub"


def test_what_nobody_is_sure_of_goes_to_the_desk() -> None:
    """A report whose department is unclear waits for a person."""
    county = County()
    [key] = county.add(UNCLEAR)
    assert county.decide(key) == "desk"
    assert (county.ticket_of(key).department, county.ticket_of(key).status) == (DESK, "needs_review")
    assert [notice.department for notice in county.memory.notices.values()] == [DESK]


def test_what_belongs_to_others_is_passed_on() -> None:
    """A power cut belongs to the power company, which is told."""
    county = County()
    [key] = county.add(POWER)
    assert county.decide(key) == "auto"
    assert (county.ticket_of(key).department, county.ticket_of(key).status) == ("pln", "not_ours")


def test_a_bare_photo_is_looked_at_by_a_person() -> None:
    """A photo without words may show anything."""
    county = County()
    post = a_post(text="", has_photo=True)
    county.memory.posts[post.key] = post
    assert county.decide(post.key) == "review"


@pytest.mark.parametrize(("text", "route"), [(CANDIDATE, "review"), (ASKED, "question")])
def test_what_may_be_a_report_or_only_asks_opens_no_ticket(text: str, route: str) -> None:
    """A candidate and a question wait in their lists: there is no ticket, no code, no counter and no mail."""
    county = County()
    [key] = county.add(text)
    assert county.decide(key) == route
    stored = county.memory.posts[key]
    assert (stored.state, stored.ticket, stored.text) == ("triaged", None, text)
    assert stored.triage == DECISIONS[text]
    assert (county.memory.tickets, county.memory.notices, county.memory.events) == ({}, {}, [])
    assert not county.memory.counted
    assert county.memory.calls == 2


def test_a_question_opens_a_ticket_only_where_its_channel_wants_one() -> None:
    """Elsewhere it waits on the list of the channel's owner, until the account answers."""
    asks = [
        channel.model_copy(update={"questions": "ticket"}) if channel.id == a_post().channel else channel
        for channel in DIRECTORY.channels
    ]
    county = County()
    [key] = county.add(ASKED)
    assert county.decide(key, directory=DIRECTORY.model_copy(update={"channels": tuple(asks)})) == "desk"
    assert (county.ticket_of(key).kind, county.ticket_of(key).department) == ("question", DESK)


def test_a_decided_post_is_left_alone() -> None:
    """A repeated record costs one read and changes nothing."""
    county = County()
    keys = county.add(LAMP, GREETING)
    for key in keys:
        county.decide(key)
    before = (dict(county.memory.posts), dict(county.memory.tickets), list(county.memory.events))
    county.memory.reads = county.memory.writes = 0
    assert [county.decide(key, NOON + timedelta(days=1)) for key in keys] == ["already", "already"]
    assert (county.memory.reads, county.memory.writes) == (2, 0)
    assert (county.memory.posts, county.memory.tickets, county.memory.events) == before


def test_a_post_that_is_gone_needs_no_decision() -> None:
    """A post that was deleted meanwhile needs no decision."""
    assert County().decide("instagram#404") == "already"


@pytest.mark.parametrize("text", [LAMP, GREETING])
def test_of_two_deciders_at_once_one_wins(text: str) -> None:
    """The second decider finds the post decided, says so, and has written nothing."""
    county = County()
    [key] = county.add(text)

    class Overtaken(Posts):
        """A store in which another decider is faster between the read and the write."""

        def get(self, key: str) -> Post | None:
            post = super().get(key)
            county.decide(key)
            return post

    assert county.decide(key, NOON + timedelta(minutes=1), posts=Overtaken(county.memory)) == "already"
    assert len(county.memory.tickets) == (text == LAMP)
    assert len(county.memory.events) == (text == LAMP)
    assert all(ticket.opened_at == NOON for ticket in county.memory.tickets.values())


@pytest.mark.parametrize("taken", range(CODES_TRIED))
def test_a_code_that_is_taken_gives_way_to_the_next(taken: int) -> None:
    """The ticket gets the first free code; the tickets of other posts are untouched."""
    county = County()
    [key] = county.add(LAMP)
    others = {code: a_ticket(code=code, post="instagram#99") for code in (ticket_code(key, n) for n in range(taken))}
    county.memory.tickets.update(others)
    assert county.decide(key) == "auto"
    assert county.ticket_of(key).code == ticket_code(key, taken)
    assert county.memory.posts[key].ticket == ticket_code(key, taken)
    assert {code: county.memory.tickets[code] for code in others} == others


def test_when_all_codes_are_taken_the_post_stays_new() -> None:
    """The error is raised, so that it is noticed, and the redrive finds the post again."""
    county = County()
    [key] = county.add(LAMP)
    for attempt in range(CODES_TRIED):
        code = ticket_code(key, attempt)
        county.memory.tickets[code] = a_ticket(code=code, post="instagram#99")
    with pytest.raises(CodeTakenError):
        county.decide(key)
    assert county.memory.posts[key].state == "new"
    assert county.memory.notices == {}


def test_everything_is_written_by_one_call() -> None:
    """Decision and notice are written together, so a process cannot die between them."""
    for text in (LAMP, FIRE, GREETING, UNCLEAR, CANDIDATE, ASKED):
        county = County()
        [key] = county.add(text)
        county.decide(key)
        assert (county.memory.reads, county.memory.writes) == (1, 1)


class Step(NamedTuple):
    """One decider at work: its post, where it dies, and whether the next steps happen in the middle of it."""

    post: int
    death: int | None
    after: bool
    interrupted: int


TEXTS = (LAMP, FIRE, GREETING, UNCLEAR, LAMP, CANDIDATE, ASKED)
ROUTES = ("auto", "auto", "drop", "desk", "auto", "review", "question")
steps = st.builds(
    Step,
    post=st.integers(0, len(TEXTS) - 1),
    death=st.none() | st.integers(1, 3),
    after=st.booleans(),
    interrupted=st.integers(0, 3),
)


@dataclass
class Interleaved:
    """Deciders that read, are interrupted by others, and continue with what they read."""

    county: County
    keys: list[str]
    waiting: list[Step]

    def run(self) -> None:
        """Take the next step."""
        step = self.waiting.pop(0)
        self._arm(step)
        run, memory = self, self.county.memory

        class Interrupted(Posts):
            """Let others work between this decider's read and its write."""

            def get(self, key: str) -> Post | None:
                post = super().get(key)
                for _ in range(step.interrupted):
                    if run.waiting:
                        run.run()
                run._arm(step)  # again, because the deciders in between had deaths of their own
                return post

        with contextlib.suppress(Killed):
            self.county.decide(self.keys[step.post], posts=Interrupted(memory))
        self._arm(None)
        self.consistent()

    def _arm(self, step: Step | None) -> None:
        """Let the process die at this call from now on."""
        memory = self.county.memory
        memory.kill_before = memory.kill_after = None
        if step is not None and step.death is not None:
            setattr(memory, "kill_after" if step.after else "kill_before", memory.calls + step.death)

    def consistent(self) -> None:
        """Each post is new and has nothing, or is decided and has everything that belongs to it."""
        memory = self.county.memory
        owners = Counter(ticket.post for ticket in memory.tickets.values())
        for key in self.keys:
            post = memory.posts[key]
            is_report = post.triage is not None and post.triage.route in TICKET_ROUTES
            assert owners[key] == is_report
            assert sum(voice == key for _, voice in memory.voices) == is_report
            if post.triage is not None and is_report:
                code = self.county.ticket_of(key).code
                assert post.ticket == code
                assert [event.ticket for event in memory.events].count(code) == 1
                assert sorted(notice.medium for notice in memory.notices.values() if notice.subject == code) == sorted(
                    media(post.triage.urgency, post.triage.department or "desk")
                )
        assert sum(memory.counted.values()) == len(memory.tickets) == len(memory.events)


@given(plan=st.lists(steps, max_size=12))
def test_in_whatever_order_deciders_work_and_die_each_report_gets_one_ticket(plan: list[Step]) -> None:
    """Whether records are doubled, reordered, interleaved or cut off, one more redrive leaves one ticket per report."""
    county = County()
    keys = county.add(*TEXTS)
    work = Interleaved(county, keys, list(plan))
    while work.waiting:
        work.run()
    for key in keys:
        county.decide(key)
    work.consistent()
    routes = [post.triage.route if post.triage else None for post in (county.memory.posts[key] for key in keys)]
    assert routes == list(ROUTES)
    assert len(county.memory.tickets) == sum(route in TICKET_ROUTES for route in ROUTES)


def test_a_decision_already_made_by_hand_is_not_overwritten() -> None:
    """A decision that a person made meanwhile stays, whatever the classifier would say."""
    county = County()
    [key] = county.add(LAMP)
    by_hand = a_triage(department="dpupkp", decided_by="admin-1")
    post = county.memory.posts[key]
    county.memory.posts[key] = post.model_copy(update={"state": "triaged", "triage": by_hand})
    assert county.decide(key) == "already"
    assert county.memory.posts[key].triage == by_hand
