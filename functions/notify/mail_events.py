"""What SES reports about a mail, and what its notice becomes by that. Pure.

Events come late, twice, in any order, or before we have marked the notice as sent. So no event depends on another:
each adds a lasting fact, and the same events in any order make the same notice.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Literal

from aduan.notice import AnyNotice, Contact, ContactNotice, NoticeId
from notify.mail_tags import tagged

Kind = Literal["accepted", "rejected", "dead", "returned", "undelivered", "delayed", "doubted"]
"""``accepted``: SES took the mail. ``rejected``: SES found it harmful. ``dead``: its address bounced permanently or
complained. ``returned``: this mail will not arrive, although the address may work again. ``undelivered``: a bounce
that does not say so, as an automatic answer causes. ``delayed``: the mail is still under way. ``doubted``: the
receiver doubts that the mail is ours, which is not the address's fault."""
_NO_COMPLAINTS: Final[Mapping[str, Kind]] = {"not-spam": "accepted", "auth-failure": "doubted"}
"""Types of a complaint that nobody made: a mail that was taken out of the spam folder arrived, and a failed
authentication is about the sender's domain."""
_GIVEN_UP: Final = frozenset({"MailboxFull", "MessageTooLarge", "ContentRejected", "AttachmentRejected"})
"""Subtypes of a transient bounce that no automatic answer has. SES reports them when it has stopped trying."""
_FINAL_CODE: Final = re.compile(r"(?<![\d.])5\d\d(?![\d.])|(?<![\d.])5\.\d{1,3}\.\d{1,3}(?![\d.])")
"""A code of SMTP that says "never": ``550``, or ``5.2.2`` of RFC 3463."""


class MailEventError(Exception):
    """An event about a notice lacks something that SES documents, or has it in another form."""


@dataclass(frozen=True)
class MailEvent:
    """One event about the mail of one notice."""

    kind: Kind
    notice: NoticeId
    message_id: str
    recipient: str
    """The only address the mail went to."""
    at: datetime
    reason: str
    """The provider's codes for what happened; never its sentence, which could repeat an address."""


def mail_events(message: str) -> list[MailEvent]:
    """Read one message of the topic: one event for each notice in the mail, so several for a digest.

    The list is empty when the message is about no notice or of a kind that changes nothing. It is also empty for
    the first message of a topic, which is a test by SES and no JSON.

    Raises:
        MailEventError: when a documented field is missing or malformed; names the kind of event and the error.
    """
    try:
        event = json.loads(message)
    except ValueError:
        return []
    if not isinstance(event, dict) or event.get("eventType") not in _READERS:
        return []
    try:
        mail = event["mail"]
        notices = tagged(mail.get("tags") or {})
        if not notices:
            return []
        kind, moment, reason = _READERS[event["eventType"]](event)
        at = datetime.fromisoformat(moment)
        return [MailEvent(kind, notice, mail["messageId"], mail["destination"][0], at, reason) for notice in notices]
    except (KeyError, IndexError, TypeError, AttributeError, ValueError) as error:
        raise MailEventError(f"{event['eventType']}: {type(error).__name__}") from None


def settled(notice: AnyNotice, event: MailEvent, now: datetime) -> AnyNotice:
    """Return a notice as it is after an event; an equal one when the event says nothing new."""
    if notice.state == "withdrawn" or notice.rejected_at is not None:
        return notice
    # A mail that bounced was accepted before and may have been delayed; neither matters any more.
    if event.recipient in notice.bounced and event.kind != "rejected":
        return notice
    return _SETTLING[event.kind](notice, event, now)


def death(contact: Contact, event: MailEvent, now: datetime) -> ContactNotice | None:
    """Return the notice to the desk that an event shows one of a contact's addresses to be dead; None if it does not.

    The event says nothing about a contact that was entered after it, or about an address already known to be dead.
    """
    if event.recipient not in contact.addresses("email") or event.at <= contact.updated_at:
        return None
    return ContactNotice(
        about=contact.id,
        which="email" if event.recipient == contact.email else "fallback_email",
        address=event.recipient,
        died_at=event.at,
        reason=event.reason,
        created_at=now,
    )


def _accepted(notice: AnyNotice, event: MailEvent, _now: datetime) -> AnyNotice:
    if notice.state == "sent":
        return notice
    known = {"message_id": event.message_id, "recipient": event.recipient, "sent_at": event.at}
    return notice.model_copy(update={**known, "state": "sent", "failure": None, "act_at": None})


def _rejected(notice: AnyNotice, event: MailEvent, _now: datetime) -> AnyNotice:
    known = {"message_id": event.message_id, "rejected_at": event.at, "failure": event.reason}
    return notice.model_copy(update={**known, "state": "failed", "act_at": None})


def _bounced(notice: AnyNotice, event: MailEvent, now: datetime) -> AnyNotice:
    bounced = {"bounced": (*notice.bounced, event.recipient)}
    if event.recipient != notice.recipient:
        # Meanwhile the notice was sent to another address; that mail counts.
        return notice.model_copy(update=bounced)
    if notice.fixed_address is not None:
        # There is no other address to try: it was for this one alone.
        return notice.model_copy(update={**bounced, "state": "failed", "act_at": None, "failure": event.reason})
    again = {"state": "pending", "act_at": now, "message_id": None, "sent_at": None, "failure": event.reason}
    return notice.model_copy(update={**bounced, **again})


def _noted(notice: AnyNotice, event: MailEvent, _now: datetime) -> AnyNotice:
    return notice.model_copy(update={"failure": event.reason})


_SETTLING: Final[Mapping[Kind, Callable[[AnyNotice, MailEvent, datetime], AnyNotice]]] = {
    "accepted": _accepted,
    "rejected": _rejected,
    "dead": _bounced,
    "returned": _bounced,
    "undelivered": _noted,
    "delayed": _noted,
    "doubted": _noted,
}


def _read_bounce(event: Mapping[str, Any]) -> tuple[Kind, str, str]:
    bounce = event["bounce"]
    if bounce["bounceType"] == "Permanent":
        return "dead", bounce["timestamp"], f"bounce: {bounce['bounceSubType']}"
    reports = bounce.get("bouncedRecipients") or ()
    trying = any(report.get("action") == "delayed" for report in reports)
    final = not trying and (bounce["bounceSubType"] in _GIVEN_UP or any(map(_is_final, reports)))
    return (
        "returned" if final else "undelivered",
        bounce["timestamp"],
        f"{bounce['bounceType']}: {bounce['bounceSubType']}",
    )


def _is_final(recipient: Mapping[str, Any]) -> bool:
    """Tell whether the receiver's report says that it will not take this mail; an automatic answer has no report."""
    if recipient.get("action") == "failed" or str(recipient.get("status") or "").startswith("5."):
        return True
    # Only the codes at its beginning: a mail server's sentence may hold any number.
    words = str(recipient.get("diagnosticCode") or "").split(";", 1)[-1].split()[:2]
    return any(_FINAL_CODE.match(word) for word in words)


def _read_complaint(event: Mapping[str, Any]) -> tuple[Kind, str, str]:
    complaint = event["complaint"]
    said = str(complaint.get("complaintFeedbackType") or "").strip()
    suppressed = complaint.get("complaintSubType")
    reason = said or suppressed or "unspecified"
    # With a subtype, SES did not even try to send: the address is on its list.
    kind: Kind = "dead" if suppressed else _NO_COMPLAINTS.get(said.casefold(), "dead")
    moment = event["mail"]["timestamp"] if kind == "accepted" else complaint["timestamp"]
    return kind, moment, f"complaint: {reason}"


def _read_delay(event: Mapping[str, Any]) -> tuple[Kind, str, str]:
    delay = event["deliveryDelay"]
    return "delayed", delay["timestamp"], f"delay: {delay['delayType']}"


_READERS: Final[Mapping[str, Callable[[Mapping[str, Any]], tuple[Kind, str, str]]]] = {
    "Send": lambda event: ("accepted", event["mail"]["timestamp"], ""),
    "Delivery": lambda event: ("accepted", event["mail"]["timestamp"], ""),
    "Reject": lambda event: ("rejected", event["mail"]["timestamp"], f"rejected: {event['reject']['reason']}"),
    "Bounce": _read_bounce,
    "Complaint": _read_complaint,
    "DeliveryDelay": _read_delay,
}
"""Readers by SES's name of the event. Each returns the kind of event, its moment as SES writes it, and the reason."""
