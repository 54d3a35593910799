from __future__ import annotations

from collections.abc import Iterator

import pytest

from aduan.directory import Sending
from aduan.directory_loading import load_directory
from tests.handlers.deployed_intake import Intake, started_intake
from tests.handlers.deployed_poller import Deployed, started_poller


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch quiet hours off: handlers read the real clock, and tests must pass at night and on holidays too."""
    sending = load_directory().sending
    never = {"quiet_from": None, "quiet_until": None, "quiet_on_days_off": False}
    monkeypatch.setattr(Sending, "rule", lambda _self, _code: sending.default.model_copy(update=never))


@pytest.fixture(scope="module")
def intake_process() -> Iterator[Intake]:
    """One process of `intake` for all tests of a file."""
    with started_intake() as started:
        yield started


@pytest.fixture
def intake(intake_process: Intake) -> Intake:
    """The deployed `intake`, with an empty table."""
    intake_process.reset()
    return intake_process


@pytest.fixture(scope="module")
def poller_process() -> Iterator[Deployed]:
    """One process of `poll_channels` for all tests of a file."""
    with started_poller() as started:
        yield started


@pytest.fixture
def poller(poller_process: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    """The deployed `poll_channels` before its first run."""
    monkeypatch.setattr("aduan.platform_http.BACKOFF_SECONDS", 0)  # how long it waits is tested beside the client
    poller_process.begin()
    return poller_process
