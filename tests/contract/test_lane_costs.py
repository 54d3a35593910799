"""What a post without a ticket costs, in write units of DynamoDB."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aduan.context import Context
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from infra.bench.capacity import CapacityMeter
from infra.templates import table_request
from tests.builders import NOON, a_post, a_triage

CAPTION = "Selamat pagi, Sedulur Sleman. Hari ini petugas membersihkan saluran air di Jalan Kaliurang. " * 5
CONTEXT = Context(under=CAPTION, by="account", to="account")


def cost(route: str, post: Any) -> float:
    """Store a post and decide about it; return the write units."""
    request = table_request("cost")
    client = boto3.client("dynamodb")
    client.create_table(**request)
    meter = CapacityMeter(client, request["GlobalSecondaryIndexes"])
    meter.watch()
    store = DynamoPostStore(Table(client, "cost"))
    assert store.add(post)
    triage = a_triage(route=route, guess="dishub", department=None, reasons=("kata: lampu", "kata: mati"))
    store.settle(post, triage, NOON + timedelta(days=30))
    return meter.taken().writes


@pytest.mark.parametrize("context", [None, CONTEXT])
@pytest.mark.parametrize(("route", "most"), [("drop", 6), ("review", 7), ("question", 7)])
def test_a_post_without_a_ticket_is_cheap(route: str, most: float, context: Context | None) -> None:
    """The write, the decision, its place on a list and the counter; also for one that carries what it answers."""
    with mock_aws():
        assert cost(route, a_post(context=context)) <= most
