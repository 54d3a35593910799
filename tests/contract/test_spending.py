"""The month's budget of second opinions holds, in memory and on DynamoDB, whoever asks at the same time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from aduan.store.spending import DynamoSpendingStore, SpendingStore
from aduan.store.table import Table, spending_key
from tests.builders import NOON
from tests.in_memory.memory import Memory
from tests.in_memory.spending import InMemorySpendingStore
from tests.table import create_table

BUDGET = 1_000
NEW_YEAR = datetime(2026, 12, 31, 17, 0, tzinfo=UTC)
"""Midnight in Sleman."""


class Kept(NamedTuple):
    """A store, and the sums that it keeps."""

    store: SpendingStore
    table: Table | None
    memory: Memory

    def spent(self, month: str = "2026-11") -> int:
        """The sum of a month."""
        if self.table is None:
            return self.memory.spent.get(("SECOND_OPINIONS", month), 0)
        return int((self.table.get(spending_key(month)) or {"spent": 0})["spent"])


@pytest.fixture(name="kept", params=["in memory", "DynamoDB"])
def _kept(request: pytest.FixtureRequest) -> Iterator[Kept]:
    memory = Memory()
    if request.param == "in memory":
        yield Kept(InMemorySpendingStore(memory), None, memory)
        return
    with mock_aws():
        table = create_table()
        yield Kept(DynamoSpendingStore(table), table, memory)


def test_what_the_budget_holds_is_booked(kept: Kept) -> None:
    """The budget can be used up to the last millionth; the next amount is refused and not counted."""
    assert [kept.store.book(name, NOON, 400, BUDGET) for name in "ab"] == [True, True]
    assert kept.store.book("c", NOON, 201, BUDGET) is False
    assert kept.store.book("d", NOON, 200, BUDGET) is True
    assert kept.spent() == BUDGET


def test_more_than_the_budget_is_never_booked(kept: Kept) -> None:
    """The first amount of a month is checked too."""
    assert kept.store.book("a", NOON, BUDGET + 1, BUDGET) is False
    assert kept.spent() == 0


def test_what_it_really_was_is_what_counts(kept: Kept) -> None:
    """A correction returns what an estimate did not use, or adds what it lacked."""
    for name, difference in (("a", -300), ("b", 50)):
        assert kept.store.book(name, NOON, 400, BUDGET)
        kept.store.settle(name, NOON, difference)
    assert kept.spent() == 100 + 450


def test_a_repeated_request_counts_once(kept: Kept) -> None:
    """When the SDK repeats a request, neither the booking nor its correction counts twice."""
    assert [kept.store.book("a", NOON, 600, BUDGET) for _ in range(3)] == [True, True, True]
    for _ in range(3):
        kept.store.settle("a", NOON, -100)
    assert kept.spent() == 500


def test_what_was_never_booked_is_not_corrected(kept: Kept) -> None:
    """A correction without a booking creates no month and changes none."""
    kept.store.settle("a", NOON, -100)
    assert kept.spent() == 0
    assert kept.store.book("b", NOON, 600, BUDGET)
    kept.store.settle("a", NOON, -100)
    assert kept.spent() == 600


def test_a_month_begins_at_midnight_in_sleman(kept: Kept) -> None:
    """The old year's spending does not count in the new one, which does not begin at UTC's midnight."""
    assert kept.store.book("a", NEW_YEAR - timedelta(seconds=1), BUDGET, BUDGET)
    assert not kept.store.book("b", NEW_YEAR - timedelta(seconds=1), 1, BUDGET)
    assert kept.store.book("c", NEW_YEAR, BUDGET, BUDGET)
    assert (kept.spent("2026-12"), kept.spent("2027-01")) == (BUDGET, BUDGET)


STEPS = st.lists(
    st.tuples(st.booleans(), st.integers(0, 9), st.integers(1, 600), st.floats(0, 1)), min_size=1, max_size=25
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_in_whatever_order_many_ask_the_budget_holds(kept: Kept, steps: list[tuple[bool, int, int, float]]) -> None:
    """Each step is one request, so concurrent steps run in some order: the sum is exact and never too high."""
    year = kept.memory.calls = kept.memory.calls + 1
    now = NOON.replace(year=2000 + year)  # a month of its own for every example
    month = f"{now:%Y-%m}"
    open_asks: dict[str, int] = {}
    expected = 0
    for books, number, amount, used in steps:
        name = str(number)
        if books and name not in open_asks:
            fits = expected + amount <= BUDGET
            assert kept.store.book(name, now, amount, BUDGET) is fits
            if fits:
                open_asks[name] = amount
                expected += amount
        elif not books:
            booked = open_asks.pop(name, None)
            difference = int((booked or amount) * used) - (booked or amount)
            kept.store.settle(name, now, difference)
            expected += difference if booked is not None else 0
        assert kept.spent(month) == expected <= BUDGET


@pytest.mark.parametrize("kept", ["DynamoDB"], indirect=True)
def test_each_step_is_one_request(kept: Kept) -> None:
    """Nothing is read before it is written, so no other request can come in between."""
    assert kept.table is not None
    asked: list[str] = []

    def note(model: Any, **_: Any) -> None:
        asked.append(model.name)

    kept.table.client.meta.events.register("before-call", note)
    assert kept.store.book("a", NOON, 600, BUDGET)
    assert not kept.store.book("b", NOON, 600, BUDGET)
    kept.store.settle("a", NOON, 1)
    kept.store.settle("a", NOON, 1)
    assert asked == ["UpdateItem"] * 4
