"""Gives tickets their codes: keyed, so that nobody can derive a ticket's code from the public id of a post."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from botocore.config import Config

from aduan.secure_parameters import AUTHOR_KEY, SecureParameters
from aduan.store.tickets import CodeTakenError
from aduan.ticket import ticket_code

if TYPE_CHECKING:
    import boto3
    from mypy_boto3_ssm import SSMClient

    from aduan.change import Change
    from aduan.store.tickets import TicketStore

QUICK: Final = Config(connect_timeout=3, read_timeout=3, retries={"total_max_attempts": 3})


CODES_TRIED: Final = 5
"""With 50,000 tickets, one code in 20,000 is taken; five taken in a row do not happen."""
CodeOf = Callable[[str, int], str]
"""Returns the code of the ticket that a post opens, given the post's key and how many codes were taken before."""


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


def write_under_free_code(
    change: Callable[[str], Change], post_key: str, tickets: TicketStore, code_of: CodeOf
) -> None:
    """Write the change that opens a post's ticket under the first code that is free; `change` makes it of a code.

    Raises:
        CodeTakenError: when five codes in a row belong to other tickets.
        OutdatedError: when the post was written since it was read.
    """
    for attempt in range(CODES_TRIED):
        try:
            tickets.write(change(code_of(post_key, attempt)))
        except CodeTakenError:
            if attempt == CODES_TRIED - 1:
                raise
        else:
            return


def open_ticket_codes(session: boto3.Session, prefix: str) -> TicketCodes:
    """Return what makes the codes, not yet connected: an invocation that opens no ticket asks for no key."""
    return TicketCodes(lambda: session.client("ssm", config=QUICK), prefix)
