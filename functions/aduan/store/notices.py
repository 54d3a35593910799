"""The outbox: a notice is claimed by one sender, once, and its outcome is written down."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import AnyNotice, ChannelNotice, Notice
from aduan.record import stamp
from aduan.store.posts import due_items
from aduan.store.table import (
    QUEUE_SHARDS,
    Item,
    Table,
    condition_failed,
    notice_key,
    notice_place,
    queue,
    refused_item,
    to_image,
    to_item,
    values,
)

LEFT_BEHIND: Final = timedelta(minutes=5)
"""After this time a notice that is still pending is driven again."""


class NotPendingError(Exception):
    """Somebody else has claimed or finished the notice; there is nothing left to do."""


class NoticeStore(Protocol):
    """What the functions need of the table about notices."""

    def get(self, subject: str, key: str) -> AnyNotice | None:
        """The notice about a ticket or a channel with this key, or None."""

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take a pending notice for one send, and freeze whom it goes to.

        Raises:
            NotPendingError: when it is not pending any more.
        """

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Record that the provider accepted it."""

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Record that the provider will never accept it: ``failed``."""

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Record that it was certainly not accepted, and may be tried again from `until`."""

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Record that nobody knows whether it was accepted: it stays claimed, with the reason."""

    def park(self, notice: AnyNotice, why: str) -> None:
        """Put it aside for a person.

        Raises:
            NotPendingError: when it was finished in the meantime.
        """

    def left_behind(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Subject and key of each unfinished notice whose time has come."""


def new_notice_item(notice: AnyNotice) -> Item:
    """A pending notice as it is first written: on the queue, to be looked at when the stream did not deliver it."""
    act_at = notice.act_at or notice.created_at + LEFT_BEHIND
    return to_item(
        notice,
        notice_key(notice.subject, notice.key),
        work_queue=queue("NOTICE", notice.subject),
        act_at=stamp(act_at),
    )


def withdrawal(table: Table, notice: Notice) -> Item:
    """The part of a transaction that withdraws a notice nobody has begun to send."""
    return {
        "TableName": table.name,
        "Key": to_image(notice_key(notice.subject, notice.key)),
        "UpdateExpression": "SET #state = :withdrawn REMOVE work_queue, act_at",
        "ConditionExpression": "#state = :pending",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(withdrawn="withdrawn", pending="pending"),
    }


@dataclass(frozen=True)
class DynamoNoticeStore:
    """`NoticeStore` on the table."""

    table: Table

    def get(self, subject: str, key: str) -> AnyNotice | None:
        """A consistent read."""
        item = self.table.get(notice_key(subject, key))
        if item is None:
            return None
        return Notice.model_validate(item) if "ticket" in item else ChannelNotice.model_validate(item)

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """One conditional update.

        A claim whose reply was lost is met again by the SDK's own repetition; the owner tells it from somebody else's.
        """
        claimed = notice.model_copy(
            update={
                "state": "claimed",
                "attempt": notice.attempt + 1,
                "claimed_by": owner,
                "claimed_at": now,
                "recipient": recipient,
                "told": told,
            }
        )
        try:
            self._update(
                notice,
                "SET #state = :claimed, attempt = :attempt, claimed_by = :owner, claimed_at = :now,"
                " recipient = :recipient, told = :told REMOVE failure",
                "#state = :pending AND attempt = :before",
                claimed="claimed",
                pending="pending",
                attempt=claimed.attempt,
                before=notice.attempt,
                owner=owner,
                now=now,
                recipient=recipient,
                told=told,
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            stored = refused_item(error)
            if stored.get("claimed_by") != owner or stored.get("attempt") != claimed.attempt:
                raise NotPendingError(notice.key) from None
        return claimed

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Final: it leaves the queue."""
        self._finish(
            notice,
            "SET #state = :state, message_id = :message_id, sent_at = :now REMOVE work_queue, act_at",
            state="sent",
            message_id=message_id,
            now=now,
        )

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Final: it leaves the queue."""
        self._finish(notice, "SET #state = :state, failure = :why REMOVE work_queue, act_at", state="failed", why=why)

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Pending again, on the queue at a later time."""
        self._finish(
            notice,
            "SET #state = :state, failure = :why, act_at = :until",
            state="pending",
            why=why,
            until=until,
        )

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Still claimed, still on the queue."""
        self._finish(notice, "SET failure = :why", why=why)

    def park(self, notice: AnyNotice, why: str) -> None:
        """Final: it leaves the queue. The condition is what was read, so a late success is not overwritten."""
        try:
            self._update(
                notice,
                "SET #state = :parked, failure = :why REMOVE work_queue, act_at",
                "#state = :before AND attempt = :attempt",
                parked="parked",
                before=notice.state,
                attempt=notice.attempt,
                why=why,
            )
        except ClientError as error:
            if condition_failed(error):
                raise NotPendingError(notice.key) from None
            raise

    def left_behind(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Query the sparse index, one shard after the other."""
        for number in range(QUEUE_SHARDS):
            for item in due_items(self.table, f"NOTICE#{number}", now):
                yield notice_place(item)

    def _finish(self, notice: AnyNotice, update: str, **given: Any) -> None:
        """Write the outcome of a send; only whoever claimed this attempt may."""
        condition = "claimed_by = :owner AND attempt = :attempt"
        self._update(notice, update, condition, owner=notice.claimed_by, attempt=notice.attempt, **given)

    def _update(self, notice: AnyNotice, update: str, condition: str, **given: Any) -> None:
        names = {"ExpressionAttributeNames": {"#state": "state"}} if "#state" in update + condition else {}
        self.table.client.update_item(
            TableName=self.table.name,
            Key=to_image(notice_key(notice.subject, notice.key)),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeValues=values(**given),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
            **names,  # type: ignore[arg-type] # absent when the expressions name no reserved word
        )
