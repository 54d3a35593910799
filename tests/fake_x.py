"""X's mentions, as far as the poller asks for them: both dialects, the limits, and the errors."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

from aduan.directory import Channel
from poll_channels.sources.x import id_at
from tests.builders import a_channel
from tests.local_http import Answer, Asked, as_json
from tests.reading import TellingFake

ACCOUNT = "200000001"
TOKEN = "token-KENARI-x"
REACHABLE = 800
PROBLEM = "https://api.twitter.com/2/problems"


@dataclass(frozen=True)
class Written:
    """A post that mentions the account. An edited one holds its former ids."""

    id: str
    text: str
    created_at: datetime
    author: str = "300000017"
    history: tuple[str, ...] = ()
    note: str | None = None
    references: tuple[tuple[str, str], ...] = ()
    photo: bool = False


def written(minutes_ago: float, now: datetime, **changes: Any) -> Written:
    """A post written `minutes_ago` before `now`. Its id contains the time, as X's ids do."""
    moment = now - timedelta(minutes=minutes_ago)
    native_id = changes.pop("id", str(id_at(moment)))
    return replace(Written(native_id, f"@kabarsleman lapor {native_id}", moment), **changes)


@dataclass
class FakeX(TellingFake):
    """One account's mentions."""

    CHANNEL: ClassVar[Channel] = a_channel(id="x:kabarsleman", kind="x", account=ACCOUNT, lookback_days=6)
    TOKEN: ClassVar[str] = TOKEN

    posts: list[Written] = field(default_factory=list)
    usernames: dict[str, str] = field(default_factory=dict)
    page_size: int = 100
    keeps: timedelta | None = timedelta(days=7)
    """How old a requested position may be; None for any age."""
    errors: list[dict[str, Any]] = field(default_factory=list)
    """Partial errors, which are sent beside the data."""
    hidden: set[str] = field(default_factory=set)
    """Ids of posts that their authors no longer show."""
    charged: set[tuple[date, str]] = field(default_factory=set)
    """Days (UTC) and ids of the mentions that were returned: each pair is charged once."""

    @property
    def citizens(self) -> list[str]:
        """First ids of what citizens wrote themselves, newest first."""
        mine = [post for post in self.posts if post.author != ACCOUNT and not _repeats(post)]
        return [(post.history or (post.id,))[0] for post in sorted(mine, key=lambda post: -int(post.id))]

    def write(self, number: int, at: datetime) -> None:
        """Let a citizen write something."""
        self.posts.append(written(0, at, id=str(id_at(at) + number)))

    def delete(self, native_id: str) -> None:
        """Let the author delete a post."""
        self.posts = [post for post in self.posts if native_id not in {post.id, *post.history}]

    def healthy(self, asked: Asked) -> Answer:
        """Answer one request."""
        if asked.headers.get("authorization") != f"Bearer {TOKEN}":
            return self.problem(401, "Unauthorized", "about:blank")
        if asked.path == "/2/tweets":
            return self._looked_up(asked.query["ids"].split(","))
        if asked.path != f"/2/users/{ACCOUNT}/mentions":
            return self.problem(404, "Not Found Error", f"{PROBLEM}/resource-not-found")
        if not 5 <= int(asked.query.get("max_results", "10")) <= 100:
            return self.problem(400, "Invalid Request", f"{PROBLEM}/invalid-request")
        return self._too_old(asked) or self._page(asked)

    def _looked_up(self, wanted: list[str]) -> Answer:
        """Return posts by their ids, and beside them the errors of those that are not shown."""
        if not 1 <= len(wanted) <= 100:
            return self.problem(400, "Invalid Request", f"{PROBLEM}/invalid-request")
        by_id = {native_id: post for post in self.posts for native_id in (post.id, *post.history)}
        found = [by_id[each] for each in wanted if each in by_id]
        shown = [
            {"id": post.id, "text": post.text, "edit_history_tweet_ids": list(post.history or (post.id,))}
            for post in found
            if post.id not in self.hidden
        ]
        reasons = {each: "resource-not-found" for each in wanted if each not in by_id}
        reasons |= {each: "not-authorized-for-resource" for each in wanted if each in self.hidden}
        errors = [
            {"resource_id": each, "value": each, "parameter": "ids", "type": f"{PROBLEM}/{reason}"}
            for each, reason in reasons.items()
        ]
        body = ({"data": shown} if shown else {}) | ({"errors": errors} if errors else {})
        return as_json(body, headers=self._limits())

    def problem(self, status: int, title: str, kind: str, *, reset: int | None = None, **more: Any) -> Answer:
        """An error as X sends it."""
        body = {"title": title, "detail": title, "type": kind, "status": status, **more}
        return as_json(body, status, self._limits(reset))

    def stale(self, name: str, value: str) -> Answer:
        """The error for a position that is too old for X."""
        message = f"'{name}' must be a tweet id created after some day."
        return self.problem(
            400,
            "Invalid Request",
            f"{PROBLEM}/invalid-request",
            errors=[{"parameters": {name: [value]}, "message": message}],
        )

    def _too_old(self, asked: Asked) -> Answer | None:
        if self.keeps is None:
            return None
        oldest = self.now - self.keeps
        since_id, start = asked.query.get("since_id"), asked.query.get("start_time")
        if since_id is not None and int(since_id) < id_at(oldest):
            return self.stale("since_id", since_id)
        if start is not None and _moment(start) < oldest:
            return self.stale("start_time", start)
        return None

    def _page(self, asked: Asked) -> Answer:
        query = asked.query
        listed = sorted(self.posts, key=lambda post: -int(post.id))[:REACHABLE]
        listed = [post for post in listed if int(post.id) > int(query.get("since_id", "0"))]
        if "start_time" in query:
            listed = [post for post in listed if post.created_at >= _moment(query["start_time"])]
        offset = int(query.get("pagination_token", "t0")[1:])
        size = min(int(query.get("max_results", "10")), self.page_size)
        page = listed[offset : offset + size]
        self.charged |= {(self.now.astimezone(UTC).date(), post.id) for post in page}
        meta: dict[str, Any] = {"result_count": len(page)}
        if not page:
            return as_json({"meta": meta}, headers=self._limits())
        meta |= {"newest_id": page[0].id, "oldest_id": page[-1].id}
        if offset + size < len(listed):
            meta["next_token"] = f"t{offset + size}"
        body = {"data": [_rendered(post, query) for post in page], "meta": meta}
        if "author_id" in query.get("expansions", ""):
            body["includes"] = {"users": [self._user(author) for author in sorted({post.author for post in page})]}
        if self.errors:
            body["errors"] = self.errors
        return as_json(body, headers=self._limits())

    def _user(self, native_id: str) -> dict[str, str]:
        return {"id": native_id, "name": "Warga Contoh", "username": self.usernames.get(native_id, "warga_contoh")}

    def _limits(self, reset: int | None = None) -> dict[str, str]:
        second = int(self.now.timestamp()) + 900 if reset is None else reset
        return {"x-rate-limit-limit": "450", "x-rate-limit-remaining": "448", "x-rate-limit-reset": str(second)}


def _rendered(post: Written, query: Any) -> dict[str, Any]:
    """A post with the requested fields, in the dialect of the request."""
    new = "post.fields" in query
    word = "post" if new else "tweet"
    fields = query.get(f"{word}.fields", "").split(",")
    expansions = query.get("expansions", "").split(",")
    references = [{"type": kind, "id": native_id} for kind, native_id in post.references]
    found: dict[str, Any] = {"id": post.id, "text": post.text}
    if not new or "edit_history_post_ids" in expansions:
        found[f"edit_history_{word}_ids"] = list(post.history or (post.id,))
    if "created_at" in fields:
        found["created_at"] = post.created_at.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    if "author_id" in (expansions if new else fields):
        found["author_id"] = post.author
    if references and ("referenced_posts" in expansions if new else "referenced_tweets" in fields):
        found[f"referenced_{word}s"] = references
    if post.note is not None and f"note_{word}" in fields:
        found[f"note_{word}"] = {"text": post.note}
    if post.photo and "attachments" in fields:
        found["attachments"] = {"media_keys": [f"3_{post.id}"]}
    return found


def _repeats(post: Written) -> bool:
    return any(kind == "retweeted" for kind, _ in post.references)


def _moment(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)


def numbered(count: int, now: datetime, *, first_minutes_ago: float = 1) -> Iterable[Written]:
    """Posts a minute apart, the youngest first."""
    return [written(first_minutes_ago + number, now) for number in range(count)]
