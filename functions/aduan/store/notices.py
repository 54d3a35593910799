"""The outbox: each notice is claimed by one sender before it is sent, and its outcome is recorded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.notice import ANY_NOTICE, AnyNotice, Notice, NoticeId, NoticeState
from aduan.record import stamp
from aduan.store.table import (
    NOTICE_QUEUES,
    QUEUE_SHARDS,
    Item,
    Table,
    condition_failed,
    notice_id,
    notice_key,
    queue,
    refused_item,
    to_image,
    to_item,
    values,
)

if TYPE_CHECKING:
    from aduan.quiet_hours import Hold

LEFT_BEHIND: Final = timedelta(minutes=5)
"""After this time `follow_up` looks at a notice that is still pending."""


class NotPendingError(Exception):
    """Another sender has claimed or finished the notice; there is nothing left to do."""


class NoticeChangedError(Exception):
    """The notice is no longer as it was read; read it again."""


class NoticeStore(Protocol):
    """Reads and writes notices."""

    def add(self, notice: AnyNotice) -> bool:
        """Put a notice into the outbox unless it is there; tell whether it was new."""

    def get(self, notice: NoticeId) -> AnyNotice | None:
        """Return the notice as it is now, or None."""

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Take a notice for one send, record where it goes, and return it as claimed.

        The notice is pending, or was claimed by a sender that must be dead. In the second case it is marked as sent
        again without knowing the outcome.

        Args:
            notice: As it was read.
            owner: Identifies this attempt.
            now: When the attempt is made.
            recipient: Address or number the notice goes to.
            told: Code of the department whose contact is used.

        Raises:
            NotPendingError: when the notice is no longer as it was read.
        """

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Record that the provider accepted a notice.

        This and the next three record the outcome of a send. Nothing is written when an outcome is on record already,
        because an event of the provider was faster.
        """

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Record that the provider will never accept a notice: ``failed``."""

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Record that a notice was certainly not accepted, and may be tried again from `until`."""

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Record why nobody knows whether a notice was accepted; it stays claimed."""

    def park(self, notice: AnyNotice, why: str) -> None:
        """Put a notice aside for a person.

        Raises:
            NotPendingError: when the notice is no longer as it was read.
        """

    def skip(self, notice: AnyNotice, why: str) -> None:
        """Finish a notice that is not worth sending.

        Raises:
            NotPendingError: when the notice is no longer as it was read.
        """

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Let a pending notice wait.

        Raises:
            NotPendingError: when the notice is no longer as it was read.
        """

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Write a notice as it is after an event of the provider.

        Raises:
            NoticeChangedError: when the notice is no longer as it was read.
        """

    def left_behind(self, now: datetime) -> Iterator[NoticeId]:
        """Yield the unfinished notices whose time has come: emergencies first, then urgent ones."""


def new_notice_item(notice: AnyNotice) -> Item:
    """Make the item of a new notice, with its place on the queue in case the stream does not deliver it."""
    act_at = notice.act_at or notice.created_at + LEFT_BEHIND
    return to_item(
        notice,
        notice_key(notice.id),
        work_queue=_queue(notice),
        act_at=stamp(act_at),
    )


def _queue(notice: AnyNotice) -> str:
    return queue(NOTICE_QUEUES[notice.urgency], notice.subject)


def withdrawal(table: Table, notice: Notice) -> Item:
    """Make the part of a transaction that withdraws a notice nobody has begun to send."""
    return {
        "TableName": table.name,
        "Key": to_image(notice_key(notice.id)),
        "UpdateExpression": "SET #state = :withdrawn REMOVE work_queue, act_at",
        "ConditionExpression": "#state = :pending",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(withdrawn="withdrawn", pending="pending"),
    }


def renewal(table: Table, before: Notice, after: Notice) -> Item:
    """Make the part of a transaction that replaces an unsent notice by its renewed form, if it is as it was read."""
    return {
        "TableName": table.name,
        "Item": to_image(new_notice_item(after)),
        "ConditionExpression": "#state = :before AND attempt = :attempt",
        "ExpressionAttributeNames": {"#state": "state"},
        "ExpressionAttributeValues": values(before=before.state, attempt=before.attempt),
    }


@dataclass(frozen=True)
class DynamoNoticeStore:
    """A `NoticeStore` on the table."""

    table: Table

    def add(self, notice: AnyNotice) -> bool:
        """Make one conditional put. `notify` gets the notice from the stream, `follow_up` finds it on the queue."""
        return self.table.put_new(new_notice_item(notice))

    def get(self, notice: NoticeId) -> AnyNotice | None:
        """Make one consistent read."""
        item = self.table.get(notice_key(notice))
        return None if item is None else ANY_NOTICE.validate_python(item)

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Make one conditional update.

        When the reply is lost, the SDK repeats the update and meets its own claim, which it recognises by the owner.
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
        met = self._update(
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
        if met is not None and (met.get("claimed_by"), met.get("attempt")) != (owner, claimed.attempt):
            raise NotPendingError(notice.key)
        return claimed

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Finish the notice, which leaves the queue."""
        self._finish(
            notice,
            "SET #state = :state, message_id = :message_id, sent_at = :now REMOVE work_queue, act_at",
            state="sent",
            message_id=message_id,
            now=now,
        )

    def refused(self, notice: AnyNotice, why: str) -> None:
        """Finish the notice, which leaves the queue."""
        self._finish(notice, "SET #state = :state, failure = :why REMOVE work_queue, act_at", state="failed", why=why)

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Make the notice pending again, on the queue at a later time."""
        self._finish(
            notice,
            "SET #state = :state, failure = :why, act_at = :until",
            state="pending",
            why=why,
            until=until,
        )

    def unknown(self, notice: AnyNotice, why: str) -> None:
        """Add the reason; the notice stays claimed and on the queue."""
        self._finish(notice, "SET failure = :why", why=why)

    def park(self, notice: AnyNotice, why: str) -> None:
        """Take the notice off the queue, if it is as it was read: a late success is not overwritten."""
        self._put_aside(notice, "parked", why)

    def skip(self, notice: AnyNotice, why: str) -> None:
        """Put the notice aside as `park` does, but so that nobody has to look at it."""
        self._put_aside(notice, "skipped", why)

    def hold(self, notice: AnyNotice, hold: Hold) -> None:
        """Move the pending notice to a later time on the queue."""
        digest = {"digest_at": hold.until} if hold.in_digest else {}
        met = self._update(
            notice,
            "SET act_at = :until" + (", digest_at = :digest_at" if digest else ""),
            "#state = :pending AND attempt = :attempt",
            until=hold.until,
            pending="pending",
            attempt=notice.attempt,
            **digest,
        )
        if met is not None:
            raise NotPendingError(notice.key)

    def left_behind(self, now: datetime) -> Iterator[NoticeId]:
        """Query the sparse index, one shard after the other."""
        for name in dict.fromkeys(NOTICE_QUEUES.values()):
            for number in range(QUEUE_SHARDS):
                yield from map(notice_id, self.table.due_items(f"{name}#{number}", now))

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Make one conditional update of the fields that differ, and keep an unfinished notice on the queue."""
        different = {name: value for name, value in after if getattr(before, name) != value}
        changed = {name: value for name, value in different.items() if value is not None}
        absent = [name for name in different if name not in changed]
        if after.act_at is not None:
            changed["work_queue"] = _queue(after)
        else:
            absent.append("work_queue")
        sets = ", ".join(f"#{name} = :{name}" for name in changed)
        removes = ", ".join(f"#{name}" for name in absent)
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(notice_key(before.id)),
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
        met = self._update(
            notice,
            "SET #state = :aside, failure = :why REMOVE work_queue, act_at",
            "#state = :before AND attempt = :attempt",
            aside=state,
            before=notice.state,
            attempt=notice.attempt,
            why=why,
        )
        # A notice that is put aside already may be this very write, repeated by the SDK because its reply was lost.
        if met is not None and met.get("state") != state:
            raise NotPendingError(notice.key)

    def _finish(self, notice: AnyNotice, update: str, **given: Any) -> None:
        """Record the outcome of the send that claimed this attempt, unless an outcome is on record.

        The write is refused, without an error, when an event of the provider was faster, or when the SDK repeats a
        write whose reply was lost.
        """
        condition = "claimed_by = :owner AND attempt = :attempt AND #state = :claimed"
        given |= {"owner": notice.claimed_by, "attempt": notice.attempt, "claimed": "claimed"}
        self._update(notice, update, condition, **given)

    def _update(self, notice: AnyNotice, update: str, condition: str, **given: Any) -> Item | None:
        """Update the item and return None; when the condition does not hold, return the item as it is."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(notice_key(notice.id)),
                UpdateExpression=update,
                ConditionExpression=condition,
                ExpressionAttributeNames={"#state": "state"},
                ExpressionAttributeValues=values(**given),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if condition_failed(error):
                return refused_item(error)
            raise
        return None
