"""The channels' tokens and the app secret. A missing one raises an error that names it."""

from __future__ import annotations

from aduan.platform_errors import CredentialError
from aduan.secure_parameters import SecureParameters


class Credentials(SecureParameters):
    """Reads the secrets of the channels."""

    def get(self, *names: str) -> list[str]:
        """Return the values of parameters, e.g. ``channels/instagram/kabarsleman/token``, in the order asked for.

        Raises:
            CredentialError: when a parameter is missing or cannot be a token; the error names it.
            ClientError: when the Parameter Store cannot be reached.
        """
        values = []
        for name, value in zip(names, self.find(*names), strict=True):
            if value is None:
                raise CredentialError(f"parameter {self.path(name)} is missing or holds no token")
            values.append(value)
        return values
