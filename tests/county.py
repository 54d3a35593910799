"""A county in which no stream record is ever delivered, so that `follow_up` alone must do the work."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.triage import DESK
from classify.decide import decide
from follow_up.following import follow
from follow_up.redrive import Redrive, Redriven
from notify.delivery import Delivery, Senders
from tests.builders import NOON, a_post
from tests.codes import ticket_code
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Memory
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
    """The functions behind the stream and their table, without the stream."""

    memory: Memory = field(default_factory=Memory)
    mail: FakeMail = field(default_factory=FakeMail)
    sms: FakeSms = field(default_factory=FakeSms)
    now: datetime = NOON

    def __post_init__(self) -> None:
        self.stores = stores_of(self.memory)
        senders = Senders(self.mail, self.sms)
        self.delivery = Delivery(self.stores, senders, load_directory(), PRODUCTION, clock=lambda: self.now)
        self.stores.contacts.put(a_contact(DESK))

    def follow_up(self, *, seconds: int = 1000) -> Redriven:
        """Run `follow_up` once, with time for `seconds` steps."""
        steps = iter([True] * seconds)
        return Redrive(decide=self.decide, follow=self.follow, delivery=self.delivery).run(
            self.stores.posts.left_behind(self.now),
            self.stores.tickets.due(self.now),
            self.stores.notices.left_behind(self.now),
            lambda: next(steps, False),
        )

    def follow(self, code: str) -> str:
        """Follow a ticket as the handler does, and return the outcome."""
        return follow(code, tickets=self.stores.tickets, directory=load_directory(), now=self.now)

    def decide(self, key: str) -> str:
        """Decide about a post as the handler does, and return the outcome."""
        return decide(
            key,
            posts=self.stores.posts,
            tickets=self.stores.tickets,
            directory=load_directory(),
            now=self.now,
            chatter_for=timedelta(days=30),
            code_of=ticket_code,
        )

    def store(self, texts: Sequence[str], **changes: Any) -> list[Post]:
        """Store posts for which no stream record is delivered."""
        first = len(self.memory.posts)
        posts = [
            a_post(native_id=str(number), text=text, has_photo=not text, fetched_at=self.now, **changes)
            for number, text in enumerate(texts, first)
        ]
        for post in posts:
            self.stores.posts.add(post)
        return posts

    @property
    def states(self) -> set[str]:
        """The states of all notices."""
        return {notice.state for notice in self.memory.notices.values()}
