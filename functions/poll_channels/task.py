"""One invocation of the function, as its tasks see it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from poll_channels.connection import Connection

if TYPE_CHECKING:
    import urllib3
    from aws_lambda_powertools import Logger, Metrics

    from aduan.directory import Directory
    from aduan.store.channels import ChannelStore
    from aduan.store.lanes import LaneStore
    from aduan.store.notices import NoticeStore
    from aduan.store.posts import PostStore
    from aduan.store.replies import ReplyStore
    from aduan.store.tickets import TicketStore
    from aduan.time_budget import TimeBudget
    from poll_channels.connection import PollSettings
    from poll_channels.credentials import Credentials

LEASE_MARGIN: Final = timedelta(seconds=30)
"""A lease outlives the longest run by this much, so that no other run takes the channel from one still alive."""


@dataclass(frozen=True)
class Invocation:
    """One invocation of the function, shared by the tasks it does for its channels."""

    run_id: str
    remaining: Callable[[], timedelta]
    """Returns how long the process may still live."""
    budget: TimeBudget
    clock: Callable[[], datetime]
    settings: PollSettings
    directory: Directory
    credentials: Credentials
    http: urllib3.PoolManager
    channels: ChannelStore
    posts: PostStore
    notices: NoticeStore
    lanes: LaneStore
    tickets: TicketStore
    replies: ReplyStore
    logger: Logger
    metrics: Metrics

    def connection(self) -> Connection:
        """Return the connection that a source works with."""
        return Connection(self.http, self.credentials, self.settings, self.budget, self.clock())

    def lease_for(self) -> timedelta:
        """Return how long a channel is leased."""
        return self.remaining() + LEASE_MARGIN
