"""How far each channel has been read: the cursor with its lease, and the ledger of runs."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol

from botocore.exceptions import ClientError

from aduan.channel import Cursor, Run, Sweep, TokenCheck
from aduan.record import stamp
from aduan.store.table import Table, channel_key, condition_failed, refused_item, to_image, to_item, values

LEDGER_DAYS: Final = 90
"""How many days a run is kept in the ledger."""


class LeaseError(Exception):
    """Another run holds the channel, or took it over from this one."""


class ChannelStore(Protocol):
    """Reads and writes how far channels have been read."""

    def read(self, channel: str) -> Cursor:
        """Return the channel's cursor; a fresh one when it was never read."""

    def lease(self, cursor: Cursor, owner: str, now: datetime, until: datetime) -> Cursor:
        """Take the channel for one run until `until`, and return the cursor with the lease.

        Raises:
            LeaseError: when another run has the channel, or has moved the cursor since it was read.
        """

    def release(self, cursor: Cursor, owner: str) -> None:
        """Write the cursor and release the channel, in one write.

        Raises:
            LeaseError: when the lease was lost; then nothing is written.
        """

    def sweep(self, channel: str) -> Sweep:
        """Return how far the channel's sweep is; a fresh one when there was none."""

    def save_sweep(self, sweep: Sweep) -> None:
        """Record how far a channel's sweep is."""

    def save_token_check(self, check: TokenCheck) -> None:
        """Store a check of the channel's token, unless a younger one is stored."""

    def token(self, channel: str) -> TokenCheck | None:
        """Return the last check of the channel's token; None when there was none."""

    def record(self, run: Run) -> None:
        """Add a run to the ledger."""

    def runs(self, channel: str, limit: int) -> Iterable[Run]:
        """Return the channel's latest runs in the ledger, youngest first; at most `limit`."""


@dataclass(frozen=True)
class DynamoChannelStore:
    """A `ChannelStore` on the table."""

    table: Table

    def read(self, channel: str) -> Cursor:
        """Read with eventual consistency, at half a unit per 4 KB: a stale cursor only makes the run read more."""
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
        """Make one conditional put of the whole cursor.

        A put repeated by the SDK meets its own version without a lease, which counts as success.
        """
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
        """Read with eventual consistency: a stale answer only makes the sweep ask for some posts again."""
        item = self.table.get(channel_key(channel, "SWEEP"), consistent=False)
        return Sweep(channel=channel) if item is None else Sweep.model_validate(item)

    def save_sweep(self, sweep: Sweep) -> None:
        """Overwrite the state: the last write wins. Two sweeps at once do the same twice, which is harmless."""
        item = to_item(sweep, channel_key(sweep.channel, "SWEEP"))
        self.table.client.put_item(TableName=self.table.name, Item=to_image(item))

    def save_token_check(self, check: TokenCheck) -> None:
        """Make one conditional put."""
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
        """Read with eventual consistency: the check changes once a day."""
        item = self.table.get(channel_key(channel, "TOKEN"), consistent=False)
        return None if item is None else TokenCheck.model_validate(item)

    def record(self, run: Run) -> None:
        """Put the run, and put it again under the end of what it found lost, if anything; both expire after 90 days."""
        expires_at = int((run.started_at + timedelta(days=LEDGER_DAYS)).timestamp())
        if run.lost_until is not None:
            lost = channel_key(run.channel, f"LOST#{stamp(run.lost_until)}#{run.run_id}")
            self.table.put_new(to_item(run, lost, expires_at=expires_at))
        key = channel_key(run.channel, f"RUN#{stamp(run.started_at)}#{run.run_id}")
        self.table.put_new(to_item(run, key, expires_at=expires_at))

    def runs(self, channel: str, limit: int) -> list[Run]:
        """Make one query, backwards."""
        items = self.table.query(
            "pk = :pk AND begins_with(sk, :run)",
            ExpressionAttributeValues=values(pk=channel_key(channel)["pk"], run="RUN#"),
            ScanIndexForward=False,
            Limit=limit,
        )
        return [Run.model_validate(item) for item in items]
