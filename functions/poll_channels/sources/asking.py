"""Plain questions over HTTP: bounded in time and size, repeated when the answer fails to come, and never quoted.

An address may hold a token and a body may hold people, so neither gets into an exception or a log.
"""

import json
import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final

import urllib3
from pydantic import ValidationError

from aduan.directory import Channel
from poll_channels.connection import Connection
from poll_channels.source import Budget, MisconfiguredError, OutageError
from poll_channels.sources.graph import ATTEMPTS, BACKOFF_SECONDS, CONNECT_SECONDS, READ_SECONDS

MOST_BYTES: Final = 2 * 1024 * 1024
"""Of an answer's body, unpacked."""
_CHUNK_BYTES: Final = 64 * 1024
_SERVER_ERROR: Final = 500
_LONGEST_NUMBER: Final = 40
"""Digits of the longest number that is read as one; Python refuses a whole page for one of 4,301."""


class _WithoutTokens(logging.Filter):
    """Keeps urllib3's account of requests to a bot, whose token is in the path, out of every log."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "/bot" not in record.getMessage()


logging.getLogger("urllib3.connectionpool").addFilter(_WithoutTokens())


@dataclass(frozen=True)
class Answer:
    """What came back, below the server's own faults."""

    status: int
    headers: Mapping[str, str]
    data: bytes = field(repr=False)


class Asker:
    """Asks one question at a time, with another attempt for one that was not answered."""

    def __init__(self, http: urllib3.PoolManager, budget: Budget, sleep: Callable[[float], None]) -> None:
        self._http = http
        self._budget = budget
        self._sleep = sleep
        self.calls = 0

    @classmethod
    def of(cls, connection: Connection) -> "Asker":
        """Ask by the connection of a run."""
        return cls(connection.http, connection.budget, connection.sleep)

    def ask(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None) -> Answer:
        """Return the answer, whatever its status below 500; redirects are not followed.

        Raises:
            OutageError: when there is no answer, none without a server's fault, or one that is too large.
            StoppedError: when the run's time is up.
        """
        fault = ""
        for attempt in range(ATTEMPTS):
            if attempt:
                # Full jitter, so that many channels do not come back at the same moment.
                pause = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 # no secret depends on it
                self._sleep(min(pause, self._budget.check()))
            left = self._budget.check()
            self.calls += 1
            try:
                answer = self._ask_once(method, url, headers, body, left)
            except urllib3.exceptions.HTTPError as error:
                fault = f"no answer: {type(error).__name__}"
                continue
            if answer.status < _SERVER_ERROR:
                return answer
            fault = f"status {answer.status}"
        # Raised out here, where no exception that knows the address is attached to it.
        raise OutageError(fault)

    def _ask_once(self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, left: float) -> Answer:
        answer = self._http.request(
            method,
            url,
            headers=headers,
            body=body,
            timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
            retries=False,
            redirect=False,
            preload_content=False,
        )
        data = bytearray()
        try:
            # By single reads: a server that sends a byte now and then must not hold the run beyond its time.
            while chunk := answer.read1(_CHUNK_BYTES, decode_content=True):
                self._budget.check()
                data += chunk
                if len(data) > MOST_BYTES:
                    raise OutageError(f"the answer is larger than {MOST_BYTES} bytes")
        finally:
            answer.close()
        return Answer(answer.status, answer.headers, bytes(data))


def read_json(data: bytes) -> Any:
    """Read an answer that should be JSON.

    Half emojis become question marks: JSON may hold them, nothing that stores text does.

    Raises:
        OutageError: when it is not.
    """
    try:
        body = json.loads(data, parse_int=_whole_number)
        return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"), parse_int=_whole_number)
    except (ValueError, RecursionError):
        pass
    raise OutageError("the answer is not JSON")


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def wait_within(seconds: object, usual: timedelta, longest: timedelta) -> timedelta:
    """Return how long a platform wants us to wait: as it says, but never absurdly long, and `usual` for nonsense."""
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not seconds > 0:
        return usual
    return longest if seconds > longest.total_seconds() else timedelta(seconds=seconds)


def misconfigured(channel: Channel, error: ValidationError) -> MisconfiguredError:
    """Say which of a channel's parameters is wrong, without quoting it."""
    fault = error.errors(include_input=False, include_url=False)[0]
    place = ".".join(["parameters", *(str(part) for part in fault["loc"])])
    return MisconfiguredError(f"channel {channel.id}: {place}: {fault['msg']}")
