"""Reads of the statistics, from the counters that were written with the tickets. Nothing is written here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from aduan.store.lane_counts import GATE_COUNTS, LANES
from aduan.store.table import STATS_SHARDS, Table, lanes_partition, stats_partition, values

Grouping = Literal["channel", "topic", "department", "month", "status"]


@dataclass
class Tally:
    """How many tickets were opened, how many are in each status now, and how often one was misrouted."""

    tickets: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    misroutes: int = 0
    """How often a department said that a ticket is not its job, counted at that department."""

    def add(self, tickets: int, statuses: Mapping[str, int], misroutes: int = 0) -> None:
        """Add one counter."""
        self.tickets += tickets
        self.statuses.update(statuses)
        self.misroutes += misroutes


@dataclass(frozen=True)
class Statistics:
    """Adds up the counters."""

    table: Table

    def lanes(self, months: Iterable[str]) -> Counter[str]:
        """Add up how many posts that were found in these months are in each lane that opens no ticket.

        Beside them are `GATE_COUNTS`. This takes one query per month. A post may be missing, if a process
        died at the wrong moment; none counts twice.
        """
        found: Counter[str] = Counter()
        for month in months:
            for item in self.table.query("pk = :pk", ExpressionAttributeValues=values(pk=lanes_partition(month))):
                found.update({name: int(item[name]) for name in (*LANES, *GATE_COUNTS) if name in item})
        return found

    def count(self, months: Iterable[str], by: Grouping, department: str | None = None) -> dict[str, Tally]:
        """Add up the counters of some months, such as ``2026-11`` in WIB, by what `by` names.

        This takes one query per month and shard, however many tickets there are.

        Args:
            months: The months in which the tickets were opened.
            by: What the tickets are grouped by.
            department: The department whose tickets are counted; None for all.

        Returns:
            A tally for each group that has counters.
        """
        tallies: dict[str, Tally] = defaultdict(Tally)
        for month in months:
            for number in range(STATS_SHARDS):
                condition = values(pk=stats_partition(month, number))
                for item in self.table.query("pk = :pk", ExpressionAttributeValues=condition):
                    channel, topic, owner = item["sk"].split("#", 2)
                    if department not in {None, owner}:
                        continue
                    statuses = {
                        name.removeprefix("status_"): int(value)
                        for name, value in item.items()
                        if name.startswith("status_")
                    }
                    if by == "status":
                        for status, tickets in statuses.items():
                            tallies[status].add(tickets, {status: tickets})
                    else:
                        group = {"channel": channel, "topic": topic, "department": owner, "month": month}[by]
                        tallies[group].add(int(item.get("tickets", 0)), statuses, int(item.get("misroutes", 0)))
        return dict(tallies)
