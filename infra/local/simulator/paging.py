"""Cursors, and the shapes that `paging` takes on the different edges."""

from __future__ import annotations

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from infra.local.simulator import errors
from infra.local.simulator.world import Entry

# Cursors start like the real ones; clients must not read anything into them.
_CURSOR_START = b"AQHR"

Position = tuple[int, str]  # ascending in the order of the listing: signed time, then native id


@dataclass(frozen=True)
class Cursor:
    """A place in one listing: just past `position`, or its very start when `position` is None.

    `rested` marks the cursor of an empty page, so that the page after it is a full one. `lap` counts how often an
    endless listing has started again.
    """

    listing: str
    position: Position | None
    rested: bool = False
    lap: int = 0

    def encoded(self) -> str:
        """Return the opaque text that clients carry around."""
        payload = json.dumps([self.listing, self.position, self.rested, self.lap], separators=(",", ":"))
        return base64.urlsafe_b64encode(_CURSOR_START + payload.encode()).decode().rstrip("=")


def read_cursor(text: str, listing: str) -> Cursor:
    """Decode a cursor.

    Raises:
        GraphError: It was not given out for this listing.
    """
    cursor = _decoded(text)
    if cursor is None or cursor.listing != listing:
        raise errors.bad_parameter("The After Cursor specified is not valid for this endpoint")
    return cursor


def is_rested(text: str) -> bool:
    """Return whether this cursor came with an empty page."""
    cursor = _decoded(text)
    return cursor is not None and cursor.rested


def _decoded(text: str) -> Cursor | None:
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
        listing, position, rested, lap = json.loads(raw.removeprefix(_CURSOR_START))
        return Cursor(listing, (int(position[0]), str(position[1])) if position else None, bool(rested), int(lap))
    except (ValueError, TypeError, LookupError):  # clients may send any text at all
        return None


@dataclass(frozen=True)
class Page:
    """A stretch of a listing, with what `paging` needs to know about it."""

    entries: Sequence[Entry]
    before: str
    after: str
    has_earlier: bool
    has_later: bool


@dataclass(frozen=True)
class Listing:
    """The entries of one edge in the order in which the edge shows them."""

    name: str
    entries: Sequence[Entry]
    positions: Sequence[Position]

    @classmethod
    def of(cls, name: str, entries: Sequence[Entry], position: Callable[[Entry], Position]) -> Listing:
        """Build a listing from the entries, sorted by their positions."""
        ordered = sorted(entries, key=position)
        return cls(name, ordered, [position(entry) for entry in ordered])

    def page(self, limit: int, after: Cursor | None, before: Cursor | None) -> Page:
        """Return the `limit` entries past `after`, or those that lead up to `before`.

        Cursors hold positions, not indexes, so that additions and deletions in between neither repeat nor skip an
        entry.
        """
        start, end = 0, len(self.entries)
        if before and before.position:
            end = bisect_left(self.positions, before.position)
            start = max(0, end - limit)
        elif after and after.position:
            start = bisect_right(self.positions, after.position)
        end = min(end, start + limit)
        return Page(
            entries=self.entries[start:end],
            before=Cursor(self.name, self.positions[start]).encoded() if start < end else "",
            after=Cursor(self.name, self.positions[end - 1]).encoded() if start < end else "",
            has_earlier=start > 0,
            has_later=end < len(self.entries),
        )

    def endless_page(self, limit: int, after: Cursor | None) -> Page:
        """Return the same pages again and again, each time under new cursors."""
        lap = after.lap if after else 0
        page = self.page(limit, after, None)
        here = _decoded(page.after) if page.has_later else None
        cursor = replace(here, lap=lap) if here else Cursor(self.name, None, lap=lap + 1)
        return replace(page, after=cursor.encoded(), has_later=True)

    def read(self, limit: int, after: Cursor | None, before: Cursor | None, quirks: frozenset[str]) -> Page:
        """Return a page, with the misbehaviour that a fault wants."""
        if "empty_page" in quirks:
            return self.empty_page(after)
        if "repeat_page" in quirks:
            return replace(self.page(limit, None, None), has_later=True)
        if "endless" in quirks:
            return self.endless_page(limit, after)
        return self.page(limit, after, before)

    def empty_page(self, after: Cursor | None) -> Page:
        """Return an empty page that links to more, as if all its entries had been filtered out after the cut."""
        cursor = Cursor(self.name, after.position if after else None, rested=True).encoded()
        return Page(entries=(), before=cursor, after=cursor, has_earlier=False, has_later=True)


@dataclass(frozen=True)
class Link:
    """The address of the listing that is being read; like the real API's, it contains the token."""

    address: str
    params: Mapping[str, str]
    token: str

    def to(self, **cursor: str) -> str:
        """Return the address of another page."""
        kept = {name: text for name, text in self.params.items() if name not in _NOT_CARRIED_ON}
        return f"{self.address}?{urlencode({'access_token': self.token, **kept, **cursor})}"


_NOT_CARRIED_ON = {"access_token", "appsecret_proof", "after", "before"}

PagingShape = Callable[[Page, Link], dict[str, Any]]


def feed_paging(page: Page, link: Link) -> dict[str, Any]:
    """Return the paging of a Page's feed: the last page has `before` and no `after`."""
    cursors = {"before": page.before} | ({"after": page.after} if page.has_later else {})
    return {"cursors": cursors, **_neighbours(page, link)}


def page_comments_paging(page: Page, link: Link) -> dict[str, Any]:
    """Return the paging of comments on Facebook: both cursors always, so only a missing `next` marks the end."""
    return {"cursors": {"before": page.before, "after": page.after}, **_neighbours(page, link)}


def media_paging(page: Page, link: Link) -> dict[str, Any]:
    """Return the paging of Instagram media: none at all on the last page."""
    if not page.has_later:
        return {}
    cursors = {"before": page.before, "after": page.after}
    return {"cursors": cursors, "next": link.to(after=page.after)}


def instagram_comments_paging(page: Page, link: Link) -> dict[str, Any]:
    """Return the paging of Instagram comments and replies: only `after` on the first page, nothing on the last."""
    if not page.has_later:
        return {}
    cursors = ({"before": page.before} if page.has_earlier else {}) | {"after": page.after}
    return {"cursors": cursors, "next": link.to(after=page.after)}


def tags_paging(page: Page, _link: Link) -> dict[str, Any]:
    """Return the paging of Instagram tags: cursors and never a `next`, so only an empty page marks the end."""
    return {"cursors": {"before": page.before, "after": page.after}}


def _neighbours(page: Page, link: Link) -> dict[str, str]:
    previous = {"previous": link.to(before=page.before)} if page.has_earlier else {}
    following = {"next": link.to(after=page.after)} if page.has_later else {}
    return previous | following
