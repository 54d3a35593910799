"""One deployed stack for all journeys: the real template on the emulator, with the bundled posts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local import processes
from infra.local.__main__ import BUNDLED, Stack, bring_home, start
from infra.local.outcome import Line


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Start, build, deploy and seed; stop at the end."""
    assert processes.remembered() is None, "a local stack is running; stop it with `make down`"
    try:
        yield start(BUNDLED, None)
    finally:
        processes.stop_all()


@pytest.fixture(scope="session")
def lines(stack: Stack) -> list[Line]:
    """What became of every bundled post."""
    return bring_home(stack)
