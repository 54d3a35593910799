"""Ways in which the real API misbehaves, switched on and off while the simulator runs.

A fault is one small function and one line in `FAULTS`. It gets the call and may answer itself, pass the
request on changed, or change what comes back.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from infra.local.simulator import errors, fields, usage
from infra.local.simulator.errors import GraphError
from infra.local.simulator.exchange import JSON_HEADERS, Answer, Request
from infra.local.simulator.graph import Route, trace_id
from infra.local.simulator.paging import is_rested
from infra.local.simulator.reading import EDGES
from infra.local.simulator.world import Kind

_LOGIN_PAGE = """<!DOCTYPE html>
<html lang="id"><head><title>Masuk ke Facebook</title></head>
<body><form action="/login/" method="post"><input name="email"><input name="pass" type="password"></form></body></html>
"""

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Call:
    """One request on its way; `proceed` answers it as if nothing were wrong."""

    request: Request
    route: Route
    now: datetime
    proceed: Callable[[Request], Answer]

    @property
    def reads_list(self) -> bool:
        """Whether it asks for an edge, as against one object."""
        return self.route.edge in EDGES


@dataclass(frozen=True)
class FaultKind:
    """A fault's effect, its settings with their usual values, and the calls that it can happen to."""

    effect: Callable[[Call, Settings], Answer]
    settings: Settings = field(default_factory=dict)
    concerns: Callable[[Call, Settings], bool] = lambda _call, _settings: True


def _refusal(call: Call, error: GraphError) -> Answer:
    headers = JSON_HEADERS | usage.headers(call.route.account)
    return Answer(error.status, headers, error.body(trace_id(call.request, call.now)))


def _server_error(call: Call, _settings: Settings) -> Answer:
    return _refusal(call, errors.unavailable())


def _reduce_data(call: Call, _settings: Settings) -> Answer:
    return _refusal(call, errors.too_much_data())


def _asks_too_much(call: Call, settings: Settings) -> bool:
    asked = call.request.params.get("limit", "")
    return call.reads_list and asked.isdecimal() and int(asked) > settings["limit"]


def _throttled(call: Call, settings: Settings) -> Answer:
    account = call.route.account
    code = settings["code"]
    if not code:
        code = errors.INSTAGRAM_LIMIT if account and account.kind is Kind.INSTAGRAM else errors.PAGE_LIMIT
    refusal = _refusal(call, errors.throttled(code))
    used_up = usage.headers(account, percent=100, regain_minutes=settings["minutes"])
    return replace(refusal, headers={**refusal.headers, **used_up})


def _high_usage(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    return replace(healthy, headers={**healthy.headers, **usage.headers(call.route.account, settings["percent"])})


def _expired_token(call: Call, _settings: Settings) -> Answer:
    return _refusal(call, errors.expired_token(call.now))


def _unknown_field(call: Call, settings: Settings) -> Answer:
    return _refusal(call, errors.unknown_field(settings["field"], "Object"))


def _asks_for_field(call: Call, settings: Settings) -> bool:
    try:
        asked = fields.parse(call.request.params.get("fields", ""))
    except fields.FieldsError:
        return False
    return settings["field"] in fields.names(asked)


def _html(_call: Call, _settings: Settings) -> Answer:
    return Answer(200, {"Content-Type": 'text/html; charset="utf-8"'}, None, text=_LOGIN_PAGE)


def _truncated(call: Call, _settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    whole = healthy.encoded().decode()
    return replace(healthy, text=whole[: len(whole) // 2])


def _empty_body(call: Call, _settings: Settings) -> Answer:
    return replace(call.proceed(call.request), text="")


def _null_body(call: Call, _settings: Settings) -> Answer:
    return replace(call.proceed(call.request), text="null")


def _no_data_key(call: Call, _settings: Settings) -> Answer:
    return _without_keys(call, "data", deep=False)


def _empty_page_with_next(call: Call, _settings: Settings) -> Answer:
    return call.proceed(call.request.with_quirk("empty_page"))


def _can_be_empty(call: Call, _settings: Settings) -> bool:
    # Tags never have a `next`: there an empty page is the end. And the page after an empty one is a full one.
    return call.reads_list and call.route.edge != "tags" and not is_rested(call.request.params.get("after", ""))


def _repeat_page(call: Call, _settings: Settings) -> Answer:
    return call.proceed(call.request.with_quirk("repeat_page"))


def _ranked(call: Call, _settings: Settings) -> Answer:
    return call.proceed(call.request.with_quirk("ranked"))


def _short_pages(call: Call, settings: Settings) -> Answer:
    return call.proceed(call.request.with_params(limit=str(settings["limit"])))


def _slow(call: Call, settings: Settings) -> Answer:
    healthy = call.proceed(call.request)
    return replace(healthy, delay_seconds=healthy.delay_seconds + settings["seconds"])


def _hide_from(call: Call, settings: Settings) -> Answer:
    # Standard access hides people who hold no role in the app; the county's own account is no such person.
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
    return call.route.edge == "comments"


def _reads_feed(call: Call, _settings: Settings) -> bool:
    return call.route.edge == "feed"


FAULTS: Mapping[str, FaultKind] = {
    "server_error": FaultKind(_server_error),
    "reduce_data": FaultKind(_reduce_data, {"limit": 25}, _asks_too_much),
    "throttled": FaultKind(_throttled, {"code": 0, "minutes": 5}),  # 0: that of the account's kind
    "high_usage": FaultKind(_high_usage, {"percent": 85}),
    "expired_token": FaultKind(_expired_token),
    "unknown_field": FaultKind(_unknown_field, {"field": "attachments"}, _asks_for_field),
    "html": FaultKind(_html),
    "truncated": FaultKind(_truncated),
    "empty_body": FaultKind(_empty_body),
    "null_body": FaultKind(_null_body),
    "no_data_key": FaultKind(_no_data_key, concerns=_reads_list),
    "empty_page_with_next": FaultKind(_empty_page_with_next, concerns=_can_be_empty),
    "repeat_page": FaultKind(_repeat_page, concerns=_reads_list),
    "short_pages": FaultKind(_short_pages, {"limit": 3}, _reads_list),
    "ranked": FaultKind(_ranked, concerns=_reads_feed),
    "slow": FaultKind(_slow, {"seconds": 5.0}),
    "hide_from": FaultKind(_hide_from, {"everyone": False}),  # no Advanced Access
    "hide_username": FaultKind(_hide_username),  # no instagram_manage_comments
    "hide_ids": FaultKind(_hide_ids, concerns=_reads_comments),  # no MODERATE task on the Page
}
