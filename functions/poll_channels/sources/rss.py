"""Reads an RSS or Atom feed, for example of a newspaper's letters or of another institution's complaint page.

Deletions are not noticed: an entry that the publisher removed looks like one that fell out at the feed's end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

from pydantic import StringConstraints, ValidationError

from aduan.channel import Rejected
from aduan.context import Context
from aduan.masking import leads_to_a_person
from aduan.platform_errors import (
    ChannelError,
    GapError,
    MisconfiguredError,
    NotPermittedError,
    ObjectsError,
    OutageError,
)
from aduan.platform_http import Response, status_error
from aduan.post import Post
from aduan.web_address import web_address
from poll_channels.connection import is_plausible
from poll_channels.source import Batch, HttpSource, Window
from poll_channels.sources.items import Parameters, parameters_of, reason_of

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.connection import Connection
    from poll_channels.sources.feed import Entry

ETAG: Final = "etag"
MODIFIED: Final = "modified"
CONTENT: Final = "content"
"""Marks of the version read last: the server's ``ETag`` and ``Last-Modified``, and a hash of the content."""
NEWEST: Final = "newest"
NAMES: Final = "names"
"""Marks: the time of the newest known entry in seconds since 1970, and the joined short names of the youngest ones."""
REPEATED: Final = "repeated"
TEXTS: Final = "texts"
"""Marks: the joined short names of ids that several entries shared, and of the texts of the youngest entries."""
RENAMED: Final = "names"
"""Name of the feed's ids among the objects that may fail by themselves."""
LONGEST_MARK: Final = 200
AHEAD: Final = timedelta(days=1)
"""An entry dated further in the future says nothing about what came and went."""
SURVIVORS: Final = 3
"""This many known entries prove that a feed was not renewed, though its newest entry is gone: fewer may be pinned."""
REDIRECTS: Final = 3

_MOVED_FOR_EVER: Final = frozenset({301, 308})
_REDIRECTED: Final = frozenset({301, 302, 303, 307, 308})
_MEANINGS: Final[Mapping[int, type[ChannelError]]] = {
    HTTPStatus.BAD_REQUEST: MisconfiguredError,
    HTTPStatus.UNAUTHORIZED: NotPermittedError,
    HTTPStatus.FORBIDDEN: NotPermittedError,
    HTTPStatus.NOT_FOUND: MisconfiguredError,
    HTTPStatus.GONE: MisconfiguredError,
}
_MARK_OF: Final = {"If-None-Match": ETAG, "If-Modified-Since": MODIFIED}
_CONDITIONS: Final = frozenset(_MARK_OF)
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_NAME_CHARACTERS: Final = 8
NAMES_REMEMBERED: Final = LONGEST_MARK // _NAME_CHARACTERS
_SEVERAL: Final = 2


class FeedParameters(Parameters):
    """The parameters of a feed's channel."""

    url: Annotated[str, StringConstraints(pattern=r"^https?://[A-Za-z0-9.-]+(:\d+)?(/[!-~]*)?$", max_length=1000)]
    """The feed's address."""


class Feed(HttpSource):
    """Reads one feed. The server's validators are marks that spare fetching an unchanged feed again."""

    def __init__(self, channel: Channel, connection: Connection) -> None:
        parameters = parameters_of(channel, FeedParameters)
        base_url = connection.settings.feed_base_url
        if not base_url and not parameters.url.startswith("https://"):
            raise MisconfiguredError(f"channel {channel.id}: parameters.url: it must begin with https://")
        super().__init__(channel, connection, connection.platform_client())
        self._url = address(parameters.url, base_url)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield everything in the feed, unless it has not changed since it was read last.

        The order and dates of entries are a publisher's whim, so entries are skipped only when they are older than the
        window's floor. A feed that breaks off is read as far as it goes, and then raises.

        Raises:
            ObjectsError: when the feed gave all its entries other ids than before; those with new texts were yielded.
            GapError: once, when entries may have come and gone since the feed was read last.
            OutageError: when the feed breaks off, or the server only says that it is unchanged when the run is to prove
                what is there.
            ChannelError: one of its kinds.
        """
        headers = {**conditions({}), "Cache-Control": "no-cache"} if window.proves else conditions(marks)
        response = self._fetch(headers)
        if response is None:
            if not _CONDITIONS.intersection(headers):
                raise OutageError("status 304, although the whole feed was asked for")
            return
        # Imported here, because only feeds need a parser, and every cold start would pay for it.
        from poll_channels.sources import feed  # noqa: PLC0415

        listed = feed.read_entries(response.data, self.check)
        entries, repeated = told_apart([self._dated(entry) for entry in listed.entries], marks)
        context = Context(under=listed.title) if listed.title else None
        found = [self._post(entry, context) for entry in entries]
        content = digest_of(found)
        if listed.broken_off:
            yield Batch.of(found, window)
            raise OutageError("the feed breaks off")
        if marks.get(CONTENT) == content:
            return
        now = self._factory.now
        known = {**validators(response.headers), CONTENT: content, **knowledge(entries, marks, now), **repeated}
        if are_renamed(entries, marks):
            texts = short_names(marks, TEXTS)
            unread = [item for entry, item in zip(entries, found, strict=True) if _short(entry.text) not in texts]
            reason = {RENAMED: "MisconfiguredError: the entries have other ids at every fetch"}
            yield replace(Batch.of(unread, window), marks=known, failed=reason)
            raise ObjectsError(reason)
        yield replace(Batch.of(found, window), marks=known)
        lost = lost_before(entries, marks, now)
        if lost is not None:
            raise GapError(*lost)

    def _fetch(self, headers: Mapping[str, str]) -> Response | None:
        """Fetch the feed; None when the server says it is unchanged. Only redirects on the same host are followed."""
        url = self._url
        for _ in range(REDIRECTS + 1):
            response = self._client.request(url, lambda response: checked(response, self._factory.now), headers=headers)
            if response.status not in _REDIRECTED:
                return response if response.status == HTTPStatus.OK else None
            url = _target(url, response)
        raise OutageError("the feed redirects again and again")

    def _post(self, entry: Entry, context: Context | None) -> Post | Rejected:
        """Make a post of an entry. Its id is the publisher's, made unique among feeds by the channel's account."""
        self.check()  # masking takes time, and all feeds share the run's
        native_id = f"{self._channel.id.partition(':')[2]}:{name_of(entry)}"
        if not entry.text and not entry.has_photo:
            return self._rejected(native_id, entry.own_id, "neither a title nor a summary nor a picture")
        link = permalink(self._url, entry.link)
        try:
            return self._factory.post(
                native_id,
                entry.text,
                entry.created_at,
                link,
                author=None,
                has_photo=entry.has_photo,
                context=context,
            )
        except ValidationError as error:
            return self._rejected(native_id, entry.text, reason_of(error))

    def _dated(self, entry: Entry) -> Entry:
        """Return an entry without its date when that is implausible."""
        is_sound = entry.created_at is None or is_plausible(entry.created_at, self._factory.now)
        return entry if is_sound else replace(entry, created_at=None)

    def _rejected(self, native_id: str, raw: str, reason: str) -> Rejected:
        short = native_id if len(native_id) <= LONGEST_MARK else hashlib.sha256(native_id.encode()).hexdigest()
        return Rejected(channel=self._channel.id, native_id=short, reason=reason, raw=raw)


def address(url: str, base_url: str) -> str:
    """Return where a feed is fetched: at `url`, or at the same path below `base_url` when that is not empty."""
    if not base_url:
        return url
    parts = urlsplit(url)
    return f"{base_url.rstrip('/')}{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"


def conditions(marks: Mapping[str, str]) -> dict[str, str]:
    """Return the headers that ask for the feed only if it has changed since it was read last."""
    headers = {
        "Accept": "application/atom+xml, application/rss+xml, application/xml;q=0.9, text/xml;q=0.9",
    }
    return headers | {header: marks[mark] for header, mark in _MARK_OF.items() if marks.get(mark)}


def validators(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the server's validators as marks; a missing one, or one that cannot be sent back, is empty."""
    given = {ETAG: headers.get("ETag") or "", MODIFIED: headers.get("Last-Modified") or ""}
    return {
        mark: value if value.isascii() and value.isprintable() and len(value) <= LONGEST_MARK else ""
        for mark, value in given.items()
    }


def checked(response: Response, now: datetime) -> Response:
    """Return a response that carries a feed, says that nothing is new, or redirects.

    Raises:
        ChannelError: one of its kinds, for any other status.
    """
    if response.status in {HTTPStatus.OK, HTTPStatus.NOT_MODIFIED, *_REDIRECTED}:
        return response
    if response.status in _MEANINGS:
        raise _MEANINGS[response.status](f"status {response.status}")
    raise status_error(response, now)


def knowledge(entries: Sequence[Entry], marks: Mapping[str, str], now: datetime) -> dict[str, str]:
    """Return the marks about a feed's entries, with which the next version is compared.

    An empty feed yields no marks, so that what was known is not forgotten. Entries without a date count only in a feed
    that has no others.
    """
    if not entries:
        return {}
    told = [(entry.created_at, _short_name(entry), _short(entry.text)) for entry in entries]
    dated = [(moment, name, text) for moment, name, text in told if moment is not None and moment <= now + AHEAD]
    youngest = sorted(dated or [(now, name, text) for _, name, text in told], reverse=True)[:NAMES_REMEMBERED]
    times = [min(moment, now) for moment, _, _ in dated]
    before = _newest(marks)
    newest = max([*times, *([] if before is None else [before])], default=None)
    return {
        NEWEST: "" if newest is None else str(int(newest.timestamp())),
        NAMES: "".join(name for _, name, _ in youngest),
        TEXTS: "".join(text for _, _, text in youngest),
    }


def told_apart(entries: Sequence[Entry], marks: Mapping[str, str]) -> tuple[list[Entry], dict[str, str]]:
    """Give entries that share an id, but not their link or text, ids of their own; return them and the mark of this.

    Such an id is extended by the link, and when the link is shared as well by the text. An id that was once shared is
    extended from then on, so that the last of its entries keeps its name when the others have left the feed.
    """
    shared = set(short_names(marks, REPEATED))
    for key in (_short_name, _short_link):
        seen: dict[str, set[str]] = {}
        for entry in entries:
            seen.setdefault(key(entry), set()).add(f"{entry.link}\n{entry.text}")
        shared |= {name for name, contents in seen.items() if len(contents) > 1}
    names = [_short_name(entry) for entry in entries]
    links = [_short_link(entry) for entry in entries]
    told = [
        replace(entry, own_id="\n".join([entry.own_id, entry.link, *([entry.text] if link in shared else [])]))
        if name in shared and entry.own_id
        else entry
        for entry, name, link in zip(entries, names, links, strict=True)
    ]
    # Those that the feed still holds come first, as there is room for some only.
    kept = sorted(shared & {*names, *links}) + sorted(shared - {*names, *links})
    mark = "".join(kept)[: LONGEST_MARK // _NAME_CHARACTERS * _NAME_CHARACTERS]
    return told, {REPEATED: mark} if mark or marks.get(REPEATED) else {}


def are_renamed(entries: Sequence[Entry], marks: Mapping[str, str]) -> bool:
    """Tell whether a feed gave all its entries other ids than before: no id is known, but several texts or all are."""
    names, texts = short_names(marks, NAMES), short_names(marks, TEXTS)
    if not names or not entries or any(_short_name(entry) in names for entry in entries):
        return False
    known = sum(_short(entry.text) in texts for entry in entries)
    return known >= min(len(entries), _SEVERAL)


def short_names(marks: Mapping[str, str], mark: str) -> list[str]:
    """Return the short names that are joined in a mark, in their order."""
    joined = marks.get(mark, "")
    return [joined[start : start + _NAME_CHARACTERS] for start in range(0, len(joined), _NAME_CHARACTERS)]


def lost_before(entries: Sequence[Entry], marks: Mapping[str, str], now: datetime) -> tuple[datetime, datetime] | None:
    """Return the span of time in which entries may have come and gone unread, or None.

    There is one when entries are new and the feed does not show that it reaches back to the newest known one: an old
    entry that stays at its place, whatever comes and goes, shows nothing. The span lies between the newest known entry
    and the oldest new one. Without dates it cannot be told, and None is returned.
    """
    newest = _newest(marks)
    names = short_names(marks, NAMES)
    present = {_short_name(entry): entry.created_at for entry in entries}
    unknown = [moment for name, moment in present.items() if name not in names and moment is not None]
    if newest is None or _reaches_back(names, present, sum(moment <= newest for moment in unknown)):
        return None
    oldest = min((moment for moment in unknown if moment > newest), default=newest)
    return (newest, min(oldest, now)) if newest < min(oldest, now) else None


def _reaches_back(names: Sequence[str], present: Collection[str], older: int) -> bool:
    """Tell whether a feed shows that it reaches back to the newest known entry.

    Args:
        names: The names of the entries known before, youngest first.
        present: The names in the feed now.
        older: How many unknown entries are as old as the newest known one, or older.
    """
    if older >= (SURVIVORS if len(names) >= NAMES_REMEMBERED else 1):
        return True
    held = [place for place, name in enumerate(names) if name in present]
    return bool(held) and (held[0] == 0 or (held[0] == 1 and len(held) >= SURVIVORS))


def _newest(marks: Mapping[str, str]) -> datetime | None:
    seconds = marks.get(NEWEST, "")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None


def _short_name(entry: Entry) -> str:
    return _short(name_of(entry))


def _short_link(entry: Entry) -> str:
    return _short(f"{name_of(entry)}\n{entry.link}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_NAME_CHARACTERS]


def _location(response: Response) -> str:
    """Return where a response redirects to; raw letters come as the bytes of UTF-8, each as a letter of its own."""
    given = response.headers.get("Location") or ""
    try:
        return given.encode("latin-1").decode("utf-8")
    except ValueError:
        return given


def _target(url: str, response: Response) -> str:
    target = web_address(_location(response), url)
    here, there = urlsplit(url), urlsplit(target)
    if (here.scheme, here.netloc) == (there.scheme, there.netloc):
        return target
    if response.status in _MOVED_FOR_EVER:
        raise MisconfiguredError("the feed has moved to another host")
    raise OutageError("the feed redirects to another host")


def name_of(entry: Entry) -> str:
    """Return an entry's id within its feed: its own id when that is plain, else a hash of its id, link or text."""
    if _PLAIN_ID.fullmatch(entry.own_id) and not leads_to_a_person(entry.own_id):
        return entry.own_id
    named = entry.own_id or f"{entry.title}\n{entry.summary}"
    return hashlib.sha256(named.encode("utf-8", "replace")).hexdigest()[:32]


def digest_of(found: list[Post | Rejected]) -> str:
    """Return a hash that tells two states of a feed apart, whatever the server says about them."""
    lines = [
        f"{item.native_id} {item.digest if isinstance(item, Post) else item.reason}".encode("utf-8", "replace")
        for item in found
    ]
    return hashlib.sha256(b"\n".join(lines)).hexdigest()[:16]


def permalink(url: str, link: str) -> str:
    """Return the entry's own address, or the feed's when the entry's cannot be opened or leads to a person."""
    target = web_address(link, url)
    return target if target and not leads_to_a_person(target) else url
