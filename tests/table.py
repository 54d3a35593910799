"""The table as `infra/storage.yaml` describes it, made in moto."""

from typing import TYPE_CHECKING, Any

import boto3

from aduan.store.table import Table
from tests.templates import load

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_NAME = "aduan-test"


def create_table(client: "DynamoDBClient | None" = None) -> Table:
    """Create the table with the template's own properties; call it inside `moto.mock_aws`."""
    client = client or boto3.client("dynamodb")
    properties: dict[str, Any] = dict(load("infra/storage.yaml")["Resources"]["Table"]["Properties"])
    for later in ("PointInTimeRecoverySpecification", "TimeToLiveSpecification"):
        properties.pop(later)  # CloudFormation sets these by calls of their own, after the table is made
    properties["SSESpecification"] = {"Enabled": properties.pop("SSESpecification")["SSEEnabled"]}
    properties["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    properties["TableName"] = TABLE_NAME
    client.create_table(**properties)
    return Table(client, TABLE_NAME)
