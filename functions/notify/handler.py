"""Sends a notice as soon as it is written. The stream only says which; what it is comes from the table."""

from datetime import UTC, datetime
from typing import Any, Self
from uuid import uuid4

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.dynamo_db_stream_event import DynamoDBRecord
from aws_lambda_powertools.utilities.typing import LambdaContext
from pydantic import model_validator

from aduan.directory import load_directory
from aduan.settings import Settings, from_environment
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from notify.delivery import PRODUCTION, Outcome, Senders, Stores, deliver
from notify.senders import EmailSender, SmsSender, sending_config


class NotifySettings(Settings):
    """What this function needs to be told."""

    table_name: str
    stage: str
    sender_address: str
    override_email: str = ""
    """Only production may leave it out."""
    override_phone: str
    """May be empty: then an SMS outside production is parked."""
    configuration_set: str
    """May be empty."""
    sms_sender_id: str
    """May be empty."""

    @model_validator(mode="after")
    def _never_writes_to_departments_by_accident(self) -> Self:
        if self.stage != PRODUCTION and not self.override_email:
            raise ValueError(f"OVERRIDE_EMAIL is missing: in stage {self.stage} every notice goes there")
        return self


METRICS: dict[Outcome, str] = {
    "sent": "NoticeSent",
    "failed": "NoticeFailed",
    "unknown": "NoticeUnknown",
    "parked": "NoticeParked",
    "postponed": "NoticePostponed",
}

settings = from_environment(NotifySettings)
logger, metrics = Logger(), Metrics()
processor = BatchProcessor(event_type=EventType.DynamoDBStreams, raise_on_entire_batch_failure=False)
session = boto3.Session()  # one for all clients: each session reads the service models anew
table = Table(session.client("dynamodb"), settings.table_name)
stores = Stores(DynamoNoticeStore(table), DynamoTicketStore(table), DynamoPostStore(table), DynamoContactStore(table))
senders = Senders(
    EmailSender(session.client("sesv2", config=sending_config()), settings.sender_address, settings.configuration_set),
    SmsSender(session.client("sns", config=sending_config()), settings.sms_sender_id),
)
directory = load_directory()


def record_handler(record: DynamoDBRecord) -> None:
    """Deliver the notice a stream record names. Its image is not looked at: it may be a day old."""
    keys: dict[str, Any] = (record.dynamodb and record.dynamodb.keys) or {}
    ticket, key = keys["pk"].removeprefix("TICKET#"), keys["sk"].removeprefix("NOTICE#")
    try:
        notice = stores.notices.get(ticket, key)
        outcome: Outcome = "already"
        if notice is not None:
            outcome = deliver(
                notice,
                stores=stores,
                senders=senders,
                directory=directory,
                now=datetime.now(UTC),
                owner=uuid4().hex,
                settings=settings,
            )
    except Exception as error:
        # The type alone: the sentence of an error may quote the item, and with it what a citizen wrote.
        logger.error("notice not delivered", ticket=ticket, notice=key, error=type(error).__name__)  # noqa: TRY400
        raise
    logger.info("notice", ticket=ticket, notice=key, outcome=outcome)
    if outcome in METRICS:
        metrics.add_metric(METRICS[outcome], unit="Count", value=1)


@logger.inject_lambda_context
def handler(event: dict[str, Any], context: LambdaContext) -> Any:
    """Deliver each record's notice; those that failed are reported and come again."""
    try:
        return process_partial_response(event, record_handler, processor, context)
    finally:
        if metrics.metric_set:
            metrics.flush_metrics()
