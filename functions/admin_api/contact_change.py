"""Works out who is told that a contact was changed: the addresses that were taken out of it. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from aduan.notice import ContactChangeNotice

if TYPE_CHECKING:
    from aduan.notice import Contact

_ADDRESSES: Final[tuple[Literal["email", "fallback_email"], ...]] = ("email", "fallback_email")


def told_of_change(before: Contact | None, after: Contact) -> tuple[ContactChangeNotice, ...]:
    """Return a notice to each living mail address that `before` had and `after` has no longer.

    Whoever took over an admin's account could otherwise turn a department's complaints to themselves unseen. A dead
    address could not be told.
    """
    if before is None:
        return ()
    living, kept = before.addresses("email"), {after.email, after.fallback_email}
    return tuple(
        ContactChangeNotice(
            about=after.id,
            department=after.id.department,
            which=which,
            address=address,
            instead=_veiled(after.email),
            changed_at=after.updated_at,
            created_at=after.updated_at,
        )
        for which in _ADDRESSES
        if (address := getattr(before, which)) in living and address not in kept
    )


def _veiled(address: str | None) -> str | None:
    """Return an address of which only the first letter and the domain can be read."""
    if address is None:
        return None
    name, _, domain = address.rpartition("@")
    return f"{name[:1]}…@{domain}"
