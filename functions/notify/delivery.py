"""One notice: whom it goes to, what it says, and what became of it.

It is claimed before it is sent. A mail that nobody knows the outcome of is sent once more when its sender must be dead
and SES has reported nothing about it; after that, and an SMS at once, it is parked for a person.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol

from aduan.notice import AnyNotice, ChannelNotice, Contact, ContactNotice, Notice, SmsBudgetNotice
from aduan.quiet_hours import Hold, waiting
from aduan.store.notices import NotPendingError
from aduan.triage import DESK
from notify import wording
from notify.case import Case
from notify.senders import NotAcceptedError, OutcomeUnknownError
from notify.sms_budget import Booked, spare_or_book
from notify.step_wording import step_message
from notify.timing import counts_since, hold_back, is_counted, is_first

if TYPE_CHECKING:
    from aduan.directory import Department, Directory, SendingRule
    from aduan.post import Post
    from aduan.store.contacts import ContactStore
    from aduan.store.notices import NoticeStore
    from aduan.store.posts import PostStore
    from aduan.store.sending import SendingStore
    from aduan.store.tickets import TicketStore
    from aduan.ticket import Ticket
    from notify.action_links import ActionLinks
    from notify.case import DeskReason
    from notify.senders import MailSender, TextSender
    from notify.wording import Mail

Outcome = Literal[
    "sent", "failed", "unknown", "parked", "postponed", "blocked", "waiting", "deferred", "skipped", "already"
]
"""``already``: somebody else has it, or its time has not come; nothing was done. ``waiting``: neither the department
nor the desk has a contact yet; it stays pending until one is entered, and an alarm says so. ``blocked``: postponed
because the provider takes nothing at all from this account now. ``deferred``: it waits for the morning or for a
digest. ``skipped``: an SMS that was spared."""

Answer = str | NotAcceptedError | OutcomeUnknownError
"""The id of a message that was accepted, or why it was not, or why nobody knows."""
PAUSE: Final = timedelta(minutes=5)
"""After the first refused attempt; after the n-th it is n times as long, up to `LONGEST_PAUSE`."""
LONGEST_PAUSE: Final = timedelta(hours=1)
SMS_LIFETIME: Final = timedelta(days=1)
"""An SMS that could not leave for so long is parked: what it had to say at once is long in a mail."""
GRACE: Final = timedelta(minutes=15)
"""How long a claimed notice may be without an outcome. Sending takes seconds and a function lives minutes, and SES
reports within seconds: after this its sender is dead."""
PARKED_BECAUSE: Final = "the outcome of the send is unknown"
PRODUCTION: Final = "prod"
LOCAL: Final = "local"
"""On one machine nobody sleeps, and whoever tries it out at night waits for no morning."""


class DeliverySettings(Protocol):
    """Where notices go outside production."""

    @property
    def stage(self) -> str:
        """Name of the deployment; only ``prod`` writes to departments."""

    @property
    def override_email(self) -> str:
        """Address that gets every mail outside production."""

    @property
    def override_phone(self) -> str:
        """Number that gets every SMS outside production; may be empty."""


@dataclass(frozen=True)
class Stores:
    """What `deliver` reads and writes."""

    notices: NoticeStore
    tickets: TicketStore
    posts: PostStore
    contacts: ContactStore
    sending: SendingStore


@dataclass(frozen=True)
class Senders:
    """By what a notice can leave."""

    email: MailSender
    sms: TextSender


@dataclass(frozen=True)
class Addressee:
    """Where one notice goes."""

    recipient: str
    """Address or number."""
    told: str
    """Code of the department whose contact was used."""
    desk_reason: DeskReason | None
    """Why that is the desk."""
    reply_to: str | None = None


class NobodyToTellError(Exception):
    """Neither the department nor the desk can be told by this medium."""


class NothingToSayError(Exception):
    """What the notice is about is not there any more."""


def address(
    notice: AnyNotice,
    contact: Contact | None,
    desk: Contact | None,
    directory: Directory,
    settings: DeliverySettings,
) -> Addressee:
    """Decide whom a notice goes to.

    A department's dead address is passed over for its fallback; one that is unknown or has no living address for this
    medium is told through the desk. Outside production everything goes to the override, as if it went to the one it
    would go to.

    Raises:
        NobodyToTellError: with the reason, for the person who finds the parked notice.
    """
    own, fallback = _reach(contact, notice), _reach(desk, notice)
    reason: DeskReason | None = None
    if notice.department == DESK:
        reason = "undecided"
    elif notice.department not in directory.departments:
        reason = "unknown_department"
    elif own is None:
        reason = "dead_contact" if contact is not None and contact.knows(notice.medium) else "no_contact"
    recipient, told = (own, notice.department) if reason is None else (fallback, DESK)
    answers = desk.addresses("email") if desk is not None and told != DESK else ()
    reply_to = answers[0] if answers else None
    if settings.stage != PRODUCTION:
        recipient = settings.override_email if notice.medium == "email" else settings.override_phone
        reply_to = None
        if not recipient or recipient in notice.bounced:
            raise NobodyToTellError(f"no {notice.medium} override works in stage {settings.stage}")
    if not recipient:
        raise NobodyToTellError(f"no {notice.medium} contact of {notice.department} or of the desk")
    return Addressee(recipient, told, reason, reply_to)


def deliver(  # noqa: PLR0913 # everything it depends on comes in here, so that a test can hold all of it
    notice: AnyNotice,
    *,
    stores: Stores,
    senders: Senders,
    directory: Directory,
    now: datetime,
    owner: str,
    settings: DeliverySettings,
    links: ActionLinks | None = None,
) -> Outcome:
    """Send one notice, unless it was sent, and write down what became of it.

    Args:
        notice: As a consistent read found it.
        stores: The table.
        senders: The providers.
        directory: Names of departments and topics.
        now: When this attempt is made.
        owner: Name of this attempt, different for every call: it tells a repeated claim from another's.
        settings: Whether this is production, and where notices go if it is not.
        links: Makes the links of a mail; None for mails without any.
    """
    if not is_due(notice, now):
        return "already"
    if notice.state == "claimed" and (notice.medium == "sms" or notice.repeated_at is not None):
        return park(notice, notice.failure or PARKED_BECAUSE, stores.notices)
    try:
        write, ticket = _writer(notice, stores, directory, links, now)
    except NothingToSayError as gone:
        return park(notice, str(gone), stores.notices)
    desk = stores.contacts.get(DESK)
    contact = desk if notice.contact == DESK else stores.contacts.get(notice.contact)
    try:
        to = address(notice, contact, desk, directory, settings)
    except NobodyToTellError as error:
        # An SMS only repeats what a mail says, which waits for an address.
        return "waiting" if notice.medium == "email" else park(notice, str(error), stores.notices)
    # Written before the claim: a fault in the wording leaves the notice pending, not claimed and unsent.
    department = directory.departments.get(notice.department, directory.departments[DESK])
    message = write(department, to.desk_reason)
    if isinstance(message, wording.Mail):
        send = partial(senders.email.send, message, to.recipient, notice, to.reply_to)
    else:
        send = partial(senders.sms.send, message, to.recipient)
    admitted = _admit(notice, ticket, to, stores, directory, now) if settings.stage != LOCAL else None
    if isinstance(admitted, str):
        return admitted
    try:
        claimed = stores.notices.claim(notice, owner, now, to.recipient, to.told)
    except NotPendingError:
        outcome: Outcome = "already"
    else:
        outcome = conclude(claimed, answer_of(send), stores.notices, now)
    if admitted is not None:
        admitted.settle(outcome)
    return outcome


def _writer(
    notice: AnyNotice, stores: Stores, directory: Directory, links: ActionLinks | None, now: datetime
) -> tuple[Callable[[Department, DeskReason | None], Mail | str], Ticket | None]:
    """Look up what a notice is about, and return what writes its mail or SMS, once it is known who reads it.

    Beside it the ticket, if it is about one.

    Raises:
        NothingToSayError: with the reason, for the person who finds the parked notice.
    """
    if isinstance(notice, ChannelNotice):
        channel = next((channel for channel in directory.channels if channel.id == notice.channel), None)
        if channel is None:
            raise NothingToSayError("the channel is gone")
        from notify.channel_wording import channel_mail  # noqa: PLC0415 # seldom said: no cold start pays for it

        return lambda department, reason: channel_mail(notice, channel, department, reason, directory), None
    if isinstance(notice, ContactNotice):
        about = directory.departments.get(notice.about.partition(".")[0])
        if about is None:
            raise NothingToSayError("the department is gone")
        contact = stores.contacts.get(notice.about)
        from notify.contact_wording import contact_mail  # noqa: PLC0415 # seldom said: no cold start pays for it

        return lambda _department, _reason: contact_mail(notice, about, contact, directory), None
    if isinstance(notice, SmsBudgetNotice):
        from notify.sms_budget_wording import sms_budget_mail  # noqa: PLC0415 # seldom said: no cold start pays for it

        return lambda _department, _reason: sms_budget_mail(notice, directory), None
    ticket, post = look_up(notice, stores)

    def write(department: Department, reason: DeskReason | None) -> Mail | str:
        actions = () if links is None else links.about(notice, ticket, department, reason, now)
        case = Case(ticket, post, department, reason, directory, actions)
        if notice.step is not None:
            return step_message(notice, case)
        return wording.sms(case) if notice.medium == "sms" else wording.mail(case)

    return write, ticket


def look_up(notice: Notice, stores: Stores) -> tuple[Ticket, Post]:
    """Return a notice's ticket and the post that opened it; for a step of the ladder, be that deleted or not.

    Raises:
        NothingToSayError: with the reason, for the person who finds the parked notice.
    """
    ticket = stores.tickets.get(notice.ticket)
    post = stores.posts.get(ticket.post) if ticket is not None else None
    if ticket is None or post is None or (post.state == "gone" and notice.step is None):
        raise NothingToSayError("the ticket is gone" if ticket is None else "the post is gone")
    return ticket, post


def _admit(  # noqa: PLR0913, PLR0917 # the notice with all it depends on
    notice: AnyNotice, ticket: Ticket | None, to: Addressee, stores: Stores, directory: Directory, now: datetime
) -> Literal["deferred", "skipped", "already"] | Booked | None:
    """Let a notice through, with what was booked for it, or say what becomes of it instead."""
    if notice.state != "pending":
        # It went, or may have gone, before.
        return None
    try:
        held = _held(notice, ticket, to, stores.sending, directory, now)
        if held is not None:
            return defer(notice, held, stores.notices)
        if ticket is None or not isinstance(notice, Notice) or notice.medium == "email":
            return None
        booked = spare_or_book(notice, ticket, stores.sending, directory.sending.sms, now)
        if isinstance(booked, Booked):
            return booked
        stores.notices.skip(notice, booked.why)
    except NotPendingError:
        return "already"
    return "skipped"


def _held(  # noqa: PLR0913, PLR0917 # the notice with all it depends on
    notice: AnyNotice,
    ticket: Ticket | None,
    to: Addressee,
    sending: SendingStore,
    directory: Directory,
    now: datetime,
) -> Hold | None:
    """Ask the clock first: only a mail that would go now is counted."""
    reader = notice.contact if to.desk_reason in {None, "undecided"} else DESK
    rule = directory.sending.rule(reader.partition(".")[0])
    held = hold_back(notice, rule, now, 0)
    if held is not None or ticket is None or not is_counted(notice, now):
        return held
    return hold_back(notice, rule, now, _sent(ticket, reader, notice, rule, sending, now))


def _sent(  # noqa: PLR0913, PLR0917 # the notice with all it depends on
    ticket: Ticket, reader: str, notice: AnyNotice, rule: SendingRule, sending: SendingStore, now: datetime
) -> int:
    """How many mails its reader has had, or will have had, in this hour before this one.

    The first mail about a ticket that came in since the hour began has the place of its ticket among the
    department's, which the table knows without a count; so nearly every complaint saves a write. All other mails,
    about tickets from before or moved, reminders, and what the desk gets for others, are counted one by one.
    """
    since, most = counts_since(rule, now), rule.mails_an_hour
    if is_first(notice) and ticket.department == reader and ticket.opened_at >= since:
        place = sending.opened(reader, since, most, before=ticket)
        return place + (sending.counted(reader, now) if place < most else 0)
    opened = sending.opened(reader, since, most)
    return opened + (sending.count(reader, now, most - opened) if opened < most else 0)


def defer(notice: AnyNotice, held: Hold, notices: NoticeStore) -> Literal["deferred", "already"]:
    """Let a notice wait; one that waits for that moment already costs no write."""
    try:
        if waiting(notice, held) != notice:
            notices.hold(notice, held)
    except NotPendingError:
        return "already"
    return "deferred"


def park(notice: AnyNotice, why: str, notices: NoticeStore) -> Outcome:
    """Put a notice aside for a person, unless somebody finished it meanwhile."""
    try:
        notices.park(notice, why)
    except NotPendingError:
        return "already"
    return "parked"


def answer_of(send: Callable[[], str]) -> Answer:
    """Make one request, and return the message id or what the provider, or nobody, said instead."""
    try:
        return send()
    except (NotAcceptedError, OutcomeUnknownError) as fault:
        return fault


def conclude(claimed: AnyNotice, answer: Answer, notices: NoticeStore, now: datetime) -> Outcome:
    """Write down what the answer to a request makes of a notice that went with it."""
    match answer:
        case OutcomeUnknownError():
            notices.unknown(claimed, answer.why)
            return "unknown"
        case NotAcceptedError(retry=False):
            notices.refused(claimed, answer.why)
            return "failed"
        case NotAcceptedError():
            if claimed.medium == "sms" and now - claimed.created_at >= SMS_LIFETIME:
                return park(claimed, answer.why, notices)
            notices.postponed(claimed, answer.why, now + _pause(claimed))
            return "blocked" if answer.blocked else "postponed"
    notices.sent(claimed, answer, now)
    return "sent"


def is_due(notice: AnyNotice, now: datetime) -> bool:
    """Whether it is time to send a notice: for the first time, after a refusal, or because its sender died."""
    if notice.state == "claimed":
        return notice.claimed_at is None or now - notice.claimed_at >= GRACE
    # Before the first attempt `act_at` bounds nothing: the stream is faster.
    waits = notice.attempt > 0 and notice.act_at is not None and notice.act_at > now
    return notice.state == "pending" and not waits


def _pause(notice: AnyNotice) -> timedelta:
    """How long a refused notice waits. It is never given up: an account may be paused for days."""
    return PAUSE if notice.urgency == "emergency" else min(PAUSE * notice.attempt, LONGEST_PAUSE)


def _reach(contact: Contact | None, notice: AnyNotice) -> str | None:
    """The first living address that has not bounced this very notice."""
    addresses = () if contact is None else contact.addresses(notice.medium)
    return next((address for address in addresses if address not in notice.bounced), None)
