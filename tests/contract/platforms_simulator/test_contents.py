"""The simulated platforms hold what they are given, under the same ids each time."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from infra.local.simulator.world import ROLES, Kind, Role, WorldError, populate
from tests.simulated_platforms import ACCOUNTS, BY_KIND, EDGE, PlatformsClient, a_draft, a_video, several


def test_posts_by_hand_appear_on_their_channel(client: PlatformsClient) -> None:
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


def test_ids_are_always_the_same(client: PlatformsClient) -> None:
    """The same drafts have the same ids in another simulator."""
    before = [entry.native_id for entry in client.world.citizen_posts()]
    client.holds(*(draft for kind in EDGE for draft in several(kind, 7)))
    assert [entry.native_id for entry in client.world.citizen_posts()] == before
