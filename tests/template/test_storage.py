"""Stored data is kept, private and encrypted, and has the layout that the stores expect."""

from __future__ import annotations

from typing import Any

import pytest

from aduan.store.posts import QUARANTINE_DAYS
from infra.templates import load
from tests.builders import NOON
from tests.template.declared import RESOURCES, TEMPLATES, of_type
from tests.template.recorded import LOGIC, recorded

TABLE: dict[str, Any] = load("infra/storage.yaml")["Resources"]["Table"]
PROPERTIES: dict[str, Any] = TABLE["Properties"]
TTL = PROPERTIES["TimeToLiveSpecification"]["AttributeName"]
FORTNIGHT = 14 * 24 * 3600
KEPT = {"AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Cognito::UserPool"}
"""Types of resources that hold data which outlives a deployment."""


def test_there_is_one_table() -> None:
    """The one table lies in the storage stack."""
    assert list(of_type("AWS::DynamoDB::Table")) == ["infra/storage.yaml:Table"]
    assert RESOURCES["Storage"]["Properties"]["TemplateURL"] == "infra/storage.yaml"


def test_the_table_can_be_restored() -> None:
    """The table can be restored to any second of the last weeks."""
    assert PROPERTIES["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"] is True


def test_the_table_is_encrypted() -> None:
    """The table is encrypted with a key of AWS KMS, whose use is logged."""
    assert PROPERTIES["SSESpecification"] == {"SSEEnabled": True}


def test_the_table_cannot_be_deleted_by_mistake() -> None:
    """Neither an API call nor a stack's deletion removes the table."""
    assert PROPERTIES["DeletionProtectionEnabled"] is True


def test_the_table_grows_by_itself() -> None:
    """The table is billed on demand: nobody has to size it, and a quiet day costs nothing."""
    assert PROPERTIES["BillingMode"] == "PAY_PER_REQUEST"
    assert "ProvisionedThroughput" not in PROPERTIES


def test_the_stream_shows_both_images() -> None:
    """A person who looks into the failure store later sees an item before and after its change."""
    assert PROPERTIES["StreamSpecification"] == {"StreamViewType": "NEW_AND_OLD_IMAGES"}


@pytest.mark.parametrize("kind", sorted(KEPT))
def test_data_outlive_the_stack(kind: str) -> None:
    """Deleting or replacing a resource that holds data leaves it behind."""
    found = of_type(kind)
    assert found
    for name, resource in found.items():
        assert resource.get("DeletionPolicy") == "RetainExceptOnCreate", name
        assert resource.get("UpdateReplacePolicy") == "Retain", name


def test_the_storage_stack_outlives_the_outer_one() -> None:
    """The nested stack is retained as a whole."""
    assert RESOURCES["Storage"]["DeletionPolicy"] == "RetainExceptOnCreate"
    assert RESOURCES["Storage"]["UpdateReplacePolicy"] == "Retain"


def test_the_expiry_the_stores_write_is_the_one_the_table_reads() -> None:
    """Runs, quarantine and chatter carry the expiry in whole seconds, in the attribute that the table reads."""
    assert PROPERTIES["TimeToLiveSpecification"]["Enabled"] is True
    written = recorded("PollChannels").written
    [quarantined] = [item for item in written if item["pk"].startswith("QUARANTINE#")]
    assert quarantined[TTL] == int(NOON.timestamp()) + QUARANTINE_DAYS * 86400
    runs = [item for item in written if item["sk"].startswith("RUN#")]
    assert runs
    assert all(item[TTL] == int(item[TTL]) for item in runs)
    settled = [expression for expression in recorded("Classify").updates if TTL in expression]
    assert settled, "chatter gets no expiry"


def test_no_complaint_expires() -> None:
    """A new post, a ticket, its history, its notices and a contact are written without an expiry."""
    kept = [
        item
        for function in LOGIC
        for item in recorded(function).written
        if item["pk"].partition("#")[0] in {"POST", "TICKET", "DEPARTMENT"} or item["sk"] == "CURSOR"
    ]
    assert {item["sk"].partition("#")[0] for item in kept} == {
        "POST", "TICKET", "VOICE", "EVENT", "NOTICE", "REPLY", "CONTACT", "CURSOR",
    }  # fmt: skip
    assert not [item for item in kept if TTL in item]


def test_every_item_says_which_schema_it_has() -> None:
    """Every item carries its schema version, so that later readers know what they read."""
    assert all(item["schema_version"] == 1 for function in LOGIC for item in recorded(function).written)


def test_the_indexes_are_those_the_code_asks() -> None:
    """Every index that a query names exists, and no index is paid for that no query uses."""
    asked = {need.index for function in LOGIC for need in recorded(function).needs if need.index is not None}
    assert asked == {index["IndexName"] for index in PROPERTIES["GlobalSecondaryIndexes"]}


def test_every_declared_attribute_is_a_key() -> None:
    """CloudFormation refuses a table whose attribute definitions are not exactly its keys."""
    schemas = [PROPERTIES["KeySchema"], *(index["KeySchema"] for index in PROPERTIES["GlobalSecondaryIndexes"])]
    keys = {key["AttributeName"] for schema in schemas for key in schema}
    assert {attribute["AttributeName"] for attribute in PROPERTIES["AttributeDefinitions"]} == keys


def test_only_tickets_are_listed() -> None:
    """The lists for people hold tickets and nothing else, because nothing else carries their sort key."""
    listed = [item for function in LOGIC for item in recorded(function).written if "listed" in item]
    assert listed
    assert all(item["sk"] == "TICKET" for item in listed)


def test_every_bucket_is_closed_and_encrypted() -> None:
    """No object can become public, and each is encrypted."""
    found = of_type("AWS::S3::Bucket")
    assert found
    for name, bucket in found.items():
        properties = bucket["Properties"]
        blocks = ("BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets")
        assert properties["PublicAccessBlockConfiguration"] == dict.fromkeys(blocks, True), name
        [rule] = properties["BucketEncryption"]["ServerSideEncryptionConfiguration"]
        assert rule["ServerSideEncryptionByDefault"]["SSEAlgorithm"] in {"AES256", "aws:kms"}, name


def test_failed_records_are_forgotten_in_time() -> None:
    """Failed records hold citizens' words, so they expire even in the failure store."""
    rules = RESOURCES["FailedRecords"]["Properties"]["LifecycleConfiguration"]["Rules"]
    assert [(rule["Status"], rule["ExpirationInDays"]) for rule in rules] == [("Enabled", 90)]


def test_every_queue_waits_as_long_as_a_queue_can() -> None:
    """A failure during the Lebaran holidays is still there afterwards, encrypted."""
    found = of_type("AWS::SQS::Queue")
    assert found
    for name, queue in found.items():
        assert queue["Properties"]["MessageRetentionPeriod"] == FORTNIGHT, name
        assert queue["Properties"]["SqsManagedSseEnabled"] is True, name


def test_the_templates_hold_no_store_that_is_not_checked_here() -> None:
    """The templates declare no database or file system of a kind for which this file states no promises."""
    stores = ("AWS::RDS::", "AWS::EFS::", "AWS::SimpleDB", "AWS::OpenSearch", "AWS::Kinesis", "AWS::ElastiCache")
    for file in TEMPLATES:
        for name, resource in load(file)["Resources"].items():
            assert not resource["Type"].startswith(stores), name
