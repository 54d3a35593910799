"""The fakes of all platforms. A new kind is a line here, and passes `tests/contract/test_kinds.py`."""

from __future__ import annotations

from typing import Final

from tests.fake_graph import FakeInstagram, FakePage
from tests.fake_rss import Publisher
from tests.fake_telegram import Bot
from tests.fake_x import FakeX
from tests.fake_youtube import FakeYouTube
from tests.reading import Fake, Platform

FAKES: Final[dict[str, type[Fake]]] = {
    "facebook_page": FakePage,
    "instagram": FakeInstagram,
    "rss": Publisher,
    "telegram_relay": Bot,
    "x": FakeX,
    "youtube": FakeYouTube,
}


def tells_what_is_gone(kind: str) -> bool:
    """Whether the reader of a kind can be asked what was deleted."""
    return hasattr(Platform(FAKES[kind]()).open(), "still_there")
