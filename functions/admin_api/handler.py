"""Entry point for the admin API: settings, clients, routes, and what all answers have in common."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import boto3
from aws_lambda_powertools import Logger
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import Field

from admin_api.access import claims_of
from admin_api.gate import LambdaLearner
from admin_api.routes import Routes, Stores
from admin_api.suppression import PATIENCE, SesSuppressionList
from aduan.directory_loading import load_directory
from aduan.refusal import HEADERS, RefusedError, without_text
from aduan.settings import Settings, from_environment
from aduan.store.contacts import DynamoContactStore
from aduan.store.examples import DynamoExampleStore
from aduan.store.gates import DynamoGateStore
from aduan.store.lanes import DynamoLaneStore
from aduan.store.ledger import LedgerReading
from aduan.store.posts import DynamoPostStore
from aduan.store.statistics import Statistics
from aduan.store.table import open_table
from aduan.store.ticket_reading import TicketReading
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket_codes import open_ticket_codes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class AdminApiSettings(Settings):
    """The settings of this function, from its environment."""

    table_name: str
    credentials_path: str = Field(pattern=r"^/")
    """Below which the Parameter Store has the key of the tickets' codes."""
    chatter_retention_days: int = Field(ge=1)
    learn_function: str = Field(min_length=1)
    """Name of the function that learns from the desk."""


logger = Logger()
settings = from_environment(AdminApiSettings)
session = boto3.Session()
table = open_table(session, settings.table_name)
app = APIGatewayRestResolver(debug=False)  # whatever the environment says: in debug mode answers have stack traces
stores = Stores(
    contacts=DynamoContactStore(table),
    tickets=DynamoTicketStore(table),
    posts=DynamoPostStore(table),
    examples=DynamoExampleStore(table),
    ticket_reading=TicketReading(table),
    statistics=Statistics(table),
    ledger=LedgerReading(table),
    lanes=DynamoLaneStore(table),
    gates=DynamoGateStore(table),
)
suppression_list = SesSuppressionList(lambda: session.client("sesv2", config=PATIENCE))
Routes(
    app,
    stores,
    load_directory(),
    lambda: datetime.now(UTC),
    suppression_list,
    open_ticket_codes(session, settings.credentials_path).of,
    timedelta(days=settings.chatter_retention_days),
    LambdaLearner(lambda: session.client("lambda", config=PATIENCE), settings.learn_function),
).register()


def refused(error: RefusedError) -> Response[dict[str, Any]]:
    """Answer with the reason of the refusal."""
    return Response(error.status, "application/json", error.body(), headers=dict(error.headers))


def failed(error: Exception) -> Response[dict[str, Any]]:
    """Answer an unexpected error without details, and log only what cannot hold a citizen's words."""
    logger.error("failed", extra=without_text(error, "admin_api"))
    message = "Terjadi gangguan pada sistem. Coba lagi beberapa saat; bila berulang, hubungi Diskominfo."
    return refused(RefusedError(500, "internal", message))


app.exception_handler(RefusedError)(refused)
app.exception_handler(Exception)(failed)


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request. The log has its route, status, caller and duration, never what was asked or answered."""
    began = time.perf_counter()
    answer = app.resolve(event, context)
    answer["multiValueHeaders"].update({name: [value] for name, value in HEADERS.items()})
    logger.info(
        "answered",
        extra={
            "route": f"{event.get('httpMethod')} {event.get('resource')}",
            "status": answer["statusCode"],
            "who": claims_of(event).get("sub"),
            "milliseconds": round((time.perf_counter() - began) * 1000),
            "aws_request_id": getattr(context, "aws_request_id", None),
        },
    )
    return answer
