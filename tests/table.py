"""The table as `infra/storage.yaml` describes it, made in moto."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final

import boto3

from aduan.notice import Notice
from aduan.store.table import Item, Table, from_image, ticket_key, values
from infra.templates import table_request

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

TABLE_NAME: Final = "aduan-test"
_REQUEST: Final = table_request(TABLE_NAME)


def create_table(client: DynamoDBClient | None = None) -> Table:
    """Create the table with the template's own properties; call it inside `moto.mock_aws`."""
    client = client or boto3.client("dynamodb")
    client.create_table(**deepcopy(_REQUEST))
    return Table(client, TABLE_NAME)


def everything(table: Table) -> list[Item]:
    """Return every item of the table."""
    pages = table.client.get_paginator("scan").paginate(TableName=table.name)
    return [from_image(image) for page in pages for image in page["Items"]]


def notices_of(table: Table, code: str) -> list[Notice]:
    """Return the notices of one ticket, without a scan."""
    key = values(pk=ticket_key(code)["pk"], notice="NOTICE#")
    items = table.query("pk = :pk AND begins_with(sk, :notice)", ExpressionAttributeValues=key)
    return [Notice.model_validate(item) for item in items]
