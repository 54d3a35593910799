"""Each edge of the simulated Graph API lists what the Graph API lists there."""

from __future__ import annotations

from datetime import timedelta

from tests.simulated import NOW
from tests.simulated_graph import FEED, MEDIA, PAGE, GraphClient, ids


def test_the_feed_holds_own_and_visitor_posts_newest_first(client: GraphClient) -> None:
    """One edge carries the county's posts and the visitors', and tells them apart by `from` and `status_type`."""
    posts = client.good(FEED, fields="created_time,from,status_type")["data"]

    times = [post["created_time"] for post in posts]
    assert times == sorted(times, reverse=True)
    by_type = {post["status_type"]: post["from"]["id"] for post in posts}
    assert by_type["mobile_status_update"] == PAGE.account
    assert by_type["wall_post"] != PAGE.account


def test_page_comments_filter_and_order(client: GraphClient) -> None:
    """`stream` is flat with replies, `toplevel` is without; both orders exist and `summary` comes when asked."""
    address = f"{client.native('f1')}/comments"
    stream = client.good(address, filter="stream", order="reverse_chronological", summary="true", fields="parent{id}")

    assert ids(stream) == [client.native(name) for name in ("fr1", "fc2", "fc1")]
    assert stream["summary"] == {"order": "reverse_chronological", "total_count": 3, "can_comment": True}
    assert stream["data"][0]["parent"] == {"id": client.native("fc1")}
    toplevel = client.good(address)
    assert ids(toplevel) == [client.native(name) for name in ("fc1", "fc2")]
    assert "summary" not in toplevel


def test_nested_comments_with_summary(client: GraphClient) -> None:
    """`comments.limit(0).summary(true)` counts without listing."""
    posts = client.good(FEED, fields="comments.limit(0).summary(true)")["data"]

    counts = {post["id"]: post["comments"]["summary"]["total_count"] for post in posts}
    assert counts[client.native("f1")] == 2
    assert all(post["comments"]["data"] == [] for post in posts)


def test_instagram_replies_come_through_the_expansion(client: GraphClient) -> None:
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


def test_updated_time_moves_with_a_comment_and_with_an_edit(client: GraphClient) -> None:
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


def test_comments_count_includes_replies(client: GraphClient) -> None:
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


def test_media_can_be_cut_by_time(client: GraphClient) -> None:
    """Instagram media understand `since` and `until` in unix seconds."""
    since = int((NOW - timedelta(minutes=650)).timestamp())

    assert ids(client.good(MEDIA, since=since)) == [client.native("m1")]
    assert ids(client.good(MEDIA, until=since)) == [client.native("m2")]


def test_a_deleted_object_is_gone(client: GraphClient) -> None:
    """A deleted post vanishes from its edge with all beneath it; asked for directly it is 100/33."""
    post, comment = client.native("f1"), client.native("fr1")
    assert client.good(post, fields="message") == {"id": post, "message": "Info"}

    client.control("DELETE", f"posts/{post}")

    assert post not in ids(client.good(FEED))
    assert client.refusal(post) == (400, 100, 33)
    assert client.refusal(f"{post}/comments") == (400, 100, 33)
    assert client.refusal(comment) == (400, 100, 33)


def test_a_source_id_is_not_an_id_of_the_graph(client: GraphClient) -> None:
    """The Graph API knows native ids only."""
    assert client.refusal("f1", PAGE) == (400, 100, 33)


def test_an_edge_of_another_type_is_an_unknown_field(client: GraphClient) -> None:
    """An edge that the object does not have is code 100, as an unknown field is."""
    assert client.refusal(f"{PAGE.account}/media") == (400, 100, None)
