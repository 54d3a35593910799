"""Which departments and tickets are confidential. Pure. All code that writes to people or passes a text on asks it.

A mail or an SMS about a confidential ticket holds only its code, its urgency and its dates; the page behind a link adds
topic and place. The text and the link to the post are shown in the API alone, to admins and the department that has
the ticket. No text that may be confidential is sent to a language model, and nothing is answered in public.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.ticket import Ticket


def any_confidential(codes: Iterable[str | None], directory: Directory) -> bool:
    """Tell whether any of these departments is confidential. A code that the directory does not know is not."""
    return any(department.confidential for code in codes if (department := directory.departments.get(code or "")))


def may_be_named(code: str, directory: Directory) -> bool:
    """Tell whether everybody may read that a department has a ticket: it is known, and not confidential."""
    return code in directory.departments and not directory.departments[code].confidential


def is_confidential(ticket: Ticket, post: Post, directory: Directory, *, undecided: bool = False) -> bool:
    """Tell whether a ticket belongs to a confidential department, or was once taken to.

    Args:
        ticket: The ticket.
        post: The post that opened it, with its triage.
        directory: Knows which departments are confidential.
        undecided: Whether the reader is to decide whose the ticket is. Then it is enough that a confidential
            department is among the likely ones.
    """
    triage = post.triage
    codes = [ticket.department, *ticket.refused_by, triage.department if triage else None]
    if undecided:
        codes += [ticket.runner_up, *((triage.guess, triage.runner_up) if triage else ())]
    return any_confidential(codes, directory)
