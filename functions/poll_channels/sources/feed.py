"""Parses a feed, and returns its entries as plain text, as people would read them.

It is kept apart from `rss`, so that only a run over a feed imports a parser, and no cold start does.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]

from aduan.platform_errors import OutageError, StoppedError
from poll_channels.sources.dates import is_local, local_moment
from poll_channels.sources.markup import Visible, visible, without_cdata

_END: Final = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_MOST_CONTENTS: Final = 10
_ANY_TYPE: Final = frozenset({"application/octet-stream", "binary/octet-stream"})
_PICTURE_FILE: Final = re.compile(
    r"\.(?:jpe?g|png|gif|webp|heic|avif|bmp|mp4|m4v|mov|webm|3gp)(?:[?#]|$)", re.IGNORECASE
)


@dataclass(frozen=True)
class Entry:
    """One entry of a feed, in plain text."""

    own_id: str
    """The publisher's id of the entry, or else its link; empty when there is neither."""
    title: str
    summary: str
    """The entry's text: its content, or a summary where there is no content."""
    link: str
    created_at: datetime | None
    has_photo: bool

    @property
    def text(self) -> str:
        """The title and the summary, or only the title when both are the same."""
        return self.title if self.summary == self.title else f"{self.title}\n{self.summary}".strip()


@dataclass(frozen=True)
class Listed:
    """What a feed holds."""

    title: str
    entries: list[Entry]
    broken_off: bool
    """Whether the feed breaks off after the entries."""


def read_entries(data: bytes, check: Callable[[], None]) -> Listed:
    """Return the title and the entries of a feed. `check` is called before each entry.

    Raises:
        StoppedError: when `check` does, because the run's time is over.
        OutageError: when `data` is no feed, but for example a login page, half a response, or empty.
    """
    try:
        # As a stream: feedparser takes anything else, even bytes, for the name of a file or address that it may open.
        parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
        entries = []
        for entry in parsed.entries:
            check()
            entries.append(entry_of(entry))
    except StoppedError:
        raise
    except Exception as error:  # noqa: BLE001 # the parser has no error of its own; whatever breaks it is no feed
        raise OutageError(f"the feed cannot be read: {type(error).__name__}") from None
    if not entries and (parsed.bozo or not parsed.get("version")):
        raise OutageError("the answer is no feed")
    broken_off = bool(parsed.bozo) and not _END.search(data)
    # The last entry of a feed that breaks off may be half an entry, which would get another id than the whole one.
    title = plain(_text(parsed.feed, "title"), parsed.feed.get("title_detail")).text
    return Listed(title, entries[:-1] if broken_off else entries, broken_off)


def entry_of(parsed: Mapping[str, Any]) -> Entry:
    """Return one entry as plain text; `parsed` is what the parser found in it."""
    given = parsed.get("content")
    contents = [
        plain(_text(each, "value"), each) for each in (given[:_MOST_CONTENTS] if isinstance(given, list) else [])
    ]
    excerpt = plain(_text(parsed, "summary"), parsed.get("summary_detail"))
    link, own_id = _text(parsed, "link").strip(), _text(parsed, "id").strip()
    if link == own_id and "://" not in link:
        link = ""  # where there is no link, the parser repeats the id in its place
    # In this order: for a missing time of change the parser returns the time of publishing, and warns.
    name = "published" if parsed.get("published") else "updated"
    return Entry(
        own_id=own_id or link,
        title=plain(_text(parsed, "title"), parsed.get("title_detail")).text,
        summary=whole(excerpt.text, [content.text for content in contents]),
        link=link,
        created_at=date_of(_text(parsed, name), parsed.get(f"{name}_parsed")),
        has_photo=_has_picture(parsed) or any(part.has_picture for part in (excerpt, *contents)),
    )


def date_of(text: str, parsed: Any) -> datetime | None:
    """Return a date as a UTC time: read here when it is written in Indonesian, else as the parser took it."""
    return local_moment(text) if is_local(text) else moment(parsed) or local_moment(text)


def moment(parsed: Any) -> datetime | None:
    """Return the parser's time tuple as a UTC time, or None when there is none or it is out of range."""
    try:
        return datetime.fromtimestamp(calendar.timegm(parsed), UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def plain(text: str, detail: Any) -> Visible:
    """Return a field as people would see it; `detail` is the parser's note on the field's type."""
    kind = detail.get("type") if isinstance(detail, Mapping) else None
    return Visible(without_cdata(text).strip(), has_picture=False) if kind == "text/plain" else visible(text)


def whole(excerpt: str, contents: list[str]) -> str:
    """Return the whole text of an entry, of which publishers also give an excerpt.

    The content is the text. A longer excerpt that says something else is kept before it, so that no word is lost.
    """
    content = max(contents, key=len, default="")
    if not content or _words(excerpt) == _words(content):
        return excerpt or content
    if len(excerpt) <= len(content):
        return content
    return excerpt if _words(content) in _words(excerpt) else f"{excerpt}\n{content}"


def _words(text: str) -> str:
    return " ".join(text.split()).removesuffix("[…]").rstrip(" .…")


def _text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, Mapping) else None
    return value if isinstance(value, str) else ""


def _has_picture(parsed: Mapping[str, Any]) -> bool:
    """Tell whether a picture or film comes with an entry, beside its text."""
    for name in ("enclosures", "media_content", "media_thumbnail"):
        given = parsed.get(name)
        if isinstance(given, list) and any(_is_picture(each, name == "media_thumbnail") for each in given):
            return True
    return False


def _is_picture(given: Any, otherwise: bool) -> bool:  # noqa: FBT001 # what a file without a type is taken for
    kind, medium = _text(given, "type").lower(), _text(given, "medium").lower()
    address = _text(given, "href") or _text(given, "url")
    if kind.startswith(("image/", "video/")) or medium in {"image", "video"}:
        return True
    if medium or (kind and kind not in _ANY_TYPE):
        return False
    return bool(address) and (otherwise or bool(_PICTURE_FILE.search(address)))
