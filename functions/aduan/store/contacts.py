"""Contacts: how each department is reached, and which of its addresses are dead."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import Contact, ContactChangeNotice, ContactId, ContactNotice
from aduan.record import stamp
from aduan.store.notices import new_notice_item
from aduan.store.table import (
    OutdatedError,
    Table,
    attributes,
    condition_failed,
    contact_key,
    to_image,
    to_item,
    values,
)

_VERSION: Final = "CONTACT#"


class ContactStore(Protocol):
    """Reads and writes contacts."""

    def get(self, contact: ContactId) -> Contact | None:
        """Return a contact, or None."""

    def put(
        self, contact: Contact, replaced: Contact | None = None, notices: Iterable[ContactChangeNotice] = ()
    ) -> None:
        """Replace a contact and put the change on record. Its addresses are alive again unless it says otherwise.

        Args:
            contact: The new contact; it says who wrote it and when.
            replaced: The contact as it was, which is put on record too; None when there was none.
            notices: Tell of the change; they come into the outbox with it.

        Raises:
            OutdatedError: when the contact is no longer as it was. Nothing is written.
        """

    def versions(self, contact: ContactId, limit: int) -> list[Contact]:
        """List the versions of a contact that are on record, the latest first, at most `limit` of them."""

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """Mark an address as dead and put the notice about it into the outbox; both are done or neither.

        Args:
            contact: As it was read.
            notice: Says which of the contact's addresses died, when and why.

        Returns:
            True when both were done; False when the address is dead already or the contact was replaced since it was
            read.
        """


@dataclass(frozen=True)
class DynamoContactStore:
    """A `ContactStore` on the table."""

    table: Table

    def get(self, contact: ContactId) -> Contact | None:
        """Make one consistent read, so that a corrected address counts from the next notice on."""
        item = self.table.get(contact_key(contact))
        return None if item is None else Contact.model_validate(item)

    def put(
        self, contact: Contact, replaced: Contact | None = None, notices: Iterable[ContactChangeNotice] = ()
    ) -> None:
        """Make one TransactWriteItems. Without `replaced` the last write wins."""
        items = [to_item(contact, contact_key(contact.id))]
        for version in (contact, *([replaced] if replaced is not None else [])):
            key = {**contact_key(contact.id), "sk": f"{_VERSION}{stamp(version.updated_at)}"}
            items.append(to_item(version, key))
        # One version can be in it only once: two writes within one microsecond are the same.
        different = list({item["sk"]: item for item in items}.values())
        puts: list[dict[str, Any]] = [{"TableName": self.table.name, "Item": to_image(item)} for item in different]
        if replaced is not None:
            # Of two who replace the same contact at once one starts again, so that each change is told of once.
            puts[0] |= {
                "ConditionExpression": "updated_at = :read",
                "ExpressionAttributeValues": values(read=attributes(replaced)["updated_at"]),
            }
        puts += [{"TableName": self.table.name, "Item": to_image(new_notice_item(notice))} for notice in notices]
        try:
            self.table.transact([{"Put": put} for put in puts])
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(str(contact.id)) from None
            raise

    def versions(self, contact: ContactId, limit: int) -> list[Contact]:
        """Make one consistent query."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :version)",
            ConsistentRead=True,
            ScanIndexForward=False,
            ExpressionAttributeValues=values(pk=contact_key(contact)["pk"], version=_VERSION),
            Limit=limit,
        )
        return [Contact.model_validate(item) for item in items]

    def died(self, contact: Contact, notice: ContactNotice) -> bool:
        """Make one TransactWriteItems."""
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
