"""The links in a mail with which a department acts. Each leads to a page that asks before anything is done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.action_token import ASKED, LIFETIME, Action, ActionToken, signed
from aduan.ticket import MOVES
from notify.case import Link

if TYPE_CHECKING:
    from aduan.action_keys import ActionKeys
    from aduan.directory import Department
    from aduan.notice import Notice
    from aduan.ticket import Ticket
    from notify.case import DeskReason

LABELS: Final[dict[Action, str]] = {"accept": "Terima", "done": "Selesai", "not_ours": "Bukan wewenang kami"}


@dataclass(frozen=True)
class ActionLinks:
    """Makes links to the pages of this deployment."""

    base_url: str
    """Address of the API, without a slash at the end."""
    keys: ActionKeys

    def about(
        self,
        notice: Notice,
        ticket: Ticket,
        department: Department,
        desk_reason: DeskReason | None,
        now: datetime,
    ) -> tuple[Link, ...]:
        """Return the links for the reader of a notice: one for each thing they may do about its ticket now.

        Only the officer of the department that has the ticket gets links. The desk uses the API, an outside owner
        owes the county nothing, and a head of department is asked for guidance and not for a click.

        Args:
            notice: The notice the links are for.
            ticket: Its ticket as it is now.
            department: The notice's department.
            desk_reason: Why the mail goes to the desk; None when it goes to the department itself.
            now: When the mail is sent; a link expires `LIFETIME` later.
        """
        acts = department.kind in {"county", "group"} and department.code == ticket.department
        if not acts or desk_reason is not None or notice.role != "officer" or notice.medium != "email":
            return ()
        keys = self.keys.get()
        return tuple(
            Link(LABELS[action], f"{self.base_url}/t/{signed(self._token(ticket, action, now), keys)}")
            for action, status in ASKED.items()
            if status in MOVES[ticket.status]
        )

    def _token(self, ticket: Ticket, action: Action, now: datetime) -> ActionToken:
        return ActionToken(ticket=ticket.code, department=ticket.department, action=action, expires_at=now + LIFETIME)
