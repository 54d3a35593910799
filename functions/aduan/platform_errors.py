"""How reading a platform, or writing to it, goes wrong: one class for each thing that has to be done about it."""

from __future__ import annotations

from datetime import datetime, timedelta


class ChannelError(Exception):
    """The channel could not be read to its end. The text is safe to log: no body, no token, no person."""


class OutageError(ChannelError):
    """No answer, or not an answer of the documented shape. It is never taken for "no posts"."""


class TransientError(OutageError):
    """An outage that is likely to pass; worth another attempt in the same run."""


class TooMuchDataError(OutageError):
    """What was asked for is too large, for the platform or for us; the same request again would not help."""


class ThrottledError(ChannelError):
    """The platform wants us to wait."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


class CredentialError(ChannelError):
    """The token is expired, revoked or missing: a person must act."""


class NotPermittedError(ChannelError):
    """The token lacks a permission, or the app a capability: a person must act."""


class MisconfiguredError(ChannelError):
    """The platform does not know what we ask for."""


class GoneError(ChannelError):
    """The object asked for is deleted or not visible to us."""


class StoppedError(ChannelError):
    """The run must end here although nothing is wrong; the next one goes on."""


class GapError(StoppedError):
    """All that can be read was read; what was written between two moments is out of reach for ever."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__("gap")
        self.since = since
        self.until = until


class PageCapError(StoppedError):
    """One edge is longer than a run reads. The others are read all the same, or this one would starve them."""

    def __init__(self) -> None:
        super().__init__("page cap")
