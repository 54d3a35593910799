"""What every caller of Meta's Graph API must know: how a call is proven, and what its error codes mean.

Sources: the Graph API's documentation of errors and of securing calls (developers.facebook.com/docs/graph-api).
Errors are judged by ``error.code``, because the HTTP status is 400 for nearly all of them.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

TOKEN_CODES: Final = frozenset({102, 190})
PERMISSION_CODES: Final = frozenset({3, 10, 283, *range(200, 300)})
THROTTLE_CODES: Final = frozenset({4, 17, 32, 341, 613, 80001, 80002, 80006})
TRANSIENT_CODES: Final = frozenset({1, 2})
BLOCKED_CODE: Final = 368
PARAMETER_CODE: Final = 100
GONE_SUBCODE: Final = 33
"""Of `PARAMETER_CODE`: deleted, or not to be seen with this token."""


def appsecret_proof(token: str, app_secret: str) -> str:
    """Prove with every call that the app itself makes it."""
    return hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()


def error_code(value: object) -> int | None:
    """Codes are whole numbers; anything else is unknown, and is not repeated in a log."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None
