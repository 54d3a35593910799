"""Whoever tries the API's doors is noticed, and the log says where they come from."""

from __future__ import annotations

import json

from tests.template.declared import RESOURCES
from tests.template.test_alarms import ALARMS, FILTERED


def test_the_access_log_is_json_and_says_where_a_request_came_from() -> None:
    """Of the path it has only the pattern: a link's token is never logged."""
    log = json.loads(RESOURCES["Api"]["Properties"]["AccessLogSetting"]["Format"])
    assert log["from"] == "$context.identity.sourceIp"
    assert (log["path"], log["status"]) == ("$context.resourcePath", "$context.status")


def test_requests_without_a_valid_token_are_counted_from_the_log_and_raise_an_alarm() -> None:
    """The filter reads the field that the log has; its metric is the alarm's."""
    counted = RESOURCES["Unauthorized"]["Properties"]
    assert counted["LogGroupName"] == {"Ref": "ApiLogs"}
    assert counted["FilterPattern"] == '{ $.status = "401" }'
    alarm = ALARMS["ApiUnauthorized"]
    assert (alarm["Namespace"], alarm["MetricName"]) in FILTERED
    assert "Dimensions" not in alarm


def test_many_refused_requests_raise_an_alarm() -> None:
    """Guessed links and signatures are refused by the functions, with 4xx."""
    alarm = ALARMS["ApiRefusing"]
    assert (alarm["Namespace"], alarm["MetricName"]) == ("AWS/ApiGateway", "4XXError")
    assert alarm["Dimensions"] == [{"Name": "ApiName", "Value": {"Ref": "ApiName"}}]


def test_ses_uses_the_key_only_for_this_account() -> None:
    """Another account's SES cannot make use of our key."""
    statements = RESOURCES["MailEventsKey"]["Properties"]["KeyPolicy"]["Statement"]
    [ses] = [each for each in statements if each["Principal"] == {"Service": "ses.amazonaws.com"}]
    assert ses["Condition"] == {"StringEquals": {"AWS:SourceAccount": {"Ref": "AWS::AccountId"}}}
