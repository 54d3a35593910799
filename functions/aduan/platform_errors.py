"""The errors of reading a platform or writing to it: one class for each way of dealing with them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final


class ChannelError(Exception):
    """The channel could not be read to its end. The text is safe to log: it holds no body, token or person."""


class OutageError(ChannelError):
    """No answer came, or one that is not of the documented shape. It is never taken to mean "no posts"."""


class TransientError(OutageError):
    """An outage that is likely to pass and is worth another attempt in the same run."""


class TooMuchDataError(OutageError):
    """The response is too large for the platform or for us. Repeating the same request would not help."""


class ThrottledError(ChannelError):
    """The platform wants us to wait."""

    def __init__(self, reason: str, wait: timedelta) -> None:
        super().__init__(reason)
        self.wait = wait


class CredentialError(ChannelError):
    """The token is expired, revoked or missing: a person must act."""


class NotPermittedError(ChannelError):
    """The token lacks a permission, or the app lacks a capability: a person must act."""


class MisconfiguredError(ChannelError):
    """The platform does not know what we ask for."""


class GoneError(ChannelError):
    """The requested object is deleted or not visible to us."""


class StoppedError(ChannelError):
    """The run must end here although nothing is wrong; the next run continues."""


class GapError(StoppedError):
    """Everything readable was read, but what was written between two moments is out of reach for ever."""

    def __init__(self, since: datetime, until: datetime) -> None:
        super().__init__("gap")
        self.since = since
        self.until = until


class PageCapError(StoppedError):
    """One edge is longer than a run reads. The other edges are still read, or this one would starve them."""

    def __init__(self) -> None:
        super().__init__("page cap")


class ObjectsError(StoppedError, OutageError):
    """Everything was read except some objects, such as threads, each of which fails by itself and is tried again.

    `reasons` holds the class and code of each object's error by the object's name. The next run continues, as after
    every stop; and as with every outage, what was not answered does not mean "no posts".
    """

    def __init__(self, reasons: Mapping[str, str]) -> None:
        super().__init__(f"objects: {len(reasons)} ({', '.join(sorted(set(reasons.values())))})")
        self.reasons = reasons


ACCOUNT_ERRORS: Final = (CredentialError, ThrottledError, StoppedError)
"""Errors that concern the whole account, whichever object was asked for; but a `PageCapError` is its edge's."""
