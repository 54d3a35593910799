"""What SES reports about a mail counts for what it says: the address, this one mail, or neither."""

from __future__ import annotations

import json
from typing import Any

import pytest

from notify.apply_mail_event import apply_mail_event
from notify.mail_events import mail_events
from tests.builders import a_notice
from tests.sending import FALLBACK, MINUTE, Sending
from tests.ses_events import RECIPIENT, ses_event
from tests.unit.fakes_notify import a_contact

GIVEN_UP: dict[str, dict[str, Any]] = {
    "mailbox full for days": {"bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": RECIPIENT}]},
    "too large": {"bounceSubType": "MessageTooLarge", "bouncedRecipients": [{"emailAddress": RECIPIENT}]},
    "expired": {"bouncedRecipients": [{"action": "failed", "status": "4.4.7", "diagnosticCode": "smtp; 421 4.4.0"}]},
    "enhanced code": {"bouncedRecipients": [{"emailAddress": RECIPIENT, "status": "5.2.2"}]},
    "smtp code": {"bouncedRecipients": [{"diagnosticCode": "smtp; 550 mailbox unavailable"}]},
    "joined codes": {"bouncedRecipients": [{"diagnosticCode": "smtp; 550-5.7.1 policy"}]},
    "unknown kind": {"bounceType": "Undetermined", "bouncedRecipients": [{"diagnosticCode": "smtp;552 5.3.4 no"}]},
}
NOT_GIVEN_UP: dict[str, dict[str, Any]] = {
    "automatic answer": {"bouncedRecipients": [{"emailAddress": RECIPIENT}]},
    "no recipients": {"bouncedRecipients": None},
    "full, still trying": {"bounceSubType": "MailboxFull", "bouncedRecipients": [{"action": "delayed"}]},
    "still trying": {"bouncedRecipients": [{"action": "delayed", "status": "4.2.2"}]},
    "a number in a sentence": {"bouncedRecipients": [{"diagnosticCode": "smtp; 421 try again in 550 seconds"}]},
}


def after_report(kind: str, **changes: Any) -> Sending:
    """Send one mail, let SES report it, and let `follow_up` run."""
    sending = Sending()
    sending.deliver()
    sending.now += MINUTE
    event = ses_event(kind, **{"timestamp": sending.now.isoformat(), **changes})
    event["mail"]["destination"] = [sending.mail.accepted[0].recipient]
    for reported in mail_events(json.dumps(event)):
        apply_mail_event(reported, notices=sending.stores.notices, contacts=sending.stores.contacts, now=sending.now)
    for _ in range(2):
        sending.follow_up(5 * MINUTE)
    return sending


@pytest.mark.parametrize("feedback", ["not-spam", "Not-Spam", "auth-failure"])
def test_a_complaint_that_nobody_made_leaves_the_address_alive(feedback: str) -> None:
    """The mail was sent, its address stays, and nobody gets it a second time."""
    sending = after_report("Complaint", complaintFeedbackType=feedback)
    assert sending.contact.dead_since is None
    assert (sending.stored().state, sending.stored().bounced) == ("sent", ())
    assert len(sending.mail.of(a_notice())) == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"complaintFeedbackType": "abuse"},
        {"complaintFeedbackType": "something-new"},
        {"complaintFeedbackType": None},
        {"complaintFeedbackType": "not-spam", "complaintSubType": "OnAccountSuppressionList"},
    ],
)
def test_any_other_complaint_makes_the_address_dead(changes: dict[str, Any]) -> None:
    """The fallback is used; so it is when SES sends nothing because the address is on its list."""
    sending = after_report("Complaint", **changes)
    assert sending.contact.dead_since is not None
    assert sending.mail.of(a_notice())[-1].recipient == FALLBACK


@pytest.mark.parametrize("changes", GIVEN_UP.values(), ids=GIVEN_UP)
def test_a_mail_that_ses_gave_up_goes_to_the_fallback(changes: dict[str, Any]) -> None:
    """The complaint arrives somewhere, and the address stays alive for the next one."""
    sending = after_report("Bounce", **{"bounceType": "Transient", **changes})
    own = a_contact("dishub").email
    assert [mail.recipient for mail in sending.mail.of(a_notice())] == [own, FALLBACK]
    assert sending.contact.dead_since is None
    another = sending.add(a_notice(department="dishub", step="remind"))
    sending.deliver(another)
    assert sending.mail.accepted[-1].recipient == own


@pytest.mark.parametrize("changes", NOT_GIVEN_UP.values(), ids=NOT_GIVEN_UP)
def test_an_automatic_answer_or_a_delay_causes_no_second_mail(changes: dict[str, Any]) -> None:
    """SES reports an out-of-office answer as a transient bounce, although the mail arrived."""
    sending = after_report("Bounce", **{"bounceType": "Transient", **changes})
    assert len(sending.mail.of(a_notice())) == 1
    assert sending.stored().state == "sent"
