"""Who may see and do what, by the claims of a token that API Gateway has verified."""

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
    """Cognito's user name."""
    department: str | None
    """The only department the caller may read; None for an admin, who may read and change everything."""

    @property
    def signature(self) -> str:
        """How a change is signed in a ticket's history: with the user name, or with `sub` if that is a mail address."""
        return self.sub if "@" in self.name else self.name

    @property
    def is_admin(self) -> bool:
        """Whether the caller is an admin, from whom nothing is withheld."""
        return self.department is None

    def must_be_admin(self) -> None:
        """Refuse a caller who is no admin.

        Raises:
            RefusedError: 403 when the caller is no admin.
        """
        if not self.is_admin:
            raise _forbidden("Hanya admin yang boleh membuka bagian ini.")

    def department_to_read(self, asked: str | None) -> str | None:
        """Return the department that a list or figure is restricted to; None for all of them.

        Args:
            asked: The department the caller asked for; None when they named none.

        Raises:
            RefusedError: 403 when an officer asks for another department than their own.
        """
        if self.department is None or asked in {None, self.department}:
            return self.department or asked
        raise _forbidden("Akun Anda hanya boleh melihat data perangkat daerahnya sendiri.")

    def may_read(self, ticket: Ticket) -> bool:
        """Tell whether the caller may read the ticket: an admin, or an officer of the department that has it."""
        return self.department in {None, ticket.department}


def missing_ticket() -> RefusedError:
    """Return the refusal for a ticket that does not exist or is another department's.

    Both get the same answer, so that nobody can find out which codes exist.
    """
    return not_found("Tiket dengan kode itu tidak ditemukan.")


def caller(event: Mapping[str, Any]) -> Caller:
    """Recognise the caller of an API Gateway event.

    Raises:
        RefusedError: 401 without a verified ID token, so with an access token too, which says nothing of a department
            and is given to other clients; 403 when the account is in no known group, or in the group of
            departments without naming its department.
    """
    claims = claims_of(event)
    sub = claims.get("sub")
    if claims.get("token_use") != "id" or not isinstance(sub, str) or not sub:
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
    """Return the claims that API Gateway's authorizer put into the event; empty when there are none."""
    context = event.get("requestContext") or {}
    claims = (context.get("authorizer") or {}).get("claims")
    return claims if isinstance(claims, Mapping) else {}


def _groups(claim: object) -> frozenset[str]:
    """Read the groups, which come as a list or as one text: ``admin,department`` or ``[admin department]``."""
    if isinstance(claim, str):
        return frozenset(filter(None, re.split(r"[\s,\[\]]+", claim)))
    if isinstance(claim, list):
        return frozenset(str(group) for group in claim)
    return frozenset()
