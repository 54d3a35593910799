"""Turn a request into an answer: a pure function of the world, the request and the time."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.simulator import access, errors, usage
from infra.local.simulator.config import Config
from infra.local.simulator.errors import GraphError
from infra.local.simulator.exchange import JSON_HEADERS, Answer, Request
from infra.local.simulator.fields import FieldsError, parse
from infra.local.simulator.nodes import Subject
from infra.local.simulator.reading import EDGES, Reading, check_fields, edge_of, node_of, read_edge, read_object
from infra.local.simulator.world import Account, Kind, World

OBJECT = "object"  # stands for the edge where an object itself is read
_OBJECT_PARTS, _EDGE_PARTS = 2, 3


@dataclass(frozen=True)
class Route:
    """What a path leads to: the object (if there is one), its account, and the edge."""

    subject: Subject | None
    account: Account | None
    edge: str
    shape: str


def route(world: World, request: Request) -> Route:
    """Find what a path leads to; says nothing yet about whether it may be read."""
    parts = request.parts
    if len(parts) not in (_OBJECT_PARTS, _EDGE_PARTS):
        return Route(None, None, "", "/{unknown}")
    edge = parts[2] if len(parts) == _EDGE_PARTS else OBJECT
    subject = _subject(world, parts[1])
    placeholder = node_of(subject).placeholder if subject else "unknown"
    # Only names of our own go into a shape: a path may hold anything.
    tail = "" if edge == OBJECT else f"/{edge}" if edge in EDGES else "/{unknown}"
    account = world.account_of(subject.kind) if subject else None
    return Route(subject, account, edge, f"/{{{placeholder}}}{tail}")


def answer(config: Config, world: World, request: Request, now: datetime) -> Answer:
    """Answer as the Graph API would, errors included."""
    found = route(world, request)
    headers = JSON_HEADERS | usage.headers(found.account)
    try:
        return Answer(200, headers, _read(config, request, found, world))
    except GraphError as error:
        return Answer(error.status, headers, error.body(trace_id(request, now)))


def trace_id(request: Request, now: datetime) -> str:
    """A `fbtrace_id`; the same request at the same time gets the same."""
    return "A" + hashlib.sha256(f"{request.path} {now.isoformat()}".encode()).hexdigest()[:20]


def _subject(world: World, object_id: str) -> Subject | None:
    for account in world.accounts:
        if account.account == object_id:
            return account
    return world.find_native(object_id)


def _read(config: Config, request: Request, found: Route, world: World) -> dict[str, Any]:
    parts = request.parts
    token = access.check(config, request)
    if len(parts) not in (_OBJECT_PARTS, _EDGE_PARTS) or parts[0] != config.version:
        raise errors.unknown_path(request.path)
    if found.subject is None or found.account is None or request.method != "GET":
        raise errors.no_such_object(parts[1], request.method)
    if token != found.account.token and found.account.kind is Kind.FACEBOOK_PAGE and found.edge == "comments":
        return {"data": []}  # a user's token is not refused here but gets nothing, silently
    _refuse_other_token(token, found.account, found.edge)
    reading = Reading(world, f"{request.base_url}/{config.version}", token, request.quirks)
    try:
        asked = parse(request.params["fields"]) if request.params.get("fields") else ()
    except FieldsError as error:
        raise errors.bad_parameter(str(error)) from error
    if found.edge == OBJECT:
        check_fields(asked, node_of(found.subject).name)
        return read_object(reading, found.subject, asked)
    check_fields(asked, edge_of(found.subject, found.edge).node)
    return read_edge(reading, found.subject, found.edge, asked, request.params)


def _refuse_other_token(token: str, account: Account, edge: str) -> None:
    if token == account.token:
        return
    if account.kind is Kind.INSTAGRAM:
        raise errors.no_permission()
    if edge == OBJECT:
        raise errors.missing_permissions()
    raise errors.page_token_needed()
