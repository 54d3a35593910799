"""Reads an RSS or Atom feed, for example of a newspaper's letters or of another institution's complaint page.

Deletions are not noticed: an entry that the publisher removed looks like one that fell out at the feed's end.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urljoin, urlsplit

from pydantic import StringConstraints, ValidationError

from aduan.channel import Rejected
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
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.:-]{1,100}")
_NAME_CHARACTERS: Final = 8
_SEVERAL: Final = 2
_LONGEST_LINK: Final = 1_000


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
            OutageError: when the feed breaks off.
            ChannelError: one of its kinds.
        """
        response = self._fetch(conditions(marks))
        if response is None:
            return
        # Imported here, because only feeds need a parser, and every cold start would pay for it.
        from poll_channels.sources import feed  # noqa: PLC0415

        listed, broken_off = feed.read_entries(response.data)
        entries, repeated = told_apart([self._dated(entry) for entry in listed], marks)
        found = [self._post(entry) for entry in entries]
        content = digest_of(found)
        if broken_off:
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

    def _post(self, entry: Entry) -> Post | Rejected:
        """Make a post of an entry. Its id is the publisher's, made unique among feeds by the channel's account."""
        native_id = f"{self._channel.id.partition(':')[2]}:{name_of(entry)}"
        if not entry.text and not entry.has_photo:
            return self._rejected(native_id, entry.own_id, "neither a title nor a summary nor a picture")
        link = permalink(self._url, entry.link)
        try:
            return self._factory.post(
                native_id, entry.text, entry.created_at, link, author=None, has_photo=entry.has_photo
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
    names = {ETAG: "If-None-Match", MODIFIED: "If-Modified-Since"}
    return headers | {header: marks[mark] for mark, header in names.items() if marks.get(mark)}


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

    An empty feed yields no marks, so that what was known is not forgotten.
    """
    dated = [(entry.created_at or now, _short_name(entry)) for entry in entries]
    if not dated:
        return {}
    youngest = sorted(dated, reverse=True)[: LONGEST_MARK // _NAME_CHARACTERS]
    times = [min(entry.created_at, now) for entry in entries if entry.created_at is not None]
    before = _newest(marks)
    newest = max([*times, *([] if before is None else [before])], default=None)
    return {
        NEWEST: "" if newest is None else str(int(newest.timestamp())),
        NAMES: "".join(name for _, name in youngest),
        TEXTS: "".join(_short(entry.text) for entry in _youngest(entries, now)),
    }


def told_apart(entries: Sequence[Entry], marks: Mapping[str, str]) -> tuple[list[Entry], dict[str, str]]:
    """Give entries that share an id, but not their link or text, ids of their own; return them and the mark of this.

    Such an id is extended by the link, and when the link is shared as well by the text. An id that was once shared is
    extended from then on, so that the last of its entries keeps its name when the others have left the feed.
    """
    shared = short_names(marks, REPEATED)
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


def short_names(marks: Mapping[str, str], mark: str) -> set[str]:
    """Return the short names that are joined in a mark."""
    joined = marks.get(mark, "")
    return {joined[start : start + _NAME_CHARACTERS] for start in range(0, len(joined), _NAME_CHARACTERS)}


def lost_before(entries: Sequence[Entry], marks: Mapping[str, str], now: datetime) -> tuple[datetime, datetime] | None:
    """Return the span of time in which entries may have come and gone unread, or None.

    There is one when the feed holds no known entry. It lies between the newest known entry and the feed's oldest one.
    Without dates it cannot be told, and None is returned.
    """
    newest = _newest(marks)
    times = [entry.created_at for entry in entries if entry.created_at is not None]
    names = short_names(marks, NAMES)
    if newest is None or not times or any(_short_name(entry) in names for entry in entries):
        return None
    oldest = min(*times, now)
    return (newest, oldest) if newest < oldest else None


def _newest(marks: Mapping[str, str]) -> datetime | None:
    seconds = marks.get(NEWEST, "")
    return datetime.fromtimestamp(int(seconds), UTC) if seconds.isdecimal() else None


def _short_name(entry: Entry) -> str:
    return _short(name_of(entry))


def _short_link(entry: Entry) -> str:
    return _short(f"{name_of(entry)}\n{entry.link}")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:_NAME_CHARACTERS]


def _youngest(entries: Sequence[Entry], now: datetime) -> list[Entry]:
    return sorted(entries, key=lambda entry: entry.created_at or now, reverse=True)[: LONGEST_MARK // _NAME_CHARACTERS]


def _target(url: str, response: Response) -> str:
    try:
        target = urljoin(url, response.headers.get("Location") or "")
        here, there = urlsplit(url), urlsplit(target)
        same = (here.scheme, here.netloc) == (there.scheme, there.netloc)
    except ValueError:
        same = False
    if same and target.isascii() and target.isprintable():
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
    try:
        target = urljoin(url, link)
        sound = urlsplit(target).scheme in {"http", "https"} and bool(urlsplit(target).hostname)
    except ValueError:
        return url
    sound = sound and target.isprintable() and " " not in target and len(target) <= _LONGEST_LINK
    return target if sound and not leads_to_a_person(target) else url
