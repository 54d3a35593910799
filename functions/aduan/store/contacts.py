"""How each department is told, and which of its addresses are dead."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from botocore.exceptions import ClientError

from aduan.notice import Contact, ContactId, ContactNotice
from aduan.store.notices import new_notice_item
from aduan.store.table import Table, attributes, condition_failed, contact_key, to_image, to_item, values


class ContactStore(Protocol):
    """What the functions need of the table about contacts."""

    def get(self, contact: ContactId) -> Contact | None:
        """How somebody is told, or None."""

    def put(self, contact: Contact) -> None:
        """Replace a contact; its addresses are alive again unless it says otherwise."""

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """Mark the address that a notice to the desk is about as dead, and put that notice into the outbox, or neither.

        Args:
            contact: As it was read.
            notice: Which of its addresses died, when and why.

        Returns:
            Whether it was; not when it is dead already, or the contact was replaced since it was read.
        """


@dataclass(frozen=True)
class DynamoContactStore:
    """`ContactStore` on the table."""

    table: Table

    def get(self, contact: ContactId) -> Contact | None:
        """A consistent read: a corrected address counts from the next notice on."""
        item = self.table.get(contact_key(contact))
        return None if item is None else Contact.model_validate(item)

    def put(self, contact: Contact) -> None:
        """The last write wins; who wrote it and when is on the item."""
        self.table.client.put_item(TableName=self.table.name, Item=to_image(to_item(contact, contact_key(contact.id))))

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """One TransactWriteItems."""
        which = notice.which.removesuffix("email")
        parts = [
            {
                "Update": {
                    "TableName": self.table.name,
                    "Key": to_image(contact_key(contact.id)),
                    "UpdateExpression": f"SET {which}dead_since = :at, {which}dead_because = :because",
                    "ConditionExpression": f"updated_at = :read AND attribute_not_exists({which}dead_since)",
                    "ExpressionAttributeValues": values(
                        at=notice.died_at, because=notice.reason, read=attributes(contact)["updated_at"]
                    ),
                }
            },
            {
                "Put": {
                    "TableName": self.table.name,
                    "Item": to_image(new_notice_item(notice)),
                    "ConditionExpression": "attribute_not_exists(pk)",
                }
            },
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True
