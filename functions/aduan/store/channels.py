"""How far each channel has been read: the cursor with its lease, and the ledger of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from botocore.exceptions import ClientError

from aduan.channel import Cursor, Run, Sweep, TokenCheck
from aduan.record import stamp
from aduan.store.notices import new_notice_item
from aduan.store.table import Table, channel_key, condition_failed, refused_item, to_image, to_item, values

if TYPE_CHECKING:
    from aduan.notice import ChannelNotice

LEDGER_DAYS: Final = 90


class LeaseError(Exception):
    """Another run holds the channel, or took it over while this one was away."""


class ChannelStore(Protocol):
    """What the functions need of the table about channels."""

    def read(self, channel: str) -> Cursor:
        """The channel's cursor; a fresh one when it was never read."""

    def lease(self, cursor: Cursor, owner: str, now: datetime, until: datetime) -> Cursor:
        """Take the channel for one run, as it was when `cursor` was read.

        Raises:
            LeaseError: when another run has it, or has moved the cursor since.
        """

    def release(self, cursor: Cursor, owner: str) -> None:
        """Write the cursor and give the channel free, in one write.

        Raises:
            LeaseError: when the lease was lost; then nothing is written.
        """

    def sweep(self, channel: str) -> Sweep:
        """How far the channel's sweep is; a fresh one when there was none."""

    def save_sweep(self, sweep: Sweep) -> None:
        """Write down how far it is."""

    def save_token_check(self, check: TokenCheck) -> None:
        """Keep what was said of the channel's token, unless a younger check is there."""

    def token(self, channel: str) -> TokenCheck | None:
        """The last check of the channel's token; None when there was none."""

    def announce(self, notice: ChannelNotice) -> bool:
        """Put a notice about a channel into the outbox, unless it is there; tell whether it was new."""

    def record(self, run: Run) -> None:
        """Add a run to the ledger."""

    def runs(self, channel: str, limit: int) -> Iterable[Run]:
        """The latest runs of the ledger, youngest first."""


@dataclass(frozen=True)
class DynamoChannelStore:
    """`ChannelStore` on the table."""

    table: Table

    def read(self, channel: str) -> Cursor:
        """Eventually consistent, half a unit per 4 KB: an old cursor only makes the run read more."""
        item = self.table.get(channel_key(channel), consistent=False)
        return Cursor(channel=channel) if item is None else Cursor.model_validate(item)

    def lease(self, cursor: Cursor, owner: str, now: datetime, until: datetime) -> Cursor:
        """Write conditionally on the version that was read.

        If the reply is lost, the SDK repeats the write and meets its own lease: that counts as success.
        """
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image(channel_key(cursor.channel)),
                UpdateExpression=(
                    "SET lease_owner = :owner, lease_until = :until, channel = :channel, version = :version"
                ),
                ConditionExpression=(
                    "(attribute_not_exists(version) OR version = :version)"
                    " AND (attribute_not_exists(lease_until) OR lease_until <= :now OR lease_owner = :owner)"
                ),
                ExpressionAttributeValues=values(
                    owner=owner, until=until, now=now, channel=cursor.channel, version=cursor.version
                ),
            )
        except ClientError as error:
            if condition_failed(error):
                raise LeaseError(f"{cursor.channel} is being read by another run") from None
            raise
        return cursor.model_copy(update={"lease_owner": owner, "lease_until": until})

    def release(self, cursor: Cursor, owner: str) -> None:
        """One conditional put of the whole cursor. A repeated put meets its own version with no lease on it."""
        written = cursor.model_copy(update={"version": cursor.version + 1, "lease_owner": None, "lease_until": None})
        try:
            self.table.client.put_item(
                TableName=self.table.name,
                Item=to_image(to_item(written, channel_key(cursor.channel), written_by=owner)),
                ConditionExpression="lease_owner = :owner AND version = :version",
                ExpressionAttributeValues=values(owner=owner, version=cursor.version),
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if not condition_failed(error):
                raise
            stored = refused_item(error)
            if stored.get("written_by") != owner or stored.get("version") != written.version:
                raise LeaseError(f"{cursor.channel} was taken over by another run") from None

    def sweep(self, channel: str) -> Sweep:
        """A stale answer only makes the sweep ask some posts again."""
        item = self.table.get(channel_key(channel, "SWEEP"), consistent=False)
        return Sweep(channel=channel) if item is None else Sweep.model_validate(item)

    def save_sweep(self, sweep: Sweep) -> None:
        """The last write wins: two sweeps at once do the same twice, which is harmless."""
        item = to_item(sweep, channel_key(sweep.channel, "SWEEP"))
        self.table.client.put_item(TableName=self.table.name, Item=to_image(item))

    def save_token_check(self, check: TokenCheck) -> None:
        """One conditional put."""
        try:
            self.table.client.put_item(
                TableName=self.table.name,
                Item=to_image(to_item(check, channel_key(check.channel, "TOKEN"))),
                ConditionExpression="attribute_not_exists(looked_at) OR looked_at <= :looked_at",
                ExpressionAttributeValues=values(looked_at=check.looked_at),
            )
        except ClientError as error:
            if not condition_failed(error):
                raise

    def token(self, channel: str) -> TokenCheck | None:
        """Eventually consistent: it changes once a day."""
        item = self.table.get(channel_key(channel, "TOKEN"), consistent=False)
        return None if item is None else TokenCheck.model_validate(item)

    def announce(self, notice: ChannelNotice) -> bool:
        """One conditional put. `notify` finds it by the stream, `follow_up` on the queue."""
        return self.table.put_new(new_notice_item(notice))

    def record(self, run: Run) -> None:
        """One put, and one more for what the run found lost, under its end; the ledger forgets after 90 days."""
        expires_at = int((run.started_at + timedelta(days=LEDGER_DAYS)).timestamp())
        if run.lost_until is not None:
            lost = channel_key(run.channel, f"LOST#{stamp(run.lost_until)}#{run.run_id}")
            self.table.put_new(to_item(run, lost, expires_at=expires_at))
        key = channel_key(run.channel, f"RUN#{stamp(run.started_at)}#{run.run_id}")
        self.table.put_new(to_item(run, key, expires_at=expires_at))

    def runs(self, channel: str, limit: int) -> list[Run]:
        """One query, backwards."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :run)",
            ExpressionAttributeValues=values(pk=channel_key(channel)["pk"], run="RUN#"),
            ScanIndexForward=False,
            Limit=limit,
        )
        return [Run.model_validate(item) for item in items]
