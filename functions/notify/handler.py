"""Entry point for the stream of new notices. The stream says only which notice; its content comes from the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from aduan.directory_loading import load_directory
from aduan.settings import from_environment
from aduan.store.table import Item, notice_id, open_table
from aduan.stream import BatchResponse, handle_each
from notify.outbox import METRICS, open_delivery
from notify.settings import SendingSettings

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

settings = from_environment(SendingSettings)
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
delivery = open_delivery(session, table, load_directory(), settings)


def tell(keys: Item) -> None:
    """Deliver the notice with these keys."""
    which = notice_id(keys)
    notice = delivery.stores.notices.get(which)
    outcome = "already" if notice is None else delivery.deliver(notice)
    metrics.add_metric(METRICS[outcome], MetricUnit.Count, 1)
    logger.info("notice delivered", subject=which.subject, notice=which.key, outcome=outcome)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> BatchResponse:
    """Deliver each record's notice. Records that failed are reported, so that they come again."""
    del context
    response = handle_each(event["Records"], tell)
    metrics.add_metric("NoticeError", MetricUnit.Count, len(response["batchItemFailures"]))
    return response
