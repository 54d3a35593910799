"""Entry point of the function that the stream of new posts calls."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.directory_loading import load_directory
from aduan.settings import from_environment
from aduan.store.gates import DynamoGateStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Item, open_table
from aduan.store.tickets import DynamoTicketStore
from aduan.stream import BatchResponse, handle_each
from aduan.ticket_codes import open_ticket_codes
from classify.bedrock import SecondOpinionSettings, open_second_opinion
from classify.decide import decide
from classify.learnt_gate import LearntGate

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class ClassifySettings(SecondOpinionSettings):
    """Settings that the deployment must give this function."""

    table_name: str = Field(min_length=3)
    chatter_retention_days: int = Field(ge=1)
    credentials_path: str = Field(pattern=r"^/")
    """Below which the Parameter Store has the key of the tickets' codes."""


settings = from_environment(ClassifySettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
ticket_codes = open_ticket_codes(session, settings.credentials_path)
posts, tickets = DynamoPostStore(table), DynamoTicketStore(table)


def count(name: str) -> None:
    """Add one to the metric with this name."""
    metrics.add_metric(name, MetricUnit.Count, 1)


second_opinion = open_second_opinion(session, table, directory, settings, count)
learnt_gate = LearntGate(DynamoGateStore(table), count)


def triage(keys: Item) -> None:
    """Decide about the post with this key of the table."""
    key = keys["pk"].removeprefix("POST#")
    outcome = decide(
        key,
        posts=posts,
        tickets=tickets,
        directory=directory,
        now=datetime.now(UTC),
        chatter_for=timedelta(days=settings.chatter_retention_days),
        code_of=ticket_codes.of,
        advise=second_opinion,
        learnt=learnt_gate,
    )
    count(f"Triage{outcome.capitalize()}")
    logger.info("post triaged", post=key, outcome=outcome)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Decide about each post of the batch. One that fails is reported and comes again; the others still get done."""
    del context
    response = handle_each(event["Records"], triage)
    metrics.add_metric("TriageFailed", MetricUnit.Count, len(response["batchItemFailures"]))
    return response
