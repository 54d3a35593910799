"""YouTube's comments, as far as the poller asks for them, and its ways to fail."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from tests.local_http import Answer, Asked, as_json

ACCOUNT = "UCexample0000000000000000"
KEY = "kunci-KENARI-yt"


@dataclass
class Said:
    """A comment or a reply."""

    id: str
    text: str
    published: datetime
    updated: datetime | None = None
    author: str | None = "UCauthor000000000000000001"
    video: str | None = "dEmOvIdEo01"
    replies: list["Said"] = field(default_factory=list)


def said(native_id: str, minutes_ago: float, now: datetime, **changes: Any) -> Said:
    """A comment of some minutes ago."""
    return replace(Said(native_id, f"Lapor {native_id}", now - timedelta(minutes=minutes_ago)), **changes)


@dataclass
class FakeYouTube:
    """The comments under the videos of one channel."""

    threads: list[Said] = field(default_factory=list)
    page_size: int = 100
    shows: int = 5
    """How many replies come with a thread."""
    hidden: int = 0
    """By how many the count of replies is more than what is ever listed."""
    fault: Callable[[Asked, int], Answer | None] = lambda _asked, _number: None
    """What is answered instead, by the request and its number."""
    asked: list[Asked] = field(default_factory=list)

    @property
    def all(self) -> list[Said]:
        """Every comment and every reply."""
        return [one for thread in self.threads for one in (thread, *thread.replies)]

    @property
    def citizens(self) -> set[str]:
        """Ids of what citizens wrote."""
        return {one.id for one in self.all if one.author != ACCOUNT}

    def thread(self, native_id: str) -> Said:
        """One thread."""
        return next(thread for thread in self.threads if thread.id == native_id)

    def asked_for(self, edge: str) -> int:
        """How many requests asked for an edge."""
        return sum(asked.path.endswith(f"/{edge}") for asked in self.asked)

    def answer(self, asked: Asked) -> Answer:
        """Answer one request."""
        self.asked.append(asked)
        instead = self.fault(asked, len(self.asked))
        if instead is not None:
            return instead
        query = asked.query
        if asked.headers.get("x-goog-api-key") != KEY:
            return error(400, "badRequest", "API key not valid. Please pass a valid API key.")
        if query.get("textFormat") != "plainText" or not 1 <= int(query.get("maxResults", "20")) <= 100:
            return error(400, "badRequest", "Invalid value")
        size = min(int(query.get("maxResults", "20")), self.page_size)
        offset = int(query.get("pageToken", "P0")[1:])
        if asked.path == "/youtube/v3/commentThreads":
            return self._list_threads(query, offset, size)
        if asked.path == "/youtube/v3/comments":
            return self._list_replies(query, offset, size)
        return error(404, "notFound", "Not Found")

    def _list_threads(self, query: Any, offset: int, size: int) -> Answer:
        if (query.get("part"), query.get("order")) != ("snippet,replies", "time"):
            return error(400, "badRequest", "Invalid value")
        if query.get("allThreadsRelatedToChannelId") != ACCOUNT:
            return error(404, "channelNotFound", "The channel could not be found.")
        listed = sorted(self.threads, key=lambda thread: thread.published, reverse=True)
        return _page([self._thread(thread) for thread in listed], offset, size)

    def _list_replies(self, query: Any, offset: int, size: int) -> Answer:
        for thread in self.threads:
            if thread.id == query.get("parentId"):
                return _page([_comment(reply, thread) for reply in thread.replies], offset, size)
        return error(404, "commentNotFound", "The comment could not be found.")

    def _thread(self, thread: Said) -> dict[str, Any]:
        count = len(thread.replies) + (self.hidden if thread.replies else 0)
        found: dict[str, Any] = {
            "kind": "youtube#commentThread",
            "id": thread.id,
            "snippet": {"channelId": ACCOUNT, "totalReplyCount": count, "topLevelComment": _comment(thread, None)},
        }
        if thread.video is not None:
            found["snippet"]["videoId"] = thread.video
        if thread.replies:
            found["replies"] = {"comments": [_comment(reply, thread) for reply in thread.replies[: self.shows]]}
        return found


def error(status: int, reason: str, message: str = "", domain: str = "youtube.comment") -> Answer:
    """An error as YouTube puts it."""
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return as_json({"error": {"code": status, "message": message, "errors": errors}}, status)


def _page(items: list[Any], offset: int, size: int) -> Answer:
    page = items[offset : offset + size]
    body: dict[str, Any] = {"pageInfo": {"totalResults": len(page), "resultsPerPage": size}, "items": page}
    if offset + size < len(items):
        body["nextPageToken"] = f"P{offset + size}"
    return as_json(body)


def _comment(one: Said, parent: Said | None) -> dict[str, Any]:
    snippet: dict[str, Any] = {
        "textDisplay": one.text,
        "textOriginal": one.text,
        "authorDisplayName": "@warga.contoh",
        "authorChannelUrl": "http://www.youtube.com/@warga.contoh",
        "likeCount": 0,
        "publishedAt": _time(one.published),
        "updatedAt": _time(one.updated or one.published),
    }
    if one.author is not None:
        snippet["authorChannelId"] = {"value": one.author}
    if parent is not None:
        snippet["parentId"] = parent.id
    elif one.video is not None:
        snippet["videoId"] = one.video
    return {"kind": "youtube#comment", "id": one.id, "snippet": snippet}


def _time(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
