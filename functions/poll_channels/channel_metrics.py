"""Sends one channel's metrics.

CloudWatch charges for every combination of metric and channel, by the hour in which it gets a value: sixty channels
with three values a minute would cost more than all the rest. So only values above zero are sent, and a missing value
means zero. A channel on which nothing happens costs nothing.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import EphemeralMetrics, MetricUnit

if TYPE_CHECKING:
    from aduan.channel import Run
    from aduan.directory import Channel


def report_channel(
    channel: Channel,
    run: Run | None,
    cursor_ledger_at: datetime | None,
    now: datetime,
    *,
    consecutive_failures: int | None = None,
) -> None:
    """Send how a channel's run went, under the channel and summed up under the service.

    Each channel has its own record, so that the limit of a hundred metrics a record is never near.

    Args:
        channel: The channel.
        run: Its run; None when the run was skipped.
        cursor_ledger_at: When the last complete run in the ledger began, if known. Quiet runs are entered once an
            hour, so the lag of a skipped or failed run may be up to an hour too long.
        now: The moment up to which the lag is counted.
        consecutive_failures: How many runs failed in a row, including this one; without it a failure counts as one.
    """
    # A separate collector: the handler's shares its state, so the channel's dimension would stick to all its metrics.
    metrics = EphemeralMetrics()
    metrics.add_dimensions(channel=channel.id)
    if run is not None and run.error is not None:
        metrics.add_metric("ChannelFailures", MetricUnit.Count, consecutive_failures or 1)
    if run is not None and run.new:
        metrics.add_metric("ChannelNewPosts", MetricUnit.Count, run.new)
    if (run is None or not run.complete) and cursor_ledger_at is not None:
        metrics.add_metric("ChannelLagSeconds", MetricUnit.Seconds, max((now - cursor_ledger_at).total_seconds(), 0))
    if metrics.metric_set:
        metrics.flush_metrics()
