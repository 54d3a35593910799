"""Cursors: where a list goes on, as text that can be sent back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re


class CursorError(ValueError):
    """The cursor is not one that was given out."""


def page_cursor(position: str) -> str:
    """Write a position, which is ASCII, so that it survives an address."""
    return base64.urlsafe_b64encode(_checksum(position) + position.encode()).decode().rstrip("=")


def page_position(cursor: str) -> str:
    """Read it back.

    Raises:
        CursorError: when it is mistyped or invented.
    """
    try:
        # The alphabet is checked here, because the decoder drops letters it does not know.
        if not re.fullmatch(r"[A-Za-z0-9_-]+", cursor):
            raise CursorError("a letter that no cursor has")
        data = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        position = data[4:].decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise CursorError("not decodable") from None
    if data[:4] != _checksum(position):
        raise CursorError("not a position")
    return position


def _checksum(position: str) -> bytes:
    """Four bytes that a mistyped or invented cursor does not have.

    Not a secret: a cursor is a place in a list and opens nothing that the query would not show.
    """
    return hashlib.sha256(f"aduan cursor 1 {position}".encode()).digest()[:4]
