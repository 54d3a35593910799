"""Events as SES publishes them, in the form of its documentation's examples, about a mail of ours."""

from __future__ import annotations

import json
from typing import Any, Final

from aduan.notice import AnyNotice
from notify.mail_tags import tags
from tests.builders import a_notice

RECIPIENT: Final = "dishub@sleman.example"
AT: Final = "2026-11-03T05:02:03.669Z"
"""When the events happened."""
ACCEPTED_AT: Final = "2026-11-03T05:02:02.012Z"
PARTS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "Send": ("send", {}),
    "Delivery": (
        "delivery",
        {
            "timestamp": AT,
            "processingTimeMillis": 546,
            "recipients": [RECIPIENT],
            "smtpResponse": "250 ok: Message 111 accepted",
            "reportingMTA": "mta.example",
        },
    ),
    "Bounce": (
        "bounce",
        {
            "bounceType": "Permanent",
            "bounceSubType": "General",
            "bouncedRecipients": [
                {
                    "emailAddress": RECIPIENT,
                    "action": "failed",
                    "status": "5.1.1",
                    "diagnosticCode": f"smtp; 550 5.1.1 user {RECIPIENT} unknown",
                }
            ],
            "timestamp": AT,
            "feedbackId": "0100-feedback",
            "reportingMTA": "dsn; mta.example",
        },
    ),
    "Complaint": (
        "complaint",
        {
            "complainedRecipients": [{"emailAddress": RECIPIENT}],
            "timestamp": AT,
            "feedbackId": "0100-feedback",
            "userAgent": "Amazon SES Mailbox Simulator",
            "complaintFeedbackType": "abuse",
            "arrivalDate": AT,
        },
    ),
    "Reject": ("reject", {"reason": "Bad content"}),
    "DeliveryDelay": (
        "deliveryDelay",
        {
            "delayType": "TransientCommunicationFailure",
            "expirationTime": "2026-11-03T17:02:03.363Z",
            "delayedRecipients": [{"emailAddress": RECIPIENT, "status": "4.4.1"}],
            "timestamp": AT,
        },
    ),
}


def ses_event(kind: str, *notices: AnyNotice, message: str = "m-1", **changes: Any) -> dict[str, Any]:
    """An event about the mail of a notice, or of several in a digest, with its part changed."""
    about = [notice.id for notice in notices or (a_notice(),)]
    name, part = PARTS[kind]
    mail = {
        "timestamp": ACCEPTED_AT,
        "source": "Aduan Sleman <aduan@sleman.example>",
        "sourceArn": "arn:aws:ses:ap-southeast-3:123456789012:identity/sleman.example",
        "sendingAccountId": "123456789012",
        "messageId": message,
        "destination": [RECIPIENT],
        "headersTruncated": False,
        "headers": [{"name": "Subject", "value": "[SLM-4K7P2M] Penerangan jalan"}],
        "commonHeaders": {"to": [RECIPIENT], "subject": "[SLM-4K7P2M] Penerangan jalan"},
        "tags": {
            "ses:configuration-set": ["aduan"],
            "ses:from-domain": ["sleman.example"],
            **{name: [value] for name, value in tags(about).items()},
        },
    }
    return {"eventType": kind, "mail": mail, name: {**part, **changes}}


def as_topic_event(*messages: dict[str, Any] | str) -> dict[str, Any]:
    """The event with which Lambda hands over these messages of the topic."""
    return {
        "Records": [
            {
                "EventSource": "aws:sns",
                "EventVersion": "1.0",
                "EventSubscriptionArn": "arn:aws:sns:ap-southeast-3:123456789012:mails:1",
                "Sns": {
                    "Type": "Notification",
                    "MessageId": str(number),
                    "TopicArn": "arn:aws:sns:ap-southeast-3:123456789012:mails",
                    "Subject": "Amazon SES Email Event Notification",
                    "Message": message if isinstance(message, str) else json.dumps(message),
                    "Timestamp": AT,
                    "MessageAttributes": {},
                },
            }
            for number, message in enumerate(messages)
        ]
    }
