from __future__ import annotations

import pytest

from aduan.directory import Sending
from aduan.directory_loading import load_directory


@pytest.fixture(autouse=True)
def awake(monkeypatch: pytest.MonkeyPatch) -> None:
    """Switch quiet hours off: handlers read the real clock, and tests must pass at night and on holidays too."""
    sending = load_directory().sending
    never = {"quiet_from": None, "quiet_until": None, "quiet_on_days_off": False}
    monkeypatch.setattr(Sending, "rule", lambda _self, _code: sending.default.model_copy(update=never))
