"""What is spent on second opinions and SMS: booked before it is spent, so that no month costs more than its budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from botocore.exceptions import ClientError

from aduan.record import SCHEMA_VERSION, month_of
from aduan.store.table import Table, condition_failed, refused_item, spending_key, to_image, values


class SpendingStore(Protocol):
    """What the functions need of the table about money. Amounts are millionths of a USD, months are those of WIB."""

    def book(self, ask: str, now: datetime, amount: int, budget: int) -> bool:
        """Set an amount aside for one question or SMS, named `ask`; False when the month's budget does not hold it."""

    def settle(self, ask: str, now: datetime, difference: int) -> None:
        """Correct what was booked at `now` by what it really was, once; nothing happens for what is not booked."""


@dataclass(frozen=True)
class DynamoSpendingStore:
    """`SpendingStore` on the table: an item a month, with its sum and the names of what is not settled yet."""

    table: Table
    what: str = "SECOND_OPINIONS"
    """What the money is for; each has a budget of its own."""

    def book(self, ask: str, now: datetime, amount: int, budget: int) -> bool:
        """One conditional update. A repeated one meets its own name, which counts as success."""
        if amount > budget:
            return False
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(spending_key(month_of(now), self.what)),
                UpdateExpression="SET schema_version = :schema_version ADD spent :amount, unsettled :asks",
                ConditionExpression=(
                    "(attribute_not_exists(spent) OR spent <= :most) AND NOT contains(unsettled, :ask)"
                ),
                ExpressionAttributeValues=values(
                    schema_version=SCHEMA_VERSION, amount=amount, asks={ask}, most=budget - amount, ask=ask
                ),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            return ask in refused_item(error).get("unsettled", ())
        return True

    def settle(self, ask: str, now: datetime, difference: int) -> None:
        """One conditional update, which takes the name away: a repeated one finds nothing to do."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(spending_key(month_of(now), self.what)),
                UpdateExpression="ADD spent :difference DELETE unsettled :asks",
                ConditionExpression="contains(unsettled, :ask)",
                ExpressionAttributeValues=values(difference=difference, asks={ask}, ask=ask),
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
