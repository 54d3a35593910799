"""The alarms can fire, and somebody hears them."""

from __future__ import annotations

from typing import Any

import pytest

from infra.templates import load
from tests.template.declared import GLOBALS, RESOURCES, of_type
from tests.template.sources import MODULES, strings

ALARMS = {name.partition(":")[2]: alarm["Properties"] for name, alarm in of_type("AWS::CloudWatch::Alarm").items()}
FILTERED = {
    (transformation["MetricNamespace"], transformation["MetricName"])
    for resource in of_type("AWS::Logs::MetricFilter").values()
    for transformation in resource["Properties"]["MetricTransformations"]
}
"""Metrics that are counted from a log; such a metric has no dimensions."""
OWN = {
    name: alarm
    for name, alarm in ALARMS.items()
    if not alarm["Namespace"].startswith("AWS/") and (alarm["Namespace"], alarm["MetricName"]) not in FILTERED
}
VARIABLES = GLOBALS["Environment"]["Variables"]


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_says_what_happened_and_tells_somebody(name: str) -> None:
    """Every alarm has a description and a topic, and says how missing data are treated."""
    assert ALARMS[name]["AlarmDescription"].endswith(".")
    assert ALARMS[name]["AlarmActions"] == [{"Ref": "Topic"}]
    assert ALARMS[name]["TreatMissingData"] in {"breaching", "notBreaching"}


@pytest.mark.parametrize("name", OWN)
def test_an_alarm_of_our_own_watches_a_metric_that_is_emitted(name: str) -> None:
    """An alarm uses the namespace and dimension of the functions' environment, and a metric that the code names."""
    assert OWN[name]["Namespace"] == VARIABLES["POWERTOOLS_METRICS_NAMESPACE"]
    assert OWN[name]["Dimensions"] == [{"Name": "service", "Value": VARIABLES["POWERTOOLS_SERVICE_NAME"]}]
    assert any(OWN[name]["MetricName"] in strings(module) for module in MODULES)


def test_an_alarm_watches_the_resource_it_names() -> None:
    """A parameter named like a function gets that function; the queue's gets the queue's name, not its address."""
    given: dict[str, Any] = RESOURCES["Alarms"]["Properties"]["Parameters"]
    for name in ("PollChannels", "Classify", "Notify", "FollowUp"):
        assert given[name] == {"Ref": name}
    assert given["FailedInvocations"] == {"Fn::GetAtt": ["FailedInvocations", "QueueName"]}


@pytest.mark.parametrize("function", ["Classify", "Notify"])
def test_a_stream_that_stands_still_wakes_somebody(function: str) -> None:
    """Each stream consumer has an alarm on the age of the records it has not read."""
    dimensions = [alarm["Dimensions"] for alarm in ALARMS.values() if alarm["MetricName"] == "IteratorAge"]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in dimensions


@pytest.mark.parametrize("function", ["PollChannels", "FollowUp"])
def test_a_schedule_that_stands_still_wakes_somebody(function: str) -> None:
    """Each scheduled function has an alarm that treats missing data as a failure."""
    quiet = [
        alarm["Dimensions"]
        for alarm in ALARMS.values()
        if alarm["MetricName"] == "Invocations" and alarm["TreatMissingData"] == "breaching"
    ]
    assert [{"Name": "FunctionName", "Value": {"Ref": function}}] in quiet


def test_cloudwatch_may_publish_to_the_topic() -> None:
    """CloudWatch may use the topic's key: with the account's `aws/sns` key every alarm would be dropped."""
    topic = load("infra/alarms.yaml")["Resources"]["Topic"]["Properties"]
    assert topic.get("KmsMasterKeyId") != "alias/aws/sns"
