"""The channel simulator keeps the wire contract of the Graph API, over real HTTP."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from infra.local.simulator.access import proof_of
from infra.local.simulator.config import Config
from infra.local.simulator.faults import FAULTS
from infra.local.simulator.foreign_posts import spread
from infra.local.simulator.input_files import InputError, read_config, read_county, read_world
from infra.local.simulator.rows import citizen_draft
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, WorldError, populate

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
SECRET = "app-secret"
PAGE = Account(Kind.FACEBOOK_PAGE, "100000000000001", "Pemkab Contoh", "page-token")
INSTAGRAM = Account(Kind.INSTAGRAM, "17841400000000001", "contoh.sleman", "instagram-token")
CONFIG = Config("v25.0", SECRET, (INSTAGRAM, PAGE))


def a_draft(source_id: str, kind: str, edge: str, parent: str | None = None, **changed: Any) -> Draft:
    row = {"kind": kind, "edge": edge, "parent": parent, "author": "Budi", "text": f"Lapor {source_id}"}
    minutes_ago = changed.pop("minutes_ago", 60)
    return citizen_draft(
        {**row, "has_photo": False, **changed}, source_id, NOW - timedelta(minutes=minutes_ago), "test"
    )


def by_the_county(source_id: str, kind: Kind, role: Role, **changed: Any) -> Draft:
    created_at = NOW - timedelta(minutes=changed.pop("minutes_ago", 600))
    draft = Draft(
        source_id=source_id,
        kind=kind,
        role=role,
        parent=None,
        author=None,
        text="Info",
        has_photo=False,
        created_at=created_at,
        by_county=True,
    )
    return replace(draft, **changed)


def some_drafts() -> list[Draft]:
    """Three county posts, sixty comments in one thread, replies, five tags and seven visitor posts."""
    return [
        a_draft("ir1", "instagram", "reply", "ic1", minutes_ago=300),  # before its parent: order is free
        by_the_county("m1", Kind.INSTAGRAM, Role.COUNTY_POST),
        by_the_county("m2", Kind.INSTAGRAM, Role.COUNTY_POST, minutes_ago=700),
        by_the_county("f1", Kind.FACEBOOK_PAGE, Role.COUNTY_POST),
        *(a_draft(f"ic{n}", "instagram", "comment", "m1", minutes_ago=400 - n) for n in range(1, 61)),
        by_the_county("c1", Kind.INSTAGRAM, Role.COMMENT, parent="ic1", text="Siap", minutes_ago=0),
        a_draft("ir2", "instagram", "reply", "ir1", minutes_ago=200),
        *(a_draft(f"t{n}", "instagram", "tag", minutes_ago=n) for n in range(1, 6)),
        *(a_draft(f"v{n}", "facebook_page", "visitor_post", minutes_ago=100 * n) for n in range(1, 8)),
        a_draft("fc1", "facebook_page", "comment", "f1", minutes_ago=500),
        a_draft("fr1", "facebook_page", "reply", "fc1", minutes_ago=30),
        a_draft("fc2", "facebook_page", "comment", "f1", author=None, text="", has_photo=True, minutes_ago=400),
    ]


class Client:
    """Asks the simulator as the poller does, and as somebody by hand does."""

    def __init__(self, server: Server, simulator: Simulator) -> None:
        self.simulator = simulator
        self._server = server

    def raw(
        self, method: str, path: str, body: object = None, headers: dict[str, str] | None = None
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of any request."""
        connection = http.client.HTTPConnection("127.0.0.1", self._server.server_port, timeout=5)
        try:
            connection.request(method, path, json.dumps(body) if body is not None else None, headers or {})
            answer = connection.getresponse()
            return answer.status, dict(answer.getheaders()), answer.read()
        finally:
            connection.close()

    def get(self, path: str, account: Account | None = None, /, **params: object) -> tuple[int, Any]:
        """Status and JSON of a Graph request, with the token and proof of the account that it is about."""
        status, _, body = self.get_raw(path, account, **params)
        return status, json.loads(body)

    def get_raw(
        self, path: str, account: Account | None = None, /, **params: object
    ) -> tuple[int, dict[str, str], bytes]:
        """The same with headers and the body's bytes."""
        if account is None:
            page = path.startswith((PAGE.account, "1221"))
            account = PAGE if page else INSTAGRAM
        query = urlencode({"appsecret_proof": proof_of(SECRET, account.token), **params})
        return self.raw("GET", f"/v25.0/{path}?{query}", headers={"Authorization": f"Bearer {account.token}"})

    def good(self, path: str, **params: object) -> Any:
        """The JSON of a Graph request that must succeed."""
        status, body = self.get(path, **params)
        assert status == 200, body
        return body

    def refusal(self, path: str, account: Account | None = None, /, **params: object) -> tuple[int, int, int | None]:
        """Status, code and subcode of a Graph request that must fail."""
        status, body = self.get(path, account, **params)
        assert "fbtrace_id" in body["error"]
        return status, body["error"]["code"], body["error"].get("error_subcode")

    def pages(self, path: str, **params: object) -> list[Any]:
        """Every page, as a client that stops when `next` is absent sees them."""
        found = [self.good(path, **params)]
        while "next" in found[-1].get("paging", {}):
            found.append(self.good(path, **{**params, "after": found[-1]["paging"]["cursors"]["after"]}))
        return found

    def control(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Status and JSON of a request under `/_simulator`."""
        status, _, answer = self.raw(method, f"/_simulator/{path}", body)
        return status, json.loads(answer)

    def fault(self, name: str, **settings: object) -> None:
        """Switch a fault on."""
        status, answer = self.control("POST", "faults", {"fault": name, **settings})
        assert status == 201, answer

    def native(self, source_id: str) -> str:
        """The native id of a source id."""
        entry = self.simulator.world.find(source_id)
        assert entry is not None
        return entry.native_id


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(CONFIG, populate(CONFIG.accounts, []))) as server:
        yield server


@pytest.fixture(name="client")
def _client(server: Server) -> Client:
    server.simulator = Simulator(CONFIG, populate(CONFIG.accounts, some_drafts()), clock=lambda: NOW)
    return Client(server, server.simulator)


def ids(*pages: Any) -> list[str]:
    return [item["id"] for page in pages for item in page["data"]]


FEED, MEDIA, TAGS = f"{PAGE.account}/feed", f"{INSTAGRAM.account}/media", f"{INSTAGRAM.account}/tags"


def test_fields_are_honoured_strictly(client: Client) -> None:
    """Only the fields asked for come back, with the id, at every depth."""
    page = client.good(FEED, fields="message,from{name}", limit=3)

    assert {frozenset(post) for post in page["data"]} == {frozenset({"message", "from", "id"})}
    assert {frozenset(post["from"]) for post in page["data"]} == {frozenset({"name"})}


def test_usual_fields_of_instagram_comments(client: Client) -> None:
    """Without `fields` an Instagram comment is its timestamp, text and id."""
    page = client.good(f"{client.native('m1')}/comments", limit=1)

    assert set(page["data"][0]) == {"timestamp", "text", "id"}


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        (FEED, "id,text"),
        (FEED, "from{username}"),
        (FEED, "comments{text}"),
        (FEED, "message{x}"),
        (TAGS, "id,feed"),
        (FEED, "id,,message"),
        (FEED, "from{id"),
        (FEED, "comments.limit"),
        (FEED, "id}"),
    ],
)
def test_a_wrong_field_fails_the_whole_request(client: Client, path: str, fields: str) -> None:
    """An unknown or malformed field is 400 with code 100, not a page without that field."""
    assert client.refusal(path, fields=fields) == (400, 100, None)


def test_an_unknown_field_is_refused_on_an_empty_edge(client: Client) -> None:
    """A wrong field fails even where there is nothing to read."""
    assert client.refusal(f"{client.native('m2')}/comments", fields="message") == (400, 100, None)


def test_fields_of_the_contract_are_known(client: Client) -> None:
    """Every field that the contract document asks for is understood."""
    client.good(
        FEED,
        fields="id,message,story,created_time,updated_time,from{id,name},permalink_url,status_type,parent_id,"
        "is_published,is_hidden,message_tags,attachments{media_type,media{image{src,height,width}},target{id,url},"
        "title,type,url,unshimmed_url,description,subattachments},comments.limit(0).summary(true)",
    )
    client.good(
        f"{client.native('f1')}/comments",
        fields="id,message,created_time,from{id,name},parent{id},permalink_url,comment_count,like_count,is_hidden,"
        "attachment,message_tags",
    )
    client.good(
        MEDIA,
        fields="id,caption,media_type,media_product_type,media_url,thumbnail_url,permalink,timestamp,username,"
        "comments_count",
    )
    client.good(
        f"{client.native('m1')}/comments",
        fields="id,text,timestamp,username,from{id,username},parent_id,hidden,like_count,"
        "replies.limit(50){id,text,timestamp,username,from{id,username},parent_id,hidden}",
    )
    client.good(TAGS, fields="id,caption,permalink,timestamp,username,media_type,media_url,comments_count")


def test_values_that_do_not_exist_are_left_out(client: Client) -> None:
    """An unknown author or an absent parent is a missing key, never null; a bare photo has an empty message."""
    page = client.good(f"{client.native('f1')}/comments", filter="toplevel", fields="message,from,parent,attachment")

    with_author, bare_photo = page["data"]
    assert set(with_author) == {"id", "message", "from"}
    assert set(bare_photo) == {"id", "message", "attachment"}
    assert bare_photo["message"] == ""


def test_ids_and_times_look_like_the_real_ones(client: Client) -> None:
    """Ids have the platform's shape and times the Graph's format."""
    post = client.good(FEED, fields="id,created_time", limit=1)["data"][0]
    comment = client.good(f"{client.native('f1')}/comments", fields="permalink_url", filter="stream")["data"][-1]

    page_part, post_part = post["id"].split("_")
    assert page_part == PAGE.account
    assert len(post_part) >= 15
    assert post["created_time"] == "2026-11-03T05:20:00+0000"
    assert comment["id"].split("_")[0] == client.native("f1").split("_")[1]
    assert "reply_comment_id=" in comment["permalink_url"]
    assert len(client.native("ic1")) == 17


def test_the_feed_holds_own_and_visitor_posts_newest_first(client: Client) -> None:
    """One edge carries the county's posts and the visitors', and tells them apart by `from` and `status_type`."""
    posts = client.good(FEED, fields="created_time,from,status_type")["data"]

    times = [post["created_time"] for post in posts]
    assert times == sorted(times, reverse=True)
    by_type = {post["status_type"]: post["from"]["id"] for post in posts}
    assert by_type["mobile_status_update"] == PAGE.account
    assert by_type["wall_post"] != PAGE.account


@pytest.mark.parametrize("limit", [1, 3, 7])
@pytest.mark.parametrize(
    ("path", "source", "more"),
    [
        (FEED, None, {}),
        ("/comments", "f1", {"filter": "stream"}),
        ("/comments", "f1", {"filter": "stream", "order": "reverse_chronological"}),
        (MEDIA, None, {}),
        ("/comments", "m1", {}),
        ("/replies", "ic1", {}),
    ],
)
def test_paging_returns_each_item_once(
    client: Client, path: str, source: str | None, more: dict[str, str], limit: int
) -> None:
    """Following the cursors to the end gives what one big page gives, each item once and in the same order."""
    address = client.native(source) + path if source else path

    whole = client.good(address, limit=50, **more)
    rest = [] if len(whole["data"]) < 50 else client.pages(address, limit=50, **more)[1:]
    assert ids(*client.pages(address, limit=limit, **more)) == ids(whole, *rest)


def test_a_post_that_arrives_while_paging_moves_nothing(client: Client) -> None:
    """New posts and deletions between two pages neither repeat nor skip another post."""
    everything = ids(client.good(FEED))
    first = client.good(FEED, limit=3)
    client.control("POST", "posts", {"kind": "facebook_page", "edge": "visitor_post", "text": "Baru"})
    client.control("DELETE", f"posts/{first['data'][-1]['id']}")

    rest = client.good(FEED, after=first["paging"]["cursors"]["after"])

    assert ids(first, rest) == everything


def test_next_and_previous_can_be_followed(client: Client) -> None:
    """`next` carries the token, the limit and the fields, but no proof; `previous` leads back."""
    first = client.good(FEED, limit=3, fields="message")
    query = {name: value for name, [value] in parse_qs(urlsplit(first["paging"]["next"]).query).items()}

    assert query.pop("access_token") == PAGE.token
    assert set(query) == {"limit", "fields", "after"}
    second = client.good(FEED, **query)
    before = second["paging"]["cursors"]["before"]
    assert "previous" in second["paging"]
    assert ids(client.good(FEED, limit=3, before=before)) == ids(first)


def test_last_page_of_the_feed(client: Client) -> None:
    """The feed ends with `cursors.before` and `previous`, without `after` or `next`."""
    *_, last = client.pages(FEED, limit=3)

    assert set(last["paging"]) == {"cursors", "previous"}
    assert set(last["paging"]["cursors"]) == {"before"}


def test_last_page_of_page_comments(client: Client) -> None:
    """Comments on Facebook keep both cursors to the end, which only the missing `next` shows."""
    *_, last = client.pages(f"{client.native('f1')}/comments", limit=2, filter="stream")

    assert set(last["paging"]) == {"cursors", "previous"}
    assert set(last["paging"]["cursors"]) == {"before", "after"}


def test_shapes_of_instagram_comment_pages(client: Client) -> None:
    """The first page has `cursors.after` only; the last has no `paging` at all."""
    first, *_, last = client.pages(f"{client.native('m1')}/comments", limit=20)

    assert set(first["paging"]["cursors"]) == {"after"}
    assert "paging" not in last


def test_last_page_of_media(client: Client) -> None:
    """Instagram media end without `paging`."""
    first, last = client.pages(MEDIA, limit=1)

    assert set(first["paging"]["cursors"]) == {"before", "after"}
    assert "paging" not in last


def test_tags_never_have_next(client: Client) -> None:
    """Tags have cursors only: their end is an empty page without them."""
    found, page = [], client.good(TAGS, limit=2)
    while page["data"]:
        assert set(page["paging"]) == {"cursors"}
        found += ids(page)
        page = client.good(TAGS, limit=2, after=page["paging"]["cursors"]["after"])

    assert found == ids(client.good(TAGS))
    assert len(found) == 5
    assert "paging" not in page


@pytest.mark.parametrize(("path", "most"), [(FEED, 100), (MEDIA, 100), (None, 50)])
def test_limits_are_enforced(client: Client, path: str | None, most: int) -> None:
    """A limit above the edge's own, or no number, is refused with code 100."""
    address = path or f"{client.native('m1')}/comments"

    assert len(client.good(address, limit=most)["data"]) <= most
    for limit in (most + 1, "many", -1):
        assert client.refusal(address, limit=limit) == (400, 100, None)


def test_a_page_is_25_long_unless_asked_otherwise(client: Client) -> None:
    """The usual limit is 25."""
    assert len(client.good(f"{client.native('m1')}/comments")["data"]) == 25


@pytest.mark.parametrize("params", [{"filter": "all"}, {"order": "ranked"}, {"after": "nonsense"}])
def test_parameters_with_wrong_words_are_refused(client: Client, params: dict[str, str]) -> None:
    """An unknown filter, order or cursor is code 100."""
    assert client.refusal(f"{client.native('f1')}/comments", **params) == (400, 100, None)


def test_a_cursor_belongs_to_its_edge(client: Client) -> None:
    """A cursor of one edge is refused on another."""
    cursor = client.good(FEED, limit=1)["paging"]["cursors"]["after"]

    assert client.refusal(f"{client.native('f1')}/comments", after=cursor) == (400, 100, None)


def test_page_comments_filter_and_order(client: Client) -> None:
    """`stream` is flat with replies, `toplevel` is without; both orders exist and `summary` comes when asked."""
    address = f"{client.native('f1')}/comments"
    stream = client.good(address, filter="stream", order="reverse_chronological", summary="true", fields="parent{id}")

    assert ids(stream) == [client.native(name) for name in ("fr1", "fc2", "fc1")]
    assert stream["summary"] == {"order": "reverse_chronological", "total_count": 3, "can_comment": True}
    assert stream["data"][0]["parent"] == {"id": client.native("fc1")}
    toplevel = client.good(address)
    assert ids(toplevel) == [client.native(name) for name in ("fc1", "fc2")]
    assert "summary" not in toplevel


def test_nested_comments_with_summary(client: Client) -> None:
    """`comments.limit(0).summary(true)` counts without listing."""
    posts = client.good(FEED, fields="comments.limit(0).summary(true)")["data"]

    counts = {post["id"]: post["comments"]["summary"]["total_count"] for post in posts}
    assert counts[client.native("f1")] == 2
    assert all(post["comments"]["data"] == [] for post in posts)


def test_instagram_replies_come_through_the_expansion(client: Client) -> None:
    """Comments come newest first without replies among them; each brings its replies, oldest first."""
    pages = client.pages(
        f"{client.native('m1')}/comments", limit=50, fields="timestamp,replies.limit(5){text,parent_id}"
    )
    comments = [comment for page in pages for comment in page["data"]]

    assert ids(*pages) == [client.native(f"ic{n}") for n in range(60, 0, -1)]
    [answered] = [comment for comment in comments if "replies" in comment]
    assert [reply["text"] for reply in answered["replies"]["data"]] == ["Lapor ir1", "Lapor ir2", "Siap"]
    assert {reply["parent_id"] for reply in answered["replies"]["data"]} == {client.native("ic1")}
    assert "paging" not in answered["replies"]


def test_replies_page_on_by_themselves(client: Client) -> None:
    """When more replies exist than asked for, their own paging leads to `/replies` and its cursor fits there."""
    last = client.pages(f"{client.native('m1')}/comments", limit=50, fields="replies.limit(2){text}")[-1]
    replies = last["data"][-1]["replies"]

    assert len(replies["data"]) == 2
    following = urlsplit(replies["paging"]["next"])
    assert following.path == f"/v25.0/{client.native('ic1')}/replies"
    query = {name: value for name, [value] in parse_qs(following.query).items() if name != "access_token"}
    [rest] = client.good(f"{client.native('ic1')}/replies", **query)["data"]
    assert rest["text"] == "Siap"


def test_updated_time_moves_with_a_comment_and_with_an_edit(client: Client) -> None:
    """A new comment and an edit both move a Page post's `updated_time`."""

    def updated(source_id: str) -> str:
        posts = client.good(FEED, fields="updated_time")["data"]
        [moved] = [post["updated_time"] for post in posts if post["id"] == client.native(source_id)]
        return str(moved)

    assert updated("v3") == "2026-11-03T02:00:00+0000"
    client.control("POST", "posts", {"kind": "facebook_page", "edge": "comment", "parent": "v3", "text": "Sama"})
    assert updated("v3") == "2026-11-03T07:00:00+0000"
    client.control("PATCH", f"posts/{client.native('v4')}", {"text": "Sudah saya ubah"})
    assert updated("v4") == "2026-11-03T07:00:00+0000"


def test_comments_count_includes_replies(client: Client) -> None:
    """A media's `comments_count` counts replies, and moves with each of them."""

    def counted() -> int:
        media = client.good(MEDIA, fields="comments_count")["data"]
        [count] = [each["comments_count"] for each in media if each["id"] == client.native("m1")]
        return int(count)

    assert counted() == 63
    client.control(
        "POST", "posts", {"kind": "instagram", "edge": "reply", "parent": client.native("ic2"), "text": "Betul"}
    )
    assert counted() == 64


def test_media_can_be_cut_by_time(client: Client) -> None:
    """Instagram media understand `since` and `until` in unix seconds."""
    since = int((NOW - timedelta(minutes=650)).timestamp())

    assert ids(client.good(MEDIA, since=since)) == [client.native("m1")]
    assert ids(client.good(MEDIA, until=since)) == [client.native("m2")]


def test_a_deleted_object_is_gone(client: Client) -> None:
    """A deleted post vanishes from its edge with all beneath it; asked for directly it is 100/33."""
    post, comment = client.native("f1"), client.native("fr1")
    assert client.good(post, fields="message") == {"id": post, "message": "Info"}

    client.control("DELETE", f"posts/{post}")

    assert post not in ids(client.good(FEED))
    assert client.refusal(post) == (400, 100, 33)
    assert client.refusal(f"{post}/comments") == (400, 100, 33)
    assert client.refusal(comment) == (400, 100, 33)


def test_a_source_id_is_not_an_id_of_the_graph(client: Client) -> None:
    """The Graph API knows native ids only."""
    assert client.refusal("f1", PAGE) == (400, 100, 33)


def test_an_edge_of_another_type_is_an_unknown_field(client: Client) -> None:
    """An edge that the object does not have is code 100, as an unknown field is."""
    assert client.refusal(f"{PAGE.account}/media") == (400, 100, None)


def test_the_token_is_checked_first(client: Client) -> None:
    """A missing or unknown token is 190/467; the query serves as well as the header."""
    proof = proof_of(SECRET, PAGE.token)
    for query, headers in (("", {}), ("access_token=x", {}), ("", {"Authorization": "Bearer x"})):
        status, _, body = client.raw("GET", f"/v25.0/{FEED}?{query}", headers=headers)
        error = json.loads(body)["error"]
        assert (status, error["code"], error["error_subcode"]) == (400, 190, 467)
    status, _, _ = client.raw("GET", f"/v25.0/{FEED}?access_token={PAGE.token}&appsecret_proof={proof}")
    assert status == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "API calls from the server require an appsecret_proof argument"),
        (f"appsecret_proof={'0' * 64}", "Invalid appsecret_proof provided in the API argument"),
        (
            f"appsecret_proof={proof_of(SECRET, INSTAGRAM.token)}",
            "Invalid appsecret_proof provided in the API argument",
        ),
    ],
)
def test_the_proof_is_demanded(client: Client, query: str, message: str) -> None:
    """A missing proof, and one that belongs to another token, each get their own error."""
    status, _, body = client.raw("GET", f"/v25.0/{FEED}?{query}", headers={"Authorization": f"Bearer {PAGE.token}"})
    error = json.loads(body)["error"]

    assert (status, error["code"], error["message"]) == (400, 100, message)
    assert error["type"] == "GraphMethodException"


def test_another_token_on_the_page(client: Client) -> None:
    """A user's token is refused on the feed and gets silence on comments."""
    assert client.refusal(FEED, INSTAGRAM) == (400, 190, 2069032)
    assert client.get(f"{client.native('f1')}/comments", INSTAGRAM) == (200, {"data": []})
    assert client.refusal(client.native("fc1"), INSTAGRAM) == (400, 200, None)
    assert client.refusal(MEDIA, PAGE) == (400, 10, None)


def test_another_version_is_not_served(client: Client) -> None:
    """Only the configured version answers, so that a wrong setting shows."""
    status, _, body = client.raw("GET", f"/v19.0/{FEED}", headers={"Authorization": f"Bearer {PAGE.token}"})

    assert status == 400
    assert "error" in json.loads(body)


def test_every_answer_tells_the_usage(client: Client) -> None:
    """Both usage headers come with good answers and with errors."""
    for limit in (1, 1000):
        _, headers, _ = client.get_raw(FEED, limit=limit)
        assert json.loads(headers["X-App-Usage"])["call_count"] < 80
        [use] = json.loads(headers["X-Business-Use-Case-Usage"])[PAGE.account]
        assert use["type"] == "pages"
        assert use["estimated_time_to_regain_access"] == 0


def test_slashes_are_escaped_on_the_wire(client: Client) -> None:
    r"""Bodies hold `\/` as the real ones do, and are sound JSON."""
    _, headers, body = client.get_raw(FEED, fields="permalink_url", limit=1)

    assert rb"https:\/\/www.facebook.com\/" in body
    assert headers["Content-Type"] == "application/json; charset=UTF-8"


def test_posts_by_hand_can_be_accounted_for(client: Client) -> None:
    """What is written by hand gets an id and a link, appears on its edge, and is listed with all citizens' posts."""
    status, added = client.control(
        "POST",
        "posts",
        {"kind": "instagram", "edge": "tag", "author": "turi_update", "text": "Pohon tumbang", "has_photo": True},
    )
    _, listed = client.control("GET", "posts")

    assert status == 201
    assert added["permalink"].startswith("https://www.instagram.com/p/")
    assert added["native_id"] in ids(client.good(TAGS))
    assert len(listed["posts"]) == 78
    assert set(listed["posts"][0]) == {"native_id", "kind", "edge", "source_id"}
    assert client.native("c1") not in [post["native_id"] for post in listed["posts"]]


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "twitter"}, "'kind' must be one of"),
        ({"kind": "rss", "edge": "item", "parent": None}, "the county has no rss account"),
        ({"edge": "tag"}, "there is no tag on facebook_page"),
        ({"parent": None}, "needs an existing parent"),
        ({"parent": "m1"}, "cannot hang under 'm1'"),
        ({"text": ""}, "neither text nor photo"),
        ({"created_at": "2026-11-03T08:00:00Z"}, "future"),
        ({"created_at": "2026-11-03T06:00:00"}, "offset"),
        ({"created_at": "2026-10-01T06:00:00Z"}, "older than 'f1'"),
        ({"id": "fc1"}, "is taken"),
    ],
)
def test_impossible_posts_are_refused(client: Client, changed: dict[str, Any], reason: str) -> None:
    """A post that could not exist on the channel is refused with the reason."""
    post = {"kind": "facebook_page", "edge": "comment", "parent": "f1", "text": "Halo"} | changed
    if changed.get("edge") == "tag":
        del post["parent"]

    status, answer = client.control("POST", "posts", post)

    assert status == 400
    assert reason in answer["error"]


def test_requests_are_counted_by_shape(client: Client) -> None:
    """Requests are counted by the shape of their path: no ids, no tokens, no names from outside."""
    client.good(FEED)
    client.good(f"{client.native('m1')}/comments")
    client.good(f"{client.native('ic1')}/replies")
    client.get("secret-token/whatever", PAGE)

    assert client.control("GET", "requests")[1] == {
        "requests": {
            "/{comment-id}/replies": 1,
            "/{media-id}/comments": 1,
            "/{page-id}/feed": 1,
            "/{unknown}/{unknown}": 1,
        },
        "total": 4,
    }


@pytest.mark.parametrize(
    ("fault", "status", "code", "subcode"),
    [
        ({"fault": "server_error"}, 500, 2, None),
        ({"fault": "reduce_data", "limit": 9}, 500, 1, None),
        ({"fault": "throttled"}, 400, 80001, None),
        ({"fault": "throttled", "code": 4}, 400, 4, None),
        ({"fault": "expired_token"}, 400, 190, 463),
        ({"fault": "unknown_field", "field": "attachments"}, 400, 100, None),
    ],
)
def test_faults_that_refuse(client: Client, fault: dict[str, Any], status: int, code: int, subcode: int | None) -> None:
    """A refusing fault answers with its own status and codes, and only as often as it was told."""
    client.control("POST", "faults", {**fault, "edge": "feed", "times": 1})

    assert client.refusal(FEED, limit=10, fields="id,attachments{media_type}") == (status, code, subcode)
    client.good(FEED, limit=10, fields="id,attachments{media_type}")


def test_throttling_shows_in_the_headers(client: Client) -> None:
    """Throttled answers say 100 percent and how long to wait; Instagram has its own code."""
    client.fault("throttled", minutes=7)
    _, headers, _ = client.get_raw(MEDIA)

    [use] = json.loads(headers["X-Business-Use-Case-Usage"])[INSTAGRAM.account]
    assert (use["call_count"], use["estimated_time_to_regain_access"]) == (100, 7)
    assert client.refusal(MEDIA) == (400, 80002, None)


def test_high_usage_leaves_the_answer_whole(client: Client) -> None:
    """A client can be driven to its own brake without being refused."""
    client.fault("high_usage", percent=91)
    status, headers, _ = client.get_raw(FEED)

    assert status == 200
    assert json.loads(headers["X-App-Usage"])["call_count"] == 91


def test_faults_that_spare_small_requests(client: Client) -> None:
    """`reduce_data` lets small pages through, `unknown_field` requests without the field."""
    client.fault("reduce_data", limit=10)
    client.fault("unknown_field", field="attachments")

    client.good(FEED, limit=10, fields="id,message")
    assert client.refusal(FEED, limit=11) == (500, 1, None)


@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("html", lambda body: body.startswith(b"<!DOCTYPE html>")),
        ("truncated", lambda body: body.startswith(b'{"data":[') and not body.endswith(b"}")),
        ("empty_body", lambda body: body == b""),
        ("null_body", lambda body: body == b"null"),
        ("no_data_key", lambda body: "data" not in json.loads(body)),
    ],
)
def test_faults_that_spoil_the_body(client: Client, fault: str, holds: Callable[[bytes], bool]) -> None:
    """A spoilt body comes with status 200: nothing but the body tells."""
    client.fault(fault, times=1)
    status, headers, body = client.get_raw(FEED)

    assert status == 200
    assert holds(body)
    assert headers["Content-Type"].startswith("text/html" if fault == "html" else "application/json")
    client.good(FEED)


@pytest.mark.parametrize("path", [FEED, MEDIA])
def test_an_empty_page_with_next_loses_nothing(client: Client, path: str) -> None:
    """Empty pages with `next` come before full ones: a client that continues gets everything."""
    everything = ids(*client.pages(path, limit=3))
    client.fault("empty_page_with_next")
    pages = client.pages(path, limit=3)

    assert pages[0]["data"] == []
    assert ids(*pages) == everything
    cursors = [page["paging"]["cursors"]["after"] for page in pages if "next" in page.get("paging", {})]
    assert len(cursors) == len(set(cursors))


def test_a_page_can_repeat_for_ever(client: Client) -> None:
    """`repeat_page` gives the same page and the same cursor, however far one pages."""
    client.fault("repeat_page", edge="media")
    first = client.good(MEDIA)
    second = client.good(MEDIA, after=first["paging"]["cursors"]["after"])

    assert first["paging"]["next"]
    assert second == first


def test_short_pages_lose_nothing(client: Client) -> None:
    """Pages may hold fewer than asked for and still have `next`."""
    everything = ids(client.good(FEED))
    client.fault("short_pages", limit=2)
    pages = client.pages(FEED, limit=50)

    assert len(pages) == 4
    assert ids(*pages) == everything


def test_a_ranked_feed_is_out_of_order_and_complete(client: Client) -> None:
    """Ranking shows newer posts beneath older ones, and paging still returns each once."""
    everything = ids(client.good(FEED))
    client.fault("ranked")
    ranked = ids(*client.pages(FEED, limit=2))

    assert ranked != everything
    assert sorted(ranked) == sorted(everything)


def test_standard_access_hides_citizens(client: Client) -> None:
    """`hide_from` drops `from` of everyone but the county; with `everyone` the county's as well."""
    client.fault("hide_from")
    posts = client.good(FEED, fields="from")["data"]
    assert [post["id"] for post in posts if "from" in post] == [client.native("f1")]

    client.fault("hide_from", everyone=True)
    assert all("from" not in post for post in client.good(FEED, fields="from")["data"])


def test_names_and_ids_can_be_withheld(client: Client) -> None:
    """Missing permissions drop `username` on Instagram and comment ids on the Page."""
    client.fault("hide_username")
    client.fault("hide_ids", kind="facebook_page")

    assert set(client.good(TAGS, fields="username", limit=1)["data"][0]) == {"id"}
    assert all("id" not in comment for comment in client.good(f"{client.native('f1')}/comments")["data"])


def test_a_slow_answer_is_late_and_whole(client: Client) -> None:
    """`slow` delays the answer and changes nothing else."""
    client.fault("slow", seconds=0.2, times=1)
    started = time.monotonic()
    client.good(FEED)

    assert time.monotonic() - started >= 0.2


def test_faults_strike_where_and_when_they_are_told(client: Client) -> None:
    """A fault can be bound to an edge, a kind or an object, and wait for some calls first."""
    client.fault("server_error", edge="comments", kind="instagram", after=1)
    client.fault("null_body", object=client.native("f1"))
    address = f"{client.native('m1')}/comments"

    client.good(FEED)
    client.good(f"{client.native('ic1')}/replies")
    client.good(address)
    assert client.refusal(address)[1] == 2
    assert client.get(f"{client.native('f1')}/comments") == (200, None)


def test_faults_can_be_cleared(client: Client) -> None:
    """Without `times` a fault lasts until it is cleared; several wait for their turn, the first first."""
    client.fault("server_error", times=1)
    client.fault("expired_token")

    assert [client.refusal(FEED)[1] for _ in range(3)] == [2, 190, 190]
    client.control("DELETE", "faults")
    client.good(FEED)
    assert client.control("GET", "faults")[1] == {"faults": []}


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"fault": "flood"}, "there is no fault 'flood'"),
        ({"fault": "html", "edge": "feeds"}, "edge must be one of"),
        ({"fault": "html", "times": -1}, "times must be a whole number"),
        ({"fault": "html", "seconds": 3}, "html has no setting 'seconds'"),
        ({"fault": "slow", "seconds": "3"}, "seconds must be like 5.0"),
        ({"fault": "throttled", "code": 17}, "code must be one of"),
    ],
)
def test_faults_described_wrongly_are_refused(client: Client, fault: dict[str, Any], reason: str) -> None:
    """A misspelt fault is refused, so that no test believes in a fault that never struck."""
    status, answer = client.control("POST", "faults", fault)

    assert status == 400
    assert reason in answer["error"]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_described_and_switched_on_again(client: Client, fault: str) -> None:
    """What `GET faults` shows can be posted back."""
    client.fault(fault, times=2)
    [described] = client.control("GET", "faults")[1]["faults"]
    client.control("DELETE", "faults")

    assert client.control("POST", "faults", described)[1] == {"faults": [described]}


def test_tokens_can_be_inspected(client: Client) -> None:
    """The app learns with its own secret how long a token lives; unknown and dead ones are not valid."""

    def inspected(token: str, secret: str = SECRET) -> Any:
        query = urlencode({"input_token": token, "appsecret_proof": "x"})
        headers = {"Authorization": f"Bearer 1234567890|{secret}"}
        return json.loads(client.raw("GET", f"/v25.0/debug_token?{query}", headers=headers)[2])

    assert inspected(INSTAGRAM.token)["data"]["expires_at"] == int((NOW + timedelta(days=60)).timestamp())
    assert inspected(PAGE.token)["data"]["expires_at"] == 0
    assert not inspected("x")["data"]["is_valid"]
    assert inspected(PAGE.token, "wrong")["error"]["code"] == 190
    client.fault("dying_token", days=1, times=1)
    assert inspected(PAGE.token)["data"]["expires_at"] == int((NOW + timedelta(days=1)).timestamp())
    client.fault("dying_token", days=-1)
    assert not inspected(PAGE.token)["data"]["is_valid"]


def test_foreign_texts_are_spread_over_both_accounts() -> None:
    """Rows of {id, text} become the same comments, replies, tags and posts each time, and no thread is too long."""
    rows = [(f"foreign.jsonl:{n}", {"id": f"row-{n}", "text": f"Keluhan {n}", "kind": None}) for n in range(1, 4001)]
    kinds = [Kind.INSTAGRAM, Kind.FACEBOOK_PAGE]
    first, second = (populate(CONFIG.accounts, spread(rows, NOW, kinds)) for _ in range(2))

    posts = first.citizen_posts()
    assert len(posts) == 4000
    assert {post.role for post in posts} == {Role.COMMENT, Role.REPLY, Role.TAG, Role.VISITOR_POST}
    assert [post.native_id for post in posts] == [post.native_id for post in second.citizen_posts()]
    assert len({post.native_id for post in posts}) == 4000
    hosts = [host for account in CONFIG.accounts for host in first.roots(account, Role.COUNTY_POST)]
    assert max(len(list(host.descendants())) for host in hosts) <= 200


def test_accounts_of_one_kind_are_kept_apart(client: Client, server: Server) -> None:
    """Each account has its own posts and token, and a fault may strike one account alone."""
    other = replace(INSTAGRAM, account="17841400000000002", label="dinas.contoh", token="other-token")
    accounts = (*CONFIG.accounts, other)
    drafts = [
        by_the_county("m1", Kind.INSTAGRAM, Role.COUNTY_POST),
        by_the_county("d1", Kind.INSTAGRAM, Role.COUNTY_POST, account="dinas.contoh"),
        a_draft("c1", "instagram", "comment", "d1"),
        a_draft("t1", "instagram", "tag", account=other.account),
    ]
    server.simulator = Simulator(Config("v25.0", SECRET, accounts), populate(accounts, drafts), clock=lambda: NOW)
    client.simulator = server.simulator

    def of_other(edge: str) -> list[str]:
        return ids(client.get(f"{other.account}/{edge}", other)[1])

    assert ids(client.good(MEDIA)) == [client.native("m1")]
    assert of_other("media") == [client.native("d1")]
    assert of_other("tags") == [client.native("t1")]
    assert client.refusal(f"{client.native('d1')}/comments", INSTAGRAM) == (400, 10, None)
    client.fault("server_error", object=other.account)
    assert client.refusal(f"{client.native('d1')}/comments", other)[0] == 500
    client.good(MEDIA)


CONFIG_DOCUMENT: dict[str, Any] = {
    "version": "v25.0",
    "app_secret": SECRET,
    "accounts": [
        {"kind": "instagram", "account": INSTAGRAM.account, "handle": INSTAGRAM.label, "token": INSTAGRAM.token},
        {"kind": "facebook_page", "account": PAGE.account, "name": PAGE.label, "token": PAGE.token},
    ],
}
COUNTY_DOCUMENT: dict[str, Any] = {
    "instagram": [{"id": "m1", "caption": "Info", "minutes_ago": 90}],
    "facebook_page": [{"id": "f1", "message": "Info", "minutes_ago": 90}],
    "own_comments": [{"id": "c1", "kind": "instagram", "parent": "p001", "text": "Siap", "minutes_ago": 5}],
}
POST_ROW: dict[str, Any] = {
    "id": "p001",
    "kind": "instagram",
    "edge": "comment",
    "parent": "m1",
    "author": None,
    "text": "Lampu mati",
    "has_photo": False,
    "minutes_ago": 30,
    "expect": {"report": True},
}


def written(folder: Path, name: str, *documents: object) -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(document) + "\n" for document in documents), encoding="utf-8")
    return path


def test_files_make_a_world(tmp_path: Path) -> None:
    """The three files together make the accounts, the county's posts and the citizens' posts."""
    config = read_config(written(tmp_path, "config.json", CONFIG_DOCUMENT))
    posts = written(tmp_path, "posts.jsonl", POST_ROW, POST_ROW | {"id": "p002"})
    world = read_world(config, posts, written(tmp_path, "county.json", COUNTY_DOCUMENT), NOW, limit=1)

    assert config == CONFIG
    [post] = world.citizen_posts()
    assert (post.draft.source_id, post.author) == ("p001", None)
    [own] = post.children
    assert (own.role, own.author and own.author.name) == (Role.REPLY, INSTAGRAM.label)


def test_answers_to_posts_that_were_left_out_are_left_out(tmp_path: Path) -> None:
    """The county's posts fit foreign texts, too: its answers to other posts stay away."""
    county = written(tmp_path, "county.json", COUNTY_DOCUMENT)
    world = read_world(CONFIG, written(tmp_path, "foreign.jsonl", {"id": "x1", "text": "Jalan rusak"}), county, NOW)

    [post] = world.citizen_posts()
    assert (post.text, post.children) == ("Jalan rusak", [])
    assert world.find("m1")
    assert not world.find("c1")


def test_an_answer_to_nothing_is_an_error_in_a_whole_file(tmp_path: Path) -> None:
    """In a file that holds the parents of the county's answers, a wrong parent is an error."""
    county = written(tmp_path, "county.json", COUNTY_DOCUMENT)
    posts = written(tmp_path, "posts.jsonl", POST_ROW | {"id": "p002"})

    with pytest.raises(WorldError, match=r"county\.json: own_comments\[0\]: .*'p001'"):
        read_world(CONFIG, posts, county, NOW)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"kind": "twitter"}, r"posts\.jsonl:2: 'kind' must be one of"),
        ({"minutes_ago": "5"}, r"posts\.jsonl:2: 'minutes_ago' must be a whole number"),
        ({"text": None}, r"posts\.jsonl:2: 'text' must be text"),
        ({"parent": "m9"}, r"posts\.jsonl:2: a comment needs an existing parent, not 'm9'.*m1"),
        ({"parent": "f1"}, r"posts\.jsonl:2: a comment on instagram cannot hang under 'f1'"),
        ({"minutes_ago": 100}, r"posts\.jsonl:2: it is older than 'm1'"),
        ({"id": "p001"}, r"posts\.jsonl:2: the id 'p001' is taken"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, changed: dict[str, Any], reason: str) -> None:
    """An error in the posts names file and line and says what is wrong."""
    county = written(tmp_path, "county.json", {**COUNTY_DOCUMENT, "own_comments": []})
    posts = written(tmp_path, "posts.jsonl", POST_ROW, {**POST_ROW, "id": "p002", **changed})

    with pytest.raises((InputError, WorldError), match=reason):
        read_world(CONFIG, posts, county, NOW)


def test_a_bad_entry_of_the_county_is_named(tmp_path: Path) -> None:
    """An error in the county's posts or in the configuration names the entry."""
    county = written(tmp_path, "county.json", {**COUNTY_DOCUMENT, "facebook_page": [{"id": "f1"}]})
    twice = [CONFIG_DOCUMENT["accounts"][0]] * 2
    config = written(tmp_path, "config.json", {**CONFIG_DOCUMENT, "accounts": twice})

    with pytest.raises(InputError, match=r"county\.json: facebook_page\[0\]: 'message' is missing"):
        read_county(county, NOW)
    with pytest.raises(InputError, match=r"config\.json: accounts\[1\]: the instagram account '\d+' is there twice"):
        read_config(config)


def test_it_runs_as_a_process_and_stops_when_told(tmp_path: Path) -> None:
    """The command says where it listens, answers there, never prints a token, and ends cleanly on SIGTERM."""
    command = [sys.executable, "-m", "infra.local.simulator"]
    for option, name, document in (
        ("--config", "config.json", CONFIG_DOCUMENT),
        ("--county", "county.json", COUNTY_DOCUMENT),
        ("--posts", "posts.jsonl", POST_ROW),
    ):
        command += [option, str(written(tmp_path, name, document))]
    with subprocess.Popen(  # noqa: S603  the command is our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env={**os.environ}
    ) as process:
        assert process.stdout is not None
        address = urlsplit(process.stdout.readline().split()[-1])
        connection = http.client.HTTPConnection(str(address.netloc), timeout=5)
        connection.request("GET", f"{address.path}/{FEED}?access_token={PAGE.token}")
        assert connection.getresponse().status == 400  # no proof
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=5) == 0
        assert process.stdout.read() == ""
        connection.close()


def write(client: Client, path: str, account: Account, body: object) -> tuple[int, Any]:
    """Status and JSON of a comment that an account writes."""
    query = urlencode({"appsecret_proof": proof_of(SECRET, account.token)})
    headers = {"Authorization": f"Bearer {account.token}", "Content-Type": "application/json"}
    status, _, answer = client.raw("POST", f"/v25.0/{path}?{query}", body, headers)
    return status, json.loads(answer)


@pytest.mark.parametrize(
    ("source_id", "edge", "account", "thread"),
    [
        ("ic1", "replies", INSTAGRAM, "ic1"),
        ("ir1", "replies", INSTAGRAM, "ic1"),  # an answer to an answer stands beside it
        ("v1", "comments", PAGE, "v1"),
        ("fc1", "comments", PAGE, "fc1"),
        ("fr1", "comments", PAGE, "fc1"),
    ],
)
def test_the_account_answers(client: Client, source_id: str, edge: str, account: Account, thread: str) -> None:
    """A reply by the account has an id, is listed in the thread as its own, and counts as no citizen's."""
    before = len(client.simulator.world.citizen_posts())
    status, body = write(client, f"{client.native(source_id)}/{edge}", account, {"message": "Aduan SLM-1"})
    assert (status, list(body)) == (200, ["id"])
    text = "text" if account is INSTAGRAM else "message"
    _, listed = client.get(f"{client.native(thread)}/{edge}", account, fields=f"id,{text},from{{id}}", limit=50)
    assert {"id": body["id"], text: "Aduan SLM-1", "from": {"id": account.account}} in listed["data"]
    assert len(client.simulator.world.citizen_posts()) == before


@pytest.mark.parametrize(
    ("path", "account", "body", "code"),
    [
        ("ic1/replies", INSTAGRAM, {}, 100),
        ("ic1/replies", INSTAGRAM, {"message": " "}, 100),
        ("ic1/comments", INSTAGRAM, {"message": "x"}, 100),
        ("t1/replies", INSTAGRAM, {"message": "x"}, 100),
        ("ic1/replies", PAGE, {"message": "x"}, 10),
        ("v1/comments", INSTAGRAM, {"message": "x"}, 190),
    ],
)
def test_what_cannot_be_answered_is_refused(
    client: Client, path: str, account: Account, body: object, code: int
) -> None:
    """Without words, in the wrong place, or by another account nothing is written."""
    before = len(client.simulator.world.changes)
    source_id, _, edge = path.partition("/")
    status, answer = write(client, f"{client.native(source_id)}/{edge}", account, body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert len(client.simulator.world.changes) == before
