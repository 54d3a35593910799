"""Entry point of the intake, to which platforms and partners push: settings, clients, and logging of every answer."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.directory_loading import load_directory
from aduan.refusal import RefusedError
from aduan.secure_parameters import SecureParameters
from aduan.settings import Settings, from_environment
from aduan.store.posts import DynamoPostStore
from aduan.store.table import QUICK, open_table
from intake.answers import failed, refused
from intake.delivery import partner_channels
from intake.graph import Graph
from intake.push import AT_ONCE
from intake.request import Request
from intake.routes import Routes

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

SHORTEST_SECRET: Final = 16
"""A shorter secret is treated as missing: an empty one would let everybody in."""


class IntakeSettings(Settings):
    """What the deployment must tell this function."""

    table_name: str = Field(min_length=3)
    credentials_path: str = Field(pattern=r"^/")
    graph_base_url: str = Field(pattern=r"^https?://")
    graph_version: str = Field(pattern=r"^v\d+\.\d+$")


settings = from_environment(IntakeSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
routes = Routes(
    posts=DynamoPostStore(open_table(session, settings.table_name)),
    secrets=SecureParameters(
        session.client("ssm", config=QUICK), settings.credentials_path, time.monotonic, SHORTEST_SECRET
    ),
    graph=Graph(
        urllib3.PoolManager(maxsize=AT_ONCE, retries=False), f"{settings.graph_base_url}/{settings.graph_version}"
    ),
    partners=partner_channels(directory),
    accounts={each.account: each for each in directory.channels if each.kind == "instagram" and each.is_polled},
    now=lambda: datetime.now(UTC),
)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Answer one request, and log ids, lengths and outcomes, but never what was sent."""
    try:
        answer = routes.answer(Request(event))
    except RefusedError as error:
        answer = refused(error)
    except Exception as error:  # noqa: BLE001 # answered, and logged without a citizen's words
        answer = failed(error)
    metrics.add_metric("PostsRejected", MetricUnit.Count, answer.quarantined)
    log = {
        "route": f"{event.get('httpMethod')} {event.get('resource')}",
        "status": answer.status,
        "aws_request_id": getattr(context, "aws_request_id", None),
        **answer.log,
    }
    (logger.error if answer.status >= 500 else logger.info)("answered", extra=log)  # noqa: PLR2004 # our own faults
    return answer.response()
