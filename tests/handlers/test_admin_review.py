"""Candidates and questions by the admin API, as it is deployed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest

from aduan.post import Post
from aduan.secure_parameters import AUTHOR_KEY
from aduan.store.lanes import DynamoLaneStore
from aduan.store.posts import DynamoPostStore
from tests.admin_requests import ADMIN, DISHUB
from tests.builders import NOON, a_post, a_triage
from tests.codes import CODE_KEY, ticket_code
from tests.deployment import KNOWN, Deployment
from tests.handlers.deployed_admin_api import Api

MINUTE = timedelta(minutes=1)
FLOOD = {"under": "Banjir di Kalurahan Condongcatur", "by": "account", "to": "account"}
LIKELY, UNLIKELY = 0.6, 0.2


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    boto3.client("ssm").put_parameter(
        Name=f"{KNOWN['CREDENTIALS_PATH']}/{AUTHOR_KEY}", Value=CODE_KEY, Type="SecureString", Overwrite=True
    )
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


def waiting(api: Api, number: int, likely: float = LIKELY, route: str = "review", **changes: Any) -> Post:
    """A post in a lane."""
    post = a_post(native_id=str(number), **changes)
    posts = DynamoPostStore(api.table)
    assert posts.add(post)
    kind = "question" if route == "question" else "complaint"
    triage = a_triage(route=route, kind=kind, department=None, guess="dishub", report_probability=likely)
    posts.settle(post, triage, NOON + timedelta(days=30))
    return stored(api, post)


def stored(api: Api, post: Post) -> Post:
    """The post as it is now."""
    found = DynamoPostStore(api.table).get(post.key)
    assert found is not None
    return found


def decide(api: Api, *wanted: tuple[Post, str] | tuple[Post, str, str], claims: Any = ADMIN) -> Any:
    """Send decisions about posts as they were seen."""
    decisions = []
    for post, decision, *department in wanted:
        one = {"post": post.key, "version": post.version, "decision": decision}
        decisions.append({**one, **({"department": department[0]} if department else {})})
    return api("POST", "/review", claims, body={"decisions": decisions})


def outcomes(answer: Any) -> list[str]:
    """The outcome of each decision."""
    assert answer.status == 200
    return [one["outcome"] for one in answer.body["decisions"]]


def test_candidates_come_by_thread_the_likeliest_first(api: Api) -> None:
    """A thread stands where its likeliest candidate would; each shows what one needs to decide."""
    waiting(api, 1, 0.3, context={"under": "Selamat pagi", "by": "account"})
    waiting(api, 2, UNLIKELY, context=FLOOD)
    waiting(api, 3, LIKELY, context=FLOOD)
    answer = api.get("/review")
    assert answer.status == 200
    threads = answer.body["threads"]
    assert [[post["post"] for post in thread["posts"]] for thread in threads] == [
        ["instagram#3", "instagram#2"],
        ["instagram#1"],
    ]
    assert threads[0]["under"] == FLOOD["under"]
    shown = threads[0]["posts"][0]
    assert (shown["guess"], shown["guess_name"], shown["to"]) == ("dishub", "Dinas Perhubungan", "account")
    assert shown["reasons"] == ["kata: lampu jalan", "kata: mati"]
    assert answer.body["total"] == 3


def test_decisions_are_carried_out_each_by_itself_and_may_be_repeated(api: Api) -> None:
    """A ticket at a department or the desk, a question, nothing: a repetition says the same and writes nothing."""
    posts = [waiting(api, number, created_at=NOON - timedelta(days=3)) for number in range(4)]
    unknown = a_post(native_id="404")
    wanted: list[Any] = [
        (posts[0], "ticket", "dlh"),
        (posts[1], "ticket", "desk"),
        (unknown, "none"),
        (posts[2], "question"),
        (posts[3], "none"),
    ]
    expected = ["done", "done", "refused", "done", "done"]
    first = decide(api, *wanted)
    assert outcomes(first) == expected
    after = [stored(api, post) for post in posts]
    assert [post.ticket for post in after] == [ticket_code(posts[0].key), ticket_code(posts[1].key), None, None]
    assert [post.lane for post in after] == [None, None, "question", "drop"]
    assert outcomes(decide(api, *wanted)) == expected
    assert [stored(api, post) for post in posts] == after
    assert api.get("/review").body["total"] == 0
    ticket = api.get(f"/tickets/{after[0].ticket}").body["ticket"]
    assert (ticket["department"], ticket["status"]) == ("dlh", "routed")
    assert ticket["opened_at"] == "2026-10-31T05:00:00Z"
    assert api.get(f"/tickets/{after[1].ticket}").body["ticket"]["status"] == "needs_review"
    assert len(api.get("/examples", month="2026-10").body["examples"]) == 4


def test_what_changed_meanwhile_is_refused_with_its_new_text(api: Api) -> None:
    """Edited, or decided otherwise by somebody else; a deleted post is not shown again."""
    edited, taken, gone = (waiting(api, number) for number in range(3))
    posts = DynamoPostStore(api.table)
    assert posts.revise(a_post(native_id="0", text="Sudah menyala, terima kasih min"))
    assert outcomes(decide(api, (taken, "none"))) == ["done"]
    assert posts.erase(gone, "deleted", NOON + MINUTE)
    answer = decide(api, (edited, "ticket", "dishub"), (taken, "ticket", "dishub"), (gone, "ticket", "dishub"))
    assert outcomes(answer) == ["outdated"] * 3
    now = [one["now"] for one in answer.body["decisions"]]
    assert now[0]["text"] == "Sudah menyala, terima kasih min"
    assert now[1]["version"] == stored(api, taken).version
    assert now[2] is None
    assert [stored(api, post).ticket for post in (edited, taken, gone)] == [None] * 3


def test_a_hundred_decisions_are_one_request(api: Api) -> None:
    """A desk clears a whole list at once; a hundred and one are refused."""
    posts = [waiting(api, number) for number in range(100)]
    wanted: list[Any] = [(post, "none") for post in posts]
    assert decide(api, *wanted, (posts[0], "none")).status == 400
    assert outcomes(decide(api, *wanted)) == ["done"] * 100
    assert DynamoLaneStore(api.table).candidates() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"decisions": []},
        {"decisions": "semua"},
        {"decisions": [{"post": "instagram#1", "version": "x", "decision": "ticket"}]},
        {"decisions": [{"post": "instagram#1", "version": "x", "decision": "none", "department": "dlh"}]},
        {"decisions": [{"post": "instagram#1", "version": 1, "decision": "none"}]},
        {"decisions": [{"post": "instagram#1", "version": "x", "decision": "hapus"}]},
        {"decisions": [{"post": "instagram#1", "decision": "none"}]},
        {"decisions": [{"post": "instagram#1", "version": "x", "decision": "none", "catatan": "x"}]},
    ],
)
def test_what_cannot_be_read_is_refused(api: Api, body: Any) -> None:
    """Nothing of it is done."""
    post = waiting(api, 1)
    answer = api("POST", "/review", body=body)
    assert answer.status == 400
    assert answer.error["field"] == "decisions"
    assert stored(api, post) == post


def test_an_unknown_department_is_refused_alone(api: Api) -> None:
    """The other decisions of the request are carried out."""
    first, second = waiting(api, 1), waiting(api, 2)
    assert outcomes(decide(api, (first, "ticket", "dinas_sulap"), (second, "none"))) == ["refused", "done"]
    assert stored(api, first) == first


def test_officers_see_the_questions_of_their_channels_and_decide_nothing(api: Api) -> None:
    """Questions come oldest first; Dishub looks after none of these channels."""
    waiting(api, 1, route="question", created_at=NOON)
    waiting(api, 2, route="question", created_at=NOON - MINUTE)
    posts = [post["post"] for thread in api.get("/questions").body["threads"] for post in thread["posts"]]
    assert posts == ["instagram#2", "instagram#1"]
    owner = {**DISHUB, "custom:department": "diskominfo"}
    assert api.get("/questions", owner).body["total"] == 2
    assert api.get("/questions", DISHUB).body["total"] == 0
    assert api.get("/questions", DISHUB, channel="instagram:kabarsleman").body["total"] == 0
    assert api.get("/review", DISHUB).status == 403
    assert decide(api, (a_post(), "none"), claims=DISHUB).status == 403


def test_figures_count_the_lanes_beside_the_tickets(api: Api) -> None:
    """For all departments only: a post without a ticket is no department's."""
    first, _ = waiting(api, 1), waiting(api, 2)
    waiting(api, 3, route="question")
    decide(api, (first, "none"))
    figures = api.get("/stats", from_="2026-11", to="2026-11").body
    assert figures["lanes"] == {"review": 1, "question": 1, "drop": 1}
    assert api.get("/stats", from_="2026-11", to="2026-11", department="dishub").body["lanes"] is None
