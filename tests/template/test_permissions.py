"""Every function may do what it does, and nothing else.

What a function does is not repeated here: its own logic runs against the table in moto, and each request is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

import pytest

from tests.template.declared import FUNCTIONS, TEMPLATE
from tests.template.recorded import LOGIC, Need, recorded
from tests.template.sources import reached, services

LEADING_KEYS = "dynamodb:LeadingKeys"
WRITES = {"dynamodb:PutItem", "dynamodb:UpdateItem"}
SENDERS = {"Notify", "FollowUp"}
ASKERS = {"Classify", "FollowUp"}
IAM_NAMES = {"sesv2": "ses", "bedrock-runtime": "bedrock"}
"""The prefix of a service's actions, where it differs from the client's name."""
TABLE_ARN = {"Fn::GetAtt": ["Storage", "Outputs.TableArn"]}

each_function = pytest.mark.parametrize("function", FUNCTIONS)


@dataclass(frozen=True)
class Statement:
    """One statement of a function's policies."""

    raw: Mapping[str, Any]

    @property
    def actions(self) -> list[str]:
        """The actions that the statement allows."""
        action = self.raw["Action"]
        return [action] if isinstance(action, str) else list(action)

    @property
    def resources(self) -> list[Any]:
        """The resources on which they are allowed; empty for the form with NotResource."""
        resource = self.raw.get("Resource", [])
        return resource if isinstance(resource, list) else [resource]

    @property
    def keys(self) -> list[str]:
        """Patterns of partition keys; every key where the statement has no condition."""
        keys: list[str] = self.raw.get("Condition", {}).get("ForAllValues:StringLike", {}).get(LEADING_KEYS, ["*"])
        return keys

    def covers(self, need: Need) -> bool:
        """Tell whether the statement allows a request."""
        return (
            need.action in self.actions
            and any(index_of(resource) == (need.index or "") for resource in self.resources)
            and any(fnmatchcase(need.keys, pattern) for pattern in self.keys)
        )


def index_of(resource: Any) -> str | None:
    """Return the name of the table's index that a resource denotes: empty for the table itself, None for others."""
    if resource == TABLE_ARN:
        return ""
    if isinstance(resource, dict) and "Fn::Sub" in resource:
        found = re.fullmatch(r"\$\{Storage\.Outputs\.TableArn\}/index/([a-z_]+)", resource["Fn::Sub"])
        return found[1] if found else None
    return None


def statements(function: str) -> list[Statement]:
    """Every statement of a function's policies, including those that depend on a condition."""
    return [Statement(raw.get("Fn::If", (None, raw))[1]) for raw in written(function)]


def written(function: str) -> list[Any]:
    """The function's statements as they are written in the template."""
    return [raw for policy in FUNCTIONS[function]["Policies"] for raw in policy["Statement"]]


def of_table(function: str) -> list[Statement]:
    """The function's statements about the table."""
    return [statement for statement in statements(function) if statement.actions[0].startswith("dynamodb:")]


def test_the_logic_of_every_function_is_recorded() -> None:
    """A new function needs its part here before it gets permissions."""
    assert set(LOGIC) == set(FUNCTIONS)


@each_function
def test_a_function_may_do_what_it_does(function: str) -> None:
    """Each request of the function's own logic is allowed by one statement, key by key."""
    refused = [
        need for need in recorded(function).needs if not any(statement.covers(need) for statement in of_table(function))
    ]
    assert not refused


@each_function
def test_a_function_may_do_nothing_that_it_does_not(function: str) -> None:
    """Each action, resource and key pattern of each statement about the table serves a request that is made."""
    for statement in of_table(function):
        used = [need for need in recorded(function).needs if statement.covers(need)]
        assert set(statement.actions) == {need.action for need in used}
        assert {index_of(resource) for resource in statement.resources} == {need.index or "" for need in used}
        for pattern in statement.keys:
            assert any(fnmatchcase(need.keys, pattern) for need in used), pattern


@each_function
def test_permissions_are_inline_and_allow(function: str) -> None:
    """No managed policy or SAM template brings more than is written here."""
    for policy in FUNCTIONS[function]["Policies"]:
        assert isinstance(policy, dict)
        assert set(policy) == {"Version", "Statement"}
        assert policy["Version"] == "2012-10-17"
    for statement in statements(function):
        assert statement.raw["Effect"] == "Allow"
        assert "NotAction" not in statement.raw
    assert "Role" not in FUNCTIONS[function]


@each_function
def test_no_function_may_scan_or_delete(function: str) -> None:
    """Every action is spelled out, and none reads the whole table or removes an item."""
    for statement in statements(function):
        for action in set(statement.actions) - {"ses:DeleteSuppressedDestination"}:
            assert re.fullmatch(r"[a-z0-9]+:[A-Za-z]+", action), action
            assert not re.search(r"Scan|Delete|PartiQL|Export|Table", action), action


@each_function
def test_writes_are_bound_to_keys(function: str) -> None:
    """Whatever writes to the table does so only under the partition keys it names, each with one kind of item."""
    for statement in of_table(function):
        if WRITES & set(statement.actions):
            assert set(statement.raw["Condition"]) == {"ForAllValues:StringLike"}
            for pattern in statement.keys:
                assert re.fullmatch(r"[A-Z]+#\*", pattern), pattern


def test_the_api_writes_contacts_and_corrections_and_nothing_else() -> None:
    """An admin's request can change contacts, tickets, counters, examples, a post's lane, and the gate in force."""
    writing = sorted(
        (statement.actions[0], statement.keys)
        for statement in of_table("AdminApi")
        if not {"dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"} & set(statement.actions)
    )
    assert writing == [
        ("dynamodb:ConditionCheckItem", ["POST#*"]),
        ("dynamodb:PutItem", ["DEPARTMENT#*", "OUTBOX#*", "TICKET#*", "EXAMPLE#*", "GATE#*"]),
        ("dynamodb:UpdateItem", ["POST#*", "LANES#*"]),
        ("dynamodb:UpdateItem", ["TICKET#*", "STATS#*"]),
    ]


@each_function
def test_a_star_needs_a_reason(function: str) -> None:
    """Only mail has ``*`` as its resource: sent from the one address, or allowed again; SMS excludes every topic."""
    for statement in statements(function):
        if statement.actions == ["ses:DeleteSuppressedDestination"]:
            assert function == "AdminApi"  # the list is the account's, and no resource of it can be named
        elif "*" in statement.resources:
            assert statement.actions == ["ses:SendEmail"]
            assert statement.raw["Condition"] == {"StringEquals": {"ses:FromAddress": {"Ref": "SenderAddress"}}}
        if "NotResource" in statement.raw:
            assert statement.actions == ["sns:Publish"]
            assert statement.raw["NotResource"] == {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}
        assert statement.resources or "NotResource" in statement.raw


@each_function
def test_only_senders_may_send(function: str) -> None:
    """Only Notify and FollowUp may send mail and SMS; no other function could spam a head of department."""
    sending = {
        action
        for statement in statements(function)
        for action in statement.actions
        if action.startswith(("ses:Send", "sns:", "sms-voice:", "pinpoint:"))
    }
    assert sending == ({"ses:SendEmail", "sns:Publish"} if function in SENDERS else set())


@each_function
def test_a_function_may_use_the_services_it_makes_clients_of(function: str) -> None:
    """The services of the clients made when the handler is loaded are those its policies speak about."""
    handler = FUNCTIONS[function]["Handler"].rpartition(".")[0]
    clients = {service for module in reached(handler) for service in services(module)}
    allowed = {action.partition(":")[0] for statement in statements(function) for action in statement.actions}
    assert allowed == {IAM_NAMES.get(service, service) for service in clients}


def test_secrets_are_read_where_they_are_used() -> None:
    """The poller reads no partner's key, and whoever opens tickets only the codes' key."""
    reading = {
        function: statement.resources
        for function in FUNCTIONS
        for statement in statements(function)
        if any(action.startswith("ssm:") for action in statement.actions)
    }
    path = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/aduan/${Stage}/"
    assert reading == {
        "PollChannels": [
            {"Fn::Sub": path + below} for below in ("channels/*", "meta/app_id", "meta/app_secret", "author_key")
        ],
        "Classify": [{"Fn::Sub": f"{path}author_key"}],
        "FollowUp": [{"Fn::Sub": f"{path}author_key"}],
        "AdminApi": [{"Fn::Sub": f"{path}author_key"}],
        "Intake": [{"Fn::Sub": path + below} for below in ("intake/*", "meta/*", "channels/instagram/*")],
    }


def test_a_link_moves_a_ticket_and_nothing_else() -> None:
    """A link can change its ticket and what belongs to it, but can only read posts and check their state."""
    writing = {
        statement.actions[0]: statement.keys
        for statement in of_table("Actions")
        if not {"dynamodb:GetItem", "dynamodb:Query"} & set(statement.actions)
    }
    assert writing == {
        "dynamodb:PutItem": ["TICKET#*", "EXAMPLE#*", "AUTHOR#*"],
        "dynamodb:UpdateItem": ["TICKET#*", "STATS#*"],
        "dynamodb:ConditionCheckItem": ["POST#*"],
    }


def test_the_keys_of_the_links_are_read_by_whom_they_serve() -> None:
    """Functions that write or accept links read that one secret. No other function reads a secret, and none writes."""
    reading = {
        function: (statement.actions, statement.resources)
        for function in FUNCTIONS
        for statement in statements(function)
        if any(action.startswith("secretsmanager:") for action in statement.actions)
    }
    allowed = (["secretsmanager:GetSecretValue"], [{"Ref": "ActionKeys"}])
    assert reading == {"Notify": allowed, "FollowUp": allowed, "Actions": allowed}


def test_what_is_pushed_becomes_a_post_or_is_put_aside() -> None:
    """A push can add posts, see which exist and edit them, but reaches neither tickets nor notices."""
    adding, editing = of_table("Intake")
    assert adding.actions == ["dynamodb:BatchGetItem", "dynamodb:PutItem"]
    assert adding.keys == ["POST#*", "QUARANTINE#*"]
    assert (editing.actions, editing.keys) == (["dynamodb:UpdateItem"], ["POST#*"])


@each_function
def test_a_second_opinion_is_a_right_of_a_deployment_that_wants_one(function: str) -> None:
    """Only functions that decide may ask a model and spend on it, and only where a model is named."""
    conditional = [raw["Fn::If"] for raw in written(function) if "Fn::If" in raw]
    assert all(
        (condition, other) == ("AsksForSecondOpinions", {"Ref": "AWS::NoValue"}) for condition, _, other in conditional
    )
    allowed = [statement["Action"] for _, statement, _ in conditional]
    assert allowed == (["dynamodb:UpdateItem", *["bedrock:InvokeModel"] * 2] if function in ASKERS else [])
    always = [raw for raw in written(function) if "Fn::If" not in raw]
    assert not [raw for raw in always if "bedrock:InvokeModel" in Statement(raw).actions]
    named = {"Fn::Not": [{"Fn::Equals": [{"Ref": "SecondOpinionModel"}, ""]}]}
    assert TEMPLATE["Conditions"]["AsksForSecondOpinions"] == named


@pytest.mark.parametrize("function", sorted(ASKERS))
def test_one_model_may_be_asked(function: str) -> None:
    """Only the named model or profile may be asked, and other models only through that profile."""
    here = "arn:${AWS::Partition}:bedrock:${AWS::Region}:"
    profile = {"Fn::Sub": f"{here}${{AWS::AccountId}}:inference-profile/${{SecondOpinionModel}}"}
    asking = [one for one in statements(function) if one.actions == ["bedrock:InvokeModel"]]
    assert [(one.resources, one.raw.get("Condition")) for one in asking] == [
        ([{"Fn::Sub": f"{here}:foundation-model/${{SecondOpinionModel}}"}, profile], None),
        (
            [{"Fn::Sub": "arn:${AWS::Partition}:bedrock:*::foundation-model/*"}],
            {"StringEquals": {"bedrock:InferenceProfileArn": profile}},
        ),
    ]
