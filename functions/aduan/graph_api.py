"""What every caller of Meta's Graph API needs: the proof sent with a request, and what errors and headers mean.

Sources: the Graph API's documentation of errors, of rate limits and of securing calls
(developers.facebook.com/docs/graph-api). Errors are distinguished by ``error.code``, because the HTTP status is 400
for nearly all of them.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    ThrottledError,
    TooMuchDataError,
    TransientError,
)
from aduan.platform_http import DEFAULT_WAIT, LONGEST_WAIT

TOKEN_CODES: Final = frozenset({102, 190})
PERMISSION_CODES: Final = frozenset({3, 10, 283, *range(200, 300)})
THROTTLE_CODES: Final = frozenset({4, 17, 32, 341, 613, 80001, 80002, 80006})
TRANSIENT_CODES: Final = frozenset({1, 2})
BLOCKED_CODE: Final = 368
PARAMETER_CODE: Final = 100
GONE_SUBCODE: Final = 33
"""Subcode of `PARAMETER_CODE`: the object is deleted, or this token may not see it."""


def appsecret_proof(token: str, app_secret: str) -> str:
    """Return the ``appsecret_proof`` of a token: it proves that the app itself makes the request."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def interpret_response(_status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError | None:
    """Return the error that a response's body holds, or None.

    The status is ignored, because the platform sends errors with 400, 500 and even 200.
    """
    error = body.get("error")
    return interpret_error(error, headers) if isinstance(error, dict) else None


def interpret_error(error: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError:
    """Return the exception for an ``error`` object. Its text names the code and does not repeat the message.

    Throttling is checked before ``is_transient``: code 4 carries both, and a request repeated at once makes the
    block longer.
    """
    code, subcode = _code(error.get("code")), _code(error.get("error_subcode"))
    name = f"code {code}" if subcode is None else f"code {code}/{subcode}"
    kinds: tuple[tuple[bool, type[ChannelError]], ...] = (
        (code in TOKEN_CODES, CredentialError),
        (code == PARAMETER_CODE and subcode == GONE_SUBCODE, GoneError),
        (code == PARAMETER_CODE and "appsecret_proof" in str(error.get("message")), CredentialError),
        (code == PARAMETER_CODE, MisconfiguredError),
        (code in PERMISSION_CODES, NotPermittedError),
        (code == 1 and "reduce the amount" in str(error.get("message")), TooMuchDataError),
        (code in TRANSIENT_CODES or error.get("is_transient") is True, TransientError),
    )
    if code in THROTTLE_CODES or code == BLOCKED_CODE:
        return ThrottledError(name, wait_asked_for(headers))
    return next((kind for applies, kind in kinds if applies), OutageError)(name)


def usage(headers: Mapping[str, str]) -> float:
    """Return the highest percentage in the usage headers, or 0 when there are none."""
    shares = [
        value
        for use in _uses(headers)
        for name, value in use.items()
        if name in {"call_count", "total_time", "total_cputime"} and isinstance(value, int | float) and value > 0
    ]
    return max(shares, default=0)


def wait_asked_for(headers: Mapping[str, str]) -> timedelta:
    """Return how long the platform wants us to wait. The header counts minutes; absurd values are capped."""
    minutes = [use.get("estimated_time_to_regain_access") for use in _uses(headers)]
    longest = max((value for value in minutes if isinstance(value, int | float) and value > 0), default=None)
    return DEFAULT_WAIT if longest is None else min(timedelta(minutes=min(longest, 10_000)), LONGEST_WAIT)


def _code(value: object) -> int | None:
    """Return a code that is a whole number, or None: anything else is unknown and must not reach a log."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _uses(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for name in ("X-App-Usage", "X-Business-Use-Case-Usage"):
        try:
            use = json.loads(headers.get(name) or "{}")
        except (ValueError, RecursionError):
            continue  # a broken header says nothing; the body is interpreted on its own
        if not isinstance(use, dict):
            continue
        yield use
        for entries in use.values():
            yield from (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()
