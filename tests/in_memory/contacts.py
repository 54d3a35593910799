"""Contacts in memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from aduan.notice import Contact, ContactChangeNotice, ContactId, ContactNotice
from aduan.store.table import OutdatedError
from tests.in_memory.memory import Memory


@dataclass
class InMemoryContactStore:
    """`ContactStore` in memory."""

    memory: Memory

    def get(self, contact: ContactId) -> Contact | None:
        """Look up."""
        with self.memory.call():
            return self.memory.contacts.get(str(contact))

    def put(
        self, contact: Contact, replaced: Contact | None = None, notices: Iterable[ContactChangeNotice] = ()
    ) -> None:
        """Replace, and keep each version."""
        with self.memory.call(write=True):
            stored = self.memory.contacts.get(str(contact.id))
            if replaced is not None and (stored is None or stored.updated_at != replaced.updated_at):
                raise OutdatedError(str(contact.id))
            self.memory.notices.update({notice.id: notice for notice in notices})
            self.memory.contacts[str(contact.id)] = contact
            for version in (contact, *([replaced] if replaced is not None else [])):
                self.memory.contact_versions[str(contact.id), version.updated_at] = version

    def versions(self, contact: ContactId, limit: int) -> list[Contact]:
        """Youngest first."""
        with self.memory.call():
            versions = [one for (whose, _), one in self.memory.contact_versions.items() if whose == str(contact)]
            return sorted(versions, key=lambda one: one.updated_at, reverse=True)[:limit]

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """Both or neither."""
        with self.memory.call(write=True):
            which = notice.which.removesuffix("email")
            stored = self.memory.contacts[str(contact.id)]
            if stored.updated_at != contact.updated_at or getattr(stored, f"{which}dead_since") is not None:
                return False
            dead = {f"{which}dead_since": notice.died_at, f"{which}dead_because": notice.reason}
            self.memory.contacts[str(contact.id)] = stored.model_copy(update=dead)
            self.memory.notices[notice.id] = notice
            return True
