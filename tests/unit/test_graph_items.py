"""What the poller takes from a good answer of the Graph API: where a list goes on, its items, and their ids."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from aduan.channel import RAW_BYTES
from aduan.graph_api import interpret_response
from aduan.platform_errors import OutageError
from aduan.platform_http import Response, parse_object
from poll_channels.sources.graph import next_cursor, rejected
from poll_channels.sources.items import Named
from tests.builders import NOON
from tests.json_values import json_values

NEXT = "https://graph.facebook.com/v25.0/100000000000001/feed?access_token=RAHASIA&limit=25&after="
# ----------------------------------------------------------------------------------------------- next_cursor


@pytest.mark.parametrize(
    ("paging", "expected"),
    [
        ({"cursors": {"before": "b", "after": "a"}, "next": NEXT + "a"}, "a"),
        ({"cursors": {"after": "a"}, "next": NEXT + "a"}, "a"),  # the first page of Instagram's comments
        ({"next": NEXT + "aus%3DURL"}, "aus=URL"),  # old edges without cursors
        ({"cursors": {"before": "b"}, "previous": NEXT}, None),  # the last page of a feed
        ({"cursors": {"before": "b", "after": "a"}, "previous": NEXT}, None),  # the last page of a Page's comments
        ({"cursors": {"before": "b", "after": "a"}}, None),
        ({}, None),
    ],
)
def test_only_a_missing_next_is_the_end(paging: dict[str, Any], expected: str | None) -> None:
    """Every documented page, full or empty, leads on if it has a `next`, and is the last if it has none."""
    for data in ([], [{"id": "1"}]):
        assert next_cursor({"data": data, "paging": paging}, by_cursor=False) == expected


@pytest.mark.parametrize("body", [{"data": [1]}, {"data": [1], "paging": None}, {"data": [1], "paging": []}])
def test_instagram_often_ends_without_paging(body: dict[str, Any]) -> None:
    """Any edge has ended when there is no `paging` at all."""
    assert next_cursor(body, by_cursor=False) is None
    assert next_cursor(body, by_cursor=True) is None


@pytest.mark.parametrize(
    ("data", "cursors", "expected"),
    [
        ([1], {"before": "b", "after": "a"}, "a"),
        ([], {"before": "b", "after": "a"}, None),
        ([1], {"before": "b"}, None),
        ([1], {"after": ""}, None),
        ([1], None, None),
    ],
)
def test_tags_end_without_a_cursor_or_without_an_item(
    data: list[int], cursors: dict[str, str] | None, expected: str | None
) -> None:
    """The edge without a `next` leads on as long as it gives both items and a cursor."""
    assert next_cursor({"data": data, "paging": {"cursors": cursors}}, by_cursor=True) == expected


@pytest.mark.parametrize("following", [NEXT, "", None, 17, "http://[", {"after": "a"}])
def test_a_promise_that_cannot_be_kept_is_an_outage(following: Any) -> None:
    """A `next` that names no cursor is not taken for the end."""
    with pytest.raises(OutageError):
        next_cursor({"data": [], "paging": {"next": following}}, by_cursor=False)


@given(json_values, json_values, st.booleans())
def test_whatever_paging_holds_the_cursor_is_text_or_none(paging: Any, after: Any, by_cursor: Any) -> None:
    """Any shape of paging gives a cursor, the end, or an outage."""
    for body in (
        {"data": [1], "paging": paging},
        {"data": [1], "paging": {"cursors": {"after": after}, "next": paging}},
    ):
        try:
            cursor = next_cursor(body, by_cursor=by_cursor)
        except OutageError:
            continue
        assert cursor is None or len(cursor + "") > 0


# -------------------------------------------------------------------------------------------------- rejected


def refused(item: Any) -> ValidationError:
    """Return the error of an item that cannot be read."""
    with pytest.raises(ValidationError) as caught:
        Named.model_validate(item)
    return caught.value


def test_a_rejected_item_keeps_its_id_its_text_and_its_reason() -> None:
    """What is needed to read the item again is kept; the reason names the field, not its content."""
    item = {"id": "18000000000000021", "text": "selokan mampet", "timestamp": "kemarin"}
    kept = rejected("instagram:kabarsleman", item, refused({"text": "selokan mampet"}))
    assert (kept.native_id, kept.channel) == ("18000000000000021", "instagram:kabarsleman")
    assert kept.reason == "id: Field required"
    assert json.loads(kept.raw) == item


def test_a_rejected_item_names_nobody() -> None:
    """Neither the author nor the authors of replies and parents beneath the item are kept."""
    person = {"id": "17850000000000077", "username": "warga_depok77", "name": "Budi Santoso"}
    reply = {"id": "2", "text": "betul", "from": person, "username": "warga_depok77"}
    item = {"id": "1", "text": "x", "from": person, "replies": {"data": [reply]}, "parent": {"from": person}}
    raw = rejected("instagram:kabarsleman", item, ValueError("Budi Santoso")).raw
    assert "betul" in raw
    for trace in ("Budi", "warga_depok77", "17850000000000077"):
        assert trace not in raw
    assert "Budi" not in rejected("instagram:kabarsleman", [item], ValueError("Budi Santoso")).model_dump_json()


def test_items_without_a_usable_id_are_told_apart_by_their_content() -> None:
    """Two different unreadable items never share an id, and the same item always gets the same id."""
    items: list[Any] = [
        None,
        [],
        {"text": "a"},
        {"text": "b"},
        {"id": None},
        {"id": ""},
        {"id": True},
        {"id": float("nan")},
        {"id": "x" * 300 + "1"},
        {"id": "x" * 300 + "2"},
        {"id": "dengan spasi"},
        {"id": ["1"]},
    ]
    ids = [rejected("c", item, ValueError()).native_id for item in items]
    assert ids == [rejected("c", item, ValueError()).native_id for item in items]
    assert len(set(ids)) == len(items)
    assert {len(native_id) for native_id in ids} == {32}


def test_a_huge_item_is_clipped() -> None:
    """An unreadable item of a megabyte still fits into the table."""
    kept = rejected("c", {"id": "1", "text": "a" * 1_000_000}, ValueError())
    assert (len(kept.raw), kept.clipped) == (RAW_BYTES, True)


@given(json_values)
def test_whatever_an_item_is_it_can_be_put_aside(item: Any) -> None:
    """Every JSON value can be quarantined, under an id that the table accepts."""
    kept = rejected("c", item, ValueError())
    assert 1 <= len(kept.native_id) <= 200
    kept.model_dump_json()


# ------------------------------------------------------------------------------------------------------- ids


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ('"18000000000000021"', "18000000000000021"),
        ("18000000000000021", "18000000000000021"),
        (str(2**63 + 1), str(2**63 + 1)),
        (str(2**64 + 1), str(2**64 + 1)),
        ('"100000000000001_122100000000457"', "100000000000001_122100000000457"),
    ],
)
def test_ids_come_out_to_the_last_digit(written: str, expected: str) -> None:
    """An id that comes as a number is not rounded, however long it is."""
    response = Response(200, {}, f'{{"id":{written}}}'.encode())
    body = parse_object(response, interpret_response, NOON)
    assert Named.model_validate(body).id == expected


@pytest.mark.parametrize(
    "given_id", ["", " ", "../me", "1?fields=x", "1#2", "a\nb", "9" * 201, None, True, 1.5, float("nan"), [], {}]
)
def test_what_cannot_stand_in_an_address_is_no_id(given_id: Any) -> None:
    """An id becomes part of an address, so it may hold only letters, digits and a few marks."""
    refused({"id": given_id})
