"""Reads of the ledger of runs and of how far the channels have been read. Nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from aduan.channel import Cursor, Run, TokenCheck
from aduan.record import stamp
from aduan.store.channels import DynamoChannelStore
from aduan.store.table import Table, channel_key, from_image, values

LEDGER_RUNS: Final = 3_000
"""Most runs of a channel that are read for one question about its coverage: two days with a run every minute."""
HISTORY_RUNS: Final = 1_500
"""Most runs that are searched for those that found something new."""

_NEWEST: Final = "~"
_RUN: Final = "RUN#"
_RUN_END: Final = _RUN + _NEWEST
_SEARCH_PAGES: Final = 20
_SEARCHED_AT_ONCE: Final = 50
_SEARCHED_NEXT: Final = 1_500
"""A complete run is nearly always among the first. If a run failed every minute, 20 pages would go back three weeks."""


@dataclass(frozen=True)
class ChannelState:
    """How far a channel has been read, its last runs, youngest first, and the last check of its token."""

    cursor: Cursor
    runs: tuple[Run, ...]
    token: TokenCheck | None = None


@dataclass(frozen=True)
class Ledger:
    """What the ledger says about an interval."""

    runs: tuple[Run, ...]
    """The runs of the interval, the first complete one after it, and those that found part of it lost."""
    until: datetime
    """End of the interval. It is earlier than the one asked for when there are too many runs."""
    looked_until: datetime | None
    """How far the complete run after the interval was searched for in vain; None when it was found or there is none."""
    first: Run | None
    """The first complete run in the whole ledger; None when it was not found."""


@dataclass(frozen=True)
class LedgerReading:
    """Answers what people ask about channels. Every method makes a bounded number of queries; none scans."""

    table: Table

    def channel_state(self, channel: str, runs: int = 5) -> ChannelState:
        """Return the state of a channel with its last `runs` runs, by two reads and one query."""
        store = DynamoChannelStore(self.table)
        return ChannelState(store.read(channel), tuple(store.runs(channel, runs)), store.token(channel))

    def channel_cursor(self, channel: str) -> Cursor:
        """Return how far a channel has been read; the cursor has version 0 when it never was."""
        return DynamoChannelStore(self.table).read(channel)

    def ledger(self, channel: str, since: datetime, until: datetime) -> Ledger:
        """Read everything about the coverage of an interval, at a bounded cost.

        If the interval has more than `LEDGER_RUNS` runs, it is cut short at the last run read; ask again from there.
        """
        items = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=_run_position(since), high=_run_position(until) + _NEWEST
            ),
            Limit=LEDGER_RUNS + 1,
        )
        runs = [Run.model_validate(item) for item in items]
        if len(runs) > LEDGER_RUNS:
            runs.pop()
            until = runs[-1].started_at
        later, reached = self._complete_run(channel, _run_position(until), _RUN_END, forward=True)
        first, _ = self._complete_run(channel, _RUN, _RUN_END, forward=True)
        found = (*runs, *([later] if later else []), *self._losses(channel, since, until))
        return Ledger(found, until, reached, first)

    def _losses(self, channel: str, since: datetime, until: datetime) -> list[Run]:
        """Return the runs of any time that found part of an interval lost; the youngest `LEDGER_RUNS` are searched."""
        items = self.table.query(
            "pk = :pk AND sk BETWEEN :low AND :high",
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=f"LOST#{stamp(since)}", high=f"LOST#{_NEWEST}"
            ),
            ScanIndexForward=False,
            Limit=LEDGER_RUNS,
        )
        runs = [Run.model_validate(item) for item in items]
        # A lost part that ended exactly where the interval begins lies before it.
        return [
            run for run in runs if run.lost_from and run.lost_until and run.lost_from < until and run.lost_until > since
        ]

    def last_complete_run(self, channel: str) -> Run | None:
        """Return the youngest complete run; None when the ledger has none, or none for weeks."""
        return self._complete_run(channel, _RUN, _RUN_END, forward=False)[0]

    def arrivals(self, channel: str, since: datetime) -> tuple[datetime, ...]:
        """Return when runs from `since` on found something new, youngest first, among the last `HISTORY_RUNS` runs.

        This takes one query.
        """
        answer = self.table.client.query(
            TableName=self.table.name,
            KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
            FilterExpression="#new > :nothing",
            ProjectionExpression="started_at",
            ExpressionAttributeNames={"#new": "new"},
            ExpressionAttributeValues=values(
                pk=channel_key(channel)["pk"], low=_run_position(since), high=_RUN_END, nothing=0
            ),
            ScanIndexForward=False,
            Limit=HISTORY_RUNS,
        )
        return tuple(datetime.fromisoformat(from_image(image)["started_at"]) for image in answer["Items"])

    def _complete_run(self, channel: str, low: str, high: str, *, forward: bool) -> tuple[Run | None, datetime | None]:
        """Return the first complete run in a part of the ledger, and how far the search went in vain.

        The second is None when a run was found or the search came to the end. DynamoDB filters: incomplete runs are
        read but not sent.
        """
        request: dict[str, Any] = {
            "TableName": self.table.name,
            "KeyConditionExpression": "pk = :pk AND sk BETWEEN :low AND :high",
            "FilterExpression": "complete = :yes",
            "ExpressionAttributeValues": values(pk=channel_key(channel)["pk"], low=low, high=high, yes=True),
            "ScanIndexForward": forward,
            "Limit": _SEARCHED_AT_ONCE,
        }
        for _ in range(_SEARCH_PAGES):
            answer = self.table.client.query(**request)
            if answer["Items"]:
                return Run.model_validate(from_image(answer["Items"][0])), None
            if "LastEvaluatedKey" not in answer:
                return None, None
            request["ExclusiveStartKey"] = answer["LastEvaluatedKey"]
            request["Limit"] = _SEARCHED_NEXT
        reached = from_image(request["ExclusiveStartKey"])["sk"]
        return None, datetime.fromisoformat(reached.split("#")[1])


def _run_position(moment: datetime) -> str:
    """Return the sort key at which the runs begin that started at this moment or later."""
    return _RUN + stamp(moment)
