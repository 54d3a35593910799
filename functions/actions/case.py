"""A link whose signature was checked, with the ticket and post it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from aduan.confidentiality import is_confidential, may_be_named
from aduan.plain_text import one_line
from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.action_token import ActionToken
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.ticket import Ticket

THE_DESK: Final = "Meja Aduan di Dinas Komunikasi dan Informatika"


@dataclass(frozen=True)
class Case:
    """A link's token with its ticket: all that pages and moves need."""

    token: ActionToken
    ticket: Ticket
    post: Post
    directory: Directory

    @property
    def refuser(self) -> str:
        """Name of the department that the link was sent to."""
        return self.name(self.token.department)

    @property
    def holder(self) -> str:
        """Name of the department that has the ticket now; ``pihak lain`` for a confidential one."""
        owner = self.ticket.department
        return self.name(owner) if may_be_named(owner, self.directory) else "pihak lain"

    @property
    def secret(self) -> bool:
        """Whether the ticket belongs to a confidential department, or was once taken to."""
        return is_confidential(self.ticket, self.post, self.directory)

    def name(self, code: str) -> str:
        """Return a department's name; its code when the directory no longer knows it."""
        known = self.directory.departments.get(code)
        if code == DESK:
            return THE_DESK
        return code if known is None else one_line(known.title)
