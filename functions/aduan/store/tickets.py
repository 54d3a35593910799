"""Tickets: each change of one is written in one transaction with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import Notice
from aduan.record import stamp
from aduan.store.examples import forgetting, keeping
from aduan.store.notices import new_notice_item, renewal, withdrawal
from aduan.store.posts import due_items, erasure, triaged_update, unchanged
from aduan.store.replies import reply_item
from aduan.store.table import (
    FORUM,
    QUEUE_SHARDS,
    STATS_SHARDS,
    Item,
    OutdatedError,
    Table,
    author_key,
    cancellation_codes,
    condition_failed,
    month_of,
    queue,
    shard,
    stats_partition,
    ticket_key,
    to_image,
    to_item,
    values,
)
from aduan.ticket import Event, Resolution, Ticket, clock_of

if TYPE_CHECKING:
    from aduan.change import Change

RESOLUTION_KEPT: Final = timedelta(days=28)
"""How long it is kept for an author that his ticket is resolved: what he says may be read late."""


class CodeTakenError(Exception):
    """Another post's ticket has this code; the caller tries the next one."""


class TicketStore(Protocol):
    """What the functions need of the table about tickets."""

    def write(self, change: Change) -> None:
        """Write a change with everything that belongs to it, all or nothing.

        Raises:
            OutdatedError: when post, ticket or a notice was written meanwhile; nothing of the change is.
            CodeTakenError: when it opens a ticket whose code belongs to another one; nothing is written.
        """

    def get(self, code: str) -> Ticket | None:
        """The ticket with this code, or None."""

    def resolved(self, author: str) -> list[Resolution]:
        """The tickets of an author that were declared resolved lately."""

    def history(self, code: str) -> list[Event]:
        """What happened to a ticket, in the order of time."""

    def due(self, now: datetime) -> Iterator[str]:
        """Codes of the tickets about which something is to be done by now."""


@dataclass(frozen=True)
class DynamoTicketStore:
    """`TicketStore` on the table."""

    table: Table

    def write(self, change: Change) -> None:
        """One TransactWriteItems, on the very versions of post, ticket and notices that were read.

        The post's part comes first, then the ticket's: their order tells the reasons of a refusal apart.
        """
        outbox = self._notices(change.after.code) if change.needs_outbox else []
        parts = [
            *self._post(change),
            *self._ticket(change),
            *(self._put_new(event_item(event)) for event in change.events),
            *(self._put_new(new_notice_item(notice)) for notice in change.additions(outbox)),
            *({"Put": renewal(self.table, *pair)} for pair in change.renewals(outbox)),
            *({"Update": withdrawal(self.table, notice)} for notice in change.stale(outbox)),
            *self._author(change),
            *self._example(change),
            *self._counters(change),
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if not condition_failed(error):
                raise
            if change.before is None and cancellation_codes(error)[0] != "ConditionalCheckFailed":
                raise CodeTakenError(change.after.code) from None
            raise OutdatedError(change.after.code) from None

    def get(self, code: str) -> Ticket | None:
        """A consistent read."""
        item = self.table.get(ticket_key(code))
        return None if item is None else Ticket.model_validate(item)

    def resolved(self, author: str) -> list[Resolution]:
        """One query, half a read unit: what was resolved a second ago cannot have been seen yet."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :resolved)",
            ExpressionAttributeValues=values(pk=author_key(author, "")["pk"], resolved="RESOLVED#"),
        )
        return [Resolution.model_validate(item) for item in items]

    def history(self, code: str) -> list[Event]:
        """A consistent query."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :event)",
            ConsistentRead=True,
            ExpressionAttributeValues=values(pk=ticket_key(code)["pk"], event="EVENT#"),
        )
        return [Event.model_validate(item) for item in items]

    def due(self, now: datetime) -> Iterator[str]:
        """Query the sparse index, one shard after the other."""
        for number in range(QUEUE_SHARDS):
            for item in due_items(self.table, f"TICKET#{number}", now):
                yield item["pk"].removeprefix("TICKET#")

    def _notices(self, code: str) -> list[Notice]:
        """All notices of a ticket, as they are now."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :notice)",
            ConsistentRead=True,
            ExpressionAttributeValues=values(pk=ticket_key(code)["pk"], notice="NOTICE#"),
        )
        return [Notice.model_validate(item) for item in items]

    def _post(self, change: Change) -> list[dict[str, Any]]:
        """What is written about the post, on the condition that it is as it was read."""
        post = change.post
        if post is None:
            return []
        if change.decision is not None:
            return [{"Update": triaged_update(self.table, post, change.decision, ticket=change.after.code)}]
        if change.tombstone is not None:
            return [{"Update": erasure(self.table, post, change.tombstone, change.at)}]
        return [{"ConditionCheck": unchanged(self.table, post)}] if change.as_read else []

    def _ticket(self, change: Change) -> list[dict[str, Any]]:
        """The ticket, if it changes, and the voice that it gets."""
        parts = []
        if change.before is None:
            parts.append(self._put_new(ticket_item(change.ticket)))
        elif change.is_written:
            parts.append(
                self._put(
                    ticket_item(change.ticket),
                    ConditionExpression="version = :version",
                    ExpressionAttributeValues=values(version=change.before.version),
                )
            )
        if (voice := change.voice) is not None:
            parts.append(self._put_new(to_item(voice, under(voice.ticket, f"VOICE#{voice.post}"))))
        return parts

    def _author(self, change: Change) -> list[dict[str, Any]]:
        """What the author of the post is told, and what is kept for the case that he contradicts."""
        parts = []
        if (reply := change.reply) is not None:
            parts.append(self._put_new(reply_item(reply)))
        if (resolution := change.resolution) is not None:
            expires_at = int((resolution.resolved_at + RESOLUTION_KEPT).timestamp())
            key = author_key(resolution.author, f"RESOLVED#{resolution.ticket}")
            parts.append(self._put(to_item(resolution, key, expires_at=expires_at)))
        return parts

    def _example(self, change: Change) -> list[dict[str, Any]]:
        if change.example is not None:
            return [keeping(self.table, change.after, change.example)]
        return [forgetting(self.table, change.after, change.at)] if change.forgets_example else []

    def _counters(self, change: Change) -> list[dict[str, Any]]:
        """Count the ticket where it is now. A refusal moves it, and is counted as a misroute where it was."""
        before, after = change.before, change.after
        if before is None:
            return [{"Update": self._count(after)}]
        if counter(before) != counter(after):
            return [{"Update": self._count(before, -1, change.misroutes)}, {"Update": self._count(after)}]
        return [{"Update": self._count_status(before, after)}] if before.status != after.status else []

    def _put_new(self, item: Item) -> dict[str, Any]:
        return self._put(item, ConditionExpression="attribute_not_exists(pk)")

    def _put(self, item: Item, **condition: Any) -> dict[str, Any]:
        return {"Put": {"TableName": self.table.name, "Item": to_image(item), **condition}}

    def _count(self, ticket: Ticket, number: int = 1, misroutes: int = 0) -> dict[str, Any]:
        """Count the ticket under channel, topic and department, and under its status on the same item."""
        counted = {"number": number, **({"misroutes": misroutes} if misroutes else {})}
        also = ", misroutes :misroutes" if misroutes else ""
        return {
            "TableName": self.table.name,
            "Key": to_image(counter(ticket)),
            "UpdateExpression": f"ADD tickets :number, #status :number{also}",
            "ExpressionAttributeNames": {"#status": f"status_{ticket.status}"},
            "ExpressionAttributeValues": values(**counted),
        }

    def _count_status(self, before: Ticket, after: Ticket) -> dict[str, Any]:
        """Count a ticket that only changed its status."""
        return {
            "TableName": self.table.name,
            "Key": to_image(counter(after)),
            "UpdateExpression": "ADD #before :minus, #after :plus",
            "ExpressionAttributeNames": {"#before": f"status_{before.status}", "#after": f"status_{after.status}"},
            "ExpressionAttributeValues": values(minus=-1, plus=1),
        }


def counter(ticket: Ticket) -> Item:
    """Key of the counter that a ticket is counted on."""
    partition = stats_partition(month_of(ticket.opened_at), shard(ticket.code, STATS_SHARDS))
    return {"pk": partition, "sk": f"{ticket.channel}#{ticket.topic}#{ticket.department}"}


def ticket_item(ticket: Ticket) -> Item:
    """A ticket as it is written: in the lists, and on the queue of what `follow_up` is to look at, or of the forum."""
    waiting = {}
    if ticket.act_at is not None:
        on_list = ticket.on_forum_list and ticket.clock == clock_of(ticket)
        where = FORUM if on_list else queue("TICKET", ticket.code)
        waiting = {"work_queue": where, "act_at": stamp(ticket.act_at)}
    return to_item(ticket, ticket_key(ticket.code), listed=listed(ticket), **waiting)


def listed(ticket: Ticket) -> str:
    """Where a ticket stands in a list: by the time it was opened; the code tells two of one moment apart."""
    return f"{stamp(ticket.opened_at)}#{ticket.code}"


def under(code: str, sort: str) -> Item:
    """Key of an item that belongs to a ticket."""
    return {**ticket_key(code), "sk": sort}


def event_item(event: Event) -> Item:
    """An event lies under its ticket in the order of time."""
    return to_item(event, under(event.ticket, f"EVENT#{stamp(event.at)}#{event.move}"))
