"""Deliveries of partners, in events as API Gateway sends them."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from botocore.exceptions import ClientError

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.store.table import from_image
from intake.delivery import partner_channels
from intake.signature import relay_signature
from tests.builders import NOON
from tests.handlers.deployed_intake import (
    APP_SECRET,
    CANARY,
    GROUP,
    KEY,
    MENTION,
    NEXT_KEY,
    SAID,
    Intake,
    a_delivery,
)
from tests.table import TABLE_NAME

if TYPE_CHECKING:
    pass


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
    with mock.patch("base64.b64encode", return_value=b"bukan*base64"):
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


def test_a_delivery_may_say_what_it_answers(intake: Intake) -> None:
    """The text above is masked and cut like any context; in a community's group it is a citizen's."""
    intake.deliver(a_delivery(under="Lampu mati di Denggung, hubungi 0812-3456-7890 " + "x" * 900, to="citizen"))
    [post] = intake.posts()
    assert post.context is not None
    assert post.context.under.startswith("Lampu mati di Denggung, hubungi [telepon]")
    assert (post.context.by, post.context.to, post.context.clipped) == ("citizen", "citizen", True)


@pytest.mark.parametrize(
    ("given", "context"),
    [
        ({}, None),
        ({"under": None, "to": None}, None),
        ({"under": "  "}, None),
        ({"to": "account"}, Context(to="account")),
        ({"under": "Jadwal air"}, Context(under="Jadwal air", by="citizen")),
    ],
)
def test_a_delivery_without_a_context_is_taken_as_before(
    intake: Intake, given: dict[str, str | None], context: Context | None
) -> None:
    """Both fields may be left out."""
    assert intake.deliver(a_delivery(**given)).status == 202
    assert [post.context for post in intake.posts()] == [context]


@pytest.mark.parametrize("field", [{"to": "pemkab"}, {"to": 5}, {"under": 5}])
def test_a_wrong_context_is_refused(intake: Intake, field: dict[str, object]) -> None:
    """The answer names the field."""
    answer = intake.deliver(a_delivery(**field))
    assert (answer.status, intake.posts()) == (400, [])
    assert next(iter(field)) in answer.text


def test_another_text_above_makes_no_new_version(intake: Intake) -> None:
    """What a post stands under decides nothing again."""
    intake.deliver(a_delivery(under="Jadwal air"))
    answer = intake.deliver(a_delivery(under="Jadwal air, diperbarui"))
    assert (answer.status, answer.body) == (200, {"status": "duplicate"})
