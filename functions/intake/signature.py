"""Checks who pushed a request and when: a signature over the exact bytes received, and a window against replays."""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime, timedelta
from typing import Final

TOLERANCE: Final = timedelta(seconds=300)
"""How far a partner's clock may be from ours, and how long an intercepted request can be replayed."""
_SECONDS: Final = re.compile(r"[0-9]{1,12}")


def relay_signature(secret: str, timestamp: str, body: bytes) -> str:
    """Return a partner's ``X-Relay-Signature``: ``v1=`` and the HMAC over the time, a dot and the raw body."""
    return f"v1={_hmac(secret, timestamp.encode('utf-8', 'replace') + b'.' + body)}"


def meta_signature(secret: str, body: bytes) -> str:
    """Return the ``X-Hub-Signature-256`` that Meta sends with a body."""
    return f"sha256={_hmac(secret, body)}"


def same(given: str, expected: str) -> bool:
    """Compare two secrets in constant time, so that the duration does not reveal how much of them matches."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode("utf-8", "replace"))


def in_time(timestamp: str, now: datetime) -> bool:
    """Tell whether a `timestamp` (whole seconds since 1970) lies within `TOLERANCE` of `now`."""
    return bool(_SECONDS.fullmatch(timestamp)) and abs(now.timestamp() - int(timestamp)) <= TOLERANCE.total_seconds()


def is_from_partner(  # what a signature is made of, and what it is checked against
    signature: str, timestamp: str, body: bytes, *, secret: str, now: datetime
) -> bool:
    """Tell whether the holder of `secret` signed this body at this time, and the time is within `TOLERANCE`."""
    return in_time(timestamp, now) and same(signature, relay_signature(secret, timestamp, body))


def is_from_meta(signature: str, body: bytes, *, secret: str) -> bool:
    """Tell whether Meta signed this body with the app's secret."""
    return same(signature, meta_signature(secret, body))


def _hmac(secret: str, message: bytes) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
