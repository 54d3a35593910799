"""Feeds: RSS 2.0 with an ETag and a Last-Modified time, and 304 for a caller whose copy is current."""

from __future__ import annotations

import email.utils
import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from xml.sax.saxutils import escape, quoteattr

from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.platform import Call, Platform, Route, Scene, Settings
from infra.local.simulator.world import Account, Entry, Kind, Role, World

_HEADERS: Final = {"Content-Type": "application/rss+xml; charset=utf-8"}
_HTML: Final = {"Content-Type": "text/html; charset=utf-8"}
_ROOT: Final = "/feeds"


def route(world: World, request: Request) -> Route:
    """Find the feed by its path on its own host."""
    path = request.path.removeprefix(_ROOT)
    account = next((each for each in world.accounts if each.kind is Kind.RSS and each.feed == path), None)
    return Route(account, account, "feed", "/feeds/{feed}" if account else "/feeds/{unknown}")


def answer(scene: Scene, request: Request) -> Answer:
    """Return the whole feed, newest first, or 304 without a body to a caller whose copy is current."""
    account = route(scene.world, request).account
    if account is None or request.method != "GET":
        return _page(404, "Not Found")
    items = scene.world.roots(account, Role.ITEM)
    items.sort(key=lambda entry: (entry.created_at, entry.native_id), reverse=True)
    text = feed(account, items, with_authors="no_author" not in request.quirks)
    changed = max((entry.updated_at for entry in items), default=datetime(2000, 1, 1, tzinfo=UTC))
    validators = {"ETag": f'"{hashlib.sha256(text.encode()).hexdigest()[:20]}"', "Last-Modified": _date(changed)}
    if _has_it(request.headers, validators):
        return Answer(304, validators, None, text="")
    return Answer(200, {**_HEADERS, **validators}, None, text=text)


def feed(account: Account, items: Sequence[Entry], *, with_authors: bool = True) -> str:
    """Return the feed's XML document."""
    listed = "\n".join(_item(entry, with_author=with_authors) for entry in items)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel>\n<title>{escape(account.label)}</title>\n<link>https://{escape(account.channel)}.example/</link>\n"
        f"<description>{escape(account.label)}</description>\n<language>id</language>\n{listed}\n</channel>\n</rss>\n"
    )


def _item(entry: Entry, *, with_author: bool) -> str:
    """Return one item; the first of several lines is its title, and a one-line text has none, as in short notes."""
    title, _, rest = entry.text.partition("\n")
    title, rest = (title, rest) if rest else ("", title)
    found = [
        f"<title>{escape(title)}</title>" if title else "",
        f"<link>{escape(entry.permalink)}</link>",
        f'<guid isPermaLink="false">{escape(entry.native_id.rpartition(":")[2])}</guid>',
        f"<pubDate>{_date(entry.created_at)}</pubDate>",
        f"<atom:updated>{entry.edits[-1].astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}</atom:updated>" if entry.edits else "",
        f"<dc:creator>{escape(entry.author.name)}</dc:creator>" if entry.author and with_author else "",
        # The text is HTML, as in real feeds: escaped once for HTML and once for XML.
        f"<description>{escape(escape(rest))}</description>" if rest else "",
        f'<enclosure url={quoteattr(entry.permalink + ".jpg")} length="204800" type="image/jpeg"/>'
        if entry.draft.has_photo
        else "",
    ]
    return f"<item>{''.join(found)}</item>"


def _has_it(headers: Mapping[str, str], validators: Mapping[str, str]) -> bool:
    """Return whether the caller's copy is current; an ETag takes precedence over a time."""
    tags = headers.get("if-none-match")
    if tags is not None:
        return validators["ETag"] in {tag.strip().removeprefix("W/") for tag in tags.split(",")}
    since = headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return email.utils.parsedate_to_datetime(since) >= email.utils.parsedate_to_datetime(
            validators["Last-Modified"]
        )
    except (TypeError, ValueError):
        return False


def _date(moment: datetime) -> str:
    return email.utils.format_datetime(moment.astimezone(UTC), usegmt=True)


def _page(status: int, words: str, **headers: str) -> Answer:
    return Answer(status, {**_HTML, **headers}, None, text=f"<!DOCTYPE html><title>{words}</title><h1>{words}</h1>")


def _throttled(_call: Call, settings: Settings) -> Answer:
    wait = settings["retry_after"]
    return _page(429, "Too Many Requests", **({"Retry-After": wait} if wait not in {"", "none"} else {}))


RSS: Final = Platform(
    prefix="/feeds/",
    kinds=frozenset({Kind.RSS}),
    route=route,
    answer=answer,
    edges=frozenset({"feed"}),
    lists=frozenset({"feed"}),
    quirks=frozenset(),
    refusals={
        "server_error": lambda _call, _: _page(503, "Service Unavailable"),
        "throttled": _throttled,
        "not_permitted": lambda _call, _: _page(403, "Forbidden"),
    },
)
