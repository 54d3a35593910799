"""The channel simulator speaks Telegram, X, YouTube and RSS as the contract says, over real HTTP."""

from __future__ import annotations

import email.utils
import gzip
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlencode

import feedparser  # type: ignore[import-untyped]
import pytest
import urllib3

from aduan.directory import Channel
from aduan.platform_errors import ChannelError
from aduan.time_budget import TimeBudget
from infra import templates
from infra.local import machine, processes
from infra.local.simulator.config import Config
from infra.local.simulator.foreign_posts import spread
from infra.local.simulator.input_files import InputError, read_config, read_county, read_posts, read_world
from infra.local.simulator.native_ids import x_post
from infra.local.simulator.rows import citizen_draft
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import ROLES, Account, Draft, Kind, Role, World, WorldError, populate
from poll_channels.connection import Connection, PollSettings
from poll_channels.source import Window
from poll_channels.sources import KINDS

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
TELEGRAM = Account(Kind.TELEGRAM_RELAY, "relai_contoh", "Relai", "110201543:relai", moderators=("710000001",))
X = Account(Kind.X, "200000001", "kabarsleman", "x-token")
YOUTUBE = Account(Kind.YOUTUBE, "UCcontoh00000000000000000", "Sleman TV", "youtube-key")
RSS = Account(Kind.RSS, "koran", "Koran Contoh", "rss-token", feed="/koran.xml", channel="koran")
ACCOUNTS = (TELEGRAM, X, YOUTUBE, RSS)
BY_KIND = {account.kind: account for account in ACCOUNTS}
EDGE = {Kind.TELEGRAM_RELAY: "forward", Kind.X: "mention", Kind.YOUTUBE: "comment", Kind.RSS: "item"}
CONFIG = Config("v25.0", "app-secret", ACCOUNTS)
BOT = f"/telegram/bot{TELEGRAM.token}"
MENTIONS = f"/x/2/users/{X.account}/mentions"
THREADS = "/youtube/youtube/v3/commentThreads"
COMMENTS = "/youtube/youtube/v3/comments"
ALL_THREADS = {"part": "snippet,replies", "allThreadsRelatedToChannelId": YOUTUBE.account, "order": "time"}
LEGACY_FIELDS = "created_at,author_id,conversation_id,attachments,note_tweet"
NEW_FIELDS = "created_at,conversation_id,attachments,note_post"


def a_draft(source_id: str, kind: Kind, **changed: Any) -> Draft:
    row = {"kind": kind, "edge": EDGE[kind], "parent": None, "author": "budi", "text": f"Lapor {source_id}"}
    if kind is Kind.YOUTUBE:
        row["parent"] = "v1"
    created_at = NOW - timedelta(minutes=changed.pop("minutes_ago", 60))
    return citizen_draft({**row, "has_photo": False, **changed}, source_id, created_at, "test")


def a_video(source_id: str = "v1") -> Draft:
    return Draft(
        source_id=source_id,
        kind=Kind.YOUTUBE,
        role=Role.COUNTY_POST,
        parent=None,
        author=None,
        text="Video",
        has_photo=False,
        created_at=NOW - timedelta(days=2),
        by_county=True,
    )


def several(kind: Kind, count: int) -> list[Draft]:
    """Several drafts, the oldest first."""
    return [a_draft(f"{kind}-{n}", kind, minutes_ago=100 - n) for n in range(count)]


class Client:
    """Asks the simulator as the poller does, and as somebody by hand does."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.now = NOW

    @property
    def world(self) -> World:
        """The content of the channels."""
        return self.server.simulator.world

    def holds(self, *drafts: Draft) -> None:
        """Let the channels hold these texts and no others."""
        self.server.simulator = Simulator(CONFIG, populate(ACCOUNTS, [a_video(), *drafts]), clock=lambda: self.now)

    def raw(
        self, method: str, path: str, body: object = None, headers: Mapping[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of any request."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        given = {"Content-Type": "application/json"} if body is not None else {}
        try:
            connection.request(
                method, path, json.dumps(body) if body is not None else None, {**given, **(headers or {})}
            )
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def telegram(self, method: str, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a call to the bot."""
        status, _, body = self.raw("POST", f"{BOT}/{method}", params)
        return status, json.loads(body)

    def updates(self, **params: Any) -> list[Any]:
        """The updates of a call that must succeed."""
        status, body = self.telegram("getUpdates", **params)
        assert status == 200, body
        return cast("list[Any]", body["result"])

    def x(self, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a request for mentions; two underscores stand for a dot."""
        query = urlencode({name.replace("__", "."): value for name, value in params.items()})
        status, _, body = self.raw("GET", f"{MENTIONS}?{query}", headers={"Authorization": f"Bearer {X.token}"})
        return status, json.loads(body)

    def mentions(self, **params: Any) -> Any:
        """The same, when it must succeed."""
        status, body = self.x(**params)
        assert status == 200, body
        return body

    def youtube(self, path: str, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a request with the key."""
        status, _, body = self.raw("GET", f"{path}?{urlencode(params)}", headers={"X-Goog-Api-Key": YOUTUBE.token})
        return status, json.loads(body)

    def threads(self, **params: Any) -> Any:
        """All threads, when it must succeed."""
        status, body = self.youtube(THREADS, **{**ALL_THREADS, **params})
        assert status == 200, body
        return body

    def ask(self, kind: Kind, **params: Any) -> tuple[int, dict[str, str], bytes]:
        """Any channel's list, whole."""
        if kind is Kind.TELEGRAM_RELAY:
            return self.raw("POST", f"{BOT}/getUpdates", params)
        if kind is Kind.X:
            query = urlencode({"tweet.fields": LEGACY_FIELDS, "expansions": "author_id", **params})
            return self.raw("GET", f"{MENTIONS}?{query}", headers={"Authorization": f"Bearer {X.token}"})
        if kind is Kind.YOUTUBE:
            query = urlencode({**ALL_THREADS, **params, "key": YOUTUBE.token})
            return self.raw("GET", f"{THREADS}?{query}")
        return self.raw("GET", "/feeds/koran.xml")

    def control(self, method: str, path: str, body: object = None) -> Any:
        """JSON of a request under `/_simulator` that must succeed."""
        status, _, answer = self.raw(method, f"/_simulator/{path}", body)
        assert status < 300, answer
        return json.loads(answer)

    def fault(self, name: str, **settings: Any) -> None:
        """Switch a fault on."""
        self.control("POST", "faults", {"fault": name, **settings})

    def native(self, source_id: str) -> str:
        """The native id of a source id."""
        entry = self.world.find(source_id)
        assert entry is not None
        return entry.native_id


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(CONFIG, populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture(name="client")
def _client(server: Server) -> Client:
    client = Client(server)
    client.holds(*(draft for kind in EDGE for draft in several(kind, 7)))
    return client


def texts_of(updates: list[Any]) -> list[str]:
    return [(update.get("message") or update["edited_message"])["text"] for update in updates]


# Telegram -----------------------------------------------------------------------------------------------------------


def test_updates_stay_until_they_are_confirmed(client: Client) -> None:
    """Updates are returned again until an offset past them is sent, and never afterwards."""
    first = client.updates(limit=3)
    assert client.updates(limit=3) == first
    rest = client.updates(offset=first[-1]["update_id"] + 1)
    assert texts_of(first + rest) == [f"Lapor telegram_relay-{n}" for n in range(7)]
    assert client.updates() == rest
    assert client.updates(offset=rest[-1]["update_id"] + 1) == []
    assert client.updates() == []


def test_updates_are_forgotten_after_a_day(client: Client) -> None:
    """Updates not fetched within 24 hours are gone, and the numbers continue."""
    numbers = [update["update_id"] for update in client.updates()]
    client.now = NOW + timedelta(hours=24, minutes=-96)
    assert [update["update_id"] for update in client.updates()] == numbers[5:]


def test_edits_are_updates_of_their_own(client: Client) -> None:
    """An edit comes as `edited_message` with the same message id; the first version still waits before it."""
    client.control("PATCH", f"posts/{client.native('telegram_relay-0')}", {"text": "Diperbaiki"})
    first, *_, last = client.updates()

    assert first["message"]["text"] == "Lapor telegram_relay-0"
    edited = last["edited_message"]
    assert (edited["text"], edited["message_id"]) == ("Diperbaiki", first["message"]["message_id"])
    assert edited["edit_date"] == int(NOW.timestamp())


def test_albums_are_several_messages_with_one_caption(client: Client) -> None:
    """An album is a message for each picture, held together by `media_group_id`; one has the caption."""
    client.holds(a_draft("album", Kind.TELEGRAM_RELAY, has_photo=True, photos=3), a_draft("after", Kind.TELEGRAM_RELAY))
    *album, after = [update["message"] for update in client.updates()]

    assert len({message["media_group_id"] for message in album}) == 1
    assert [message.get("caption") for message in album] == ["Lapor album", None, None]
    assert len({message["message_id"] for message in (*album, after)}) == 4
    assert client.native("album") == f"710000001:album.{album[0]['media_group_id']}"


def test_forwarded_messages_name_their_origin(client: Client) -> None:
    """A forwarded post carries whoever wrote it, a typed one nothing; the moderator is the sender of both."""
    people = ("ani", "budi", "citra", "dewi", "eko", "fitri")
    drafts = [a_draft(name, Kind.TELEGRAM_RELAY, author=name) for name in people]
    client.holds(*drafts, a_draft("typed", Kind.TELEGRAM_RELAY, author=None))
    *forwarded, typed = [update["message"] for update in client.updates()]

    assert {message["forward_origin"]["type"] for message in forwarded} == {"user", "hidden_user"}
    assert "forward_origin" not in typed
    assert {message["from"]["id"] for message in (*forwarded, typed)} == {710000001}


def test_allowed_updates_are_remembered(client: Client) -> None:
    """Only the requested kinds of update are returned, until other kinds are requested."""
    client.control("PATCH", f"posts/{client.native('telegram_relay-0')}", {"text": "Diperbaiki"})

    assert len(client.updates(allowed_updates=["edited_message"])) == 1
    assert len(client.updates()) == 1
    assert len(client.updates(allowed_updates=["message", "edited_message"])) == 8


def test_a_negative_offset_reads_from_the_end(client: Client) -> None:
    """`-1` gives the last update and forgets those before it."""
    assert texts_of(client.updates(offset=-1)) == ["Lapor telegram_relay-6"]
    assert len(client.updates()) == 1


def test_polling_and_a_webhook_exclude_each_other(client: Client) -> None:
    """While a webhook is set, `getUpdates` is a conflict."""
    client.telegram("setWebhook", url="https://contoh.example/tg")
    status, body = client.telegram("getUpdates")
    assert (status, body["error_code"]) == (409, 409)
    assert "webhook" in body["description"]
    client.telegram("deleteWebhook")
    assert len(client.updates()) == 7


def test_the_bot_answers_moderators(client: Client) -> None:
    """A receipt that the bot sends can be seen; an empty one is refused."""
    status, body = client.telegram(
        "sendMessage", chat_id=710000001, text="Diterima", reply_parameters={"message_id": 412}
    )

    assert (status, body["result"]["text"]) == (200, "Diterima")
    assert body["result"]["reply_to_message"] == {"message_id": 412}
    assert client.telegram("sendMessage", chat_id=710000001, text="")[0] == 400
    assert [sent["text"] for sent in client.control("GET", "receipts")["receipts"]] == ["Diterima"]


def test_wrong_bots_and_methods_are_refused(client: Client) -> None:
    """An unknown token is 401, an unknown method 404, and no token is counted."""
    assert client.raw("GET", "/telegram/bot1:x/getUpdates")[0] == 401
    assert client.telegram("getChat")[0] == 404
    assert set(client.control("GET", "requests")["requests"]) == {
        "/telegram/bot{token}/getUpdates",
        "/telegram/bot{token}/{unknown}",
    }


@pytest.mark.parametrize(
    ("settings", "waits"),
    [
        ({}, {"retry_after": 300}),
        ({"retry_after": "14"}, {"retry_after": 14}),
        ({"retry_after": "-3"}, {"retry_after": -3}),
        ({"retry_after": "besok"}, {"retry_after": "besok"}),
        ({"retry_after": "none"}, None),
    ],
)
def test_telegram_says_how_long_to_wait_or_not(client: Client, settings: dict[str, Any], waits: Any) -> None:
    """A throttled bot is told a number, nonsense, or nothing."""
    client.fault("throttled", **settings)
    status, body = client.telegram("getUpdates")
    assert (status, body.get("parameters")) == (429, waits)


# X ------------------------------------------------------------------------------------------------------------------


def test_mentions_come_newest_first_and_after_an_id(client: Client) -> None:
    """Ids descend, `since_id` excludes the post itself, and without news there is no `data`."""
    everything = [int(post["id"]) for post in client.mentions()["data"]]

    assert everything == sorted(everything, reverse=True)
    newer = client.mentions(since_id=everything[2])
    assert [int(post["id"]) for post in newer["data"]] == everything[:2]
    assert newer["meta"] == {
        "result_count": 2,
        "newest_id": str(everything[0]),
        "oldest_id": str(everything[1]),
    }
    assert client.mentions(since_id=everything[0]) == {"meta": {"result_count": 0}}


def test_mentions_come_in_pages(client: Client) -> None:
    """Following `next_token` gives each post once."""
    first = client.mentions(max_results=5)
    second = client.mentions(max_results=5, pagination_token=first["meta"]["next_token"])

    assert "next_token" not in second["meta"]
    assert [post["id"] for post in first["data"] + second["data"]] == [post["id"] for post in client.mentions()["data"]]


@pytest.mark.parametrize(
    "params", [{"max_results": 4}, {"max_results": 101}, {"since_id": "x"}, {"start_time": "kemarin"}]
)
def test_wrong_parameters_of_x_are_400(client: Client, params: dict[str, Any]) -> None:
    """A page size outside 5 to 100 and unreadable ids or times fail the request and name the parameter."""
    status, body = client.x(**params)

    assert status == 400
    assert body["type"].endswith("/problems/invalid-request")
    assert next(iter(params)) in body["errors"][0]["parameters"]


def test_both_dialects_of_x(client: Client) -> None:
    """The old dialect has the author as a field and the history always, the new one both as expansions."""
    old = client.mentions(tweet__fields=LEGACY_FIELDS)["data"][0]
    new = client.mentions(post__fields=NEW_FIELDS)["data"][0]
    expanded = client.mentions(post__fields=NEW_FIELDS, expansions="author_id,edit_history_post_ids")["data"][0]

    assert set(old) == {"id", "text", "edit_history_tweet_ids", "created_at", "author_id", "conversation_id"}
    assert set(new) == {"id", "text", "created_at", "conversation_id"}
    assert set(expanded) == {*new, "author_id", "edit_history_post_ids"}
    assert set(client.mentions()["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert old["created_at"] == "2026-11-03T05:26:00.000Z"


def test_includes_come_only_when_asked_for(client: Client) -> None:
    """People and media are included for an expansion, each once; unknown fields are dropped silently."""
    client.holds(*several(Kind.X, 2), a_draft("photo", Kind.X, has_photo=True))

    assert "includes" not in client.mentions(tweet__fields=LEGACY_FIELDS, user__fields="username")
    found = client.mentions(tweet__fields="attachments,nonsense", expansions="author_id,attachments.media_keys")
    assert [user["username"] for user in found["includes"]["users"]] == ["budi"]
    [media] = found["includes"]["media"]
    assert found["data"][0]["attachments"]["media_keys"] == [media["media_key"]]


def test_long_and_marked_up_posts(client: Client) -> None:
    """A long post is cut and whole in its note; `&` and `<` come as entities."""
    client.holds(a_draft("long", Kind.X, text="Jalan A & B <rusak> " * 20))
    for dialect, note in (
        ({"tweet__fields": "note_tweet"}, "note_tweet"),
        ({"post__fields": "note_post"}, "note_post"),
    ):
        [post] = client.mentions(**dialect)["data"]
        assert len(post["text"]) == 280
        assert post[note]["text"].startswith("Jalan A &amp; B &lt;rusak&gt; Jalan")


def test_an_edit_on_x_is_a_new_id(client: Client) -> None:
    """An edited post comes again after its old id, under a new one with its history."""
    before = client.mentions()["meta"]["newest_id"]
    first = client.native("x-0")
    client.control("PATCH", f"posts/{first}", {"text": "Diralat"})
    [post] = client.mentions(since_id=before)["data"]

    assert post["text"] == "Diralat"
    assert post["edit_history_tweet_ids"] == [first, post["id"]]


def test_every_answer_of_x_tells_the_limit(client: Client) -> None:
    """The rate-limit headers come with good answers, errors and refusals, and count down."""
    left = []
    for headers in ({"Authorization": f"Bearer {X.token}"}, {}, {"Authorization": f"Bearer {X.token}"}):
        status, found, _ = client.raw("GET", MENTIONS, headers=headers)
        assert status == (200 if headers else 401)
        assert int(found["x-rate-limit-reset"]) > NOW.timestamp()
        left.append(int(found["x-rate-limit-remaining"]))
    assert left == [449, 448, 447]
    client.fault("throttled", minutes=3)
    status, found, _ = client.ask(Kind.X)
    assert (status, found["x-rate-limit-remaining"]) == (429, "0")
    assert int(found["x-rate-limit-reset"]) == NOW.timestamp() + 180


def test_x_packs_its_answers(client: Client) -> None:
    """A client that accepts gzip gets it."""
    _, headers, body = client.raw(
        "GET", MENTIONS, headers={"Authorization": f"Bearer {X.token}", "Accept-Encoding": "gzip"}
    )
    assert headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["data"]) == 7


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        ("expired_token", 401, "Unauthorized"),
        ("credits_depleted", 402, "CreditsDepleted"),
        ("not_permitted", 403, "Client Forbidden"),
        ("usage_capped", 429, "UsageCapExceeded"),
        ("server_error", 503, "Service Unavailable"),
        ("stale_since_id", 400, "Invalid Request"),
    ],
)
def test_how_x_refuses(client: Client, fault: str, status: int, told: str) -> None:
    """Each refusal has its own status and title."""
    client.fault(fault)
    found, body = client.x(since_id=1)
    assert (found, body["title"]) == (status, told)


def test_a_stale_since_id_names_one_that_is_not(client: Client) -> None:
    """The refusal names the smallest id that would do; requests without `since_id` are not concerned."""
    client.fault("stale_since_id")
    _, body = client.x(since_id=1)
    edge = int(body["errors"][0]["message"].split()[-1])

    assert edge <= int(x_post(NOW - timedelta(days=7), "any"))
    assert client.x()[0] == 200


def test_partial_errors_come_with_the_data(client: Client) -> None:
    """Status 200 may bring errors beside the posts."""
    client.fault("partial_errors")
    body = client.mentions()
    assert len(body["data"]) == 7
    assert body["errors"][0]["type"].endswith("/problems/resource-not-found")


def test_posts_of_x_can_be_looked_up(client: Client) -> None:
    """Posts are found by any of their ids; a deleted one is an error beside them, with status 200."""
    here, gone = client.native("x-1"), client.native("x-2")
    client.control("DELETE", f"posts/{gone}")

    def looked_up(*ids: str) -> Any:
        path = f"/x/2/tweets?ids={','.join(ids)}"
        return json.loads(client.raw("GET", path, headers={"Authorization": f"Bearer {X.token}"})[2])

    found = looked_up(here, gone)
    assert [post["id"] for post in found["data"]] == [here]
    assert [error["resource_id"] for error in found["errors"]] == [gone]
    assert set(looked_up(gone)) == {"errors"}


# YouTube ------------------------------------------------------------------------------------------------------------


def test_threads_come_newest_first_in_pages(client: Client) -> None:
    """The threads of all videos are listed, each once, and a reply moves none of them up."""
    client.control("POST", "posts", {"kind": "youtube", "edge": "reply", "parent": "youtube-0", "text": "Betul"})
    first = client.threads(maxResults=4)
    second = client.threads(maxResults=4, pageToken=first["nextPageToken"])
    listed = [item["id"] for item in first["items"] + second["items"]]

    assert listed == [client.native(f"youtube-{n}") for n in range(6, -1, -1)]
    assert "nextPageToken" not in second
    assert first["items"][0]["snippet"]["topLevelComment"]["snippet"]["publishedAt"] == "2026-11-03T05:26:00Z"


def test_replies_beyond_the_shown_ones_have_their_own_list(client: Client) -> None:
    """A thread shows five of its replies and says how many there are; the list has all of them."""
    replies = [a_draft(f"r{n}", Kind.YOUTUBE, edge="reply", parent="youtube-0", minutes_ago=50 - n) for n in range(8)]
    client.holds(*several(Kind.YOUTUBE, 1), *replies)
    [thread] = client.threads()["items"]
    status, listed = client.youtube(COMMENTS, part="snippet", parentId=thread["id"], maxResults=100)

    assert thread["snippet"]["totalReplyCount"] == 8
    assert len(thread["replies"]["comments"]) == 5
    assert status == 200
    assert {item["id"] for item in listed["items"]} == {client.native(f"r{n}") for n in range(8)}
    assert {item["snippet"]["parentId"] for item in listed["items"]} == {thread["id"]}


def test_an_edit_on_youtube_shows_in_its_times(client: Client) -> None:
    """An edited comment was updated after it was published; a deleted one is gone."""
    client.control("PATCH", f"posts/{client.native('youtube-1')}", {"text": "Diralat"})
    client.control("DELETE", f"posts/{client.native('youtube-0')}")
    top = [item["snippet"]["topLevelComment"]["snippet"] for item in client.threads()["items"]]

    assert [text["textOriginal"] for text in top if text["updatedAt"] > text["publishedAt"]] == ["Diralat"]
    assert len(top) == 6


@pytest.mark.parametrize(
    ("path", "params", "status", "reason"),
    [
        (THREADS, {"part": "snippet"}, 400, "missingRequiredParameter"),
        (THREADS, {"part": "snippet", "videoId": "v", "id": "c"}, 400, "missingRequiredParameter"),
        (THREADS, {"part": "snippet", "videoId": "tidakada"}, 404, "videoNotFound"),
        (THREADS, {"part": "snippet", "allThreadsRelatedToChannelId": "UCx"}, 404, "channelNotFound"),
        (THREADS, {"part": "all", "allThreadsRelatedToChannelId": YOUTUBE.account}, 400, "unknownPart"),
        (THREADS, {**ALL_THREADS, "maxResults": 101}, 400, "invalidParameter"),
        (THREADS, {**ALL_THREADS, "order": "new"}, 400, "invalidParameter"),
        (THREADS, {**ALL_THREADS, "pageToken": "x"}, 400, "invalidPageToken"),
        (COMMENTS, {"part": "snippet", "parentId": "tidakada"}, 404, "commentNotFound"),
        (COMMENTS, {"part": "snippet"}, 400, "missingRequiredParameter"),
        ("/youtube/youtube/v3/search", {"part": "snippet"}, 404, "notFound"),
    ],
)
def test_wrong_requests_to_youtube(client: Client, path: str, params: dict[str, Any], status: int, reason: str) -> None:
    """Each wrong request has its own status and reason."""
    found, body = client.youtube(path, **params)
    assert (found, body["error"]["code"], body["error"]["errors"][0]["reason"]) == (status, status, reason)


@pytest.mark.parametrize(
    ("fault", "status", "reason"),
    [
        ("quota_exceeded", 403, "quotaExceeded"),
        ("not_permitted", 403, "forbidden"),
        ("expired_token", 400, "badRequest"),
        ("throttled", 429, "rateLimitExceeded"),
        ("server_error", 503, "backendError"),
    ],
)
def test_how_youtube_refuses(client: Client, fault: str, status: int, reason: str) -> None:
    """Each refusal has its own reason; a wrong key looks like the fault of an expired one."""
    client.fault(fault, times=1)
    found, body = client.youtube(THREADS, **ALL_THREADS)
    assert (found, body["error"]["errors"][0]["reason"]) == (status, reason)
    assert client.raw("GET", f"{THREADS}?{urlencode(ALL_THREADS)}&key=x")[0] == 400


# RSS ----------------------------------------------------------------------------------------------------------------


def test_a_feed_can_be_read(client: Client) -> None:
    """Items come newest first with id, time, author, title and text, and a picture as an enclosure."""
    client.holds(
        a_draft("surat", Kind.RSS, text="Surat Pembaca\nJalan <rusak> & gelap", has_photo=True, minutes_ago=5),
        a_draft("pendek", Kind.RSS, author=None, text="Lampu mati", minutes_ago=10),
    )
    found = feedparser.parse(client.ask(Kind.RSS)[2])

    assert (found.bozo, found.version) == (False, "rss20")
    letter, short = found.entries
    assert (letter.title, letter.summary, letter.author) == ("Surat Pembaca", "Jalan &lt;rusak&gt; &amp; gelap", "budi")
    assert letter.enclosures[0].type == "image/jpeg"
    assert f"koran:{letter.id}" == client.native("surat")
    assert (short.get("title"), short.summary, short.get("author")) == (None, "Lampu mati", None)
    assert short.published_parsed[:5] == (2026, 11, 3, 6, 50)


def test_whoever_has_the_feed_gets_nothing(client: Client) -> None:
    """The tag, or else the time, of the last answer brings 304 without a body, until something changes."""
    _, first, _ = client.ask(Kind.RSS)
    tag, moment = {"If-None-Match": first["ETag"]}, {"If-Modified-Since": first["Last-Modified"]}
    for headers in (tag, moment, {"If-None-Match": f"W/{first['ETag']}"}):
        status, again, body = client.raw("GET", "/feeds/koran.xml", headers=headers)
        assert (status, body, again["ETag"]) == (304, b"", first["ETag"])
    assert client.raw("GET", "/feeds/koran.xml", headers={"If-None-Match": '"lain"', **moment})[0] == 200

    client.control("PATCH", f"posts/{client.native('rss-0')}", {"text": "Diralat"})
    for headers in (tag, moment):
        assert client.raw("GET", "/feeds/koran.xml", headers=headers)[0] == 200


def test_an_unknown_feed_is_not_found(client: Client) -> None:
    """An unknown feed's name is answered with 404."""
    assert client.raw("GET", "/feeds/lain.xml")[0] == 404


# All of them --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", EDGE)
@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("html", lambda body: body.startswith(b"<!DOCTYPE html>")),
        ("truncated", lambda body: len(body) > 100 and body.rstrip()[-1:] not in b"}>"),
        ("empty_body", lambda body: body == b""),
        ("null_body", lambda body: body == b"null"),
    ],
)
def test_bodies_can_be_spoilt_everywhere(client: Client, kind: Kind, fault: str, holds: Any) -> None:
    """A spoilt body comes with status 200, on every platform."""
    client.fault(fault, kind=kind, times=1)
    status, _, body = client.ask(kind)
    assert status == 200
    assert holds(body)
    assert not holds(client.ask(kind)[2])


@pytest.mark.parametrize("kind", EDGE)
def test_a_slow_answer_is_whole(client: Client, kind: Kind) -> None:
    """`slow` delays the answer of any platform and changes nothing else."""
    whole = client.ask(kind)[2]
    client.fault("slow", seconds=0.1)
    started = time.monotonic()
    assert client.ask(kind)[2] == whole
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize("wait", ["14", "-5", "999999999999", "besok"])
@pytest.mark.parametrize("kind", [Kind.X, Kind.YOUTUBE, Kind.RSS])
def test_throttled_answers_may_name_any_wait(client: Client, kind: Kind, wait: str) -> None:
    """`Retry-After` holds what it is told, however absurd; without it there is none."""
    client.fault("throttled", retry_after=wait, times=1)
    client.fault("throttled", retry_after="none", times=1)

    status, headers, _ = client.ask(kind)
    assert (status, headers["Retry-After"]) == (429, wait)
    status, headers, _ = client.ask(kind)
    assert status == 429
    assert not {"Retry-After", "x-rate-limit-reset"} & set(headers)


@pytest.mark.parametrize("minutes", [90, -90])
@pytest.mark.parametrize("kind", EDGE)
def test_clocks_can_be_wrong(client: Client, kind: Kind, minutes: int) -> None:
    """`clock_skew` moves every created time by so many minutes."""

    def newest() -> datetime:
        body = client.ask(kind)[2]
        if kind is Kind.RSS:
            published = body.decode().partition("<pubDate>")[2].partition("<")[0]
            return email.utils.parsedate_to_datetime(published)
        answer = json.loads(body)
        if kind is Kind.TELEGRAM_RELAY:
            return datetime.fromtimestamp(answer["result"][-1]["message"]["date"], UTC)
        if kind is Kind.X:
            return datetime.fromisoformat(answer["data"][0]["created_at"])
        return datetime.fromisoformat(answer["items"][0]["snippet"]["topLevelComment"]["snippet"]["publishedAt"])

    before = newest()
    client.fault("clock_skew", minutes=minutes)
    assert newest() - before == timedelta(minutes=minutes)


@pytest.mark.parametrize("kind", EDGE)
def test_authors_can_be_missing(client: Client, kind: Kind) -> None:
    """`hide_author` leaves no trace of who wrote a post."""
    assert b"budi" in client.ask(kind)[2]
    client.fault("hide_author")
    body = client.ask(kind)[2]
    assert b"budi" not in body
    assert f"Lapor {kind}-6".encode() in body


@pytest.mark.parametrize(
    ("kind", "more", "token"),
    [
        (Kind.X, "pagination_token", lambda body: body["meta"].get("next_token")),
        (Kind.YOUTUBE, "pageToken", lambda body: body.get("nextPageToken")),
    ],
)
def test_pages_can_repeat_be_empty_and_never_end(client: Client, kind: Kind, more: str, token: Any) -> None:
    """The same page under the same token; pages without end under ever new ones; an empty page before a full one."""

    def page(after: str | None) -> Any:
        return json.loads(client.ask(kind, **({more: after} if after else {}))[2])

    whole = page(None)
    client.fault("repeat_page")
    assert token(page(None)) == token(page(token(page(None)))) is not None
    client.control("DELETE", "faults")
    client.fault("endless_pages")
    tokens: list[str] = []
    for _ in range(5):
        tokens.append(token(page(tokens[-1] if tokens else None)))
    assert len(set(tokens)) == 5
    client.control("DELETE", "faults")
    client.fault("empty_page_with_next")
    empty = page(None)
    full = page(token(empty))
    assert not empty.get("data", empty.get("items"))
    assert full.get("data", full.get("items")) == whole.get("data", whole.get("items"))


def test_telegram_can_forget_what_was_confirmed(client: Client) -> None:
    """`repeat_page` gives confirmed updates again."""
    last = client.updates()[-1]["update_id"]
    assert client.updates(offset=last + 1) == []
    client.fault("repeat_page")
    assert len(client.updates(offset=last + 1)) == 7


def test_pages_can_be_short(client: Client) -> None:
    """`short_pages` cuts pages as far as the platform allows."""
    client.fault("short_pages", limit=2)
    assert len(client.updates()) == 2
    assert len(client.mentions(max_results=100)["data"]) == 5
    assert len(client.threads()["items"]) == 2


def _course(client: Client, seed: int, requests: int = 60) -> list[tuple[int, bytes]]:
    client.control("DELETE", "faults")
    client.fault("random", seed=seed, rate=0.5)
    answers = (client.ask(Kind.YOUTUBE) for _ in range(requests))
    return [(status, body) for status, _, body in answers]


def test_random_faults_can_be_had_again(client: Client) -> None:
    """The same seed strikes the same requests of an account in the same way, whatever others ask meanwhile."""
    first = _course(client, 7)
    assert _course(client, 7) == first
    assert _course(client, 8) != first
    whole = client.control("DELETE", "faults") and client.ask(Kind.YOUTUBE)[2]
    assert 0.3 < sum(body == whole for _, body in first) / len(first) < 0.7
    assert len(set(first)) > 4

    client.fault("random", seed=7, rate=0.5)
    mixed = []
    for _ in range(60):
        client.ask(Kind.RSS)
        status, _, body = client.ask(Kind.YOUTUBE)
        mixed.append((status, body))
    assert mixed == first


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"rate": 2.0}, "between 0 and 1"), ({"among": "html,banjir"}, "banjir"), ({"among": "random"}, "random")],
)
def test_random_faults_described_wrongly(client: Client, settings: dict[str, Any], reason: str) -> None:
    """A rate that is none and faults that are not there are refused."""
    status, _, body = client.raw("POST", "/_simulator/faults", {"fault": "random", **settings})
    assert status == 400
    assert reason in json.loads(body)["error"]


def test_a_fault_of_one_platform_leaves_the_others_alone(client: Client) -> None:
    """A fault that does not exist on a platform has no effect there."""
    client.fault("conflict")
    assert [client.ask(kind)[0] for kind in EDGE] == [409, 200, 200, 200]
    client.control("DELETE", "faults")
    client.fault("server_error", edge="feed")
    assert [client.ask(kind)[0] for kind in EDGE] == [200, 200, 200, 503]


def test_posts_by_hand_appear_on_their_channel(client: Client) -> None:
    """Each kind takes a post by hand, into the account that is named."""
    for kind, edge in EDGE.items():
        parent = "v1" if kind is Kind.YOUTUBE else None
        post = {"kind": kind, "edge": edge, "parent": parent, "author": "dewi", "text": "Baru saja"}
        client.control("POST", "posts", {**post, "account": BY_KIND[kind].label})
        assert b"Baru saja" in client.ask(kind)[2]
    status, _, body = client.raw(
        "POST", "/_simulator/posts", {"kind": "rss", "edge": "item", "text": "x", "account": "y"}
    )
    assert status == 400
    assert "no rss account 'y'" in json.loads(body)["error"]


@pytest.mark.parametrize(("kind", "role"), [(kind, role) for kind in EDGE for role in Role if role not in ROLES[kind]])
def test_what_cannot_stand_somewhere_is_refused(kind: Kind, role: Role) -> None:
    """Each kind takes its own edges and no others."""
    parent = "v1" if role in {Role.COMMENT, Role.REPLY} else None
    draft = replace(a_draft("p", kind), role=role, parent=parent)
    with pytest.raises(WorldError):
        populate(ACCOUNTS, [a_video(), draft])


def test_ids_are_always_the_same(client: Client) -> None:
    """The same drafts have the same ids in another simulator."""
    before = [entry.native_id for entry in client.world.citizen_posts()]
    client.holds(*(draft for kind in EDGE for draft in several(kind, 7)))
    assert [entry.native_id for entry in client.world.citizen_posts()] == before


CHANNELS = {
    kind: Channel(
        id=f"{kind}:{'koran' if kind is Kind.RSS else 'contoh'}",
        kind=cast("Any", kind.value),
        account=BY_KIND[kind].account,
        handle=None,
        name="Contoh",
        purpose="complaints",
        department="diskominfo",
        lookback_days=30,
        parameters=parameters,
    )
    for kind, parameters in {
        Kind.TELEGRAM_RELAY: {
            "moderators": ("710000001",),
            "group_url": "https://www.facebook.com/groups/contoh/",
        },
        Kind.X: {},
        Kind.YOUTUBE: {},
        Kind.RSS: {"url": "https://koran.example/koran.xml"},
    }.items()
}


@pytest.mark.parametrize("kind", EDGE)
def test_the_poller_stores_what_the_simulator_lists(client: Client, kind: Kind) -> None:
    """Each source, told the simulator's addresses, finds every post under the id by which it is accounted for."""
    replies = [a_draft(f"r{n}", Kind.YOUTUBE, edge="reply", parent="youtube-0", minutes_ago=50 - n) for n in range(8)]
    album = a_draft("album", Kind.TELEGRAM_RELAY, has_photo=True, photos=2, minutes_ago=1)
    client.holds(*several(kind, 7), *(replies if kind is Kind.YOUTUBE else []), album)
    url = client.server.url
    settings = PollSettings(
        stage="test",
        table_name="table",
        credentials_path="/aduan",
        graph_base_url=url,
        graph_version="v25.0",
        telegram_base_url=f"{url}/telegram",
        x_base_url=f"{url}/x",
        youtube_base_url=f"{url}/youtube",
        feed_base_url=f"{url}/feeds",
    )
    credentials = SimpleNamespace(get=lambda *names: [BY_KIND[kind].token for _ in names])
    connection = Connection(
        urllib3.PoolManager(retries=False),
        cast("Any", credentials),
        settings,
        TimeBudget(time.monotonic, time.monotonic() + 30),
        NOW,
        lambda _seconds: None,
    )
    source = KINDS[kind](CHANNELS[kind], connection)
    window = Window(since=NOW - timedelta(days=3), floor=NOW - timedelta(days=30), threads=NOW - timedelta(days=14))
    found: set[str] = set()
    try:
        for batch in source.read(window, {}):
            assert batch.rejected == ()
            found |= {post.native_id for post in batch.posts}
    except ChannelError as error:
        pytest.fail(f"{error!r}")
    assert found == {entry.native_id for entry in client.world.citizen_posts() if entry.kind is kind}


# Files and the local stack ------------------------------------------------------------------------------------------


def test_foreign_texts_reach_every_kind() -> None:
    """Rows of {id, text} are spread over all kinds that there are, none older than Telegram keeps them."""
    rows = [(f"f:{n}", {"id": f"row-{n}", "text": f"Keluhan {n}"}) for n in range(400)]
    posts = populate(ACCOUNTS, spread(rows, NOW, list(BY_KIND))).citizen_posts()

    assert {kind: sum(post.kind is kind for post in posts) for kind in BY_KIND} == dict.fromkeys(BY_KIND, 100)
    assert min(post.created_at for post in posts) > NOW - timedelta(hours=23)


def written(folder: Path, name: str, *documents: object) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


def test_posts_of_other_kinds_are_left_out_and_counted(tmp_path: Path) -> None:
    """A kind that the county does not poll brings no error: its posts and the answers to them stay away."""
    row = {"author": None, "text": "x", "has_photo": False, "minutes_ago": 5}
    posts = written(
        tmp_path,
        "posts.jsonl",
        {"id": "p1", "kind": "youtube", "edge": "comment", "parent": "y1", **row},
        {"id": "p2", "kind": "rss", "edge": "item", "parent": None, **row},
    )
    own = {"id": "o1", "kind": "youtube", "parent": "p1", "text": "Siap", "minutes_ago": 1}
    county = written(
        tmp_path, "county.json", {"youtube": [{"id": "y1", "title": "V", "minutes_ago": 9}], "own_comments": [own]}
    )
    world = read_world(Config("v25.0", "s", (RSS,)), posts, county, NOW)

    assert [post.draft.source_id for post in world.citizen_posts()] == ["p2"]
    assert world.left_out == {Kind.YOUTUBE: 1}


def test_accounts_bring_what_their_kind_needs(tmp_path: Path) -> None:
    """A relay has moderators, a feed its path and its channel's name; many accounts of a kind may be there."""
    rows: list[dict[str, Any]] = [
        {"kind": "telegram_relay", "account": "bot", "name": "Relai", "token": "t", "moderators": ["710000001"]},
        {"kind": "rss", "account": "a", "name": "A", "token": "t", "feed": "/a.xml", "channel": "a"},
        {"kind": "rss", "account": "b", "name": "B", "token": "t", "feed": "/b.xml", "channel": "b"},
    ]
    config = read_config(written(tmp_path, "config.json", {"version": "v25.0", "app_secret": "s", "accounts": rows}))
    assert [account.feed for account in config.accounts] == ["", "/a.xml", "/b.xml"]
    assert config.accounts[0].moderators == ("710000001",)

    document = {"version": "v25.0", "app_secret": "s", "accounts": [{**rows[1], "feed": ""}]}
    with pytest.raises(InputError, match="'feed' must not be empty"):
        read_config(written(tmp_path, "config.json", document))
    with pytest.raises(InputError, match="'youtub' is none of"):
        read_county(written(tmp_path, "county.json", {"youtub": [], "own_comments": []}), NOW)


def test_the_bundled_posts_fit_every_kind() -> None:
    """With all kinds polled, every bundled post has its place; Telegram's are young enough to be fetched."""
    graph = (
        Account(Kind.INSTAGRAM, "17841400000000001", "contoh", "i"),
        Account(Kind.FACEBOOK_PAGE, "100000000000001", "Contoh", "f"),
    )
    config = Config("v25.0", "s", (*graph, *ACCOUNTS))
    posts = machine.HERE / "posts.jsonl"
    world = read_world(config, posts, machine.HERE / "county_posts.json", NOW)
    kinds = {post.kind for post in world.citizen_posts()}

    assert not world.left_out
    assert len(world.citizen_posts()) == len(read_posts(posts, NOW, list(Kind))) == 200
    assert kinds == set(Kind) - {Kind.X}
    relayed = [post for post in world.citizen_posts() if post.kind is Kind.TELEGRAM_RELAY]
    assert all(post.created_at > NOW - timedelta(hours=23, minutes=30) for post in relayed)


def test_the_local_stack_knows_every_polled_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Accounts and tokens are those of the channels that are polled; what is off or pushed has none."""
    channels = (
        *CHANNELS.values(),
        CHANNELS[Kind.X].model_copy(update={"id": "x:mati", "enabled": False}),
        CHANNELS[Kind.X].model_copy(update={"id": "webhook:icj", "kind": "webhook"}),
    )
    for module in (machine, processes):
        monkeypatch.setattr(module, "load_directory", lambda: SimpleNamespace(channels=channels))
    config = read_config(written(tmp_path, "config.json", processes.simulator_config()))

    assert {account.kind for account in config.accounts} == set(EDGE)
    assert "x:mati" not in machine.tokens()
    [feed] = [account for account in config.accounts if account.kind is Kind.RSS]
    assert (feed.feed, feed.channel) == ("/koran.xml", "koran")


def test_the_template_is_told_where_the_platforms_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each platform's address goes to the parameter of its name, if the template declares it."""
    addresses = machine.Addresses(4566, 4570)
    given = machine.parameters(addresses)
    assert given["GraphBaseUrl"] == "http://127.0.0.1:4570"
    assert given["TelegramBaseUrl"] == "http://127.0.0.1:4570/telegram"

    monkeypatch.setattr(templates, "load", lambda _name: {"Parameters": {"GraphBaseUrl": {}}})
    told = {name for name in machine.parameters(addresses) if name.endswith("BaseUrl")}
    assert told - {"GatewayBaseUrl"} == {"GraphBaseUrl"}
