"""Reads an Instagram professional account: comments and replies under its media, and photos it is tagged in.

Mentions in other people's captions and comments cannot be listed, so they are not polled; the platform pushes them.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, Final

from pydantic import TypeAdapter

from aduan.channel import Rejected
from aduan.context import Context
from aduan.platform_errors import ACCOUNT_ERRORS, ChannelError, GoneError, MisconfiguredError, PageCapError
from aduan.record import Moment
from aduan.web_address import web_address
from poll_channels.source import THREADS_REMEMBERED, Batch, Objects, Own, Result, Window
from poll_channels.sources.graph import GraphSource, rejected
from poll_channels.sources.instagram_items import Author, Comment, Media, Tag, author_of, comment_of
from poll_channels.sources.items import MALFORMED, Named
from poll_channels.sources.threads import Above, Party, Said, answered
from public_replies.wording import is_reply

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.post import Post
    from poll_channels.connection import Connection

MEDIA_PER_PAGE: Final = 50
COMMENTS_PER_PAGE: Final = 50
"""The most that the edge gives."""

_SITE: Final = "https://www.instagram.com"
READ_DAILY: Final = timedelta(days=14)
"""For this long after a medium was posted, its comments are read once a day even if their number is the same."""
TAGS: Final = "tags"
"""Name of the list of tags among the objects that may fail by themselves."""
NO_COMMENTS: Final = "0"

_MEDIA_NEEDED: Final = "id,timestamp,permalink,comments_count"
_MEDIA: Final = f"{_MEDIA_NEEDED},caption"
# The author is needed: without it the account's own replies would come in as complaints.
_COMMENT_NEEDED: Final = "id,text,timestamp,username,from{id}"
_COMMENT: Final = f"{_COMMENT_NEEDED},parent_id"
_TAG: Final = "id,caption,timestamp,permalink,username"


_MOMENT: Final = TypeAdapter(Moment)


def _with_replies(fields: str) -> str:
    """Add the replies to what is asked for: a page without them is of no use, as no other list has them."""
    return f"{fields},replies.limit({COMMENTS_PER_PAGE}){{{fields}}}"


@dataclass(frozen=True)
class Place:
    """Where comments stand."""

    medium: Media
    comment: Comment | Exception | None = None
    """The comment that they answer, or why it cannot be read; None right under the medium."""
    parent_id: str | None = None
    """That comment's id, when at least the id can be read."""


class Instagram(GraphSource):
    """Reads one account. A medium's mark is its number of comments: they are read again when it differs."""

    def __init__(self, channel: Channel, connection: Connection) -> None:
        super().__init__(channel, connection)
        self._tags_listed: tuple[datetime, dict[str, datetime | None]] | None = None

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Return by native id whether each post is still there; posts about which nothing is known are left out.

        Media and comments of others, in which the account is tagged or mentioned, cannot be fetched by their ids alone.
        A tag exists as long as it is listed. A mention, which was pushed, is asked for through the account. A post
        found in neither way is gone. The exception is a picture when no older tag is listed: the list may be cut off.

        Raises:
            GoneError: when the account itself is not visible, so that nothing is known.
            ChannelError: one of its kinds.
        """
        found = super().still_there([post for post in posts if post.parent_id is not None])
        others = [post for post in posts if post.parent_id is None]
        tags = self._tags_since(min(post.created_at for post in others)) if others else {}
        oldest = min(filter(None, tags.values()), default=None)
        for post in others:
            there = post.native_id in tags or self._is_mentioned(post)
            if there or (there is False and (not post.has_photo or (oldest is not None and oldest < post.created_at))):
                found[post.native_id] = there
        return found

    def _tags_since(self, since: datetime) -> dict[str, datetime | None]:
        """Return the ids of tags with their times, back to `since` or a little further.

        A time is None when it cannot be read. The list is fetched once for a whole sweep.
        """
        if self._tags_listed is None or since < self._tags_listed[0]:
            listed: dict[str, datetime | None] = {}
            path, fields = f"{self._channel.account}/tags", "id,timestamp"
            with suppress(PageCapError):
                for page in self._client.pages(path, fields, fields, MEDIA_PER_PAGE, by_cursor=True):
                    tags = dict(filter(None, map(_listed_tag, page)))
                    listed |= tags
                    times = [time for time in tags.values() if time is not None]
                    if times and max(times) < since:
                        break
            self._tags_listed = since, listed
        return self._tags_listed[1]

    def _is_mentioned(self, post: Post) -> bool | None:
        """Tell whether a mention is still shown; None when the platform refuses to tell.

        A mention in a medium's caption always has a picture, a mention in a comment never has one.
        """
        name = "mentioned_media.media_id" if post.has_photo else "mentioned_comment.comment_id"
        try:
            if self._is_there(self._channel.account, f"{name}({post.native_id}){{id}}"):
                return True
        except MisconfiguredError:
            return None
        # A lost permission looks the same, but then the account itself cannot be seen either.
        self._client.get(self._channel.account, fields="id")
        return False

    def post_reply(self, post: Post, text: str) -> str:
        """Reply to a comment, and return the reply's id. A reply to a reply is placed beside it.

        Raises:
            ChannelError: one of its kinds; after an `OutageError` it is unknown whether the reply was written.
        """
        return self._written(f"{post.native_id}/replies", text)

    def find_reply(self, post: Post, words: str) -> str | None:
        """Return the id of our own reply in a comment's thread that holds these words, or None when there is none.

        Raises:
            GoneError: when the comment was deleted.
            ChannelError: one of its kinds; then nothing is known.
        """
        above = self._client.get(post.native_id, fields="id,parent_id").get("parent_id")
        return self._find_own(f"{above or post.native_id}/replies", "id,text,from{id}", words)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the comments under media whose mark changed, and the tags in the window."""
        objects = Objects(window, self._factory.now)
        for medium in self._media(window):
            if isinstance(medium, Rejected):
                yield Batch(rejected=(medium,))
            else:
                yield from objects.read(medium.id, partial(self._changed, medium, marks))
        yield from objects.read(TAGS, self._tags, can_go=False)
        yield from objects.finish(partial(self._first_page, "media"))

    def _changed(self, medium: Media, marks: Mapping[str, str], window: Window) -> Iterator[Batch]:
        """Yield the comments of a medium, unless nothing happened under it since it was last read."""
        mark = _mark(medium, self._factory.now)
        if mark is not None and marks.get(medium.id, NO_COMMENTS) == mark:
            return
        yield from self._comments(medium, window)
        if mark is not None:
            # The mark is the count from before the comments were read: one written meanwhile is read next time.
            yield Batch(marks={medium.id: mark})

    def _media(self, window: Window) -> Iterator[Media | Rejected]:
        """Yield the latest page's media, and older ones while comments are still expected and marks can be kept."""
        path = f"{self._channel.account}/media"
        listed = 0
        for page in self._client.pages(path, _MEDIA, _MEDIA_NEEDED, MEDIA_PER_PAGE):
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
        """Yield all comments of a medium: a reply does not move an old comment up, so none may be skipped by age.

        Raises:
            ChannelError: after all comments were read, when the replies to one of them could not be.
        """
        path = f"{medium.id}/comments"
        unread: ChannelError | None = None
        for page in self._client.pages(
            path, _with_replies(_COMMENT), _with_replies(_COMMENT_NEEDED), COMMENTS_PER_PAGE
        ):
            yield self._batch(page, Place(medium), window)
            for item in page:
                if isinstance(item, dict) and "replies" in item:
                    try:
                        yield from self._replies(item, medium, window)
                    except PageCapError as error:
                        unread = error
                    except ACCOUNT_ERRORS:
                        raise
                    except ChannelError as error:
                        unread = error
        if unread is not None:
            raise unread

    def _replies(self, item: dict[str, Any], medium: Media, window: Window) -> Iterator[Batch]:
        """Yield the replies that came with a comment; when some are missing, read all from the comment's own edge."""
        shown = item["replies"] if isinstance(item["replies"], dict) else {"data": item["replies"]}
        comment = comment_of(item)
        # An unreadable comment is in quarantine, but the replies that came with it may be sound.
        parent_id = _id_of(item) if isinstance(comment, Exception) else comment.id
        place = Place(medium, comment, parent_id)
        yield self._batch(shown.get("data"), place, window)
        paging = shown.get("paging")
        if parent_id is None or not isinstance(paging, dict) or "next" not in paging:
            return
        try:
            for page in self._client.pages(f"{parent_id}/replies", _COMMENT, _COMMENT_NEEDED, COMMENTS_PER_PAGE):
                yield self._batch(page, place, window)
        except GoneError:
            return  # the comment was deleted after it was listed; the other comments were not

    def _tags(self, window: Window) -> Iterator[Batch]:
        """Yield the tags, newest first, up to the first page that lies wholly before the window."""
        path = f"{self._channel.account}/tags"
        for page in self._client.pages(path, _TAG, _TAG, MEDIA_PER_PAGE, by_cursor=True):
            tags = [self._tag(item) for item in page]
            yield Batch.of(tags, window)
            if window.is_past(tags):
                return

    def _batch(self, items: object, place: Place, window: Window) -> Batch:
        listed = items if isinstance(items, list) else [items]
        comments = [comment_of(item) for item in listed]
        beside = [comment for comment in (place.comment, *comments) if isinstance(comment, Comment)]
        said = [Said(comment.id, comment.username, comment.timestamp) for comment in beside]
        return Batch.of(
            (
                rejected(self._channel.id, item, comment)
                if isinstance(comment, Exception)
                else self._result(item, comment, place, said)
                for item, comment in zip(listed, comments, strict=True)
            ),
            window,
        )

    def _result(self, item: Any, comment: Comment, place: Place, said: list[Said]) -> Result:
        """Make a post of a comment, unless the comment is the account's own."""
        author, above = author_of(comment), self._above(place)
        try:
            if self._is_ours(comment):
                answers = answered(comment.text, comment.timestamp, comment.parent_id or place.parent_id, said)
                return Own(comment.timestamp, () if above.directly == "account" else answers)
            return self._factory.post(
                comment.id,
                comment.text,
                comment.timestamp,
                self._link(place.medium.permalink),
                author=author,
                parent_id=comment.parent_id or place.parent_id or place.medium.id,
                has_photo=not comment.text,
                context=above.context(comment.text, author, self._channel),
            )
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _above(self, place: Place) -> Above:
        caption = place.medium.caption or ""
        if place.comment is None:
            return Above(caption, "account", "account")
        if isinstance(place.comment, Exception):
            return Above(caption, "account", "citizen")
        directly: Party = "account" if self._is_ours(place.comment) else "citizen"
        return Above(caption, "account", directly, author_of(place.comment))

    def _is_ours(self, comment: Comment) -> bool:
        """Tell whether a comment is the account's own; without any author, our replies are known by their words."""
        hidden = comment.username is None and comment.author is None
        return is_reply(comment.text) if hidden else self._is_own(comment.username, comment.author)

    def _tag(self, item: Any) -> Result:
        """Make a post of a tag, which always has a picture, unless the picture is the account's own."""
        try:
            tag = Tag.model_validate(item)
            if self._is_own(tag.username, None):
                return Own(tag.timestamp)
            return self._factory.post(
                tag.id,
                tag.caption,
                tag.timestamp,
                self._link(tag.permalink),
                author=tag.username,
                has_photo=True,
                context=Context(to="account"),
            )
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _link(self, permalink: str) -> str:
        """Return a link that can be opened: the platform's, or else the account's own."""
        return web_address(permalink, _SITE) or f"{_SITE}/{self._channel.handle or ''}"

    def _is_own(self, username: str | None, author: Author | None) -> bool:
        if author is not None and author.id == self._channel.account:
            return True
        return username is not None and username == self._channel.handle


def _listed_tag(item: Any) -> tuple[str, datetime | None] | None:
    """Return a tag's id and time. The time is None when it cannot be read; the tag exists all the same."""
    try:
        native_id = Named.model_validate(item).id
    except MALFORMED:
        return None
    try:
        return native_id, _MOMENT.validate_python(item.get("timestamp"))
    except MALFORMED:
        return native_id, None


def _mark(medium: Media, now: datetime) -> str | None:
    """Return the mark of a medium: its number of comments, and for a young medium also the day.

    When one comment is deleted and another written, the number stays the same; so young media are read again once a
    day, each at an hour of its own. The mark is None when the platform does not tell the number.
    """
    count = medium.comments_count
    if not count or now - medium.timestamp > READ_DAILY:
        return None if count is None else str(count)
    hours = int(now.timestamp()) // 3600 + zlib.crc32(medium.id.encode()) % 24
    return f"{count}.{hours // 24 % 100}"


def _id_of(item: Any) -> str | None:
    try:
        return Named.model_validate(item).id
    except MALFORMED:
        return None
