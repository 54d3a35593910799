"""Checks how long one channel's token remains valid."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_lambda_powertools.metrics import MetricUnit

from aduan.platform_errors import ChannelError
from poll_channels.tokens import inspect_token, token_notice

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.task import Invocation


def check_token(channel: Channel, invocation: Invocation) -> None:
    """Store how long the channel's token remains valid, and warn its owner once at 14, 7 and 1 days before its end."""
    logger = invocation.logger
    try:
        check = inspect_token(channel, invocation.connection())
    except ChannelError as error:
        logger.warning("token not inspected", channel=channel.id, error=f"{type(error).__name__}: {error}")
        return
    invocation.channels.save_token_check(check)
    now = invocation.clock()
    notice = token_notice(channel, check, now)
    if not check.valid or (notice is not None and invocation.notices.add(notice)):
        invocation.metrics.add_metric("TokenWarnings", MetricUnit.Count, 1)
        days_left = check.days_left(now)
        logger.warning("token ends", channel=channel.id, days_left=days_left, valid=check.valid, reason=check.reason)
