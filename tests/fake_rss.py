"""A newspaper with one feed, which knows the version that each reader has."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from html import escape
from typing import ClassVar

from aduan.directory import Channel
from tests.builders import a_channel
from tests.local_http import Answer, Asked
from tests.reading import NOW, Fake

URL = "https://surat.example/umpan/rss.xml?kategori=aduan"


def an_item(number: int, text: str = "Mohon tolong", *, minutes_ago: float = 60, **changes: str) -> str:
    """An entry of an RSS feed."""
    date = (NOW - timedelta(minutes=minutes_ago)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    fields = {
        "guid": f"surat-{number}",
        "title": f"Lapor {number}",
        "description": text,
        "link": f"https://surat.example/{number}",
        "pubDate": date,
    } | changes
    return (
        "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value) + "</item>"
    )


def feed_of(*items: str, end: str = "</channel></rss>") -> bytes:
    """A whole RSS feed."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{"".join(items)}{end}'.encode()


@dataclass
class Publisher(Fake):
    """Holds the entries of citizens, newest first, or whatever body a test puts in their place."""

    CHANNEL: ClassVar[Channel] = a_channel(
        id="rss:surat",
        kind="rss",
        account="surat.example",
        handle=None,
        name="Surat Pembaca",
        parameters={"url": URL},
    )
    TOKEN: ClassVar[str] = ""

    entries: dict[int, datetime] = field(default_factory=dict)
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    modified: str | None = None
    shows: int = 1000
    """How many entries the feed holds at most."""

    @property
    def citizens(self) -> list[str]:
        """Native ids of all entries that are or were in the feed."""
        return [f"surat:surat-{number}" for number in self.entries]

    def write(self, number: int, at: datetime) -> None:
        """Publish a letter."""
        self.entries[number] = at

    def healthy(self, asked: Asked) -> Answer:
        """Answer with the feed, or with 304 when the reader has it already."""
        names = {"ETag": self.etag, "Last-Modified": self.modified}
        told = self.headers | {name: value for name, value in names.items() if value is not None}
        known = asked.headers.get("if-none-match") if self.etag else asked.headers.get("if-modified-since")
        if known is not None and known == (self.etag or self.modified):
            return Answer(304, b"", told)
        return Answer(200, self._feed() if self.body is None else self.body, told)

    def _feed(self) -> bytes:
        listed = sorted(self.entries.items(), key=lambda entry: entry[1], reverse=True)[: self.shows]
        return feed_of(*(an_item(number, minutes_ago=(NOW - at).total_seconds() / 60) for number, at in listed))
