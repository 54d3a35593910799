"""YouTube, Data API v3: comment threads of a channel or a video, the replies beneath a comment, and videos."""

from __future__ import annotations

import hashlib
import html
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from infra.local.simulator.errors import GraphError
from infra.local.simulator.exchange import JSON_HEADERS, Answer, Request
from infra.local.simulator.paging import Listing, Page, Position, read_cursor
from infra.local.simulator.platform import Call, Platform, Route, Scene, Settings
from infra.local.simulator.world import Entry, Kind, Role, World

_REPLIES_SHOWN: Final = 5
_USUAL, _MOST = 20, 100
_LONGEST_TITLE: Final = 100
_FILTERS: Final = ("allThreadsRelatedToChannelId", "videoId", "id")
_METHODS: Final = frozenset({"commentThreads", "comments", "videos"})
_LISTS: Final = frozenset({"commentThreads", "comments"})
_PATH: Final = "/youtube/youtube/v3/"
_OVER_QUOTA: Final = "The request cannot be completed because you have exceeded your quota."


class YouTubeError(Exception):
    """An error that the API answers with; clients decide by `reason`."""

    def __init__(self, code: int, reason: str, message: str, domain: str = "youtube.parameter") -> None:
        super().__init__(message)
        self.code = code
        self.body = {
            "error": {
                "code": code,
                "message": message,
                "errors": [{"message": message, "domain": domain, "reason": reason}],
            }
        }


def route(world: World, request: Request) -> Route:
    """Find the method, and the account by whatever id the request names."""
    method = request.path.removeprefix(_PATH)
    if not request.path.startswith(_PATH) or method not in _METHODS:
        return Route(None, None, "", "/youtube/{unknown}")
    params = request.params
    named = params.get("allThreadsRelatedToChannelId", "")
    account = next((each for each in world.accounts if each.kind is Kind.YOUTUBE and each.account == named), None)
    if account is None:
        wanted = params.get("videoId") or params.get("parentId") or params.get("id", "").split(",")[0]
        entry = world.find_native(wanted)
        account = entry.account if entry and entry.kind is Kind.YOUTUBE else None
    return Route(account, account, method, _PATH + method)


def answer(scene: Scene, request: Request) -> Answer:
    """Answer as YouTube would, errors included."""
    found = route(scene.world, request)
    try:
        _check_key(scene.world, request)
        body = _read(scene.world, found, request)
    except YouTubeError as error:
        return _refused(error)
    return Answer(200, JSON_HEADERS, body)


def _read(world: World, found: Route, request: Request) -> dict[str, Any]:
    if not found.edge or request.method != "GET":
        raise YouTubeError(404, "notFound", "Not Found", "global")
    if found.edge == "videos":
        return _videos(world, request)
    return _threads(world, found, request) if found.edge == "commentThreads" else _comments(world, found, request)


def _threads(world: World, found: Route, request: Request) -> dict[str, Any]:
    params = request.params
    parts = _parts(params)
    given = [name for name in _FILTERS if name in params]
    if len(given) != 1:
        message = f"Exactly one of {', '.join(_FILTERS)} is needed; there are {len(given)}."
        raise YouTubeError(400, "missingRequiredParameter", message)
    if params.get("order", "time") not in {"time", "relevance"}:
        raise YouTubeError(400, "invalidParameter", "Invalid value for order.")
    threads = _wanted_threads(world, found, given[0], params[given[0]])
    page = _page(f"threads/{params[given[0]]}", threads, request)
    hidden = "no_author" in request.quirks
    items = [_thread(entry, parts, params, hidden=hidden) for entry in page.entries]
    return _list("commentThread", items, page, request)


def _wanted_threads(world: World, found: Route, name: str, value: str) -> list[Entry]:
    if name == "id":
        entries = [world.find_native(each) for each in value.split(",")]
        return [entry for entry in entries if entry and entry.role is Role.COMMENT and entry.kind is Kind.YOUTUBE]
    if found.account is None:
        missing = "channelNotFound" if name == "allThreadsRelatedToChannelId" else "videoNotFound"
        raise YouTubeError(404, missing, f"The {name} that you asked for cannot be found.", "youtube.commentThread")
    videos = world.roots(found.account, Role.COUNTY_POST)
    wanted = [video for video in videos if name != "videoId" or video.native_id == value]
    return [thread for video in wanted for thread in video.children]


def _videos(world: World, request: Request) -> dict[str, Any]:
    """Return videos by their ids, leaving out unknown ones. The first of several lines is a video's title."""
    _parts(request.params)
    named = [world.find_native(each) for each in request.params.get("id", "").split(",")]
    items = []
    for entry in named:
        if entry and entry.kind is Kind.YOUTUBE and entry.parent is None:
            title, _, description = entry.text.partition("\n")
            snippet = {
                "channelId": entry.account.account,
                "publishedAt": _timestamp(entry.created_at),
                "title": title[:_LONGEST_TITLE],
                "description": description or title[_LONGEST_TITLE:],
            }
            items.append({"kind": "youtube#video", "etag": _etag(snippet), "id": entry.native_id, "snippet": snippet})
    return {"kind": "youtube#videoListResponse", "etag": _etag(items), "items": items}


def _comments(world: World, found: Route, request: Request) -> dict[str, Any]:
    params, hidden = request.params, "no_author" in request.quirks
    _parts(params)
    if "id" in params and "parentId" not in params:
        named = [world.find_native(each) for each in params["id"].split(",")]
        entries = [entry for entry in named if entry and entry.kind is Kind.YOUTUBE and entry.parent]
        items = [_comment(entry, params, hidden=hidden) for entry in entries]
        return {"kind": "youtube#commentListResponse", "etag": _etag(items), "items": items}
    parent = world.find_native(params.get("parentId", ""))
    if "parentId" not in params:
        raise YouTubeError(400, "missingRequiredParameter", "One of id, parentId is needed.")
    if parent is None or parent.role is not Role.COMMENT or found.account is None:
        message = "The specified comment could not be found."
        raise YouTubeError(404, "commentNotFound", message, "youtube.comment")
    page = _page(f"replies/{parent.native_id}", parent.children, request)
    items = [_comment(entry, params, hidden=hidden) for entry in page.entries]
    return _list("comment", items, page, request)


def _thread(entry: Entry, parts: Sequence[str], params: Mapping[str, str], *, hidden: bool) -> dict[str, Any]:
    top = _comment(entry, params, hidden=hidden)
    found: dict[str, Any] = {"kind": "youtube#commentThread", "etag": _etag(top), "id": entry.native_id}
    if "snippet" in parts:
        found["snippet"] = {
            "channelId": entry.account.account,
            "videoId": entry.root.native_id,
            "topLevelComment": top,
            "canReply": True,
            "totalReplyCount": len(entry.children),
            "isPublic": True,
        }
    if "replies" in parts and entry.children:
        shown = sorted(entry.children, key=_position)[:_REPLIES_SHOWN]
        found["replies"] = {"comments": [_comment(reply, params, hidden=hidden) for reply in shown]}
    return found


def _comment(entry: Entry, params: Mapping[str, str], *, hidden: bool) -> dict[str, Any]:
    plain = params.get("textFormat", "html") == "plainText"
    snippet: dict[str, Any] = {
        "channelId": entry.account.account,
        "videoId": entry.root.native_id,
        "textDisplay": entry.text if plain else html.escape(entry.text).replace("\n", "<br>"),
        "textOriginal": entry.text,
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 0,
        "publishedAt": _timestamp(entry.created_at),
        "updatedAt": _timestamp(entry.updated_at),
    }
    if entry.role is Role.REPLY and entry.parent:
        snippet["parentId"] = entry.parent.native_id
    if entry.author and not hidden:
        snippet["authorDisplayName"] = f"@{entry.author.name}"
        snippet["authorChannelId"] = {"value": entry.author.native_id}
    return {"kind": "youtube#comment", "etag": _etag(snippet), "id": entry.native_id, "snippet": snippet}


def _page(name: str, entries: Sequence[Entry], request: Request) -> Page:
    params = request.params
    text = params.get("maxResults", str(_USUAL))
    if not text.isdecimal() or not 1 <= int(text) <= _MOST:
        raise YouTubeError(400, "invalidParameter", f"Invalid value '{text}' for maxResults: 1 to {_MOST}.")
    listing = Listing.of(name, entries, _position)
    token = params.get("pageToken")
    try:
        after = read_cursor(token, name) if token else None
    except GraphError:
        raise YouTubeError(400, "invalidPageToken", "The request specifies an invalid page token.") from None
    return listing.read(int(text), after, None, request.quirks)


def _position(entry: Entry) -> Position:
    return -int(entry.created_at.timestamp()), entry.native_id


def _list(what: str, items: Sequence[Any], page: Page, request: Request) -> dict[str, Any]:
    found: dict[str, Any] = {"kind": f"youtube#{what}ListResponse", "etag": _etag(items)}
    if page.has_later:
        found["nextPageToken"] = page.after
    size = int(request.params.get("maxResults", _USUAL))
    return {**found, "pageInfo": {"totalResults": len(items), "resultsPerPage": size}, "items": list(items)}


def _parts(params: Mapping[str, str]) -> list[str]:
    parts = params.get("part", "").split(",")
    if parts == [""]:
        raise YouTubeError(400, "missingRequiredParameter", "Required parameter: part")
    unknown = set(parts) - {"id", "snippet", "replies"}
    if unknown:
        raise YouTubeError(400, "unknownPart", f"'{unknown.pop()}'", "youtube.part")
    return parts


def _check_key(world: World, request: Request) -> None:
    key = request.params.get("key") or request.headers.get("x-goog-api-key") or request.token
    if key not in {each.token for each in world.accounts if each.kind is Kind.YOUTUBE}:
        raise _bad_key()


def _bad_key() -> YouTubeError:
    return YouTubeError(400, "badRequest", "API key not valid. Please pass a valid API key.", "global")


def _etag(value: object) -> str:
    return hashlib.sha256(repr(value).encode()).hexdigest()[:27]


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _refused(error: YouTubeError, **headers: str) -> Answer:
    return Answer(error.code, {**JSON_HEADERS, **headers}, error.body)


def _throttled(_call: Call, settings: Settings) -> Answer:
    error = YouTubeError(429, "rateLimitExceeded", "Rate Limit Exceeded", "usageLimits")
    wait = settings["retry_after"]
    return _refused(error, **({"Retry-After": wait} if wait not in {"", "none"} else {}))


def _forbidden(reason: str, message: str, domain: str) -> Answer:
    return _refused(YouTubeError(403, reason, message, domain))


YOUTUBE: Final = Platform(
    prefix="/youtube/",
    kinds=frozenset({Kind.YOUTUBE}),
    route=route,
    answer=answer,
    edges=_METHODS,
    lists=_LISTS,
    quirks=frozenset({"empty_page", "repeat_page", "endless"}),
    refusals={
        "server_error": lambda _call, _: _refused(YouTubeError(503, "backendError", "Backend Error", "global")),
        "throttled": _throttled,
        "expired_token": lambda _call, _: _refused(_bad_key()),
        "not_permitted": lambda _call, _: _forbidden("forbidden", "Forbidden", "youtube.commentThread"),
        "quota_exceeded": lambda _call, _: _forbidden("quotaExceeded", _OVER_QUOTA, "youtube.quota"),
        "comments_disabled": lambda _call, _: _forbidden(
            "commentsDisabled", "The video has disabled comments.", "youtube.commentThread"
        ),
    },
    page_size="maxResults",
)
