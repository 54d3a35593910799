from __future__ import annotations

import pytest

from admin_api.suppression import NOT_LISTED, SesSuppressionList
from aduan.directory import Sending
from aduan.directory_loading import load_directory


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch quiet hours off: handlers read the real clock, and tests must pass at night and on holidays too."""
    sending = load_directory().sending
    never = {"quiet_from": None, "quiet_until": None, "quiet_on_days_off": False}
    monkeypatch.setattr(Sending, "rule", lambda _self, _code: sending.default.model_copy(update=never))


@pytest.fixture(autouse=True)
def nothing_suppressed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no address be on SES's suppression list, which moto does not have."""
    monkeypatch.setattr(SesSuppressionList, "take_off", lambda _self, _address: NOT_LISTED)
