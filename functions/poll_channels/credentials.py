"""Tokens and the app secret; one that is missing fails the run by its name."""

from __future__ import annotations

from aduan.platform_errors import CredentialError
from aduan.secure_parameters import SecureParameters


class Credentials(SecureParameters):
    """The secrets of the channels."""

    def get(self, *names: str) -> list[str]:
        """Return the values of parameters, e.g. ``channels/instagram/kabarsleman/token``, in the order asked for.

        Raises:
            CredentialError: naming a parameter that is missing, or that cannot be a token.
            ClientError: when the Parameter Store cannot be reached.
        """
        values = []
        for name, value in zip(names, self.find(*names), strict=True):
            if value is None:
                raise CredentialError(f"parameter {self.path(name)} is missing or holds no token")
            values.append(value)
        return values
