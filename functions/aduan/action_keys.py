"""The keys of the action links, from Secrets Manager: fetched when first needed, and remembered for an hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aduan.action_token import SigningKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_SECONDS: Final = 3600
"""Keys may be replaced at any time: the old one goes on being good for what it has signed."""
PATIENCE_SECONDS: Final = 60
"""So often, at most, a signature by an unknown key makes us look again: anybody can make one up."""


class ActionKeys:
    """Reads the keys once, and again when they are old or a newer one was seen."""

    def __init__(self, connect: Callable[[], SecretsManagerClient], secret: str, clock: Callable[[], float]) -> None:
        """Read the secret with this name or ARN; `connect` is called when it is first needed, `clock` is in seconds."""
        self._connect = connect
        self._secret = secret
        self._clock = clock
        self._known: tuple[float, SigningKeys] | None = None

    def get(self) -> SigningKeys:
        """Return the keys as they were at most an hour ago.

        Raises:
            ClientError: when Secrets Manager cannot be reached or refuses.
            ValueError: when the secret is not as it should be.
        """
        return self._not_older_than(MAX_AGE_SECONDS)

    def get_newer(self) -> SigningKeys:
        """The same, but as they were a minute ago: a key was met that is not among those of `get`."""
        return self._not_older_than(PATIENCE_SECONDS)

    def _not_older_than(self, seconds: float) -> SigningKeys:
        if self._known is None or self._clock() - self._known[0] >= seconds:
            client = self._connect()
            answer = client.get_secret_value(SecretId=self._secret)
            self._known = (self._clock(), SigningKeys.from_secret(answer["SecretString"]))
        return self._known[1]
