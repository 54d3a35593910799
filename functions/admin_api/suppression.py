"""Takes addresses off SES's suppression list, so that one that a person enters anew gets mail again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client

TAKEN_OFF: Final = "taken_off"
NOT_LISTED: Final = "not_listed"
PATIENCE: Final = Config(connect_timeout=2, read_timeout=3, retries={"mode": "standard", "total_max_attempts": 2})
"""Settings of the client: two addresses, twice each, still fit into the time of a request."""


class SuppressionList(Protocol):
    """The list of addresses to which SES sends nothing, because they bounced or complained."""

    def take_off(self, address: str) -> str:
        """Take an address off the list.

        It may be repeated. Nothing is raised: a contact is entered even while SES does not answer.

        Returns:
            `TAKEN_OFF`, `NOT_LISTED`, or the code of the error for which nobody knows whether it is still listed.
        """


@dataclass(frozen=True)
class SesSuppressionList:
    """The `SuppressionList` of this account. The client is made late: contacts are seldom entered."""

    connect: Callable[[], SESV2Client]

    @functools.cached_property
    def client(self) -> SESV2Client:
        """The SES client, made for the first address."""
        return self.connect()

    def take_off(self, address: str) -> str:
        """Make one request. SES answers NotFoundException for an address that is not on the list."""
        try:
            self.client.delete_suppressed_destination(EmailAddress=address)
        except ClientError as error:
            code = error.response["Error"]["Code"]
            return NOT_LISTED if code == "NotFoundException" else code
        except BotoCoreError as error:
            return type(error).__name__
        return TAKEN_OFF
