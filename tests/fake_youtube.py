"""YouTube's comments, as far as the poller asks for them, and its errors."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, ClassVar

from aduan.directory import Channel
from tests.builders import a_channel
from tests.local_http import Answer, Asked, as_json
from tests.reading import TellingFake

ACCOUNT = "UCexample0000000000000000"
KEY = "kunci-KENARI-yt"


@dataclass
class Comment:
    """A comment or a reply."""

    id: str
    text: str
    published: datetime
    updated: datetime | None = None
    author: str | None = "UCauthor000000000000000001"
    video: str | None = "dEmOvIdEo01"
    replies: list[Comment] = field(default_factory=list)


def said(native_id: str, minutes_ago: float, now: datetime, **changes: Any) -> Comment:
    """A comment written `minutes_ago` before `now`."""
    return replace(Comment(native_id, f"Lapor {native_id}", now - timedelta(minutes=minutes_ago)), **changes)


@dataclass
class FakeYouTube(TellingFake):
    """The comments under the videos of one channel."""

    CHANNEL: ClassVar[Channel] = a_channel(id="youtube:kabarsleman", kind="youtube", account=ACCOUNT)
    TOKEN: ClassVar[str] = KEY

    threads: list[Comment] = field(default_factory=list)
    page_size: int = 100
    shows: int = 5
    """How many replies are returned with a thread."""
    hidden: int = 0
    """By how much the count of replies exceeds the number of replies that are ever listed."""
    videos: dict[str, tuple[str, str]] = field(default_factory=dict)
    """The title and the description of each video, by its id."""
    refuses_missing: bool = False
    """Whether a request for several comments is refused when one is missing, as the documentation says may happen."""

    @property
    def all(self) -> list[Comment]:
        """Every comment and every reply."""
        return [one for thread in self.threads for one in (thread, *thread.replies)]

    @property
    def citizens(self) -> set[str]:
        """Ids of what citizens wrote."""
        return {one.id for one in self.all if one.author != ACCOUNT}

    def write(self, number: int, at: datetime) -> None:
        """Let a citizen write something; every second text is a reply."""
        one = said(f"k{number}", 0, at)
        if self.threads and number % 2:
            self.threads[0].replies.append(replace(one, id=f"{self.threads[0].id}.{one.id}"))
        else:
            self.threads.append(one)

    def delete(self, native_id: str) -> None:
        """Let the author delete a comment."""
        self.threads = [thread for thread in self.threads if thread.id != native_id]
        for thread in self.threads:
            thread.replies = [reply for reply in thread.replies if reply.id != native_id]

    def thread(self, native_id: str) -> Comment:
        """One thread."""
        return next(thread for thread in self.threads if thread.id == native_id)

    def asked_for(self, edge: str) -> int:
        """How many requests asked for an edge."""
        return sum(asked.path.endswith(f"/{edge}") for asked in self.asked)

    def healthy(self, asked: Asked) -> Answer:
        """Answer one request."""
        query = asked.query
        if asked.headers.get("x-goog-api-key") != KEY:
            return error(400, "badRequest", "API key not valid. Please pass a valid API key.")
        if asked.path == "/youtube/v3/comments" and "id" in query:
            return self._looked_up(query)
        if asked.path == "/youtube/v3/videos":
            return self._list_videos(query)
        if query.get("textFormat") != "plainText" or not 1 <= int(query.get("maxResults", "20")) <= 100:
            return error(400, "badRequest", "Invalid value")
        size = min(int(query.get("maxResults", "20")), self.page_size)
        offset = int(query.get("pageToken", "P0")[1:])
        lists = {"/youtube/v3/commentThreads": self._list_threads, "/youtube/v3/comments": self._list_replies}
        return lists[asked.path](query, offset, size)

    def _looked_up(self, query: Any) -> Answer:
        """Return comments by their ids, leaving out those that do not exist."""
        wanted = query["id"].split(",")
        if query.get("part") != "id" or len(wanted) > 50 or "maxResults" in query:
            return error(400, "badRequest", "Invalid value")
        there = {one.id for one in self.all} & set(wanted)
        if self.refuses_missing and len(there) < len(wanted):
            return error(404, "commentNotFound", "The comment could not be found.")
        return _page([{"kind": "youtube#comment", "id": each} for each in wanted if each in there], 0, 50)

    def _list_videos(self, query: Any) -> Answer:
        """Return videos by their ids, leaving out those that do not exist."""
        wanted = query["id"].split(",")
        if query.get("part") != "snippet" or len(wanted) > 50 or "maxResults" in query:
            return error(400, "badRequest", "Invalid value")
        found = [(each, *self.videos[each]) for each in wanted if each in self.videos]
        items = [
            {"kind": "youtube#video", "id": each, "snippet": {"title": title, "description": more}}
            for each, title, more in found
        ]
        return _page(items, 0, 50)

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

    def _thread(self, thread: Comment) -> dict[str, Any]:
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
    """An error as YouTube sends it."""
    errors = [{"message": message, "domain": domain, "reason": reason}]
    return as_json({"error": {"code": status, "message": message, "errors": errors}}, status)


def _page(items: list[Any], offset: int, size: int) -> Answer:
    page = items[offset : offset + size]
    body: dict[str, Any] = {"pageInfo": {"totalResults": len(page), "resultsPerPage": size}, "items": page}
    if offset + size < len(items):
        body["nextPageToken"] = f"P{offset + size}"
    return as_json(body)


def _comment(one: Comment, parent: Comment | None) -> dict[str, Any]:
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
