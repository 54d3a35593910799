"""The simulated Graph API takes texts by hand, and replies of the accounts."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local.simulator.access import proof_of
from infra.local.simulator.world import Account
from tests.simulated_graph import INSTAGRAM, PAGE, SECRET, TAGS, GraphClient, ids


def test_posts_by_hand_can_be_accounted_for(client: GraphClient) -> None:
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
def test_impossible_posts_are_refused(client: GraphClient, changed: dict[str, Any], reason: str) -> None:
    """A post that could not exist on the channel is refused with the reason."""
    post = {"kind": "facebook_page", "edge": "comment", "parent": "f1", "text": "Halo"} | changed
    if changed.get("edge") == "tag":
        del post["parent"]

    status, answer = client.control("POST", "posts", post)

    assert status == 400
    assert reason in answer["error"]


def write(client: GraphClient, path: str, account: Account, body: object) -> tuple[int, Any]:
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
def test_the_account_answers(client: GraphClient, source_id: str, edge: str, account: Account, thread: str) -> None:
    """A reply by the account has an id, is listed in the thread as its own, and counts as no citizen's."""
    before = len(client.world.citizen_posts())
    status, body = write(client, f"{client.native(source_id)}/{edge}", account, {"message": "Aduan SLM-1"})
    assert (status, list(body)) == (200, ["id"])
    text = "text" if account is INSTAGRAM else "message"
    _, listed = client.get(f"{client.native(thread)}/{edge}", account, fields=f"id,{text},from{{id}}", limit=50)
    assert {"id": body["id"], text: "Aduan SLM-1", "from": {"id": account.account}} in listed["data"]
    assert len(client.world.citizen_posts()) == before


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
    client: GraphClient, path: str, account: Account, body: object, code: int
) -> None:
    """Without words, in the wrong place, or by another account nothing is written."""
    before = len(client.world.changes)
    source_id, _, edge = path.partition("/")
    status, answer = write(client, f"{client.native(source_id)}/{edge}", account, body)
    assert (status, answer["error"]["code"]) == (400, code)
    assert len(client.world.changes) == before
