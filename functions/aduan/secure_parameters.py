"""Reads secrets from the Parameter Store."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

META_APP_ID: Final = "meta/app_id"
META_APP_SECRET: Final = "meta/app_secret"  # noqa: S105 # the parameter's name
META_VERIFY_TOKEN: Final = "meta/verify_token"  # noqa: S105 # the same
AUTHOR_KEY: Final = "author_key"
"""The key that turns an author into a pseudonym."""
MAX_AGE_SECONDS: Final = 300
"""A removed or replaced secret may still be used for this long. A secret that was missing is found at once."""

MOST_MISSES: Final = 20
"""How many secrets that do not exist are asked for within `MISSES_SECONDS` before no further one is."""
MISSES_SECONDS: Final = 60


def partner_key(account: str, key_id: str) -> str:
    """Return the name of the parameter that holds one of a partner's keys."""
    return f"intake/{account}/keys/{key_id}"


class SecureParameters:
    """Reads parameters below one path and caches those it finds for `MAX_AGE_SECONDS`. Threads may share it."""

    def __init__(self, client: SSMClient, prefix: str, clock: Callable[[], float], shortest: int = 1) -> None:
        """Read below `prefix`. `clock` returns seconds. A value with fewer than `shortest` characters is no secret."""
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._clock = clock
        self._shortest = shortest
        self._known: dict[str, tuple[float, str]] = {}
        self._misses: list[float] = []
        """When `find_claimed` asked in vain."""

    def path(self, name: str) -> str:
        """Return the full name of a parameter such as ``channels/instagram/kabarsleman/token``."""
        return f"{self._prefix}/{name}"

    def find(self, *names: str) -> list[str | None]:
        """Return the values of parameters in the order asked for; None for one that is missing or not usable.

        Raises:
            ClientError: when the Parameter Store refuses.
        """
        paths = [self.path(name) for name in names]
        oldest = self._clock() - MAX_AGE_SECONDS
        # A copy, because another thread may call `forget` at any moment.
        known = {path: value for path, (read_at, value) in self._known.copy().items() if read_at >= oldest}
        missing = [path for path in paths if path not in known]
        if missing:
            answer = self._client.get_parameters(Names=missing, WithDecryption=True)
            # A pasted value may end with a line break that is not part of it.
            found = {parameter["Name"]: parameter["Value"].strip() for parameter in answer["Parameters"]}
            good = {path: value for path, value in found.items() if self._is_secret(value)}
            self._known.update({path: (self._clock(), value) for path, value in good.items()})
            known |= good
        return [known.get(path) for path in paths]

    def find_claimed(self, name: str) -> str | None:
        """Return the value of a parameter that an unknown caller named; None when it is missing or not usable.

        Callers may invent names, so that after `MOST_MISSES` in vain only names that were found before are asked for,
        until `MISSES_SECONDS` have passed.

        Raises:
            ClientError: when the Parameter Store refuses.
        """
        now = self._clock()
        self._misses = [missed for missed in self._misses if now - missed < MISSES_SECONDS]
        if len(self._misses) >= MOST_MISSES and self.path(name) not in self._known:
            return None
        [value] = self.find(name)
        if value is None:
            self._misses.append(now)
            self._known.pop(self.path(name), None)
        return value

    def _is_secret(self, value: str) -> bool:
        """Tell whether a value may stand in a header: the HTTP library would quote any other in its error message."""
        return len(value) >= self._shortest and value.isascii() and value.isprintable()

    def forget(self) -> None:
        """Forget all values, after a platform refused one."""
        self._known.clear()
        self._misses.clear()
