"""Gives tickets their codes: keyed, so that nobody can derive a ticket's code from the public id of a post."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.config import Config

from aduan.secure_parameters import AUTHOR_KEY, SecureParameters
from aduan.ticket import ticket_code

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_ssm import SSMClient

QUICK: Final = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 3})


class CodeKeyError(Exception):
    """The key of the codes is missing or cannot be used. The message names its parameter."""


class TicketCodes:
    """Makes codes with the key of the authors' pseudonyms. It is read for the first ticket and kept from then on.

    Should the key be replaced, only tickets that are opened later get codes of the new one: tickets keep theirs.
    """

    def __init__(self, connect: Callable[[], SSMClient], prefix: str) -> None:
        """Prepare to read the key below `prefix`. `connect` makes the client when the key is first needed."""
        self._connect = connect
        self._prefix = prefix
        self._key: str | None = None

    def of(self, post_key: str, attempt: int = 0) -> str:
        """Return the code of the ticket that a post opens; the same at every repetition with the same `attempt`.

        Raises:
            CodeKeyError: when the key is missing; the post stays undecided and is tried again.
            ClientError: when the Parameter Store refuses.
        """
        if self._key is None:
            parameters = SecureParameters(self._connect(), self._prefix, time.monotonic)
            [self._key] = parameters.find(AUTHOR_KEY)
            if self._key is None:
                raise CodeKeyError(f"parameter {parameters.path(AUTHOR_KEY)} is missing or holds no key")
        return ticket_code(self._key, post_key, attempt)


def open_ticket_codes(session: boto3.Session, prefix: str) -> TicketCodes:
    """Return what makes the codes, not yet connected: an invocation that opens no ticket asks for no key."""
    return TicketCodes(lambda: session.client("ssm", config=QUICK), prefix)
