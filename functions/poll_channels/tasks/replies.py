"""Sends the replies to citizens under one channel's posts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aws_lambda_powertools.metrics import MetricUnit

from aduan.platform_errors import ChannelError
from poll_channels.sources import REPLIED
from public_replies.sending import ReplyRun, Stores

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.task import Invocation

REPLYING_STAGES: Final = frozenset({"prod", "local"})
"""In `local` the platforms are simulated; any stage but these two reads the county's real accounts."""


def send_replies(channel: Channel, invocation: Invocation) -> None:
    """Send the replies that are due, if the channel has replies switched on and the stage is a replying one."""
    if not channel.replies or invocation.settings.stage not in REPLYING_STAGES:
        return
    metrics, logger = invocation.metrics, invocation.logger
    stores = Stores(invocation.channels, invocation.replies, invocation.tickets, invocation.posts)
    run = ReplyRun(channel, stores, invocation.directory, run_id=invocation.run_id, clock=invocation.clock)
    try:
        run.run(lambda: REPLIED[channel.kind](channel, invocation.connection()))
    except ChannelError as error:
        invocation.credentials.forget()
        metrics.add_metric("RunFailed", MetricUnit.Count, 1)
        logger.warning("citizens not answered", channel=channel.id, error=f"{type(error).__name__}: {error}")
    finally:
        metrics.add_metric("RepliesParked", MetricUnit.Count, run.outcomes["parked"])
        if run.outcomes:
            logger.info("citizens answered", channel=channel.id, outcomes=dict(run.outcomes))
