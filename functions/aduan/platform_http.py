"""How every kind asks its platform over HTTP: bounded in time and size, repeated when no answer comes, never quoted.

A kind only says what its platform's errors mean, by a `Judge`; what a status means on every platform is said here. An
address may hold a token and a body may hold people, so neither gets into an exception or a log.
"""

from __future__ import annotations

import json
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Final, TypeVar

import urllib3

from poll_channels.source import ChannelError, OutageError, ThrottledError

if TYPE_CHECKING:
    from poll_channels.connection import Connection

CONNECT_SECONDS: Final = 3.0
READ_SECONDS: Final = 10.0
ATTEMPTS: Final = 3
BACKOFF_SECONDS: Final = 1.0
MOST_BYTES: Final = 2 * 1024 * 1024
"""Of an answer's body, unpacked."""
DEFAULT_WAIT: Final = timedelta(minutes=15)
"""How long to wait when a platform throttles without saying for how long."""
LONGEST_WAIT: Final = timedelta(hours=6)

_AGENT: Final = "Aduan/1 (Kabupaten Sleman)"
_CHUNK_BYTES: Final = 64 * 1024
_LONGEST_NUMBER: Final = 40
"""Digits of the longest number that is read as one; Python refuses a whole page for one of 4,301."""

T = TypeVar("T")
Judge = Callable[[int, Mapping[str, Any], Mapping[str, str]], ChannelError | None]
"""Tells by status, object and headers what an answer means that its platform may have meant as an error.

None when it means no more than its status does on every platform.
"""


class _WithoutTokens(logging.Filter):
    """Keeps urllib3's account of requests to a bot, whose token is in the path, out of every log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "/bot" not in record.getMessage()


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutTokens())


class TransientError(OutageError):
    """An outage that is likely to pass; worth another attempt in the same run."""


class TooMuchDataError(OutageError):
    """What was asked for is too large, for the platform or for us; the same question again would not help."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """By name, in whatever case."""
    data: bytes = field(repr=False)


class Asker:
    """Asks one platform, one question at a time, with another attempt for what is likely to pass."""

    def __init__(self, connection: Connection, headers: Mapping[str, str] | None = None) -> None:
        self._connection = connection
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": _AGENT,
            **(headers or {}),
        }
        self.calls = 0

    def ask(
        self,
        url: str,
        read: Callable[[Answer], T],
        *,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
        attempts: int = ATTEMPTS,
    ) -> T:
        """Return what `read` makes of the answer; redirects are not followed.

        Args:
            url: With its query.
            read: May raise a `TransientError`, which asks for another attempt, or another of the channel's errors.
            headers: Besides those of every question.
            body: Posted as JSON; without one the question is a GET.
            attempts: How often at most. What changes something on the platform is sent once.

        Raises:
            TransientError: when no answer came in any attempt.
            TooMuchDataError: when the answer is larger than `MOST_BYTES`.
            StoppedError: when the run's time is up.
            ChannelError: whatever `read` raises.
        """
        fault = TransientError("no answer")
        for attempt in range(attempts):
            if attempt:
                # Full jitter, so that many channels do not come back at the same moment.
                pause = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 # no secret depends on it
                self._connection.sleep(min(pause, self._connection.budget.check()))
            try:
                return read(self._answer(url, {**self._headers, **(headers or {})}, body))
            except TransientError as error:
                fault = error
        raise fault

    def ask_object(self, url: str, judge: Judge, *, body: Any = None, attempts: int = ATTEMPTS) -> dict[str, Any]:
        """Return the JSON object of a good answer.

        Raises:
            ChannelError: one of its kinds, as `judge` says; anything that is not the documented shape is an outage.
        """
        return self.ask(
            url, lambda answer: read_object(answer, judge, self._connection.now), body=body, attempts=attempts
        )

    def check_time(self) -> None:
        """Look whether there is time for another question.

        Raises:
            StoppedError: when there is none.
        """
        self._connection.budget.check()

    def _answer(self, url: str, headers: Mapping[str, str], body: Any) -> Answer:
        left = self._connection.budget.check()
        self.calls += 1
        try:
            answer = self._connection.http.request(
                "GET" if body is None else "POST",
                url,
                headers=headers if body is None else {"Content-Type": "application/json", **headers},
                body=None if body is None else json.dumps(body).encode(),
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                return Answer(answer.status, answer.headers, self._data(answer))
            finally:
                answer.close()
        except urllib3.exceptions.HTTPError as error:
            fault = type(error).__name__
        # Raised out here, where no exception that knows the address is attached to it.
        raise TransientError(f"no answer: {fault}")

    def _data(self, answer: urllib3.BaseHTTPResponse) -> bytes:
        """By single reads: a server that sends a byte now and then must not hold the run beyond its time."""
        data = bytearray()
        while chunk := answer.read1(_CHUNK_BYTES, decode_content=True):
            self._connection.budget.check()
            data += chunk
            if len(data) > MOST_BYTES:
                raise TooMuchDataError(f"the answer is larger than {MOST_BYTES} bytes")
        return bytes(data)


def read_object(answer: Answer, judge: Judge, now: datetime) -> dict[str, Any]:
    """Read the object an answer carries.

    A page of HTML is somebody between us and the platform, so it is not judged as the platform's word: of its status
    no more is believed than that we should wait, or come again.

    Raises:
        ChannelError: one of its kinds.
    """
    body = _object_in(answer.data)
    error = None if body is None else judge(answer.status, body, answer.headers)
    if error is not None:
        raise error
    if body is not None and answer.status == HTTPStatus.OK:
        return body
    fault = fault_of(answer, now)
    if body is None and type(fault) is OutageError:
        raise OutageError(f"the answer with status {answer.status} is no object")
    raise fault


def fault_of(answer: Answer, now: datetime) -> ChannelError:
    """Tell what the status of an answer means on every platform."""
    reason = f"status {answer.status}"
    if answer.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return TransientError(reason)
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return ThrottledError(reason, wait_within(_retry_after(answer.headers, now)))
    return OutageError(reason)


def wait_within(seconds: object, usual: timedelta = DEFAULT_WAIT, longest: timedelta = LONGEST_WAIT) -> timedelta:
    """Return how long a platform wants us to wait: as it says, but never absurdly long, and `usual` for nonsense."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return usual
    return longest if seconds > longest.total_seconds() else timedelta(seconds=seconds)


def _retry_after(headers: Mapping[str, str], now: datetime) -> float | None:
    """Seconds by a ``Retry-After``, which is a number of them or a date."""
    header = headers.get("Retry-After") or ""
    if re.fullmatch(r"[0-9]{1,12}", header):
        return float(header)
    try:
        return (parsedate_to_datetime(header) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None


def _object_in(data: bytes) -> dict[str, Any] | None:
    """The JSON object, or None when it is none.

    Half emojis become question marks: JSON may hold them, nothing that stores text does.
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
