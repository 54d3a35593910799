"""Turn a request into an answer: a pure function of the world, the request and the time."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from infra.local.simulator import access, errors, usage
from infra.local.simulator.config import Config
from infra.local.simulator.errors import GraphError
from infra.local.simulator.exchange import JSON_HEADERS, Answer, Request
from infra.local.simulator.fields import FieldsError, parse
from infra.local.simulator.nodes import Subject
from infra.local.simulator.platform import Call, Platform, Route, Scene, Settings
from infra.local.simulator.reading import EDGES, Reading, check_fields, edge_of, node_of, read_edge, read_object
from infra.local.simulator.rows import free_source_id
from infra.local.simulator.world import Account, Draft, Entry, Kind, Role, World

OBJECT = "object"  # stands in for the edge when an object itself is read
_OBJECT_PARTS, _EDGE_PARTS = 2, 3
INSPECTION: Final = "debug_token"
_MENTIONS: Final = frozenset({"mentioned_comment", "mentioned_media"})
_LIFE: Final = timedelta(days=60)
_KINDS: Final = frozenset({Kind.FACEBOOK_PAGE, Kind.INSTAGRAM})
_ANSWERED: Final = {
    "IGComment": frozenset({"replies"}),
    "IGMedia": frozenset({"comments"}),
    "Post": frozenset({"comments"}),
    "Comment": frozenset({"comments"}),
}
"""The edges on which the account may write, by the type of the object they belong to."""


def route(world: World, request: Request) -> Route:
    """Find what a path leads to; whether the caller may read it is checked later."""
    parts = request.parts
    if parts[1:] == [INSPECTION]:
        return Route(None, _owner(world, request.params.get("input_token", "")), INSPECTION, f"/{INSPECTION}")
    if len(parts) not in (_OBJECT_PARTS, _EDGE_PARTS):
        return Route(None, None, "", "/{unknown}")
    edge = parts[2] if len(parts) == _EDGE_PARTS else OBJECT
    subject = _subject(world, parts[1])
    placeholder = node_of(subject).placeholder if subject else "unknown"
    # A path may hold anything, so only the simulator's own names go into a shape.
    tail = "" if edge == OBJECT else f"/{edge}" if edge in EDGES else "/{unknown}"
    account = subject.account if isinstance(subject, Entry) else subject
    return Route(subject, account, edge, f"/{{{placeholder}}}{tail}")


def answer(scene: Scene, request: Request) -> Answer:
    """Answer as the Graph API would, errors included."""
    found = route(scene.world, request)
    headers = JSON_HEADERS | usage.headers(found.account)
    try:
        if found.edge == INSPECTION:
            body = _inspected(scene, request, found.account)
        elif request.method == "POST":
            body = _written(scene, request, found)
        else:
            body = _read(scene.config, request, found, scene.world)
        return Answer(200, headers, body, slashes_escaped=True)
    except GraphError as error:
        return _refused(error, headers, request, scene.now)


def trace_id(request: Request, now: datetime) -> str:
    """Return an `fbtrace_id`, always the same for the same request at the same time."""
    return "A" + hashlib.sha256(f"{request.path} {now.isoformat()}".encode()).hexdigest()[:20]


def _owner(world: World, token: str) -> Account | None:
    return next((each for each in world.accounts if each.kind in _KINDS and each.token == token), None)


def _inspected(scene: Scene, request: Request, account: Account | None) -> dict[str, Any]:
    """Return what the app learns about one of its tokens; it asks with its own id and secret."""
    app_id, _, secret = (request.token or "").partition("|")
    if request.parts[0] != scene.config.version or request.method != "GET":
        raise errors.unknown_path(request.path)
    if not app_id or secret != scene.config.app_secret:
        raise errors.invalid_token()
    if account is None:
        error = {"code": 190, "message": "The session is invalid because the user logged out.", "subcode": 467}
        return {"data": {"app_id": app_id, "is_valid": False, "error": error, "scopes": []}}
    end = int((scene.now + _LIFE).timestamp())
    kind = "PAGE" if account.kind is Kind.FACEBOOK_PAGE else "USER"
    return {
        "data": {
            "app_id": app_id,
            "type": kind,
            "application": "Aduan",
            "data_access_expires_at": end,
            "expires_at": 0 if kind == "PAGE" else end,
            "is_valid": True,
            "profile_id": account.account,
            "scopes": ["pages_read_engagement", "instagram_manage_comments"],
        }
    }


def _subject(world: World, object_id: str) -> Subject | None:
    for account in world.accounts:
        if account.account == object_id and account.kind in _KINDS:
            return account
    entry = world.find_native(object_id)
    return entry if entry and entry.kind in _KINDS else None


def _refused(error: GraphError, headers: dict[str, str], request: Request, now: datetime) -> Answer:
    return Answer(error.status, headers, error.body(trace_id(request, now)), slashes_escaped=True)


def _refusal(call: Call, error: GraphError) -> Answer:
    return _refused(error, JSON_HEADERS | usage.headers(call.route.account), call.request, call.now)


def _throttled(call: Call, settings: Settings) -> Answer:
    account = call.route.account
    code = settings["code"]
    if not code:
        code = errors.INSTAGRAM_LIMIT if account and account.kind is Kind.INSTAGRAM else errors.PAGE_LIMIT
    refusal = _refusal(call, errors.throttled(code))
    used_up = usage.headers(account, percent=100, regain_minutes=settings["minutes"])
    return replace(refusal, headers={**refusal.headers, **used_up})


def _read(config: Config, request: Request, found: Route, world: World) -> dict[str, Any]:
    parts = request.parts
    token = access.check(config, request)
    if len(parts) not in (_OBJECT_PARTS, _EDGE_PARTS) or parts[0] != config.version:
        raise errors.unknown_path(request.path)
    if found.subject is None or found.account is None or request.method != "GET":
        raise errors.no_such_object(parts[1], request.method)
    if token != found.account.token and found.account.kind is Kind.FACEBOOK_PAGE and found.edge == "comments":
        return {"data": []}  # a user's token is not refused here: it silently gets nothing
    _refuse_other_token(token, found.account, found.edge)
    reading = Reading(world, f"{request.base_url}/{config.version}", token, request.quirks)
    try:
        asked = parse(request.params["fields"]) if request.params.get("fields") else ()
    except FieldsError as error:
        raise errors.bad_parameter(str(error)) from error
    for each in asked:
        if found.account.kind is Kind.INSTAGRAM and each.name in _MENTIONS:
            # In this world nobody mentions an account without tagging it.
            raise errors.no_such_object(next(iter(each.modifiers.values()), ""), request.method)
    if found.edge == OBJECT:
        check_fields(asked, node_of(found.subject).name)
        return read_object(reading, found.subject, asked)
    check_fields(asked, edge_of(found.subject, found.edge).node)
    return read_edge(reading, found.subject, found.edge, asked, request.params)


def _written(scene: Scene, request: Request, found: Route) -> dict[str, Any]:
    """Add a comment by the account itself, where its kind allows one."""
    parts = request.parts
    token = access.check(scene.config, request)
    if len(parts) != _EDGE_PARTS or parts[0] != scene.config.version:
        raise errors.unknown_path(request.path)
    above, account = found.subject, found.account
    if account is None or not isinstance(above, Entry) or found.edge not in _ANSWERED[node_of(above).name]:
        raise errors.no_such_object(parts[1], request.method)
    _refuse_other_token(token, account, found.edge)
    message = request.params.get("message", "")
    if not message.strip():
        raise errors.bad_parameter("The parameter message is required")
    draft = Draft(
        source_id=free_source_id(scene.world, "own"),
        kind=above.kind,
        role=Role.COMMENT,
        parent=above.native_id,
        author=None,
        text=message,
        has_photo=False,
        created_at=max(scene.now, above.created_at),
        by_county=True,
    )
    return {"id": scene.world.add(draft).native_id}


def _refuse_other_token(token: str, account: Account, edge: str) -> None:
    if token == account.token:
        return
    if account.kind is Kind.INSTAGRAM:
        raise errors.no_permission()
    if edge == OBJECT:
        raise errors.missing_permissions()
    raise errors.page_token_needed()


GRAPH: Final = Platform(
    prefix="",
    kinds=_KINDS,
    route=route,
    answer=answer,
    edges=EDGES | {OBJECT, INSPECTION},
    lists=EDGES,
    quirks=frozenset({"empty_page", "repeat_page", "endless", "ranked"}),
    refusals={
        "server_error": lambda call, _: _refusal(call, errors.unavailable()),
        "reduce_data": lambda call, _: _refusal(call, errors.too_much_data()),
        "throttled": _throttled,
        "expired_token": lambda call, _: _refusal(call, errors.expired_token(call.now)),
        "unknown_field": lambda call, settings: _refusal(call, errors.unknown_field(settings["field"], "Object")),
    },
    page_size="limit",
)
