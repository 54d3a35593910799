"""Reads a Facebook Page: posts that visitors write on it or tag it in, and the comments under everything on it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, ConfigDict, Field

from aduan.context import Context
from aduan.record import Moment
from aduan.web_address import web_address
from poll_channels.source import Batch, Objects, Own, Result, Window
from poll_channels.sources.graph import GraphSource, epoch, rejected
from poll_channels.sources.items import MALFORMED, Link, Named, OrNone, Words
from poll_channels.sources.threads import Above, Party
from public_replies.wording import is_reply

if TYPE_CHECKING:
    from aduan.post import Post

POSTS_PER_PAGE: Final = 50
COMMENTS_PER_PAGE: Final = 100

# The author is needed: without it the Page's own replies would come in as complaints.
_POST_NEEDED: Final = "id,created_time,updated_time,message,permalink_url,from{id}"
_POST: Final = f"{_POST_NEEDED},is_published,attachments{{media_type}}"
_COMMENT_NEEDED: Final = "id,created_time,message,permalink_url,from{id}"
_COMMENT: Final = f"{_COMMENT_NEEDED},parent{{id,from{{id}}}},attachment"

_SITE: Final = "https://www.facebook.com"
"""Completes the links of films and photos, which the platform gives without a host."""
PHOTO_TYPES: Final = frozenset({"photo", "video", "album"})


class Reference(Named):
    """Another object, of which only the id is needed."""


class Parent(Reference):
    """The comment that another one answers, and its author when the platform names one."""

    author: Annotated[Reference | None, OrNone] = None


class Attachment(BaseModel):
    """A picture, film or link shown with a post."""

    model_config = ConfigDict(extra="ignore")

    media_type: str = ""


class Attachments(BaseModel):
    """The attachments of a post."""

    model_config = ConfigDict(extra="ignore")

    data: list[Attachment] = Field(default_factory=list)


class FeedPost(Named):
    """A post in the Page's feed: its own or a visitor's."""

    created_time: Moment
    updated_time: Moment
    """Changes when the post is edited and when somebody comments."""
    message: Words = ""
    permalink_url: Link = ""
    is_published: bool = True
    author: Annotated[Reference | None, OrNone] = None
    attachments: Annotated[Attachments | None, OrNone] = None

    @property
    def has_photo(self) -> bool:
        """Whether a picture or film is shown with the post."""
        return self.attachments is not None and any(shown.media_type in PHOTO_TYPES for shown in self.attachments.data)


class Comment(Named):
    """A comment or a reply to one. The message is empty for a picture or a sticker."""

    created_time: Moment
    message: Words = ""
    permalink_url: Link = ""
    author: Annotated[Reference | None, OrNone] = None
    parent: Annotated[Parent | None, OrNone] = None
    attachment: Annotated[dict[str, Any] | None, OrNone] = None


class FacebookPage(GraphSource):
    """Reads one Page. A post's mark is its `updated_time`: the comments are read again when it differs."""

    def post_reply(self, post: Post, text: str) -> str:
        """Reply to a post or a comment, and return the reply's id. A reply to a reply is placed beside it.

        Raises:
            ChannelError: one of its kinds; after an `OutageError` it is unknown whether the reply was written.
        """
        return self._written(f"{post.native_id}/comments", text)

    def find_reply(self, post: Post, words: str) -> str | None:
        """Return the id of our own comment that holds these words, or None.

        It is looked for under the post, or in the thread when the post is itself a comment.

        Raises:
            GoneError: when the post was deleted.
            ChannelError: one of its kinds; then nothing is known.
        """
        fields, above = "id,message,from{id}", None
        if post.parent_id is not None:
            above = self._client.get(post.native_id, fields="id,parent{id}").get("parent")
        thread = above.get("id") if isinstance(above, dict) else post.native_id
        newest_first = {"filter": "stream", "order": "reverse_chronological"}
        return self._find_own(f"{thread}/comments", fields, words, **newest_first)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the visitors' posts in the window, and the comments of every post that changed."""
        objects = Objects(window, self._factory.now)
        for page in self._feed(window):
            listed = [self._listed(item) for item in page]
            yield Batch.of((result for _, result in listed), window)
            for post, _ in listed:
                if post is not None:
                    yield from objects.read(name_of(post), partial(self._changed, post, marks))
        yield from objects.finish(partial(self._first_page, "feed"))

    def _feed(self, window: Window) -> Iterator[list[Any]]:
        """Yield the feed's pages, back to where no thread is asked about any more.

        A comment changes its post's `updated_time` but not its place in the feed. The feed is ranked, not sorted, so
        reading ends only after a page on which every post is past the window.
        """
        path = f"{self._channel.account}/feed"
        for page in self._client.pages(path, _POST, _POST_NEEDED, POSTS_PER_PAGE):
            yield page
            if page and all(_is_past(item, window) for item in page):
                return

    def _listed(self, item: Any) -> tuple[FeedPost | None, Result]:
        """Return the thread whose comments are to be looked at, and what its post is.

        There is no thread when the post is not published or cannot be read.
        """
        try:
            thread = FeedPost.model_validate(_with_author(item))
            if not thread.is_published:
                return None, None
            if self._is_own(thread.author):
                return thread, Own(thread.created_time)
            return thread, self._factory.post(
                thread.id,
                thread.message,
                thread.created_time,
                _permalink(thread),
                author=_id_of(thread.author),
                has_photo=thread.has_photo,
                context=Context(to="account"),
            )
        except MALFORMED as error:
            return None, rejected(self._channel.id, item, error)

    def _changed(self, thread: FeedPost, marks: Mapping[str, str], window: Window) -> Iterator[Batch]:
        """Yield the comments of a thread, unless nothing happened in it since it was last read.

        A thread that last changed before the window was read by the run that moved the window past it. It needs no
        mark, so the cursor's marks suffice for a long feed.
        """
        name, mark = name_of(thread), epoch(thread.updated_time)
        if marks.get(name) == mark or thread.updated_time < window.since:
            return
        for page in self._client.pages(
            f"{thread.id}/comments",
            _COMMENT,
            _COMMENT_NEEDED,
            COMMENTS_PER_PAGE,
            filter="stream",
            order="reverse_chronological",
        ):
            comments = [self._comment(item, thread) for item in page]
            yield Batch.of(comments, window)
            if window.is_past(comments):
                break
        # The mark is the time from before the comments were read: a comment written meanwhile is read next time.
        yield Batch(marks={name: mark})

    def _comment(self, item: Any, thread: FeedPost) -> Result:
        """Make a post of a comment, unless the comment is the account's own."""
        try:
            comment = Comment.model_validate(_with_author(item))
            parent_id = comment.parent.id if comment.parent is not None else thread.id
            above = self._above(comment, thread)
            # Our own reply, with its author hidden, would otherwise be read as a complaint, and replied to.
            if self._is_own(comment.author) or (comment.author is None and is_reply(comment.message)):
                return Own(comment.created_time, () if above.directly == "account" else (parent_id,))
            author = _id_of(comment.author)
            return self._factory.post(
                comment.id,
                comment.message,
                comment.created_time,
                _permalink(comment, thread),
                author=author,
                parent_id=parent_id,
                has_photo=comment.attachment is not None,
                context=above.context(comment.message, author, self._channel),
            )
        except MALFORMED as error:
            return rejected(self._channel.id, item, error)

    def _above(self, comment: Comment, thread: FeedPost) -> Above:
        by: Party = "account" if self._is_own(thread.author) else "citizen"
        if comment.parent is None:
            return Above(thread.message, by, by, _id_of(thread.author))
        directly: Party = "account" if self._is_own(comment.parent.author) else "citizen"
        return Above(thread.message, by, directly, _id_of(comment.parent.author))

    def _is_own(self, author: Reference | None) -> bool:
        """Tell whether an author is the Page. The platform always names the Page, so a hidden author is no Page."""
        return author is not None and author.id == self._channel.account


def _permalink(*items: FeedPost | Comment) -> str:
    """Return the first link of `items` that can be opened, or else an address made of the first item's id."""
    links = (web_address(item.permalink_url, _SITE) for item in items)
    return next(filter(None, links), f"{_SITE}/{items[0].id}")


def name_of(thread: FeedPost) -> str:
    """Return the name of a thread's mark: its id without the Page's half, so that twice as many fit on the cursor."""
    return thread.id.rpartition("_")[2]


def _id_of(author: Reference | None) -> str | None:
    return author.id if author is not None else None


def _with_author(item: Any) -> Any:
    """Copy ``from`` to ``author``, as the models call it because ``from`` is a Python keyword; also of its parent."""
    if not isinstance(item, dict):
        return item
    return {**item, "author": item.get("from"), "parent": _with_author(item.get("parent"))}


def _is_past(item: Any, window: Window) -> bool:
    """Tell whether a listed post is past the window. A post that cannot be read never is, so it never ends reading."""
    try:
        post = FeedPost.model_validate(item)
    except MALFORMED:
        return False
    return post.created_time < window.threads and post.updated_time < window.since
