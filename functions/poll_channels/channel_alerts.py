"""Decides when to notify somebody about a channel, once per episode.

The owner is told when a person must act, the desk when the channel's budget is spent. The functions are pure. Their
notices are put into the outbox before the cursor moves, under a key that names the episode: when a run dies in
between, the next one decides the same and finds the notice there.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.channel import REFUSALS, Cursor
from aduan.channel_budget import is_exhausted
from aduan.notice import ChannelNotice
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GapError,
    NotPermittedError,
    ObjectsError,
    PageCapError,
)
from aduan.record import month_of, stamp
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.directory import Channel

AUTHORISATION_ERRORS: Final = (CredentialError, NotPermittedError)
LET_IN: Final = (PageCapError, GapError, ObjectsError)
"""Errors of a run that the account let in: the rest of one thread, single objects, or what is lost for ever, was not
read. On some channels every run ends like this."""


def with_refusals(cursor: Cursor, started: datetime, failure: ChannelError | None) -> Cursor:
    """Count a refused run, or reset the count when a run had permission everywhere.

    The cursor is returned unchanged for any other failure: an outage or a run out of time says nothing about
    permission.

    Args:
        cursor: The cursor after the run, but with the old count.
        started: When the run began.
        failure: The error that ended the run; None when it read the channel to its end.
    """
    if isinstance(failure, AUTHORISATION_ERRORS):
        counted = min(cursor.refusals + 1, REFUSALS)
        return cursor.model_copy(update={"refusals": counted, "refused_at": cursor.refused_at or started})
    if failure is None or isinstance(failure, LET_IN):
        return cursor.model_copy(update={"refusals": 0, "refused_at": None})
    return cursor


def permission_notice(
    channel: Channel, before: Cursor, after: Cursor, failure: ChannelError | None, now: datetime
) -> ChannelNotice | None:
    """Return the owner's notice when this run made the channel need permission, else None.

    The episode is named by the time of its first refusal.
    """
    since = after.needs_permission_since
    if since is None or before.needs_permission_since is not None:
        return None
    return ChannelNotice(
        channel=channel.id,
        matter="permission",
        episode=stamp(since),
        department=channel.department,
        created_at=now,
        since=since,
        reason=f"{type(failure).__name__}: {failure}",
    )


def budget_notice(channel: Channel, after: Cursor, now: datetime) -> ChannelNotice | None:
    """Return the desk's notice when the month's budget is spent, else None; `after` includes the run's cost."""
    if after.spent_at is None or not is_exhausted(channel, after.spent_usd):
        return None
    return ChannelNotice(
        channel=channel.id,
        matter="budget",
        episode=month_of(after.spent_at),
        department=DESK,
        created_at=now,
        since=after.spent_at,
        until=after.not_before,
    )
