"""The outbox without AWS: stores in memory, providers that behave as a test tells them, and reports of SES."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from types import SimpleNamespace

from aduan.directory_loading import load_directory
from aduan.notice import AnyNotice, Contact, NoticeId
from aduan.triage import DESK
from follow_up.redrive import Redrive, Redriven
from notify.apply_mail_event import Outcome as Reconciled
from notify.apply_mail_event import apply_mail_event
from notify.delivery import Delivery, Outcome, Senders
from notify.mail_events import Kind, MailEvent
from notify.senders import Envelope, OutcomeUnknownError
from notify.wording import Mail
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Killed, Memory
from tests.unit.fakes_notify import a_contact

DIRECTORY = load_directory()
PRODUCTION = SimpleNamespace(stage="prod", override_email="", override_phone="")
MINUTE = timedelta(minutes=1)
FALLBACK = "cadangan@sleman.example"

Behaviour = Exception | str
"""An exception to raise, or ``accept``, ``accept, then lose`` (the reply), ``die`` or ``accept, then die``."""


@dataclass(frozen=True)
class Message:
    """What a provider accepted."""

    id: str
    notice: NoticeId
    recipient: str


@dataclass
class FakeProvider:
    """Stands in for SES or SNS: keeps what it accepted, and may lose its reply or kill the process."""

    behaviour: Behaviour = "accept"
    requests: int = 0
    accepted: list[Message] = field(default_factory=list)
    subjects: list[str] = field(default_factory=list)

    def send(self, said: Mail | str, envelope: Envelope) -> str:
        """Treat one message as the next behaviour says."""
        self.requests += 1
        if self.behaviour == "die":
            raise Killed
        if isinstance(self.behaviour, Exception):
            raise self.behaviour
        [about] = envelope.notices
        self.accepted.append(Message(f"m-{self.requests}", about, envelope.recipient))
        if isinstance(said, Mail):
            self.subjects.append(said.subject)
        if self.behaviour == "accept, then die":
            raise Killed
        if self.behaviour == "accept, then lose":
            raise OutcomeUnknownError("ReadTimeoutError")
        return self.accepted[-1].id

    def of(self, notice: AnyNotice) -> list[Message]:
        """The accepted messages of one notice."""
        return [message for message in self.accepted if message.notice == notice.id]


@dataclass
class Sending:
    """A ticket of Dishub with a notice. Dishub's contact has a fallback address, and the desk has a contact too."""

    memory: Memory = field(default_factory=Memory)
    mail: FakeProvider = field(default_factory=FakeProvider)
    sms: FakeProvider = field(default_factory=FakeProvider)
    now: datetime = NOON + MINUTE
    wire: Senders | None = None
    """The deployed senders, in place of the providers above."""

    def __post_init__(self) -> None:
        memory = self.memory
        self.stores = stores_of(memory)
        post = a_post(state="triaged", triage=a_triage(), ticket=a_ticket().code)
        memory.posts[post.key] = post
        memory.tickets[a_ticket().code] = a_ticket()
        dishub = a_contact("dishub").model_copy(update={"fallback_email": FALLBACK})
        memory.contacts = {"dishub": dishub, DESK: a_contact(DESK)}
        self.add(a_notice())

    def add(self, notice: AnyNotice) -> AnyNotice:
        """Put a notice into the outbox."""
        self.memory.notices[notice.id] = notice
        return notice

    def stored(self, notice: AnyNotice | None = None) -> AnyNotice:
        """The notice as it lies in the table."""
        return self.memory.notices[(notice or a_notice()).id]

    @property
    def contact(self) -> Contact:
        """Dishub's contact."""
        return self.memory.contacts["dishub"]

    def deliver(self, notice: AnyNotice | None = None) -> Outcome:
        """Deliver a notice as it was read, as the stream or `follow_up` does."""
        return self.delivery.deliver(notice or self.stored())

    @property
    def delivery(self) -> Delivery:
        """A delivery on this clock."""
        senders = self.wire or Senders(self.mail, self.sms)
        return Delivery(self.stores, senders, DIRECTORY, PRODUCTION, clock=lambda: self.now)

    def follow_up(self, later: timedelta = timedelta()) -> Redriven:
        """Run the schedule once, this much later."""
        self.now += later
        redrive = Redrive(decide=str, follow=str, delivery=self.delivery)
        return redrive.run([], [], self.stores.notices.left_behind(self.now), lambda: True)

    def report(self, message: Message, kind: Kind = "accepted", reason: str = "") -> Reconciled:
        """Let SES report about a message that it accepted."""
        event = MailEvent(kind, message.notice, message.id, message.recipient, self.now, reason)
        return apply_mail_event(event, notices=self.stores.notices, contacts=self.stores.contacts, now=self.now)

    def die(self, step: Callable[[], object], *, before: int | None = None, after: int | None = None) -> None:
        """Run a step, and die before or after one of its calls to the table, or where the provider dies."""
        memory = self.memory
        memory.calls, memory.kill_before, memory.kill_after = 0, before, after
        with contextlib.suppress(Killed):
            step()
        memory.kill_before = memory.kill_after = None
