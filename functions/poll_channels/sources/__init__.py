"""One file per channel kind. A new kind is a file here and a line in `KINDS`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from poll_channels.sources.facebook_page import open_page
from poll_channels.sources.instagram import open_account
from poll_channels.sources.rss import open_feed
from poll_channels.sources.telegram_relay import open_relay
from poll_channels.sources.x import open_mentions
from poll_channels.sources.youtube import open_comments

if TYPE_CHECKING:
    from aduan.directory import Channel
    from poll_channels.connection import Connection
    from poll_channels.source import Source

KINDS: Final[dict[str, Callable[[Channel, Connection], Source]]] = {
    "facebook_page": open_page,
    "instagram": open_account,
    "rss": open_feed,
    "telegram_relay": open_relay,
    "x": open_mentions,
    "youtube": open_comments,
}
