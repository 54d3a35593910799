"""The table as `infra/storage.yaml` describes it, made in moto."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Final

import boto3

from aduan.store.table import Table
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
