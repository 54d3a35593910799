"""Codes of tickets, and tickets opened, with an invented key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from aduan import opening as opening_module
from aduan import ticket

if TYPE_CHECKING:
    from datetime import datetime

    from aduan.change import Change
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.triage import Triage

CODE_KEY: Final = "kunci-kode"


def ticket_code(post_key: str, attempt: int = 0) -> str:
    """Return the code that a post's ticket gets."""
    return ticket.ticket_code(CODE_KEY, post_key, attempt)


def opening(post: Post, triage: Triage, directory: Directory, now: datetime, attempt: int = 0) -> Change:
    """Return the change that opens a post's ticket."""
    return opening_module.opening(post, triage, directory, now, ticket_code(post.key, attempt))
