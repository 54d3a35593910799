"""X, API v2: the mentions of an account, in the dialect of the request."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from infra.local.simulator import native_ids
from infra.local.simulator.errors import GraphError
from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.paging import Listing, Position, read_cursor
from infra.local.simulator.platform import Call, Platform, Route, Scene, Settings
from infra.local.simulator.world import Account, Entry, Kind, Role, World

_HEADERS: Final = {"Content-Type": "application/json; charset=utf-8", "api-version": "2.167", "x-access-level": "read"}
_PROBLEMS: Final = "https://api.twitter.com/2/problems"
_WINDOW: Final = 15 * 60
_ALLOWED: Final = 450
_REACHABLE: Final = 800
_LONGEST_TEXT: Final = 280
_FEWEST, _MOST, _USUAL = 5, 100, 10
_MENTIONS_PARTS: Final = 5
_EDITABLE: Final = timedelta(minutes=30)
_STALE: Final = timedelta(days=7)


@dataclass(frozen=True)
class Dialect:
    """The names that one generation of the API uses."""

    fields: str
    history: str
    note: str
    author_is_field: bool
    history_is_field: bool


LEGACY: Final = Dialect("tweet.fields", "edit_history_tweet_ids", "note_tweet", True, True)  # noqa: FBT003
NEW: Final = Dialect("post.fields", "edit_history_post_ids", "note_post", False, False)  # noqa: FBT003


class XError(Exception):
    """An error that the API answers with."""

    def __init__(self, status: int, body: Mapping[str, Any]) -> None:
        super().__init__(body.get("title", ""))
        self.status = status
        self.body = body


def route(world: World, request: Request) -> Route:
    """Find the account whose mentions are asked for."""
    parts = request.parts
    if parts[1:] == ["2", "tweets"]:
        first = request.params.get("ids", "").partition(",")[0]
        return Route(None, _account_of(world, request, first), "tweets", "/x/2/tweets")
    if len(parts) != _MENTIONS_PARTS or parts[1:3] != ["2", "users"] or parts[4] != "mentions":
        return Route(None, None, "", "/x/{unknown}")
    account = next((each for each in world.accounts if each.kind is Kind.X and each.account == parts[3]), None)
    return Route(account, account, "mentions", "/x/2/users/{id}/mentions")


def answer(scene: Scene, request: Request) -> Answer:
    """Answer as X would; every answer says how many calls are left."""
    found = route(scene.world, request)
    account = found.account
    if account:
        scene.memory.calls[account.account, _window(scene.now)] += 1
    try:
        _check_token(scene.world, account, request)
        body = (_tweets if found.edge == "tweets" else _mentions)(scene, account, request)
    except XError as error:
        return _answered(error.status, error.body, scene, account, request)
    return _answered(200, body, scene, account, request)


def dialect_of(params: Mapping[str, str]) -> Dialect:
    """Return the dialect of a request by the `*.fields` parameter it uses; the old one if it uses none."""
    return (
        NEW
        if "post.fields" in params or ("expansions" in params and "referenced_posts" in params["expansions"])
        else LEGACY
    )


def versions(entry: Entry) -> list[str]:
    """Return the ids of a post, oldest first: an edit gets a new one."""
    edits = (native_ids.x_post(at, f"{entry.native_id}:{number}") for number, at in enumerate(entry.edits))
    return [entry.native_id, *edits]


def _mentions(scene: Scene, account: Account | None, request: Request) -> dict[str, Any]:
    if account is None or request.method != "GET":
        raise XError(404, _problem("Not Found Error", "resource-not-found", "Could not find what was asked for."))
    params = request.params
    size = _size(params)
    posts = sorted(_of_account(scene.world, account), key=_number, reverse=True)[:_REACHABLE]
    listing = Listing.of(f"{account.account}/mentions", [post for post in posts if _is_wanted(post, params)], _position)
    token = params.get("pagination_token")
    try:
        after = read_cursor(token, listing.name) if token else None
    except GraphError:
        raise _invalid("pagination_token", token or "", "is not a valid pagination token") from None
    page = listing.read(size, after, None, request.quirks)
    meta: dict[str, Any] = {"result_count": len(page.entries)}
    if page.entries:
        newest, oldest = versions(page.entries[0])[-1], versions(page.entries[-1])[-1]
        meta |= {"newest_id": newest, "oldest_id": oldest}
    if page.has_later:
        meta |= {"next_token": page.after}
    if not page.entries:
        return {"meta": meta}
    dialect, hidden = dialect_of(params), "no_author" in request.quirks
    found: dict[str, Any] = {"data": [_post(entry, account, dialect, params, hidden=hidden) for entry in page.entries]}
    if includes := _includes(page.entries, params, hidden=hidden):
        found["includes"] = includes
    if "partial_errors" in request.quirks:
        found["errors"] = [_gone(page.entries[0].native_id)]
    return {**found, "meta": meta}


def _tweets(scene: Scene, account: Account | None, request: Request) -> dict[str, Any]:
    """Return posts by their ids; ids without a post are listed as errors, with status 200."""
    params = request.params
    wanted = [each for each in params.get("ids", "").split(",") if each]
    if not 1 <= len(wanted) <= _MOST:
        raise _invalid("ids", params.get("ids", ""), f"does not name 1 to {_MOST} posts")
    if account is None:
        return {"errors": [_gone(each, "ids") for each in wanted]}
    by_id = {number: entry for entry in _of_account(scene.world, account) for number in versions(entry)}
    entries, dialect = [by_id[each] for each in wanted if each in by_id], dialect_of(params)
    found: dict[str, Any] = {"data": [_post(each, account, dialect, params, hidden=False) for each in entries]}
    missing = [_gone(each, "ids") for each in wanted if each not in by_id]
    return (found if entries else {}) | ({"errors": missing} if missing else {})


def _account_of(world: World, request: Request, post_id: str) -> Account | None:
    entry = world.find_native(post_id)
    if entry and entry.kind is Kind.X:
        return entry.account
    return next((each for each in world.accounts if each.kind is Kind.X and each.token == request.token), None)


def _of_account(world: World, account: Account) -> Iterator[Entry]:
    yield from world.roots(account, Role.MENTION)
    # The account's own posts are among its mentions if they mention it.
    for own in world.roots(account, Role.COUNTY_POST):
        if f"@{account.label}" in own.text:
            yield own


def _number(entry: Entry) -> int:
    return int(versions(entry)[-1])


def _position(entry: Entry) -> Position:
    return -_number(entry), entry.native_id


def _is_wanted(entry: Entry, params: Mapping[str, str]) -> bool:
    number = _number(entry)
    created = entry.created_at
    return (
        number > _id(params, "since_id", 0)
        and number < _id(params, "until_id", 1 << 63)
        and created >= _moment(params, "start_time", datetime.min.replace(tzinfo=UTC))
        and created < _moment(params, "end_time", datetime.max.replace(tzinfo=UTC))
    )


def _post(
    entry: Entry, account: Account, dialect: Dialect, params: Mapping[str, str], *, hidden: bool
) -> dict[str, Any]:
    """Return a post with its default fields and those asked for; unknown field names are silently ignored."""
    wanted, expanded = _words(params, dialect.fields), _words(params, "expansions")
    history = versions(entry)
    text = html.escape(entry.text, quote=False)
    link = f" https://t.co/{native_ids.youtube_video(entry.native_id)[:10]}" if entry.draft.has_photo else ""
    found: dict[str, Any] = {"id": history[-1], "text": _cut(text) + link}
    if dialect.history_is_field or dialect.history in expanded:
        found[dialect.history] = history
    if entry.author and not hidden and "author_id" in (wanted if dialect.author_is_field else expanded):
        found["author_id"] = entry.author.native_id
    possible: dict[str, Any] = {
        "created_at": _timestamp(entry.edits[-1] if entry.edits else entry.created_at),
        "conversation_id": entry.native_id,
        "in_reply_to_user_id": account.account,
        "lang": "in",
        "entities": _entities(entry, account),
        "edit_controls": {
            "edits_remaining": max(0, 5 - len(entry.edits)),
            "is_edit_eligible": False,
            "editable_until": _timestamp(entry.created_at + _EDITABLE),
        },
    }
    if len(text) > _LONGEST_TEXT:
        possible[dialect.note] = {"text": text}
    if entry.draft.has_photo:
        possible["attachments"] = {"media_keys": [_media_key(entry)]}
    return found | {name: value for name, value in possible.items() if name in wanted and value}


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_TEXT else text[: _LONGEST_TEXT - 1] + "…"


def _entities(entry: Entry, account: Account) -> dict[str, Any]:
    found = [
        {"start": match.start(), "end": match.end(), "username": match[1]}
        | ({"id": account.account} if match[1] == account.label else {})
        for match in re.finditer(r"@(\w+)", entry.text)
    ]
    return {"mentions": found} if found else {}


def _includes(entries: Sequence[Entry], params: Mapping[str, str], *, hidden: bool) -> dict[str, Any]:
    """Return what the expansions ask for, each object once."""
    expanded, found = _words(params, "expansions"), {}
    people = {entry.author.native_id: entry.author for entry in entries if entry.author}
    if "author_id" in expanded and people and not hidden:
        found["users"] = [
            {"id": number, "name": person.name, "username": re.sub(r"\W", "_", person.name)}
            for number, person in people.items()
        ]
    photos = [entry for entry in entries if entry.draft.has_photo]
    if "attachments.media_keys" in expanded and photos:
        found["media"] = [
            {"media_key": _media_key(entry), "type": "photo", "url": f"https://pbs.example/media/{entry.native_id}.jpg"}
            for entry in photos
        ]
    return found


def _media_key(entry: Entry) -> str:
    return f"3_{native_ids.photo(entry.native_id)}0000"


def _size(params: Mapping[str, str]) -> int:
    text = params.get("max_results", str(_USUAL))
    if not text.isdecimal() or not _FEWEST <= int(text) <= _MOST:
        raise _invalid("max_results", text, f"is not between {_FEWEST} and {_MOST}")
    return int(text)


def _id(params: Mapping[str, str], name: str, usual: int) -> int:
    text = params.get(name, str(usual))
    if not text.isdecimal() or int(text) >= 1 << 64:
        raise _invalid(name, text, "is not a valid id")
    return int(text)


def _moment(params: Mapping[str, str], name: str, usual: datetime) -> datetime:
    if name not in params:
        return usual
    try:
        return datetime.strptime(params[name].split(".")[0].rstrip("Z"), "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        raise _invalid(name, params[name], "is not a valid RFC 3339 time") from None


def _words(params: Mapping[str, str], name: str) -> list[str]:
    return params.get(name, "").split(",")


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _check_token(world: World, account: Account | None, request: Request) -> None:
    known = {each.token for each in world.accounts if each.kind is Kind.X}
    if request.token not in ({account.token} if account else known):
        raise _unauthorized()


def _answered(
    status: int, body: Mapping[str, Any], scene: Scene, account: Account | None, request: Request, **headers: str
) -> Answer:
    window = _window(scene.now)
    used = scene.memory.calls[account.account, window] if account else 0
    limits = {
        "x-rate-limit-limit": str(_ALLOWED),
        # The allowance never runs out by itself, so that a long demo does not stop itself.
        "x-rate-limit-remaining": str(max(1, _ALLOWED - used)),
        "x-rate-limit-reset": str((window + 1) * _WINDOW),
    }
    packed = {"Content-Encoding": "gzip"} if "gzip" in request.headers.get("accept-encoding", "") else {}
    return Answer(status, {**_HEADERS, **limits, **packed, **headers}, body)


def _window(now: datetime) -> int:
    return int(now.timestamp()) // _WINDOW


def _problem(title: str, kind: str, detail: str, **more: object) -> dict[str, Any]:
    return {"title": title, "detail": detail, "type": f"{_PROBLEMS}/{kind}", **more}


def _invalid(name: str, value: str, why: str) -> XError:
    reason = {"parameters": {name: [value]}, "message": f"The `{name}` query parameter value [{value}] {why}"}
    detail = "One or more parameters to your request was invalid."
    return XError(400, {"errors": [reason], **_problem("Invalid Request", "invalid-request", detail)})


def _unauthorized() -> XError:
    return XError(401, {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"})


def _gone(post_id: str, parameter: str = "referenced_tweets.id") -> dict[str, Any]:
    return {
        "resource_id": post_id,
        "parameter": parameter,
        "resource_type": "tweet",
        "section": "includes",
        "value": post_id,
        **_problem(
            "Not Found Error",
            "resource-not-found",
            f"Could not find tweet with {parameter}: [{post_id}].",
        ),
    }


def _refuse(call: Call, error: XError, **headers: str) -> Answer:
    return _answered(error.status, error.body, call.scene, call.route.account, call.request, **headers)


def _throttled(call: Call, settings: Settings) -> Answer:
    wait = settings["retry_after"]
    reset = int((call.now + timedelta(minutes=settings["minutes"])).timestamp())
    body = {"title": "Too Many Requests", "detail": "Too Many Requests", "type": "about:blank", "status": 429}
    headers = {"x-rate-limit-remaining": "0", "x-rate-limit-reset": str(reset)}
    if wait == "none":
        refusal = _refuse(call, XError(429, body))
        kept = {name: text for name, text in refusal.headers.items() if not name.startswith("x-rate-limit")}
        return Answer(429, kept, body)
    return _refuse(call, XError(429, body), **headers, **({"Retry-After": wait} if wait else {}))


def _stale_since_id(call: Call, _settings: Settings) -> Answer:
    edge = call.now - _STALE
    message = (
        f"'since_id' must be a tweet id created after {edge.astimezone(UTC):%Y-%m-%dT%H:%MZ}. "
        f"Please use a 'since_id' that is larger than {native_ids.x_first_id(edge)}"
    )
    reason = {"parameters": {"since_id": [call.request.params["since_id"]]}, "message": message}
    detail = "One or more parameters to your request was invalid."
    return _refuse(call, XError(400, {"errors": [reason], **_problem("Invalid Request", "invalid-request", detail)}))


def _server_error(call: Call, _settings: Settings) -> Answer:
    body = {"title": "Service Unavailable", "detail": "Service Unavailable", "type": "about:blank", "status": 503}
    return _refuse(call, XError(503, body))


def _not_permitted(call: Call, _settings: Settings) -> Answer:
    detail = (
        "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a Project."
    )
    problem = _problem("Client Forbidden", "client-forbidden", detail, reason="client-not-enrolled")
    return _refuse(call, XError(403, problem))


def _credits_depleted(call: Call, _settings: Settings) -> Answer:
    detail = "Your enrolled account does not have any credits to fulfill this request."
    return _refuse(call, XError(402, _problem("CreditsDepleted", "credits", detail, account_id=1234567890123456789)))


def _usage_capped(call: Call, _settings: Settings) -> Answer:
    detail = "Usage cap exceeded: Monthly product cap"
    problem = _problem("UsageCapExceeded", "usage-capped", detail, period="Monthly", scope="Product")
    return _refuse(call, XError(429, problem))


X: Final = Platform(
    prefix="/x/",
    kinds=frozenset({Kind.X}),
    route=route,
    answer=answer,
    edges=frozenset({"mentions", "tweets"}),
    lists=frozenset({"mentions"}),
    quirks=frozenset({"empty_page", "repeat_page", "endless", "partial_errors"}),
    refusals={
        "server_error": _server_error,
        "throttled": _throttled,
        "expired_token": lambda call, _: _refuse(call, _unauthorized()),
        "not_permitted": _not_permitted,
        "credits_depleted": _credits_depleted,
        "usage_capped": _usage_capped,
        "stale_since_id": _stale_since_id,
    },
    page_size="max_results",
    shortest_page=_FEWEST,
)
