"""Stores tickets. Each change of a ticket is one transaction with everything that belongs to the change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import Notice
from aduan.record import month_of, stamp
from aduan.store.examples import forgetting, keeping
from aduan.store.lane_counts import lane_counts
from aduan.store.notices import new_notice_item, renewal, withdrawal
from aduan.store.posts import erasure, triaged_update, unchanged
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
"""How long a resolution is kept for the ticket's author, whose answer may be read late."""

MOST_FORGOTTEN: Final = 50
"""Most events that are emptied in one transaction, which may hold 100 parts."""


CODES_TRIED: Final = 5
"""How many codes are tried. With 50,000 tickets, one code in 20,000 is taken; five in a row never are."""


class CodeTakenError(Exception):
    """Another post's ticket has this code; see `write_opening`."""


def write_opening(tickets: TicketStore, opening_with: Callable[[int], Change]) -> None:
    """Write the change that opens a ticket, under the first code that is free.

    `opening_with` makes the change with the code of an attempt, counted from 0.

    Raises:
        OutdatedError: as `TicketStore.write`.
        CodeTakenError: when `CODES_TRIED` codes in a row belong to other tickets.
    """
    for attempt in range(CODES_TRIED):
        try:
            tickets.write(opening_with(attempt))
        except CodeTakenError:
            if attempt == CODES_TRIED - 1:
                raise
        else:
            return


class TicketStore(Protocol):
    """What the functions need from the table about tickets."""

    def write(self, change: Change) -> None:
        """Write a change with everything that belongs to it, all or nothing.

        Raises:
            OutdatedError: when the post, the ticket or a notice was written since it was read. Nothing is written.
            CodeTakenError: when the change opens a ticket whose code another ticket has. Nothing is written.
        """

    def get(self, code: str) -> Ticket | None:
        """Return the ticket with this code; None when there is none."""

    def resolved(self, author: str) -> list[Resolution]:
        """List the resolutions of an author's tickets, kept for `RESOLUTION_KEPT`."""

    def history(self, code: str) -> list[Event]:
        """List the events of a ticket, oldest first."""

    def due(self, now: datetime) -> Iterator[str]:
        """Yield the codes of the tickets that `follow_up` has to look at by `now`."""


@dataclass(frozen=True)
class DynamoTicketStore:
    """`TicketStore` on the table."""

    table: Table

    def write(self, change: Change) -> None:
        """Make one TransactWriteItems, on condition that post, ticket and notices are as they were read.

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
            *self._forgotten(change),
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
        """Make a consistent read."""
        item = self.table.get(ticket_key(code))
        return None if item is None else Ticket.model_validate(item)

    def resolved(self, author: str) -> list[Resolution]:
        """Make one eventually consistent query: nobody can have seen yet what was resolved a second ago."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :resolved)",
            ExpressionAttributeValues=values(pk=author_key(author, "")["pk"], resolved="RESOLVED#"),
        )
        # What was erased stays as an empty item until the table drops it.
        return [Resolution.model_validate(item) for item in items if "author" in item]

    def history(self, code: str) -> list[Event]:
        """Make a consistent query."""
        return [Event.model_validate(item) for item in self._events(code)]

    def due(self, now: datetime) -> Iterator[str]:
        """Query the sparse index, one shard after the other."""
        for number in range(QUEUE_SHARDS):
            for item in self.table.due_items(f"TICKET#{number}", now):
                yield item["pk"].removeprefix("TICKET#")

    def _events(self, code: str) -> Iterator[Item]:
        return self.table.query(
            "pk = :pk AND begins_with(sk, :event)",
            ConsistentRead=True,
            ExpressionAttributeValues=values(pk=ticket_key(code)["pk"], event="EVENT#"),
        )

    def _notices(self, code: str) -> list[Notice]:
        """List all notices of a ticket by a consistent query."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :notice)",
            ConsistentRead=True,
            ExpressionAttributeValues=values(pk=ticket_key(code)["pk"], notice="NOTICE#"),
        )
        return [Notice.model_validate(item) for item in items]

    def _post(self, change: Change) -> list[dict[str, Any]]:
        """Return what is written about the post, on condition that the post is as it was read."""
        post = change.post
        if post is None:
            return []
        if change.decision is not None:
            code, by = change.after.code, change.sorted_by
            return [{"Update": triaged_update(self.table, post, change.decision, ticket=code, by=by, at=change.at)}]
        if change.tombstone is not None:
            return [{"Update": erasure(self.table, post, change.tombstone, change.at)}]
        return [{"ConditionCheck": unchanged(self.table, post)}] if change.as_read else []

    def _ticket(self, change: Change) -> list[dict[str, Any]]:
        """Return the ticket, if it changes, and the voice that is added to it, if any."""
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
        """Return the public answer to the post's author, and the resolution kept in case they contradict it."""
        parts = []
        if (reply := change.reply) is not None:
            parts.append(self._put_new(reply_item(reply)))
        if (resolution := change.resolution) is not None:
            expires_at = int((resolution.resolved_at + RESOLUTION_KEPT).timestamp())
            key = author_key(resolution.author, f"RESOLVED#{resolution.ticket}")
            parts.append(self._put(to_item(resolution, key, expires_at=expires_at)))
        return parts

    def _forgotten(self, change: Change) -> list[dict[str, Any]]:
        """Return what is taken out of the history and of the author's resolution when the ticket's post is erased.

        Of a very long history, what does not fit into one transaction is taken out before it.
        """
        post = change.post
        if post is None or not change.forgets_words:
            return []
        parts = []
        for item in self._events(change.after.code):
            event = Event.model_validate(item)
            forgotten = event.without_words()
            if forgotten != event:
                parts.append(self._update(item, "SET why = :why", why=forgotten.why))
        while len(parts) > MOST_FORGOTTEN:
            self.table.transact(parts[:MOST_FORGOTTEN])
            del parts[:MOST_FORGOTTEN]
        key = None if post.author is None else author_key(post.author, f"RESOLVED#{change.after.code}")
        if key is not None and self.table.get(key) is not None:
            # The empty item expires, because no function may delete items.
            nothing = "SET expires_at = :now REMOVE author, post, parent_id, resolved_at, ticket"
            parts.append(self._update(key, nothing, now=int(change.at.timestamp())))
        return parts

    def _update(self, item: Item, expression: str, **given: Any) -> dict[str, Any]:
        return {
            "Update": {
                "TableName": self.table.name,
                "Key": to_image({"pk": item["pk"], "sk": item["sk"]}),
                "UpdateExpression": expression,
                "ExpressionAttributeValues": values(**given),
            }
        }

    def _example(self, change: Change) -> list[dict[str, Any]]:
        if change.example is not None:
            return [keeping(self.table, change.after.opened_at, change.example)]
        if not change.forgets_example:
            return []
        if change.leaves_sorted and change.post is not None:
            return [forgetting(self.table, change.post.created_at, change.post.key, change.at)]
        return [forgetting(self.table, change.after.opened_at, change.after.post, change.at)]

    def _counters(self, change: Change) -> list[dict[str, Any]]:
        """Count the ticket where it is now, and its post in no lane. A refusal is a misroute where the ticket was."""
        before, after, post = change.before, change.after, change.post
        lane = [] if post is None or change.decision is None else lane_counts(self.table, post, "desk")
        if before is None:
            counts = [self._count(after)]
        elif counter(before) != counter(after):
            counts = [self._count(before, -1, change.misroutes), self._count(after)]
        else:
            counts = [self._count_status(before, after)] if before.status != after.status else []
        return [{"Update": part} for part in (*counts, *lane)]

    def _put_new(self, item: Item) -> dict[str, Any]:
        return self._put(item, ConditionExpression="attribute_not_exists(pk)")

    def _put(self, item: Item, **condition: Any) -> dict[str, Any]:
        return {"Put": {"TableName": self.table.name, "Item": to_image(item), **condition}}

    def _count(self, ticket: Ticket, number: int = 1, misroutes: int = 0) -> dict[str, Any]:
        """Add `number` to the counter of channel, topic and department, in total and for the ticket's status."""
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
        """Move a ticket that only changed its status from one status to the other on its counter."""
        return {
            "TableName": self.table.name,
            "Key": to_image(counter(after)),
            "UpdateExpression": "ADD #before :minus, #after :plus",
            "ExpressionAttributeNames": {"#before": f"status_{before.status}", "#after": f"status_{after.status}"},
            "ExpressionAttributeValues": values(minus=-1, plus=1),
        }


def counter(ticket: Ticket) -> Item:
    """Return the key of the counter on which a ticket is counted."""
    partition = stats_partition(month_of(ticket.opened_at), shard(ticket.code, STATS_SHARDS))
    return {"pk": partition, "sk": f"{ticket.channel}#{ticket.topic}#{ticket.department}"}


def ticket_item(ticket: Ticket) -> Item:
    """Return a ticket as it is stored: in the lists, and on the queue of `follow_up` or the list of the forum."""
    waiting = {}
    if ticket.act_at is not None:
        on_list = ticket.on_forum_list and ticket.clock == clock_of(ticket)
        where = FORUM if on_list else queue("TICKET", ticket.code)
        waiting = {"work_queue": where, "act_at": stamp(ticket.act_at)}
    return to_item(ticket, ticket_key(ticket.code), listed=listed(ticket), **waiting)


def listed(ticket: Ticket) -> str:
    """Return a ticket's sort key in lists: the time it was opened, and its code to tell equal times apart."""
    return f"{stamp(ticket.opened_at)}#{ticket.code}"


def under(code: str, sort: str) -> Item:
    """Return the key of an item that belongs to a ticket."""
    return {**ticket_key(code), "sk": sort}


def event_item(event: Event) -> Item:
    """Return an event as it is stored, under its ticket in the order of time."""
    return to_item(event, under(event.ticket, f"EVENT#{stamp(event.at)}#{event.move}"))
