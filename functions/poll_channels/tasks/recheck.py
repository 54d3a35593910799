"""Asks whether one channel's posts are still there, and erases those that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from aduan.platform_errors import ChannelError
from poll_channels.recheck import Recheck
from poll_channels.sources import RECHECKED

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.task import Invocation


def recheck_channel(channel: Channel, invocation: Invocation) -> None:
    """Continue the channel's sweep. When the platform cannot tell, log a warning; the next run asks again."""
    metrics = invocation.metrics
    sweep = Recheck(
        channel,
        invocation.channels,
        invocation.posts,
        invocation.tickets,
        run_id=invocation.run_id,
        clock=invocation.clock,
        lease_for=invocation.lease_for(),
    )
    try:
        erased = sweep.run(lambda: RECHECKED[channel.kind](channel, invocation.connection()))
    except ChannelError as error:
        metrics.add_metric("RunFailed", MetricUnit.Count, 1)
        invocation.logger.warning("channel not rechecked", channel=channel.id, error=f"{type(error).__name__}: {error}")
        return
    finally:
        if sweep.cost_usd:
            metrics.add_metric("CostUsd", MetricUnit.NoUnit, sweep.cost_usd)
    metrics.add_metric("PostsErased", MetricUnit.Count, erased)
    invocation.logger.info("channel rechecked", channel=channel.id, erased=erased)
