import json
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.config import Config

from notify.senders import EmailSender, NotAcceptedError, OutcomeUnknownError, SmsSender, sending_config
from notify.wording import Mail
from tests.builders import a_channel_notice, a_notice, a_ticket

MAIL = Mail(subject="[SLM-4K7P2M] Penerangan jalan umum \u2013 Condongcatur", text="Yth.", html="<p>Yth.</p>")
SENT = {
    "email": b'{"MessageId": "m-1"}',
    "sms": b"<PublishResponse><PublishResult><MessageId>m-1</MessageId></PublishResult></PublishResponse>",
}
FAULT = {
    "email": b'{"message": "warga@contoh.example is not allowed"}',
    "sms": b"<ErrorResponse><Error><Code>CODE</Code><Message>+62811 is not allowed</Message></Error></ErrorResponse>",
}


@dataclass
class Provider:
    """A server that takes every request, counts it, and answers as it was told to."""

    listener: socket.socket = field(default_factory=lambda: socket.create_server(("127.0.0.1", 0)))
    requests: list[tuple[str, bytes]] = field(default_factory=list)
    """Head and body of each request."""
    status: int = 200
    code: str = ""
    body: bytes = b""
    behaviour: str = "answer"
    """``answer``, ``close`` after reading the request, or ``hang``."""
    held: list[socket.socket] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        """Take one connection after the other until the listener is closed."""
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self._take(connection)

    def _take(self, connection: socket.socket) -> None:
        stream = connection.makefile("rb")
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                connection.close()
                return
            head += line
        lengths = [line for line in head.splitlines() if line.lower().startswith(b"content-length:")]
        body = stream.read(int(lengths[0].split(b":")[1]) if lengths else 0)
        self.requests.append((head.decode(), body))
        if self.behaviour == "hang":
            self.held.append(connection)
            return
        if self.behaviour == "answer":
            headers = f"HTTP/1.1 {self.status} x\r\nContent-Length: {len(self.body)}\r\nConnection: close\r\n"
            if self.code:
                headers += f"x-amzn-ErrorType: {self.code}\r\n"
            connection.sendall(headers.encode() + b"\r\n" + self.body)
        stream.close()
        connection.close()


@pytest.fixture
def provider() -> Iterator[Provider]:
    server = Provider()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    thread.join(5)
    for connection in server.held:
        connection.close()


def send(url: str, medium: str, **options: Any) -> str:
    """Send one message with the config that is deployed, only more impatient."""
    config = sending_config().merge(Config(connect_timeout=0.5, read_timeout=0.3))
    if medium == "email":
        client = boto3.client("sesv2", endpoint_url=url, config=config)
        sender = EmailSender(client, "Aduan Sleman <aduan@sleman.example>", options.pop("configuration_set", ""))
        notice = options.pop("notice", a_notice())
        return sender.send(options.pop("mail", MAIL), "dishub@sleman.example", notice, **options)
    sms = SmsSender(boto3.client("sns", endpoint_url=url, config=config), options.pop("sender_id", ""))
    return sms.send("Aduan SLM-4K7P2M", "+62811000000")


both = pytest.mark.parametrize("medium", ["email", "sms"])


@both
def test_an_accepted_message_gives_its_id(provider: Provider, medium: str) -> None:
    """The provider's message id comes back, after one request."""
    provider.body = SENT[medium]
    assert send(provider.url, medium) == "m-1"
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize("behaviour", ["close", "hang"])
def test_a_lost_reply_is_unknown_after_one_request(provider: Provider, medium: str, behaviour: str) -> None:
    """When the reply is lost or late, exactly one request was on the wire and nobody knows its outcome."""
    provider.behaviour = behaviour
    with pytest.raises(OutcomeUnknownError):
        send(provider.url, medium)
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("form", ["fault", "page", "empty"])
def test_a_server_fault_is_unknown_after_one_request(provider: Provider, medium: str, status: int, form: str) -> None:
    """After a 5xx, whatever its body, one request was made and its outcome is unknown."""
    provider.status = status
    provider.body = {"fault": FAULT[medium], "page": b"<html>Service unavailable", "empty": b""}[form]
    with pytest.raises(OutcomeUnknownError):
        send(provider.url, medium)
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize("body", [b"", b"<html>Masuk", b"{}"])
def test_an_answer_that_is_none_is_unknown(provider: Provider, medium: str, body: bytes) -> None:
    """A 200 without a message id does not say that the message was accepted."""
    provider.body = body
    with pytest.raises(OutcomeUnknownError):
        send(provider.url, medium)
    assert len(provider.requests) == 1


@both
@pytest.mark.parametrize(
    ("status", "code", "retry"),
    [
        (429, "TooManyRequestsException", True),
        (429, "Surprise", True),
        (400, "Throttling", True),
        (400, "LimitExceededException", True),
        (400, "SendingPausedException", True),
        (403, "AccessDeniedException", True),
        (400, "MessageRejected", False),
        (400, "InvalidParameter", False),
        (404, "NotFoundException", False),
    ],
)
def test_a_refusal_says_whether_to_try_again(
    provider: Provider, medium: str, status: int, code: str, *, retry: bool
) -> None:
    """A 4xx was certainly not accepted; only what may pass is worth another attempt."""
    provider.status, provider.code = status, code
    provider.body = FAULT[medium].replace(b"CODE", code.encode())
    with pytest.raises(NotAcceptedError) as refusal:
        send(provider.url, medium)
    assert refusal.value.retry is retry
    assert refusal.value.why == f"{status} {code}"
    assert len(provider.requests) == 1


@both
def test_a_provider_that_cannot_be_reached_has_accepted_nothing(medium: str) -> None:
    """A refused connection or an unknown name is worth another attempt."""
    for url in ("http://127.0.0.1:9", "http://tidak-ada.invalid"):
        with pytest.raises(NotAcceptedError) as refusal:
            send(url, medium)
        assert refusal.value.retry


@both
def test_missing_credentials_have_sent_nothing(
    provider: Provider, medium: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without credentials no request is made, and a later attempt may have them."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    with pytest.raises(NotAcceptedError) as refusal:
        send(provider.url, medium)
    assert refusal.value.retry
    assert provider.requests == []


def test_a_subject_with_a_line_break_is_refused_before_it_is_sent(provider: Provider) -> None:
    """No header can be added through the subject."""
    broken = Mail(subject="[SLM-4K7P2M]\r\nBcc: semua@sleman.example", text="", html="")
    with pytest.raises(NotAcceptedError) as refusal:
        send(provider.url, "email", mail=broken)
    assert not refusal.value.retry
    assert provider.requests == []


def test_a_mail_carries_tags_thread_and_reply_address(provider: Provider) -> None:
    """Events can be joined to the notice, copies fall into one thread, and answers go to the desk."""
    provider.body = SENT["email"]
    send(provider.url, "email", reply_to="desk@sleman.example", configuration_set="aduan")
    request = json.loads(provider.requests[0][1])
    assert request["FromEmailAddress"] == "Aduan Sleman <aduan@sleman.example>"
    assert request["Destination"] == {"ToAddresses": ["dishub@sleman.example"]}
    assert request["ReplyToAddresses"] == ["desk@sleman.example"]
    assert request["ConfigurationSetName"] == "aduan"
    assert {tag["Name"]: tag["Value"] for tag in request["EmailTags"]} == {
        "ticket": a_ticket().code,
        "notice": "dishub-email",
    }
    headers = {header["Name"]: header["Value"] for header in request["Content"]["Simple"]["Headers"]}
    assert headers == {
        "References": f"<{a_ticket().code.lower()}@sleman.example>",
        "Auto-Submitted": "auto-generated",
    }
    assert request["Content"]["Simple"]["Subject"] == {"Data": MAIL.subject, "Charset": "UTF-8"}


def test_a_mail_about_a_channel_has_tags_and_a_thread_that_are_allowed(provider: Provider) -> None:
    """The colons and dots of its id and of the moment in its key would be refused in both."""
    provider.body = SENT["email"]
    send(provider.url, "email", notice=a_channel_notice())
    request = json.loads(provider.requests[0][1])
    assert {tag["Name"]: tag["Value"] for tag in request["EmailTags"]} == {
        "channel": "instagram-kabarsleman",
        "notice": "permission-2026-11-03T05-00-00-000000Z",
    }
    references = request["Content"]["Simple"]["Headers"][0]
    assert references == {"Name": "References", "Value": "<instagram-kabarsleman@sleman.example>"}


def test_a_mail_without_configuration_set_names_none(provider: Provider) -> None:
    """An empty configuration set or reply address is not sent as an empty name."""
    provider.body = SENT["email"]
    send(provider.url, "email")
    assert not {"ConfigurationSetName", "ReplyToAddresses"} & set(json.loads(provider.requests[0][1]))


@pytest.mark.parametrize("sender_id", ["SLEMAN", ""])
def test_an_sms_is_transactional_and_names_its_sender(provider: Provider, sender_id: str) -> None:
    """The SMS goes in the class that is delivered first, under the registered name if there is one."""
    provider.body = SENT["sms"]
    send(provider.url, "sms", sender_id=sender_id)
    body = provider.requests[0][1].decode()
    assert "AWS.SNS.SMS.SMSType" in body
    assert "Transactional" in body
    assert ("AWS.SNS.SMS.SenderID" in body) == bool(sender_id)


def test_sending_clients_try_once_and_give_up_in_time() -> None:
    """One attempt, three seconds to connect, ten to answer."""
    config: Any = sending_config()
    assert config.retries["total_max_attempts"] == 1
    assert (config.connect_timeout, config.read_timeout) == (3, 10)
