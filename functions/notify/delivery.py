"""One notice: whom it goes to, what it says, and what became of it.

It is claimed before it is sent, and what nobody knows the outcome of is never sent again from here.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Final, Literal, Protocol

from aduan.notice import AnyNotice, ChannelNotice, Contact, Medium
from aduan.store.notices import NotPendingError
from aduan.triage import DESK
from notify import wording
from notify.channel_wording import channel_mail
from notify.senders import NotAcceptedError, OutcomeUnknownError

if TYPE_CHECKING:
    from collections.abc import Callable

    from aduan.directory import Department, Directory
    from aduan.store.contacts import ContactStore
    from aduan.store.notices import NoticeStore
    from aduan.store.posts import PostStore
    from aduan.store.tickets import TicketStore
    from notify.senders import MailSender, TextSender
    from notify.wording import DeskReason, Mail

Outcome = Literal["sent", "failed", "unknown", "parked", "postponed", "waiting", "already"]
"""``already``: somebody else has it, or its time has not come; nothing was done. ``waiting``: neither the department
nor the desk has a contact yet; it stays pending until one is entered, and an alarm says so."""

PAUSE: Final = timedelta(minutes=5)
"""After the first refused attempt; after the n-th it is n times as long."""
PRODUCTION: Final = "prod"


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

    notices: "NoticeStore"
    tickets: "TicketStore"
    posts: "PostStore"
    contacts: "ContactStore"


@dataclass(frozen=True)
class Senders:
    """By what a notice can leave."""

    email: "MailSender"
    sms: "TextSender"


@dataclass(frozen=True)
class Addressee:
    """Where one notice goes."""

    recipient: str
    """Address or number."""
    told: str
    """Code of the department whose contact was used."""
    desk_reason: "DeskReason | None"
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
    directory: "Directory",
    settings: DeliverySettings,
) -> Addressee:
    """Decide whom a notice goes to.

    A department that is unknown or has no contact for this medium is told through the desk. Outside production
    everything goes to the override, as if it went to the one it would go to.

    Raises:
        NobodyToTellError: with the reason, for the person who finds the parked notice.
    """
    own, fallback = _reach(contact, notice.medium), _reach(desk, notice.medium)
    reason: DeskReason | None = None
    if notice.department == DESK:
        reason = "undecided"
    elif notice.department not in directory.departments:
        reason = "unknown_department"
    elif own is None:
        reason = "no_contact"
    recipient, told = (own, notice.department) if reason is None else (fallback, DESK)
    reply_to = desk.email if desk is not None and told != DESK else None
    if settings.stage != PRODUCTION:
        recipient = settings.override_email if notice.medium == "email" else settings.override_phone
        reply_to = None
        if not recipient:
            raise NobodyToTellError(f"no {notice.medium} override is set in stage {settings.stage}")
    if not recipient:
        raise NobodyToTellError(f"no {notice.medium} contact of {notice.department} or of the desk")
    return Addressee(recipient, told, reason, reply_to)


def deliver(  # noqa: PLR0913 # everything it depends on comes in here, so that a test can hold all of it
    notice: AnyNotice,
    *,
    stores: Stores,
    senders: Senders,
    directory: "Directory",
    now: datetime,
    owner: str,
    settings: DeliverySettings,
) -> Outcome:
    """Send one notice, at most once, and write down what became of it.

    Args:
        notice: As a consistent read found it.
        stores: The table.
        senders: The providers.
        directory: Names of departments and topics.
        now: When this attempt is made.
        owner: Name of this attempt, different for every call: it tells a repeated claim from another's.
        settings: Whether this is production, and where notices go if it is not.
    """
    if notice.state != "pending" or _too_early(notice, now):
        return "already"
    try:
        write = _writer(notice, stores, directory)
    except NothingToSayError as gone:
        return _park(notice, str(gone), stores.notices)
    desk = stores.contacts.get(DESK)
    contact = desk if notice.department == DESK else stores.contacts.get(notice.department)
    try:
        to = address(notice, contact, desk, directory, settings)
    except NobodyToTellError as error:
        # An SMS only repeats what a mail says, which waits for an address.
        return "waiting" if notice.medium == "email" else _park(notice, str(error), stores.notices)
    # Written before the claim: a fault in the wording leaves the notice pending, not claimed and unsent.
    department = directory.departments.get(notice.department, directory.departments[DESK])
    message = write(department, to.desk_reason)
    if isinstance(message, wording.Mail):
        send = partial(senders.email.send, message, to.recipient, notice, to.reply_to)
    else:
        send = partial(senders.sms.send, message, to.recipient)
    try:
        claimed = stores.notices.claim(notice, owner, now, to.recipient, to.told)
    except NotPendingError:
        return "already"
    return _send(claimed, send, stores.notices, now)


def _writer(
    notice: AnyNotice, stores: Stores, directory: "Directory"
) -> "Callable[[Department, DeskReason | None], Mail | str]":
    """Look up what a notice is about, and return what writes its mail or SMS, once it is known who reads it.

    Raises:
        NothingToSayError: with the reason, for the person who finds the parked notice.
    """
    if isinstance(notice, ChannelNotice):
        channel = next((channel for channel in directory.channels if channel.id == notice.channel), None)
        if channel is None:
            raise NothingToSayError("the channel is gone")
        return lambda department, reason: channel_mail(notice, channel, department, reason, directory)
    ticket = stores.tickets.get(notice.ticket)
    post = stores.posts.get(ticket.post) if ticket is not None else None
    if ticket is None or post is None or post.state == "gone":
        raise NothingToSayError("the ticket is gone" if ticket is None else "the post is gone")
    form = wording.mail if notice.medium == "email" else wording.sms
    return lambda department, reason: form(ticket, post, department, reason, directory)


def _park(notice: AnyNotice, why: str, notices: "NoticeStore") -> Outcome:
    try:
        notices.park(notice, why)
    except NotPendingError:
        return "already"
    return "parked"


def _send(claimed: AnyNotice, send: "Callable[[], str]", notices: "NoticeStore", now: datetime) -> Outcome:
    try:
        message_id = send()
    except NotAcceptedError as refusal:
        if refusal.retry:
            notices.postponed(claimed, refusal.why, now + PAUSE * claimed.attempt)
            return "postponed"
        notices.refused(claimed, refusal.why)
        return "failed"
    except OutcomeUnknownError as loss:
        notices.unknown(claimed, loss.why)
        return "unknown"
    notices.sent(claimed, message_id, now)
    return "sent"


def _too_early(notice: AnyNotice, now: datetime) -> bool:
    """Whether a refused notice waits for its next attempt; before its first, `act_at` bounds nothing."""
    return notice.attempt > 0 and notice.act_at is not None and notice.act_at > now


def _reach(contact: Contact | None, medium: Medium) -> str | None:
    if contact is None:
        return None
    return contact.email if medium == "email" else contact.phone
