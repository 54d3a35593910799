"""A county whose departments are told by the rules of `sending.json`, on a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from aduan.directory import Directory
from aduan.directory_loading import load_directory
from aduan.notice import AnyNotice, Notice, media
from aduan.quiet_hours import held
from aduan.triage import DESK, Place
from follow_up.gathering import Gathering
from follow_up.redrive import Redriven
from notify.delivery import Outcome, Senders, Stores, deliver
from notify.digest import Digests, goes_together
from notify.mail_tags import apart
from notify.wording import Mail
from tests.builders import a_notice, a_post, a_ticket, a_triage
from tests.in_memory import (
    InMemoryContactStore,
    InMemoryNoticeStore,
    InMemoryPostStore,
    InMemorySendingStore,
    InMemoryTicketStore,
    Memory,
)
from tests.unit.fakes_notify import a_contact

FIVE_MINUTES: Final = timedelta(minutes=5)
PRODUCTION: Final = SimpleNamespace(stage="prod", override_email="", override_phone="")
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def a_directory(**rules: dict[str, Any]) -> Directory:
    """The county's, with other rules for some departments."""
    directory = load_directory()
    default = directory.sending.default
    own = {code: default.model_copy(update=rule) for code, rule in rules.items()}
    sending = directory.sending.model_copy(update={"departments": {**directory.sending.departments, **own}})
    return directory.model_copy(update={"sending": sending})


def a_code(number: int) -> str:
    """A ticket's code."""
    letters = [LETTERS[number // 32**power % 32] for power in range(5, -1, -1)]
    return f"SLM-{''.join(letters)}"


@dataclass(frozen=True)
class Message:
    """What a provider accepted, and when."""

    at: datetime
    recipient: str
    keys: tuple[tuple[str, str], ...]
    """Subject and key of every notice that went with it."""
    mail: Mail | None


@dataclass
class Provider:
    """Stands for SES and SNS."""

    county: County
    accepted: list[Message] = field(default_factory=list)
    requests: int = 0
    fault: Callable[[], None] = lambda: None

    def send(
        self, said: Mail | str, recipient: str, notice: AnyNotice | None = None, reply_to: str | None = None
    ) -> str:
        """Take one message, unless it has a fault."""
        del reply_to
        self.requests += 1
        self.fault()
        about = notice or self.county.delivering
        assert about is not None
        keys = tuple((subject, about.key) for subject in apart(about.subject))
        self.accepted.append(Message(self.county.now, recipient, keys, said if isinstance(said, Mail) else None))
        return f"m-{len(self.accepted)}"


@dataclass
class County:
    """The table, the providers and the clock."""

    now: datetime
    directory: Directory = field(default_factory=load_directory)
    memory: Memory = field(default_factory=Memory)
    delivering: AnyNotice | None = None
    """What an SMS is about, which its sender is not told."""
    runs: int = 0

    def __post_init__(self) -> None:
        memory = self.memory
        self.mail, self.sms = Provider(self), Provider(self)
        self.notices = InMemoryNoticeStore(memory)
        self.stores = Stores(
            self.notices,
            InMemoryTicketStore(memory),
            InMemoryPostStore(memory),
            InMemoryContactStore(memory),
            InMemorySendingStore(memory),
        )
        memory.contacts = {code: a_contact(code) for code in ("dishub", "dlh", "bpbd", "damkar", "inspektorat", DESK)}

    def open(self, number: int, *, planned: bool = True, **changes: Any) -> list[Notice]:
        """Write a ticket with its notices, as `classify` does; not `planned`, as somebody who knows no quiet hours."""
        code, native_id = a_code(number), str(number)
        post = a_post(native_id=native_id, state="triaged", triage=a_triage(), ticket=code, text=f"Laporan {number}")
        fields = {"place": Place(kalurahan=f"Desa {number}"), "opened_at": self.now, "due_at": self.now} | changes
        ticket = a_ticket(code=code, post=post.key, **fields)
        self.memory.posts[post.key] = post
        self.memory.tickets[code] = ticket
        notices = [
            a_notice(
                ticket=code, department=ticket.department, medium=medium, urgency=ticket.urgency, created_at=self.now
            )
            for medium in media(ticket.urgency)
        ]
        written = [held(notice, self.directory.sending) if planned else notice for notice in notices]
        self.memory.notices.update({(notice.subject, notice.key): notice for notice in written})
        return written

    def stored(self, notice: AnyNotice) -> Notice:
        """A notice as it lies in the table."""
        found = self.memory.notices[notice.subject, notice.key]
        assert isinstance(found, Notice)
        return found

    def deliver(self, notice: AnyNotice) -> Outcome:
        """As the stream does."""
        self.runs += 1
        self.delivering = notice
        return deliver(
            notice,
            stores=self.stores,
            senders=Senders(self.mail, self.sms),
            directory=self.directory,
            now=self.now,
            owner=f"run-{self.runs}",
            settings=PRODUCTION,
        )

    def follow_up(self, has_time: Callable[[], bool] = lambda: True) -> Redriven:
        """One run of the schedule, about notices alone."""
        self.runs += 1
        digests = Digests(
            self.stores, Senders(self.mail, self.sms), self.directory, self.now, f"run-{self.runs}", PRODUCTION
        )
        gathering = Gathering(
            deliver=self.deliver,
            goes_together=lambda notice: goes_together(notice, self.now),
            deliver_together=lambda notices, time: (digests.deliver(notices, time), digests.faults),
        )
        done = Redriven()
        for subject, key in list(self.notices.left_behind(self.now)):
            notice = self.notices.get(subject, key)
            assert notice is not None
            done.outcomes[f"notice_{gathering.deliver(notice)}"] += 1
        gathering.send(done, has_time)
        return done

    def follow_up_until(self, end: datetime) -> None:
        """Every run of the schedule up to a moment, but for those that would find nothing to do."""
        while self.now < end:
            self.now += FIVE_MINUTES
            if next(self.notices.left_behind(self.now), None) is not None:
                self.follow_up()
