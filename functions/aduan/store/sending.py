"""What was sent to whom lately, and what it cost: so that nobody gets too much, and no month costs too much."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import SmsBudgetNotice
from aduan.record import SCHEMA_VERSION, WIB
from aduan.store.notices import new_notice_item
from aduan.store.spending import DynamoSpendingStore
from aduan.store.table import Table, condition_failed, sending_key, to_image, values

KEPT: Final = timedelta(days=1)
"""How long what is counted here is of any use; then the table forgets it."""


class SendingStore(Protocol):
    """What sending needs of the table besides the notices."""

    def count(self, department: str, now: datetime, limit: int) -> int:
        """Count a mail to a department in this hour of the clock, in WIB, unless `limit` were counted.

        Returns how many were counted before it; `limit`, when it was not counted.
        """

    def first_sms(self, department: str, matter: str, ticket: str, now: datetime, within: timedelta) -> bool:
        """Note an SMS about a matter; False when another ticket's went to the department less than `within` ago."""

    def book_sms(self, name: str, now: datetime, amount: int, budget: int) -> bool:
        """Set aside what an SMS costs, in millionths of a USD; False when the month's budget does not hold it."""

    def settle_sms(self, name: str, now: datetime, difference: int) -> None:
        """Correct what was booked at `now` by what it really was, once."""

    def announce(self, notice: SmsBudgetNotice) -> None:
        """Put the notice into the outbox, unless this month's is there."""


@dataclass(frozen=True)
class DynamoSendingStore:
    """`SendingStore` on the table."""

    table: Table

    def count(self, department: str, now: datetime, limit: int) -> int:
        """One conditional update. One repeated by the SDK may count twice, which sends a mail less and loses none."""
        try:
            answer = self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(sending_key(department, f"HOUR#{now.astimezone(WIB):%Y-%m-%dT%H}")),
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

    def book_sms(self, name: str, now: datetime, amount: int, budget: int) -> bool:
        """Beside what second opinions cost, with a budget of its own."""
        return self._spending.book(name, now, amount, budget)

    def settle_sms(self, name: str, now: datetime, difference: int) -> None:
        """A repeated one finds nothing to do."""
        self._spending.settle(name, now, difference)

    def announce(self, notice: SmsBudgetNotice) -> None:
        """One conditional put."""
        self.table.put_new(new_notice_item(notice))

    @property
    def _spending(self) -> DynamoSpendingStore:
        return DynamoSpendingStore(self.table, "SMS")


def _expires_at(now: datetime) -> int:
    return int((now + KEPT).timestamp())
