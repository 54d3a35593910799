"""The outbox: a notice is claimed by one sender, once, and its outcome is written down."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import AnyNotice, ChannelNotice, ContactNotice, Notice, NoticeState, SmsBudgetNotice
from aduan.record import stamp
from aduan.store.posts import due_items
from aduan.store.table import (
    NOTICE_QUEUES,
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

if TYPE_CHECKING:
    from aduan.quiet_hours import Hold

LEFT_BEHIND: Final = timedelta(minutes=5)
"""After this time a notice that is still pending is driven again."""


class NotPendingError(Exception):
    """Somebody else has claimed or finished the notice; there is nothing left to do."""


class NoticeChangedError(Exception):
    """The notice is not as it was read; read it again."""


class NoticeStore(Protocol):
    """What the functions need of the table about notices."""

    def get(self, subject: str, key: str) -> AnyNotice | None:
        """The notice about a ticket or a channel with this key, or None."""

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take a notice for one send, and freeze whom it goes to.

        It is pending, or claimed by a sender that died: then it is marked as sent again on a guess.

        Raises:
            NotPendingError: when it is not as it was read any more.
        """

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Record that the provider accepted it.

        Like every outcome of a send it is written once: what an event of the provider was faster to say stands.
        """

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

    def skip(self, notice: AnyNotice, why: str) -> None:
        """Finish what is not worth sending.

        Raises:
            NotPendingError: when it is not as it was read any more.
        """

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Let a pending notice wait.

        Raises:
            NotPendingError: when it is not as it was read any more.
        """

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Write what an event of the provider makes of a notice.

        Raises:
            NoticeChangedError: when it is not as it was read.
        """

    def left_behind(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Subject and key of each unfinished notice whose time has come, emergencies first, then what is urgent."""


def new_notice_item(notice: AnyNotice) -> Item:
    """A pending notice as it is first written: on the queue, to be looked at when the stream did not deliver it."""
    act_at = notice.act_at or notice.created_at + LEFT_BEHIND
    return to_item(
        notice,
        notice_key(notice.subject, notice.key),
        work_queue=_queue(notice),
        act_at=stamp(act_at),
    )


def _queue(notice: AnyNotice) -> str:
    return queue(NOTICE_QUEUES[notice.urgency], notice.subject)


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


def renewal(table: Table, before: Notice, after: Notice) -> Item:
    """The part of a transaction that puts a notice nobody was told by in the place of what it was."""
    return {
        "TableName": table.name,
        "Item": to_image(new_notice_item(after)),
        "ConditionExpression": "#state = :before AND attempt = :attempt",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(before=before.state, attempt=before.attempt),
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
        if "ticket" in item:
            return Notice.model_validate(item)
        if "channel" in item:
            return ChannelNotice.model_validate(item)
        return (ContactNotice if "about" in item else SmsBudgetNotice).model_validate(item)

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """One conditional update.

        A claim whose reply was lost is met again by the SDK's own repetition; the owner tells it from somebody else's.
        """
        if notice.state not in {"pending", "claimed"}:
            raise NotPendingError(notice.key)
        claimed = notice.model_copy(
            update={
                "state": "claimed",
                "attempt": notice.attempt + 1,
                "claimed_by": owner,
                "claimed_at": now,
                "recipient": recipient,
                "told": told,
                "repeated_at": now if notice.state == "claimed" else notice.repeated_at,
            }
        )
        repeated = ", repeated_at = :now" if notice.state == "claimed" else ""
        try:
            self._update(
                notice,
                "SET #state = :claimed, attempt = :attempt, claimed_by = :owner, claimed_at = :now,"
                f" recipient = :recipient, told = :told{repeated} REMOVE failure",
                "#state = :before AND attempt = :attempted",
                claimed="claimed",
                before=notice.state,
                attempt=claimed.attempt,
                attempted=notice.attempt,
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
        self._put_aside(notice, "parked", why)

    def skip(self, notice: AnyNotice, why: str) -> None:
        """As parked, but nobody has to look at it."""
        self._put_aside(notice, "skipped", why)

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Still pending, on the queue at a later time."""
        digest = {"digest_at": hold.until} if hold.in_digest else {}
        try:
            self._update(
                notice,
                "SET act_at = :until" + (", digest_at = :digest_at" if digest else ""),
                "#state = :pending AND attempt = :attempt",
                until=hold.until,
                pending="pending",
                attempt=notice.attempt,
                **digest,
            )
        except ClientError as error:
            if condition_failed(error):
                raise NotPendingError(notice.key) from None
            raise

    def left_behind(self, now: datetime) -> Iterator[tuple[str, str]]:
        """Query the sparse index, one shard after the other."""
        for name in NOTICE_QUEUES.values():
            for number in range(QUEUE_SHARDS):
                for item in due_items(self.table, f"{name}#{number}", now):
                    yield notice_place(item)

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """One conditional update of what is different; an unfinished notice is on the queue."""
        given = after.model_dump(exclude_none=True)
        changed = {name: value for name, value in given.items() if getattr(before, name) != value}
        absent = [name for name in before.model_dump(exclude_none=True) if name not in given]
        if after.act_at is not None:
            changed["work_queue"] = _queue(after)
        else:
            absent.append("work_queue")
        sets = ", ".join(f"#{name} = :{name}" for name in changed)
        removes = ", ".join(f"#{name}" for name in absent)
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(notice_key(before.subject, before.key)),
                UpdateExpression=f"SET {sets}" + (f" REMOVE {removes}" if removes else ""),
                ConditionExpression="#state = :read_state AND #attempt = :read_attempt",
                ExpressionAttributeNames={f"#{name}": name for name in ("state", "attempt", *changed, *absent)},
                ExpressionAttributeValues=values(
                    read_state=before.state,
                    read_attempt=before.attempt,
                    **{name: list(value) if isinstance(value, tuple) else value for name, value in changed.items()},
                ),
            )
        except ClientError as error:
            if condition_failed(error):
                raise NoticeChangedError(before.key) from None
            raise

    def _put_aside(self, notice: AnyNotice, state: NoticeState, why: str) -> None:
        try:
            self._update(
                notice,
                "SET #state = :aside, failure = :why REMOVE work_queue, act_at",
                "#state = :before AND attempt = :attempt",
                aside=state,
                before=notice.state,
                attempt=notice.attempt,
                why=why,
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            # What is put aside already may be this very write, repeated by the SDK because its reply was lost.
            if refused_item(error).get("state") != state:
                raise NotPendingError(notice.key) from None

    def _finish(self, notice: AnyNotice, update: str, **given: Any) -> None:
        """Write the outcome of a send, where none is on record: only whoever claimed this attempt may."""
        condition = "claimed_by = :owner AND attempt = :attempt AND #state = :claimed"
        given |= {"owner": notice.claimed_by, "attempt": notice.attempt, "claimed": "claimed"}
        try:
            self._update(notice, update, condition, **given)
        except ClientError as error:
            # An event of the provider was faster, or the SDK met its own write whose reply was lost.
            if not condition_failed(error):
                raise

    def _update(self, notice: AnyNotice, update: str, condition: str, **given: Any) -> None:
        self.table.client.update_item(
            TableName=self.table.name,
            Key=to_image(notice_key(notice.subject, notice.key)),
            UpdateExpression=update,
            ConditionExpression=condition,
            ExpressionAttributeNames={"#state": "state"},
            ExpressionAttributeValues=values(**given),
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
