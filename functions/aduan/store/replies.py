"""Stores the public answers under citizens' posts. One run at a time claims an answer and records its outcome."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import ClientError

from aduan.record import stamp
from aduan.reply import Reply
from aduan.store.table import Item, Table, condition_failed, refused_item, ticket_key, to_image, to_item, values

if TYPE_CHECKING:
    from aduan.ticket import Stage


class ReplyTakenError(Exception):
    """The answer changed since it was read: another run has claimed or finished it."""


class ReplyStore(Protocol):
    """What the functions need from the table about answers. `TicketStore` writes new answers."""

    def due(self, channel: str, now: datetime) -> Iterator[tuple[str, Stage]]:
        """Yield the ticket code and stage of a channel's unfinished answers whose time has come, oldest first."""

    def get(self, ticket: str, stage: Stage) -> Reply | None:
        """Return the answer about a stage of a ticket; None when there is none."""

    def claim(self, reply: Reply, owner: str, until: datetime) -> Reply:
        """Claim an answer for one attempt to send it, and return it as claimed.

        No other run looks at the answer before `until`. By then this run must have ended.

        Raises:
            ReplyTakenError: when the answer changed since it was read.
        """

    def record(self, before: Reply, after: Reply) -> None:
        """Write the outcome of an answer: replace `before`, as it was read, by `after`.

        Raises:
            ReplyTakenError: when the answer changed since it was read.
        """


@dataclass(frozen=True)
class DynamoReplyStore:
    """`ReplyStore` on the table."""

    table: Table

    def due(self, channel: str, now: datetime) -> Iterator[tuple[str, Stage]]:
        """Make one query of the sparse index: a channel has few unfinished answers."""
        for item in self.table.due_items(_queue(channel), now):
            yield item["pk"].removeprefix("TICKET#"), item["sk"].removeprefix("REPLY#")

    def get(self, ticket: str, stage: Stage) -> Reply | None:
        """Make a consistent read."""
        item = self.table.get(reply_key(ticket, stage))
        return None if item is None else Reply.model_validate(item)

    def claim(self, reply: Reply, owner: str, until: datetime) -> Reply:
        """Make one conditional put. When the SDK repeats the put, finding its own first write is no error."""
        claimed = reply.model_copy(
            update={
                "state": "claimed",
                "attempt": reply.attempt + 1,
                "repeated": reply.repeated or reply.state == "claimed",
                "claimed_by": owner,
                "act_at": until,
            }
        )
        self._write(reply, claimed)
        return claimed

    def record(self, before: Reply, after: Reply) -> None:
        """Make one conditional put. A finished answer leaves the queue."""
        self._write(before, after)

    def _write(self, before: Reply, after: Reply) -> None:
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "Item": to_image(reply_item(after)),
            "ConditionExpression": "#state = :state AND attempt = :attempt",
            "ExpressionAttributeNames": {"#state": "state"},
            "ExpressionAttributeValues": values(state=before.state, attempt=before.attempt),
            "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
        }
        if before.claimed_by is not None:
            request["ConditionExpression"] += " AND claimed_by = :owner"
            request["ExpressionAttributeValues"] |= values(owner=before.claimed_by)
        try:
            self.table.client.put_item(**request)
        except ClientError as error:
            if not condition_failed(error):
                raise
            if Reply.model_validate(refused_item(error)) != after:
                raise ReplyTakenError(f"{after.ticket} {after.stage}") from None


def reply_key(ticket: str, stage: Stage) -> Item:
    """Return the key of an answer, under its ticket."""
    return {**ticket_key(ticket), "sk": f"REPLY#{stage}"}


def reply_item(reply: Reply) -> Item:
    """Return an answer as it is stored. An unfinished one is on its channel's queue."""
    waiting = {}
    if reply.act_at is not None:
        waiting = {"work_queue": _queue(reply.channel), "act_at": stamp(reply.act_at)}
    return to_item(reply, reply_key(reply.ticket, reply.stage), **waiting)


def _queue(channel: str) -> str:
    return f"REPLY#{channel}"
