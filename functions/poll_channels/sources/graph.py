"""Meta's Graph API, as far as Facebook Pages and Instagram share it.

Sources: the Graph API's documentation of paging and rate limits (developers.facebook.com/docs/graph-api).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

from pydantic import ValidationError

from aduan.graph_api import (
    BLOCKED_CODE,
    GONE_SUBCODE,
    PARAMETER_CODE,
    PERMISSION_CODES,
    THROTTLE_CODES,
    TOKEN_CODES,
    TRANSIENT_CODES,
    appsecret_proof,
    error_code,
)
from aduan.platform_http import (
    DEFAULT_WAIT,
    LONGEST_WAIT,
    Asker,
    TooMuchDataError,
    TransientError,
)
from poll_channels.source import (
    PAGE_CAP,
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
)
from poll_channels.sources.items import Named, Parameters, parameters_of, put_aside

if TYPE_CHECKING:
    from aduan.channel import Rejected
    from aduan.directory import Channel
    from aduan.post import Post
    from poll_channels.connection import Connection, PostFactory

USAGE_LIMIT: Final = 80
"""Per cent of the platform's allowance at which a run pauses; at 100 the platform blocks the app."""
ASKED_AT_ONCE: Final = 10
"""Posts between two notes of how far a sweep is. Each is a question of its own."""
ANSWERS_PER_PAGE: Final = 50
_PERSONAL: Final = frozenset({"from", "username"})


class GraphClient:
    """Asks the Graph API with one account's token, one question at a time."""

    def __init__(self, connection: Connection, *, token: str, app_secret: str) -> None:
        settings = connection.settings
        self._asker = Asker(connection, {"Authorization": f"Bearer {token}"})
        self._base_url = f"{settings.graph_base_url.rstrip('/')}/{settings.graph_version}"
        self._proof = appsecret_proof(token, app_secret)
        self._near_limit = False

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._asker.calls

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Fetch one object, with another attempt for what the platform calls passing.

        Raises:
            StoppedError: near the platform's limit.
            ChannelError: one of its kinds, by ``error.code``.
        """
        self.check()
        query = urlencode({**params, "appsecret_proof": self._proof})
        return self._asker.ask_object(f"{self._base_url}/{path}?{query}", self._judge)

    def post(self, path: str, **fields: str) -> dict[str, Any]:
        """Write one object, in one request: another attempt might write it twice.

        Raises:
            ChannelError: one of its kinds, by ``error.code``; an `OutageError` leaves open whether it was written.
        """
        query = urlencode({"appsecret_proof": self._proof})
        return self._asker.ask_object(f"{self._base_url}/{path}?{query}", self._judge, body=fields, attempts=1)

    def check(self) -> None:
        """Look whether another request may be sent.

        Raises:
            StoppedError: near the platform's limit, or at the end of the run's time.
        """
        if self._near_limit:
            raise StoppedError("usage")
        self._asker.check_time()

    def _judge(self, status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError | None:
        self._near_limit = usage(headers) >= USAGE_LIMIT
        return judged_answer(status, body, headers)

    def pages(
        self, path: str, fields: str, fallback: str, limit: int, *, by_cursor: bool = False, **params: str
    ) -> Iterator[list[Any]]:
        """Yield an edge's pages to its end.

        Args:
            path: The edge.
            fields: What is asked for.
            fallback: What is asked for once the platform has refused one of the fields: those that nothing goes
                without.
            limit: Items per page; halved whenever the platform finds it too much.
            by_cursor: For edges that never say ``next``: go on until there is no cursor or no item.
            params: What else the edge takes.

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


class GraphSource:
    """What the kinds that speak the Graph API have in common."""

    at_once = ASKED_AT_ONCE
    price_usd = 0.0

    def __init__(self, client: GraphClient, factory: PostFactory) -> None:
        self._client = client
        self._factory = factory
        self._channel = factory.channel

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._client.calls

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Tell by their native ids which posts were not deleted. One question each."""
        return {post.native_id: self._is_there(post.native_id, "id") for post in posts}

    def check(self) -> None:
        """Look whether another request may be sent.

        Raises:
            StoppedError: when none may.
        """
        self._client.check()

    def _written(self, path: str, text: str) -> str:
        """Write a comment, and return its id."""
        try:
            return Named.model_validate(self._client.post(path, message=text)).id
        except ValidationError:
            raise OutageError("the answer has no id of what was written") from None

    def _own_comment(self, path: str, fields: str, words: str, **params: Any) -> str | None:
        """The id of a comment of ours on an edge that holds these words; None when there is none.

        Whose author the platform hides may be ours: taking another's for ours costs one answer, the reverse sends two.
        """
        for page in self._client.pages(path, fields, fields, ANSWERS_PER_PAGE, **params):
            for item in filter(lambda item: isinstance(item, dict), page):
                author = item.get("from")
                known = author.get("id") if isinstance(author, dict) else None
                said = str(item.get("text") or item.get("message") or "")
                if known in {None, self._channel.account} and words in said and item.get("id"):
                    return str(item["id"])
        return None

    def _is_there(self, path: str, fields: str) -> bool:
        try:
            self._client.get(path, fields=fields)
        except GoneError:
            return False
        return True


def graph_client(channel: Channel, connection: Connection) -> GraphClient:
    """Make the client of one account, with the token it has now.

    Raises:
        CredentialError: naming a parameter that is missing.
        MisconfiguredError: naming the channel and a parameter that its kind does not take.
    """
    parameters_of(channel, Parameters)
    token, app_secret = connection.secrets(channel, "meta/app_secret")
    return GraphClient(connection, token=token, app_secret=app_secret)


def judged_answer(_status: int, body: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError | None:
    """Tell what an answer means whatever its status: the platform sends errors with 400, 500 and even 200."""
    error = body.get("error")
    return judged(error, headers) if isinstance(error, dict) else None


def judged(error: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError:
    """Tell what an ``error`` object means.

    Throttling is looked at before ``is_transient``: code 4 carries both, and asking again at once makes the block
    longer.
    """
    code, subcode = error_code(error.get("code")), error_code(error.get("error_subcode"))
    name = f"code {code}" if subcode is None else f"code {code}/{subcode}"
    kinds: tuple[tuple[bool, type[ChannelError]], ...] = (
        (code in TOKEN_CODES, CredentialError),
        (code == PARAMETER_CODE and subcode == GONE_SUBCODE, GoneError),
        (code == PARAMETER_CODE and "appsecret_proof" in str(error.get("message")), CredentialError),
        (code == PARAMETER_CODE, MisconfiguredError),
        (code in PERMISSION_CODES, NotPermittedError),
        (code == 1 and "reduce the amount" in str(error.get("message")), TooMuchDataError),
        (code in TRANSIENT_CODES or error.get("is_transient") is True, TransientError),
    )
    if code in THROTTLE_CODES or code == BLOCKED_CODE:
        return ThrottledError(name, wait_asked_for(headers))
    return next((kind for applies, kind in kinds if applies), OutageError)(name)


def next_cursor(body: Mapping[str, Any], *, by_cursor: bool) -> str | None:
    """Return the cursor of the next page, or None at the end.

    A page may be short or empty and still have a ``next``; only its absence is the end. The ``next`` address is
    not followed, because it carries the token.
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


def usage(headers: Mapping[str, str]) -> float:
    """Return the highest percentage in the usage headers, 0 when there are none."""
    shares = [
        value
        for use in _uses(headers)
        for name, value in use.items()
        if name in {"call_count", "total_time", "total_cputime"} and isinstance(value, int | float) and value > 0
    ]
    return max(shares, default=0)


def wait_asked_for(headers: Mapping[str, str]) -> timedelta:
    """Return how long the platform wants us to wait: the header says minutes. Absurd values are bounded."""
    minutes = [use.get("estimated_time_to_regain_access") for use in _uses(headers)]
    longest = max((value for value in minutes if isinstance(value, int | float) and value > 0), default=None)
    return DEFAULT_WAIT if longest is None else min(timedelta(minutes=min(longest, 10_000)), LONGEST_WAIT)


def _uses(headers: Mapping[str, str]) -> Iterator[Mapping[str, Any]]:
    for name in ("X-App-Usage", "X-Business-Use-Case-Usage"):
        try:
            use = json.loads(headers.get(name) or "{}")
        except (ValueError, RecursionError):
            continue  # a broken header says nothing; the answer itself is judged on its own
        if not isinstance(use, dict):
            continue
        yield use
        for entries in use.values():
            yield from (entry for entry in entries if isinstance(entry, dict)) if isinstance(entries, list) else ()


def rejected(channel: str, item: object, error: Exception) -> Rejected:
    """Put aside an item that could not be read, without the people who wrote it and beneath it."""
    return put_aside(channel, item, error, _PERSONAL)


def epoch(moment: datetime) -> str:
    """Return a moment as the shortest text that tells two apart: seconds since 1970."""
    return str(int(moment.timestamp()))
