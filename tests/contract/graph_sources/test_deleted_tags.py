"""A source of the Graph API tells which tags and mentions were deleted."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest

from aduan.platform_errors import GoneError
from infra.local.simulator.server import Server
from infra.local.simulator.world import Draft, Role
from tests.graph_platform import CHANNELS, a_draft, of_kind, without


def tagged(*minutes_ago: int) -> list[Draft]:
    """Others' pictures in which the account is tagged."""
    return [
        a_draft(f"t{number}", "instagram", Role.TAG, has_photo=True, minutes_ago=minutes)
        for number, minutes in enumerate(minutes_ago, start=1)
    ]


def test_a_tag_that_is_no_longer_listed_is_gone(server: Server) -> None:
    """Others' media cannot be fetched by id, so a tag exists as long as any page lists it."""
    platform = of_kind(server, "instagram", *tagged(*range(10, 130)))
    posts = {post.native_id: post for post in platform.read().posts}
    gone = {platform.native("t7"), platform.native("t100")}
    for native_id in gone:
        platform.simulator.world.delete(native_id)
    platform.wire.asked.clear()
    source = platform.open()
    slices = [list(posts.values())[start : start + source.batch_size] for start in range(0, 120, source.batch_size)]
    told = {native_id: there for slice_ in reversed(slices) for native_id, there in source.still_there(slice_).items()}
    assert told == {native_id: native_id not in gone for native_id in posts}
    assert platform.simulator.requests["/{ig-user-id}/tags"] == 4 + 4, "to read, and once for the whole sweep"


def test_a_tag_is_only_called_gone_while_an_older_one_is_listed(server: Server) -> None:
    """A list that is cut short or suddenly empty says nothing about what would follow."""
    platform = of_kind(server, "instagram", *tagged(10, 20, 30))
    posts = dict(zip(("t1", "t2", "t3"), platform.read().posts, strict=True))
    platform.simulator.world.delete(posts["t2"].native_id)
    platform.simulator.world.delete(posts["t3"].native_id)
    assert platform.open().still_there(list(posts.values())) == {posts["t1"].native_id: True}
    platform.wire.after = lambda path, body: {"data": []} if path.endswith("/tags") else body
    assert platform.open().still_there(list(posts.values())) == {}


def test_a_tag_whose_time_cannot_be_read_is_there(server: Server) -> None:
    """An oddity of a listed tag does not get it erased."""
    platform = of_kind(server, "instagram", *tagged(10, 20, 30))
    posts = platform.read().posts
    strip = without("timestamp")
    platform.wire.after = lambda path, body: (
        {"data": [strip(body["data"][0]), *body["data"][1:]]} if path.endswith("/tags") and body["data"] else body
    )
    assert platform.open().still_there(posts) == {post.native_id: True for post in posts}


@pytest.mark.parametrize("has_photo", [False, True])
def test_a_mention_is_asked_for_through_the_account(server: Server, has_photo: bool) -> None:  # noqa: FBT001
    """A pushed mention is in no list; it is there while shown, and unknown when the request is refused."""
    platform = of_kind(server, "instagram", *tagged(10, 30))
    [tag, _] = platform.read().posts
    mention = tag.model_copy(update={"native_id": "18000000000000777", "has_photo": has_photo})
    assert platform.open().still_there([mention]) == {mention.native_id: False}
    asked = "mentioned_media.media_id" if has_photo else "mentioned_comment.comment_id"
    [fields] = [
        found["fields"][0]
        for url, _ in platform.wire.asked
        if "mentioned" in (found := parse_qs(urlsplit(url).query))["fields"][0]
    ]
    assert fields == f"{asked}(18000000000000777){{id}}"
    account = f"/{CHANNELS['instagram'].account}"
    platform.wire.after = lambda path, body: {"id": "1"} if path.endswith(account) else body
    assert platform.open().still_there([mention]) == {mention.native_id: True}
    refused = {"error": {"code": 100, "message": "(#100) Tried accessing nonexisting field (mentioned_media)"}}
    platform.wire.after = lambda path, body: refused if path.endswith(account) else body
    assert platform.open().still_there([mention]) == {}


def test_an_account_that_is_not_seen_tells_nothing_of_its_mentions(server: Server) -> None:
    """A lost permission gets the same answer as a deletion, and erases nothing."""
    platform = of_kind(server, "instagram", *tagged(10, 30))
    [tag, _] = platform.read().posts
    mention = tag.model_copy(update={"native_id": "18000000000000777"})
    hidden = {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}}
    account = f"/{CHANNELS['instagram'].account}"
    platform.wire.after = lambda path, body: hidden if path.endswith(account) else body
    with pytest.raises(GoneError):
        platform.open().still_there([mention])
