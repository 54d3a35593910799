"""Contacts in memory."""

from __future__ import annotations

from dataclasses import dataclass

from aduan.notice import Contact, ContactId, ContactNotice
from tests.in_memory.memory import Memory


@dataclass
class InMemoryContactStore:
    """`ContactStore` in memory."""

    memory: Memory

    def get(self, contact: ContactId) -> Contact | None:
        """Look up."""
        with self.memory.call():
            return self.memory.contacts.get(str(contact))

    def put(self, contact: Contact) -> None:
        """Replace."""
        with self.memory.call(write=True):
            self.memory.contacts[str(contact.id)] = contact

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
