"""Whose business is confidential, and what may be read of it. Pure: whoever writes to people or passes a text on asks.

Of a confidential ticket a mail and an SMS say no more than its code, its urgency and its dates; the page behind a link
adds topic and place. The text and the link to it are read in the API alone, by whoever has the ticket. No text that
may be confidential is sent to a language model, and nothing is answered in public.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.ticket import Ticket


def any_confidential(codes: Iterable[str | None], directory: Directory) -> bool:
    """Tell whether one of these departments keeps secrets. Codes the directory does not know keep none."""
    return any(department.confidential for code in codes if (department := directory.departments.get(code or "")))


def may_be_named(code: str, directory: Directory) -> bool:
    """Tell whether everybody may read that a department has a ticket: it is known, and keeps no secrets."""
    return code in directory.departments and not directory.departments[code].confidential


def is_confidential(ticket: Ticket, post: Post, directory: Directory, *, undecided: bool = False) -> bool:
    """Tell whether a ticket is, or was taken for, the matter of a department that keeps secrets.

    Args:
        ticket: The ticket.
        post: The post that opened it, with its triage.
        directory: Knows who keeps secrets.
        undecided: Whether the reader is to decide whose it is: then it is enough that it may be such a matter.
    """
    triage = post.triage
    codes = [ticket.department, *ticket.refused_by, triage.department if triage else None]
    if undecided:
        codes += [ticket.runner_up, *((triage.guess, triage.runner_up) if triage else ())]
    return any_confidential(codes, directory)
