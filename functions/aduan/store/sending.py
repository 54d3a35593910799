"""What was sent to whom lately, so that nobody gets too much."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from aduan.record import SCHEMA_VERSION, WIB
from aduan.store.table import Item, Table, condition_failed, sending_key, to_image, values
from aduan.store.tickets import listed

if TYPE_CHECKING:
    from aduan.ticket import Ticket

KEPT: Final = timedelta(days=1)
"""How long what is counted here is of any use; then the table forgets it."""
_LAST: Final = "~"
"""After every moment, as text."""


class SendingStore(Protocol):
    """What sending needs of the table besides the notices."""

    def opened(self, department: str, since: datetime, most: int, before: Ticket | None = None) -> int:
        """How many of a department's tickets were opened from `since` on, and before a ticket; at most `most`."""

    def counted(self, reader: str, now: datetime) -> int:
        """How many mails to a reader were counted in this hour of the clock, in WIB."""

    def count(self, reader: str, now: datetime, limit: int) -> int:
        """Count a mail to a reader in this hour of the clock, in WIB, unless `limit` were counted.

        Returns how many were counted before it; `limit`, when it was not counted.
        """

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """Note an SMS about a matter; False when another ticket's went to the department less than `within` ago."""


@dataclass(frozen=True)
class DynamoSendingStore:
    """`SendingStore` on the table."""

    table: Table

    def opened(self, department: str, since: datetime, most: int, before: Ticket | None = None) -> int:
        """One query of an index, at half a read unit for four tickets."""
        own = listed(before) if before is not None else _LAST
        found = self.table.query(
            "department = :department AND listed BETWEEN :since AND :own",
            IndexName="by_department",
            Limit=most,
            ExpressionAttributeValues=values(department=department, since=since, own=own),
        )
        return len([item for item in found if item["listed"] != own])

    def counted(self, reader: str, now: datetime) -> int:
        """A read of half a unit."""
        item = self.table.get(_hour(reader, now), consistent=False)
        return int(item["mails"]) if item is not None else 0

    def count(self, reader: str, now: datetime, limit: int) -> int:
        """One conditional update. One repeated by the SDK may count twice, which sends a mail less and loses none."""
        try:
            answer = self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(_hour(reader, now)),
                UpdateExpression="SET schema_version = :version, expires_at = :expires_at ADD mails :one",
                ConditionExpression="attribute_not_exists(mails) OR mails < :limit",
                ExpressionAttributeValues=values(
                    version=SCHEMA_VERSION, one=1, limit=limit, expires_at=_expires_at(now)
                ),
                ReturnValues="UPDATED_NEW",
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return limit
        return int(answer["Attributes"]["mails"]["N"]) - 1

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """One conditional update. The same ticket may note it again: its SMS is tried again."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(sending_key(department, f"SMS#{matter}")),
                UpdateExpression=(
                    "SET schema_version = :version, expires_at = :expires_at, last_ticket = :ticket, noted_at = :now"
                ),
                ConditionExpression="attribute_not_exists(pk) OR last_ticket = :ticket OR noted_at <= :before",
                ExpressionAttributeValues=values(
                    version=SCHEMA_VERSION, expires_at=_expires_at(now), ticket=ticket, now=now, before=now - within
                ),
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return False
        return True


def _hour(reader: str, now: datetime) -> Item:
    return sending_key(reader, f"HOUR#{now.astimezone(WIB):%Y-%m-%dT%H}")


def _expires_at(now: datetime) -> int:
    return int((now + KEPT).timestamp())
