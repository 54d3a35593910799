"""Mentions that Meta pushes, in events as API Gateway sends them, with a Graph API of our own."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest import mock

import pytest
from urllib3.exceptions import ProtocolError

from aduan.context import Context
from aduan.platform_http import MOST_BYTES
from intake.push import AT_ONCE
from intake.signature import meta_signature
from tests.handlers.deployed_intake import (
    ACCOUNT,
    APP_SECRET,
    CANARY,
    COMMENT,
    GONE,
    MEDIA,
    MENTION,
    PERMALINK,
    SAID,
    TOKEN,
    VERIFY,
    Intake,
)

if TYPE_CHECKING:
    pass


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
    assert post.context == Context(to="account")
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
