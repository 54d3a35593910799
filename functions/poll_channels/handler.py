"""Entry point of the schedules: reads every channel of one kind."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from aduan.directory import Channel, load_directory
from aduan.settings import from_environment
from aduan.store.channels import DynamoChannelStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import QUICK, open_table
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.poll import Poll, is_due
from poll_channels.source import Budget
from poll_channels.sources import KINDS

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from aduan.channel import Run

AT_ONCE: Final = 10
"""Channels that are read at the same time: they wait for their platforms, not for the processor."""
LEASE_MARGIN: Final = timedelta(seconds=30)
"""A lease outlives the longest run by this much, so that a killed run is never met by its successor."""

settings = from_environment(PollSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
credentials = Credentials(session.client("ssm", config=QUICK), settings.credentials_path, time.monotonic)
http = urllib3.PoolManager(num_pools=AT_ONCE, maxsize=AT_ONCE, retries=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: "LambdaContext") -> None:
    """Read every channel of the kind that the schedule names; one that fails stops no other."""
    now = datetime.now(UTC)
    channels = [
        channel
        for channel in directory.channels
        if channel.kind == event["kind"] and channel.is_polled and is_due(channel, now)
    ]
    metrics.add_metric("ChannelsRead", MetricUnit.Count, len(channels))
    budget = Budget.of(time.monotonic, context.get_remaining_time_in_millis() / 1000)
    faults: list[Exception] = []
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        reading = [(channel, pool.submit(read, channel, budget, context)) for channel in channels]
        for channel, run in reading:
            try:
                report(channel, run.result())
            except Exception as error:  # noqa: BLE001 # raised below, after the other channels were read
                metrics.add_metric("RunFailed", MetricUnit.Count, 1)
                faults.append(error)
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(channels)} channels failed", faults)


def read(channel: Channel, budget: Budget, context: "LambdaContext") -> "Run | None":
    """Read one channel."""
    poll = Poll(
        channel,
        DynamoChannelStore(table),
        DynamoPostStore(table),
        run_id=context.aws_request_id,
        clock=lambda: datetime.now(UTC),
        lease_for=timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN,
    )
    connection = Connection(http, credentials, settings, budget, datetime.now(UTC))
    return poll.run(lambda: KINDS[channel.kind](channel, connection))


def report(channel: Channel, run: "Run | None") -> None:
    """Say how a run went."""
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
