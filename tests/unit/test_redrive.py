"""What the stream left behind comes to the same end by `follow_up` alone."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import load_directory
from aduan.notice import AnyNotice
from aduan.post import Post
from aduan.triage import DESK
from classify.decide import decide
from follow_up.redrive import GRACE, Redrive, Redriven
from notify.delivery import Senders, Stores, deliver
from notify.senders import NotAcceptedError, OutcomeUnknownError
from tests.builders import NOON, a_notice, a_post
from tests.in_memory import (
    InMemoryContactStore,
    InMemoryNoticeStore,
    InMemoryPostStore,
    InMemorySendingStore,
    InMemoryTicketStore,
    Killed,
    Memory,
)
from tests.unit.fakes_notify import FakeMail, FakeSms, a_contact

MINUTE = timedelta(minutes=1)
PRODUCTION = SimpleNamespace(stage="prod", override_email="", override_phone="")
TEXTS = (
    "Lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki",
    "KEBAKARAN gudang di Ambarketawang Gamping, tolong segera kirim damkar",
    "Selamat pagi, semoga sehat selalu",
    "Matur nuwun, dalane wis alus",
    "",
)


@dataclass
class County:
    """Everything behind the stream, without the stream."""

    memory: Memory = field(default_factory=Memory)
    mail: FakeMail = field(default_factory=FakeMail)
    sms: FakeSms = field(default_factory=FakeSms)
    now: datetime = NOON
    runs: int = 0

    def __post_init__(self) -> None:
        self.stores = Stores(
            InMemoryNoticeStore(self.memory),
            InMemoryTicketStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryContactStore(self.memory),
            InMemorySendingStore(self.memory),
        )
        self.stores.contacts.put(a_contact(DESK))

    def follow_up(self, *, seconds: int = 1000) -> Redriven:
        """One run of the schedule, with time for so many steps."""
        self.runs += 1
        steps = iter([True] * seconds)
        return Redrive(decide=self.decide, deliver=self.deliver, notices=self.stores.notices, now=self.now).run(
            self.stores.posts.left_behind(self.now),
            self.stores.notices.left_behind(self.now),
            lambda: next(steps, False),
        )

    def decide(self, key: str) -> str:
        """As the handler does."""
        return decide(
            key,
            posts=self.stores.posts,
            tickets=self.stores.tickets,
            directory=load_directory(),
            now=self.now,
            chatter_for=timedelta(days=30),
        )

    def deliver(self, notice: AnyNotice) -> str:
        """As the handler does."""
        return deliver(
            notice,
            stores=self.stores,
            senders=Senders(self.mail, self.sms),
            directory=load_directory(),
            now=self.now,
            owner=f"run-{self.runs}",
            settings=PRODUCTION,
        )

    def store(self, texts: Sequence[str]) -> list[Post]:
        """Posts that no stream record was delivered for."""
        posts = [
            a_post(native_id=str(number), text=text, has_photo=not text, fetched_at=self.now)
            for number, text in enumerate(texts)
        ]
        for post in posts:
            self.stores.posts.add(post)
        return posts

    @property
    def states(self) -> set[str]:
        """Of all notices."""
        return {notice.state for notice in self.memory.notices.values()}


def test_without_a_stream_every_complaint_is_told_within_half_an_hour() -> None:
    """Posts are decided and notices sent by the schedule alone, in the time promised."""
    county = County()
    posts = county.store(TEXTS)
    for _ in range(6):
        county.now += 5 * MINUTE
        county.follow_up()
    assert {post.state for post in county.memory.posts.values()} == {"triaged"}
    assert county.states == {"sent"}
    told = {ticket.post for ticket in county.memory.tickets.values()}
    assert {post.key for post in posts[:2]} <= told


def test_what_the_stream_still_may_bring_is_left_to_it() -> None:
    """A post and a notice younger than five minutes are not touched."""
    county = County()
    county.store(TEXTS[:1])
    county.now += 4 * MINUTE
    assert county.follow_up().outcomes == {}


def test_a_claimed_notice_is_parked_when_its_sender_must_be_dead() -> None:
    """It is never sent again: the provider may have accepted it."""
    county = County()
    county.store(TEXTS[:1])
    county.mail.fault = OutcomeUnknownError("ReadTimeoutError")
    for _ in range(6):
        county.now += 5 * MINUTE
        county.follow_up()
    assert county.states == {"parked"}
    assert len(county.mail.outbox) == 1


def test_a_claimed_notice_is_left_to_its_sender_for_a_while() -> None:
    """Within the grace time its outcome may still come."""
    county = County()
    county.memory.notices["SLM-000000", "dishub#email"] = a_notice(
        ticket="SLM-000000", state="claimed", attempt=1, claimed_by="other", claimed_at=NOON
    )
    county.now = NOON + GRACE - MINUTE
    assert county.follow_up().outcomes == {"notice_waiting": 1}
    county.now = NOON + GRACE
    assert county.follow_up().outcomes == {"notice_parked": 1}


def test_a_postponed_notice_is_sent_when_the_provider_takes_it_again() -> None:
    """A throttled mail is late, not lost, and not doubled."""
    county = County()
    county.store(TEXTS[:1])
    county.mail.fault = NotAcceptedError("Throttling", retry=True)
    for _ in range(4):
        county.now += 5 * MINUTE
        county.follow_up()
    assert county.states == {"pending"}
    county.mail.fault = None
    county.now += 60 * MINUTE
    county.follow_up()
    assert county.states == {"sent"}


def test_one_that_fails_delays_no_other() -> None:
    """The others are driven, and the fault is kept for the handler to raise."""
    county = County()
    county.store(TEXTS[:3])
    county.now += 5 * MINUTE

    def decide_or_fail(key: str) -> str:
        if key == "instagram#1":
            raise ValueError(key)
        return county.decide(key)

    redrive = Redrive(decide=decide_or_fail, deliver=county.deliver, notices=county.stores.notices, now=county.now)
    done = redrive.run(county.stores.posts.left_behind(county.now), [], lambda: True)
    assert done.outcomes.total() == 2
    assert len(done.faults) == 1


def test_a_run_without_time_leaves_the_rest_to_the_next_one() -> None:
    """What there was no time for stays on the queue."""
    county = County()
    county.store(TEXTS)
    county.now += 5 * MINUTE
    assert county.follow_up(seconds=2).outcomes.total() == 2
    assert county.follow_up().outcomes.total() == len(TEXTS) - 2


@given(
    deaths=st.lists(st.tuples(st.integers(1, 40), st.booleans()), max_size=3),
    texts=st.lists(st.sampled_from(TEXTS), min_size=1, max_size=4),
)
def test_a_follow_up_killed_anywhere_loses_nothing_and_tells_nobody_twice(
    deaths: list[tuple[int, bool]], texts: list[str]
) -> None:
    """However often it dies, each complaint ends with one notice per medium, sent once or parked."""
    county = County()
    county.store(texts)
    for death, after in [*deaths, *[(0, False)] * 6]:
        county.now += 5 * MINUTE
        memory = county.memory
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        with contextlib.suppress(Killed):
            county.follow_up()
    assert {post.state for post in county.memory.posts.values()} == {"triaged"}
    assert county.states <= {"sent", "parked"}
    reports = [post for post in county.memory.posts.values() if post.triage and post.triage.route != "drop"]
    assert sorted(ticket.post for ticket in county.memory.tickets.values()) == sorted(post.key for post in reports)
    notices = county.memory.notices.values()
    assert len(county.mail.outbox) <= sum(notice.medium == "email" for notice in notices)
    assert len(county.sms.outbox) <= sum(notice.medium == "sms" for notice in notices)
