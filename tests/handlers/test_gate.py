"""The gate in operation, as it is deployed: it is learnt, decides, is shown, and goes back."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import boto3
import pytest

from aduan.gate_version import GateInForce
from aduan.store.gates import DynamoGateStore
from aduan.store.lanes import DynamoLaneStore
from aduan.store.posts import DynamoPostStore
from aduan.triage import Triage
from tests.admin_requests import ADMIN, DISHUB
from tests.builders import NOON, a_gate_version, a_post, a_triage, an_example
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import Api
from tests.unit.test_learnt_gate import UNSURE, an_adapter

CHATTER = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
SAMPLED = a_triage(route="review", department=None, gate="sampled")


class Started:
    """A client of Lambda that remembers what it was asked for."""

    def __init__(self) -> None:
        """Remember nothing yet."""
        self.calls: list[dict[str, Any]] = []

    def invoke(self, **request: Any) -> None:
        """Take a request."""
        self.calls.append(request)


@pytest.fixture
def api(deployed: Deployment) -> Api:
    """The deployed API."""
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


@pytest.fixture
def started(api: Api, monkeypatch: pytest.MonkeyPatch) -> Started:
    """The client with which the API starts runs."""
    client = Started()
    real = api.module.session.client
    monkeypatch.setattr(
        api.module.session,
        "client",
        lambda service, **how: client if service == "lambda" else real(service, **how),
    )
    return client


def in_force(api: Api, *versions: int) -> DynamoGateStore:
    """Keep some versions, the last of them in force."""
    gates = DynamoGateStore(api.table)
    for number in versions:
        gates.add(a_gate_version(number), an_adapter(number).to_bytes())
    gates.put_in_force(GateInForce(version=versions[-1], at=NOON), gates.in_force())
    return gates


def test_before_anything_was_learnt_the_base_model_is_shown(api: Api) -> None:
    """An empty answer, not an error."""
    assert api.get("/gate").body == {
        "in_force": 0,
        "since": None,
        "by": None,
        "held": False,
        "versions": [],
        "last_run": None,
    }


def test_one_call_goes_back_and_another_forth(api: Api) -> None:
    """Going back holds the version; choosing the newest one lets later ones follow again. Repeating changes nothing."""
    in_force(api, 1, 2)
    for wanted, held in ((1, True), (0, True), (2, False)):
        answers = [api("POST", "/gate", ADMIN, None, {"version": wanted}) for _ in range(2)]
        assert [answer.status for answer in answers] == [200, 200]
        assert [answer.body["changed"] for answer in answers] == [True, False]
        shown = api.get("/gate").body
        assert (shown["in_force"], shown["held"]) == (wanted, held)
        assert shown["by"]
    assert [version["version"] for version in shown["versions"]] == [2, 1]
    assert "weights" not in shown["versions"][0]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"version": 9}, 404, None),
        ({"version": -1}, 400, "version"),
        ({"version": "1"}, 400, "version"),
        ({"learn": False}, 400, "learn"),
        ({}, 400, "version"),
        ({"version": 1, "learn": True}, 400, "version"),
        ({"versi": 1}, 400, "versi"),
    ],
)
def test_what_cannot_be_chosen_is_refused(
    api: Api, started: Started, body: dict[str, Any], status: int, field: str | None
) -> None:
    """Nothing changes, nothing starts, and the answer names what is wrong."""
    gates = in_force(api, 1)
    answer = api("POST", "/gate", ADMIN, None, body)
    assert answer.status == status
    assert answer.error.get("field") == field
    assert gates.in_force().version == 1
    assert not started.calls


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_gate_is_for_admins(api: Api, method: str) -> None:
    """An officer of a department neither sees nor changes it."""
    assert api(method, "/gate", DISHUB, None, {"version": 0} if method == "POST" else None).status == 403


def test_a_run_is_started_and_not_waited_for(api: Api, started: Started) -> None:
    """The function is named by the deployment, and told who asks."""
    answer = api("POST", "/gate", ADMIN, None, {"learn": True})
    assert (answer.status, answer.body["started"]) == (200, True)
    [call] = started.calls
    assert (call["FunctionName"], call["InvocationType"]) == ("Learn", "Event")
    assert json.loads(call["Payload"])["by"]


def test_what_samples_say_stands_in_the_statistics(api: Api) -> None:
    """Of four samples one was a report, so of the 30 that were dropped seven or eight are expected to be."""
    posts, lanes = DynamoPostStore(api.table), DynamoLaneStore(api.table)
    month = datetime.now(UTC)

    def settle(number: int, triage: Triage) -> str:
        post = a_post(native_id=str(number), fetched_at=month)
        posts.add(post)
        posts.settle(post, triage, NOON + timedelta(days=30))
        return post.key

    assert api.get("/stats").body["gate"] == {
        "dropped": 0,
        "sampled": 0,
        "judged": 0,
        "missed": 0,
        "lost_estimate": None,
    }
    for number in range(30):
        settle(number, CHATTER.model_copy(update={"gate": "dropped"}))
    keys = [settle(100 + number, SAMPLED) for number in range(5)]
    settle(200, CHATTER)
    for key in keys[1:4]:
        post = posts.get(key)
        assert post is not None
        lanes.sort(post, CHATTER, an_example(post=key, ticket=None, by="admin-1", at=month), timedelta(days=30))
    post = posts.get(keys[0])
    assert post is not None
    decision = {"post": keys[0], "version": post.version, "decision": "ticket", "department": "dlh"}
    assert api("POST", "/review", ADMIN, None, {"decisions": [decision]}).body["decisions"][0]["outcome"] == "done"
    assert api.get("/stats").body["gate"] == {
        "dropped": 30,
        "sampled": 5,
        "judged": 4,
        "missed": 1,
        "lost_estimate": 7.5,
    }
    assert api.get("/stats").body["lanes"] == {"review": 1, "question": 0, "drop": 34}
    assert api.get("/stats", department="dlh").body["gate"] is None


def test_the_deployed_classifier_decides_by_what_was_learnt(deployed: Deployment) -> None:
    """The stream's function and the one that looks for what it left behind both use the version in force."""
    gates = DynamoGateStore(deployed.table)
    gates.add(a_gate_version(1), an_adapter(1).to_bytes())
    gates.put_in_force(GateInForce(version=1, at=NOON), gates.in_force())
    posts = DynamoPostStore(deployed.table)
    modules: dict[str, ModuleType] = {name: deployed(name) for name in ("Classify", "FollowUp")}
    for number, (name, module) in enumerate(modules.items()):
        post = a_post(native_id=str(number), text=UNSURE)
        posts.add(post)
        if name == "Classify":
            module.triage({"pk": f"POST#{post.key}", "sk": "POST"})
        else:
            module.decide_again(post.key)
        stored = posts.get(post.key)
        assert stored is not None
        assert stored.triage is not None
        assert (stored.triage.route, stored.triage.gate) == ("drop", "dropped")
        assert stored.triage.decided_by.endswith("+ gate 1")


def test_the_deployed_learner_records_its_run(deployed: Deployment) -> None:
    """With nothing decided yet, it says so and fails nobody."""
    module = deployed("Learn")
    module.handler({}, None)
    run = DynamoGateStore(deployed.table).last_run()
    assert run is not None
    assert (run.outcome, run.decisions) == ("too_few", 0)
    assert run.sentence.startswith("Baru ada 0 keputusan.")
    assert boto3.client("dynamodb").scan(TableName=deployed.table.name)["Count"] == 1
