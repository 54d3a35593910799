"""A link that is known to be ours, with what it is about."""

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
    """All that pages and moves are made of."""

    token: ActionToken
    ticket: Ticket
    post: Post
    directory: Directory

    @property
    def refuser(self) -> str:
        """Name of the department that has the link."""
        return self.name(self.token.department)

    @property
    def holder(self) -> str:
        """Name of whoever has the ticket now; not of one whose business is confidential."""
        owner = self.ticket.department
        return self.name(owner) if may_be_named(owner, self.directory) else "pihak lain"

    @property
    def secret(self) -> bool:
        """Whether it is, or was taken for, the matter of a department that keeps secrets."""
        return is_confidential(self.ticket, self.post, self.directory)

    def name(self, code: str) -> str:
        """A department's name; its code when the directory does not know it any more."""
        known = self.directory.departments.get(code)
        if code == DESK:
            return THE_DESK
        return code if known is None else one_line(known.title)
