"""Meta's Graph API, as far as Facebook Pages and Instagram share it.

Sources: the Graph API's documentation of errors, paging and rate limits (developers.facebook.com/docs/graph-api).
Errors are judged by ``error.code``, because the HTTP status is 400 for nearly all of them.
"""

import hashlib
import hmac
import json
import random
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, Final
from urllib.parse import parse_qs, urlencode, urlsplit

import urllib3
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from aduan.channel import Rejected
from aduan.directory import Channel
from aduan.masking import masked_within
from aduan.post import Post
from poll_channels.connection import Connection, PostFactory
from poll_channels.source import (
    Budget,
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

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
BACKOFF_SECONDS: Final = 1.0
PAGE_CAP: Final = 40
"""Pages of one edge in one run: a platform that never comes to an end must not hold the poller for ever."""
USAGE_LIMIT: Final = 80
"""Per cent of the platform's allowance at which a run pauses; at 100 the platform blocks the app."""
DEFAULT_WAIT: Final = timedelta(minutes=15)
"""How long to wait when the platform throttles without saying for how long."""
LONGEST_WAIT: Final = timedelta(hours=6)

TOKEN_CODES: Final = frozenset({102, 190})
PERMISSION_CODES: Final = frozenset({3, 10, 283, *range(200, 300)})
THROTTLE_CODES: Final = frozenset({4, 17, 32, 341, 613, 80001, 80002, 80006})
TRANSIENT_CODES: Final = frozenset({1, 2})
BLOCKED_CODE: Final = 368
PARAMETER_CODE: Final = 100
GONE_SUBCODE: Final = 33
RAW_CHARACTERS: Final = 8_000
MALFORMED: Final = (ValidationError, OverflowError)
"""What an item that is not of the documented shape raises; the latter for a time at the end of the calendar."""
_OK: Final = 200
_SERVER_ERROR: Final = 500
_PERSONAL: Final = frozenset({"from", "username"})
_ID_PATTERN: Final = r"^[A-Za-z0-9_.:-]{1,200}$"
_LONGEST_NUMBER: Final = 40
"""Digits of the longest number that is read as one; Python refuses a whole page for one of 4,301."""


class TransientError(OutageError):
    """An outage that the platform calls passing; worth another attempt in the same run."""


class TooMuchDataError(TransientError):
    """The platform asks for smaller pages."""


def _no_fraction(value: object) -> object:
    """A fraction was rounded, so it names another object; NaN would be the id of many."""
    if isinstance(value, float):
        raise ValueError("a fraction is no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


class GraphItem(BaseModel):
    """Base of what is read from an edge: unknown fields are ignored, ids may come as numbers."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)

    id: Annotated[str, StringConstraints(pattern=_ID_PATTERN), BeforeValidator(_no_fraction)]
    """Checked, because it becomes part of an address."""


class GraphClient:
    """Asks the Graph API with one account's token, one question at a time."""

    def __init__(  # noqa: PLR0913 # one account's address, keys and limits; none has a sensible default
        self,
        http: urllib3.PoolManager,
        base_url: str,
        *,
        token: str,
        app_secret: str,
        budget: Budget,
        sleep: Callable[[float], None],
    ) -> None:
        self._http = http
        self._base_url = base_url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {token}", "Accept": "application/json"}
        self._proof = hmac.new(app_secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        self._budget = budget
        self._sleep = sleep
        self._near_limit = False
        self.calls = 0

    def get(self, path: str, **params: str) -> dict[str, Any]:
        """Fetch one object, with another attempt for what the platform calls passing.

        Raises:
            ChannelError: one of its kinds, by ``error.code``.
        """
        query = urlencode({**params, "appsecret_proof": self._proof})
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._get_once(f"{self._base_url}/{path}?{query}")
            except TransientError as error:
                # Asking for the same amount again cannot help; the caller asks for less.
                if attempt == ATTEMPTS or isinstance(error, TooMuchDataError):
                    raise
            # Full jitter, so that many accounts do not come back at the same moment.
            pause = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 # no secret depends on it
            self._sleep(min(pause, self._budget.check()))
        raise AssertionError  # the last attempt returns or raises

    def gone(self, posts: list[Post]) -> set[str]:
        """Native ids, among those of `posts`, of objects that are not there any more. One call each."""
        missing = set()
        for post in posts:
            try:
                self.get(post.native_id, fields="id")
            except GoneError:
                missing.add(post.native_id)
        return missing

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

    def _get_once(self, url: str) -> dict[str, Any]:
        if self._near_limit:
            raise StoppedError("usage")
        left = self._budget.check()
        self.calls += 1
        try:
            answer = self._http.request(
                "GET",
                url,
                headers=self._headers,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"no answer: {type(error).__name__}") from None
        self._near_limit = usage(answer.headers) >= USAGE_LIMIT
        return read_answer(answer.status, answer.data, answer.headers)


class GraphSource:
    """What the kinds that speak the Graph API have in common."""

    def __init__(self, client: GraphClient, factory: PostFactory) -> None:
        self._client = client
        self._factory = factory
        self._channel = factory.channel

    @property
    def calls(self) -> int:
        """How many requests were sent so far."""
        return self._client.calls

    def gone(self, posts: list[Post]) -> set[str]:
        """Native ids, among those of `posts`, of what was deleted."""
        return self._client.gone(posts)


def graph_client(channel: Channel, connection: Connection) -> GraphClient:
    """Make the client of one account, with the token it has now.

    Raises:
        CredentialError: naming a parameter that is missing.
    """
    token, app_secret = connection.secrets(channel, "meta/app_secret")
    settings = connection.settings
    return GraphClient(
        connection.http,
        f"{settings.graph_base_url}/{settings.graph_version}",
        token=token,
        app_secret=app_secret,
        budget=connection.budget,
        sleep=connection.sleep,
    )


def read_answer(status: int, data: bytes, headers: Mapping[str, str]) -> dict[str, Any]:
    """Read the object an answer carries.

    Raises:
        ChannelError: one of its kinds; anything that is not the documented shape is an outage.
    """
    try:
        body = _storable(json.loads(data, parse_int=_whole_number))
    except (ValueError, RecursionError):
        kind = TransientError if status >= _SERVER_ERROR else OutageError
        raise kind(f"the answer with status {status} is not JSON") from None
    error = body.get("error") if isinstance(body, dict) else None
    if isinstance(error, dict):
        raise judged(error, headers)
    if status != _OK or not isinstance(body, dict):
        kind = TransientError if status >= _SERVER_ERROR else OutageError
        raise kind(f"the answer with status {status} is no object")
    return body


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _storable(body: Any) -> Any:
    """Put a question mark for each half of an emoji: JSON may hold them, nothing that stores text does."""
    return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"))


def judged(error: Mapping[str, Any], headers: Mapping[str, str]) -> ChannelError:
    """Tell what an ``error`` object means.

    Throttling is looked at before ``is_transient``: code 4 carries both, and asking again at once makes the block
    longer.
    """
    code, subcode = _code(error.get("code")), _code(error.get("error_subcode"))
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


def _code(value: object) -> int | None:
    """Codes are whole numbers; anything else is unknown, and is not repeated in the ledger."""
    return value if isinstance(value, int) and not isinstance(value, bool) else None


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
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False)[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    else:
        reason = type(error).__name__
    raw = json.dumps(json.loads(json.dumps(item), object_hook=_without_people))
    try:
        native_id = GraphItem.model_validate(item).id
    except ValidationError:
        native_id = hashlib.sha256(raw.encode()).hexdigest()[:32]
    return Rejected(channel=channel, native_id=native_id, reason=reason, raw=raw[:RAW_CHARACTERS])


def _without_people(item: dict[str, Any]) -> dict[str, Any]:
    """Called for each object from within, so what lies deeper is masked already."""
    return {name: masked_within(value) for name, value in item.items() if name not in _PERSONAL}


def epoch(moment: datetime) -> str:
    """Return a moment as the shortest text that tells two apart: seconds since 1970."""
    return str(int(moment.timestamp()))
