"""Turns a piece of HTML into the text that people see, in time that grows only with its length.

Python's own `html.parser` takes quadratic time for broken tags, and one feed must not use up the time of all.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from typing import Final

LONGEST_HTML: Final = 500_000
"""Characters of a field that are looked at: many times what a post keeps, because markup and blanks count too."""

_CDATA: Final = re.compile(r"<!\s{0,5}\[\s{0,5}CDATA\s{0,5}\[", re.IGNORECASE)
_MARKUP: Final = re.compile(r"<(?:(?P<end>/?)(?P<name>[A-Za-z][A-Za-z0-9:._-]*)|!--|[!?])")
_PLAIN: Final = re.compile(r"[^<>\"']*")
_DECLARATION: Final = re.compile(r"[^<>]*>")
_ATTRIBUTE: Final = re.compile(r"</?[A-Za-z][A-Za-z0-9:._-]*\s+[A-Za-z-]+\s*=")
_HUGE: Final = re.compile(r"&#(?:\d{8,}|[xX][0-9a-fA-F]{8,});?")
"""A number of a letter that does not exist, and may be too long to read."""
_UNSEEN: Final = {name: re.compile(f"</{name}", re.IGNORECASE) for name in ("script", "style", "template")}
_INLINE: Final = re.compile(
    "a|abbr|acronym|b|bdi|bdo|big|cite|code|data|del|dfn|em|font|i|ins|kbd|mark|q|s|samp|small|span|strike|strong"
    "|sub|sup|time|tt|u|var|wbr"
)
"""Elements within a word or sentence. Unknown elements and the cells of a table are parted by a blank."""
_LINE: Final = re.compile(
    "address|article|aside|blockquote|body|br|caption|center|details|div|dl|dt|fieldset|figcaption|figure|footer"
    "|form|h1|h2|h3|h4|h5|h6|header|hr|li|main|nav|ol|p|pre|section|summary|table|tbody|tfoot|thead|tr|ul"
)
_PICTURES: Final = frozenset({"amp-img", "amp-video", "image", "img", "source", "video"})
_SOURCE: Final = re.compile(
    r"[\s\"'/](?:data-[a-z-]{0,20})?(?:src|srcset|href)\s*=\s*[\"']?\s*[^\s\"'>]", re.IGNORECASE
)
_NO_PICTURE: Final = re.compile(r"\b(?:width|height)\s*=\s*[\"']?[01](?:px)?[\"'\s/>]|wp-smiley|emoji", re.IGNORECASE)
"""Pictures that count a reader, and little faces."""


@dataclass(frozen=True)
class Visible:
    """What people see of a piece of HTML."""

    text: str
    """The text without empty lines."""
    has_picture: bool


def visible(html: str) -> Visible:
    """Return what people see of a piece of HTML. Markup that is broken off or never closed hides no words."""
    reader = _Reader(without_cdata(html[:LONGEST_HTML]))
    reader.read()
    text = unescape(_HUGE.sub("\ufffd", "".join(reader.pieces)))
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return Visible("\n".join(line for line in lines if line), reader.has_picture)


def without_cdata(text: str) -> str:
    """Return a text without the signs of CDATA sections that were escaped, which HTML would hide with their content."""
    opened, number = _CDATA.subn("", text)
    return opened.replace("]]>", "") if number else text


class _Reader:
    """Goes once through a piece of HTML. Every search begins where the one before ended, or is known to be in vain."""

    def __init__(self, html: str) -> None:
        self.pieces: list[str] = []
        self.has_picture = False
        self._html = html
        self._in_vain: set[str] = set()

    def read(self) -> None:
        """Collect the text."""
        at = 0
        while True:
            markup = _MARKUP.search(self._html, at)
            if markup is None:
                self.pieces.append(self._html[at:])
                return
            self.pieces.append(self._html[at : markup.start()])
            at = self._after(markup)

    def _after(self, markup: re.Match[str]) -> int:
        """Take one piece of markup, and return where the text goes on."""
        start, html = markup.start(), self._html
        if markup["name"] is None:
            if markup[0] == "<!--":
                end = self._find("-->", start + 2)
                return markup.end() if end is None else end + 3
            declared = _DECLARATION.match(html, markup.end())
            return markup.end() if declared is None else declared.end()
        end, closed = self._end_of_tag(markup.end())
        if not closed:
            broken = html[start:end]
            self.pieces.append("" if _ATTRIBUTE.match(broken) else broken)
            return end
        name = markup["name"].lower()
        if not markup["end"] and name in _UNSEEN:
            return self._after_unseen(name, end)
        if not _INLINE.fullmatch(name):
            self.pieces.append("\n" if _LINE.fullmatch(name) else " ")
        if name in _PICTURES and not self.has_picture:
            tag = html[start : min(end, start + 4_000)]
            self.has_picture = bool(_SOURCE.search(tag)) and not _NO_PICTURE.search(tag)
        return end

    def _end_of_tag(self, at: int) -> tuple[int, bool]:
        """Return where a tag ends, and whether it is closed there; it is not where the next one begins before."""
        while True:
            plain = _PLAIN.match(self._html, at)
            at = len(self._html) if plain is None else plain.end()
            if at == len(self._html):
                return at, False
            sign = self._html[at]
            if sign in "<>":
                return (at + 1, True) if sign == ">" else (at, False)
            is_value = plain is not None and plain[0].rstrip().endswith("=")
            end = self._find(sign, at + 1) if is_value else None
            at = at + 1 if end is None else end + 1

    def _after_unseen(self, name: str, at: int) -> int:
        """Return where an element ends whose content nobody sees; one that never ends hides nothing."""
        end = None if name in self._in_vain else _UNSEEN[name].search(self._html, at)
        if end is None:
            self._in_vain.add(name)
            return at
        return end.start()

    def _find(self, sign: str, at: int) -> int | None:
        """Return where `sign` comes next; a search that was in vain once is not made again."""
        found = -1 if sign in self._in_vain else self._html.find(sign, at)
        if found < 0:
            self._in_vain.add(sign)
            return None
        return found
