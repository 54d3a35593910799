"""Cursors: the position at which a list continues, as text that a client can send back."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re


class CursorError(ValueError):
    """The cursor is not one that we gave out."""


def page_cursor(position: str) -> str:
    """Return the cursor for a position, which must be ASCII. The cursor can be part of a URL."""
    return base64.urlsafe_b64encode(_checksum(position) + position.encode()).decode().rstrip("=")


def page_position(cursor: str) -> str:
    """Return the position in a cursor.

    Raises:
        CursorError: when the cursor is mistyped or invented.
    """
    try:
        # The letters are checked here, because the decoder drops those it does not know.
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
    """Return four bytes by which a mistyped or invented cursor is recognised.

    They are not a secret: a cursor is a place in a list, and shows nothing that the query would not show.
    """
    return hashlib.sha256(f"aduan cursor 1 {position}".encode()).digest()[:4]
