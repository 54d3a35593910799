"""What a post without a ticket costs, in write units of DynamoDB."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from infra.bench.capacity import CapacityMeter
from infra.templates import table_request
from tests.builders import NOON, a_post, a_triage


def cost(route: str, post: Any) -> float:
    """Store a post and decide about it; return the write units."""
    request = table_request("cost")
    client = boto3.client("dynamodb")
    client.create_table(**request)
    meter = CapacityMeter(client, request["GlobalSecondaryIndexes"])
    meter.watch()
    store = DynamoPostStore(Table(client, "cost"))
    assert store.add(post)
    triage = a_triage(
        route=route, guess="dishub", department=None, reasons=("kata: lampu", "kata: mati", "ragu: topik")
    )
    store.settle(post, triage, NOON + timedelta(days=30) if route == "drop" else None)
    return meter.taken().writes


@pytest.mark.parametrize(("route", "most"), [("drop", 6), ("review", 7), ("question", 7)])
def test_a_post_without_a_ticket_is_cheap(route: str, most: float) -> None:
    """The write, the decision, its place on a list and the counter."""
    with mock_aws():
        assert cost(route, a_post()) <= most
