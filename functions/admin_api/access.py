"""Who may see and do what, from the claims of a token that API Gateway has verified."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from aduan.refusal import RefusedError, not_found

if TYPE_CHECKING:
    from aduan.ticket import Ticket


def _forbidden(message: str) -> RefusedError:
    return RefusedError(403, "forbidden", message)


@dataclass(frozen=True)
class Caller:
    """Somebody who is signed in: an admin, or a liaison officer of one department."""

    sub: str
    name: str
    """Cognito's user name: what is written beside a change."""
    department: str | None
    """The only department the caller may read; None for an admin, who may read and change everything."""

    @property
    def signature(self) -> str:
        """What stands beside a change in a ticket's history: the user name, unless that is an address."""
        return self.sub if "@" in self.name else self.name

    @property
    def is_admin(self) -> bool:
        """Whether nothing is withheld."""
        return self.department is None

    def must_be_admin(self) -> None:
        """Refuse everybody else.

        Raises:
            RefusedError: 403.
        """
        if not self.is_admin:
            raise _forbidden("Hanya admin yang boleh membuka bagian ini.")

    def department_to_read(self, asked: str | None) -> str | None:
        """The department a list or figure is restricted to, given the one that was asked for.

        Raises:
            RefusedError: 403 when a department asks for another.
        """
        if self.department is None or asked in {None, self.department}:
            return self.department or asked
        raise _forbidden("Akun Anda hanya boleh melihat data perangkat daerahnya sendiri.")

    def may_read(self, ticket: Ticket) -> bool:
        """Whether the ticket is the caller's business."""
        return self.department in {None, ticket.department}


def missing_ticket() -> RefusedError:
    """The one answer for a ticket that does not exist and for one of somebody else, so that codes cannot be tried."""
    return not_found("Tiket dengan kode itu tidak ditemukan.")


def caller(event: Mapping[str, Any]) -> Caller:
    """Recognise the caller of an API Gateway event.

    Raises:
        RefusedError: 401 without a verified token; 403 when the account belongs to no group, or to a department
            that it does not name.
    """
    claims = claims_of(event)
    sub = claims.get("sub")
    if not isinstance(sub, str) or not sub:
        raise RefusedError(401, "unauthenticated", "Silakan masuk terlebih dahulu.")
    groups = _groups(claims.get("cognito:groups"))
    name = str(claims.get("cognito:username") or sub)
    if "admin" in groups:
        return Caller(sub, name, None)
    department = claims.get("custom:department")
    if "department" in groups and isinstance(department, str) and re.fullmatch(r"[a-z][a-z0-9_]*", department):
        return Caller(sub, name, department)
    raise _forbidden("Akun Anda belum terdaftar pada perangkat daerah mana pun. Hubungi Diskominfo.")


def claims_of(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The claims API Gateway's authorizer put into the event; empty when there are none."""
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims")
    return claims if isinstance(claims, Mapping) else {}


def _groups(claim: object) -> frozenset[str]:
    """Groups come as a list, or as one text: ``admin,department`` or ``[admin department]``."""
    if isinstance(claim, str):
        return frozenset(filter(None, re.split(r"[\s,\[\]]+", claim)))
    if isinstance(claim, list):
        return frozenset(str(group) for group in claim)
    return frozenset()
