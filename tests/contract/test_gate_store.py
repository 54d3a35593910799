"""The versions of the gate, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.gate_version import GateInForce, GateRun
from aduan.store.gates import LARGEST_WEIGHTS, MOST_LISTED
from aduan.store.table import OutdatedError
from tests.builders import NOON, a_gate_version
from tests.stores import MINUTE, Stores


def test_before_anything_was_learnt_the_base_model_decides(stores: Stores) -> None:
    """An empty table has no version, no weights and no run, and the base model is in force."""
    assert stores.gates.in_force() == GateInForce(version=0)
    assert stores.gates.versions() == []
    assert stores.gates.weights(1) is None
    assert stores.gates.last_run() is None


def test_a_version_is_kept_whole_up_to_its_limit(stores: Stores) -> None:
    """The largest weights come back byte by byte; larger ones are refused before the table would refuse them."""
    weights = bytes(range(256)) * (LARGEST_WEIGHTS // 256)
    stores.gates.add(a_gate_version(1), weights)
    assert stores.gates.weights(1) == weights
    assert stores.gates.versions() == [a_gate_version(1)]
    with pytest.raises(ValueError, match="00"):
        stores.gates.add(a_gate_version(2), bytes(LARGEST_WEIGHTS + 1))


def test_two_runs_cannot_make_the_same_version(stores: Stores) -> None:
    """The second is refused, and what the first kept stays."""
    stores.gates.add(a_gate_version(1), b"first")
    with pytest.raises(OutdatedError):
        stores.gates.add(a_gate_version(1), b"second")
    assert stores.gates.weights(1) == b"first"


def test_what_is_in_force_changes_only_from_what_was_read(stores: Stores) -> None:
    """Of two that choose at the same time only one is obeyed, also when nothing was in force."""
    nothing = stores.gates.in_force()
    first = GateInForce(version=1, at=NOON)
    stores.gates.put_in_force(first, nothing)
    with pytest.raises(OutdatedError):
        stores.gates.put_in_force(GateInForce(version=2, at=NOON), nothing)
    assert stores.gates.in_force() == first
    back = GateInForce(version=0, at=NOON + MINUTE, by="admin-1", held=True)
    stores.gates.put_in_force(back, first)
    assert stores.gates.in_force() == back
    with pytest.raises(OutdatedError):
        stores.gates.put_in_force(first, first)


def test_the_newest_versions_are_listed_first(stores: Stores) -> None:
    """The list ends after so many."""
    for number in range(1, MOST_LISTED + 3):
        stores.gates.add(a_gate_version(number), b"weights")
    assert [one.version for one in stores.gates.versions()] == list(range(MOST_LISTED + 2, 2, -1))


def test_the_last_run_replaces_the_one_before(stores: Stores) -> None:
    """Only the last is kept."""
    for outcome in ("too_few", "in_force"):
        run = GateRun(at=NOON, outcome=outcome, decisions=412, version=None, sentence="satu kalimat")
        stores.gates.note_run(run)
        assert stores.gates.last_run() == run


def test_no_more_samples_than_a_day_may_have(stores: Stores) -> None:
    """The next day has its own."""
    day = NOON.date()
    assert [stores.gates.take_sample(day, 2) for _ in range(4)] == [True, True, False, False]
    assert stores.gates.take_sample(day + timedelta(days=1), 2)
