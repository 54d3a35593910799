"""Examples: what a person corrected, one a post, written and forgotten together with the ticket it is about.

They lie by the month in which the ticket was opened and by the post's key, so whoever changes or erases a post finds
its example without looking for it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from aduan.example import Example
from aduan.store.pages import CursorError, page_cursor, page_position
from aduan.store.table import (
    EXAMPLE_SHARDS,
    Item,
    Table,
    example_partition,
    from_image,
    month_of,
    shard,
    to_image,
    to_item,
    values,
)

if TYPE_CHECKING:
    from aduan.ticket import Ticket

_POSITION: Final = re.compile(r"(\d)#([a-z_]+#[A-Za-z0-9_.:-]+)?")
"""Number of a shard, and the post in it after which to go on."""


class ExampleStore(Protocol):
    """What the functions need of the table about examples. `TicketStore` writes them."""

    def get(self, ticket: Ticket) -> Example | None:
        """The example of the ticket's first post; None when nobody corrected it, or the post changed since."""

    def page(self, month: str, limit: int, after: str | None = None) -> tuple[tuple[Example, ...], str | None]:
        """Examples whose tickets were opened in a month, ``2026-11`` in WIB, with the cursor of the next page.

        In no order that means anything. A page may hold fewer than `limit` and still have a next one.

        Raises:
            CursorError: when `after` is not a cursor.
        """


@dataclass(frozen=True)
class DynamoExampleStore:
    """`ExampleStore` on the table."""

    table: Table

    def get(self, ticket: Ticket) -> Example | None:
        """A consistent read: what was said before is part of what is written next."""
        item = self.table.get(example_key(ticket))
        return None if item is None or "post" not in item else Example.model_validate(item)

    def page(self, month: str, limit: int, after: str | None = None) -> tuple[tuple[Example, ...], str | None]:
        """At most one query per shard."""
        number, post = _position(after)
        found: list[Example] = []
        while number < EXAMPLE_SHARDS and len(found) < limit:
            partition = example_partition(month, number)
            start: dict[str, Any] = {}
            if post is not None:
                start = {"ExclusiveStartKey": to_image({"pk": partition, "sk": post})}
            answer = self.table.client.query(
                TableName=self.table.name,
                KeyConditionExpression="pk = :pk",
                FilterExpression="attribute_exists(post)",  # what was forgotten is still there until the table drops it
                ExpressionAttributeValues=values(pk=partition),
                Limit=limit - len(found),
                **start,
            )
            found += [Example.model_validate(from_image(image)) for image in answer["Items"]]
            if "LastEvaluatedKey" in answer:
                post = from_image(answer["LastEvaluatedKey"])["sk"]
                break
            number, post = number + 1, None
        following = page_cursor(f"{number}#{post or ''}") if number < EXAMPLE_SHARDS else None
        return tuple(found), following


def example_key(ticket: Ticket) -> Item:
    """Key of the example of a ticket's first post."""
    partition = example_partition(month_of(ticket.opened_at), shard(ticket.post, EXAMPLE_SHARDS))
    return {"pk": partition, "sk": ticket.post}


def keeping(table: Table, ticket: Ticket, example: Example) -> dict[str, Any]:
    """The part of a transaction that keeps an example in the place of the one before."""
    return {"Put": {"TableName": table.name, "Item": to_image(to_item(example, example_key(ticket)))}}


def forgetting(table: Table, ticket: Ticket, at: datetime) -> dict[str, Any]:
    """The part of a transaction that takes an example away, because its words are not what stands there any more.

    Its content goes at once, and what is left of the item when the table comes to it: no function may delete.
    """
    return {
        "Update": {
            "TableName": table.name,
            "Key": to_image(example_key(ticket)),
            "UpdateExpression": "SET expires_at = :now REMOVE #text, #label, said, decision, post, ticket, #at",
            "ExpressionAttributeNames": {"#text": "text", "#label": "label", "#at": "at"},
            "ExpressionAttributeValues": values(now=int(at.timestamp())),
        }
    }


def _position(cursor: str | None) -> tuple[int, str | None]:
    if cursor is None:
        return 0, None
    found = _POSITION.fullmatch(page_position(cursor))
    if found is None:
        raise CursorError("not a position")
    return int(found[1]), found[2]
