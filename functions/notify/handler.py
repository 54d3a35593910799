"""Entry point of the stream of new notices. The stream only says which; what it is comes from the table."""

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response

from aduan.directory import load_directory
from aduan.settings import from_environment
from aduan.store.table import Table, from_image
from notify.outbox import METRICS, open_outbox
from notify.settings import SendingSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.batch.types import PartialItemFailureResponse
    from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from notify.delivery import Outcome

settings = from_environment(SendingSettings)
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = Table(session.client("dynamodb"), settings.table_name)
outbox = open_outbox(session, table, load_directory(), settings)
# A batch that failed whole is reported like any other: raising would print what the records hold.
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)


def record_handler(record: "DynamoDBRecord") -> None:
    """Deliver the notice a record names. Its image is not looked at: it may be a day old."""
    keys = from_image(record.raw_event["dynamodb"]["Keys"])
    ticket, key = keys["pk"].removeprefix("TICKET#"), keys["sk"].removeprefix("NOTICE#")
    try:
        notice = outbox.stores.notices.get(ticket, key)
        outcome: Outcome = "already" if notice is None else outbox.deliver(notice)
    except Exception as error:
        # The type alone: the sentence of an error may quote the item, and with it what a citizen wrote.
        logger.error("notice not delivered", ticket=ticket, notice=key, error=type(error).__name__)  # noqa: TRY400
        metrics.add_metric("NoticeError", MetricUnit.Count, 1)
        raise
    logger.info("notice", ticket=ticket, notice=key, outcome=outcome)
    metrics.add_metric(METRICS[outcome], MetricUnit.Count, 1)


@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> "PartialItemFailureResponse":
    """Deliver each record's notice; those that failed are reported and come again."""
    return process_partial_response(event=event, record_handler=record_handler, processor=processor, context=context)
