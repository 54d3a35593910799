"""An Instagram professional account: comments and replies under its media, and photos it is tagged in.

Mentions in other people's captions and comments have no list to poll; the platform only pushes them.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from pydantic import ValidationError

from aduan.channel import Rejected
from aduan.directory import Channel
from aduan.post import Post
from aduan.record import Moment
from poll_channels.source import Batch, GoneError, Window
from poll_channels.sources.graph import GraphClient, GraphItem, rejected

MEDIA_PER_PAGE: Final = 50
COMMENTS_PER_PAGE: Final = 50
"""The most the edge gives."""

_COMMENT: Final = "id,text,timestamp"
_AUTHOR: Final = "username,from{id,username},parent_id,hidden"
_REPLIES: Final = f"replies.limit({COMMENTS_PER_PAGE}){{{_COMMENT},username,from{{id,username}},parent_id,hidden}}"
_TAG: Final = "id,timestamp,permalink"


class Author(GraphItem):
    """Who wrote it, when the platform tells."""


class Media(GraphItem):
    """One of the account's own pictures or films."""

    timestamp: Moment
    permalink: str
    comments_count: int = 0


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


class Instagram:
    """Reads one account. The number of comments of each medium is the mark that says whether to read them again."""

    def __init__(self, channel: Channel, client: GraphClient, now: datetime) -> None:
        self._channel = channel
        self._client = client
        self._now = now

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._client.calls

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the comments under media whose count changed, then the tags of the window."""
        for medium in self._media(window):
            count = str(medium.comments_count)
            if marks.get(medium.id, "0") == count:
                continue
            try:
                yield from self._comments(medium, window)
            except GoneError:
                continue  # deleted since it was listed; its comments went with it
            # The count from before the comments were read: one that came in between is read again, not missed.
            yield Batch(marks={medium.id: count})
        yield from self._tags(window)

    def _media(self, window: Window) -> Iterator[Media]:
        """The latest page always, and older ones while somebody may still comment there."""
        path = f"{self._channel.account}/media"
        for page in self._client.pages(path, "id,timestamp,permalink,comments_count", "", MEDIA_PER_PAGE):
            media = [Media.model_validate(item) for item in page]
            yield from media
            if media and all(medium.timestamp < window.threads for medium in media):
                return

    def _comments(self, medium: Media, window: Window) -> Iterator[Batch]:
        """All of them: replies to old comments do not come up again, so nothing may be skipped by age."""
        path = f"{medium.id}/comments"
        for page in self._client.pages(path, _COMMENT, f"{_AUTHOR},{_REPLIES}", COMMENTS_PER_PAGE):
            yield self._batch(page, medium.permalink, window)
            for item in page:
                replies = item.get("replies") if isinstance(item, dict) else None
                if not isinstance(replies, dict):
                    continue
                yield self._batch(replies.get("data"), medium.permalink, window, parent_id=str(item.get("id")))
                if "next" in (replies.get("paging") or {}):
                    yield from self._more_replies(str(item["id"]), medium.permalink, window)

    def _more_replies(self, comment_id: str, permalink: str, window: Window) -> Iterator[Batch]:
        """A comment with more replies than its first page shows: its own edge has them all."""
        for page in self._client.pages(f"{comment_id}/replies", _COMMENT, _AUTHOR, COMMENTS_PER_PAGE):
            yield self._batch(page, permalink, window, parent_id=comment_id)

    def _tags(self, window: Window) -> Iterator[Batch]:
        """Newest first; a page that lies wholly before the window is the last one read."""
        path = f"{self._channel.account}/tags"
        for page in self._client.pages(path, _TAG, "caption,username,media_type", MEDIA_PER_PAGE, by_cursor=True):
            batch = Batch.of((self._tag(item) for item in page), window)
            yield batch
            if batch.posts and all(post.created_at < window.since for post in batch.posts):
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
            return self._post(
                comment.id,
                comment.text,
                comment.timestamp,
                permalink,
                parent_id=comment.parent_id or parent_id,
                has_photo=not comment.text,
            )
        except ValidationError as error:
            return rejected(self._channel.id, item, error)

    def _tag(self, item: Any) -> Post | Rejected | None:
        """A post, which always has a picture; None when it is the account's own."""
        try:
            tag = Tag.model_validate(item)
            if self._is_own(tag.username, None):
                return None
            return self._post(tag.id, tag.caption, tag.timestamp, tag.permalink, parent_id=None, has_photo=True)
        except ValidationError as error:
            return rejected(self._channel.id, item, error)

    def _is_own(self, username: str | None, author: Author | None) -> bool:
        if author is not None and author.id == self._channel.account:
            return True
        return username is not None and username == self._channel.handle

    def _post(  # noqa: PLR0913 # the fields of a post
        self, native_id: str, text: str, created_at: datetime, permalink: str, *, parent_id: str | None, has_photo: bool
    ) -> Post:
        return Post(
            kind="instagram",
            native_id=native_id,
            channel=self._channel.id,
            text=text,
            has_photo=has_photo,
            permalink=permalink,
            parent_id=parent_id,
            created_at=created_at,
            fetched_at=self._now,
        )


def _with_author(item: Any) -> Any:
    """``from`` is a Python word, so the model calls it ``author``."""
    return {**item, "author": item.get("from")} if isinstance(item, dict) else item
