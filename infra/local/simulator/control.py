"""The routes under `/_simulator`: write posts by hand, switch faults, list every post and request."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from infra.local.simulator.exchange import JSON_HEADERS, Answer
from infra.local.simulator.rows import RowError, citizen_draft, free_source_id, name
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.switchboard import FaultError
from infra.local.simulator.world import Entry, WorldError

PREFIX = "/_simulator/"

Payload = Mapping[str, Any]
Reply = tuple[int, Any]


def answer(simulator: Simulator, method: str, path: str, body: bytes) -> Answer:
    """Answer a control request; a malformed one gets a 400 with the reason."""
    first, _, rest = path.removeprefix(PREFIX).partition("/")
    route = _ROUTES.get((method, f"{first}/{{id}}" if rest else first))
    if route is None:
        known = ", ".join(f"{verb} {PREFIX}{pattern}" for verb, pattern in _ROUTES)
        return Answer(404, JSON_HEADERS, {"error": f"There is no {method} {path}. There are: {known}"})
    try:
        payload = _payload(body)
        with simulator.lock:
            status, found = route(simulator, rest, payload)
    except (WorldError, RowError, FaultError) as error:
        return Answer(400, JSON_HEADERS, {"error": str(error)})
    return Answer(status, JSON_HEADERS, found)


def _payload(body: bytes) -> Payload:
    try:
        payload = json.loads(body or b"{}")
    except ValueError as error:
        raise RowError(f"the body is not JSON: {error}") from error
    if not isinstance(payload, dict):
        raise RowError("the body must be a JSON object")
    return payload


def _list_posts(simulator: Simulator, _id: str, _payload: Payload) -> Reply:
    return 200, {"posts": [_described(entry) for entry in simulator.world.citizen_posts()]}


def _add_post(simulator: Simulator, _id: str, payload: Payload) -> Reply:
    now = simulator.clock()
    row = {"parent": None, "author": None, "has_photo": False, **payload}
    created_at = _moment(name(row, "created_at")) if "created_at" in row else now
    if created_at > now:
        raise RowError("'created_at' lies in the future")
    source_id = name(row, "id") if "id" in row else free_source_id(simulator.world)
    entry = simulator.world.add(citizen_draft(row, source_id, created_at, "this post"))
    return 201, {**_described(entry), "permalink": entry.permalink}


def _edit_post(simulator: Simulator, native_id: str, payload: Payload) -> Reply:
    simulator.world.edit(native_id, name(payload, "text"), simulator.clock())
    return 200, {"success": True}


def _delete_post(simulator: Simulator, native_id: str, _payload: Payload) -> Reply:
    simulator.world.delete(native_id)
    return 200, {"success": True}


def _count_requests(simulator: Simulator, _id: str, _payload: Payload) -> Reply:
    return 200, {"requests": dict(sorted(simulator.requests.items())), "total": simulator.requests.total()}


def _list_receipts(simulator: Simulator, _id: str, _payload: Payload) -> Reply:
    return 200, {"receipts": [message for bot in simulator.memory.bots.values() for message in bot.sent]}


def _list_faults(simulator: Simulator, _id: str, _payload: Payload) -> Reply:
    return 200, {"faults": simulator.faults.described()}


def _switch_on_fault(simulator: Simulator, _id: str, payload: Payload) -> Reply:
    simulator.faults.switch_on(payload)
    return 201, {"faults": simulator.faults.described()}


def _clear_faults(simulator: Simulator, _id: str, _payload: Payload) -> Reply:
    simulator.faults.clear()
    return 200, {"faults": []}


def _described(entry: Entry) -> dict[str, str]:
    return {
        "native_id": entry.native_id,
        "kind": entry.kind,
        "edge": entry.role,
        "source_id": entry.draft.source_id,
    }


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as error:
        raise RowError(f"'created_at' is no time: {text!r}") from error
    if moment.tzinfo is None:
        raise RowError(f"'created_at' needs an offset from UTC: {text!r}")
    return moment


_ROUTES: Mapping[tuple[str, str], Callable[[Simulator, str, Payload], Reply]] = {
    ("GET", "posts"): _list_posts,
    ("POST", "posts"): _add_post,
    ("PATCH", "posts/{id}"): _edit_post,
    ("DELETE", "posts/{id}"): _delete_post,
    ("GET", "requests"): _count_requests,
    ("GET", "receipts"): _list_receipts,
    ("GET", "faults"): _list_faults,
    ("POST", "faults"): _switch_on_fault,
    ("DELETE", "faults"): _clear_faults,
}
