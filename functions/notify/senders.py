"""How a message leaves: by mail through SES, by SMS through SNS.

Neither service knows an idempotency key, so a request goes out at most once per call and every answer is told apart:
accepted, certainly not accepted, or unknown.
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
"""It came too fast."""
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
"""Nothing about this message: the account, its quota, its key or the clock has to be put right first."""


class NotAcceptedError(Exception):
    """The provider has certainly not taken the message."""

    def __init__(self, why: str, *, retry: bool, blocked: bool = False) -> None:
        """Tell why, whether a later attempt may succeed, and whether no other message would be accepted now either."""
        super().__init__(why)
        self.why = why
        self.retry = retry
        self.blocked = blocked


class OutcomeUnknownError(Exception):
    """The request may have been taken: nobody knows, so it is not repeated."""

    def __init__(self, why: str) -> None:
        """Tell why it is not known."""
        super().__init__(why)
        self.why = why


@dataclass(frozen=True)
class Envelope:
    """Where a message goes, and which notices it tells of: one, or those of a digest."""

    recipient: str
    """Address or number."""
    department: str
    """Code of the department the notices are for."""
    notices: tuple[NoticeId, ...]
    reply_to: str | None = None


class MailSender(Protocol):
    """What a delivery needs of mail."""

    def send(self, mail: Mail, envelope: Envelope) -> str:
        """Send one mail and return the provider's message id.

        Raises:
            NotAcceptedError: when it was certainly not accepted.
            OutcomeUnknownError: when nobody knows.
        """


class TextSender(Protocol):
    """What a delivery needs of SMS."""

    def send(self, text: str, envelope: Envelope) -> str:
        """Send one SMS and return the provider's message id; it raises what `MailSender` raises."""


def sending_config() -> Config:
    """Configure a client that sends: boto3 by itself repeats a request whose reply was lost up to two times."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": 1},
        connect_timeout=3,
        read_timeout=10,
    )


@dataclass(frozen=True)
class EmailSender:
    """`MailSender` through SES. `follow_up` mostly sends nothing, so its cold start does not wait for the client."""

    connect: Callable[[], SESV2Client]
    sender: str
    """Address the mail comes from, of a verified identity."""
    configuration_set: str = ""
    """Where SES reports what became of a mail; empty for nowhere."""

    @functools.cached_property
    def client(self) -> SESV2Client:
        """Made when the first mail goes."""
        return self.connect()

    def send(self, mail: Mail, envelope: Envelope) -> str:
        """Send one mail. Its tags name its notices, so that the provider's events find them."""
        if not mail.subject.isprintable():
            raise NotAcceptedError("the subject has a line break or a control character", retry=False)
        domain = self.sender.rpartition("@")[2].rstrip(">")
        # The same for every mail to a department about a ticket: a reminder, or a rare second copy, joins its thread.
        # A Message-ID of our own is no way to that, because SES puts its own in its place.
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
                        # Nobody's machine answers, neither by the standard nor by Exchange.
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
    """`TextSender` through SNS. Most days send none, so no cold start waits for the client."""

    connect: Callable[[], SNSClient]
    sender_id: str = ""
    """Name shown as sender, registered with the operators; empty for the operators' own."""

    @functools.cached_property
    def client(self) -> SNSClient:
        """Made when the first SMS goes."""
        return self.connect()

    def send(self, text: str, envelope: Envelope) -> str:
        """Send one SMS in the class the operators deliver first."""
        attributes: dict[str, MessageAttributeValueTypeDef] = {
            "AWS.SNS.SMS.SMSType": {"DataType": "String", "StringValue": "Transactional"}
        }
        if self.sender_id:
            attributes["AWS.SNS.SMS.SenderID"] = {"DataType": "String", "StringValue": self.sender_id}
        return _message_id(
            lambda: self.client.publish(PhoneNumber=envelope.recipient, Message=text, MessageAttributes=attributes)
        )


def _plain(name: str) -> str:
    """A name as a message id takes it without quoting."""
    return re.sub(r"[^A-Za-z0-9_-]", "-", name)


def _message_id(call: Callable[[], Any]) -> str:
    """Make one call and return the message id, or say which of the other two outcomes it had.

    The reasons name codes and kinds of errors only: a provider's sentence may repeat the address it refused.
    """
    try:
        answer = call()
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        code = error.response["Error"]["Code"]
        if status >= SERVER_FAULT:
            raise OutcomeUnknownError(f"{status} {code}") from error
        said = error.response["Error"]["Message"]
        # SES gives a sandboxed or lapsed identity and a broken message the same code; only the first can pass later.
        unverified = code == "MessageRejected" and "not verified" in said
        throttled = status == THROTTLED or code in THROTTLES
        # And so it does with the day's quota and the rate per second.
        blocked = code in BLOCKS or (throttled and "quota" in said.lower())
        raise NotAcceptedError(f"{status} {code}", retry=throttled or blocked or unverified, blocked=blocked) from error
    except (EndpointConnectionError, ConnectTimeoutError, ProxyConnectionError) as error:
        raise NotAcceptedError(type(error).__name__, retry=True) from error
    except (HTTPClientError, SSLError, ResponseParserError) as error:
        # An SSL error may be a connection cut while the reply was on its way, so it proves nothing.
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
