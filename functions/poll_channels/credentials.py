"""Tokens and the app secret, from the Parameter Store."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from poll_channels.source import CredentialError

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

MAX_AGE_SECONDS: Final = 300
"""A rotated token is picked up after this time, or at once after the old one was refused."""


class Credentials:
    """Reads secure parameters below one path, and remembers them for a while."""

    def __init__(self, client: "SSMClient", prefix: str, clock: Callable[[], float]) -> None:
        self._client = client
        self._prefix = prefix.rstrip("/")
        self._clock = clock
        self._known: dict[str, tuple[float, str]] = {}

    def get(self, *names: str) -> list[str]:
        """Return the values of parameters, e.g. ``channels/instagram/kabarsleman/token``, in the order asked for.

        Raises:
            CredentialError: naming a parameter that is missing, or that cannot be a token.
            ClientError: when the Parameter Store cannot be reached.
        """
        paths = [f"{self._prefix}/{name}" for name in names]
        oldest = self._clock() - MAX_AGE_SECONDS
        known = dict(self._known)  # other channels' threads may forget at any moment
        stale = [path for path in paths if path not in known or known[path][0] < oldest]
        if stale:
            answer = self._client.get_parameters(Names=stale, WithDecryption=True)
            if answer["InvalidParameters"]:
                raise CredentialError(f"parameter {answer['InvalidParameters'][0]} is missing")
            for parameter in answer["Parameters"]:
                known[parameter["Name"]] = (self._clock(), _secret(parameter["Name"], parameter["Value"]))
            self._known.update(known)
        return [known[path][1] for path in paths]

    def forget(self) -> None:
        """Drop what is remembered: the platform refused it."""
        self._known.clear()


def _secret(name: str, value: str) -> str:
    """Drop the line's end that a pasted value has; what still cannot stand in a header is refused without quoting it.

    The HTTP library would quote it.
    """
    secret = value.strip()
    if not secret or not secret.isascii() or not secret.isprintable():
        raise CredentialError(f"parameter {name} holds no token")
    return secret
