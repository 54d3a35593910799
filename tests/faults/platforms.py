"""Every channel kind that is polled, opened as the handler opens it, on a wire whose answers a test decides."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import urlsplit

import urllib3

from aduan.directory import Channel
from aduan.directory_loading import load_directory
from aduan.time_budget import TimeBudget
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.source import Source, Window
from poll_channels.sources import KINDS
from tests import reading

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
FLOOR = NOW - timedelta(days=30)
FIRST = Window(since=FLOOR, floor=FLOOR, threads=FLOOR)
TOKEN = "123456789:AAHtoken_KENARI"
CHANNELS: Mapping[str, Channel] = {
    channel.kind: channel for channel in load_directory().channels if channel.kind in KINDS
}
JSON_KINDS = sorted(set(KINDS) - {"rss"})
WRITTEN_AT = "2026-11-03T06:41:09+00:00"


@dataclass
class Wire:
    """Stands in for every platform: it answers by a test's own rule and remembers what it was asked."""

    answer: Callable[[str, Mapping[str, Any]], tuple[int, bytes, Mapping[str, str]]]
    """From the path and the body's JSON to status, body and headers."""
    asked: list[str] = field(default_factory=list)

    def request(self, _method: str, url: str, **options: Any) -> urllib3.HTTPResponse:
        """Ask, as urllib3 does."""
        self.asked.append(url)
        status, data, headers = self.answer(urlsplit(url).path, json.loads(options.get("body") or b"{}"))
        given = urllib3.HTTPHeaderDict(headers)
        return urllib3.HTTPResponse(io.BytesIO(data), headers=given, status=status, preload_content=False)


@dataclass
class Platform:
    """One account of a kind on a wire."""

    kind: str
    wire: Wire
    pauses: list[float] = field(default_factory=list)
    seconds: float = 60
    """How many seconds a run may take; a pause uses up its length."""

    def open(self) -> Source:
        """Open the kind's source for one run."""
        spent = [0.0]

        def sleep(seconds: float) -> None:
            self.pauses.append(seconds)
            spent[0] += seconds

        def get_parameters(Names: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 # the service's name
            return {"Parameters": [{"Name": name, "Value": TOKEN} for name in Names], "InvalidParameters": []}

        base = "https://platform.test"
        settings = PollSettings(
            stage="test",
            table_name="aduan",
            credentials_path="/aduan/test",
            graph_base_url=base,
            graph_version="v25.0",
            telegram_base_url=base,
            feed_base_url=base,
            x_base_url=base,
            youtube_base_url=base,
        )
        connection = Connection(
            cast("urllib3.PoolManager", self.wire),
            Credentials(cast("Any", SimpleNamespace(get_parameters=get_parameters)), "/aduan/test", lambda: 0.0),
            settings,
            TimeBudget.of(lambda: spent[0], self.seconds),
            NOW,
            sleep,
        )
        return KINDS[self.kind](CHANNELS[self.kind], connection)

    def read(self, marks: Mapping[str, str] | None = None) -> reading.Reading:
        """Run a source to its end, or to its error."""
        return reading.read(self.open(), FIRST, marks or {})


def always(
    kind: str, body: object, status: int = 200, headers: Mapping[str, str] | None = None, **more: Any
) -> Platform:
    """Return a platform that answers everything alike: bytes are sent unchanged, anything else as JSON."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Platform(kind, Wire(lambda _path, _body: (status, data, headers or {})), **more)


NOTHING: Mapping[str, bytes] = {
    "facebook_page": b'{"data": []}',
    "instagram": b'{"data": []}',
    "rss": b'<?xml version="1.0"?><rss version="2.0"><channel><title>Surat</title></channel></rss>',
    "telegram_relay": b'{"ok": true, "result": []}',
    "x": b'{"meta": {"result_count": 0}}',
    "youtube": b'{"items": []}',
}
"""How each platform says that there are no posts."""


def listing(kind: str, *items: str) -> Platform:
    """Return a platform of JSON that lists these items once, with nothing beneath them."""
    [moderator, *_] = cast("tuple[str, ...]", CHANNELS["telegram_relay"].parameters["moderators"])
    first, last = {
        "facebook_page": ('{"data": [', "]}"),
        "instagram": ('{"data": [', "]}"),
        "telegram_relay": ('{"ok": true, "result": [', "]}"),
        "x": ('{"data": [', f'], "meta": {{"result_count": {len(items)}}}}}'),
        "youtube": ('{"items": [', "]}"),
    }[kind]
    page = f"{first}{', '.join(items)}{last}".replace("MODERATOR", moderator).encode()
    listed = {"facebook_page": "/feed", "instagram": "/tags"}.get(kind, "")

    def answer(path: str, body: Mapping[str, Any]) -> tuple[int, bytes, Mapping[str, str]]:
        return 200, page if path.endswith(listed) and "offset" not in body else NOTHING[kind], {}

    return Platform(kind, Wire(answer))


def an_item(kind: str, native_id: str, text: str = '"tolong"', more: str = "") -> str:
    """Return a sound item of a kind; `native_id`, `text` and `more` fields are inserted as JSON source."""
    return {
        "facebook_page": (
            f'{{"id": {native_id}, "message": {text}, "created_time": "{WRITTEN_AT}", "updated_time": "{WRITTEN_AT}",'
            f' "permalink_url": "https://www.facebook.com/1/posts/2"{more}}}'
        ),
        "instagram": (
            f'{{"id": {native_id}, "caption": {text}, "timestamp": "{WRITTEN_AT}",'
            f' "permalink": "https://www.instagram.com/p/x/"{more}}}'
        ),
        "telegram_relay": (
            f'{{"update_id": 870000121, "message": {{"message_id": {native_id}, "text": {text}, "date": 1793688069,'
            f' "chat": {{"id": MODERATOR, "type": "private"}}, "from": {{"id": MODERATOR}}{more}}}}}'
        ),
        "x": f'{{"id": {native_id}, "text": {text}, "created_at": "{WRITTEN_AT}"{more}}}',
        "youtube": (
            f'{{"id": {native_id}, "snippet": {{"totalReplyCount": 0, "topLevelComment": {{"id": {native_id},'
            f' "snippet": {{"textOriginal": {text}, "publishedAt": "{WRITTEN_AT}"{more}}}}}}}}}'
        ),
    }[kind]
