"""A server that stands in for SES and SNS, so that tests see what is really sent."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
from botocore.config import Config

from aduan.notice import AnyNotice
from notify.senders import EmailSender, Envelope, SmsSender, sending_config
from notify.wording import Mail
from tests.builders import a_notice

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
    """A server that records every request and answers as a test tells it to."""

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
        """The address on which the server listens."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def serve(self) -> None:
        """Serve one connection after the other until the listener is closed."""
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


@contextlib.contextmanager
def a_provider() -> Iterator[Provider]:
    """Serve while the block runs."""
    server = Provider()
    thread = threading.Thread(target=server.serve, daemon=True)
    thread.start()
    yield server
    server.listener.shutdown(socket.SHUT_RDWR)
    server.listener.close()
    thread.join(5)
    for connection in server.held:
        connection.close()


def mail_sender(url: str, configuration_set: str = "") -> EmailSender:
    """The deployed sender of mail, with shorter timeouts."""
    client = boto3.client("sesv2", endpoint_url=url, config=_impatient())
    return EmailSender(lambda: client, "Aduan Sleman <aduan@sleman.example>", configuration_set)


def text_sender(url: str, sender_id: str = "") -> SmsSender:
    """The deployed sender of SMS, with shorter timeouts."""
    client = boto3.client("sns", endpoint_url=url, config=_impatient())
    return SmsSender(lambda: client, sender_id)


def send(url: str, medium: str, **options: Any) -> str:
    """Send one message."""
    if medium == "email":
        sender = mail_sender(url, options.pop("configuration_set", ""))
        envelope = an_envelope(options.pop("notice", a_notice()), **options)
        return sender.send(options.get("mail", MAIL), envelope)
    to = an_envelope(a_notice(medium="sms"), "+62811000000")
    return text_sender(url, options.pop("sender_id", "")).send("Aduan SLM-4K7P2M", to)


def an_envelope(notice: AnyNotice, recipient: str = "dishub@sleman.example", reply_to: str | None = None) -> Envelope:
    """The envelope of a message about one notice."""
    return Envelope(recipient, notice.department, (notice.id,), reply_to)


def _impatient() -> Config:
    return sending_config().merge(Config(connect_timeout=0.5, read_timeout=0.3))
