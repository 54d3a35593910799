"""SES's reports about mails reach the function that records them, and nobody else can send it reports."""

from __future__ import annotations

from tests.template.declared import FUNCTIONS, RESOURCES, events

TOPIC = {"Ref": "MailEvents"}
REPORTED = {"SEND", "DELIVERY", "BOUNCE", "COMPLAINT", "REJECT", "DELIVERY_DELAY"}


def test_every_mail_is_reported_by_each_event_that_matters() -> None:
    """The configuration set that the senders name publishes them to the topic that the function listens to."""
    reported = RESOURCES["MailsReported"]["Properties"]
    destination = reported["EventDestination"]
    assert set(destination["MatchingEventTypes"]) == REPORTED
    assert destination["Enabled"] is True
    assert destination["SnsDestination"] == {"TopicARN": TOPIC}
    for function in ("Notify", "FollowUp"):
        variables = FUNCTIONS[function]["Environment"]["Variables"]
        assert variables["CONFIGURATION_SET"] == reported["ConfigurationSetName"]
    assert {name: event["Topic"] for name, event in events("SNS").items()} == {"NotifyEvents.Reported": TOPIC}


def test_only_our_configuration_set_may_publish() -> None:
    """Nobody else can declare addresses dead. SES tries the topic at once, so the policy is created first."""
    policy = RESOURCES["MailEventsPolicy"]["Properties"]
    [statement] = policy["PolicyDocument"]["Statement"]
    assert policy["Topics"] == [TOPIC]
    assert statement["Principal"] == {"Service": "ses.amazonaws.com"}
    assert (statement["Action"], statement["Resource"]) == ("sns:Publish", TOPIC)
    conditions = statement["Condition"]["StringEquals"]
    assert conditions["AWS:SourceAccount"] == {"Ref": "AWS::AccountId"}
    assert conditions["AWS:SourceArn"]["Fn::Sub"].endswith(":configuration-set/${Mails}")
    assert RESOURCES["MailsReported"]["DependsOn"] == "MailEventsPolicy"


def test_what_is_reported_is_encrypted_with_a_key_that_ses_may_use() -> None:
    """Events name addresses, so they are encrypted; SES may use the key, or every event would be lost."""
    assert RESOURCES["MailEvents"]["Properties"]["KmsMasterKeyId"] == {"Ref": "MailEventsKey"}
    statements = RESOURCES["MailEventsKey"]["Properties"]["KeyPolicy"]["Statement"]
    [allowed] = [each for each in statements if each["Principal"] == {"Service": "ses.amazonaws.com"}]
    assert set(allowed["Action"]) == {"kms:GenerateDataKey", "kms:Decrypt"}
    assert RESOURCES["MailEventsKey"]["Properties"]["EnableKeyRotation"] is True
