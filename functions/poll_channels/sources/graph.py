"""The part of Meta's Graph API that Facebook Pages and Instagram share.

Source: the Graph API's documentation of paging (developers.facebook.com/docs/graph-api).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import ValidationError

from aduan.graph_api import appsecret_proof, interpret_response, usage
from aduan.platform_errors import (
    ACCOUNT_ERRORS,
    ChannelError,
    GoneError,
    MisconfiguredError,
    OutageError,
    PageCapError,
    StoppedError,
    TooMuchDataError,
)
from aduan.platform_http import PlatformClient
from aduan.secure_parameters import META_APP_SECRET
from poll_channels.source import PAGE_CAP, CanRecheck, HttpSource
from poll_channels.sources.items import Named, Parameters, parameters_of, put_aside
from public_replies.platforms import ShowsReplies

if TYPE_CHECKING:
    from aduan.channel import Rejected
    from aduan.directory import Channel
    from aduan.post import Post
    from poll_channels.connection import Connection

USAGE_LIMIT: Final = 80
"""Per cent of the platform's allowance at which a run pauses; at 100 the platform blocks the app."""
BATCH_SIZE: Final = 10
"""How many posts are checked before a sweep's position is saved. Each costs one request."""
REPLIES_PER_PAGE: Final = 50
_PERSONAL: Final = frozenset({"from", "username"})


class GraphClient(PlatformClient):
    """Sends requests to the Graph API with one account's token, one at a time."""

    def __init__(self, connection: Connection, *, token: str, app_secret: str) -> None:
        super().__init__(
            connection.http,
            connection.budget,
            connection.now,
            {"Authorization": f"Bearer {token}"},
            sleep=connection.sleep,
        )
        settings = connection.settings
        self._base_url = f"{settings.graph_base_url.rstrip('/')}/{settings.graph_version}"
        self._proof = appsecret_proof(token, app_secret)
        self._near_limit = False

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Fetch one object, and try again after an error that the platform calls transient.

        Raises:
            StoppedError: near the platform's limit, or at the end of the run's time.
            ChannelError: one of its kinds, by ``error.code``.
        """
        self.check()
        query = urlencode({**params, "appsecret_proof": self._proof})
        return self.request_json(f"{self._base_url}/{path}?{query}", self._interpret)

    def post(self, path: str, **fields: str) -> dict[str, Any]:
        """Write one object, in a single attempt: another one might write it twice.

        Raises:
            ChannelError: one of its kinds, by ``error.code``; after an `OutageError` it is unknown whether the object
                was written.
        """
        query = urlencode({"appsecret_proof": self._proof})
        return self.request_json(f"{self._base_url}/{path}?{query}", self._interpret, body=fields, attempts=1)

    def check(self) -> None:
        """Check that another request may be sent.

        Raises:
            StoppedError: near the platform's limit, or at the end of the run's time.
        """
        if self._near_limit:
            raise StoppedError("usage")
        super().check()

    def _interpret(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError | None:
        self._near_limit = usage(headers) >= USAGE_LIMIT
        return interpret_response(status, body, headers)

    def pages(
        self, path: str, fields: str, fallback: str, limit: int, *, by_cursor: bool = False, **params: str
    ) -> Iterator[list[Any]]:
        """Yield an edge's pages up to its end.

        Args:
            path: The edge.
            fields: The fields to ask for.
            fallback: The indispensable fields, asked for once the platform has refused one of `fields`.
            limit: Items per page; halved whenever the platform finds it too many.
            by_cursor: For edges that never say ``next``: continue until there is no cursor or no item.
            params: Other parameters of the edge.

        Raises:
            PageCapError: when the edge is longer than a run reads.
            StoppedError: at the end of the run's time, or near the platform's limit.
            ChannelError: one of its kinds.
        """
        after: str | None = None
        asked: set[str] = set()
        for _ in range(PAGE_CAP):
            position = {} if after is None else {"after": after}
            try:
                body = self.get(path, **params, **position, fields=fields, limit=str(limit))
            except TooMuchDataError:
                if limit == 1:
                    raise
                limit = max(1, limit // 2)
                continue
            except MisconfiguredError:
                if fields == fallback:
                    raise
                fields = fallback
                continue
            items = body.get("data")
            if not isinstance(items, list):
                raise OutageError("the answer has no list of data")
            yield items
            after = next_cursor(body, by_cursor=by_cursor)
            if after is None:
                return
            if after in asked:
                raise OutageError("the platform gives the same page again and again")
            asked.add(after)
        raise PageCapError


class GraphSource(HttpSource, CanRecheck, ShowsReplies):
    """Base of the sources that use the Graph API."""

    batch_size = BATCH_SIZE
    _client: GraphClient

    def __init__(self, channel: Channel, connection: Connection) -> None:
        parameters_of(channel, Parameters)
        token, app_secret = connection.secrets(channel, META_APP_SECRET)
        super().__init__(channel, connection, GraphClient(connection, token=token, app_secret=app_secret))

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Return by native id whether each post is still there. One request per post.

        A post that the platform answers with an error of its own is left out.
        """
        return told_by_each(posts, lambda post: self._is_there(post.native_id, "id"))

    def _written(self, path: str, text: str) -> str:
        """Write a comment, and return its id."""
        try:
            return Named.model_validate(self._client.post(path, message=text)).id
        except ValidationError:
            raise OutageError("the answer has no id of what was written") from None

    def _find_own(self, path: str, fields: str, words: str, **params: Any) -> str | None:
        """Return the id of our own comment on an edge that holds these words, or None.

        A comment with a hidden author counts as ours: taking another's for ours costs one reply, but the reverse
        mistake sends two.
        """
        for page in self._client.pages(path, fields, fields, REPLIES_PER_PAGE, **params):
            for item in filter(lambda item: isinstance(item, dict), page):
                author = item.get("from")
                known = author.get("id") if isinstance(author, dict) else None
                said = str(item.get("text") or item.get("message") or "")
                if known in {None, self._channel.account} and words in said and item.get("id"):
                    return str(item["id"])
        return None

    def _first_page(self, edge: str) -> list[Any]:
        """Return the first item of one of the account's lists, which shows that the platform answers."""
        return next(self._client.pages(f"{self._channel.account}/{edge}", "id", "id", 1))

    def _is_there(self, path: str, fields: str) -> bool:
        try:
            self._client.get(path, fields=fields)
        except GoneError:
            return False
        return True


def told_by_each(posts: list[Post], ask: Callable[[Post], bool | None]) -> dict[str, bool]:
    """Return by native id what `ask` tells about each post, without those of which it tells nothing.

    Raises:
        ChannelError: the account's error, or the last post's when every post had one.
    """
    told: dict[str, bool | None] = {}
    fault: ChannelError | None = None
    for post in posts:
        try:
            told[post.native_id] = ask(post)
        except (*ACCOUNT_ERRORS, GoneError):
            raise
        except ChannelError as error:
            fault = error
    if fault is not None and not told:
        raise fault
    return {native_id: there for native_id, there in told.items() if there is not None}


def next_cursor(body: Mapping[str, Any], *, by_cursor: bool) -> str | None:
    """Return the cursor of the next page, or None at the end.

    A short or empty page may still have a ``next``; only its absence is the end. The ``next`` address itself is not
    followed, because it carries the token.
    """
    paging = body.get("paging")
    paging = paging if isinstance(paging, dict) else {}
    cursors = paging.get("cursors")
    after = cursors.get("after") if isinstance(cursors, dict) else None
    if by_cursor:
        return str(after) if after and body["data"] else None
    if "next" not in paging:
        return None
    after = after or _cursor_in(str(paging["next"]))
    if not after:
        raise OutageError("the answer promises a next page without saying which")
    return str(after)


def _cursor_in(address: str) -> str | None:
    try:
        query = urlsplit(address).query
    except ValueError:
        return None
    return next(iter(parse_qs(query).get("after", [])), None)


def rejected(channel: str, item: object, error: Exception) -> Rejected:
    """Return the quarantine entry of an unreadable item, without the people who wrote it or commented on it."""
    return put_aside(channel, item, error, _PERSONAL)


def epoch(moment: datetime) -> str:
    """Return a moment as text for a mark: whole seconds since 1970."""
    return str(int(moment.timestamp()))
