"""Reads the keys of the action links from Secrets Manager when first needed, and remembers them for an hour."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from aduan.action_token import SigningKeys

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

MAX_AGE_SECONDS: Final = 3600
"""Keys may be this old: after a replacement, the old key still verifies what it has signed."""
PATIENCE_SECONDS: Final = 60
"""A token with an unknown key makes us read the keys again, at most this often: anybody can make up such a token."""


class ActionKeys:
    """Reads the keys once, and again when they are old or a token names an unknown key."""

    def __init__(self, connect: Callable[[], SecretsManagerClient], secret: str, clock: Callable[[], float]) -> None:
        """Prepare to read the secret with this name or ARN.

        `connect` makes the client when a key is first needed. `clock` returns seconds.
        """
        self._connect = connect
        self._secret = secret
        self._clock = clock
        self._known: tuple[float, SigningKeys] | None = None

    def get(self) -> SigningKeys:
        """Return the keys as they were at most an hour ago.

        Raises:
            ClientError: when Secrets Manager cannot be reached or refuses.
            ValueError: when the secret does not have the expected form.
        """
        return self._not_older_than(MAX_AGE_SECONDS)

    def get_newer(self) -> SigningKeys:
        """Return the keys as they were at most a minute ago, after a key was met that `get` does not know.

        Raises the same errors as `get`.
        """
        return self._not_older_than(PATIENCE_SECONDS)

    def _not_older_than(self, seconds: float) -> SigningKeys:
        if self._known is None or self._clock() - self._known[0] >= seconds:
            client = self._connect()
            answer = client.get_secret_value(SecretId=self._secret)
            self._known = (self._clock(), SigningKeys.from_secret(answer["SecretString"]))
        return self._known[1]
