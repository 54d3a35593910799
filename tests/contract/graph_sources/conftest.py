"""A simulated account of each kind that speaks the Graph API."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import populate
from tests.graph_platform import ACCOUNTS, KINDS, Platform, some_drafts
from tests.reading import APP_SECRET


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(Config("v25.0", APP_SECRET, ACCOUNTS), populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture(name="platform", params=sorted(KINDS))
def _platform(request: pytest.FixtureRequest, server: Server) -> Platform:
    platform = Platform(request.param, server)
    platform.holds(*some_drafts(platform.kind))
    return platform
