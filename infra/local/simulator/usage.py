"""The two headers that tell a client how much of its allowance is used, in percent."""

from __future__ import annotations

import json

from infra.local.simulator.world import Account, Kind

_BUSINESS_TYPES = {Kind.FACEBOOK_PAGE: "pages", Kind.INSTAGRAM: "instagram"}


def headers(account: Account | None, percent: int = 1, regain_minutes: int = 0) -> dict[str, str]:
    """The headers of one answer; an account that is not known has no business use case.

    The share stays low by itself, so that a long demo is never throttled by its own success.
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
