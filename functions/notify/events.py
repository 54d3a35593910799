"""Entry point for what SES reports about our mails, through an SNS topic."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.settings import Settings, from_environment
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.table import open_table
from notify.apply_mail_event import apply_mail_event
from notify.mail_events import Kind, mail_events

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

METRICS: Final[dict[Kind, str]] = {
    "accepted": "MailReconciled",
    "rejected": "NoticeFailed",
    "dead": "MailBounced",
    "returned": "MailBounced",
    "undelivered": "MailBounced",
    "delayed": "MailDelayed",
    "doubted": "MailDoubted",
}
"""Name of the metric that counts the events that changed a notice, by kind of event."""


class EventsSettings(Settings):
    """The settings of this function, from its environment."""

    table_name: str = Field(min_length=3)


settings = from_environment(EventsSettings)
logger = Logger()
metrics = Metrics()
table = open_table(boto3.Session(), settings.table_name)
notices, contacts = DynamoNoticeStore(table), DynamoContactStore(table)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Record what each message says. Errors are raised, so that the topic delivers the message again."""
    del context
    metrics.add_metric("MailReported", MetricUnit.Count, len(event["Records"]))
    for record in event["Records"]:
        reported = mail_events(record["Sns"]["Message"])
        if not reported:
            logger.info("a message about no notice")
        for one in reported:
            outcome = apply_mail_event(one, notices=notices, contacts=contacts, now=datetime.now(UTC))
            if outcome == "settled":
                metrics.add_metric(METRICS[one.kind], MetricUnit.Count, 1)
            which = one.notice
            logger.info("mail reported", subject=which.subject, notice=which.key, kind=one.kind, outcome=outcome)
