"""Entry point of the schedules: reads every channel of one kind, asks about its posts or tokens, or answers there."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, cast

import boto3
import urllib3
from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.metrics import MetricUnit

from aduan.channel_budget import is_exhausted
from aduan.directory_loading import load_directory
from aduan.settings import from_environment
from aduan.store.channels import DynamoChannelStore
from aduan.store.posts import DynamoPostStore
from aduan.store.replies import DynamoReplyStore
from aduan.store.table import QUICK, open_table
from aduan.store.tickets import DynamoTicketStore
from poll_channels.channel_metrics import report_channel
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.poll import Poll, is_due
from poll_channels.recheck import Recheck, Rechecking
from poll_channels.replying import Answering, Replying, Stores
from poll_channels.source import Budget, ChannelError
from poll_channels.sources import KINDS
from poll_channels.tokens import inspect_token, token_notice

if TYPE_CHECKING:
    from aws_lambda_powertools.utilities.typing import LambdaContext

    from aduan.directory import Channel

AT_ONCE: Final = 10
"""Channels that are read at the same time: they wait for their platforms, not for the processor."""
LEASE_MARGIN: Final = timedelta(seconds=30)
"""A lease outlives the longest run by this much, so that a killed run is never met by its successor."""
ANSWERING_STAGES: Final = frozenset({"prod", "local"})
"""On one machine the platforms are simulated; any other stage reads the county's real accounts."""

settings = from_environment(PollSettings)
directory = load_directory()
logger = Logger()
metrics = Metrics()
session = boto3.Session()
table = open_table(session, settings.table_name)
channels, posts, tickets = DynamoChannelStore(table), DynamoPostStore(table), DynamoTicketStore(table)
replies = DynamoReplyStore(table)
credentials = Credentials(session.client("ssm", config=QUICK), settings.credentials_path, time.monotonic)
http = urllib3.PoolManager(num_pools=AT_ONCE, maxsize=AT_ONCE, retries=False)


@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> None:
    """Do one task for every channel of the kind that the schedule names; one that fails stops no other."""
    if event["kind"] not in KINDS:
        raise ValueError(f"a schedule names the channel kind {event['kind']!r}, which nobody reads")
    task = TASKS[event.get("task", "read")]
    now = datetime.now(UTC)
    polled = [channel for channel in directory.channels if channel.kind == event["kind"] and channel.is_polled]
    # Who invokes the function by hand does not want to wait for a channel's own rhythm.
    at_once = task is not read or event.get("at_once", False)
    due = [channel for channel in polled if at_once or is_due(channel, now)]
    metrics.add_metric("ChannelsRead", MetricUnit.Count, len(due))
    budget = Budget.of(time.monotonic, context.get_remaining_time_in_millis() / 1000)
    faults: list[Exception] = []
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        for working in [pool.submit(task, channel, budget, context) for channel in due]:
            try:
                working.result()
            except Exception as error:  # noqa: BLE001 # raised below, after the other channels were read
                metrics.add_metric("RunFailed", MetricUnit.Count, 1)
                faults.append(error)
    if faults:
        raise ExceptionGroup(f"{len(faults)} of {len(due)} channels failed", faults)


def read(channel: Channel, budget: Budget, context: LambdaContext) -> None:
    """Read one channel, and say how it went."""
    poll = Poll(
        channel,
        channels,
        posts,
        run_id=context.aws_request_id,
        clock=lambda: datetime.now(UTC),
        lease_for=timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN,
    )
    run = poll.run(lambda: KINDS[channel.kind](channel, connection(budget)))
    report_channel(channel, run, poll.read_until, datetime.now(UTC))
    if run is None:
        metrics.add_metric("RunSkipped", MetricUnit.Count, 1)
        logger.info("channel is being read by another run, or waits", channel=channel.id)
        return
    if run.error is not None:
        credentials.forget()
    if run.cost_usd:
        metrics.add_metric("CostUsd", MetricUnit.NoUnit, run.cost_usd)
        metrics.add_metric("BudgetsExhausted", MetricUnit.Count, is_exhausted(channel, poll.spent_usd))
    metrics.add_metric("RunFailed", MetricUnit.Count, run.error is not None)
    metrics.add_metric("PostsNew", MetricUnit.Count, run.new)
    metrics.add_metric("PostsRejected", MetricUnit.Count, run.rejected)
    logger.info("channel read", run=run.model_dump(mode="json", exclude_none=True))


def recheck(channel: Channel, budget: Budget, context: LambdaContext) -> None:
    """Ask whether one channel's posts are still there, and erase those that are not."""
    sweep = Recheck(
        channel,
        channels,
        posts,
        tickets,
        run_id=context.aws_request_id,
        clock=lambda: datetime.now(UTC),
        lease_for=timedelta(milliseconds=context.get_remaining_time_in_millis()) + LEASE_MARGIN,
    )
    try:
        erased = sweep.run(lambda: cast("Rechecking", KINDS[channel.kind](channel, connection(budget))))
    except ChannelError as error:
        metrics.add_metric("RunFailed", MetricUnit.Count, 1)
        logger.warning("channel not rechecked", channel=channel.id, error=f"{type(error).__name__}: {error}")
        return
    finally:
        if sweep.cost_usd:
            metrics.add_metric("CostUsd", MetricUnit.NoUnit, sweep.cost_usd)
    metrics.add_metric("PostsErased", MetricUnit.Count, erased)
    logger.info("channel rechecked", channel=channel.id, erased=erased)


def inspect(channel: Channel, budget: Budget, context: LambdaContext) -> None:
    """Look how long one channel's token will live, and warn its owner once at 14, 7 and 1 days before its end."""
    del context
    try:
        look = inspect_token(channel, connection(budget))
    except ChannelError as error:
        logger.warning("token not inspected", channel=channel.id, error=f"{type(error).__name__}: {error}")
        return
    channels.looked(look)
    now = datetime.now(UTC)
    notice = token_notice(channel, look, now)
    if not look.valid or (notice is not None and channels.announce(notice)):
        metrics.add_metric("TokenWarnings", MetricUnit.Count, 1)
        days_left = look.days_left(now)
        logger.warning("token ends", channel=channel.id, days_left=days_left, valid=look.valid, reason=look.reason)


def reply(channel: Channel, budget: Budget, context: LambdaContext) -> None:
    """Answer citizens under their posts, where the channel says so; outside production nobody real hears of it."""
    if not channel.replies or settings.stage not in ANSWERING_STAGES:
        return
    stores = Stores(channels, replies, tickets, posts)
    replying = Replying(channel, stores, directory, run_id=context.aws_request_id, clock=lambda: datetime.now(UTC))
    try:
        replying.run(lambda: cast("Answering", KINDS[channel.kind](channel, connection(budget))))
    except ChannelError as error:
        credentials.forget()
        metrics.add_metric("RunFailed", MetricUnit.Count, 1)
        logger.warning("citizens not answered", channel=channel.id, error=f"{type(error).__name__}: {error}")
    finally:
        metrics.add_metric("RepliesParked", MetricUnit.Count, replying.outcomes["parked"])
        if replying.outcomes:
            logger.info("citizens answered", channel=channel.id, outcomes=dict(replying.outcomes))


def connection(budget: Budget) -> Connection:
    """What a source gets to work with."""
    return Connection(http, credentials, settings, budget, datetime.now(UTC))


TASKS: Final[dict[str, Callable[[Channel, Budget, LambdaContext], None]]] = {
    "read": read,
    "recheck": recheck,
    "reply": reply,
    "tokens": inspect,
}
