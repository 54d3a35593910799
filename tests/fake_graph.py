"""Facebook and Instagram: one account each on the simulator, without a network in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

from aduan.directory import Channel
from infra.local.simulator.config import Config
from infra.local.simulator.exchange import Request
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from tests.builders import a_channel
from tests.local_http import Answer, Asked
from tests.reading import APP_SECRET, NOW, TellingFake


@dataclass
class FakeGraph(TellingFake):
    """An account with one post, under which citizens comment."""

    CHANNEL: ClassVar[Channel]
    TOKEN: ClassVar[str]

    def __post_init__(self) -> None:
        channel = self.CHANNEL
        account = Account(Kind(channel.kind), channel.account, channel.handle or channel.name, self.TOKEN)
        host = self._draft("host", Role.COUNTY_POST, NOW - timedelta(days=1), by_county=True)
        config = Config("v25.0", APP_SECRET, (account,))
        self.simulator = Simulator(config, populate((account,), [host]), clock=lambda: self.now)

    def _draft(self, name: str, role: Role, at: datetime, parent: str | None = None, *, by_county: bool) -> Draft:
        author = None if by_county else "Warga Contoh"
        return Draft(name, Kind(self.CHANNEL.kind), role, parent, author, f"Lapor {name}", False, at, by_county)  # noqa: FBT003 # a draft's fields in their order

    @property
    def citizens(self) -> set[str]:
        """Native ids of what citizens wrote."""
        return {entry.native_id for entry in self.simulator.world.citizen_posts()}

    def write(self, number: int, at: datetime) -> None:
        """Let a citizen comment."""
        self.simulator.world.add(self._draft(f"k{number}", Role.COMMENT, at, "host", by_county=False))

    def delete(self, native_id: str) -> None:
        """Let the author delete a comment."""
        self.simulator.world.delete(native_id)

    def healthy(self, asked: Asked) -> Answer:
        """Answer one request."""
        request = Request(
            "GET",
            asked.path,
            asked.query,
            "http://platform.test",
            asked.headers.get("authorization", ""),
            headers=asked.headers,
        )
        answer = self.simulator.answer(request)
        return Answer(answer.status, answer.encoded(), answer.headers)


class FakeInstagram(FakeGraph):
    """An Instagram account."""

    CHANNEL = a_channel()
    TOKEN = "token-KENARI-ig"


class FakePage(FakeGraph):
    """A Facebook Page."""

    CHANNEL = a_channel(
        id="facebook_page:pemkabsleman", kind="facebook_page", account="100000000000001", handle=None, name="Pemkab"
    )
    TOKEN = "token-KENARI-fb"
