"""Ways in which the real platforms misbehave, to be switched on and off while the simulator runs.

A fault is one small function and one line in `FAULTS`. The function gets the call and may answer it, pass a changed
request on, or change the answer that comes back. The errors with which a platform refuses a request are defined by the
platform itself, in its `refusals`.
"""

from __future__ import annotations

import email.utils
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from infra.local.simulator import fields, usage
from infra.local.simulator.exchange import Answer
from infra.local.simulator.graph import GRAPH, INSPECTION
from infra.local.simulator.paging import is_rested
from infra.local.simulator.platform import Call, Settings

_LOGIN_PAGE = """<!DOCTYPE html>
<html lang="id"><head><title>Masuk</title></head>
<body><form action="/login/" method="post"><input name="email"><input name="pass" type="password"></form></body></html>
"""


@dataclass(frozen=True)
class FaultKind:
    """A fault's effect, its settings with their defaults, and the calls that it can strike."""

    effect: Callable[[Call, Settings], Answer]
    settings: Settings = field(default_factory=dict)
    concerns: Callable[[Call, Settings], bool] = lambda _call, _settings: True


def _refusal(
    name: str,
    settings: Settings | None = None,
    concerns: Callable[[Call, Settings], bool] = lambda _call, _settings: True,
) -> FaultKind:
    """A fault that the platform answers with one of its own refusals, if it has that refusal."""

    def effect(call: Call, given: Settings) -> Answer:
        return call.platform.refusals[name](call, given)

    def happens(call: Call, given: Settings) -> bool:
        return name in call.platform.refusals and concerns(call, given)

    return FaultKind(effect, settings or {}, happens)


def _quirk(name: str, concerns: Callable[[Call, Settings], bool] = lambda _call, _settings: True) -> FaultKind:
    """A fault that the reading itself carries out, on platforms that support it."""

    def happens(call: Call, settings: Settings) -> bool:
        return call.reads_list and name in call.platform.quirks and concerns(call, settings)

    return FaultKind(lambda call, _settings: call.proceed(call.request.with_quirk(name)), concerns=happens)


def _asks_too_much(call: Call, settings: Settings) -> bool:
    asked = call.request.params.get("limit", "")
    return call.reads_list and asked.isdecimal() and int(asked) > settings["limit"]


def _high_usage(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    return replace(healthy, headers={**healthy.headers, **usage.headers(call.route.account, settings["percent"])})


def _asks_for_field(call: Call, settings: Settings) -> bool:
    try:
        asked = fields.parse(call.request.params.get("fields", ""))
    except fields.FieldsError:
        return False
    return settings["field"] in fields.names(asked)


def _is_graph(call: Call, _settings: Settings) -> bool:
    return call.platform is GRAPH


def _html(_call: Call, _settings: Settings) -> Answer:
    return Answer(200, {"Content-Type": 'text/html; charset="utf-8"'}, None, text=_LOGIN_PAGE)


def _truncated(call: Call, _settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    whole = healthy.written()
    return replace(healthy, text=whole[: len(whole) // 2])


def _empty_body(call: Call, _settings: Settings) -> Answer:
    return replace(call.proceed(call.request), text="")


def _null_body(call: Call, _settings: Settings) -> Answer:
    return replace(call.proceed(call.request), text="null")


def _no_data_key(call: Call, _settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    if not isinstance(healthy.body, dict):
        return healthy
    return replace(healthy, body={key: value for key, value in healthy.body.items() if key not in _DATA_KEYS})


_DATA_KEYS: Final = frozenset({"data", "items", "result"})


def _is_no_rest(call: Call, _settings: Settings) -> bool:
    # Tags never have a `next`, so an empty page would be the end. The page after an empty one is always a full one.
    asked = call.request.params
    return call.route.edge != "tags" and not any(
        is_rested(asked.get(name, "")) for name in ("after", "pageToken", "pagination_token")
    )


def _short_pages(call: Call, settings: Settings) -> Answer:
    size = max(settings["limit"], call.platform.shortest_page)
    return call.proceed(call.request.with_params(**{call.platform.page_size: str(size)}))


def _has_pages(call: Call, _settings: Settings) -> bool:
    return call.reads_list and bool(call.platform.page_size)


def _hide_author(call: Call, settings: Settings) -> Answer:
    if call.platform is GRAPH:
        hidden = replace(call, proceed=lambda request: _without_keys(replace(call, request=request), "username"))
        return _hide_from(hidden, {**settings, "everyone": True})
    return call.proceed(call.request.with_quirk("no_author"))


def _clock_skew(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    skew = timedelta(minutes=settings["minutes"])
    if healthy.text is not None:
        return replace(healthy, text=_PUB_DATE.sub(lambda found: _skewed_date(found, skew), healthy.text))
    return replace(healthy, body=_skewed(healthy.body, skew))


_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_MOMENT_KEYS: Final = frozenset(
    {"created_time", "updated_time", "timestamp", "created_at", "publishedAt", "updatedAt", "date", "edit_date"}
)
_PUB_DATE: Final = re.compile(r"(?<=<pubDate>)[^<]+")


def _skewed(value: Any, skew: timedelta, key: str = "") -> Any:
    if isinstance(value, list):
        return [_skewed(element, skew) for element in value]
    if isinstance(value, dict):
        return {name: _skewed(inner, skew, name) for name, inner in value.items()}
    if key not in _MOMENT_KEYS:
        return value
    if isinstance(value, int):
        return value + int(skew.total_seconds())
    found = _MOMENT.match(value) if isinstance(value, str) else None
    if found is None:
        return value
    return (datetime.fromisoformat(found[0]) + skew).isoformat() + value[found.end() :]


def _skewed_date(found: re.Match[str], skew: timedelta) -> str:
    return email.utils.format_datetime(email.utils.parsedate_to_datetime(found[0]) + skew, usegmt=True)


def _dying_token(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    found = healthy.body.get("data") if isinstance(healthy.body, dict) else None
    if not found:
        return healthy
    end = int((call.now + timedelta(days=settings["days"])).timestamp())
    return replace(healthy, body={"data": {**found, "expires_at": end, "is_valid": settings["days"] > 0}})


def _random(call: Call, settings: Settings) -> Answer:
    account = call.route.account.account if call.route.account else ""
    dice = Random(f"{settings['seed']}/{account}/{call.number}")  # noqa: S311 # it has to be predictable
    if dice.random() >= settings["rate"]:
        return call.proceed(call.request)
    among = [name.strip() for name in settings["among"].split(",")]
    possible = [name for name in among if FAULTS[name].concerns(call, FAULTS[name].settings)]
    if not possible:
        return call.proceed(call.request)
    chosen = FAULTS[dice.choice(possible)]
    return chosen.effect(call, chosen.settings)


def _slow(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    return replace(healthy, delay_seconds=healthy.delay_seconds + settings["seconds"])


def _hide_from(call: Call, settings: Settings) -> Answer:
    # Standard access hides people who hold no role in the app; the county's own account is not hidden.
    own = call.route.account.account if call.route.account and not settings["everyone"] else None
    return _without_keys(call, "from", keep_id=own)


def _hide_username(call: Call, _settings: Settings) -> Answer:
    return _without_keys(call, "username")


def _hide_ids(call: Call, _settings: Settings) -> Answer:
    return _without_keys(call, "id")


def _without_keys(call: Call, key: str, *, deep: bool = True, keep_id: str | None = None) -> Answer:
    healthy = call.proceed(call.request)

    def strip(value: Any) -> Any:
        if isinstance(value, list):
            return [strip(element) for element in value]
        if not isinstance(value, dict):
            return value
        kept = {name: inner for name, inner in value.items() if name != key or _is_of(inner, keep_id)}
        return {name: strip(inner) for name, inner in kept.items()} if deep else kept

    return replace(healthy, body=strip(healthy.body))


def _is_of(person: Any, native_id: str | None) -> bool:
    return native_id is not None and isinstance(person, dict) and person.get("id") == native_id


def _reads_list(call: Call, _settings: Settings) -> bool:
    return call.reads_list


def _reads_comments(call: Call, _settings: Settings) -> bool:
    return call.platform is GRAPH and call.route.edge == "comments"


def _reads_feed(call: Call, _settings: Settings) -> bool:
    return call.route.edge == "feed"


PASSING: Final = (
    "server_error,throttled,html,truncated,empty_body,null_body,no_data_key,empty_page_with_next,repeat_page,"
    "endless_pages,short_pages"
)
"""Faults that pass by themselves: nobody has to act, and nothing may be lost."""

FAULTS: Mapping[str, FaultKind] = {
    "server_error": _refusal("server_error"),
    "reduce_data": _refusal("reduce_data", {"limit": 25}, _asks_too_much),
    # code 0 is the code of the account's kind. retry_after: "" as the platform does, "none" to leave it out, or any
    # text.
    "throttled": _refusal("throttled", {"code": 0, "minutes": 5, "retry_after": ""}),
    "high_usage": FaultKind(_high_usage, {"percent": 85}, _is_graph),
    # Inspecting an expired token reports the expiry with status 200 instead: see `dying_token`.
    "expired_token": _refusal("expired_token", concerns=lambda call, _: call.route.edge != INSPECTION),
    "dying_token": FaultKind(_dying_token, {"days": 5}, lambda call, _: call.route.edge == INSPECTION),
    "not_permitted": _refusal("not_permitted"),
    "unknown_field": _refusal("unknown_field", {"field": "attachments"}, _asks_for_field),
    "conflict": _refusal("conflict"),  # another client is polling the same bot
    "quota_exceeded": _refusal("quota_exceeded"),
    "comments_disabled": _refusal("comments_disabled", concerns=lambda call, _: "videoId" in call.request.params),
    "credits_depleted": _refusal("credits_depleted"),
    "usage_capped": _refusal("usage_capped"),
    "stale_since_id": _refusal("stale_since_id", concerns=lambda call, _: "since_id" in call.request.params),
    "html": FaultKind(_html),
    "truncated": FaultKind(_truncated),
    "empty_body": FaultKind(_empty_body),
    "null_body": FaultKind(_null_body),
    "no_data_key": FaultKind(_no_data_key, concerns=_reads_list),
    "empty_page_with_next": _quirk("empty_page", _is_no_rest),
    "repeat_page": _quirk("repeat_page"),
    "endless_pages": _quirk("endless"),
    "short_pages": FaultKind(_short_pages, {"limit": 3}, _has_pages),
    "ranked": _quirk("ranked", _reads_feed),
    "slow": FaultKind(_slow, {"seconds": 5.0}),
    "clock_skew": FaultKind(_clock_skew, {"minutes": 10}),  # if negative, the platform's clock is behind
    "partial_errors": _quirk("partial_errors"),
    "hide_from": FaultKind(_hide_from, {"everyone": False}, _is_graph),  # the app lacks Advanced Access
    "hide_username": FaultKind(_hide_username, concerns=_is_graph),  # the token lacks instagram_manage_comments
    "hide_ids": FaultKind(_hide_ids, concerns=_reads_comments),  # the user lacks the MODERATE task on the Page
    "hide_author": FaultKind(_hide_author),
    "random": FaultKind(_random, {"seed": 1, "rate": 0.2, "among": PASSING}),
}
