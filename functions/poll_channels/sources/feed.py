"""Parses a feed, and returns its entries as plain text, as people would read them.

It is kept apart from `rss`, so that only a run over a feed imports a parser, and no cold start does.
"""

from __future__ import annotations

import calendar
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import Any, Final

import feedparser  # type: ignore[import-untyped]

from aduan.platform_errors import OutageError
from poll_channels.sources.dates import is_local, local_moment

_END: Final = re.compile(rb"</(?:\w+:)?(?:rss|feed|rdf)\s*>", re.IGNORECASE)
_UNSEEN: Final = frozenset({"script", "style", "template"})
_LINE: Final = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote"})


@dataclass(frozen=True)
class Entry:
    """One entry of a feed, in plain text."""

    own_id: str
    """The publisher's id of the entry, or else its link; empty when there is neither."""
    title: str
    summary: str
    link: str
    created_at: datetime | None
    has_photo: bool

    @property
    def text(self) -> str:
        """The title and the summary, or only the title when both are the same."""
        return self.title if self.summary == self.title else f"{self.title}\n{self.summary}".strip()


def read_entries(data: bytes) -> tuple[list[Entry], bool]:
    """Return the entries of a feed, and whether it breaks off after them.

    Raises:
        OutageError: when `data` is no feed, but for example a login page, half a response, or empty.
    """
    try:
        # As a stream: feedparser takes anything else, even bytes, for the name of a file or address that it may open.
        parsed = feedparser.parse(io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False)
        entries = [entry_of(entry) for entry in parsed.entries]
    except Exception as error:  # noqa: BLE001 # the parser has no error of its own; whatever breaks it is no feed
        raise OutageError(f"the feed cannot be read: {type(error).__name__}") from None
    if not entries and (parsed.bozo or not parsed.get("version")):
        raise OutageError("the answer is no feed")
    broken_off = bool(parsed.bozo) and not _END.search(data)
    # The last entry of a feed that breaks off may be half an entry, which would get another id than the whole one.
    return (entries[:-1] if broken_off else entries), broken_off


def entry_of(parsed: Mapping[str, Any]) -> Entry:
    """Return one entry as plain text; `parsed` is what the parser found in it."""
    contents = parsed.get("content")
    content = contents[0] if isinstance(contents, list) and contents else {}
    link, own_id = _text(parsed, "link").strip(), _text(parsed, "id").strip()
    if link == own_id and "://" not in link:
        link = ""  # where there is no link, the parser repeats the id in its place
    # In this order: for a missing time of change the parser returns the time of publishing, and warns.
    name = "published" if parsed.get("published") else "updated"
    enclosures = parsed.get("enclosures")
    return Entry(
        own_id=own_id or link,
        title=plain(_text(parsed, "title"), parsed.get("title_detail")),
        summary=plain(_text(parsed, "summary"), parsed.get("summary_detail"))
        or plain(_text(content, "value"), content),
        link=link,
        created_at=date_of(_text(parsed, name), parsed.get(f"{name}_parsed")),
        has_photo=isinstance(enclosures, list) and any(map(_is_picture, enclosures)),
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


def plain(text: str, detail: Any) -> str:
    """Return a field as people would read it; `detail` is the parser's note on the field's type."""
    kind = detail.get("type") if isinstance(detail, Mapping) else None
    return text.strip() if kind == "text/plain" else without_tags(text)


def without_tags(html: str) -> str:
    """Return the visible text of a piece of HTML, without empty lines."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.pieces).split("\n"))
    return "\n".join(line for line in lines if line)


class _Reader(HTMLParser):
    """Collects the text that a browser would show."""

    def __init__(self) -> None:
        super().__init__()
        self.pieces: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 # HTMLParser's
        if tag in _UNSEEN:
            self._unseen += 1
        elif tag in _LINE:
            self.pieces.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        elif tag in _LINE:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.pieces.append(data)


def _text(fields: Any, name: str) -> str:
    value = fields.get(name) if isinstance(fields, Mapping) else None
    return value if isinstance(value, str) else ""


def _is_picture(enclosure: Any) -> bool:
    return isinstance(enclosure, Mapping) and _text(enclosure, "type").startswith(("image/", "video/"))
