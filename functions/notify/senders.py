"""Send a message: mail through SES, SMS through SNS.

Neither service takes an idempotency key, so each call makes at most one request. Its outcome is one of three: accepted,
certainly not accepted, or unknown.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConnectTimeoutError,
    EndpointConnectionError,
    HTTPClientError,
    ParamValidationError,
    ProxyConnectionError,
    SSLError,
)
from botocore.parsers import ResponseParserError

from notify.mail_tags import tags

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client
    from mypy_boto3_sesv2.type_defs import SendEmailRequestTypeDef
    from mypy_boto3_sns import SNSClient
    from mypy_boto3_sns.type_defs import MessageAttributeValueTypeDef

    from aduan.notice import NoticeId
    from notify.wording import Mail

SERVER_FAULT: Final = 500
THROTTLED: Final = 429
THROTTLES: Final = frozenset(
    {
        "Throttling",
        "ThrottlingException",
        "ThrottledException",
        "Throttled",
        "KMSThrottling",
        "TooManyRequestsException",
        "RequestLimitExceeded",
    }
)
"""Codes of errors that say that requests came too fast."""
BLOCKS: Final = frozenset(
    {
        "LimitExceededException",
        "AccountSuspendedException",
        "SendingPausedException",
        "MailFromDomainNotVerifiedException",
        "AccessDenied",
        "AccessDeniedException",
        "AuthorizationError",
        "AuthorizationErrorException",
        "ExpiredToken",
        "ExpiredTokenException",
        "InvalidClientTokenId",
        "RequestExpired",
        "RequestTimeTooSkewed",
        "SignatureDoesNotMatch",
        "InvalidSignatureException",
        "UnrecognizedClientException",
    }
)
"""Codes of errors that have nothing to do with the message: the account, its quota, its key or the clock has to be put
right first."""


class NotAcceptedError(Exception):
    """The provider has certainly not taken the message."""

    def __init__(self, why: str, *, retry: bool, blocked: bool = False) -> None:
        """Say why, whether a later attempt may succeed, and whether no other message would be accepted now either."""
        super().__init__(why)
        self.why = why
        self.retry = retry
        self.blocked = blocked


class OutcomeUnknownError(Exception):
    """Nobody knows whether the provider took the message, so the request is not repeated."""

    def __init__(self, why: str) -> None:
        """Say why it is not known."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Envelope:
    """Where a message goes, and which notices it carries: one, or those of a digest."""

    recipient: str
    """Address or number."""
    department: str
    """Code of the department the notices are for."""
    notices: tuple[NoticeId, ...]
    reply_to: str | None = None


class MailSender(Protocol):
    """Sends mail."""

    def send(self, mail: Mail, envelope: Envelope) -> str:
        """Send one mail and return the provider's message id.

        Raises:
            NotAcceptedError: when it was certainly not accepted.
            OutcomeUnknownError: when nobody knows.
        """


class TextSender(Protocol):
    """Sends SMS."""

    def send(self, text: str, envelope: Envelope) -> str:
        """Send one SMS and return the provider's message id.

        Raises:
            NotAcceptedError: when it was certainly not accepted.
            OutcomeUnknownError: when nobody knows.
        """


def sending_config() -> Config:
    """Configure a client without retries: by default boto3 repeats a request whose reply was lost, up to two times."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=3,
        read_timeout=10,
    )


@dataclass(frozen=True)
class EmailSender:
    """A `MailSender` that uses SES. The client is made late: `follow_up` mostly sends nothing."""

    connect: Callable[[], SESV2Client]
    sender: str
    """Address the mail comes from; its identity is verified with SES."""
    configuration_set: str = ""
    """The SES configuration set, which says where events about a mail go; without one there are no events."""

    @functools.cached_property
    def client(self) -> SESV2Client:
        """The SES client, made for the first mail."""
        return self.connect()

    def send(self, mail: Mail, envelope: Envelope) -> str:
        """Send one mail, as `MailSender` says. Its tags name its notices, so that SES's events lead back to them."""
        if not mail.subject.isprintable():
            raise NotAcceptedError("the subject has a line break or a control character", retry=False)
        domain = self.sender.rpartition("@")[2].rstrip(">")
        # Every mail to a department about a ticket names the same thread, so that a reminder, or a rare second copy,
        # joins it. A Message-ID of our own would not do: SES replaces it with its own.
        about = "--".join(_plain(notice.subject).lower() for notice in envelope.notices)
        thread = f"<{about}.{_plain(envelope.department)}@{domain}>"
        request: SendEmailRequestTypeDef = {
            "FromEmailAddress": self.sender,
            "Destination": {"ToAddresses": [envelope.recipient]},
            "Content": {
                "Simple": {
                    "Subject": {"Data": mail.subject, "Charset": "UTF-8"},
                    "Body": {
                        "Text": {"Data": mail.text, "Charset": "UTF-8"},
                        "Html": {"Data": mail.html, "Charset": "UTF-8"},
                    },
                    "Headers": [
                        {"Name": "References", "Value": thread},
                        {"Name": "In-Reply-To", "Value": thread},
                        # No machine is to answer: the first is the standard (RFC 3834), the second Exchange's own.
                        {"Name": "Auto-Submitted", "Value": "auto-generated"},
                        {"Name": "X-Auto-Response-Suppress", "Value": "All"},
                    ],
                }
            },
            "EmailTags": [{"Name": name, "Value": value} for name, value in tags(envelope.notices).items()],
        }
        if self.configuration_set:
            request["ConfigurationSetName"] = self.configuration_set
        if envelope.reply_to:
            request["ReplyToAddresses"] = [envelope.reply_to]
        return _message_id(lambda: self.client.send_email(**request))


@dataclass(frozen=True)
class SmsSender:
    """A `TextSender` that uses SNS. The client is made late: on most days no SMS is sent."""

    connect: Callable[[], SNSClient]
    sender_id: str = ""
    """Name shown as the sender, registered with the operators; empty for the one the operators choose."""

    @functools.cached_property
    def client(self) -> SNSClient:
        """The SNS client, made for the first SMS."""
        return self.connect()

    def send(self, text: str, envelope: Envelope) -> str:
        """Send one SMS, as `TextSender` says, in the class that operators deliver first."""
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}
        }
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self.sender_id}
        return _message_id(
            lambda: self.client.publish(PhoneNumber=envelope.recipient, Message=text, MessageAttributes=attributes)
        )


def _plain(name: str) -> str:
    """Return a name as it may stand in a Message-ID without quoting."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _message_id(call: Callable[[], Any]) -> str:
    """Make one call and return the message id.

    The errors name only codes and classes: a provider's sentence may repeat the address it refused.

    Raises:
        NotAcceptedError: when the message was certainly not accepted.
        OutcomeUnknownError: when nobody knows.
    """
    try:
        answer = call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        if status >= SERVER_FAULT:
            raise OutcomeUnknownError(f"{status} {code}") from error
        said = error.response["Error"]["Message"]
        # SES gives a sandboxed or lapsed identity the same code as a broken message; only the former can pass later.
        unverified = code == "MessageRejected" and "not verified" in said
        throttled = status == THROTTLED or code in THROTTLES
        # It also gives the day's quota and the rate per second the same code; only the quota blocks everything.
        blocked = code in BLOCKS or (throttled and "quota" in said.lower())
        raise NotAcceptedError(f"{status} {code}", retry=throttled or blocked or unverified, blocked=blocked) from error
    except (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError) as error:
        raise NotAcceptedError(type(error).__name__, retry=True) from error
    except (HTTPClientError, SSLError, ResponseParserError) as error:
        # The connection may have been cut while the reply was on its way, even with an SSL error.
        raise OutcomeUnknownError(type(error).__name__) from error
    except ParamValidationError as error:
        raise NotAcceptedError(type(error).__name__, retry=False) from error
    except BotoCoreError as error:
        # Raised before a request exists: no credentials, no region, no endpoint.
        raise NotAcceptedError(type(error).__name__, retry=True, blocked=True) from error
    message_id = answer.get("MessageId")
    if not message_id:
        raise OutcomeUnknownError("an answer without a message id")
    return str(message_id)
