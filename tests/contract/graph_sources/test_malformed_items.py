"""A source of the Graph API puts aside what is malformed, and goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.local.simulator.server import Server
from tests.graph_platform import CHANNELS, KINDS, Platform, of_kind, some_drafts, streamed, whole, without
from tests.reading import FIRST, NOW, connection_to, read


def with_values(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """Spoil an item by wrong values."""
    return lambda item: item | {name: value for name, value in changes.items() if name in item or name == "id"}


WRONG = [
    without("timestamp", "created_time"),
    without("id"),
    with_values(timestamp="kemarin", created_time="kemarin"),
    with_values(timestamp="2026-11-03T07:00:00", created_time="2026-11-03T07:00:00"),
    with_values(timestamp="9999-12-31T23:59:59-1000", created_time="9999-12-31T23:59:59-1000"),
    with_values(id="../me?x=1"),
    with_values(id=float("nan")),
    with_values(id=int("9" * 300)),
    lambda _item: None,
    lambda _item: [],
    lambda _item: "teks",
]


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.parametrize("edge", ["/media", "/comments", "/replies", "/tags", "/feed"])
def test_one_malformed_item_is_put_aside_and_the_page_goes_on(
    platform: Platform, edge: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    """Whatever is wrong with one item of any edge, only that item goes into quarantine."""
    spoilt: list[str] = []

    def spoil_first(path: str, body: Any) -> Any:
        if path.endswith(edge) and not spoilt and body.get("data"):
            spoilt.append(body["data"][0]["id"])
            body["data"][0] = spoil(body["data"][0])
        return body

    platform.wire.after = spoil_first
    found = platform.read()
    assert found.error is None
    assert len(found.rejected) == len(spoilt)
    lost = set(platform.citizens) - set(found.ids)
    gone = {entry for native_id in spoilt if (entry := platform.simulator.world.find_native(native_id))}
    assert all(platform.citizens[native_id] in gone or platform.citizens[native_id].root in gone for native_id in lost)
    assert "Warga Contoh" not in "".join(rejected.model_dump_json() for rejected in found.rejected)


def test_a_medium_without_a_count_is_read_every_time(server: Server) -> None:
    """A missing count is not taken for zero."""
    platform = of_kind(server, "instagram", *some_drafts("instagram"))
    strip = without("comments_count")
    platform.wire.after = lambda path, body: (
        {"data": [strip(item) for item in body["data"]]} if path.endswith("/media") else body
    )
    first = platform.read()
    assert whole(platform, first)
    assert first.marks == {}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-11-03T06:41:09+0000"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


SOUND: dict[str, Any] = {
    "id": "17",
    "timestamp": "2026-11-03T06:41:09+0000",
    "created_time": "2026-11-03T06:41:09+0000",
    "updated_time": "2026-11-03T06:41:09+0000",
    "permalink": "https://www.instagram.com/p/contoh/",
    "comments_count": 1,
    "text": "tolong",
    "message": "tolong",
    "from": {"id": "18"},
    "username": "warga",
    "replies": {"data": [], "paging": {"next": "x"}},
    "attachments": {"data": [{"media_type": "photo"}]},
    "parent": {"id": "19"},
}


items = st.builds(lambda changes: SOUND | changes, st.dictionaries(st.sampled_from(sorted(SOUND)), junk, max_size=3))


bodies = st.fixed_dictionaries(
    {"data": st.lists(items | junk, max_size=3) | junk},
    optional={
        "paging": junk | st.fixed_dictionaries({"cursors": st.fixed_dictionaries({"after": junk}), "next": junk})
    },
)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(answers=st.lists(bodies | junk, min_size=1, max_size=5))
def test_whatever_the_platform_answers_a_source_yields_or_raises_a_channel_error(kind: str, answers: list[Any]) -> None:
    """Any JSON leads to storable batches or to a `ChannelError`, and to nothing else."""
    left = iter([*answers, *([{"data": []}] * 300)])
    wire = SimpleNamespace(request=lambda *_args, **_more: streamed(200, json.dumps(next(left)).encode(), {}))
    found = read(KINDS[kind](CHANNELS[kind], connection_to("http://127.0.0.1", NOW, "t", http=wire)), FIRST)
    for record in (*found.posts, *found.rejected):
        record.model_dump_json()
