"""Counts of what was sent to whom lately, so that nobody gets too much."""

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
"""How long these counts are kept; then the table deletes them."""
_LAST: Final = "~"
"""Sorts after every moment as text."""


class SendingStore(Protocol):
    """Reads and writes the counts."""

    def opened(self, department: str, since: datetime, most: int, before: Ticket | None = None) -> int:
        """Count a department's tickets that were opened at `since` or later; at most `most` are counted.

        With `before`, only those that were opened before that ticket are counted.
        """

    def counted(self, reader: str, now: datetime) -> int:
        """Return how many mails to a reader were counted in this hour of the clock, in WIB."""

    def count(self, reader: str, now: datetime, limit: int) -> int:
        """Count a mail to a reader in this hour of the clock, in WIB, unless `limit` mails were counted already.

        Returns:
            How many were counted before it; `limit` when it was not counted.
        """

    def count_today(self, what: str, now: datetime, limit: int) -> bool:
        """Count one more of something in this day of WIB, and return True; False when `limit` were counted already."""

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """Note an SMS to a department about a matter, and return True.

        Returns False, and notes nothing, when one for another ticket was noted less than `within` ago.
        """


@dataclass(frozen=True)
class DynamoSendingStore:
    """A `SendingStore` on the table."""

    table: Table

    def opened(self, department: str, since: datetime, most: int, before: Ticket | None = None) -> int:
        """Make one query of an index, at half a read unit for four tickets."""
        own = listed(before) if before is not None else _LAST
        found = self.table.query(
            "department = :department AND listed BETWEEN :since AND :own",
            IndexName="by_department",
            Limit=most,
            ExpressionAttributeValues=values(department=department, since=since, own=own),
        )
        return len([item for item in found if item["listed"] != own])

    def counted(self, reader: str, now: datetime) -> int:
        """Make one read of half a unit."""
        item = self.table.get(_hour(reader, now), consistent=False)
        return int(item["mails"]) if item is not None else 0

    def count(self, reader: str, now: datetime, limit: int) -> int:
        """Make one conditional update.

        An update repeated by the SDK may count twice: then a mail goes into the digest early, but none is lost.
        """
        return self._count(_hour(reader, now), now, limit)

    def count_today(self, what: str, now: datetime, limit: int) -> bool:
        """Make one conditional update, as `count` does."""
        return self._count(sending_key(what, f"DAY#{now.astimezone(WIB):%Y-%m-%d}"), now, limit) < limit

    def _count(self, key: Item, now: datetime, limit: int) -> int:
        try:
            answer = self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(key),
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
        """Make one conditional update. The same ticket may note its SMS again, when sending it is tried again."""
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
