"""The HTTP client for all platforms: bounded in time and size, with retries when no answer comes.

This module knows what a status means on every platform. A platform's own module adds an `ErrorInterpreter`, which
knows that platform's errors. An address may hold a token and a body may hold people, so neither gets into an
exception or a log.
"""

from __future__ import annotations

import json
import logging
import random
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar

import urllib3

from aduan.platform_errors import ChannelError, OutageError, ThrottledError, TooMuchDataError, TransientError

if TYPE_CHECKING:
    from aduan.time_budget import TimeBudget

ATTEMPTS: Final = 3
BACKOFF_SECONDS: Final = 1.0
MOST_BYTES: Final = 2 * 1024 * 1024
"""Size limit of a response's body after decompression."""
DEFAULT_WAIT: Final = timedelta(minutes=15)
"""How long to wait when a platform throttles without saying for how long."""
LONGEST_WAIT: Final = timedelta(hours=6)

_AGENT: Final = "Aduan/1 (Kabupaten Sleman)"
_CHUNK_BYTES: Final = 64 * 1024
_LONGEST_NUMBER: Final = 40
"""A number with more digits is kept as text; Python refuses a whole page for one number of 4,301 digits."""

T = TypeVar("T")
ErrorInterpreter = Callable[[int, Mapping[str, Any], Mapping[str, str]], ChannelError | None]
"""Maps a response's status, JSON object and headers to an error.

It returns None when the response means only what its status means on every platform.
"""


class Timeouts(NamedTuple):
    """The most seconds to wait for a connection, and for each piece of a response."""

    connect: float = 3.0
    read: float = 10.0


class _WithoutTokens(logging.Filter):
    """Drops urllib3's log lines about requests to a Telegram bot, whose token is part of the path."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "/bot" not in record.getMessage()


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutTokens())


@dataclass(frozen=True)
class Response:
    """A response as it was received."""

    status: int
    headers: Mapping[str, str]
    """By name; look-ups ignore case."""
    data: bytes = field(repr=False)


class PlatformClient:
    """Sends requests to one platform, one at a time, and repeats a request whose failure is likely to pass."""

    def __init__(  # noqa: PLR0913 # what a client works with
        self,
        http: urllib3.PoolManager,
        budget: TimeBudget,
        now: datetime,
        headers: Mapping[str, str] | None = None,
        *,
        timeouts: Timeouts | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._http = http
        self._budget = budget
        self._now = now
        self._timeouts = timeouts or Timeouts()
        self._sleep = sleep
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": _AGENT,
            **(headers or {}),
        }
        self.calls = 0
        """How many requests were sent so far."""

    def request(
        self,
        url: str,
        read: Callable[[Response], T],
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        attempts: int = ATTEMPTS,
    ) -> T:
        """Send a request, and return what `read` makes of the response; redirects are not followed.

        Args:
            url: The address with its query.
            read: Reads the response. It may raise a `TransientError` to ask for another attempt, or any other
                `ChannelError`.
            headers: Headers added to those of every request.
            body: Posted as JSON; without a body the request is a GET.
            attempts: The most attempts. A request that changes something on the platform is sent once.

        Raises:
            TransientError: when no response came in any attempt.
            TooMuchDataError: when the response is larger than `MOST_BYTES`.
            StoppedError: when the run's time is up.
            ChannelError: whatever `read` raises.
        """
        fault = TransientError("no answer")
        for attempt in range(attempts):
            if attempt:
                # Full jitter, so that many channels do not come back at the same moment.
                pause = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 # no secret depends on it
                self._sleep(min(pause, self._budget.check()))
            try:
                return read(self._response(url, {**self._headers, **(headers or {})}, body))
            except TransientError as error:
                fault = error
        raise fault

    def request_json(
        self, url: str, interpret: ErrorInterpreter, *, body: Any = None, attempts: int = ATTEMPTS
    ) -> dict[str, Any]:
        """Send a request, and return the JSON object of a good response.

        Raises:
            ChannelError: the kind that `interpret` or the status names; a good response that is no JSON object is an
                outage.
        """
        return self.request(
            url, lambda response: parse_object(response, interpret, self._now), body=body, attempts=attempts
        )

    def check(self) -> None:
        """Check that another request may be sent.

        Raises:
            StoppedError: when there is no time left for one.
        """
        self._budget.check()

    def _response(self, url: str, headers: Mapping[str, str], body: Any) -> Response:
        left = self._budget.check()
        self.calls += 1
        try:
            response = self._http.request(
                "GET" if body is None else "POST",
                url,
                headers=headers if body is None else {"Content-Type": "application/json", **headers},
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=min(self._timeouts.connect, left), read=min(self._timeouts.read, left)),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return Response(response.status, response.headers, self._data(response))
            finally:
                response.close()
        except urllib3.exceptions.HTTPError as error:
            fault = type(error).__name__
        # Raised outside the handler, so that the exception that knows the address is not chained to it.
        raise TransientError(f"no answer: {fault}")

    def _data(self, response: urllib3.BaseHTTPResponse) -> bytes:
        """Read the body in single reads: a server that drips bytes must not hold the run beyond its time.

        A body that has arrived completely is used, however late.
        """
        data = bytearray()
        while chunk := response.read1(_CHUNK_BYTES, decode_content=True):
            if response.length_remaining != 0:
                self._budget.check()
            data += chunk
            if len(data) > MOST_BYTES:
                raise TooMuchDataError(f"the answer is larger than {MOST_BYTES} bytes")
        return bytes(data)


def parse_object(response: Response, interpret: ErrorInterpreter, now: datetime) -> dict[str, Any]:
    """Return the JSON object that a response carries.

    A page of HTML comes from something between us and the platform. Its status is trusted only as far as it says that
    we should wait or try again.

    Raises:
        ChannelError: one of its kinds.
    """
    body = _object_in(response.data)
    error = None if body is None else interpret(response.status, body, response.headers)
    if error is not None:
        raise error
    if body is not None and response.status == HTTPStatus.OK:
        return body
    fault = status_error(response, now)
    if body is None and type(fault) is OutageError:
        raise OutageError(f"the answer with status {response.status} is no object")
    raise fault


def status_error(response: Response, now: datetime) -> ChannelError:
    """Return the error that the status of a response means on every platform."""
    reason = f"status {response.status}"
    if response.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(reason)
    if response.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(reason, bounded_wait(_retry_after(response.headers, now)))
    return OutageError(reason)


def bounded_wait(seconds: object, usual: timedelta = DEFAULT_WAIT, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Return the wait that a platform asks for: at most `longest`, and `usual` when it is not a positive number."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return usual
    return longest if seconds > longest.total_seconds() else timedelta(seconds=seconds)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Return the seconds that a ``Retry-After`` header asks for; the header holds seconds or a date."""
    header = headers.get("Retry-After") or ""
    if re.fullmatch(r"[0-9]{1,12}", header):
        return float(header)
    try:
        return (parsedate_to_datetime(header) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None


def _object_in(data: bytes) -> dict[str, Any] | None:
    """Return the JSON object in `data`, or None when there is none.

    Lone surrogates (halves of emojis) become question marks: JSON may hold them, but they cannot be stored as UTF-8.
    """
    try:
        body = json.loads(data, parse_int=_whole_number)
        if not isinstance(body, dict):
            return None
        storable = json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        found: dict[str, Any] = json.loads(storable, parse_int=_whole_number)
    except (ValueError, RecursionError):
        return None
    return found


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits
