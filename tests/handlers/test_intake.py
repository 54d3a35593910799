"""Pushes of partners and Meta, in events as API Gateway sends them, with a Graph API of our own."""

from __future__ import annotations

import base64
import contextlib
import io
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any, ClassVar
from unittest import mock
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.exceptions import ClientError
from urllib3.exceptions import ProtocolError

from aduan.directory_loading import load_directory
from aduan.platform_http import MOST_BYTES
from aduan.post import Post
from aduan.store.table import Item, Table, from_image, to_image
from intake.delivery import partner_channels
from intake.push import AT_ONCE
from intake.signature import meta_signature, relay_signature
from tests.builders import NOON
from tests.conftest import DUMMY
from tests.deployment import deployment
from tests.table import TABLE_NAME

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
        return [from_image(image) for image in self.table.client.scan(TableName=TABLE_NAME)["Items"]]

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


@pytest.fixture(name="started", scope="module")
def _started() -> Iterator[Intake]:
    """Start the function once for all tests, which share what a process keeps between invocations."""
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


@pytest.fixture
def intake(started: Intake) -> Intake:
    started.reset()
    return started


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


def test_a_delivery_is_stored_once(intake: Intake) -> None:
    """The first answer is 202, the second 200; there is one post, with masked text and no author."""
    text = "Lampu mati, hubungi 0812-3456-7890 KENARI"
    for _ in range(2):
        answer = intake.deliver(a_delivery(text=text))
    assert (answer.status, answer.body) == (200, {"status": "duplicate"})
    [post] = intake.posts()
    assert (post.key, post.channel, post.author) == ("webhook#icj:icj-20261103-0007", "webhook:icj", None)
    assert post.text == "Lampu mati, hubungi [telepon] KENARI"
    assert post.permalink == f"{GROUP}posts/7000000000000002/"
    assert post.created_at == datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
    assert (post.fetched_at, post.state, post.has_photo) == (NOON, "new", False)


def test_the_first_delivery_is_accepted(intake: Intake) -> None:
    """The answer holds only the fields of the contract."""
    answer = intake.deliver()
    assert (answer.status, answer.body) == (202, {"status": "accepted"})


def test_consent_brings_nobody_into_the_table(intake: Intake) -> None:
    """Whether or not the author consents to be named, nothing personal is kept; photos only count as present."""
    intake.deliver(a_delivery(reporter_consent=True, photos=["https://example.org/warga.jpg"]))
    [image] = intake.table.client.scan(TableName=TABLE_NAME)["Items"]
    item = from_image(image)
    assert item["has_photo"] is True
    assert "author" not in item
    assert "warga.jpg" not in json.dumps(item, default=str)


@pytest.mark.parametrize(
    "link", [None, "http://www.facebook.com/x", "javascript:alert(1)", "https://a b", "https://wa.me/6281234567890", ""]
)
def test_without_a_safe_link_the_group_is_the_link(intake: Intake, link: str | None) -> None:
    """A post without a safe link is kept all the same."""
    assert intake.deliver(a_delivery(link=link)).status == 202
    assert intake.posts()[0].permalink == GROUP


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"id": ""}, "id"),
        ({"id": "icj 7"}, "id"),
        ({"id": "icj:7"}, "id"),
        ({"id": "../7"}, "id"),
        ({"id": 7}, "id"),
        ({"id": "a" * 121}, "id"),
        ({"id": "wa-081234567890"}, "id"),
        ({"source": None}, "source"),
        ({"group": "grup-lain"}, "group"),
        ({"text": None}, "text"),
        ({"text": " \n"}, "text"),
        ({"link": 1}, "link"),
        ({"posted_at": "kemarin"}, "posted_at"),
        ({"posted_at": "2026-11-03T06:30:00"}, "posted_at"),
        ({"posted_at": "2026-13-03T06:30:00+07:00"}, "posted_at"),
        ({"posted_at": 1793689531}, "posted_at"),
        ({"posted_at": "2026-11-03T12:06:00+07:00"}, "posted_at"),
        ({"reporter_consent": "ya"}, "reporter_consent"),
        ({"photos": "satu.jpg"}, "photos"),
        ({"photos": [1]}, "photos"),
        ({"photos": [""] * 21}, "photos"),
    ],
)
def test_a_wrong_field_is_named(intake: Intake, changes: dict[str, Any], field: str) -> None:
    """The answer is 400 with the field and a sentence in Indonesian, and nothing is stored."""
    answer = intake.deliver(a_delivery(**changes))
    assert answer.fault == (400, "invalid", field)
    assert answer.body["error"]["message"].endswith(".")
    assert intake.posts() == []


def test_an_unknown_field_is_refused(intake: Intake) -> None:
    """An unknown field might hold a name: the answer lists the allowed fields and does not repeat the value."""
    answer = intake.deliver(a_delivery(author="Siti KENARI"))
    assert answer.fault == (400, "unknown_field", "author")
    assert CANARY not in answer.text
    assert "reporter_consent" in answer.body["error"]["message"]


def test_a_missing_field_is_named(intake: Intake) -> None:
    """A text or photos must be there; a link may be missing."""
    delivery = a_delivery()
    del delivery["posted_at"]
    assert intake.deliver(delivery).fault == (400, "invalid", "posted_at")


@pytest.mark.parametrize("raw", [b"[]", b"null", b"{", b"[" * 50_000, b'"lampu"', b"1" * 5000])
def test_what_is_no_object_is_refused(intake: Intake, raw: bytes) -> None:
    """A body that is no JSON object is refused without an error of our own."""
    assert intake.deliver(raw=raw).fault == (400, "invalid", "body")


@pytest.mark.parametrize("wrapped", [False, True])
def test_64_kib_are_the_most(intake: Intake, wrapped: bool) -> None:  # noqa: FBT001 # a column of the table above
    """One byte more gets 413 before the signature is checked."""
    body = json.dumps(a_delivery()).encode()
    padded = body.ljust(64 * 1024)
    assert intake.deliver(raw=padded + b" ", wrapped=wrapped).fault == (413, "too_large", "body")
    assert intake.deliver(raw=padded + b" ", wrapped=wrapped, headers={}).status == 413
    assert intake.deliver(raw=padded, wrapped=wrapped).status == 202


def test_a_body_in_base64_is_checked_as_the_bytes_that_were_signed(intake: Intake) -> None:
    """The gateway encodes what it takes for binary; the signature covers the decoded bytes."""
    text = "Jeglongan, mrekahé ombo \U0001f605 KENARI"
    raw = json.dumps(a_delivery(text=text), ensure_ascii=False).encode()
    assert intake.deliver(raw=raw, wrapped=True).status == 202
    assert intake.deliver(raw=raw, wrapped=False).status == 200
    assert intake.posts()[0].text == text


def test_what_is_no_base64_is_refused(intake: Intake) -> None:
    """Broken base 64 is answered with 400, without an error of our own."""
    with mock.patch("tests.handlers.test_intake.base64.b64encode", return_value=b"bukan*base64"):
        answer = intake.deliver(raw=b"x", wrapped=True)
    assert answer.fault == (400, "invalid", "body")


def test_half_an_emoji_is_stored(intake: Intake) -> None:
    """A lone surrogate, which JSON allows but no table stores, becomes a question mark."""
    assert intake.deliver(raw=json.dumps(a_delivery(text="lampu \ud83d mati")).encode()).status == 202
    assert intake.posts()[0].text == "lampu ? mati"


@pytest.mark.parametrize(
    "wrong",
    [
        {"key": "kunci-yang-lain-0123456789abcdef"},
        {"key_id": "icj-2025-01"},
        {"key_id": "../../meta/app_secret", "key": APP_SECRET},
        {"key_id": "", "key": ""},
        {"source": "pihak-lain"},
        {"source": "kabarsleman"},
        {"at": NOON - timedelta(seconds=301)},
        {"at": NOON + timedelta(seconds=301)},
        {"headers": {}},
        {"headers": {"X-Relay-Key-Id": "icj-2026-11", "X-Relay-Timestamp": "kemarin", "X-Relay-Signature": "v1=x"}},
    ],
)
def test_every_doubt_has_the_same_answer(intake: Intake, wrong: dict[str, Any]) -> None:
    """A wrong key, signature, time or source gets the same 401, even with a broken body."""
    answers = {intake.deliver(**wrong), intake.deliver(raw=b"bukan json", **wrong), intake("POST", "icj", b"x")}
    [answer] = answers
    assert answer.fault == (401, "unauthenticated", None)
    assert intake.posts() == []


def test_a_changed_body_is_refused(intake: Intake) -> None:
    """A signature is valid for one body only."""
    timestamp = str(int(NOON.timestamp()))
    headers = {
        "x-relay-key-id": "icj-2026-11",
        "x-relay-timestamp": timestamp,
        "x-relay-signature": relay_signature(KEY, timestamp, json.dumps(a_delivery()).encode()),
    }
    assert intake.deliver(a_delivery(text="lain"), headers=headers).status == 401
    assert intake.deliver(headers=headers).status == 202, "names of headers have no size"


def test_a_replay_stores_nothing(intake: Intake) -> None:
    """Within the window a replayed request is a duplicate; afterwards it is refused."""
    assert intake.deliver().status == 202
    assert intake.deliver().status == 200
    intake.now += timedelta(seconds=301)
    assert intake.deliver().status == 401
    assert len(intake.posts()) == 1


def test_two_keys_are_good_while_one_replaces_the_other(intake: Intake) -> None:
    """A new key works at once; the old one works until it is removed and its cached value has expired."""
    new: dict[str, Any] = {"key_id": "icj-2026-12", "key": NEXT_KEY}
    assert intake.deliver(**new).status == 401
    intake.secret("intake/icj/keys/icj-2026-12", NEXT_KEY)
    assert intake.deliver(**new).status == 202
    assert intake.deliver().status == 200
    assert intake.deliver(key_id="icj-2026-12", key=KEY).status == 401
    intake.ssm.delete_parameter(Name="/aduan/test/intake/icj/keys/icj-2026-11")
    intake.module.routes.secrets.forget()
    assert intake.deliver().status == 401
    assert intake.deliver(**new).status == 200


def test_a_key_that_was_taken_back_is_forgotten_after_five_minutes(
    intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A removed key works until its cached value expires, without another call to the Parameter Store."""
    seconds = 10.0
    monkeypatch.setattr(intake.module.routes.secrets, "_clock", lambda: seconds)
    assert intake.deliver().status == 202
    intake.ssm.delete_parameter(Name="/aduan/test/intake/icj/keys/icj-2026-11")
    seconds = 309.0
    assert intake.deliver().status == 200
    seconds = 311.0
    assert intake.deliver().status == 401


@pytest.mark.parametrize("secret", [" ", "pendek", "kunci-tidak-asciié-0123456789"])
def test_a_secret_that_is_none_opens_to_nobody(intake: Intake, secret: str) -> None:
    """An empty or short secret, which could be guessed, opens nothing."""
    intake.secret("intake/icj/keys/kosong", secret)
    assert intake.deliver(key_id="kosong", key=secret.strip()).status == 401


def test_old_requests_ask_the_parameter_store_nothing(intake: Intake) -> None:
    """Rubbish requests cannot use up the Parameter Store's allowance."""
    with mock.patch.object(intake.module.routes.secrets, "find", side_effect=AssertionError):
        assert intake.deliver(at=NOON - timedelta(hours=1)).status == 401
        assert intake.deliver(source="pihak-lain").status == 401
        assert intake.deliver(key_id="tidak sah").status == 401


def test_a_broken_table_is_an_error_of_ours(intake: Intake) -> None:
    """The answer is 500 in Indonesian, so that the partner retries; the log has class, code and place."""
    fault = ClientError({"Error": {"Code": "InternalServerError", "Message": "KENARI"}}, "PutItem")
    with mock.patch.object(type(intake.module.routes.posts), "add", side_effect=fault):
        answer = intake.deliver()
    assert answer.fault == (500, "internal", None)
    [line] = intake.lines()
    assert (line["level"], line["error_type"], line["aws_code"]) == ("ERROR", "ClientError", "InternalServerError")
    assert line["place"].startswith("intake.routes:")


def test_another_method_is_not_found(intake: Intake) -> None:
    """Another method is answered with 404, should the gateway let it through."""
    assert intake("GET", "icj").fault == (404, "not_found", None)


def test_meta_gets_its_challenge_back(intake: Intake) -> None:
    """The challenge is returned as plain text when Meta knows the agreed token."""
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    answer = intake("GET", "meta", query=query)
    assert (answer.status, answer.text) == (200, "1158201444")


@pytest.mark.parametrize(
    "change", [{"hub.mode": "unsubscribe"}, {"hub.verify_token": "salah"}, {"hub.verify_token": ""}, None]
)
def test_nobody_else_gets_a_challenge_back(intake: Intake, change: dict[str, str] | None) -> None:
    """Other callers get 401, and nothing that they sent is repeated."""
    query = {"hub.mode": "subscribe", "hub.verify_token": VERIFY, "hub.challenge": "1158201444"}
    answer = intake("GET", "meta", query=None if change is None else query | change)
    assert answer.fault == (401, "unauthenticated", None)
    assert "1158201444" not in answer.text


def test_a_mention_in_a_comment_is_fetched_and_stored_once(intake: Intake) -> None:
    """The post has the comment's id, the medium's link and no author; no address holds the token."""
    intake.platform.answers["mentioned_comment"] = SAID | {"media": {"id": MEDIA, "permalink": PERMALINK}}
    assert intake.push(MENTION).body == {"status": "accepted"}
    assert intake.push(MENTION, MENTION, wrapped=True).status == 200
    [post] = intake.posts()
    assert (post.key, post.channel) == (f"instagram#{COMMENT}", "instagram:kabarsleman")
    assert (post.text, post.permalink, post.author) == (SAID["text"], PERMALINK, None)
    assert post.created_at == datetime(2026, 11, 3, 8, 0, tzinfo=UTC)
    path, query, authorization = intake.platform.asked[0]
    assert (path, authorization) == (f"/v25.0/{ACCOUNT}", f"Bearer {TOKEN}")
    assert query["fields"][0].startswith(f"mentioned_comment.comment_id({COMMENT}){{")
    assert TOKEN not in json.dumps(query)


@pytest.mark.parametrize("permalink", [True, False])
def test_a_mention_in_a_caption_is_stored_with_or_without_a_link(intake: Intake, permalink: bool) -> None:  # noqa: FBT001 # a column of the table above
    """The link is asked for although it is undocumented; where it is refused, the rest is still read."""
    said = {"id": MEDIA, "caption": "jalan rusak KENARI", "timestamp": "2026-11-03T08:00:00+0000", "username": "warga"}
    intake.platform.answers |= {
        "mentioned_media": said,
        "mentioned_media with permalink": said | {"permalink": PERMALINK} if permalink else {"code": 100},
    }
    assert intake.push({"media_id": int(MEDIA)}).body == {"status": "accepted"}
    [post] = intake.posts()
    assert (post.native_id, post.text, post.has_photo) == (MEDIA, "jalan rusak KENARI", True)
    assert post.permalink == (PERMALINK if permalink else "https://www.instagram.com/kabarsleman")


def test_the_account_mentioning_itself_is_no_complaint(intake: Intake) -> None:
    """The account's own posts are passed over."""
    intake.platform.answers["mentioned_comment"] = SAID | {"username": "kabarsleman"}
    assert intake.push(MENTION).body == {"status": "ignored"}
    assert intake.posts() == []


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (GONE, "deleted or hidden"),
        ({"code": 100}, "refused with code 100"),
        (b"{}", "malformed: no object"),
        (b'{"mentioned_comment": {"id": "18000000000000051", "text": "telp 0812-3456-7890"}}', "malformed: timestamp"),
        (
            b'{"mentioned_comment": {"id": "1", "text": "KENARI", "timestamp": "2026-11-03T08:00:00+0000"}}',
            "the answer is about something else",
        ),
        (
            b'{"mentioned_comment": {"id": "18000000000000051", "timestamp": "0001-01-01T00:00:00+2359"}}',
            "malformed: timestamp",
        ),
    ],
)
def test_what_will_never_be_readable_is_put_aside_once(
    intake: Intake, capsys: pytest.CaptureFixture[str], answer: object, reason: str
) -> None:
    """An unreadable mention of a visible account gets 200, is quarantined and counted once, and is not refetched."""
    intake.platform.answers |= {"mentioned_comment": answer, "id": {}}
    assert intake.push(MENTION).status == 200
    assert json.loads(capsys.readouterr().out)["PostsRejected"] == [1]
    asked = len(intake.platform.asked)
    assert intake.push(MENTION).status == 200
    assert json.loads(capsys.readouterr().out)["PostsRejected"] == [0]
    assert len(intake.platform.asked) == asked
    [item] = intake.quarantined()
    assert (item["pk"], item["sk"]) == ("QUARANTINE#instagram:kabarsleman", f"POST#{COMMENT}")
    assert (item["reason"], item["channel"]) == (reason, "instagram:kabarsleman")
    assert json.loads(item["raw"]).items() >= MENTION.items()
    assert "0812" not in item["raw"]
    assert intake.lines()[0]["unreadable"] == {reason: 1}
    assert intake.posts() == []


def test_a_quarantined_mention_names_nobody(intake: Intake) -> None:
    """Text, ids and time are kept for a corrected reader; the author is not."""
    said = {"id": COMMENT, "text": "sampah numpuk", "username": "warga.KENARI", "from": {"username": "KENARI"}}
    intake.platform.answers["mentioned_comment"] = said
    assert intake.push(MENTION).status == 200
    [item] = intake.quarantined()
    assert json.loads(item["raw"]) == {"id": COMMENT, "text": "sampah numpuk", **MENTION}


@pytest.mark.parametrize(
    ("value", "raw"),
    [
        ({"media_id": "1){id},secret", "comment_id": None}, {"media_id": "1){id},secret"}),
        ({"media_id": 1.5, "username": "KENARI"}, {}),
        (None, {}),
        ("KENARI", {}),
    ],
)
def test_a_mention_without_ids_is_put_aside_once(
    intake: Intake, capsys: pytest.CaptureFixture[str], value: object, raw: dict[str, Any]
) -> None:
    """The answer is 200 and the platform is not asked: an invalid id must not become part of an address."""
    for counted in (1, 0):
        assert intake.push(value).body == {"status": "ignored"}
        assert json.loads(capsys.readouterr().out)["PostsRejected"] == [counted]
    assert intake.platform.asked == []
    [item] = intake.quarantined()
    assert item["reason"] == "malformed: media_id"
    assert json.loads(item["raw"]) == raw


def test_a_refusal_of_one_mention_among_readable_ones_is_for_good(intake: Intake) -> None:
    """A single refusal cannot be a lost permission.

    When no mention is readable it may be, and Meta repeats the push.
    """
    intake.platform.answers |= {"mentioned_comment": {"code": 10}, "mentioned_media": {"code": 2}}
    assert intake.push({"media_id": MEDIA}, MENTION).status == 500
    assert intake.quarantined() == []
    said = {"id": MEDIA, "caption": "jalan rusak", "timestamp": "2026-11-03T08:00:00+0000"}
    intake.platform.answers["mentioned_media"] = said
    assert intake.push({"media_id": MEDIA}, MENTION).status == 200
    assert [item["reason"] for item in intake.quarantined()] == ["refused with code 10"]
    assert [post.native_id for post in intake.posts()] == [MEDIA]


@pytest.mark.parametrize(
    "answer",
    [
        GONE,
        {"code": 1},
        {"code": 10},
        {"code": 190, "error_subcode": 463},
        {"code": 100},
        {"code": "KENARI"},
        b"<html>KENARI</html>",
        b"[]",
        b"KENARI" + b" " * MOST_BYTES,
    ],
)
def test_what_could_not_be_fetched_is_sent_again_by_meta(intake: Intake, answer: Any) -> None:
    """Any fault of the platform is answered with 500, and the next push stores the mention."""
    intake.platform.answers["mentioned_comment"] = answer
    assert intake.push(MENTION).fault == (500, "not_fetched", None)
    assert intake.items() == []
    intake.platform.answers["mentioned_comment"] = SAID
    assert intake.push(MENTION).status == 200
    assert len(intake.posts()) == 1
    assert CANARY not in intake.log.getvalue()


def test_one_lost_mention_keeps_no_other_back(intake: Intake) -> None:
    """The readable mentions of a push are stored, and Meta is asked to repeat the push."""
    intake.platform.answers["mentioned_comment"] = SAID
    assert intake.push({"media_id": MEDIA}, MENTION).status == 500
    assert [post.native_id for post in intake.posts()] == [COMMENT]


def test_no_answer_is_a_reason_to_send_it_again(intake: Intake) -> None:
    """Nothing is lost when the platform cannot be reached."""
    intake.module.routes.graph.http.clear()
    with mock.patch.object(intake.module.routes.graph.http, "request", side_effect=ProtocolError("KENARI")):
        assert intake.push(MENTION).status == 500
    assert intake.lines()[0]["faults"] == {"no answer: ProtocolError": 1}


def test_a_missing_or_rotated_token_is_a_reason_to_send_it_again(intake: Intake) -> None:
    """A refused token is forgotten, so that the next push uses the new one."""
    intake.ssm.delete_parameter(Name="/aduan/test/channels/instagram/kabarsleman/token")
    assert intake.push(MENTION).status == 500
    intake.secret("channels/instagram/kabarsleman/token", "token-lama-KENARI-0006")
    intake.platform.answers["mentioned_comment"] = {"code": 190}
    assert intake.push(MENTION).status == 500
    intake.secret("channels/instagram/kabarsleman/token", TOKEN)
    intake.platform.answers["mentioned_comment"] = SAID
    assert intake.push(MENTION).status == 200
    assert intake.platform.asked[-1][2] == f"Bearer {TOKEN}"


def said_of(fields: str) -> dict[str, Any]:
    """The answer about any comment."""
    return SAID | {"id": fields.partition("(")[2].partition(")")[0]}


MENTIONS = [{"media_id": MEDIA, "comment_id": str(number)} for number in range(40)]


def test_mentions_are_fetched_at_the_same_time(intake: Intake) -> None:
    """Mentions are fetched in parallel, up to the limit, so that a long push takes a short time."""
    together = threading.Barrier(AT_ONCE, timeout=20)

    def wait_for_the_others(fields: str) -> dict[str, Any]:
        together.wait()
        return said_of(fields)

    intake.platform.answers["mentioned_comment"] = wait_for_the_others
    assert intake.push(*MENTIONS).status == 200
    assert len(intake.posts()) == len(MENTIONS)


def test_a_push_that_takes_too_long_is_answered_in_time(intake: Intake) -> None:
    """Mentions that were not reached come again, and then only those are fetched."""

    def slow(fields: str) -> dict[str, Any]:
        intake.now += timedelta(seconds=9)
        return said_of(fields)

    intake.platform.answers["mentioned_comment"] = slow
    assert intake.push(*MENTIONS).status == 500
    stored = len(intake.posts())
    assert 0 < len(intake.platform.asked) == stored <= AT_ONCE
    assert intake.lines()[0]["faults"] == {"time": len(MENTIONS) - stored}
    intake.platform.answers["mentioned_comment"] = said_of
    assert intake.push(*MENTIONS).status == 200
    assert len(intake.platform.asked) == len(intake.posts()) == len(MENTIONS)


@pytest.mark.parametrize("code", [4, 190, 368, 80002])
def test_a_platform_that_blocks_is_left_alone(intake: Intake, code: int) -> None:
    """After a block or a dead token the rest of the push waits: asking on would only make a block longer."""
    intake.platform.answers["mentioned_comment"] = {"code": code}
    assert intake.push(*MENTIONS).status == 500
    assert 0 < len(intake.platform.asked) <= AT_ONCE
    assert intake.items() == []


@pytest.mark.parametrize(("left", "waits"), [(8.0, (2.0, 5.0)), (1.0, (1.0, 1.0))])
def test_no_question_waits_longer_than_the_push_may_take(
    intake: Intake, left: float, waits: tuple[float, float]
) -> None:
    """A request's timeout shrinks with the time that the push has left."""
    http = intake.module.routes.graph.http
    with (
        mock.patch("intake.routes.PUSH_TIME", timedelta(seconds=left)),
        mock.patch.object(http, "request", side_effect=ProtocolError("KENARI")) as asked,
    ):
        assert intake.push(MENTION).status == 500
    timeout = asked.call_args.kwargs["timeout"]
    assert (timeout.connect_timeout, timeout.read_timeout) == waits


@pytest.mark.parametrize(
    ("parts", "value"),
    [
        ({"object": "page"}, MENTION),
        ({"entry": None}, MENTION),
        ({"entry": ["KENARI"]}, MENTION),
        ({"entry": [{"id": ACCOUNT, "changes": [{"field": "comments", "value": {"text": "KENARI"}}]}]}, MENTION),
        ({"entry": [{"id": "17841400000000002", "changes": [{"field": "mentions", "value": MENTION}]}]}, MENTION),
    ],
)
def test_whatever_else_meta_pushes_is_left_alone(intake: Intake, parts: dict[str, Any], value: object) -> None:
    """Other objects, fields and accounts get 200; nothing is kept, and the platform is not asked."""
    answer = intake.push(value, **parts)
    assert (answer.status, answer.body) == (200, {"status": "ignored"})
    assert intake.platform.asked == []
    assert intake.items() == []


def test_a_push_that_meta_did_not_sign_is_refused(intake: Intake) -> None:
    """With a wrong or missing signature, or no app secret to check it, nothing is fetched."""
    body = json.dumps({"object": "instagram"}).encode()
    good = meta_signature(APP_SECRET, body)
    for signature in ("", good.removeprefix("sha256="), meta_signature(APP_SECRET, body + b" "), good.upper()):
        assert intake("POST", "meta", body, {"X-Hub-Signature-256": signature}).status == 401
    assert intake("POST", "meta", body, {"x-hub-signature-256": good}).status == 200
    intake.ssm.delete_parameter(Name="/aduan/test/meta/app_secret")
    intake.module.routes.secrets.forget()
    assert intake("POST", "meta", body, {"X-Hub-Signature-256": good}).status == 401
    assert intake.platform.asked == []


def test_a_log_line_holds_ids_and_nothing_else(intake: Intake, capfd: pytest.CaptureFixture[str]) -> None:
    """Each request logs route, status, outcome, channel, key and length, but no text, person or secret."""
    intake.platform.answers["mentioned_comment"] = SAID
    intake.deliver()
    intake.deliver(a_delivery(KENARI="KENARI", text="KENARI"))
    intake.deliver(a_delivery(link="https://example.org/KENARI", id="2"))
    intake.deliver(source="KENARI")
    intake.deliver(key_id="KENARI")
    intake.deliver(raw=b"KENARI")
    intake.push(MENTION)
    intake.push(raw=b"KENARI")
    intake("GET", "meta", query={"hub.verify_token": "KENARI", "hub.challenge": "KENARI"})
    first = intake.lines()[0]
    assert (first["route"], first["status"], first["outcome"]) == ("POST /intake/{source}", 202, "accepted")
    assert (first["channel"], first["key_id"]) == ("webhook:icj", "icj-2026-11")
    assert (first["post"], first["body_bytes"]) == ("webhook#icj:icj-20261103-0007", len(json.dumps(a_delivery())))
    assert len(intake.lines()) == 9
    everything = intake.log.getvalue() + "".join(capfd.readouterr())
    assert CANARY not in everything
    assert "v1=" not in everything
    assert "sha256=" not in everything


def test_the_shipped_partners_are_whole() -> None:
    """Every channel that partners push to names the group that it relays, and its address."""
    partners = partner_channels(load_directory())
    assert set(partners) == {"icj"}
    assert partners["icj"][1].address == GROUP
    assert "meta" not in partners, "that address is Meta's"
