"""The two headers that tell a client how much of its allowance is used, in percent."""

from __future__ import annotations

import json

from infra.local.simulator.world import Account, Kind

_BUSINESS_TYPES = {Kind.FACEBOOK_PAGE: "pages", Kind.INSTAGRAM: "instagram"}


def headers(account: Account | None, percent: int = 1, regain_minutes: int = 0) -> dict[str, str]:
    """Return the headers of one answer; without a known account there is no business use case.

    By default the share stays low, so that a long demo does not throttle itself.
    """
    found = {"X-App-Usage": _compact({"call_count": percent, "total_time": percent, "total_cputime": percent})}
    if account:
        use = {
            "type": _BUSINESS_TYPES[account.kind],
            "call_count": percent,
            "total_cputime": percent,
            "total_time": percent,
            "estimated_time_to_regain_access": regain_minutes,
        }
        found["X-Business-Use-Case-Usage"] = _compact({account.account: [use]})
    return found


def _compact(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
