"""One file per channel kind. A new kind is a file here and a line in `KINDS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from poll_channels.source import CanRecheck
from poll_channels.sources.facebook_page import FacebookPage
from poll_channels.sources.instagram import Instagram
from poll_channels.sources.rss import Feed
from poll_channels.sources.telegram_relay import TelegramRelay
from poll_channels.sources.x import X
from poll_channels.sources.youtube import YouTube
from public_replies.platforms import TakesReplies

if TYPE_CHECKING:
    from poll_channels.source import Source

KINDS: Final[dict[str, type[Source]]] = {
    "facebook_page": FacebookPage,
    "instagram": Instagram,
    "rss": Feed,
    "telegram_relay": TelegramRelay,
    "x": X,
    "youtube": YouTube,
}
RECHECKED: Final = {kind: source for kind, source in KINDS.items() if issubclass(source, CanRecheck)}
"""The kinds whose platform tells which posts were deleted."""
REPLIED: Final = {kind: source for kind, source in KINDS.items() if issubclass(source, TakesReplies)}
"""The kinds on which citizens can be replied to."""
