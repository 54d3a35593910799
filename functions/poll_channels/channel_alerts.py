"""When somebody is told about a channel, once per episode: its owner when a person must act, the desk when it is dark.

Pure. What is decided here is put into the outbox before the cursor moves, under a key that names the episode: a run
that dies in between decides the same again, and finds the notice there.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.channel import REFUSALS, Cursor
from aduan.channel_budget import is_exhausted
from aduan.notice import ChannelNotice
from aduan.platform_errors import ChannelError, CredentialError, GapError, NotPermittedError, PageCapError
from aduan.record import stamp
from aduan.store.table import month_of
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.directory import Channel

AUTHORISATION_ERRORS: Final = (CredentialError, NotPermittedError)
LET_IN: Final = (PageCapError, GapError)
"""How a run ends that was let in everywhere: all was read but the rest of one thread, or what is lost for ever. On
some channels no run ends otherwise."""


def with_refusals(cursor: Cursor, started: datetime, failure: ChannelError | None) -> Cursor:
    """Count a refused run, and forget all of them when a run was let in everywhere; the same cursor when neither.

    What is neither, an outage or a run out of time, says nothing about permission.

    Args:
        cursor: As it is after the run but for this.
        started: When the run began.
        failure: How it ended, if not at the end of the channel.
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
    """Tell the owner when a run has marked the channel; the episode is named by its first refusal."""
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
    """Tell the desk when a run has spent the rest of the month's budget; `after` is the cursor with its cost."""
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
