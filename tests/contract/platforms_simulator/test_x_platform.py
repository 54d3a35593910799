"""The simulator speaks X as the contract says."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest

from infra.local.simulator.native_ids import x_post
from infra.local.simulator.world import Kind
from tests.simulated import NOW
from tests.simulated_platforms import LEGACY_FIELDS, MENTIONS, NEW_FIELDS, PlatformsClient, X, a_draft, several


def test_mentions_come_newest_first_and_after_an_id(client: PlatformsClient) -> None:
    """Ids descend, `since_id` excludes the post itself, and without news there is no `data`."""
    everything = [int(post["id"]) for post in client.mentions()["data"]]

    assert everything == sorted(everything, reverse=True)
    newer = client.mentions(since_id=everything[2])
    assert [int(post["id"]) for post in newer["data"]] == everything[:2]
    assert newer["meta"] == {
        "result_count": 2,
        "newest_id": str(everything[0]),
        "oldest_id": str(everything[1]),
    }
    assert client.mentions(since_id=everything[0]) == {"meta": {"result_count": 0}}


def test_mentions_come_in_pages(client: PlatformsClient) -> None:
    """Following `next_token` gives each post once."""
    first = client.mentions(max_results=5)
    second = client.mentions(max_results=5, pagination_token=first["meta"]["next_token"])

    assert "next_token" not in second["meta"]
    assert [post["id"] for post in first["data"] + second["data"]] == [post["id"] for post in client.mentions()["data"]]


@pytest.mark.parametrize(
    "params", [{"max_results": 4}, {"max_results": 101}, {"since_id": "x"}, {"start_time": "kemarin"}]
)
def test_wrong_parameters_of_x_are_400(client: PlatformsClient, params: dict[str, Any]) -> None:
    """A page size outside 5 to 100 and unreadable ids or times fail the request and name the parameter."""
    status, body = client.x(**params)

    assert status == 400
    assert body["type"].endswith("/problems/invalid-request")
    assert next(iter(params)) in body["errors"][0]["parameters"]


def test_both_dialects_of_x(client: PlatformsClient) -> None:
    """The old dialect has the author as a field and the history always, the new one both as expansions."""
    old = client.mentions(tweet__fields=LEGACY_FIELDS)["data"][0]
    new = client.mentions(post__fields=NEW_FIELDS)["data"][0]
    expanded = client.mentions(post__fields=NEW_FIELDS, expansions="author_id,edit_history_post_ids")["data"][0]

    assert set(old) == {"id", "text", "edit_history_tweet_ids", "created_at", "author_id", "conversation_id"}
    assert set(new) == {"id", "text", "created_at", "conversation_id"}
    assert set(expanded) == {*new, "author_id", "edit_history_post_ids"}
    assert set(client.mentions()["data"][0]) == {"id", "text", "edit_history_tweet_ids"}
    assert old["created_at"] == "2026-11-03T05:26:00.000Z"


def test_includes_come_only_when_asked_for(client: PlatformsClient) -> None:
    """People and media are included for an expansion, each once; unknown fields are dropped silently."""
    client.holds(*several(Kind.X, 2), a_draft("photo", Kind.X, has_photo=True))

    assert "includes" not in client.mentions(tweet__fields=LEGACY_FIELDS, user__fields="username")
    found = client.mentions(tweet__fields="attachments,nonsense", expansions="author_id,attachments.media_keys")
    assert [user["username"] for user in found["includes"]["users"]] == ["budi"]
    [media] = found["includes"]["media"]
    assert found["data"][0]["attachments"]["media_keys"] == [media["media_key"]]


def test_long_and_marked_up_posts(client: PlatformsClient) -> None:
    """A long post is cut and whole in its note; `&` and `<` come as entities."""
    client.holds(a_draft("long", Kind.X, text="Jalan A & B <rusak> " * 20))
    for dialect, note in (
        ({"tweet__fields": "note_tweet"}, "note_tweet"),
        ({"post__fields": "note_post"}, "note_post"),
    ):
        [post] = client.mentions(**dialect)["data"]
        assert len(post["text"]) == 280
        assert post[note]["text"].startswith("Jalan A &amp; B &lt;rusak&gt; Jalan")


def test_an_edit_on_x_is_a_new_id(client: PlatformsClient) -> None:
    """An edited post comes again after its old id, under a new one with its history."""
    before = client.mentions()["meta"]["newest_id"]
    first = client.native("x-0")
    client.control("PATCH", f"posts/{first}", {"text": "Diralat"})
    [post] = client.mentions(since_id=before)["data"]

    assert post["text"] == "Diralat"
    assert post["edit_history_tweet_ids"] == [first, post["id"]]


def test_every_answer_of_x_tells_the_limit(client: PlatformsClient) -> None:
    """The rate-limit headers come with good answers, errors and refusals, and count down."""
    left = []
    for headers in ({"Authorization": f"Bearer {X.token}"}, {}, {"Authorization": f"Bearer {X.token}"}):
        status, found, _ = client.raw("GET", MENTIONS, headers=headers)
        assert status == (200 if headers else 401)
        assert int(found["x-rate-limit-reset"]) > NOW.timestamp()
        left.append(int(found["x-rate-limit-remaining"]))
    assert left == [449, 448, 447]
    client.fault("throttled", minutes=3)
    status, found, _ = client.ask(Kind.X)
    assert (status, found["x-rate-limit-remaining"]) == (429, "0")
    assert int(found["x-rate-limit-reset"]) == NOW.timestamp() + 180


def test_x_packs_its_answers(client: PlatformsClient) -> None:
    """A client that accepts gzip gets it."""
    _, headers, body = client.raw(
        "GET", MENTIONS, headers={"Authorization": f"Bearer {X.token}", "Accept-Encoding": "gzip"}
    )
    assert headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(body))["data"]) == 7


@pytest.mark.parametrize(
    ("fault", "status", "told"),
    [
        ("expired_token", 401, "Unauthorized"),
        ("credits_depleted", 402, "CreditsDepleted"),
        ("not_permitted", 403, "Client Forbidden"),
        ("usage_capped", 429, "UsageCapExceeded"),
        ("server_error", 503, "Service Unavailable"),
        ("stale_since_id", 400, "Invalid Request"),
    ],
)
def test_how_x_refuses(client: PlatformsClient, fault: str, status: int, told: str) -> None:
    """Each refusal has its own status and title."""
    client.fault(fault)
    found, body = client.x(since_id=1)
    assert (found, body["title"]) == (status, told)


def test_a_stale_since_id_names_one_that_is_not(client: PlatformsClient) -> None:
    """The refusal names the smallest id that would do; requests without `since_id` are not concerned."""
    client.fault("stale_since_id")
    _, body = client.x(since_id=1)
    edge = int(body["errors"][0]["message"].split()[-1])

    assert edge <= int(x_post(NOW - timedelta(days=7), "any"))
    assert client.x()[0] == 200


def test_partial_errors_come_with_the_data(client: PlatformsClient) -> None:
    """Status 200 may bring errors beside the posts."""
    client.fault("partial_errors")
    body = client.mentions()
    assert len(body["data"]) == 7
    assert body["errors"][0]["type"].endswith("/problems/resource-not-found")


def test_posts_of_x_can_be_looked_up(client: PlatformsClient) -> None:
    """Posts are found by any of their ids; a deleted one is an error beside them, with status 200."""
    here, gone = client.native("x-1"), client.native("x-2")
    client.control("DELETE", f"posts/{gone}")

    def looked_up(*ids: str) -> Any:
        path = f"/x/2/tweets?ids={','.join(ids)}"
        return json.loads(client.raw("GET", path, headers={"Authorization": f"Bearer {X.token}"})[2])

    found = looked_up(here, gone)
    assert [post["id"] for post in found["data"]] == [here]
    assert [error["resource_id"] for error in found["errors"]] == [gone]
    assert set(looked_up(gone)) == {"errors"}
