"""The comments, threads and videos of YouTube's Data API v3, and what a channel remembers of its videos."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import model_validator

from aduan.context import UNDER_BYTES, cut
from aduan.masking import storable
from aduan.record import Moment
from poll_channels.sources.items import MALFORMED, Item, NativeId, OrNone, Words
from poll_channels.sources.threads import Said

VIDEOS: Final = "videos"
"""Name of the mark that remembers the words of videos."""
WORDS_BYTES: Final = 200
"""Bytes of a video's title and description that are remembered: they wait in the channel's cursor."""
VIDEOS_BYTES: Final = 1_800
"""Most bytes of the mark, which shares the cursor with the marks of threads. Videos beyond it have no words."""


class Author(Item):
    """The author's channel, when the platform names it."""

    value: NativeId


class CommentText(Item):
    """The text of a comment, and when, where and by whom it was written."""

    authorDisplayName: Annotated[str | None, OrNone] = None  # noqa: N815 # the platform's name

    textOriginal: str | None = None  # noqa: N815 # the platform's name
    textDisplay: str | None = None  # noqa: N815 # the same
    authorChannelId: Annotated[Author | None, OrNone] = None  # noqa: N815 # the same
    publishedAt: Moment  # noqa: N815 # the same
    updatedAt: Moment | None = None  # noqa: N815 # the same
    parentId: NativeId | None = None  # noqa: N815 # the same
    videoId: str | None = None  # noqa: N815 # the same

    @model_validator(mode="after")
    def _says_something(self) -> CommentText:
        if self.textOriginal is None and self.textDisplay is None:
            raise ValueError("no text")
        return self


class Comment(Item):
    """A comment or a reply to one."""

    id: NativeId
    snippet: CommentText

    @property
    def text(self) -> str:
        """The text as it was written, or as it is shown."""
        given = self.snippet
        return (given.textOriginal if given.textOriginal is not None else given.textDisplay) or ""

    @property
    def author(self) -> str | None:
        """The author's channel."""
        return self.snippet.authorChannelId.value if self.snippet.authorChannelId is not None else None

    @property
    def changed(self) -> datetime:
        """When the comment was last edited, or first written."""
        return max(self.snippet.publishedAt, self.snippet.updatedAt or self.snippet.publishedAt)

    @property
    def said(self) -> Said:
        """The comment as far as it tells what an answer answers."""
        name = self.snippet.authorDisplayName
        return Said(self.id, None if name is None else name.removeprefix("@"), self.snippet.publishedAt)


class ThreadFacts(Item):
    """The platform's ``snippet`` of a thread."""

    videoId: str | None = None  # noqa: N815 # the platform's name
    totalReplyCount: Any = None  # noqa: N815 # the same
    topLevelComment: Any = None  # noqa: N815 # the same


class Thread(Item):
    """A comment and some of its replies."""

    id: NativeId
    snippet: ThreadFacts


class VideoText(Item):
    """The title and the description of a video."""

    title: Words = ""
    description: Words = ""


class Video(Item):
    """One of the channel's videos."""

    id: NativeId
    snippet: VideoText


def comment_of(item: Any) -> Comment | Exception:
    """Read a comment, or return what is wrong with it."""
    try:
        return Comment.model_validate(item)
    except MALFORMED as error:
        return error


def words_in(items: Any, videos: Iterable[str]) -> dict[str, str]:
    """Return the titles and descriptions of `videos` from a response's items; empty for those without any."""
    words = dict.fromkeys(videos, "")
    for item in items if isinstance(items, list) else []:
        try:
            video = Video.model_validate(item)
        except MALFORMED:
            continue
        if video.id in words:
            words[video.id] = f"{video.snippet.title}\n{video.snippet.description}"
    return words


class Videos:
    """The words of the videos that were commented on lately, as a mark of the cursor keeps them from run to run."""

    def __init__(self, mark: str) -> None:
        self.words: dict[str, str] = {}
        """A video's words by its id, masked and cut; empty when YouTube gave none."""
        self._needed: set[str] = set()
        try:
            known = json.loads(mark or "{}")
        except ValueError:
            return
        if isinstance(known, dict):
            self.words = {video: words for video, words in known.items() if isinstance(words, str)}

    @property
    def mark(self) -> str:
        """The words as a mark."""
        return json.dumps(self.words, ensure_ascii=False, separators=(",", ":"))

    def unknown(self, videos: Iterable[str]) -> list[str]:
        """Return those of `videos` that are to be asked for: unknown ones for which there is room.

        Words that this run needs make room for no others, or two videos would push each other out at every run.
        """
        wanted = list(videos)
        self._needed.update(wanted)
        known = [video for video in self.words if video in self._needed]
        room = VIDEOS_BYTES // (WORDS_BYTES + 20) - len(known)
        return [video for video in wanted if video not in self.words][: max(room, 0)]

    def remember(self, words: Mapping[str, str]) -> None:
        """Remember the words of videos, and forget the oldest ones that are not needed and no longer fit."""
        self.words |= {video: cut(storable(text, UNDER_BYTES)[0], WORDS_BYTES) for video, text in words.items()}
        for video in self._not_needed():
            if len(self.mark.encode()) <= VIDEOS_BYTES:
                return
            del self.words[video]

    def _not_needed(self) -> Collection[str]:
        return [video for video in self.words if video not in self._needed]
