"""Entry point of the stream of new posts."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from pydantic import Field

from aduan.directory import load_directory
from aduan.settings import Settings, from_environment
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, from_image
from aduan.store.tickets import DynamoTicketStore
from classify.decide import decide

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext


class ClassifySettings(Settings):
    """What the deployment must tell this function."""

    table_name: str = Field(min_length=3)
    chatter_retention_days: int = Field(ge=1)


settings = from_environment(ClassifySettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
table = Table(boto3.client("dynamodb"), settings.table_name)
posts, tickets = DynamoPostStore(table), DynamoTicketStore(table)
# A batch that fails as a whole is reported like any other: the error raised instead would quote the items.
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def record_handler(record: "DynamoDBRecord") -> None:
    """Decide about the post a record names. The image may be old; what is true now is read from the table."""
    keys = from_image(record.raw_event["dynamodb"]["Keys"])
    key = keys["pk"].removeprefix("POST#")
    try:
        outcome = decide(
            key,
            posts=posts,
            tickets=tickets,
            directory=directory,
            now=datetime.now(UTC),
            chatter_for=timedelta(days=settings.chatter_retention_days),
        )
    except Exception as error:
        # The type alone: the sentence of an error may quote the item, and with it what a citizen wrote.
        logger.error("post not triaged", post=key, error=type(error).__name__)  # noqa: TRY400
        metrics.add_metric("TriageFailed", MetricUnit.Count, 1)
        raise
    metrics.add_metric(f"Triage{outcome.capitalize()}", MetricUnit.Count, 1)
    logger.info("post triaged", post=key, outcome=outcome)


@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Decide about each post of the batch; one that fails is reported and delays no other for long."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
