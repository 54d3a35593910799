"""Stores examples, one for each corrected post. They are written and forgotten in the transaction of a ticket's change.

The key of an example follows from the month in which the ticket was opened and from the post's key. So code that
changes or erases a post finds its example without a search.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final, Protocol

from aduan.example import Example
from aduan.record import month_of
from aduan.store.pages import CursorError, page_cursor, page_position
from aduan.store.table import (
    EXAMPLE_SHARDS,
    Item,
    Table,
    example_partition,
    from_image,
    shard,
    to_image,
    to_item,
    values,
)

if TYPE_CHECKING:
    from aduan.ticket import Ticket

_POSITION: Final = re.compile(r"(\d)#([a-z_]+#[A-Za-z0-9_.:-]+)?")
"""A position in the examples: the number of a shard, and the key of the post in it after which to continue."""


class ExampleStore(Protocol):
    """What the functions need from the table about examples. `TicketStore` writes them."""

    def get(self, ticket: Ticket) -> Example | None:
        """Return the example of a ticket's first post; None when nobody corrected it, or the post changed since."""

    def page(self, month: str, limit: int, after: str | None = None) -> tuple[tuple[Example, ...], str | None]:
        """Return examples whose tickets were opened in a month, and the cursor of the next page, None on the last.

        The month is like ``2026-11``, in WIB. The order has no meaning. A page may hold fewer than `limit` examples
        and still have a next page.

        Raises:
            CursorError: when `after` is not a cursor.
        """


@dataclass(frozen=True)
class DynamoExampleStore:
    """`ExampleStore` on the table."""

    table: Table

    def get(self, ticket: Ticket) -> Example | None:
        """Make a consistent read: the next label is built on the last one."""
        item = self.table.get(example_key(ticket))
        return None if item is None or "said" not in item else Example.model_validate(item)

    def page(self, month: str, limit: int, after: str | None = None) -> tuple[tuple[Example, ...], str | None]:
        """Make at most one query for each shard."""
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
                FilterExpression="attribute_exists(said)",  # a forgotten item stays until the table drops it
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
    """Return the key of the example of a ticket's first post."""
    return example_place(ticket.opened_at, ticket.post)


def example_place(counted_at: datetime, post: str) -> Item:
    """Return the key of the example of a post.

    `counted_at` is when its ticket was opened, or when the post was written if a person decided about it in its lane.
    """
    return {"pk": example_partition(month_of(counted_at), shard(post, EXAMPLE_SHARDS)), "sk": post}


def keeping(table: Table, counted_at: datetime, example: Example) -> dict[str, Any]:
    """Return the part of a transaction that stores an example, replacing an earlier one of the same post."""
    key = example_place(counted_at, example.post)
    return {"Put": {"TableName": table.name, "Item": to_image(to_item(example, key))}}


def forgetting(table: Table, counted_at: datetime, post: str, at: datetime) -> dict[str, Any]:
    """Return the part of a transaction that forgets an example, because its post was edited or erased.

    The content goes at once. The empty item expires, because no function may delete items.
    """
    return {
        "Update": {
            "TableName": table.name,
            "Key": to_image(example_place(counted_at, post)),
            "UpdateExpression": (
                "SET expires_at = :now REMOVE #text, context, thread, said, decision, post, ticket, #at, link_of, #by"
            ),
            "ExpressionAttributeNames": {"#text": "text", "#at": "at", "#by": "by"},
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
