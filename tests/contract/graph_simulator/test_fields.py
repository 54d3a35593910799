"""The simulated Graph API honours `fields` as the Graph API does."""

from __future__ import annotations

import pytest

from tests.simulated_graph import FEED, MEDIA, PAGE, TAGS, GraphClient


def test_fields_are_honoured_strictly(client: GraphClient) -> None:
    """Only the fields asked for come back, with the id, at every depth."""
    page = client.good(FEED, fields="message,from{name}", limit=3)

    assert {frozenset(post) for post in page["data"]} == {frozenset({"message", "from", "id"})}
    assert {frozenset(post["from"]) for post in page["data"]} == {frozenset({"name"})}


def test_usual_fields_of_instagram_comments(client: GraphClient) -> None:
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
def test_a_wrong_field_fails_the_whole_request(client: GraphClient, path: str, fields: str) -> None:
    """An unknown or malformed field is 400 with code 100, not a page without that field."""
    assert client.refusal(path, fields=fields) == (400, 100, None)


def test_an_unknown_field_is_refused_on_an_empty_edge(client: GraphClient) -> None:
    """A wrong field fails even where there is nothing to read."""
    assert client.refusal(f"{client.native('m2')}/comments", fields="message") == (400, 100, None)


def test_fields_of_the_contract_are_known(client: GraphClient) -> None:
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


def test_values_that_do_not_exist_are_left_out(client: GraphClient) -> None:
    """An unknown author or an absent parent is a missing key, never null; a bare photo has an empty message."""
    page = client.good(f"{client.native('f1')}/comments", filter="toplevel", fields="message,from,parent,attachment")

    with_author, bare_photo = page["data"]
    assert set(with_author) == {"id", "message", "from"}
    assert set(bare_photo) == {"id", "message", "attachment"}
    assert bare_photo["message"] == ""


def test_ids_and_times_look_like_the_real_ones(client: GraphClient) -> None:
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


def test_slashes_are_escaped_on_the_wire(client: GraphClient) -> None:
    r"""Bodies hold `\/` as the real ones do, and are sound JSON."""
    _, headers, body = client.get_raw(FEED, fields="permalink_url", limit=1)

    assert rb"https:\/\/www.facebook.com\/" in body
    assert headers["Content-Type"] == "application/json; charset=UTF-8"
