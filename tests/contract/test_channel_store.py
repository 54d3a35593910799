"""Cursors, runs, sweeps and looks at tokens, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

import pytest

from aduan.channel import Run, Sweep, TokenCheck
from aduan.store.channels import LeaseError
from tests.builders import NOON
from tests.stores import CHANNEL, MINUTE, Stores


def test_a_channel_is_leased_to_one_run(stores: Stores) -> None:
    """A second run is refused until the lease ends; afterwards the first run's cursor is refused."""
    cursor = stores.channels.read(CHANNEL)
    first = stores.channels.lease(cursor, "one", NOON, NOON + MINUTE)
    with pytest.raises(LeaseError):
        stores.channels.lease(cursor, "two", NOON, NOON + MINUTE)
    stores.channels.lease(stores.channels.read(CHANNEL), "two", NOON + MINUTE, NOON + 2 * MINUTE)
    with pytest.raises(LeaseError):
        stores.channels.release(first, "one")


def test_a_lease_is_taken_on_what_was_read(stores: Stores) -> None:
    """A run that read the cursor before another one moved it is refused."""
    stale = stores.channels.read(CHANNEL)
    stores.channels.release(stores.channels.lease(stale, "one", NOON, NOON + MINUTE), "one")
    with pytest.raises(LeaseError):
        stores.channels.lease(stale, "two", NOON, NOON + MINUTE)


def test_a_released_cursor_is_read_back(stores: Stores) -> None:
    """The next run reads what a run wrote, and the channel is free."""
    leased = stores.channels.lease(stores.channels.read(CHANNEL), "one", NOON, NOON + MINUTE)
    refused = {"refusals": 2, "refused_at": NOON}
    moved = leased.model_copy(update={"watermark": NOON, "marks": {"17": "3"}, "seen": ("18", "19"), **refused})
    stores.channels.release(moved, "one")
    stored = stores.channels.read(CHANNEL)
    assert (stored.watermark, stored.marks, stored.seen) == (NOON, {"17": "3"}, ("18", "19"))
    assert (stored.version, stored.lease_owner, stored.needs_permission_since) == (1, None, NOON)


def test_the_ledger_gives_the_youngest_runs_first(stores: Stores) -> None:
    """The requested number of runs is returned, youngest first."""
    for minute in range(4):
        at = NOON + minute * MINUTE
        stores.channels.record(
            Run(channel=CHANNEL, run_id=str(minute), started_at=at, finished_at=at, read_from=NOON, complete=True)
        )
    assert [run.run_id for run in stores.channels.runs(CHANNEL, 2)] == ["3", "2"]


def test_a_sweep_is_remembered(stores: Stores) -> None:
    """The last saved position is the one that is read."""
    assert stores.channels.sweep(CHANNEL).position is None
    stores.channels.save_sweep(Sweep(channel=CHANNEL, position=NOON, last="instagram#1"))
    assert stores.channels.sweep(CHANNEL).last == "instagram#1"


def test_the_last_look_at_a_token_is_kept(stores: Stores) -> None:
    """A younger check replaces the stored one; an older one that comes late does not."""
    assert stores.channels.token(CHANNEL) is None
    first = TokenCheck(channel=CHANNEL, looked_at=NOON, valid=True, ends_at=NOON + MINUTE, reason="expires_at")
    second = TokenCheck(channel=CHANNEL, looked_at=NOON + MINUTE, valid=False, reason="code 190/460")
    for look in (first, first, second):
        stores.channels.save_token_check(look)
        assert stores.channels.token(CHANNEL) == look
    stores.channels.save_token_check(first)
    assert stores.channels.token(CHANNEL) == second
