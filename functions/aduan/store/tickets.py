"""Tickets: opened once per post in one transaction with everything that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import Notice
from aduan.post import Post
from aduan.record import month_of, stamp
from aduan.reply import with_reply
from aduan.store.examples import forgetting, keeping
from aduan.store.notices import is_renewed, new_notice_item, renewal, withdrawal
from aduan.store.posts import AlreadyTriagedError, erasure, triaged_update, unchanged
from aduan.store.replies import reply_item
from aduan.store.table import (
    FORUM,
    QUEUE_SHARDS,
    STATS_SHARDS,
    Item,
    Table,
    author_key,
    cancellation_codes,
    condition_failed,
    post_key,
    queue,
    shard,
    stats_partition,
    ticket_key,
    to_image,
    to_item,
    values,
)
from aduan.ticket import Event, Resolution, Ticket, Voice, clock_of, queued

if TYPE_CHECKING:
    from aduan.example import Example
    from aduan.triage import Triage

RESOLUTION_KEPT: Final = timedelta(days=28)
"""How long it is kept for an author that his ticket is resolved: what he says may be read late."""


class CodeTakenError(Exception):
    """Another post's ticket has this code; the caller tries the next one."""


class OutdatedError(Exception):
    """Ticket, post or a notice is not as it was read; read again."""


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

    def amend(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        triage: Triage,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        events: Iterable[Event],
    ) -> None:
        """Write a new decision about a ticket's post with what follows from it, all or nothing.

        A notice that the ticket already has is left as it is, unless it had been withdrawn: then it is pending again.
        One to a department that has the ticket no more is withdrawn unless somebody has begun to send it. What a
        person had said about the words before the edit is forgotten as an example.

        Raises:
            AlreadyTriagedError: when the post was decided, or the ticket moved, in the meantime; nothing is written.
        """

    def correct(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        events: Sequence[Event],
        example: Example | None,
    ) -> None:
        """Write what a person said about a ticket with what follows from it, all or nothing.

        `notices` are all that the ticket should have now: one it already has is left as it is, or pending again when
        it had been withdrawn; one it should not have is withdrawn unless somebody has begun to send it, and so is a
        step of the ladder whose clock has stopped.

        Raises:
            OutdatedError: when post, ticket or a notice changed in the meantime; nothing is written.
        """

    def join(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        triage: Triage,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        event: Event,
    ) -> None:
        """Write that another post belongs to a ticket, with what follows from it, all or nothing.

        Raises:
            AlreadyTriagedError: when the post was decided, or the ticket moved, in the meantime; nothing is written.
        """

    def erase(self, post: Post, ticket: Ticket, event: Event, reason: str, at: datetime) -> None:
        """Leave only a tombstone of a ticket's post, and tell the ticket.

        With the post that opened it go the ticket's link, what is not sent yet, and an example that was made of it.

        Raises:
            AlreadyTriagedError: when post, ticket or a notice changed in the meantime; nothing is written.
        """

    def move(
        self, before: Ticket, after: Ticket, *, at: datetime, notices: Sequence[Notice], event: Event | None
    ) -> None:
        """Write what was done to a ticket at `at`, with what follows from it, all or nothing.

        A notice that the ticket already has is left as it is, or pending again when it had been withdrawn. When the
        ticket moved, steps of the ladder that nobody has begun to send are withdrawn: their clock has stopped. For who
        wrote what is resolved now, that is kept for some weeks.

        Raises:
            OutdatedError: when the ticket or a notice changed in the meantime; nothing is written.
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

    def open(
        self, post: Post, triage: Triage, ticket: Ticket, notices: Sequence[Notice], events: Iterable[Event]
    ) -> None:
        """One TransactWriteItems.

        The post's own condition comes first, then the ticket's: their order tells the reasons of a refusal apart.
        """
        voice = Voice(ticket=ticket.code, post=post.key, at=post.created_at)
        ticket, reply = with_reply(None, ticket, ticket.opened_at)
        parts = [
            {"Update": triaged_update(self.table, post, triage, ticket=ticket.code)},
            self._put_new(ticket_item(ticket)),
            self._put_new(to_item(voice, under(ticket.code, f"VOICE#{post.key}"))),
            *(self._put_new(event_item(event)) for event in events),
            *(self._put_new(new_notice_item(notice)) for notice in notices),
            *([self._put_new(reply_item(reply))] if reply is not None else ()),
            {"Update": self._count(ticket)},
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            refused = cancellation_codes(error)
            if refused[:1] == ["ConditionalCheckFailed"]:
                raise AlreadyTriagedError(post.key) from None
            if "ConditionalCheckFailed" in refused:
                raise CodeTakenError(ticket.code) from None
            raise

    def amend(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        triage: Triage,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        events: Iterable[Event],
    ) -> None:
        """One TransactWriteItems; a ticket that stays as it is is not written."""
        told = {notice.key: notice for notice in self._notices(after.code)}
        stale = [
            notice
            for notice in told.values()
            if overtaken(notice, before, after)
            or (notice.state == "pending" and notice.department != after.department != before.department)
        ]
        at = post.revised_at or post.fetched_at
        parts = [
            {"Update": triaged_update(self.table, post, triage, ticket=after.code)},
            *(self._replace(before, queued(before, after, at), at) if after != before else ()),
            *(self._put_new(event_item(event)) for event in events),
            *self._outbox(told, notices, stale),
            *(forgetting(self.table, before, at) if post.key == before.post else ()),
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise AlreadyTriagedError(post.key) from None
            raise

    def correct(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        events: Sequence[Event],
        example: Example | None,
    ) -> None:
        """One TransactWriteItems, on the very versions of ticket and post that were read."""
        told = {notice.key: notice for notice in self._notices(after.code)}
        wanted = {notice.key for notice in notices}
        stale = [
            notice
            for key, notice in told.items()
            if (overtaken(notice, before, after) if notice.step else notice.state == "pending" and key not in wanted)
        ]
        parts = [
            {"ConditionCheck": unchanged(self.table, post)},
            *self._replace(before, queued(before, after, events[-1].at), events[-1].at),
            *(self._put_new(event_item(event)) for event in events),
            *self._outbox(told, notices, stale),
            *([keeping(self.table, after, example)] if example is not None else ()),
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(after.code) from None
            raise

    def join(  # noqa: PLR0913 # what is written together
        self,
        post: Post,
        triage: Triage,
        before: Ticket,
        after: Ticket,
        *,
        notices: Sequence[Notice],
        event: Event,
    ) -> None:
        """One TransactWriteItems; a ticket that stays as it is is not written."""
        told = {notice.key: notice for notice in self._notices(after.code)}
        voice = Voice(ticket=after.code, post=post.key, at=post.created_at)
        parts = [
            {"Update": triaged_update(self.table, post, triage, ticket=after.code)},
            *(self._replace(before, queued(before, after, event.at), event.at) if after != before else ()),
            self._put_new(to_item(voice, under(after.code, f"VOICE#{post.key}"))),
            self._put_new(event_item(event)),
            *self._outbox(told, notices, [notice for notice in told.values() if overtaken(notice, before, after)]),
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise AlreadyTriagedError(post.key) from None
            raise

    def erase(self, post: Post, ticket: Ticket, event: Event, reason: str, at: datetime) -> None:
        """One TransactWriteItems. A notice that was claimed meanwhile refuses it: the next sweep tries again."""
        if post.key != ticket.post:
            parts = [{"Update": erasure(self.table, post, reason, at)}, self._put_new(event_item(event))]
            self._write_erasure(post, parts)
            return
        told = self._notices(ticket.code)
        after = ticket.model_copy(update={"permalink": "", "version": ticket.version + 1})
        parts = [
            {"Update": erasure(self.table, post, reason, at)},
            *self._replace(ticket, after, at),
            self._put_new(event_item(event)),
            *({"Update": withdrawal(self.table, notice)} for notice in told if notice.state == "pending"),
            *forgetting(self.table, ticket, at),
        ]
        self._write_erasure(post, parts)

    def _write_erasure(self, post: Post, parts: Sequence[dict[str, Any]]) -> None:
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise AlreadyTriagedError(post.key) from None
            raise

    def move(
        self, before: Ticket, after: Ticket, *, at: datetime, notices: Sequence[Notice], event: Event | None
    ) -> None:
        """One TransactWriteItems, on the very version of the ticket that was read."""
        told = {notice.key: notice for notice in self._notices(after.code)}
        stale = [notice for notice in told.values() if overtaken(notice, before, after)]
        parts = [
            *self._replace(before, queued(before, after, at), at),
            *([self._put_new(event_item(event))] if event is not None else ()),
            *self._outbox(told, notices, stale),
            *(self._resolution(after, at) if before.status != "resolved" == after.status else ()),
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(after.code) from None
            raise

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
            for item in self.table.due_items(f"TICKET#{number}", now):
                yield item["pk"].removeprefix("TICKET#")

    def _resolution(self, ticket: Ticket, at: datetime) -> list[dict[str, Any]]:
        """The part of a transaction that keeps for a ticket's author that it is resolved; none for nobody."""
        item = self.table.get(post_key(ticket.post))
        post = Post.model_validate(item) if item is not None else None
        if post is None or post.author is None:
            return []
        resolution = Resolution(
            ticket=ticket.code, post=post.key, author=post.author, parent_id=post.parent_id, resolved_at=at
        )
        key = author_key(post.author, f"RESOLVED#{ticket.code}")
        item = to_item(resolution, key, expires_at=int((at + RESOLUTION_KEPT).timestamp()))
        return [{"Put": {"TableName": self.table.name, "Item": to_image(item)}}]

    def _notices(self, code: str) -> list[Notice]:
        """All notices of a ticket, as they are now."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :notice)",
            ConsistentRead=True,
            ExpressionAttributeValues=values(pk=ticket_key(code)["pk"], notice="NOTICE#"),
        )
        return [Notice.model_validate(item) for item in items]

    def _outbox(
        self, told: Mapping[str, Notice], notices: Iterable[Notice], stale: Iterable[Notice]
    ) -> list[dict[str, Any]]:
        """Put what nobody was told yet, renew what was withdrawn or is an emergency now, and withdraw what is stale."""
        return [
            *(self._put_new(new_notice_item(notice)) for notice in notices if notice.key not in told),
            *(
                {"Put": renewal(self.table, told[notice.key], notice)}
                for notice in notices
                if notice.key in told and is_renewed(told[notice.key], notice)
            ),
            *({"Update": withdrawal(self.table, notice)} for notice in stale),
        ]

    def _put_new(self, item: Item) -> dict[str, Any]:
        return {
            "Put": {
                "TableName": self.table.name,
                "Item": to_image(item),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _replace(self, before: Ticket, after: Ticket, at: datetime) -> list[dict[str, Any]]:
        """Write a ticket over what it was, unless somebody else has, and count it where it is now.

        With it goes what its author is told of the move.

        A refusal moves it to somebody else, and is counted as a misroute where it was.
        """
        after, reply = with_reply(before, after, at)
        told = [] if reply is None else [self._put_new(reply_item(reply))]
        put = {
            "TableName": self.table.name,
            "Item": to_image(ticket_item(after)),
            "ConditionExpression": "version = :version",
            "ExpressionAttributeValues": values(version=before.version),
        }
        if counter(before) != counter(after):
            misroutes = len(after.refused_by) - len(before.refused_by)
            counts = [{"Update": self._count(before, -1, misroutes)}, {"Update": self._count(after)}]
            return [{"Put": put}, *counts, *told]
        if before.status != after.status:
            return [{"Put": put}, {"Update": self._count_status(before, after)}, *told]
        return [{"Put": put}]

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


def overtaken(notice: Notice, before: Ticket, after: Ticket) -> bool:
    """Whether a notice is a step of the ladder that is not sent yet, and whose clock a move has stopped."""
    return notice.step is not None and notice.state == "pending" and clock_of(before) != clock_of(after)


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
