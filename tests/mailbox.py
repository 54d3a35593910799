"""A county whose departments are told by the rules of `sending.json`, on a clock that a test turns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from aduan.directory import Directory
from aduan.directory_loading import load_directory
from aduan.notice import AnyNotice, Notice, NoticeId, media
from aduan.quiet_hours import held
from aduan.triage import DESK, Place
from follow_up.redrive import Redrive, Redriven
from notify.delivery import Delivery, Outcome, Senders
from notify.senders import Envelope
from notify.wording import Mail
from tests.builders import a_notice, a_post, a_ticket, a_triage
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Memory
from tests.unit.fakes_notify import a_contact

FIVE_MINUTES: Final = timedelta(minutes=5)
PRODUCTION: Final = SimpleNamespace(stage="prod", override_email="", override_phone="")
LETTERS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def a_directory(**rules: dict[str, Any]) -> Directory:
    """The county's directory, with other rules for some departments."""
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
    notices: tuple[NoticeId, ...]
    """The notices that the message carried."""
    mail: Mail | None


@dataclass
class Provider:
    """Stands in for SES and SNS."""

    county: County
    accepted: list[Message] = field(default_factory=list)
    requests: int = 0
    fault: Callable[[], None] = lambda: None

    def send(self, said: Mail | str, envelope: Envelope) -> str:
        """Accept one message, unless a fault is set."""
        self.requests += 1
        self.fault()
        mail = said if isinstance(said, Mail) else None
        self.accepted.append(Message(self.county.now, envelope.recipient, envelope.notices, mail))
        return f"m-{len(self.accepted)}"


@dataclass
class County:
    """The table, the providers and the clock."""

    now: datetime
    directory: Directory = field(default_factory=load_directory)
    memory: Memory = field(default_factory=Memory)

    def __post_init__(self) -> None:
        memory = self.memory
        self.mail, self.sms = Provider(self), Provider(self)
        self.stores = stores_of(memory)
        self.notices = self.stores.notices
        memory.contacts = {code: a_contact(code) for code in ("dishub", "dlh", "bpbd", "damkar", "inspektorat", DESK)}

    def open(self, number: int, *, planned: bool = True, **changes: Any) -> list[Notice]:
        """Write a ticket with its notices, as `classify` does; without `planned`, quiet hours are ignored."""
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
            for medium in media(ticket.urgency, ticket.department)
        ]
        written = [held(notice, self.directory.sending) if planned else notice for notice in notices]
        self.memory.notices.update({notice.id: notice for notice in written})
        return written

    def stored(self, notice: AnyNotice) -> Notice:
        """A notice as it lies in the table."""
        found = self.memory.notices[notice.id]
        assert isinstance(found, Notice)
        return found

    @property
    def delivery(self) -> Delivery:
        """A delivery on this clock."""
        senders = Senders(self.mail, self.sms)
        return Delivery(self.stores, senders, self.directory, PRODUCTION, clock=lambda: self.now)

    def deliver(self, notice: AnyNotice) -> Outcome:
        """Deliver a notice as the stream does."""
        return self.delivery.deliver(notice)

    def follow_up(self, has_time: Callable[[], bool] = lambda: True) -> Redriven:
        """Run the schedule once, for notices only."""
        redrive = Redrive(decide=str, follow=str, delivery=self.delivery)
        return redrive.run([], [], self.notices.left_behind(self.now), has_time)

    def follow_up_until(self, end: datetime) -> None:
        """Run the schedule up to a moment, leaving out the runs that would find nothing to do."""
        while self.now < end:
            self.now += FIVE_MINUTES
            if next(self.notices.left_behind(self.now), None) is not None:
                self.follow_up()
