"""Tickets: opened once per post in one transaction with everything that belongs to it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from botocore.exceptions import ClientError

from aduan.notice import Notice
from aduan.post import Post
from aduan.record import stamp
from aduan.store.notices import new_notice_item
from aduan.store.posts import AlreadyTriagedError, triaged_update
from aduan.store.table import (
    STATS_SHARDS,
    Item,
    Table,
    cancellation_codes,
    month_of,
    shard,
    stats_partition,
    ticket_key,
    to_image,
    to_item,
    values,
)
from aduan.ticket import Event, Ticket, Voice
from aduan.triage import Triage


class CodeTakenError(Exception):
    """Another post's ticket has this code; the caller tries the next one."""


class TicketStore(Protocol):
    """What the functions need of the table about tickets."""

    def open(
        self, post: Post, triage: Triage, ticket: Ticket, notices: Sequence[Notice], events: Iterable[Event]
    ) -> None:
        """Write triage, ticket, voice, events, notices and counters, all or nothing.

        Raises:
            AlreadyTriagedError: when the post was decided before; nothing is written.
            CodeTakenError: when the code belongs to another ticket; nothing is written.
        """

    def get(self, code: str) -> Ticket | None:
        """The ticket with this code, or None."""


@dataclass(frozen=True)
class DynamoTicketStore:
    """`TicketStore` on the table."""

    table: Table

    def open(
        self, post: Post, triage: Triage, ticket: Ticket, notices: Sequence[Notice], events: Iterable[Event]
    ) -> None:
        """One TransactWriteItems.

        The post's own condition comes first, then the ticket's: their order tells the reasons of a refusal apart.
        """
        voice = Voice(ticket=ticket.code, post=post.key, at=post.created_at)
        parts = [
            {"Update": triaged_update(self.table, post, triage, ticket=ticket.code)},
            self._put_new(to_item(ticket, ticket_key(ticket.code), listed=listed(ticket))),
            self._put_new(to_item(voice, under(ticket.code, f"VOICE#{post.key}"))),
            *(self._put_new(event_item(event)) for event in events),
            *(self._put_new(new_notice_item(notice)) for notice in notices),
            {"Update": self._count(ticket)},
        ]
        try:
            self.table.client.transact_write_items(TransactItems=parts)  # type: ignore[arg-type] # built from dicts
        except ClientError as error:
            refused = cancellation_codes(error)
            if refused[:1] == ["ConditionalCheckFailed"]:
                raise AlreadyTriagedError(post.key) from None
            if "ConditionalCheckFailed" in refused:
                raise CodeTakenError(ticket.code) from None
            raise

    def get(self, code: str) -> Ticket | None:
        """A consistent read."""
        item = self.table.get(ticket_key(code))
        return None if item is None else Ticket.model_validate(item)

    def _put_new(self, item: Item) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table.name,
                "Item": to_image(item),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _count(self, ticket: Ticket) -> dict[str, Any]:
        """Count the ticket under channel, topic and department, and under its status on the same item."""
        partition = stats_partition(month_of(ticket.opened_at), shard(ticket.code, STATS_SHARDS))
        return {
            "TableName": self.table.name,
            "Key": to_image({"pk": partition, "sk": f"{ticket.channel}#{ticket.topic}#{ticket.department}"}),
            "UpdateExpression": "ADD tickets :one, #status :one",
            "ExpressionAttributeNames": {"#status": f"status_{ticket.status}"},
            "ExpressionAttributeValues": values(one=1),
        }


def listed(ticket: Ticket) -> str:
    """Where a ticket stands in a list: by the time it was opened; the code tells two of one moment apart."""
    return f"{stamp(ticket.opened_at)}#{ticket.code}"


def under(code: str, sort: str) -> Item:
    """Key of an item that belongs to a ticket."""
    return {**ticket_key(code), "sk": sort}


def event_item(event: Event) -> Item:
    """An event lies under its ticket in the order of time."""
    return to_item(event, under(event.ticket, f"EVENT#{stamp(event.at)}#{event.move}"))
