"""Reads of the ledger: a whole interval and the run that proves it, at a cost that does not grow with the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from moto import mock_aws

from admin_api.coverage import Bounds, coverage, is_complete
from aduan.channel import Run
from aduan.store import ledger as ledger_reading
from aduan.store.channels import DynamoChannelStore
from aduan.store.ledger import LedgerReading
from aduan.store.table import Table
from tests.builders import NOON
from tests.table import create_table

MINUTE = timedelta(minutes=1)
CHANNEL = "instagram:kabarsleman"


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def record(table: Table, minute: int, **changes: Any) -> Run:
    """Write a run into the ledger."""
    fields: dict[str, Any] = {
        "channel": CHANNEL,
        "run_id": f"run-{minute}",
        "started_at": NOON + minute * MINUTE,
        "finished_at": NOON + minute * MINUTE,
        "read_from": NOON - timedelta(days=2),
        "complete": True,
    }
    run = Run.model_validate(fields | changes)
    DynamoChannelStore(table).record(run)
    return run


def fail(table: Table, minute: int) -> Run:
    return record(table, minute, complete=False, error="OutageError: code 2")


def count_queries(table: Table) -> list[dict[str, Any]]:
    """Return a list that collects the queries sent from now on."""
    queries: list[dict[str, Any]] = []
    table.client.meta.events.register(
        "provide-client-params.dynamodb.Query", lambda params, **_: queries.append(dict(params))
    )
    return queries


def test_an_interval_comes_with_the_run_that_proves_its_end(table: Table) -> None:
    """The result holds the channel's runs from start to end, both included, and the first complete one after."""
    record(table, -1)
    inside = [record(table, 0), fail(table, 3), record(table, 10)]
    fail(table, 11)
    after = record(table, 12)
    record(table, 13)
    record(table, 5, channel="instagram:kabarslemanlain")
    ledger = LedgerReading(table).ledger(CHANNEL, NOON, NOON + 10 * MINUTE)
    assert list(ledger.runs[:3]) == inside
    ledger = LedgerReading(table).ledger(CHANNEL, NOON, NOON + 9 * MINUTE)
    assert list(ledger.runs) == inside
    ledger = LedgerReading(table).ledger(CHANNEL, NOON + MINUTE, NOON + 11 * MINUTE)
    assert ledger.runs[-1] == after
    assert ledger.looked_until is None
    assert ledger.until == NOON + 11 * MINUTE


def test_the_ledger_knows_its_beginning(table: Table) -> None:
    """The first complete run is found however far the interval is from it."""
    fail(table, -50)
    first = record(table, -40)
    record(table, 5)
    assert LedgerReading(table).ledger(CHANNEL, NOON, NOON + 10 * MINUTE).first == first
    assert LedgerReading(table).ledger("instagram:lain", NOON, NOON + 10 * MINUTE).first is None


def test_too_long_an_interval_is_cut_and_goes_on_where_it_was_cut(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asking again from each cut covers everything in the end, and every partial answer is right."""
    monkeypatch.setattr(ledger_reading, "LEDGER_RUNS", 4)
    for minute in range(20):
        if minute % 3:
            record(table, minute)
        else:
            fail(table, minute)
    since, until, parts = NOON, NOON + 19 * MINUTE, 0
    while since < until:
        queries = count_queries(table)
        ledger = LedgerReading(table).ledger(CHANNEL, since, until)
        assert len(ledger.runs) <= 5
        assert sum(query["Limit"] <= 5 for query in queries) >= 1
        stretches = coverage(ledger.runs, since, ledger.until, Bounds(looked_until=until))
        assert is_complete(stretches)
        since, parts = ledger.until, parts + 1
    assert parts > 3


def test_a_long_outage_after_the_interval_is_searched_so_far_and_no_further(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The search for a complete run ends at its bound, and says how far it got."""
    monkeypatch.setattr(ledger_reading, "_SEARCHED_AT_ONCE", 2)
    monkeypatch.setattr(ledger_reading, "_SEARCHED_NEXT", 3)
    monkeypatch.setattr(ledger_reading, "_SEARCH_PAGES", 2)
    for minute in range(1, 12):
        fail(table, minute)
    record(table, 12)
    ledger = LedgerReading(table).ledger(CHANNEL, NOON, NOON + MINUTE / 2)
    assert ledger.runs == ()
    assert ledger.looked_until == NOON + 5 * MINUTE
    ledger = LedgerReading(table).ledger(CHANNEL, NOON + 8 * MINUTE, NOON + 9 * MINUTE)
    assert ledger.runs[-1].complete
    assert ledger.looked_until is None


def test_the_last_complete_run_is_found_behind_failures(table: Table) -> None:
    """The youngest complete run is found behind incomplete ones; None when there never was one."""
    assert LedgerReading(table).last_complete_run(CHANNEL) is None
    record(table, 0)
    wanted = record(table, 1)
    for minute in range(2, 80):
        fail(table, minute)
    assert LedgerReading(table).last_complete_run(CHANNEL) == wanted


def test_arrivals_are_when_something_new_was_found(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """One query lists arrivals, youngest first, none older than asked for, within the bound of runs."""
    for minute in range(10):
        record(table, minute, new=minute % 2)
    queries = count_queries(table)
    assert LedgerReading(table).arrivals(CHANNEL, NOON + 3 * MINUTE) == tuple(
        NOON + minute * MINUTE for minute in (9, 7, 5, 3)
    )
    assert len(queries) == 1
    monkeypatch.setattr(ledger_reading, "HISTORY_RUNS", 4)
    assert LedgerReading(table).arrivals(CHANNEL, NOON) == (NOON + 9 * MINUTE, NOON + 7 * MINUTE)


def test_what_was_lost_is_found_whenever_it_was_noticed(table: Table) -> None:
    """A later run that found part of the interval lost is returned with the interval's runs."""
    record(table, 0)
    record(table, 5)
    lost = {"complete": False, "stopped": "gap", "lost_from": NOON + MINUTE, "lost_until": NOON + 3 * MINUTE}
    noticed = record(table, 500, **lost)
    for minute in range(501, 520):
        record(table, minute)
    ledger = LedgerReading(table).ledger(CHANNEL, NOON, NOON + 4 * MINUTE)
    assert noticed in ledger.runs
    stretches = coverage(ledger.runs, NOON, NOON + 4 * MINUTE, Bounds(looked_until=NOON + 4 * MINUTE))
    assert [stretch.state for stretch in stretches] == ["read", "unread", "read"]
    for since, until in ((3, 4), (-2, 1)):
        runs = LedgerReading(table).ledger(CHANNEL, NOON + since * MINUTE, NOON + until * MINUTE).runs
        assert noticed not in runs, "it ends before the one, and begins after the other"
    latest = LedgerReading(table).last_complete_run(CHANNEL)
    assert latest is not None
    assert latest.run_id == "run-519"
