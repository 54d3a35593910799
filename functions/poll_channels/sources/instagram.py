"""An Instagram professional account: comments and replies under its media, and photos it is tagged in.

Mentions in other people's captions and comments have no list to poll; the platform only pushes them.
"""

import zlib
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from aduan.channel import Rejected
from aduan.directory import Channel
from aduan.post import Post
from aduan.record import Moment
from poll_channels.connection import Connection
from poll_channels.source import THREADS_REMEMBERED, Batch, GoneError, PageCapError, Threads, Window
from poll_channels.sources.graph import MALFORMED, GraphItem, GraphSource, graph_client, rejected

MEDIA_PER_PAGE: Final = 50
COMMENTS_PER_PAGE: Final = 50
"""The most the edge gives."""

READ_DAILY: Final = timedelta(days=14)
"""How long the comments of a medium are read once a day although their number is the same."""
NO_COMMENTS: Final = "0"

_MEDIA: Final = "id,timestamp,permalink,comments_count"
# Without the author the account's own answers would come in as complaints.
_COMMENT_NEEDED: Final = "id,text,timestamp,username,from{id}"
_COMMENT: Final = f"{_COMMENT_NEEDED},parent_id"
_TAG: Final = "id,caption,timestamp,permalink,username"


def _with_replies(fields: str) -> str:
    """Without its replies an answer is of no use: they are listed nowhere else."""
    return f"{fields},replies.limit({COMMENTS_PER_PAGE}){{{fields}}}"


class Author(GraphItem):
    """Who wrote it, when the platform tells."""


class Media(GraphItem):
    """One of the account's own pictures or films."""

    timestamp: Moment
    permalink: str
    comments_count: int | None = None
    """None when the platform does not tell: then the comments are read every time."""


class Comment(GraphItem):
    """A comment or a reply; the text is empty for a picture or a sticker."""

    text: str = ""
    timestamp: Moment
    username: str | None = None
    author: Author | None = None
    parent_id: str | None = None


class Tag(GraphItem):
    """Somebody else's picture in which the account is tagged."""

    caption: str = ""
    timestamp: Moment
    permalink: str
    username: str | None = None


class Instagram(GraphSource):
    """Reads one account. The number of comments of each medium is the mark that says whether to read them again."""

    def gone(self, posts: list[Post]) -> set[str]:
        """Native ids, among those of `posts`, of what was deleted under the account's own media.

        Others' media and comments, in which the account is tagged or mentioned, cannot be asked for by their ids.
        """
        return super().gone([post for post in posts if post.parent_id is not None])

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the tags of the window, then the comments under media whose count changed."""
        yield from self._tags(window)
        too_long: PageCapError | None = None
        threads = Threads()
        for medium in self._media(window):
            if isinstance(medium, Rejected):
                yield Batch(rejected=(medium,))
                continue
            mark = _mark(medium, self._factory.now)
            if mark is not None and marks.get(medium.id, NO_COMMENTS) == mark:
                continue
            try:
                yield from self._comments(medium, window)
                threads.read += 1
            except GoneError:
                threads.gone += 1  # deleted since it was listed; its comments went with it
                continue
            except PageCapError as error:
                too_long = error
                continue
            if mark is not None:
                # The count from before the comments were read: one that came in between is read again, not missed.
                yield Batch(marks={medium.id: mark})
        threads.check()
        if too_long is not None:
            raise too_long

    def _media(self, window: Window) -> Iterator[Media | Rejected]:
        """The latest page always, and older ones while somebody may still comment there and marks can be kept."""
        path = f"{self._channel.account}/media"
        listed = 0
        for page in self._client.pages(path, _MEDIA, _MEDIA, MEDIA_PER_PAGE):
            media = [self._medium(item) for item in page]
            yield from media
            times = [medium.timestamp for medium in media if isinstance(medium, Media)]
            listed += len(page)
            if listed >= THREADS_REMEMBERED or (times and all(time < window.threads for time in times)):
                return

    def _medium(self, item: Any) -> Media | Rejected:
        try:
            return Media.model_validate(item)
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _comments(self, medium: Media, window: Window) -> Iterator[Batch]:
        """All of them: replies to old comments do not come up again, so nothing may be skipped by age."""
        path = f"{medium.id}/comments"
        for page in self._client.pages(
            path, _with_replies(_COMMENT), _with_replies(_COMMENT_NEEDED), COMMENTS_PER_PAGE
        ):
            yield self._batch(page, medium.permalink, window, medium.id)
            for item in page:
                if isinstance(item, dict) and "replies" in item:
                    yield from self._replies(item, medium.permalink, window)

    def _replies(self, comment: dict[str, Any], permalink: str, window: Window) -> Iterator[Batch]:
        """The replies that came with a comment; where they are not all, the comment's own edge has them."""
        shown = comment["replies"] if isinstance(comment["replies"], dict) else {"data": comment["replies"]}
        try:
            parent_id = GraphItem.model_validate(comment).id
        except MALFORMED:
            parent_id = None  # the comment is in quarantine, the replies that came with it need not be
        yield self._batch(shown.get("data"), permalink, window, parent_id)
        paging = shown.get("paging")
        if parent_id is None or not isinstance(paging, dict) or "next" not in paging:
            return
        try:
            for page in self._client.pages(f"{parent_id}/replies", _COMMENT, _COMMENT_NEEDED, COMMENTS_PER_PAGE):
                yield self._batch(page, permalink, window, parent_id)
        except GoneError:
            return  # the comment was deleted since it was listed; the other comments were not

    def _tags(self, window: Window) -> Iterator[Batch]:
        """Newest first; a page that lies wholly before the window is the last one read."""
        path = f"{self._channel.account}/tags"
        for page in self._client.pages(path, _TAG, _TAG, MEDIA_PER_PAGE, by_cursor=True):
            tags = [self._tag(item) for item in page]
            yield Batch.of(tags, window)
            if window.is_past(tags):
                return

    def _batch(self, items: object, permalink: str, window: Window, parent_id: str | None = None) -> Batch:
        listed = items if isinstance(items, list) else [items]
        return Batch.of((self._comment(item, permalink, parent_id) for item in listed), window)

    def _comment(self, item: Any, permalink: str, parent_id: str | None) -> Post | Rejected | None:
        """A post; None when it is the account's own."""
        try:
            comment = Comment.model_validate(_with_author(item))
            if self._is_own(comment.username, comment.author):
                return None
            return self._factory.post(
                comment.id,
                comment.text,
                comment.timestamp,
                permalink,
                author=comment.author.id if comment.author is not None else comment.username,
                parent_id=comment.parent_id or parent_id,
                has_photo=not comment.text,
            )
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _tag(self, item: Any) -> Post | Rejected | None:
        """A post, which always has a picture; None when it is the account's own."""
        try:
            tag = Tag.model_validate(item)
            if self._is_own(tag.username, None):
                return None
            return self._factory.post(
                tag.id, tag.caption, tag.timestamp, tag.permalink, author=tag.username, has_photo=True
            )
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _is_own(self, username: str | None, author: Author | None) -> bool:
        if author is not None and author.id == self._channel.account:
            return True
        return username is not None and username == self._channel.handle


def open_account(channel: Channel, connection: Connection) -> Instagram:
    """Open a channel of this kind.

    Raises:
        CredentialError: naming a parameter that is missing.
    """
    return Instagram(graph_client(channel, connection), connection.post_factory(channel))


def _mark(medium: Media, now: datetime) -> str | None:
    """Say what is known about a medium's comments: how many there are, and for a young medium also the day.

    A comment deleted and another one written leave the count as it was; so young media are read again once a day,
    each at an hour of its own. None when the platform does not tell the count.
    """
    count = medium.comments_count
    if not count or now - medium.timestamp > READ_DAILY:
        return None if count is None else str(count)
    hours = int(now.timestamp()) // 3600 + zlib.crc32(medium.id.encode()) % 24
    return f"{count}.{hours // 24 % 100}"


def _with_author(item: Any) -> Any:
    """``from`` is a Python word, so the model calls it ``author``."""
    return {**item, "author": item.get("from")} if isinstance(item, dict) else item
