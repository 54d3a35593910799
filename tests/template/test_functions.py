"""The template and the handlers agree with each other."""

from __future__ import annotations

import ast
import json
import re
from datetime import timedelta
from typing import Any

import pytest

from infra.templates import load
from notify.timing import GRACE
from poll_channels.sources import KINDS, RECHECKED
from tests.template.declared import (
    FUNCTIONS,
    GLOBALS,
    RESOURCES,
    TEMPLATE,
    TEMPLATES,
    environment,
    events,
    resolved,
    variables,
)
from tests.template.sources import MODULES, settings_fields

LIBRARIES = ("POWERTOOLS_", "AWS_", "PYDANTIC_")
"""Prefixes of variables that libraries read and our settings do not."""
SECRET = re.compile(r"token|secret|passw|api_?key|private|signing", re.IGNORECASE)
GATEWAY_SECONDS = 29

each_function = pytest.mark.parametrize("function", FUNCTIONS)
each_schedule = pytest.mark.parametrize("schedule", events("ScheduleV2"))
each_template = pytest.mark.parametrize("file", TEMPLATES)


def seconds(rate: str) -> int:
    """Return the time between two runs of a rate expression."""
    found = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", rate)
    assert found is not None, rate
    return int(found[1]) * {"minute": 60, "hour": 3600, "day": 86400}[found[2]]


@each_function
def test_a_handler_is_where_the_template_says(function: str) -> None:
    """The module of every Handler exists and defines the attribute it names."""
    module, _, attribute = FUNCTIONS[function]["Handler"].rpartition(".")
    defined = {node.name for node in MODULES[module].body if isinstance(node, ast.FunctionDef)}
    assert attribute in defined


@each_function
def test_the_environment_is_exactly_what_the_settings_ask_for(function: str) -> None:
    """Every setting has its variable, and every variable is read."""
    module = FUNCTIONS[function]["Handler"].rpartition(".")[0]
    given = {name for name in variables(function) if not name.startswith(LIBRARIES)}
    assert given == {field.upper() for field in settings_fields(module)}


@each_function
def test_all_functions_share_one_artefact(function: str) -> None:
    """CodeUri, runtime and processor come from the globals, so that no two functions run different code."""
    assert not {"CodeUri", "InlineCode", "ImageUri", "Runtime", "Architectures", "Layers"} & set(FUNCTIONS[function])
    assert GLOBALS["CodeUri"] == "functions/"


@each_function
def test_a_failed_invocation_leaves_a_trace(function: str) -> None:
    """An asynchronous invocation that fails for good ends in the queue.

    A scheduled invocation goes there soon and is not retried, because the next run catches up; an event is retried.
    """
    config = {**GLOBALS["EventInvokeConfig"], **FUNCTIONS[function].get("EventInvokeConfig", {})}
    target = config["DestinationConfig"]["OnFailure"]
    assert target == {"Type": "SQS", "Destination": {"Fn::GetAtt": ["FailedInvocations", "Arn"]}}
    if any(name.startswith(f"{function}.") for name in events("SNS")):
        assert config["MaximumRetryAttempts"] == 2
        assert config["MaximumEventAgeInSeconds"] == 6 * 3600
    else:
        assert config["MaximumRetryAttempts"] == 0
        assert config["MaximumEventAgeInSeconds"] <= 60


@each_function
def test_logs_are_forgotten_in_time(function: str) -> None:
    """Every function has its own log group, whose retention the deployment decides."""
    groups = [properties["LoggingConfig"]["LogGroup"]["Ref"] for properties in FUNCTIONS.values()]
    group = FUNCTIONS[function]["LoggingConfig"]["LogGroup"]["Ref"]
    assert groups.count(group) == 1
    assert RESOURCES[group]["Type"] == "AWS::Logs::LogGroup"
    assert RESOURCES[group]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_every_log_group_has_a_retention() -> None:
    """No log is kept for ever."""
    for name, resource in RESOURCES.items():
        if resource["Type"] == "AWS::Logs::LogGroup":
            assert "RetentionInDays" in resource["Properties"], name


@each_function
def test_a_function_is_described_and_bounded(function: str) -> None:
    """Each function has its own description, memory size and time limit."""
    assert FUNCTIONS[function]["Description"]
    assert 128 <= FUNCTIONS[function]["MemorySize"] <= 1024
    assert 1 <= FUNCTIONS[function]["Timeout"] <= 900


@each_schedule
def test_a_schedule_leaves_a_trace_and_never_piles_up(schedule: str) -> None:
    """A schedule has a description but no name, drops events a minute old, and sends failures to the queue."""
    properties = events("ScheduleV2")[schedule]
    assert properties["Description"]
    assert properties["RetryPolicy"]["MaximumRetryAttempts"] == 0
    assert properties["RetryPolicy"]["MaximumEventAgeInSeconds"] == 60
    assert properties["DeadLetterConfig"] == {"Arn": {"Fn::GetAtt": ["FailedInvocations", "Arn"]}}
    assert properties["OmitName"] is True
    assert "Name" not in properties


@each_schedule
def test_a_scheduled_run_ends_before_the_next_begins(schedule: str) -> None:
    """A scheduled function's time limit is shorter than the schedule's rate."""
    function = schedule.partition(".")[0]
    rate = resolved(events("ScheduleV2")[schedule]["ScheduleExpression"])
    assert FUNCTIONS[function]["Timeout"] < seconds(rate)


def test_no_schedule_is_of_the_old_kind() -> None:
    """All schedules use EventBridge Scheduler, whose dead letters and retries are checked here."""
    assert not events("Schedule")
    assert not events("EventBridgeRule")


def test_every_channel_kind_is_polled_by_one_schedule() -> None:
    """The schedules' inputs name each kind that has a source, once."""
    kinds = [
        json.loads(properties["Input"])["kind"]
        for schedule, properties in events("ScheduleV2").items()
        if schedule.startswith("PollChannels.") and "task" not in json.loads(properties["Input"])
    ]
    assert sorted(kinds) == sorted(KINDS)


def test_every_kind_that_can_tell_is_asked_what_was_deleted() -> None:
    """A kind whose source tells what was deleted has one schedule that rechecks it."""
    tasks = [
        given["kind"]
        for schedule, properties in events("ScheduleV2").items()
        if schedule.startswith("PollChannels.") and (given := json.loads(properties["Input"])).get("task") == "recheck"
    ]
    assert sorted(tasks) == sorted(RECHECKED) != []


def test_the_api_answers_before_the_gateway_gives_up() -> None:
    """A function behind the gateway ends within its 29 seconds."""
    behind = {event.partition(".")[0] for event in events("Api")}
    assert behind == {"AdminApi", "Intake", "Actions"}
    for function in behind:
        assert FUNCTIONS[function]["Timeout"] <= GATEWAY_SECONDS


def test_every_route_needs_a_sign_in() -> None:
    """The authorizer is the API's default. Pushes and links opt out, and carry a signature instead."""
    auth = RESOURCES["Api"]["Properties"]["Auth"]
    assert auth["DefaultAuthorizer"] in auth["Authorizers"]
    for name, route in events("Api").items():
        assert route["RestApiId"] == {"Ref": "Api"}, name
        signed = {"Intake": "/intake/", "Actions": "/t/{token}"}.get(name.partition(".")[0])
        if signed is not None:
            assert route["Path"].startswith(signed), name
            assert route["Auth"] == {"Authorizer": "NONE"}, name
        else:
            assert "Auth" not in route, name


@pytest.mark.parametrize("function", ["Notify", "FollowUp"])
def test_a_sender_is_dead_before_its_notice_is_given_up(function: str) -> None:
    """A claimed notice is parked only when the function that claimed it must be dead."""
    assert timedelta(seconds=FUNCTIONS[function]["Timeout"]) < GRACE


@each_function
def test_the_environment_holds_no_secret(function: str) -> None:
    """A variable names where a secret lies and never holds it: literals are plain words, references no secrets."""
    for name, value in variables(function).items():
        assert not SECRET.search(name), name
        assert "{{resolve:" not in environment(function)[name], name
        if isinstance(value, dict):
            assert not SECRET.search(resolved(value)), name
        else:
            assert re.fullmatch(r"[A-Za-z_]{1,16}", str(value)), name


@each_template
def test_no_secret_is_a_parameter(file: str) -> None:
    """No secret passes through a template, because tokens lie in the Parameter Store."""
    for name, parameter in load(file)["Parameters"].items():
        assert not SECRET.search(name), name
        assert "NoEcho" not in parameter, name


@each_template
def test_what_a_deployer_reads_is_described(file: str) -> None:
    """Every template, parameter and output has a description."""
    template = load(file)
    assert template["Description"]
    for section in ("Parameters", "Outputs"):
        for name, entry in template[section].items():
            assert entry.get("Description"), f"{section}.{name}"


@each_template
def test_every_parameter_is_used(file: str) -> None:
    """Every parameter is used; one without effect would make an empty promise."""
    template = load(file)
    used = references({name: section for name, section in template.items() if name != "Parameters"})
    assert set(template["Parameters"]) <= used


@pytest.mark.parametrize("stack", ["Storage", "Alarms"])
def test_a_nested_stack_gets_exactly_its_parameters(stack: str) -> None:
    """The outer template passes exactly the parameters that the inner one declares, and reads back only outputs."""
    nested = load(RESOURCES[stack]["Properties"]["TemplateURL"])
    required = {name for name, parameter in nested["Parameters"].items() if "Default" not in parameter}
    given = set(RESOURCES[stack]["Properties"]["Parameters"])
    assert required <= given <= set(nested["Parameters"])
    read = {name.removeprefix(f"{stack}.Outputs.") for name in references(TEMPLATE) if name.startswith(f"{stack}.")}
    assert read <= set(nested["Outputs"])


def references(value: Any) -> set[str]:
    """Every name that `!Ref`, `!GetAtt` and `!Sub` mention anywhere below a value."""
    if isinstance(value, dict):
        found = set[str]().union(*(references(part) for part in value.values()))
        if "Ref" in value:
            found.add(value["Ref"])
        if "Fn::GetAtt" in value:
            found.add(".".join(value["Fn::GetAtt"]))
        if "Fn::Sub" in value:
            found.update(re.findall(r"\$\{([^}]+)\}", value["Fn::Sub"]))
        return found
    if isinstance(value, list):
        return set[str]().union(*(references(part) for part in value))
    return set()
