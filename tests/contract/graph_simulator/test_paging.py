"""The simulated Graph API pages as the Graph API does, edge by edge."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from tests.simulated_graph import FEED, MEDIA, PAGE, TAGS, GraphClient, ids


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
    client: GraphClient, path: str, source: str | None, more: dict[str, str], limit: int
) -> None:
    """Following the cursors to the end gives what one big page gives, each item once and in the same order."""
    address = client.native(source) + path if source else path

    whole = client.good(address, limit=50, **more)
    rest = [] if len(whole["data"]) < 50 else client.pages(address, limit=50, **more)[1:]
    assert ids(*client.pages(address, limit=limit, **more)) == ids(whole, *rest)


def test_a_post_that_arrives_while_paging_moves_nothing(client: GraphClient) -> None:
    """New posts and deletions between two pages neither repeat nor skip another post."""
    everything = ids(client.good(FEED))
    first = client.good(FEED, limit=3)
    client.control("POST", "posts", {"kind": "facebook_page", "edge": "visitor_post", "text": "Baru"})
    client.control("DELETE", f"posts/{first['data'][-1]['id']}")

    rest = client.good(FEED, after=first["paging"]["cursors"]["after"])

    assert ids(first, rest) == everything


def test_next_and_previous_can_be_followed(client: GraphClient) -> None:
    """`next` carries the token, the limit and the fields, but no proof; `previous` leads back."""
    first = client.good(FEED, limit=3, fields="message")
    query = {name: value for name, [value] in parse_qs(urlsplit(first["paging"]["next"]).query).items()}

    assert query.pop("access_token") == PAGE.token
    assert set(query) == {"limit", "fields", "after"}
    second = client.good(FEED, **query)
    before = second["paging"]["cursors"]["before"]
    assert "previous" in second["paging"]
    assert ids(client.good(FEED, limit=3, before=before)) == ids(first)


def test_last_page_of_the_feed(client: GraphClient) -> None:
    """The feed ends with `cursors.before` and `previous`, without `after` or `next`."""
    *_, last = client.pages(FEED, limit=3)

    assert set(last["paging"]) == {"cursors", "previous"}
    assert set(last["paging"]["cursors"]) == {"before"}


def test_last_page_of_page_comments(client: GraphClient) -> None:
    """Comments on Facebook keep both cursors to the end, which only the missing `next` shows."""
    *_, last = client.pages(f"{client.native('f1')}/comments", limit=2, filter="stream")

    assert set(last["paging"]) == {"cursors", "previous"}
    assert set(last["paging"]["cursors"]) == {"before", "after"}


def test_shapes_of_instagram_comment_pages(client: GraphClient) -> None:
    """The first page has `cursors.after` only; the last has no `paging` at all."""
    first, *_, last = client.pages(f"{client.native('m1')}/comments", limit=20)

    assert set(first["paging"]["cursors"]) == {"after"}
    assert "paging" not in last


def test_last_page_of_media(client: GraphClient) -> None:
    """Instagram media end without `paging`."""
    first, last = client.pages(MEDIA, limit=1)

    assert set(first["paging"]["cursors"]) == {"before", "after"}
    assert "paging" not in last


def test_tags_never_have_next(client: GraphClient) -> None:
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
def test_limits_are_enforced(client: GraphClient, path: str | None, most: int) -> None:
    """A limit above the edge's own, or no number, is refused with code 100."""
    address = path or f"{client.native('m1')}/comments"

    assert len(client.good(address, limit=most)["data"]) <= most
    for limit in (most + 1, "many", -1):
        assert client.refusal(address, limit=limit) == (400, 100, None)


def test_a_page_is_25_long_unless_asked_otherwise(client: GraphClient) -> None:
    """The usual limit is 25."""
    assert len(client.good(f"{client.native('m1')}/comments")["data"]) == 25


@pytest.mark.parametrize("params", [{"filter": "all"}, {"order": "ranked"}, {"after": "nonsense"}])
def test_parameters_with_wrong_words_are_refused(client: GraphClient, params: dict[str, str]) -> None:
    """An unknown filter, order or cursor is code 100."""
    assert client.refusal(f"{client.native('f1')}/comments", **params) == (400, 100, None)


def test_a_cursor_belongs_to_its_edge(client: GraphClient) -> None:
    """A cursor of one edge is refused on another."""
    cursor = client.good(FEED, limit=1)["paging"]["cursors"]["after"]

    assert client.refusal(f"{client.native('f1')}/comments", after=cursor) == (400, 100, None)


def test_replies_page_on_by_themselves(client: GraphClient) -> None:
    """When more replies exist than asked for, their own paging leads to `/replies` and its cursor fits there."""
    last = client.pages(f"{client.native('m1')}/comments", limit=50, fields="replies.limit(2){text}")[-1]
    replies = last["data"][-1]["replies"]

    assert len(replies["data"]) == 2
    following = urlsplit(replies["paging"]["next"])
    assert following.path == f"/v25.0/{client.native('ic1')}/replies"
    query = {name: value for name, [value] in parse_qs(following.query).items() if name != "access_token"}
    [rest] = client.good(f"{client.native('ic1')}/replies", **query)["data"]
    assert rest["text"] == "Siap"
