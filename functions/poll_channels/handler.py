"""Entry point of the schedules: reads settings, makes clients, and does one task for every channel of one kind."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from aduan.directory_loading import load_directory
from aduan.settings import from_environment
from aduan.store.channels import DynamoChannelStore
from aduan.store.lanes import DynamoLaneStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.replies import DynamoReplyStore
from aduan.store.table import QUICK, open_table
from aduan.store.tickets import DynamoTicketStore
from aduan.time_budget import TimeBudget
from poll_channels.connection import PollSettings
from poll_channels.credentials import Credentials
from poll_channels.poll import is_due
from poll_channels.sources import KINDS
from poll_channels.task import Invocation
from poll_channels.tasks import TASKS

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext


AT_ONCE: Final = 10
"""How many channels are read at the same time: they wait for their platforms, not for the processor."""

settings = from_environment(PollSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
credentials = Credentials(session.client("ssm", config=QUICK), settings.credentials_path, time.monotonic)
http = urllib3.PoolManager(num_pools=AT_ONCE, maxsize=AT_ONCE, retries=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do one task for every channel of the kind that the schedule names.

    Raises:
        ValueError: when no source reads this kind.
        ExceptionGroup: after all channels were tried, when some failed unexpectedly.
    """
    if event["kind"] not in KINDS:
        raise ValueError(f"a schedule names the channel kind {event['kind']!r}, which nobody reads")
    name = event.get("task", "read")
    task, now = TASKS[name], datetime.now(UTC)
    polled = [channel for channel in directory.channels if channel.kind == event["kind"] and channel.is_polled]
    # A person who invokes the function by hand does not want to wait for a channel's own interval.
    at_once = name != "read" or event.get("at_once", False)
    due = [channel for channel in polled if at_once or is_due(channel, now)]
    metrics.add_metric("ChannelsRead", MetricUnit.Count, len(due))
    this = invocation(context)
    faults: list[Exception] = []
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for working in [pool.submit(task, channel, this) for channel in due]:
            try:
                working.result()
            except Exception as error:  # noqa: BLE001 # raised below, after the other channels were read
                metrics.add_metric("RunFailed", MetricUnit.Count, 1)
                faults.append(error)
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(due)} channels failed", faults)


def invocation(context: LambdaContext) -> Invocation:
    """Combine this invocation's id and time with the clients of the process."""
    return Invocation(
        run_id=context.aws_request_id,
        remaining=lambda: timedelta(milliseconds=context.get_remaining_time_in_millis()),
        budget=TimeBudget.of(time.monotonic, context.get_remaining_time_in_millis() / 1000),
        clock=lambda: datetime.now(UTC),
        settings=settings,
        directory=directory,
        credentials=credentials,
        http=http,
        channels=DynamoChannelStore(table),
        posts=DynamoPostStore(table),
        notices=DynamoNoticeStore(table),
        lanes=DynamoLaneStore(table),
        tickets=DynamoTicketStore(table),
        replies=DynamoReplyStore(table),
        logger=logger,
        metrics=metrics,
    )
