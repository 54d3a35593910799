"""Reads one channel, and reports how it went."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from aduan.channel_budget import is_exhausted
from poll_channels.channel_metrics import report_channel
from poll_channels.poll import Poll
from poll_channels.sources import KINDS

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.task import Invocation


def read_channel(channel: Channel, invocation: Invocation) -> None:
    """Read one channel, and write its metrics and log line."""
    poll = Poll(
        channel,
        invocation.channels,
        invocation.posts,
        invocation.notices,
        invocation.lanes,
        run_id=invocation.run_id,
        clock=invocation.clock,
        lease_for=invocation.lease_for(),
    )
    run = poll.run(lambda: KINDS[channel.kind](channel, invocation.connection()))
    report_channel(channel, run, poll.read_until, invocation.clock())
    metrics, logger = invocation.metrics, invocation.logger
    if run is None:
        metrics.add_metric("RunSkipped", MetricUnit.Count, 1)
        logger.info("channel is being read by another run, or waits", channel=channel.id)
        return
    if run.error is not None:
        invocation.credentials.forget()
    if run.cost_usd:
        metrics.add_metric("CostUsd", MetricUnit.NoUnit, run.cost_usd)
        metrics.add_metric("BudgetsExhausted", MetricUnit.Count, is_exhausted(channel, poll.spent_usd))
    metrics.add_metric("RunFailed", MetricUnit.Count, run.error is not None)
    metrics.add_metric("PostsNew", MetricUnit.Count, run.new)
    metrics.add_metric("PostsRejected", MetricUnit.Count, run.rejected)
    logger.info("channel read", run=run.model_dump(mode="json", exclude_none=True))
