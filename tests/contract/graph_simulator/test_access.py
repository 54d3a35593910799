"""The simulated Graph API checks tokens and proofs, and tells the usage."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest

from infra.local.simulator.access import proof_of
from infra.local.simulator.config import Config
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Kind, Role, populate
from tests.simulated import NOW, by_the_county
from tests.simulated_graph import CONFIG, FEED, INSTAGRAM, MEDIA, PAGE, SECRET, GraphClient, a_draft, ids


def test_the_token_is_checked_first(client: GraphClient) -> None:
    """A missing or unknown token is 190/467; the query serves as well as the header."""
    proof = proof_of(SECRET, PAGE.token)
    for query, headers in (("", {}), ("access_token=x", {}), ("", {"Authorization": "Bearer x"})):
        status, _, body = client.raw("GET", f"/v25.0/{FEED}?{query}", headers=headers)
        error = json.loads(body)["error"]
        assert (status, error["code"], error["error_subcode"]) == (400, 190, 467)
    status, _, _ = client.raw("GET", f"/v25.0/{FEED}?access_token={PAGE.token}&appsecret_proof={proof}")
    assert status == 200


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("", "API calls from the server require an appsecret_proof argument"),
        (f"appsecret_proof={'0' * 64}", "Invalid appsecret_proof provided in the API argument"),
        (
            f"appsecret_proof={proof_of(SECRET, INSTAGRAM.token)}",
            "Invalid appsecret_proof provided in the API argument",
        ),
    ],
)
def test_the_proof_is_demanded(client: GraphClient, query: str, message: str) -> None:
    """A missing proof, and one that belongs to another token, each get their own error."""
    status, _, body = client.raw("GET", f"/v25.0/{FEED}?{query}", headers={"Authorization": f"Bearer {PAGE.token}"})
    error = json.loads(body)["error"]

    assert (status, error["code"], error["message"]) == (400, 100, message)
    assert error["type"] == "GraphMethodException"


def test_another_token_on_the_page(client: GraphClient) -> None:
    """A user's token is refused on the feed and gets silence on comments."""
    assert client.refusal(FEED, INSTAGRAM) == (400, 190, 2069032)
    assert client.get(f"{client.native('f1')}/comments", INSTAGRAM) == (200, {"data": []})
    assert client.refusal(client.native("fc1"), INSTAGRAM) == (400, 200, None)
    assert client.refusal(MEDIA, PAGE) == (400, 10, None)


def test_another_version_is_not_served(client: GraphClient) -> None:
    """Only the configured version answers, so that a wrong setting shows."""
    status, _, body = client.raw("GET", f"/v19.0/{FEED}", headers={"Authorization": f"Bearer {PAGE.token}"})

    assert status == 400
    assert "error" in json.loads(body)


def test_every_answer_tells_the_usage(client: GraphClient) -> None:
    """Both usage headers come with good answers and with errors."""
    for limit in (1, 1000):
        _, headers, _ = client.get_raw(FEED, limit=limit)
        assert json.loads(headers["X-App-Usage"])["call_count"] < 80
        [use] = json.loads(headers["X-Business-Use-Case-Usage"])[PAGE.account]
        assert use["type"] == "pages"
        assert use["estimated_time_to_regain_access"] == 0


def test_requests_are_counted_by_shape(client: GraphClient) -> None:
    """Requests are counted by the shape of their path: no ids, no tokens, no names from outside."""
    client.good(FEED)
    client.good(f"{client.native('m1')}/comments")
    client.good(f"{client.native('ic1')}/replies")
    client.get("secret-token/whatever", PAGE)

    assert client.control("GET", "requests")[1] == {
        "requests": {
            "/{comment-id}/replies": 1,
            "/{media-id}/comments": 1,
            "/{page-id}/feed": 1,
            "/{unknown}/{unknown}": 1,
        },
        "total": 4,
    }


def test_tokens_can_be_inspected(client: GraphClient) -> None:
    """The app learns with its own secret how long a token lives; unknown and dead ones are not valid."""

    def inspected(token: str, secret: str = SECRET) -> Any:
        query = urlencode({"input_token": token, "appsecret_proof": "x"})
        headers = {"Authorization": f"Bearer 1234567890|{secret}"}
        return json.loads(client.raw("GET", f"/v25.0/debug_token?{query}", headers=headers)[2])

    assert inspected(INSTAGRAM.token)["data"]["expires_at"] == int((NOW + timedelta(days=60)).timestamp())
    assert inspected(PAGE.token)["data"]["expires_at"] == 0
    assert not inspected("x")["data"]["is_valid"]
    assert inspected(PAGE.token, "wrong")["error"]["code"] == 190
    client.fault("dying_token", days=1, times=1)
    assert inspected(PAGE.token)["data"]["expires_at"] == int((NOW + timedelta(days=1)).timestamp())
    client.fault("dying_token", days=-1)
    assert not inspected(PAGE.token)["data"]["is_valid"]


def test_accounts_of_one_kind_are_kept_apart(client: GraphClient) -> None:
    """Each account has its own posts and token, and a fault may strike one account alone."""
    other = replace(INSTAGRAM, account="17841400000000002", label="dinas.contoh", token="other-token")
    accounts = (*CONFIG.accounts, other)
    drafts = [
        by_the_county("m1", Kind.INSTAGRAM, Role.COUNTY_POST),
        by_the_county("d1", Kind.INSTAGRAM, Role.COUNTY_POST, account="dinas.contoh"),
        a_draft("c1", "instagram", "comment", "d1"),
        a_draft("t1", "instagram", "tag", account=other.account),
    ]
    client.server.simulator = Simulator(
        Config("v25.0", SECRET, accounts), populate(accounts, drafts), clock=lambda: NOW
    )

    def of_other(edge: str) -> list[str]:
        return ids(client.get(f"{other.account}/{edge}", other)[1])

    assert ids(client.good(MEDIA)) == [client.native("m1")]
    assert of_other("media") == [client.native("d1")]
    assert of_other("tags") == [client.native("t1")]
    assert client.refusal(f"{client.native('d1')}/comments", INSTAGRAM) == (400, 10, None)
    client.fault("server_error", object=other.account)
    assert client.refusal(f"{client.native('d1')}/comments", other)[0] == 500
    client.good(MEDIA)
