"""The media, comments and tags of an Instagram account, as the Graph API gives them."""

from __future__ import annotations

from typing import Annotated, Any

from aduan.record import Moment
from poll_channels.sources.items import MALFORMED, Link, Named, OrNone, Words


class Author(Named):
    """The author of a comment, when the platform names one."""


class Media(Named):
    """One of the account's own pictures or films."""

    timestamp: Moment
    caption: Annotated[str | None, OrNone] = None
    permalink: Link = ""
    comments_count: int | None = None
    """None when the platform does not tell; then the comments are read in every run."""


class Comment(Named):
    """A comment or a reply to one. The text is empty for a picture or a sticker."""

    text: Words = ""
    timestamp: Moment
    username: Annotated[str | None, OrNone] = None
    author: Annotated[Author | None, OrNone] = None
    """None when the platform names none, or names one without an id."""
    parent_id: str | None = None


class Tag(Named):
    """Somebody else's picture in which the account is tagged."""

    caption: Words = ""
    timestamp: Moment
    permalink: Link = ""
    username: Annotated[str | None, OrNone] = None


def comment_of(item: Any) -> Comment | Exception:
    """Read a comment, or return what is wrong with it."""
    try:
        return Comment.model_validate(_with_author(item))
    except MALFORMED as error:
        return error


def author_of(comment: Comment) -> str | None:
    """Return the author's id, or the name when the platform was silent about the author.

    A name beside an author without an id is not used: the same person would have two pseudonyms.
    """
    if comment.author is not None:
        return comment.author.id
    return None if "author" in comment.model_fields_set else comment.username


def _with_author(item: Any) -> Any:
    """Copy ``from`` to ``author``, as the model calls it because ``from`` is a Python keyword."""
    given = item.get("from") if isinstance(item, dict) else None
    return {**item, "author": given} if given is not None else item
