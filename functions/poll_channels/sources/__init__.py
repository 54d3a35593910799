"""One file per channel kind. A new kind is a file here and a line in `KINDS`."""

from collections.abc import Callable
from datetime import datetime
from typing import Final

from aduan.directory import Channel
from poll_channels.source import Source
from poll_channels.sources.facebook_page import FacebookPage
from poll_channels.sources.graph import GraphClient
from poll_channels.sources.instagram import Instagram

KINDS: Final[dict[str, Callable[[Channel, GraphClient, datetime], Source]]] = {
    "facebook_page": FacebookPage,
    "instagram": Instagram,
}
