"""Stores the versions of the gate, which of them is in force, and how many samples were shown on a day.

The weights of a version lie apart from its description, so that listing versions does not read them.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Protocol

from botocore.exceptions import ClientError

from aduan.gate_version import GateInForce, GateRun, GateVersion
from aduan.record import SCHEMA_VERSION
from aduan.store.table import Item, OutdatedError, Table, attributes, condition_failed, to_image, to_item, values

LARGEST_WEIGHTS: Final = 200_000
"""Most bytes of a version's weights. An item may have 400 KB."""
MOST_LISTED: Final = 20
"""Most versions that are listed."""
SAMPLES_KEPT: Final = timedelta(days=28)
"""How long the number of a day's samples is kept."""
_IN_FORCE: Final = {"pk": "GATE#IN_FORCE", "sk": "GATE"}
_RUN: Final = {"pk": "GATE#RUN", "sk": "GATE"}
_VERSIONS: Final = "GATE#VERSIONS"


class GateStore(Protocol):
    """What the functions need from the table about the gate."""

    def in_force(self) -> GateInForce:
        """Return which version is in force; the base model when nothing was ever put in force."""

    def weights(self, version: int) -> bytes | None:
        """Return the weights of a version, as they were kept; None when there is no such version."""

    def versions(self) -> list[GateVersion]:
        """List the last versions, the newest first."""

    def add(self, version: GateVersion, weights: bytes) -> None:
        """Keep a new version, without putting it in force.

        Raises:
            OutdatedError: when there is a version with its number.
            ValueError: when the weights are larger than `LARGEST_WEIGHTS`.
        """

    def put_in_force(self, chosen: GateInForce, before: GateInForce) -> None:
        """Put a version in force.

        Raises:
            OutdatedError: when it is no longer `before` that is in force.
        """

    def last_run(self) -> GateRun | None:
        """Return the last run that learnt; None when there was none."""

    def note_run(self, run: GateRun) -> None:
        """Record a run, in the place of the last."""

    def take_sample(self, day: date, most: int) -> bool:
        """Count one more sample that is shown on a day. Return False when there were `most` already."""


@dataclass(frozen=True)
class DynamoGateStore:
    """`GateStore` on the table."""

    table: Table

    def in_force(self) -> GateInForce:
        """Make one read, at half a unit: a moment's delay does no harm."""
        item = self.table.get(_IN_FORCE, consistent=False)
        return GateInForce() if item is None else GateInForce.model_validate(item)

    def weights(self, version: int) -> bytes | None:
        """Make one consistent read of up to 200 KB."""
        item = self.table.get(_weights_key(version))
        return None if item is None else bytes(item["weights"].value)

    def versions(self) -> list[GateVersion]:
        """Make one query."""
        items = self.table.query(
            "pk = :pk",
            ExpressionAttributeValues=values(pk=_VERSIONS),
            ScanIndexForward=False,
            Limit=MOST_LISTED,
        )
        return [GateVersion.model_validate(item) for item in items]

    def add(self, version: GateVersion, weights: bytes) -> None:
        """Put the weights, then the description: a version that is listed has weights."""
        if len(weights) > LARGEST_WEIGHTS:
            raise ValueError(f"{len(weights)} bytes of weights are more than {LARGEST_WEIGHTS}")
        item = to_item(version, {"pk": _VERSIONS, "sk": _number(version.version)})
        kept = {**_weights_key(version.version), "weights": weights, "schema_version": SCHEMA_VERSION}
        unlisted = "attribute_not_exists(pk)"
        parts = [
            {"Put": {"TableName": self.table.name, "Item": to_image(one), "ConditionExpression": unlisted}}
            for one in (kept, item)
        ]
        try:
            self.table.transact(parts)
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError(f"version {version.version}") from None
            raise

    def put_in_force(self, chosen: GateInForce, before: GateInForce) -> None:
        """Make one conditional put."""
        condition: Any = {"ConditionExpression": "attribute_not_exists(pk)"}
        if before.at is not None:
            condition = {
                "ConditionExpression": "#at = :at",
                "ExpressionAttributeNames": {"#at": "at"},
                "ExpressionAttributeValues": values(at=attributes(before)["at"]),
            }
        try:
            self.table.client.put_item(
                TableName=self.table.name, Item=to_image(to_item(chosen, _IN_FORCE)), **condition
            )
        except ClientError as error:
            if condition_failed(error):
                raise OutdatedError("the gate") from None
            raise

    def last_run(self) -> GateRun | None:
        """Make one read."""
        item = self.table.get(_RUN, consistent=False)
        return None if item is None else GateRun.model_validate(item)

    def note_run(self, run: GateRun) -> None:
        """Make one put."""
        self.table.client.put_item(TableName=self.table.name, Item=to_image(to_item(run, _RUN)))

    def take_sample(self, day: date, most: int) -> bool:
        """Make one conditional update."""
        try:
            self.table.client.update_item(
                TableName=self.table.name,
                Key=to_image({"pk": "GATE#SAMPLES", "sk": day.isoformat()}),
                UpdateExpression="ADD samples :one SET expires_at = :until",
                ConditionExpression="attribute_not_exists(samples) OR samples < :most",
                ExpressionAttributeValues=values(one=1, most=most, until=_end_of(day)),
            )
        except ClientError as error:
            if condition_failed(error):
                return False
            raise
        return True


def _end_of(day: date) -> int:
    return int((datetime(day.year, day.month, day.day, tzinfo=UTC) + SAMPLES_KEPT).timestamp())


def _number(version: int) -> str:
    return f"{version:06}"


def _weights_key(version: int) -> Item:
    return {"pk": f"GATE#WEIGHTS#{_number(version)}", "sk": "GATE"}
