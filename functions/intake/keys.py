"""Secrets of partners and of Meta's app, from the Parameter Store."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_SECONDS: Final = 300
"""A key that was taken back opens nothing after this time; a new one opens at once."""
SHORTEST: Final = 16
"""Letters of the shortest secret that is believed: an empty one would open to everybody."""


class Keys:
    """Reads secure parameters below one path, and remembers for a while those there are."""

    def __init__(self, client: "SSMClient", prefix: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}

    def find(self, *names: str) -> list[str | None]:
        """Return the values of parameters in the order asked for; None for one that is missing or no secret.

        Raises:
            ClientError: when the Parameter Store cannot be reached.
        """
        paths = [f"{self._prefix}/{name}" for name in names]
        oldest = self._clock() - MAX_AGE_SECONDS
        self._known = {path: entry for path, entry in self._known.items() if entry[0] >= oldest}
        missing = [path for path in paths if path not in self._known]
        if missing:
            answer = self._client.get_parameters(Names=missing, WithDecryption=True)
            found = {parameter["Name"]: parameter["Value"].strip() for parameter in answer["Parameters"]}
            # What cannot stand in a header is no secret: the HTTP library would quote it in its error.
            good = {path: value for path, value in found.items() if value.isascii() and value.isprintable()}
            self._known |= {path: (self._clock(), value) for path, value in good.items() if len(value) >= SHORTEST}
        return [self._known[path][1] if path in self._known else None for path in paths]

    def forget(self) -> None:
        """Drop what is remembered: the platform refused it."""
        self._known.clear()
