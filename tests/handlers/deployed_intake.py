"""The deployed `intake`, its secrets and a Graph API of its own, for requests as API Gateway sends them."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest

from aduan.post import Post
from aduan.store.table import Item, Table, to_image
from intake.signature import meta_signature, relay_signature
from tests.builders import NOON
from tests.conftest import DUMMY
from tests.deployment import deployment
from tests.table import TABLE_NAME, everything

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

KEY, NEXT_KEY = "kunci-KENARI-0001-0123456789abcdef", "kunci-KENARI-0002-fedcba9876543210"
APP_SECRET, VERIFY, TOKEN = "rahasia-KENARI-0003", "verifikasi-KENARI-0004", "token-KENARI-0005-instagram"
CANARY = "KENARI"
"""Part of every secret and of every citizen's text in these tests."""
ACCOUNT, COMMENT, MEDIA = "17841400000000001", "18000000000000051", "17920000000000041"
MENTION = {"media_id": MEDIA, "comment_id": COMMENT}
PERMALINK = "https://www.instagram.com/p/DUvWxYzAbCd/"
GROUP = "https://www.facebook.com/groups/infocegatanjogja/"
SAID = {
    "id": COMMENT,
    "text": "sampah numpuk KENARI",
    "timestamp": "2026-11-03T08:00:00+0000",
    "username": "warga.KENARI",
}
GONE = {"message": "KENARI", "code": 100, "error_subcode": 33}


def a_delivery(**changes: Any) -> dict[str, Any]:
    """The delivery that the contract gives as an example."""
    return {
        "id": "icj-20261103-0007",
        "source": "fb_group_relay",
        "group": "infocegatanjogja",
        "text": "Lampu lalu lintas simpang Denggung mati sejak pagi KENARI",
        "link": f"{GROUP}posts/7000000000000002/",
        "posted_at": "2026-11-03T06:30:00+07:00",
        "reporter_consent": False,
        "photos": [],
    } | changes


@dataclass(frozen=True)
class Answer:
    """An answer of the function."""

    status: int
    text: str

    @property
    def body(self) -> dict[str, Any]:
        """As JSON."""
        body: dict[str, Any] = json.loads(self.text)
        return body

    @property
    def fault(self) -> tuple[int, str, str | None]:
        """Status, code and field of an error."""
        return self.status, self.body["error"]["code"], self.body["error"].get("field")


@dataclass
class Platform:
    """A Graph API that gives set answers and records its requests.

    Each requested field has an object, an error, raw bytes, or a function that makes one of these from the fields.
    """

    answers: dict[str, Any] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, list[str]], str | None]] = field(default_factory=list)

    def answer(self, path: str, authorization: str | None) -> tuple[int, bytes]:
        """Status and body for one request."""
        address = urlsplit(path)
        query = parse_qs(address.query)
        self.asked.append((address.path, query, authorization))
        fields = query["fields"][0]
        name = fields.partition(".")[0]
        answer = self.answers.get(f"{name} with permalink" if "permalink" in fields else name, self.answers.get(name))
        if callable(answer):
            answer = answer(fields)
        if isinstance(answer, bytes):
            return 200, answer
        if answer is None or "code" in answer:
            return 400, json.dumps({"error": answer or {"code": 2}}).encode()
        return 200, json.dumps({name: answer, "id": ACCOUNT}).encode()


@dataclass
class Intake:
    """The function as it is deployed, with its table, its secrets, the platform and its log."""

    module: ModuleType
    table: Table
    ssm: SSMClient
    platform: Platform
    log: io.StringIO = field(default_factory=io.StringIO)
    now: datetime = NOON

    def __call__(  # noqa: PLR0913 # what an event consists of
        self,
        method: str,
        source: str,
        body: bytes = b"",
        headers: dict[str, str] | None = None,
        query: dict[str, str] | None = None,
        *,
        wrapped: bool = False,
    ) -> Answer:
        """Send one request as API Gateway would."""
        resource = "/intake/meta" if source == "meta" else "/intake/{source}"
        event = {
            "resource": resource,
            "path": f"/intake/{source}",
            "httpMethod": method,
            "headers": {"Content-Type": "application/json", **(headers or {})},
            "queryStringParameters": query,
            "pathParameters": None if source == "meta" else {"source": source},
            "requestContext": {"stage": "v1", "resourcePath": resource, "requestId": "request-1"},
            "body": (base64.b64encode(body).decode() if wrapped else body.decode()) if body else None,
            "isBase64Encoded": wrapped,
        }
        answer = self.module.handler(event, SimpleNamespace(aws_request_id="request-1"))
        assert answer["headers"]["Cache-Control"] == "no-store"
        assert answer["headers"]["X-Content-Type-Options"] == "nosniff"
        return Answer(answer["statusCode"], answer["body"])

    def deliver(  # noqa: PLR0913 # what a partner may get wrong
        self,
        delivery: object = None,
        *,
        raw: bytes | None = None,
        source: str = "icj",
        key_id: str = "icj-2026-11",
        key: str = KEY,
        at: datetime = NOON,
        wrapped: bool = False,
        headers: dict[str, str] | None = None,
    ) -> Answer:
        """Push as a partner does."""
        body = raw if raw is not None else json.dumps(a_delivery() if delivery is None else delivery).encode()
        timestamp = str(int(at.timestamp()))
        signed = {
            "X-Relay-Key-Id": key_id,
            "X-Relay-Timestamp": timestamp,
            "X-Relay-Signature": relay_signature(key, timestamp, body),
        }
        return self("POST", source, body, signed if headers is None else headers, wrapped=wrapped)

    def push(
        self, *values: object, account: str = ACCOUNT, raw: bytes | None = None, wrapped: bool = False, **parts: Any
    ) -> Answer:
        """Push as Meta does: `values` are mentions."""
        changes = [{"field": "mentions", "value": value} for value in values]
        given = {"object": "instagram", "entry": [{"id": account, "time": 1, "changes": changes}]} | parts
        body = raw if raw is not None else json.dumps(given).encode()
        return self("POST", "meta", body, {"X-Hub-Signature-256": meta_signature(APP_SECRET, body)}, wrapped=wrapped)

    def items(self) -> list[Item]:
        """Everything in the table."""
        return everything(self.table)

    def posts(self) -> list[Post]:
        """Every post in the table."""
        return [Post.model_validate(item) for item in self.items() if item["pk"].startswith("POST#")]

    def quarantined(self) -> list[Item]:
        """Everything that was put aside."""
        return [item for item in self.items() if item["pk"].startswith("QUARANTINE#")]

    def secret(self, name: str, value: str) -> None:
        """Put a parameter."""
        self.ssm.put_parameter(Name=f"/aduan/test/{name}", Value=value, Type="SecureString", Overwrite=True)

    def reset(self) -> None:
        """Return to an empty table, a platform without answers, and the secrets of a deployment."""
        for item in self.items():
            key = {name: item[name] for name in ("pk", "sk")}
            self.table.client.delete_item(TableName=TABLE_NAME, Key=to_image(key))
        self.now = NOON
        self.platform.answers.clear()
        self.platform.asked.clear()
        self.module.routes.secrets.forget()
        known = [entry["Name"] for entry in self.ssm.describe_parameters()["Parameters"]]
        if known:
            self.ssm.delete_parameters(Names=known)
        self.secret("intake/icj/keys/icj-2026-11", f"{KEY}\n")
        self.secret("meta/app_secret", APP_SECRET)
        self.secret("meta/verify_token", VERIFY)
        self.secret("channels/instagram/kabarsleman/token", TOKEN)
        self.log = io.StringIO()
        self.module.logger.registered_handler.setStream(self.log)

    def lines(self) -> list[dict[str, Any]]:
        """What was logged."""
        return [json.loads(line) for line in self.log.getvalue().splitlines()]


@contextlib.contextmanager
def serving(platform: Platform) -> Iterator[tuple[str, Platform]]:
    """A platform over HTTP on this machine, and its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, body = platform.answer(self.path, self.headers["Authorization"])
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        log_message: ClassVar[Any] = lambda *_: None

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}", platform
        server.shutdown()
        thread.join()


@contextlib.contextmanager
def started_intake() -> Iterator[Intake]:
    """Start the function once for many tests, which share what a process keeps between invocations."""
    with (
        serving(Platform()) as (url, platform),
        deployment(**DUMMY) as deployed,
        pytest.MonkeyPatch.context() as patched,
    ):
        module = deployed("Intake", GRAPH_BASE_URL=url)
        found = Intake(module, deployed.table, boto3.client("ssm"), platform)
        patched.setattr(module, "datetime", SimpleNamespace(now=lambda _zone: found.now))
        yield found
        module.routes.graph.http.clear()
