"""Entry point of the function behind the links in the mails: settings, clients, metrics and the log of every answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final, get_args

import boto3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from actions import pages
from actions.browser import HEADERS
from actions.presence import Doubt
from actions.routes import Answer, Routes
from aduan.action_keys import ActionKeys
from aduan.directory_loading import load_directory
from aduan.refusal import without_text
from aduan.settings import Settings, from_environment
from aduan.store.examples import DynamoExampleStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import QUICK, open_table
from aduan.store.tickets import DynamoTicketStore

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from aduan.action_token import Action


class ActionsSettings(Settings):
    """Settings that the deployment must give this function."""

    table_name: str = Field(min_length=3)
    action_keys: str = Field(min_length=1)
    """ARN of the secret that holds the keys of the links."""


METRICS: Final[dict[Action, str]] = {"accept": "TicketAccepted", "done": "TicketResolved", "not_ours": "Misroute"}

DOUBTS: Final = frozenset(get_args(Doubt))
"""Outcomes of presses that no person seems to have made."""

settings = from_environment(ActionsSettings)
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
routes = Routes(
    tickets=DynamoTicketStore(table),
    posts=DynamoPostStore(table),
    examples=DynamoExampleStore(table),
    keys=ActionKeys(lambda: session.client("secretsmanager", config=QUICK), settings.action_keys, time.monotonic),
    directory=load_directory(),
    now=lambda: datetime.now(UTC),
)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request, and log the ticket, the action and the outcome, but never the token or a note."""
    fault: dict[str, str | None] = {}
    try:
        answer = routes.answer(event)
    except Exception as error:  # noqa: BLE001 # answered with a page, and logged without a person's words
        answer, fault = Answer(pages.failed_page(), "failed"), without_text(error, "actions")
    metrics.add_metric("LinkFollowed", MetricUnit.Count, 1)
    if answer.outcome in DOUBTS:
        metrics.add_metric("PressDoubted", MetricUnit.Count, 1)
    token = answer.token
    if token is not None and answer.moved_to is not None:
        metrics.add_metric(METRICS[token.action], MetricUnit.Count, 1)
    log = {
        "method": event.get("httpMethod"),
        "outcome": answer.outcome,
        "status": answer.page.status,
        **({"ticket": token.ticket, "department": token.department, "action": token.action} if token else {}),
        "aws_request_id": getattr(context, "aws_request_id", None),
        **fault,
    }
    (logger.error if fault else logger.info)("answered", extra=log)
    return {"statusCode": answer.page.status, "headers": dict(HEADERS), "body": answer.page.html}
