"""Entry point of the schedules: reads every channel of one kind."""

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit
from pydantic import Field

from aduan.directory import Channel, load_directory
from aduan.settings import Settings, from_environment
from aduan.store.channels import DynamoChannelStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from poll_channels.credentials import Credentials
from poll_channels.poll import Poll
from poll_channels.source import Budget, Source
from poll_channels.sources import KINDS
from poll_channels.sources.graph import GraphClient

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


class PollSettings(Settings):
    """What the deployment must tell this function."""

    table_name: str = Field(min_length=3)
    credentials_path: str = Field(pattern=r"^/")
    graph_base_url: str = Field(pattern=r"^https?://")
    graph_version: str = Field(pattern=r"^v\d+\.\d+$")


LEASE_MARGIN: Final = timedelta(seconds=30)
"""A lease outlives the longest run by this much, so that a killed run is never met by its successor."""

settings = from_environment(PollSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = Table(session.client("dynamodb"), settings.table_name)
credentials = Credentials(session.client("ssm"), settings.credentials_path, time.monotonic)
http = urllib3.PoolManager(retries=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Read every channel of the kind that the schedule names; one that fails stops no other."""
    channels = [channel for channel in directory.channels if channel.kind == event["kind"]]
    faults: list[Exception] = []
    for position, channel in enumerate(channels):
        share = context.get_remaining_time_in_millis() / 1000 / (len(channels) - position)
        try:
            read(channel, Budget.of(time.monotonic, share), context)
        except Exception as error:  # noqa: BLE001 # raised below, after the other channels were read
            metrics.add_metric("RunFailed", MetricUnit.Count, 1)
            faults.append(error)
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(channels)} channels failed", faults)


def read(channel: Channel, budget: Budget, context: "LambdaContext") -> None:
    """Read one channel, and say how it went."""
    poll = Poll(
        channel,
        DynamoChannelStore(table),
        DynamoPostStore(table),
        run_id=context.aws_request_id,
        clock=lambda: datetime.now(UTC),
        lease_for=timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN,
    )
    run = poll.run(lambda: source_of(channel, budget))
    if run is None:
        metrics.add_metric("RunSkipped", MetricUnit.Count, 1)
        logger.info("channel is being read by another run, or waits", channel=channel.id)
        return
    if run.error is not None:
        credentials.forget()
    metrics.add_metric("RunFailed", MetricUnit.Count, run.error is not None)
    metrics.add_metric("PostsNew", MetricUnit.Count, run.new)
    metrics.add_metric("PostsRejected", MetricUnit.Count, run.rejected)
    logger.info("channel read", run=run.model_dump(mode="json", exclude_none=True))


def source_of(channel: Channel, budget: Budget) -> Source:
    """Make the source of a channel, with the token it has now."""
    token_name = f"channels/{channel.id.replace(':', '/')}/token"
    token, app_secret = credentials.get(token_name, "meta/app_secret")
    base_url = f"{settings.graph_base_url}/{settings.graph_version}"
    client = GraphClient(http, base_url, token=token, app_secret=app_secret, budget=budget, sleep=time.sleep)
    return KINDS[channel.kind](channel, client, datetime.now(UTC))
