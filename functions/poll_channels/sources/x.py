"""Reads the mentions of an account on X, by API v2.

It is off by default: X's agreements ask for an Enterprise plan before its content may be shown to a government. Only
posts that mention the account are read; nothing is searched for.

Since August 2026 X speaks two dialects and answers in that of the request; the parser takes both. An edited post gets
a new id and keeps the old ones in its history, so a post is identified by its first id.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal
from urllib.parse import urlencode

from pydantic import AliasChoices, Field, StringConstraints

from aduan.context import Context
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GapError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    ThrottledError,
)
from aduan.platform_http import LONGEST_WAIT
from aduan.post import Post
from aduan.record import Moment
from poll_channels.source import Batch, CanRecheck, HttpSource, Own, Result, Window
from poll_channels.sources.items import MALFORMED, Item, NativeId, OrNone, Parameters, parameters_of, put_aside

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.connection import Connection

POST_READ_USD: Final = 0.005
USER_READ_USD: Final = 0.010
"""Pay-per-use prices since 6 February 2026 (docs.x.com, getting-started/pricing), per object in a response."""

POSTS_PER_PAGE: Final = 100
PAGE_CAP: Final = 8
"""The most pages of a run: X gives only the 800 newest mentions."""
REACH: Final = timedelta(days=6, hours=23)
"""How far back to read when X finds our mark too old: its seven days, less an hour for clocks that differ."""
LATE: Final = timedelta(minutes=30)
"""How far back from now every run reads again, whatever the mark, because X indexes late. X charges a post only once
within a day (UTC), and a quiet account costs nothing."""
SILENCE: Final = timedelta(days=6)
"""A mark of this age is moved forward although nobody wrote: it would soon be too old for X."""
SETTLED: Final = timedelta(days=1)
"""How far behind now such a mark is set: what was written before then is surely listed."""
SKEW: Final = timedelta(minutes=10)
"""An id from further in the future is not taken as a mark: no later post would be younger."""
SHORTEST_WAIT: Final = timedelta(minutes=1)

SINCE_ID: Final = "since_id"
"""Name of the mark that holds the id up to which everything is stored."""
CHARGED: Final = "charged"
"""Name of the mark that holds a day (UTC) and the youngest ids charged on it, which the next run may meet again."""
CHARGES_REMEMBERED: Final = 50
"""They take a kilobyte of the cursor. With more mentions in half an hour, some are counted twice: our own count of the
cost is then too high, never too low."""
_EPOCH_MS: Final = 1_288_834_974_657
_TIME_SHIFT: Final = 22
"""An id is a time in milliseconds since X's own epoch, shifted by 22 bits that tell ids of one millisecond apart."""

_PERSONAL: Final = frozenset({"author_id", "entities", "in_reply_to_user_id", "name", "username"})
_REPOSTS: Final = frozenset({"retweeted", "reposted"})
_GONE: Final = frozenset({"resource-not-found", "not-authorized-for-resource"})
"""Problems of a post that was asked for by its id but is gone: deleted, or its author's account is closed to us."""
_MEANINGS: Final[Mapping[int, type[ChannelError]]] = {
    HTTPStatus.BAD_REQUEST: MisconfiguredError,
    HTTPStatus.UNAUTHORIZED: CredentialError,
    HTTPStatus.FORBIDDEN: NotPermittedError,
    HTTPStatus.NOT_FOUND: MisconfiguredError,
}
_ASKED: Final[dict[str, dict[str, str]]] = {
    "legacy": {"tweet.fields": "created_at,author_id,in_reply_to_user_id,referenced_tweets,attachments,note_tweet"},
    "new": {
        "post.fields": "created_at,in_reply_to_user_id,attachments,note_post",
        "expansions": "author_id,edit_history_post_ids,referenced_posts",
    },
}
"""The query of each dialect. In the new one the author comes only as an expansion, which is charged."""

XId = Annotated[NativeId, StringConstraints(pattern=r"^[0-9]{1,19}$")]


class XParameters(Parameters):
    """The parameters of a channel on X."""

    account: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,19}$")]
    dialect: Literal["legacy", "new"] = "legacy"


class Note(Item):
    """The whole text of a post of more than 280 characters."""

    text: str


class Reference(Item):
    """Another post this one answers, quotes or repeats."""

    type: str
    id: XId


class Attachments(Item):
    """The media attached to a post."""

    media_keys: tuple[str, ...] = ()


class XPost(Item):
    """A post in either dialect."""

    id: XId
    text: str
    created_at: Moment | None = None
    author_id: Annotated[XId | None, OrNone] = None
    in_reply_to_user_id: Annotated[XId | None, OrNone] = None
    history: tuple[XId, ...] = Field(
        default=(), validation_alias=AliasChoices("edit_history_tweet_ids", "edit_history_post_ids")
    )
    note: Note | None = Field(default=None, validation_alias=AliasChoices("note_tweet", "note_post"))
    references: tuple[Reference, ...] = Field(
        default=(), validation_alias=AliasChoices("referenced_tweets", "referenced_posts")
    )
    attachments: Attachments | None = None

    @property
    def first_id(self) -> str:
        """The id under which the post was first written."""
        return self.history[0] if self.history else self.id

    @property
    def whole_text(self) -> str:
        """The whole text, without the escapes that X puts for three characters."""
        return unescaped(self.note.text if self.note is not None else self.text)

    def reference(self, *types: str) -> str | None:
        """Return the id of the first post that this one refers to in one of these ways, or None."""
        return next((reference.id for reference in self.references if reference.type in types), None)


class TooOldError(MisconfiguredError):
    """X refuses to list posts from the position we named, because it is too old."""


@dataclass(frozen=True)
class Page:
    """One page of mentions."""

    items: list[Any]
    included: Mapping[str, Any]
    """Other posts that came with the page, by id; they are charged too."""
    next_token: str | None

    @property
    def ids(self) -> list[int]:
        """The ids of the page's items, leaving out malformed ones."""
        return [number for item in self.items if (number := _number(_field(item, "id"))) is not None]


@dataclass
class _Reading:
    """What one run has met so far."""

    newest: int = 0
    oldest: int | None = None
    ids: set[int] = field(default_factory=set)
    yielded: set[str] = field(default_factory=set)
    cut: bool = False
    """Whether there were more mentions than X gives."""


class X(HttpSource, CanRecheck):
    """Reads the mentions of one account. The mark is the id up to which everything is stored."""

    batch_size = POSTS_PER_PAGE
    price_usd = POST_READ_USD
    keeps = REACH
    """No run is sure to read further back."""

    def __init__(self, channel: Channel, connection: Connection) -> None:
        parameters = parameters_of(channel, XParameters)
        [token] = connection.secrets(channel)
        super().__init__(channel, connection, connection.platform_client({"Authorization": f"Bearer {token}"}))
        self._base_url = connection.settings.x_base_url.rstrip("/")
        self._now = connection.now
        self._pays_for_users = parameters.dialect == "new"
        self._asked = {
            "max_results": str(POSTS_PER_PAGE),
            **_ASKED[parameters.dialect],
        }
        self._charged_before: frozenset[str] = frozenset()
        self._posts_charged: set[str] = set()
        self._users_charged: set[str] = set()

    @property
    def cost_usd(self) -> float:
        """What the responses of this run cost so far, in USD at X's prices."""
        return len(self._posts_charged) * POST_READ_USD + len(self._users_charged) * USER_READ_USD

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the mentions since the mark, newest first.

        The mark moves only at the end, because the youngest mentions come first.

        Raises:
            GapError: once, when a span of time can never be read; the mark then lies after it.
            ChannelError: one of its kinds.
        """
        self._charged_before = charged_on(self._now, marks.get(CHARGED, ""))
        mark = _number(marks.get(SINCE_ID)) or 0
        begin = moment_of(mark) if mark else window.since
        position = {SINCE_ID: str(min(mark, id_at(self._now - LATE)))} if mark else {"start_time": _stamp(begin)}
        reached = begin
        try:
            found = yield from self._batches(position, window)
        except TooOldError:
            # Before the first run there is nothing to lose; the ledger says from when on this run read.
            reached = max(begin, self._now - REACH) if mark else begin
            mark = 0
            found = yield from self._batches({"start_time": _stamp(self._now - REACH)}, window)
        if found.cut:
            reached = self._now if found.oldest is None else moment_of(found.oldest)
        moved = max(mark, found.newest)
        if moment_of(moved) < self._now - SILENCE:
            moved = id_at(self._now - SETTLED)
        found_marks = {SINCE_ID: str(moved)}
        if self._posts_charged:
            found_marks[CHARGED] = charges_mark(self._now, self._charged_before | self._posts_charged)
        if changed := {name: mark for name, mark in found_marks.items() if marks.get(name) != mark}:
            yield Batch(marks=changed)
        if begin < reached:
            raise GapError(begin, reached)

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Return by native id whether each post is still there, as far as X tells. One request asks for a hundred.

        Raises:
            OutageError: when X says nothing about any of them.
            ChannelError: one of its kinds.
        """
        body = self._get("2/tweets", {"ids": ",".join(post.native_id for post in posts)})
        self._posts_charged.update(str(_field(item, "id")) for item in _list(body.get("data")))
        found = presence_in(body, [post.native_id for post in posts])
        if not found:
            raise OutageError("the answer says nothing about the posts")
        return found

    def _get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        url = f"{self._base_url}/{path}?{urlencode(params)}"
        return self._client.request_json(
            url, lambda status, body, headers: interpret_error(status, body, headers, self._now)
        )

    def _batches(self, position: Mapping[str, str], window: Window) -> Generator[Batch, None, _Reading]:
        """Yield page after page, and return what was met."""
        reading = _Reading()
        token: str | None = None
        asked: set[str] = set()
        for number in range(PAGE_CAP):
            at = {} if token is None else {"pagination_token": token}
            body = self._get(f"2/users/{self._channel.account}/mentions", {**self._asked, **position, **at})
            page = read_page(body)
            ids = page.ids
            if ids and reading.ids.issuperset(ids):
                raise OutageError("the platform gives the same page again and again")
            self._charge(page)
            yield Batch.of(self._posts(page, reading), window)
            reading.ids.update(ids)
            if number == 0:
                reading.newest = self._newest(body, ids)
            reading.oldest = min([*ids, *([] if reading.oldest is None else [reading.oldest])], default=None)
            token = page.next_token
            if token is None:
                return reading
            if token in asked:
                raise OutageError("the platform gives the same page again and again")
            asked.add(token)
        reading.cut = True
        return reading

    def _newest(self, body: Mapping[str, Any], ids: list[int]) -> int:
        """Return the page's ``newest_id``, but none younger than its items or further in the future than `SKEW`."""
        latest = id_at(self._now + SKEW)
        newest = max((number for number in ids if number <= latest), default=0)
        said = _number(_field(body.get("meta"), "newest_id"))
        return newest if said is None else min(newest, said)

    def _posts(self, page: Page, reading: _Reading) -> Iterator[Result]:
        """Yield each post once. The newest version of an edited post comes first, so older ones are skipped."""
        for item in page.items:
            post = self._post(item, page)
            if isinstance(post, Post):
                if post.native_id in reading.yielded:
                    continue
                reading.yielded.add(post.native_id)
            yield post

    def _post(self, item: Any, page: Page) -> Result:
        """Make a post of an item, unless it is the account's own; None for a repost."""
        try:
            post = XPost.model_validate(item)
            if post.reference(*_REPOSTS) is not None:
                return None
            above = post.reference("replied_to")
            if post.author_id == self._channel.account:
                return Own(post.created_at or moment_of(int(post.first_id)), () if above is None else (above,))
            return self._factory.post(
                post.first_id,
                post.whole_text,
                post.created_at or moment_of(int(post.first_id)),
                f"https://x.com/i/status/{post.id}",  # the form of the address without the author's name
                author=post.author_id,
                parent_id=above,
                has_photo=post.attachments is not None and bool(post.attachments.media_keys),
                context=self._context(post, above, page),
            )
        except MALFORMED as error:
            return put_aside(self._channel.id, item, error, _PERSONAL)

    def _context(self, post: XPost, above: str | None, page: Page) -> Context:
        """Return what a post answers, as far as it came with the page. Every mention addresses the account.

        Another citizen's words are not copied: they need not address the account, and would outlast their deletion.
        """
        item = page.included.get(above or "")
        author = post.in_reply_to_user_id or _field(item, "author_id")
        if above is None or author is None:
            return Context(to="account")
        if str(author) != self._channel.account:
            return Context(by="citizen", to="account")
        text = _field(item, "text")
        return Context(under=unescaped(text) if isinstance(text, str) else "", by="account", to="account")

    def _charge(self, page: Page) -> None:
        """Count what X charges: each post it gives, but only once on the same day (UTC).

        A run that fails keeps no mark, so the next one counts the posts that both received a second time.
        """
        charged = [item for item in page.items if str(_field(item, "id")) not in self._charged_before]
        self._posts_charged.update(str(_field(item, "id")) for item in charged)
        self._posts_charged |= page.included.keys() - self._charged_before
        if self._pays_for_users:
            self._users_charged.update(str(author) for item in charged if (author := _field(item, "author_id")))


def unescaped(text: str) -> str:
    """Return a text without the escapes that X puts for three characters."""
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


def read_page(body: Mapping[str, Any]) -> Page:
    """Read a page. Errors beside the data are ignored: they concern objects that posts only refer to.

    Raises:
        OutageError: when the response is neither a page nor empty in X's way, with a count of 0 and no data.
    """
    items = body.get("data", [])
    meta = body.get("meta")
    token = _field(meta, "next_token")
    count = _field(meta, "result_count")
    if not isinstance(items, list) or (not items and not (type(count) is int and count == 0)):
        raise OutageError("the answer has no list of data")
    if token is not None and (not isinstance(token, str) or not token):
        raise OutageError("the answer promises a next page without saying which")
    includes = body.get("includes")
    others = [*_list(_field(includes, "tweets")), *_list(_field(includes, "posts"))]
    return Page(
        items=items,
        included={str(_field(other, "id")): other for other in others},
        next_token=token,
    )


def presence_in(body: Mapping[str, Any], wanted: Iterable[str]) -> dict[str, bool]:
    """Return by id whether each of the posts asked for is there; those X says nothing about are left out.

    A post is asked for by its first id, and may be returned under its last.
    """
    there: set[str] = set()
    for item in _list(body.get("data")):
        histories = (_list(_field(item, name)) for name in ("edit_history_tweet_ids", "edit_history_post_ids"))
        there |= {str(_field(item, "id")), *(str(former) for history in histories for former in history)}
    gone = {
        str(_field(error, name))
        for error in _list(body.get("errors"))
        for name in ("resource_id", "value")
        if _problem(error) in _GONE
    }
    return {native_id: native_id in there for native_id in wanted if native_id in there | gone}


def interpret_error(
    status: int, body: Mapping[str, Any], headers: Mapping[str, str], now: datetime
) -> ChannelError | None:
    """Return the error of a response; None when it means only what its status means on every platform."""
    problem, title = _problem(body), body.get("title")
    if problem == "usage-capped" or title == "UsageCapExceeded":
        return NotPermittedError(f"status {status}: the month's usage cap is reached")
    if problem == "credits" or title == "CreditsDepleted" or status == HTTPStatus.PAYMENT_REQUIRED:
        return NotPermittedError(f"status {status}: no credits are left")
    if status == HTTPStatus.TOO_MANY_REQUESTS and (wait := wait_asked_for(headers, now)) is not None:
        return ThrottledError(f"status {status}", wait)
    if status == HTTPStatus.BAD_REQUEST and _names_position(body):
        return TooOldError(f"status {status}: the position is refused")
    return _MEANINGS[status](f"status {status}") if status in _MEANINGS else None


def _problem(error: object) -> str:
    """Return the kind of an error. Its ``type`` is an address on one of two hosts, so only its end is used."""
    return str(_field(error, "type")).rpartition("/problems/")[2]


def _names_position(body: Mapping[str, Any]) -> bool:
    """Tell whether one of the errors names a parameter for the position from which to read."""
    named = [_field(error, "parameters") for error in _list(body.get("errors"))]
    return any(isinstance(parameters, dict) and {SINCE_ID, "start_time"} & set(parameters) for parameters in named)


def wait_asked_for(headers: Mapping[str, str], now: datetime) -> timedelta | None:
    """Return how long X wants us to wait, or None when it does not say.

    The header holds the second (since 1970) at which X's limit is renewed; absurd values are capped.
    """
    reset = headers.get("x-rate-limit-reset") or ""
    if not (reset.isascii() and reset.isdigit()):
        return None
    seconds = int(reset[:15]) - now.timestamp()
    return max(SHORTEST_WAIT, min(timedelta(seconds=min(seconds, 1e6)), LONGEST_WAIT))


def charged_on(now: datetime, mark: str) -> frozenset[str]:
    """Return the ids that were charged on the day of `now`, as the mark remembers them."""
    day, *ids = mark.split() or [""]
    return frozenset(ids) if day == _day(now) else frozenset()


def charges_mark(now: datetime, charged: Iterable[str]) -> str:
    """Return the mark of the ids charged on the day of `now`: only the youngest, because no run reads far back."""
    ids = sorted((native_id for native_id in charged if _number(native_id) is not None), key=int)
    return " ".join([_day(now), *ids[-CHARGES_REMEMBERED:]])


def moment_of(native_id: int) -> datetime:
    """Return when an id was given."""
    return datetime.fromtimestamp(((native_id >> _TIME_SHIFT) + _EPOCH_MS) / 1000, UTC)


def id_at(moment: datetime) -> int:
    """Return the smallest id of a moment."""
    return max(0, int(moment.timestamp() * 1000) - _EPOCH_MS) << _TIME_SHIFT


def _day(moment: datetime) -> str:
    return moment.astimezone(UTC).date().isoformat()


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _number(value: object) -> int | None:
    """Return an id as a number, or None when it is none; compared as texts, 9 would be more than 10."""
    text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= len(str(2**63)) else None


def _field(value: object, name: str) -> Any:
    return value.get(name) if isinstance(value, dict) else None


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
