"""Reads mails as a mail program would."""

from __future__ import annotations

import re
from html.parser import HTMLParser

CLICKABLE = re.compile(
    r"[a-z][a-z0-9+.-]+://|www\.|\b(?:mailto|javascript|tel):|\w[.\u3002\uff0e\uff61][^\W\d_]{2}", re.IGNORECASE
)
HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\u00ad\U000e0000-\U000e007f]")


class Links(HTMLParser):
    """Collects what a mail program could follow or load, and the text it would show."""

    def __init__(self) -> None:
        """Start empty."""
        super().__init__()
        self.links: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect every address."""
        assert tag not in {"img", "script", "link", "style", "iframe", "object", "form"}
        self.text += "\n" * (tag == "br")
        self.links += [value or "" for name, value in attrs if name in {"href", "src", "background", "action"}]

    def handle_data(self, data: str) -> None:
        """Collect every text."""
        self.text += data


def links_of(html: str) -> Links:
    """Read a mail's HTML as a mail program would."""
    parser = Links()
    parser.feed(html)
    return parser
