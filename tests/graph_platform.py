"""A Graph account on the simulator, the source that reads it, and the wire between them."""

from __future__ import annotations

import contextlib
import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

import urllib3

from aduan.directory import Channel
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Entry, Kind, Role, populate
from poll_channels.source import Window
from poll_channels.sources.facebook_page import FacebookPage
from poll_channels.sources.instagram import Instagram
from tests.builders import a_channel
from tests.reading import APP_SECRET, FIRST, NOW, Reading, connection_to, read

KINDS: dict[str, type[FacebookPage | Instagram]] = {"facebook_page": FacebookPage, "instagram": Instagram}
"""The kinds that speak the Graph API."""
CHANNELS: dict[str, Channel] = {
    "instagram": a_channel(),
    "facebook_page": a_channel(
        id="facebook_page:pemkabsleman", kind="facebook_page", account="100000000000001", handle=None, name="Pemkab"
    ),
}
ACCOUNTS = (
    Account(Kind.INSTAGRAM, CHANNELS["instagram"].account, "kabarsleman", "token-instagram"),
    Account(Kind.FACEBOOK_PAGE, CHANNELS["facebook_page"].account, "Pemkab", "token-page"),
)
HOST = {"instagram": "m1", "facebook_page": "f1"}
"""The county's post with the long thread, per kind."""
OLD_HOST = {"instagram": "m-old", "facebook_page": "f-old"}
LISTED = {"instagram": Role.TAG, "facebook_page": Role.VISITOR_POST}
"""What a kind lists in every run, whatever the marks say."""


def a_draft(source_id: str, kind: str, role: Role, parent: str | None = None, **changes: Any) -> Draft:
    """A text that a citizen or the county wrote some minutes ago."""
    ago = timedelta(minutes=changes.pop("minutes_ago", 60))
    fields: dict[str, Any] = {
        "author": "Warga Contoh",
        "text": f"Lapor {source_id}",
        "has_photo": False,
        "created_at": NOW - ago,
        "by_county": False,
    }
    return Draft(source_id, Kind(kind), role, parent, **(fields | changes))


def own(source_id: str, kind: str, role: Role, parent: str | None = None, **changes: Any) -> Draft:
    """A text that the county itself wrote."""
    return a_draft(source_id, kind, role, parent, **({"by_county": True, "author": None, "minutes_ago": 900} | changes))


def thread(kind: str, host: str, comments: int, *, replies: int = 0, minutes_ago: int = 800) -> list[Draft]:
    """Comments under a post, and replies under the first of them."""
    return [
        *(
            a_draft(f"{host}-c{number}", kind, Role.COMMENT, host, minutes_ago=minutes_ago - number)
            for number in range(1, comments + 1)
        ),
        *(
            a_draft(f"{host}-r{number}", kind, Role.REPLY, f"{host}-c1", minutes_ago=minutes_ago // 2 - number)
            for number in range(1, replies + 1)
        ),
    ]


def some_drafts(kind: str) -> list[Draft]:
    """An account with everything that occurs: long threads, photos, hidden authors, own replies, an old post."""
    days = 24 * 60
    host, old = HOST[kind], OLD_HOST[kind]
    return [
        own(host, kind, Role.COUNTY_POST),
        own("quiet", kind, Role.COUNTY_POST, minutes_ago=2000),
        own(old, kind, Role.COUNTY_POST, minutes_ago=20 * days),
        *thread(kind, host, comments=125, replies=55),
        *thread(kind, old, comments=2, minutes_ago=19 * days),
        a_draft("photo", kind, Role.COMMENT, host, text="", has_photo=True, minutes_ago=70),
        a_draft("unknown", kind, Role.COMMENT, host, author=None, minutes_ago=69),
        own("answer", kind, Role.COMMENT, f"{host}-c2", text="Siap, kami teruskan", minutes_ago=20),
        own("announcement", kind, Role.COMMENT, host, text="Cek bio", minutes_ago=19),
        *(a_draft(f"listed-{number}", kind, LISTED[kind], minutes_ago=10 * number) for number in range(1, 61)),
        a_draft("listed-photo", kind, LISTED[kind], text="", has_photo=True, minutes_ago=5),
        *(thread(kind, "listed-7", comments=3, minutes_ago=60) if kind == "facebook_page" else ()),
    ]


class Wire:
    """The connection to the simulator. It records requests, and may act before and after each."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.before: Callable[[str], None] = lambda _path: None
        self.after: Callable[[str, Any], Any] = lambda _path, body: body
        self._pool = urllib3.PoolManager(retries=False)

    def request(self, method: str, url: str, headers: Mapping[str, str], **options: Any) -> Any:
        """Ask, as urllib3 does."""
        path = urlsplit(url).path
        self.asked.append((url, headers))
        self.before(path)
        answer = self._pool.request(method, url, headers=headers, **options)
        data, status = answer.data, answer.status
        with contextlib.suppress(ValueError):
            body = json.loads(data)
            changed = self.after(path, body)
            data, status = json.dumps(changed).encode(), status if changed is body else 200
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        return streamed(status, data, headers)


def streamed(status: int, data: bytes, headers: Mapping[str, str]) -> urllib3.HTTPResponse:
    """An answer as it comes from a connection."""
    return urllib3.HTTPResponse(
        BytesIO(data), headers=urllib3.HTTPHeaderDict(headers), status=status, preload_content=False
    )


@dataclass
class Platform:
    """One account on the simulator, and the source that reads it."""

    kind: str
    server: Server
    wire: Wire = field(default_factory=Wire)
    pauses: list[float] = field(default_factory=list)
    calls: int = 0

    @property
    def simulator(self) -> Simulator:
        """The simulator behind the server."""
        return self.server.simulator

    @property
    def channel(self) -> Channel:
        """The account."""
        return CHANNELS[self.kind]

    def read(
        self, window: Window = FIRST, marks: Mapping[str, str] | None = None, now: datetime = NOW, **changes: Any
    ) -> Reading:
        """Run a source to its end, or to its error."""
        found = read(self.open(now, **changes), window, marks)
        self.calls = found.calls
        return found

    def open(self, now: datetime = NOW, token: str | None = None, **changes: Any) -> Any:
        """Open the source."""
        token = self.simulator.world.account_of(Kind(self.kind)).token if token is None else token
        connection = connection_to(self.server.url, now, token, http=self.wire, pauses=self.pauses, **changes)
        return KINDS[self.kind](self.channel, connection)

    def holds(self, *drafts: Draft) -> None:
        """Let the account hold these texts and no others."""
        config = Config("v25.0", APP_SECRET, ACCOUNTS)
        self.server.simulator = Simulator(config, populate(ACCOUNTS, drafts), clock=lambda: NOW)

    def fault(self, name: str, **settings: Any) -> None:
        """Switch a fault on."""
        self.simulator.faults.switch_on({"fault": name, **settings})

    def entry(self, source_id: str) -> Entry:
        """The platform's entry of a draft."""
        found = self.simulator.world.find(source_id)
        assert found is not None
        return found

    def native(self, source_id: str) -> str:
        """The native id of a draft."""
        return self.entry(source_id).native_id

    @property
    def citizens(self) -> dict[str, Entry]:
        """What citizens wrote, by native id."""
        return {entry.native_id: entry for entry in self.simulator.world.citizen_posts()}

    @property
    def thread_calls(self) -> int:
        """How many requests asked for comments or replies."""
        return sum(n for shape, n in self.simulator.requests.items() if shape.endswith(("/comments", "/replies")))


def of_kind(server: Server, kind: str, *drafts: Draft) -> Platform:
    """A platform that holds only these texts."""
    platform = Platform(kind, server)
    platform.holds(*drafts)
    return platform


def whole(platform: Platform, found: Reading) -> bool:
    """Tell whether everything that citizens wrote came exactly once, and nothing else.

    Only Instagram's replies may come twice: with their comment, and again from its own edge when they are many.
    """
    twice = {native_id for native_id, times in Counter(found.ids).items() if times > 1}
    may_repeat = {
        native_id
        for native_id, entry in platform.citizens.items()
        if (platform.kind, entry.role) == ("instagram", Role.REPLY)
    }
    return found.error is None and set(found.ids) == set(platform.citizens) and twice <= may_repeat


def without(*names: str) -> Callable[[dict[str, Any]], Any]:
    """Spoil an item by leaving fields out."""
    return lambda item: {name: value for name, value in item.items() if name not in names}
