"""Simulated Telegram, X, YouTube and RSS as the poller asks them, and as somebody by hand does."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any, cast
from urllib.parse import urlencode

from infra.local.simulator.config import Config
from infra.local.simulator.rows import citizen_draft
from infra.local.simulator.server import Server
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from tests.simulated import NOW, SimulatorClient, by_the_county

TELEGRAM = Account(Kind.TELEGRAM_RELAY, "relai_contoh", "Relai", "110201543:relai", moderators=("710000001",))
X = Account(Kind.X, "200000001", "kabarsleman", "x-token")
YOUTUBE = Account(Kind.YOUTUBE, "UCcontoh00000000000000000", "Sleman TV", "youtube-key")
RSS = Account(Kind.RSS, "koran", "Koran Contoh", "rss-token", feed="/koran.xml", channel="koran")
ACCOUNTS = (TELEGRAM, X, YOUTUBE, RSS)
BY_KIND = {account.kind: account for account in ACCOUNTS}
EDGE = {Kind.TELEGRAM_RELAY: "forward", Kind.X: "mention", Kind.YOUTUBE: "comment", Kind.RSS: "item"}
CONFIG = Config("v25.0", "app-secret", ACCOUNTS)
BOT = f"/telegram/bot{TELEGRAM.token}"
MENTIONS = f"/x/2/users/{X.account}/mentions"
THREADS = "/youtube/youtube/v3/commentThreads"
COMMENTS = "/youtube/youtube/v3/comments"
VIDEOS = "/youtube/youtube/v3/videos"
ALL_THREADS = {"part": "snippet,replies", "allThreadsRelatedToChannelId": YOUTUBE.account, "order": "time"}
LEGACY_FIELDS = "created_at,author_id,conversation_id,attachments,note_tweet"
NEW_FIELDS = "created_at,conversation_id,attachments,note_post"


def a_draft(source_id: str, kind: Kind, **changed: Any) -> Draft:
    """A text of a citizen; `minutes_ago` says how old it is."""
    row = {"kind": kind, "edge": EDGE[kind], "parent": None, "author": "budi", "text": f"Lapor {source_id}"}
    if kind is Kind.YOUTUBE:
        row["parent"] = "v1"
    created_at = NOW - timedelta(minutes=changed.pop("minutes_ago", 60))
    return citizen_draft({**row, "has_photo": False, **changed}, source_id, created_at, "test")


def a_video(source_id: str = "v1") -> Draft:
    """A video of the county, two days old."""
    return by_the_county(source_id, Kind.YOUTUBE, Role.COUNTY_POST, text="Video", minutes_ago=2 * 24 * 60)


def several(kind: Kind, count: int) -> list[Draft]:
    """Several drafts, the oldest first."""
    return [a_draft(f"{kind}-{n}", kind, minutes_ago=100 - n) for n in range(count)]


class PlatformsClient(SimulatorClient):
    """Asks the simulator as the poller does, and as somebody by hand does."""

    def __init__(self, server: Server) -> None:
        super().__init__(server)
        self.now = NOW

    def holds(self, *drafts: Draft) -> None:
        """Let the channels hold these texts and no others."""
        self.server.simulator = Simulator(CONFIG, populate(ACCOUNTS, [a_video(), *drafts]), clock=lambda: self.now)

    def telegram(self, method: str, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a call to the bot."""
        status, _, body = self.raw("POST", f"{BOT}/{method}", params)
        return status, json.loads(body)

    def updates(self, **params: Any) -> list[Any]:
        """The updates of a call that must succeed."""
        status, body = self.telegram("getUpdates", **params)
        assert status == 200, body
        return cast("list[Any]", body["result"])

    def x(self, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a request for mentions; two underscores stand for a dot."""
        query = urlencode({name.replace("__", "."): value for name, value in params.items()})
        status, _, body = self.raw("GET", f"{MENTIONS}?{query}", headers={"Authorization": f"Bearer {X.token}"})
        return status, json.loads(body)

    def mentions(self, **params: Any) -> Any:
        """The same, when it must succeed."""
        status, body = self.x(**params)
        assert status == 200, body
        return body

    def youtube(self, path: str, **params: Any) -> tuple[int, Any]:
        """Status and JSON of a request with the key."""
        status, _, body = self.raw("GET", f"{path}?{urlencode(params)}", headers={"X-Goog-Api-Key": YOUTUBE.token})
        return status, json.loads(body)

    def threads(self, **params: Any) -> Any:
        """All threads, when it must succeed."""
        status, body = self.youtube(THREADS, **{**ALL_THREADS, **params})
        assert status == 200, body
        return body

    def ask(self, kind: Kind, **params: Any) -> tuple[int, dict[str, str], bytes]:
        """Any channel's list, whole."""
        if kind is Kind.TELEGRAM_RELAY:
            return self.raw("POST", f"{BOT}/getUpdates", params)
        if kind is Kind.X:
            query = urlencode({"tweet.fields": LEGACY_FIELDS, "expansions": "author_id", **params})
            return self.raw("GET", f"{MENTIONS}?{query}", headers={"Authorization": f"Bearer {X.token}"})
        if kind is Kind.YOUTUBE:
            query = urlencode({**ALL_THREADS, **params, "key": YOUTUBE.token})
            return self.raw("GET", f"{THREADS}?{query}")
        return self.raw("GET", "/feeds/koran.xml")

    def control(self, method: str, path: str, body: object = None) -> Any:
        """JSON of a request under `/_simulator` that must succeed."""
        status, _, answer = self.raw(method, f"/_simulator/{path}", body)
        assert status < 300, answer
        return json.loads(answer)

    def fault(self, name: str, **settings: Any) -> None:
        """Switch a fault on."""
        self.control("POST", "faults", {"fault": name, **settings})
