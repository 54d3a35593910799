"""Simulated platforms for each file, and a client with the same texts for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import populate
from tests.simulated_platforms import ACCOUNTS, CONFIG, EDGE, PlatformsClient, several


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(CONFIG, populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture
def client(server: Server) -> PlatformsClient:
    """Ask simulated platforms that hold seven texts each."""
    client = PlatformsClient(server)
    client.holds(*(draft for kind in EDGE for draft in several(kind, 7)))
    return client
