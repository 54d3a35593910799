"""Spending on second opinions and SMS. It is booked before it is spent, so that no month exceeds its budget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from botocore.exceptions import ClientError

from aduan.record import SCHEMA_VERSION, month_of
from aduan.store.table import Table, condition_failed, refused_item, spending_key, to_image, values


class SpendingStore(Protocol):
    """Books and settles spending. Amounts are in millionths of a USD, months are those of WIB."""

    def book(self, ask: str, now: datetime, amount: int, budget: int) -> bool:
        """Book an amount for one question or SMS, named `ask`; False when it would exceed the month's `budget`."""

    def settle(self, ask: str, now: datetime, difference: int) -> None:
        """Add `difference`, actual minus booked amount, to the spending of the month of `now`.

        This is done once for each `ask`. Nothing happens when it is not booked or settled already.
        """


@dataclass(frozen=True)
class DynamoSpendingStore:
    """A `SpendingStore` on the table: one item a month, with the sum and the names of what is not settled yet."""

    table: Table
    what: str = "SECOND_OPINIONS"
    """What the money is for. Each purpose has a budget of its own."""

    def book(self, ask: str, now: datetime, amount: int, budget: int) -> bool:
        """Make one conditional update. A repeated one meets its own name, which counts as success."""
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
        """Make one conditional update that removes the name, so that a repeated one finds nothing to do."""
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
