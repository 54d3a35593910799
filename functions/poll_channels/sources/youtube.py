"""Reads comments under the videos of one YouTube channel, and the replies to them, by the Data API v3.

Threads are listed by when they began, and a reply does not move an old one up. So once a day a run lists all threads
that are young enough to expect replies. Every response costs one of 10,000 units a day.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote, urlencode

from pydantic import StringConstraints

from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    PageCapError,
    ThrottledError,
    TransientError,
)
from aduan.platform_http import DEFAULT_WAIT, LONGEST_WAIT
from aduan.post import Post
from poll_channels.connection import is_plausible
from poll_channels.source import PAGE_CAP, Batch, CanRecheck, HttpSource, Objects, Own, Result, Window
from poll_channels.sources.items import MALFORMED, Parameters, parameters_of, put_aside
from poll_channels.sources.threads import Above, Said, answered
from poll_channels.sources.youtube_items import VIDEOS, Comment, Thread, Videos, comment_of, words_in

if TYPE_CHECKING:
    from aduan.channel import Rejected
    from aduan.directory import Channel
    from poll_channels.connection import Connection

PER_PAGE: Final = 100
BATCH_SIZE: Final = 50
"""The most ids that one request may name."""
READ_DAILY: Final = timedelta(days=14)
"""For this long after a thread began, its replies are read once a day even if their number is the same."""
SWEPT: Final = "swept"
"""Name of the mark that holds the last day on which all young threads were listed."""
QUOTA_HOURS: Final = (7, 8)
"""The hours (UTC) of midnight in California, in summer and in winter: then the units are counted anew."""
MOST_REPLIES: Final = 10**9

_PERSONAL: Final = frozenset(
    {"authorDisplayName", "authorProfileImageUrl", "authorChannelUrl", "authorChannelId", "author"}
)
_QUOTA: Final = frozenset({"quotaExceeded", "dailyLimitExceeded"})
_RATE: Final = frozenset({"rateLimitExceeded", "userRateLimitExceeded"})
_KEY: Final = frozenset({"keyInvalid", "keyExpired"})
_PASSING: Final = frozenset({"processingFailure"})
_CLOSED: Final = frozenset({"commentsDisabled"})
_UNKNOWN: Final = frozenset({"channelNotFound"})
_OTHERS: Final = frozenset(
    {
        "accessNotConfigured",
        "badRequest",
        "commentNotFound",
        "commentThreadNotFound",
        "forbidden",
        "invalidPageToken",
        "videoNotFound",
    }
)
_REASONS: Final = _QUOTA | _RATE | _KEY | _PASSING | _CLOSED | _UNKNOWN | _OTHERS
"""Known reasons of errors. No other is repeated in the ledger."""


class YouTubeParameters(Parameters):
    """The parameters of a YouTube channel: only its account, which begins with ``UC``."""

    account: Annotated[str, StringConstraints(pattern=r"^UC[A-Za-z0-9_-]{10,40}$")]


@dataclass(frozen=True)
class Read:
    """The result of reading one comment."""

    result: Result
    video: str | None = None
    """The video under which a post stands."""
    above: Above | None = None
    """What a post answers, without the video's words, which are asked for later."""
    began: datetime | None = None
    """When the comment was first written; None when that could not be read."""
    changed: datetime | None = None
    """When it was last edited, or first written; None when that could not be read."""


@dataclass(frozen=True)
class Listed:
    """The result of reading one thread of a page."""

    reads: tuple[Read, ...]
    """The thread's comment, or its quarantine entry, and then its replies."""
    thread: Thread | None = None
    shown: int = 0
    """How many replies came with the thread."""

    @property
    def began(self) -> datetime | None:
        """When the thread began; None when that could not be read."""
        return self.reads[0].began if self.thread is not None else None

    @property
    def replies(self) -> int | None:
        """How many replies the thread has; None when the platform does not tell."""
        count = None if self.thread is None else self.thread.snippet.totalReplyCount
        return count if type(count) is int and 0 <= count <= MOST_REPLIES else None


class YouTube(HttpSource, CanRecheck):
    """Reads one channel. A thread with more replies than its page shows is marked with their number.

    Another mark remembers the words of the videos that are commented on, so that each is asked for once.
    """

    batch_size = BATCH_SIZE

    def __init__(self, channel: Channel, connection: Connection) -> None:
        parameters_of(channel, YouTubeParameters)
        [key] = connection.secrets(channel)
        super().__init__(channel, connection, connection.platform_client({"X-Goog-Api-Key": key}))
        self._base_url = connection.settings.youtube_base_url.rstrip("/")
        self._videos = Videos("")

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield what was written or edited in the window, and once a day everything in threads that are still young."""
        today = _day(self._channel.id, self._factory.now)
        sweeps = marks.get(SWEPT) != today
        retries = any(failing.retry_at <= self._factory.now for failing in window.failing.values())
        until = min(window.since, window.threads) if sweeps or retries else window.since
        since = window.floor if sweeps else window.since
        objects = Objects(window, self._factory.now)
        too_long: PageCapError | None = None
        self._videos = Videos(marks.get(VIDEOS, ""))
        try:
            for page in self._threads():
                threads = [self._listed(item) for item in page]
                yield self._batch([read for listed in threads for read in listed.reads], since, window)
                for listed in threads:
                    if listed.thread is not None:
                        yield from objects.read(listed.thread.id, partial(self._more, listed, marks))
                began = [listed.began for listed in threads if listed.began is not None]
                if began and all(moment < until for moment in began):
                    break
        except PageCapError as error:
            too_long = error
        if sweeps:
            # Even if the list was too long: reading the same pages every minute would use up the day's units.
            yield Batch(marks={SWEPT: today})
        yield from objects.finish(lambda: next(self._threads()), all_listed=(sweeps or retries) and too_long is None)
        if too_long is not None:
            raise too_long

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Return by native id whether each comment is still there. One request asks for fifty.

        A deleted comment is usually just missing in the response. According to the documentation the whole request
        may be refused as well; then each half is asked for by itself.

        Raises:
            ChannelError: one of its kinds.
        """
        wanted = [post.native_id for post in posts]
        try:
            body = self._get("comments", {"part": "id", "id": ",".join(wanted)})
        except GoneError:
            if len(posts) == 1:
                return {wanted[0]: False}
            half = len(posts) // 2
            return {**self.still_there(posts[:half]), **self.still_there(posts[half:])}
        items = body.get("items")
        if not isinstance(items, list):
            raise OutageError("the answer has no list of items")
        there = {str(item.get("id")) for item in items if isinstance(item, dict)}
        return {native_id: native_id in there for native_id in wanted}

    def _get(self, edge: str, params: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._base_url}/youtube/v3/{edge}?{urlencode(params)}"
        return self._client.request_json(
            url, lambda status, body, _headers: interpret_error(status, body, self._factory.now)
        )

    def _threads(self) -> Iterator[list[Any]]:
        return self._pages(
            "commentThreads",
            {
                "part": "snippet,replies",
                "allThreadsRelatedToChannelId": self._channel.account,
                "order": "time",
            },
        )

    def _listed(self, item: Any) -> Listed:
        """Read a listed thread. Its readable replies are kept even when the thread itself cannot be read."""
        try:
            thread = Thread.model_validate(item)
        except MALFORMED as error:
            shown = self._shown(item, None, None)
            return Listed((Read(self._rejected(item, error)), *shown), shown=len(shown))
        video = thread.snippet.videoId
        shown = self._shown(item, thread, video)
        [top] = self._comments([thread.snippet.topLevelComment], None, video)
        return Listed((top, *shown), thread, len(shown))

    def _shown(self, item: Any, thread: Thread | None, video: str | None) -> list[Read]:
        replies = item.get("replies") if isinstance(item, dict) else None
        comments = replies.get("comments") if isinstance(replies, dict) else None
        return self._comments(comments, thread, video, are_replies=True) if isinstance(comments, list) else []

    def _more(self, listed: Listed, marks: Mapping[str, str], window: Window) -> Iterator[Batch]:
        """Yield all replies of a thread that has more than came with it, unless its mark is unchanged."""
        thread, count = listed.thread, listed.replies
        if thread is None or (count is not None and count <= listed.shown):
            return
        began = listed.began
        is_young = began is None or self._factory.now - began <= READ_DAILY
        mark = str(count) if count is not None and not is_young else f"{count}.{_day(thread.id, self._factory.now)}"
        if marks.get(thread.id) == mark:
            return
        try:
            for page in self._pages("comments", {"part": "snippet", "parentId": thread.id}):
                reads = self._comments(page, thread, thread.snippet.videoId, are_replies=True)
                yield self._batch(reads, window.floor, window)
        except GoneError:
            return  # deleted or closed after it was listed; the other threads were not
        # The mark is the count from before the replies were read: one written meanwhile is read next time.
        yield Batch(marks={thread.id: mark})

    def _batch(self, reads: list[Read], since: datetime, window: Window) -> Batch:
        """Make a batch of what was written or edited since a moment, and of whatever could not be read."""
        wanted = [read for read in reads if read.changed is None or read.changed >= since]
        videos = dict.fromkeys(read.video for read in wanted if read.video is not None and read.above is not None)
        if unknown := self._videos.unknown(videos):
            self._videos.remember(self._words_of(unknown))
        batch = Batch.of((self._in_context(read) for read in wanted), window)
        return replace(batch, marks={VIDEOS: self._videos.mark}) if unknown else batch

    def _in_context(self, read: Read) -> Result:
        if not isinstance(read.result, Post) or read.above is None:
            return read.result
        above = replace(read.above, head=self._videos.words.get(read.video or "", ""))
        context = above.context(read.result.text, read.result.author, self._channel)
        return read.result.model_copy(update={"context": context})

    def _words_of(self, videos: list[str]) -> dict[str, str]:
        """Return the titles and descriptions of videos, by one request; empty for those that have none.

        A comment without its context is better than a comment that is read late: whatever error comes instead, no
        video is asked for again while it is remembered.
        """
        try:
            body = self._get("videos", {"part": "snippet", "id": ",".join(videos)})
        except ChannelError:
            body = {}
        return words_in(body.get("items"), videos)

    def _pages(self, edge: str, params: Mapping[str, str]) -> Iterator[list[Any]]:
        """Yield an edge's pages up to its end.

        Raises:
            PageCapError: when the edge is longer than a run reads.
            ChannelError: one of its kinds.
        """
        token: str | None = None
        asked: set[str] = set()
        for _ in range(PAGE_CAP):
            at = {} if token is None else {"pageToken": token}
            all_params = {**params, "maxResults": str(PER_PAGE), "textFormat": "plainText", **at}
            body = self._get(edge, all_params)
            items, token = body.get("items"), body.get("nextPageToken")
            if not isinstance(items, list):
                raise OutageError("the answer has no list of items")
            yield items
            if token is None:
                return
            if not isinstance(token, str) or not token:
                raise OutageError("the answer promises a next page without saying which")
            if token in asked:
                raise OutageError("the platform gives the same page again and again")
            asked.add(token)
        raise PageCapError

    def _comments(
        self, items: list[Any], thread: Thread | None, video: str | None, *, are_replies: bool = False
    ) -> list[Read]:
        """Read comments that stand side by side: those at the heads of threads, or replies in one thread."""
        comments = [comment_of(item) for item in items]
        top = comment_of(thread.snippet.topLevelComment) if are_replies and thread is not None else None
        above = Above("", "account", "account")
        if are_replies:
            known = top.author if isinstance(top, Comment) else None
            above = replace(above, directly="account" if known == self._channel.account else "citizen", author=known)
        said = [comment.said for comment in (top, *comments) if isinstance(comment, Comment)]
        parent_id = thread.id if are_replies and thread is not None else None
        return [
            Read(self._rejected(item, comment))
            if isinstance(comment, Exception)
            else self._own(comment, comment.snippet.parentId or parent_id, said)
            if comment.author == self._channel.account
            else self._comment(item, comment, parent_id, video, above)
            for item, comment in zip(items, comments, strict=True)
        ]

    def _own(self, comment: Comment, above: str | None, said: list[Said]) -> Read:
        at = comment.snippet.publishedAt
        return Read(Own(at, answered(comment.text, at, above, said)), began=at, changed=comment.changed)

    def _comment(self, item: Any, comment: Comment, parent_id: str | None, video: str | None, above: Above) -> Read:
        text, video = comment.snippet, comment.snippet.videoId or video
        try:
            post = self._factory.post(
                comment.id,
                comment.text,
                text.publishedAt,
                _permalink(video, self._channel.account, comment.id),
                author=comment.author,
                parent_id=text.parentId or parent_id,
            )
        except MALFORMED as error:
            return Read(self._rejected(item, error))
        # An implausible time orders nothing: the comment is taken in as undated, wherever it is listed.
        is_sound = not post.undated and is_plausible(comment.changed, self._factory.now)
        read = Read(post, video, above)
        return replace(read, began=text.publishedAt, changed=comment.changed) if is_sound else read

    def _rejected(self, item: Any, error: Exception) -> Rejected:
        return put_aside(self._channel.id, item, error, _PERSONAL)


def interpret_error(status: int, body: Mapping[str, Any], now: datetime) -> ChannelError | None:
    """Return the error of a response: by its reason first, because 403 and 400 stand for many things.

    None when the response means only what its status means on every platform.
    """
    error = body.get("error")
    error = error if isinstance(error, dict) else {}
    errors = error.get("errors")
    named = [entry.get("reason") for entry in errors if isinstance(entry, dict)] if isinstance(errors, list) else []
    reason = next((name for name in named if isinstance(name, str) and name in _REASONS), None)
    name = f"status {status}" if reason is None else f"status {status} {reason}"
    if reason in _QUOTA:
        return ThrottledError(name, until_midnight_pacific(now))
    if reason in _RATE and status != HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(name, DEFAULT_WAIT)
    kinds: tuple[tuple[bool, type[ChannelError]], ...] = (
        (reason in _KEY or status == HTTPStatus.UNAUTHORIZED, CredentialError),
        (status == HTTPStatus.BAD_REQUEST and "API key" in str(error.get("message")), CredentialError),
        (reason in _PASSING, TransientError),
        (reason in _CLOSED, GoneError),
        (reason in _UNKNOWN, MisconfiguredError),
        (status == HTTPStatus.NOT_FOUND, GoneError),
        (status == HTTPStatus.FORBIDDEN, NotPermittedError),
        (status == HTTPStatus.BAD_REQUEST, MisconfiguredError),
    )
    return next((kind(name) for applies, kind in kinds if applies), None)


def until_midnight_pacific(now: datetime) -> timedelta:
    """Return how long it is until the units are counted anew, but at most `LONGEST_WAIT`.

    Daylight saving is not looked up: when no units are left, asking an hour early costs nothing.
    """
    moment = now.astimezone(UTC)
    midnights = [
        moment.replace(hour=hour, minute=0, second=0, microsecond=0) + timedelta(days=day)
        for day in (0, 1)
        for hour in QUOTA_HOURS
    ]
    return min([LONGEST_WAIT, *(midnight - moment for midnight in midnights if midnight > moment)])


def _permalink(video: str | None, account: str, comment: str) -> str:
    """Return the address of a comment; one that belongs to no video is shown on the channel itself."""
    if video is None:
        return f"https://www.youtube.com/channel/{account}/discussion?lc={quote(comment, safe='')}"
    return f"https://www.youtube.com/watch?v={quote(video, safe='')}&lc={quote(comment, safe='')}"


def _day(name: str, now: datetime) -> str:
    """Return the number of a day (modulo 100) that begins at another hour for each name, to spread the work."""
    hours = int(now.timestamp()) // 3600 + zlib.crc32(name.encode()) % 24
    return str(hours // 24 % 100)
