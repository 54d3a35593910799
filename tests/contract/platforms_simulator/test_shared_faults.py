"""The simulated platforms fail in every way that they are told to."""

from __future__ import annotations

import email.utils
import json
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from infra.local.simulator.world import Kind
from tests.simulated_platforms import EDGE, PlatformsClient


@pytest.mark.parametrize("kind", EDGE)
@pytest.mark.parametrize(
    ("fault", "holds"),
    [
        ("html", lambda body: body.startswith(b"<!DOCTYPE html>")),
        ("truncated", lambda body: len(body) > 100 and body.rstrip()[-1:] not in b"}>"),
        ("empty_body", lambda body: body == b""),
        ("null_body", lambda body: body == b"null"),
    ],
)
def test_bodies_can_be_spoilt_everywhere(client: PlatformsClient, kind: Kind, fault: str, holds: Any) -> None:
    """A spoilt body comes with status 200, on every platform."""
    client.fault(fault, kind=kind, times=1)
    status, _, body = client.ask(kind)
    assert status == 200
    assert holds(body)
    assert not holds(client.ask(kind)[2])


@pytest.mark.parametrize("kind", EDGE)
def test_a_slow_answer_is_whole(client: PlatformsClient, kind: Kind) -> None:
    """`slow` delays the answer of any platform and changes nothing else."""
    whole = client.ask(kind)[2]
    client.fault("slow", seconds=0.1)
    started = time.monotonic()
    assert client.ask(kind)[2] == whole
    assert time.monotonic() - started >= 0.1


@pytest.mark.parametrize("wait", ["14", "-5", "999999999999", "besok"])
@pytest.mark.parametrize("kind", [Kind.X, Kind.YOUTUBE, Kind.RSS])
def test_throttled_answers_may_name_any_wait(client: PlatformsClient, kind: Kind, wait: str) -> None:
    """`Retry-After` holds what it is told, however absurd; without it there is none."""
    client.fault("throttled", retry_after=wait, times=1)
    client.fault("throttled", retry_after="none", times=1)

    status, headers, _ = client.ask(kind)
    assert (status, headers["Retry-After"]) == (429, wait)
    status, headers, _ = client.ask(kind)
    assert status == 429
    assert not {"Retry-After", "x-rate-limit-reset"} & set(headers)


@pytest.mark.parametrize("minutes", [90, -90])
@pytest.mark.parametrize("kind", EDGE)
def test_clocks_can_be_wrong(client: PlatformsClient, kind: Kind, minutes: int) -> None:
    """`clock_skew` moves every created time by so many minutes."""

    def newest() -> datetime:
        body = client.ask(kind)[2]
        if kind is Kind.RSS:
            published = body.decode().partition("<pubDate>")[2].partition("<")[0]
            return email.utils.parsedate_to_datetime(published)
        answer = json.loads(body)
        if kind is Kind.TELEGRAM_RELAY:
            return datetime.fromtimestamp(answer["result"][-1]["message"]["date"], UTC)
        if kind is Kind.X:
            return datetime.fromisoformat(answer["data"][0]["created_at"])
        return datetime.fromisoformat(answer["items"][0]["snippet"]["topLevelComment"]["snippet"]["publishedAt"])

    before = newest()
    client.fault("clock_skew", minutes=minutes)
    assert newest() - before == timedelta(minutes=minutes)


@pytest.mark.parametrize("kind", EDGE)
def test_authors_can_be_missing(client: PlatformsClient, kind: Kind) -> None:
    """`hide_author` leaves no trace of who wrote a post."""
    assert b"budi" in client.ask(kind)[2]
    client.fault("hide_author")
    body = client.ask(kind)[2]
    assert b"budi" not in body
    assert f"Lapor {kind}-6".encode() in body


@pytest.mark.parametrize(
    ("kind", "more", "token"),
    [
        (Kind.X, "pagination_token", lambda body: body["meta"].get("next_token")),
        (Kind.YOUTUBE, "pageToken", lambda body: body.get("nextPageToken")),
    ],
)
def test_pages_can_repeat_be_empty_and_never_end(client: PlatformsClient, kind: Kind, more: str, token: Any) -> None:
    """The same page under the same token; pages without end under ever new ones; an empty page before a full one."""

    def page(after: str | None) -> Any:
        return json.loads(client.ask(kind, **({more: after} if after else {}))[2])

    whole = page(None)
    client.fault("repeat_page")
    assert token(page(None)) == token(page(token(page(None)))) is not None
    client.control("DELETE", "faults")
    client.fault("endless_pages")
    tokens: list[str] = []
    for _ in range(5):
        tokens.append(token(page(tokens[-1] if tokens else None)))
    assert len(set(tokens)) == 5
    client.control("DELETE", "faults")
    client.fault("empty_page_with_next")
    empty = page(None)
    full = page(token(empty))
    assert not empty.get("data", empty.get("items"))
    assert full.get("data", full.get("items")) == whole.get("data", whole.get("items"))


def test_pages_can_be_short(client: PlatformsClient) -> None:
    """`short_pages` cuts pages as far as the platform allows."""
    client.fault("short_pages", limit=2)
    assert len(client.updates()) == 2
    assert len(client.mentions(max_results=100)["data"]) == 5
    assert len(client.threads()["items"]) == 2


def _course(client: PlatformsClient, seed: int, requests: int = 60) -> list[tuple[int, bytes]]:
    client.control("DELETE", "faults")
    client.fault("random", seed=seed, rate=0.5)
    answers = (client.ask(Kind.YOUTUBE) for _ in range(requests))
    return [(status, body) for status, _, body in answers]


def test_random_faults_can_be_had_again(client: PlatformsClient) -> None:
    """The same seed strikes the same requests of an account in the same way, whatever others ask meanwhile."""
    first = _course(client, 7)
    assert _course(client, 7) == first
    assert _course(client, 8) != first
    whole = client.control("DELETE", "faults") and client.ask(Kind.YOUTUBE)[2]
    assert 0.3 < sum(body == whole for _, body in first) / len(first) < 0.7
    assert len(set(first)) > 4

    client.fault("random", seed=7, rate=0.5)
    mixed = []
    for _ in range(60):
        client.ask(Kind.RSS)
        status, _, body = client.ask(Kind.YOUTUBE)
        mixed.append((status, body))
    assert mixed == first


@pytest.mark.parametrize(
    ("settings", "reason"),
    [({"rate": 2.0}, "between 0 and 1"), ({"among": "html,banjir"}, "banjir"), ({"among": "random"}, "random")],
)
def test_random_faults_described_wrongly(client: PlatformsClient, settings: dict[str, Any], reason: str) -> None:
    """A rate that is none and faults that are not there are refused."""
    status, _, body = client.raw("POST", "/_simulator/faults", {"fault": "random", **settings})
    assert status == 400
    assert reason in json.loads(body)["error"]


def test_a_fault_of_one_platform_leaves_the_others_alone(client: PlatformsClient) -> None:
    """A fault that does not exist on a platform has no effect there."""
    client.fault("conflict")
    assert [client.ask(kind)[0] for kind in EDGE] == [409, 200, 200, 200]
    client.control("DELETE", "faults")
    client.fault("server_error", edge="feed")
    assert [client.ask(kind)[0] for kind in EDGE] == [200, 200, 200, 503]
