"""The simulated Graph API fails in every way that it is told to."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest

from infra.local.simulator.faults import FAULTS
from tests.simulated_graph import FEED, INSTAGRAM, MEDIA, TAGS, GraphClient, ids


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
def test_faults_that_refuse(
    client: GraphClient, fault: dict[str, Any], status: int, code: int, subcode: int | None
) -> None:
    """A refusing fault answers with its own status and codes, and only as often as it was told."""
    client.control("POST", "faults", {**fault, "edge": "feed", "times": 1})

    assert client.refusal(FEED, limit=10, fields="id,attachments{media_type}") == (status, code, subcode)
    client.good(FEED, limit=10, fields="id,attachments{media_type}")


def test_throttling_shows_in_the_headers(client: GraphClient) -> None:
    """Throttled answers say 100 percent and how long to wait; Instagram has its own code."""
    client.fault("throttled", minutes=7)
    _, headers, _ = client.get_raw(MEDIA)

    [use] = json.loads(headers["X-Business-Use-Case-Usage"])[INSTAGRAM.account]
    assert (use["call_count"], use["estimated_time_to_regain_access"]) == (100, 7)
    assert client.refusal(MEDIA) == (400, 80002, None)


def test_high_usage_leaves_the_answer_whole(client: GraphClient) -> None:
    """A client can be driven to its own brake without being refused."""
    client.fault("high_usage", percent=91)
    status, headers, _ = client.get_raw(FEED)

    assert status == 200
    assert json.loads(headers["X-App-Usage"])["call_count"] == 91


def test_faults_that_spare_small_requests(client: GraphClient) -> None:
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
def test_faults_that_spoil_the_body(client: GraphClient, fault: str, holds: Callable[[bytes], bool]) -> None:
    """A spoilt body comes with status 200: nothing but the body tells."""
    client.fault(fault, times=1)
    status, headers, body = client.get_raw(FEED)

    assert status == 200
    assert holds(body)
    assert headers["Content-Type"].startswith("text/html" if fault == "html" else "application/json")
    client.good(FEED)


@pytest.mark.parametrize("path", [FEED, MEDIA])
def test_an_empty_page_with_next_loses_nothing(client: GraphClient, path: str) -> None:
    """Empty pages with `next` come before full ones: a client that continues gets everything."""
    everything = ids(*client.pages(path, limit=3))
    client.fault("empty_page_with_next")
    pages = client.pages(path, limit=3)

    assert pages[0]["data"] == []
    assert ids(*pages) == everything
    cursors = [page["paging"]["cursors"]["after"] for page in pages if "next" in page.get("paging", {})]
    assert len(cursors) == len(set(cursors))


def test_a_page_can_repeat_for_ever(client: GraphClient) -> None:
    """`repeat_page` gives the same page and the same cursor, however far one pages."""
    client.fault("repeat_page", edge="media")
    first = client.good(MEDIA)
    second = client.good(MEDIA, after=first["paging"]["cursors"]["after"])

    assert first["paging"]["next"]
    assert second == first


def test_short_pages_lose_nothing(client: GraphClient) -> None:
    """Pages may hold fewer than asked for and still have `next`."""
    everything = ids(client.good(FEED))
    client.fault("short_pages", limit=2)
    pages = client.pages(FEED, limit=50)

    assert len(pages) == 4
    assert ids(*pages) == everything


def test_a_ranked_feed_is_out_of_order_and_complete(client: GraphClient) -> None:
    """Ranking shows newer posts beneath older ones, and paging still returns each once."""
    everything = ids(client.good(FEED))
    client.fault("ranked")
    ranked = ids(*client.pages(FEED, limit=2))

    assert ranked != everything
    assert sorted(ranked) == sorted(everything)


def test_standard_access_hides_citizens(client: GraphClient) -> None:
    """`hide_from` drops `from` of everyone but the county; with `everyone` the county's as well."""
    client.fault("hide_from")
    posts = client.good(FEED, fields="from")["data"]
    assert [post["id"] for post in posts if "from" in post] == [client.native("f1")]

    client.fault("hide_from", everyone=True)
    assert all("from" not in post for post in client.good(FEED, fields="from")["data"])


def test_names_and_ids_can_be_withheld(client: GraphClient) -> None:
    """Missing permissions drop `username` on Instagram and comment ids on the Page."""
    client.fault("hide_username")
    client.fault("hide_ids", kind="facebook_page")

    assert set(client.good(TAGS, fields="username", limit=1)["data"][0]) == {"id"}
    assert all("id" not in comment for comment in client.good(f"{client.native('f1')}/comments")["data"])


def test_a_slow_answer_is_late_and_whole(client: GraphClient) -> None:
    """`slow` delays the answer and changes nothing else."""
    client.fault("slow", seconds=0.2, times=1)
    started = time.monotonic()
    client.good(FEED)

    assert time.monotonic() - started >= 0.2


def test_faults_strike_where_and_when_they_are_told(client: GraphClient) -> None:
    """A fault can be bound to an edge, a kind or an object, and wait for some calls first."""
    client.fault("server_error", edge="comments", kind="instagram", after=1)
    client.fault("null_body", object=client.native("f1"))
    address = f"{client.native('m1')}/comments"

    client.good(FEED)
    client.good(f"{client.native('ic1')}/replies")
    client.good(address)
    assert client.refusal(address)[1] == 2
    assert client.get(f"{client.native('f1')}/comments") == (200, None)


def test_faults_can_be_cleared(client: GraphClient) -> None:
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
def test_faults_described_wrongly_are_refused(client: GraphClient, fault: dict[str, Any], reason: str) -> None:
    """A misspelt fault is refused, so that no test believes in a fault that never struck."""
    status, answer = client.control("POST", "faults", fault)

    assert status == 400
    assert reason in answer["error"]


@pytest.mark.parametrize("fault", FAULTS)
def test_every_fault_can_be_described_and_switched_on_again(client: GraphClient, fault: str) -> None:
    """What `GET faults` shows can be posted back."""
    client.fault(fault, times=2)
    [described] = client.control("GET", "faults")[1]["faults"]
    client.control("DELETE", "faults")

    assert client.control("POST", "faults", described)[1] == {"faults": [described]}
