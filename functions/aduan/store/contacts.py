"""How each department is told."""

from dataclasses import dataclass
from typing import Protocol

from aduan.notice import Contact
from aduan.store.table import Table, contact_key, to_image, to_item


class ContactStore(Protocol):
    """What the functions need of the table about contacts."""

    def get(self, department: str) -> Contact | None:
        """The department's contact, or None."""

    def put(self, contact: Contact) -> None:
        """Replace the department's contact."""


@dataclass(frozen=True)
class DynamoContactStore:
    """`ContactStore` on the table."""

    table: Table

    def get(self, department: str) -> Contact | None:
        """A consistent read: a corrected address counts from the next notice on."""
        item = self.table.get(contact_key(department))
        return None if item is None else Contact.model_validate(item)

    def put(self, contact: Contact) -> None:
        """The last write wins; who wrote it and when is on the item."""
        self.table.client.put_item(
            TableName=self.table.name, Item=to_image(to_item(contact, contact_key(contact.department)))
        )
