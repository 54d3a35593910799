"""Checks once a day how long the token of a Graph channel remains valid, because a token ends without warning.

Source: ``GET /debug_token`` (developers.facebook.com/docs/graph-api/reference/debug_token). It is asked with the app's
own token, ``APP_ID|APP_SECRET``, in a header. ``expires_at`` is 0 for a token that never expires.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StrictBool, ValidationError

from aduan.channel import END_UNKNOWN, TOKEN_WARNING_DAYS, TokenCheck
from aduan.notice import ChannelNotice
from aduan.platform_errors import OutageError
from aduan.record import stamp
from aduan.secure_parameters import META_APP_ID, META_APP_SECRET
from poll_channels.sources.graph import GraphClient

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.connection import Connection

_LATEST: Final = 253_402_300_799
"""The last second of the year 9999."""

Epoch = Annotated[int, Field(ge=0, le=_LATEST)]


class _Fault(BaseModel):
    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    code: int | None = None
    subcode: int | None = None


class _Inspected(BaseModel):
    """What the platform says about a token."""

    model_config = ConfigDict(extra="ignore", hide_input_in_errors=True)

    is_valid: StrictBool
    expires_at: Epoch | None = None
    data_access_expires_at: Epoch | None = None
    error: _Fault | None = None


def inspect_token(channel: Channel, connection: Connection) -> TokenCheck:
    """Ask the platform about the token of a channel.

    Raises:
        CredentialError: when a parameter is missing, or the app's own id and secret are refused. A fault of the
            channel's token is no error: it is part of the result.
        ChannelError: when the platform does not answer, or not as documented; nothing is known then.
    """
    token, app_id, app_secret = connection.secrets(channel, META_APP_ID, META_APP_SECRET)
    client = GraphClient(connection, token=f"{app_id}|{app_secret}", app_secret=app_secret)
    answer = client.get("debug_token", input_token=token)
    try:
        inspected = _Inspected.model_validate(answer.get("data"))
    except ValidationError:
        raise OutageError("the answer says nothing about the token") from None
    return token_check(channel, inspected, connection.now)


def token_check(channel: Channel, inspected: _Inspected, now: datetime) -> TokenCheck:
    """Return the result of a check. The earlier of the token's two expiry times counts."""
    if not inspected.is_valid:
        return TokenCheck(channel=channel.id, looked_at=now, valid=False, reason=_name(inspected.error))
    ends = {"expires_at": inspected.expires_at, "data_access_expires_at": inspected.data_access_expires_at}
    known = {name: end for name, end in ends.items() if end}
    if not known:
        reason = END_UNKNOWN if inspected.expires_at is None else None
        return TokenCheck(channel=channel.id, looked_at=now, valid=True, reason=reason)
    nearest = min(known, key=known.__getitem__)
    ends_at = datetime.fromtimestamp(known[nearest], UTC)
    return TokenCheck(channel=channel.id, looked_at=now, valid=True, ends_at=ends_at, reason=nearest)


def warning_due(days_left: int | None) -> int | None:
    """Return the smallest of `TOKEN_WARNING_DAYS` that has been reached, or None.

    When missed checks pass two at once, only the more urgent warning is due. Whether it was already sent is not
    checked here.
    """
    if days_left is None:
        return None
    return next((day for day in TOKEN_WARNING_DAYS if days_left <= day), None)


def token_notice(channel: Channel, check: TokenCheck, now: datetime) -> ChannelNotice | None:
    """Return the owner's warning that is due for a token, or None.

    A renewed token has another expiry time, so another episode. Nothing is said here about a token that is already
    invalid: its refused runs lead to a notice of their own.
    """
    mark = warning_due(check.days_left(now))
    if mark is None or check.ends_at is None:
        return None
    return ChannelNotice(
        channel=channel.id,
        matter="token",
        episode=f"{stamp(check.ends_at)}#{mark}",
        department=channel.department,
        created_at=now,
        until=check.ends_at,
        reason=check.reason,
    )


def _name(fault: _Fault | None) -> str:
    """Name the fault as the ledger names errors, and never by the platform's message."""
    if fault is None or fault.code is None:
        return "not valid"
    return f"code {fault.code}" if fault.subcode is None else f"code {fault.code}/{fault.subcode}"
