"""Send one notice or one digest: find out whom it goes to and what it says, and record what became of it.

A notice is claimed before it is sent. A mail with an unknown outcome is sent once more, when its sender must be dead
and SES has reported nothing about it. If that outcome is unknown too, the notice is parked for a person. An SMS with
an unknown outcome is parked without a second attempt.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol
from uuid import uuid4

from aduan.notice import AnyNotice, Contact, ContactId, Notice
from aduan.quiet_hours import Hold, waiting
from aduan.store.notices import NotPendingError
from aduan.triage import DESK
from notify import wording
from notify.case import Case
from notify.senders import Envelope, NotAcceptedError, OutcomeUnknownError
from notify.service_mails import NothingToSayError, NothingWaitsError, service_mail
from notify.sms_budget import Booked, TextRequest
from notify.step_wording import step_message
from notify.timing import counts_since, hold_back, is_counted, is_due, is_first, is_placed

if TYPE_CHECKING:
    from aduan.directory import Department, Directory, SendingRule
    from aduan.ticket import Ticket
    from notify.action_links import ActionLinks
    from notify.case import DeskReason
    from notify.senders import MailSender, TextSender
    from notify.stores import Stores
    from notify.wording import Mail

Outcome = Literal[
    "sent", "failed", "unknown", "parked", "postponed", "blocked", "waiting", "deferred", "skipped", "already"
]
"""What became of a notice. ``already``: another sender has it, or its time has not come; nothing was done.
``waiting``: neither the department nor the desk has a contact yet; the notice stays pending until one is entered, and
an alarm says so. ``blocked``: postponed because the provider takes nothing at all from this account now.
``deferred``: it waits for the morning or for a digest. ``skipped``: an SMS that was not worth sending."""

ReadContact = Callable[[ContactId], Contact | None]
Answer = str | NotAcceptedError | OutcomeUnknownError
"""The provider's id of an accepted message, or the error that says why it was not accepted or why nobody knows."""
PAUSE: Final = timedelta(minutes=5)
"""How long a notice waits after its first refused attempt. After the n-th it waits n times as long, up to
`LONGEST_PAUSE`; an emergency always waits this long."""
LONGEST_PAUSE: Final = timedelta(hours=1)
SMS_LIFETIME: Final = timedelta(days=1)
"""An SMS that could not be sent for this long is parked: a mail has long said the same."""
PARKED_BECAUSE: Final = "the outcome of the send is unknown"
PRODUCTION: Final = "prod"
LOCAL: Final = "local"
"""Stage of a deployment on a developer's machine. There no notice is held back, so it can be tried out at night."""


class DeliverySettings(Protocol):
    """Where notices go outside production."""

    @property
    def stage(self) -> str:
        """Name of the deployment; only ``prod`` sends to departments."""

    @property
    def override_email(self) -> str:
        """Address that gets every mail outside production."""

    @property
    def override_phone(self) -> str:
        """Number that gets every SMS outside production; may be empty."""


@dataclass(frozen=True)
class Senders:
    """The senders, by medium."""

    email: MailSender
    sms: TextSender


@dataclass(frozen=True)
class Addressee:
    """Where one notice goes."""

    recipient: str
    """Address or number."""
    contact: ContactId
    """The contact it belongs to."""
    desk_reason: DeskReason | None
    """Why the notice goes to the desk; None when it goes to the department itself."""
    reply_to: str | None = None
    """The desk's address, for answers to a mail that goes to somebody else; None when there is none to give."""


class NobodyToTellError(Exception):
    """Neither the department nor the desk can be told by this medium."""


@dataclass(frozen=True)
class Ready:
    """A notice that can be sent."""

    notice: AnyNotice
    to: Addressee
    content: Case | Mail
    """The case of a notice about a ticket; the finished mail of a notice about something else."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Delivery:
    """Sends notices by the rules of this deployment, and records what became of them."""

    stores: Stores
    senders: Senders
    directory: Directory
    settings: DeliverySettings
    links: ActionLinks | None = None
    """Makes the links of a mail; None for mails without links."""
    clock: Callable[[], datetime] = _utc_now

    def deliver(self, notice: AnyNotice) -> Outcome:
        """Send one notice unless it was sent already, and record what became of it.

        Args:
            notice: As a consistent read found it.
        """
        now = self.clock()
        ready = self.prepare(notice, now, self.stores.contacts.get)
        if not isinstance(ready, Ready):
            return ready
        # Written before the claim: a fault in the wording leaves the notice pending, not claimed and unsent.
        content = ready.content
        message = content if isinstance(content, wording.Mail) else _message(notice, content)
        admitted = self._admit(ready, now)
        if isinstance(admitted, str):
            return admitted
        [outcome] = self.send(ready.to, [notice], lambda _: message, now)
        if admitted is not None:
            admitted.settle(outcome)
        return outcome

    def prepare(self, notice: AnyNotice, now: datetime, read_contact: ReadContact) -> Ready | Outcome:
        """Find out what a notice is about and whom it goes to; return its outcome instead if it cannot be sent now."""
        if not is_due(notice, now):
            return "already"
        if notice.state == "claimed" and (notice.medium == "sms" or notice.repeated_at is not None):
            return self._park(notice, notice.failure or PARKED_BECAUSE)
        try:
            write = self._writer(notice, now)
            to = self.addressee(notice, read_contact)
        except NothingToSayError as gone:
            return self._park(notice, str(gone))
        except NothingWaitsError as done:
            return _unless_taken("skipped", partial(self.stores.notices.skip, notice, str(done)))
        except NobodyToTellError as error:
            # The mail waits for an address. An SMS need not: it only repeats what the mail says.
            return "waiting" if notice.medium == "email" else self._park(notice, str(error))
        return Ready(notice, to, write(to))

    def addressee(self, notice: AnyNotice, read_contact: ReadContact) -> Addressee:
        """Decide whom a notice goes to.

        If a department's address is dead, its fallback is used. If the department is unknown or has no living address
        for this medium, the notice goes to the desk. Outside production the recipient is always the override, but the
        contact and the reason are those of the real recipient.

        Raises:
            NobodyToTellError: with the reason, for the person who finds the parked notice.
        """
        the_desk = ContactId(DESK)
        desk = read_contact(the_desk)
        contact = desk if notice.contact == the_desk else read_contact(notice.contact)
        own, fallback = _reach(contact, notice), _reach(desk, notice)
        reason: DeskReason | None = None
        if (fixed := notice.fixed_address) is not None:
            own = fixed if fixed not in notice.bounced else None
        elif notice.department == DESK:
            reason = "undecided"
        elif notice.department not in self.directory.departments:
            reason = "unknown_department"
        elif own is None:
            reason = "dead_contact" if contact is not None and contact.knows(notice.medium) else "no_contact"
        recipient, told = (own, notice.contact) if reason is None else (fallback, the_desk)
        answers = desk.addresses("email") if desk is not None and told != the_desk else ()
        reply_to = answers[0] if answers else None
        if self.settings.stage != PRODUCTION:
            by_mail = notice.medium == "email"
            recipient = self.settings.override_email if by_mail else self.settings.override_phone
            reply_to = None
            if not recipient or recipient in notice.bounced:
                raise NobodyToTellError(f"no {notice.medium} override works in stage {self.settings.stage}")
        if not recipient:
            raise NobodyToTellError(f"no {notice.medium} contact of {notice.department} or of the desk")
        return Addressee(recipient, told, reason, reply_to)

    def hold(self, ready: Ready, now: datetime, sent: int = 0) -> Hold | None:
        """Say until when a notice waits; None when it may be sent now.

        Args:
            ready: The notice and its addressee.
            now: When it would be sent.
            sent: How many mails its reader has had in this hour.
        """
        if ready.notice.state != "pending" or self.settings.stage == LOCAL:
            return None
        return hold_back(ready.notice, self._rule(ready.to), now, sent)

    def defer(self, notice: AnyNotice, held: Hold) -> Outcome:
        """Let a notice wait. Nothing is written when it waits for that moment already."""
        if waiting(notice, held) == notice:
            return "deferred"
        return _unless_taken("deferred", partial(self.stores.notices.hold, notice, held))

    def send(
        self,
        to: Addressee,
        notices: Sequence[AnyNotice],
        write: Callable[[Sequence[AnyNotice]], Mail | str],
        now: datetime,
    ) -> list[Outcome]:
        """Claim notices, send one message about them, and record what became of each.

        Args:
            to: Where all of them go.
            notices: At least one. Several must have the same key and be about different tickets.
            write: Writes the message about those that could be claimed.
            now: When this attempt is made.

        Returns:
            One outcome for each notice, in no particular order.
        """
        owner, claimed = uuid4().hex, list[AnyNotice]()
        for notice in notices:
            with suppress(NotPendingError):
                claimed.append(self.stores.notices.claim(notice, owner, now, to.recipient, to.contact.department))
        outcomes: list[Outcome] = ["already"] * (len(notices) - len(claimed))
        if claimed:
            about = tuple(notice.id for notice in claimed)
            answer = self._answer(write(claimed), Envelope(to.recipient, claimed[0].department, about, to.reply_to))
            outcomes += [self._conclude(notice, answer, now) for notice in claimed]
        return outcomes

    def department(self, notice: AnyNotice) -> Department:
        """Return the department a notice is for; the desk, when that department is no longer known."""
        return self.directory.departments.get(notice.department, self.directory.departments[DESK])

    def _writer(self, notice: AnyNotice, now: datetime) -> Callable[[Addressee], Case | Mail]:
        """Look up what a notice is about, and return a function that makes its content for an addressee.

        Raises:
            NothingToSayError: with the reason, for the person who finds the parked notice.
            NothingWaitsError: when a list would be empty.
        """
        department, directory = self.department(notice), self.directory
        if isinstance(notice, Notice):
            ticket = self.stores.tickets.get(notice.ticket)
            post = self.stores.posts.get(ticket.post) if ticket is not None else None
            # The notice of a step of the ladder is sent even when the post is deleted.
            if ticket is None or post is None or (post.state == "gone" and notice.step is None):
                raise NothingToSayError("the ticket is gone" if ticket is None else "the post is gone")
            links = partial(self.links.about, notice, ticket, department) if self.links is not None else None

            def case(to: Addressee) -> Case:
                actions = () if links is None else links(to.desk_reason, now)
                return Case(ticket, post, department, to.desk_reason, directory, actions)

            return case
        write = service_mail(notice, self.stores, directory, now)
        return lambda to: write(to.desk_reason)

    def _admit(self, ready: Ready, now: datetime) -> Outcome | Booked | None:
        """Let a notice through, or return its outcome if it is held back or spared.

        A notice that was sent, or may have been sent, before is let through.

        Returns:
            None for a notice that may go; what was booked for it, when it is an SMS; or its outcome.
        """
        notice, content = ready.notice, ready.content
        ticket = None if isinstance(content, wording.Mail) else content.ticket
        # First the quiet hours, without counting: only a mail that would go now is counted.
        held = self.hold(ready, now)
        pending = notice.state == "pending" and self.settings.stage != LOCAL
        waits = not notice.alarms or (ticket is not None and not is_placed(ticket))
        if held is None and pending and ticket is not None and waits and is_counted(notice, now):
            held = self.hold(ready, now, self._sent(ready, ticket, now))
        if held is not None:
            return self.defer(notice, held)
        if not pending or ticket is None or not isinstance(notice, Notice) or notice.medium == "email":
            return None
        author = content.post.author if isinstance(content, Case) else None
        rule = self.directory.sending.sms
        booked = TextRequest(notice, ticket, author, self.stores, rule, now).spare_or_book()
        if isinstance(booked, Booked):
            return booked
        return _unless_taken("skipped", partial(self.stores.notices.skip, notice, booked))

    def _sent(self, ready: Ready, ticket: Ticket, now: datetime) -> int:
        """Return how many mails the notice's reader gets in this hour before this one.

        For the first mail about a ticket that was opened since the hour began, the place of the ticket among its
        department's new tickets is taken. The table knows it without a count, which saves a write for nearly every
        complaint. All other mails are counted one by one: those about earlier or moved tickets, reminders, and what
        the desk gets for others.
        """
        sending, rule, reader = self.stores.sending, self._rule(ready.to), str(ready.to.contact)
        since, most = counts_since(rule, now), rule.mails_an_hour
        if is_first(ready.notice) and ticket.department == reader and ticket.opened_at >= since:
            place = sending.opened(reader, since, most, before=ticket)
            return place + (sending.counted(reader, now) if place < most else 0)
        opened = sending.opened(reader, since, most)
        return opened + (sending.count(reader, now, most - opened) if opened < most else 0)

    def _rule(self, to: Addressee) -> SendingRule:
        return self.directory.sending.rule(to.contact.department)

    def _park(self, notice: AnyNotice, why: str) -> Outcome:
        """Put a notice aside, with the reason, until a person looks at it."""
        return _unless_taken("parked", partial(self.stores.notices.park, notice, why))

    def _answer(self, message: Mail | str, envelope: Envelope) -> Answer:
        """Make one request, and return the message id or the error that tells what happened instead."""
        try:
            if isinstance(message, str):
                return self.senders.sms.send(message, envelope)
            return self.senders.email.send(message, envelope)
        except (NotAcceptedError, OutcomeUnknownError) as fault:
            return fault

    def _conclude(self, claimed: AnyNotice, answer: Answer, now: datetime) -> Outcome:
        """Record what the answer to a request means for a claimed notice that went with it."""
        notices = self.stores.notices
        match answer:
            case OutcomeUnknownError():
                notices.unknown(claimed, answer.why)
                return "unknown"
            case NotAcceptedError(retry=False):
                notices.refused(claimed, answer.why)
                return "failed"
            case NotAcceptedError():
                if claimed.medium == "sms" and now - claimed.created_at >= SMS_LIFETIME:
                    return self._park(claimed, answer.why)
                notices.postponed(claimed, answer.why, now + _pause(claimed))
                return "blocked" if answer.blocked else "postponed"
        notices.sent(claimed, answer, now)
        return "sent"


def _message(notice: AnyNotice, case: Case) -> Mail | str:
    """Write the message of a notice about a ticket: a mail, or the text of an SMS."""
    if isinstance(notice, Notice) and notice.step is not None:
        return step_message(notice, case)
    return wording.sms(case) if notice.medium == "sms" else wording.mail(case)


def _unless_taken(outcome: Outcome, write: Callable[[], None]) -> Outcome:
    """Call `write` and return `outcome`; ``already`` when another sender took or finished the notice meanwhile."""
    try:
        write()
    except NotPendingError:
        return "already"
    return outcome


def _pause(notice: AnyNotice) -> timedelta:
    """Return how long a refused notice waits. It is never given up: an account may be paused for days."""
    return PAUSE if notice.alarms else min(PAUSE * notice.attempt, LONGEST_PAUSE)


def _reach(contact: Contact | None, notice: AnyNotice) -> str | None:
    """Return a contact's first living address that has not bounced this very notice; None without one."""
    addresses = () if contact is None else contact.addresses(notice.medium)
    return next((address for address in addresses if address not in notice.bounced), None)
