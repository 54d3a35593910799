"""A simulated Graph API for each file, and a client with the same texts for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import populate
from tests.simulated import NOW
from tests.simulated_graph import CONFIG, GraphClient, some_drafts


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(CONFIG, populate(CONFIG.accounts, []))) as server:
        yield server


@pytest.fixture
def client(server: Server) -> GraphClient:
    """Ask a simulator that holds `some_drafts`."""
    server.simulator = Simulator(CONFIG, populate(CONFIG.accounts, some_drafts()), clock=lambda: NOW)
    return GraphClient(server)
