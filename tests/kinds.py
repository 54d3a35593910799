"""The fakes of all platforms. A new kind needs a line here and must pass `tests/contract/test_kinds.py`."""

from __future__ import annotations

from typing import Final

from tests.fake_graph import FakeInstagram, FakePage
from tests.fake_rss import Publisher
from tests.fake_telegram import Bot
from tests.fake_x import FakeX
from tests.fake_youtube import FakeYouTube
from tests.reading import Fake

FAKES: Final[dict[str, type[Fake]]] = {
    "facebook_page": FakePage,
    "instagram": FakeInstagram,
    "rss": Publisher,
    "telegram_relay": Bot,
    "x": FakeX,
    "youtube": FakeYouTube,
}
