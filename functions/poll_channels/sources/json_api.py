"""Platforms that answer a GET with one JSON object and say by the status what went wrong: X and YouTube."""

import json
import random
from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar
from urllib.parse import urlencode

import urllib3
from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from aduan.channel import Rejected
from aduan.directory import Channel
from poll_channels.connection import Connection
from poll_channels.source import ChannelError, MisconfiguredError, OutageError
from poll_channels.sources.graph import (
    ATTEMPTS,
    BACKOFF_SECONDS,
    CONNECT_SECONDS,
    READ_SECONDS,
    TransientError,
    rejected,
)

OK: Final = 200
BAD_REQUEST: Final = 400
UNAUTHORIZED: Final = 401
PAYMENT_REQUIRED: Final = 402
FORBIDDEN: Final = 403
NOT_FOUND: Final = 404
TOO_MANY: Final = 429
SERVER_ERROR: Final = 500
_LONGEST_NUMBER: Final = 40
"""Digits of the longest number that is read as one; Python refuses a whole page for one of 4,301."""

Judge = Callable[[int, Mapping[str, Any], Mapping[str, str]], ChannelError]
"""Tells what an answer means that is not the one hoped for, from its status, its object and its headers."""


def _no_fraction(value: object) -> object:
    """A fraction was rounded, so it names another object; NaN would be the id of many."""
    if isinstance(value, float):
        raise ValueError("a fraction is no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


NativeId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_.-]{1,200}$"), BeforeValidator(_no_fraction)]
"""An id; checked, because it becomes part of an address."""


class Item(BaseModel):
    """Base of what is read from an answer: unknown fields are ignored, ids may come as numbers."""

    model_config = ConfigDict(extra="ignore", coerce_numbers_to_str=True)


class Parameters(BaseModel):
    """Base of what a kind takes from a channel's line in the directory; unknown parameters are misspellings."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account: str
    """The platform's own id of the account, of the shape the kind declares."""


P = TypeVar("P", bound=Parameters)


def parameters_of(channel: Channel, model: type[P]) -> P:
    """Check a channel's account and parameters.

    Raises:
        MisconfiguredError: naming the channel and the field.
    """
    try:
        return model.model_validate({**channel.parameters, "account": channel.account})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        raise MisconfiguredError(f"{channel.id}: {field}: {first['msg']}") from None


class JsonClient:
    """Asks one platform with one account's token, one question at a time."""

    def __init__(self, connection: Connection, base_url: str, headers: Mapping[str, str], judge: Judge) -> None:
        self._connection = connection
        self._base_url = base_url.rstrip("/")
        self._headers = {
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
            "User-Agent": "sleman-aduan/1.0",
            **headers,
        }
        self._judge = judge
        self.calls = 0

    def get(self, path: str, params: Mapping[str, str]) -> dict[str, Any]:
        """Fetch one object, with another attempt for what is likely to pass.

        Raises:
            ChannelError: one of its kinds, as `judge` says.
        """
        url = f"{self._base_url}/{path}?{urlencode(params)}"
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._get_once(url)
            except TransientError:
                if attempt == ATTEMPTS:
                    raise
            # Full jitter, so that many accounts do not come back at the same moment.
            pause = random.uniform(0, BACKOFF_SECONDS * 2**attempt)  # noqa: S311 # no secret depends on it
            self._connection.sleep(min(pause, self._connection.budget.check()))
        raise AssertionError  # the last attempt returns or raises

    def _get_once(self, url: str) -> dict[str, Any]:
        left = self._connection.budget.check()
        self.calls += 1
        try:
            answer = self._connection.http.request(
                "GET",
                url,
                headers=self._headers,
                timeout=urllib3.Timeout(connect=min(CONNECT_SECONDS, left), read=min(READ_SECONDS, left)),
                retries=False,
                redirect=False,
            )
        except urllib3.exceptions.HTTPError as error:
            raise TransientError(f"no answer: {type(error).__name__}") from None
        return read_object(answer.status, answer.data, answer.headers, self._judge)


def read_object(status: int, data: bytes, headers: Mapping[str, str], judge: Judge) -> dict[str, Any]:
    """Read the object an answer carries.

    A page of HTML is somebody between us and the platform, whatever its status: only the wish that we wait is
    believed without an object.

    Raises:
        ChannelError: one of its kinds; anything that is not the documented shape is an outage.
    """
    try:
        body = _storable(json.loads(data, parse_int=_whole_number))
    except (ValueError, RecursionError):
        body = None
    if status >= SERVER_ERROR:
        raise TransientError(f"status {status}")
    if isinstance(body, dict) and status == OK:
        return body
    if status == TOO_MANY:
        raise judge(status, body if isinstance(body, dict) else {}, headers)
    if not isinstance(body, dict):
        raise OutageError(f"the answer with status {status} is no object")
    raise judge(status, body, headers)


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) <= _LONGEST_NUMBER else digits


def _storable(body: Any) -> Any:
    """Put a question mark for each half of an emoji: JSON may hold them, nothing that stores text does."""
    return json.loads(json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"), parse_int=_whole_number)


def put_aside(channel: str, item: object, error: Exception, personal: frozenset[str]) -> Rejected:
    """Put aside an item that could not be read, without the fields in which its platform names people."""
    return rejected(channel, _without(item, personal), error)


def _without(value: Any, names: frozenset[str]) -> Any:
    if isinstance(value, dict):
        return {name: _without(part, names) for name, part in value.items() if name not in names}
    if isinstance(value, list):
        return [_without(part, names) for part in value]
    return value
