"""The poller reads the simulated platforms, and the local stack starts them."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3

from aduan.directory import Channel
from aduan.platform_errors import ChannelError
from aduan.time_budget import TimeBudget
from infra import templates
from infra.local import machine, processes
from infra.local.simulator.input_files import read_config
from infra.local.simulator.world import Kind
from poll_channels.connection import Connection, PollSettings
from poll_channels.source import Window
from poll_channels.sources import KINDS
from tests.simulated import NOW, written
from tests.simulated_platforms import BY_KIND, EDGE, PlatformsClient, a_draft, several

CHANNELS = {
    kind: Channel(
        id=f"{kind}:{'koran' if kind is Kind.RSS else 'contoh'}",
        kind=cast("Any", kind.value),
        account=BY_KIND[kind].account,
        handle=None,
        name="Contoh",
        purpose="complaints",
        department="diskominfo",
        lookback_days=30,
        parameters=parameters,
    )
    for kind, parameters in {
        Kind.TELEGRAM_RELAY: {
            "moderators": ("710000001",),
            "group_url": "https://www.facebook.com/groups/contoh/",
        },
        Kind.X: {},
        Kind.YOUTUBE: {},
        Kind.RSS: {"url": "https://koran.example/koran.xml"},
    }.items()
}


@pytest.mark.parametrize("kind", EDGE)
def test_the_poller_stores_what_the_simulator_lists(client: PlatformsClient, kind: Kind) -> None:
    """Each source, told the simulator's addresses, finds every post under the id by which it is accounted for."""
    replies = [a_draft(f"r{n}", Kind.YOUTUBE, edge="reply", parent="youtube-0", minutes_ago=50 - n) for n in range(8)]
    album = a_draft("album", Kind.TELEGRAM_RELAY, has_photo=True, photos=2, minutes_ago=1)
    client.holds(*several(kind, 7), *(replies if kind is Kind.YOUTUBE else []), album)
    url = client.server.url
    settings = PollSettings(
        stage="test",
        table_name="table",
        credentials_path="/aduan",
        graph_base_url=url,
        graph_version="v25.0",
        telegram_base_url=f"{url}/telegram",
        x_base_url=f"{url}/x",
        youtube_base_url=f"{url}/youtube",
        feed_base_url=f"{url}/feeds",
    )
    credentials = SimpleNamespace(get=lambda *names: [BY_KIND[kind].token for _ in names])
    connection = Connection(
        urllib3.PoolManager(retries=False),
        cast("Any", credentials),
        settings,
        TimeBudget(time.monotonic, time.monotonic() + 30),
        NOW,
        lambda _seconds: None,
    )
    source = KINDS[kind](CHANNELS[kind], connection)
    window = Window(since=NOW - timedelta(days=3), floor=NOW - timedelta(days=30), threads=NOW - timedelta(days=14))
    found: set[str] = set()
    try:
        for batch in source.read(window, {}):
            assert batch.rejected == ()
            found |= {post.native_id for post in batch.posts}
    except ChannelError as error:
        pytest.fail(f"{error!r}")
    assert found == {entry.native_id for entry in client.world.citizen_posts() if entry.kind is kind}


def test_the_local_stack_knows_every_polled_channel(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Accounts and tokens are those of the channels that are polled; what is off or pushed has none."""
    channels = (
        *CHANNELS.values(),
        CHANNELS[Kind.X].model_copy(update={"id": "x:mati", "enabled": False}),
        CHANNELS[Kind.X].model_copy(update={"id": "webhook:icj", "kind": "webhook"}),
    )
    for module in (machine, processes):
        monkeypatch.setattr(module, "load_directory", lambda: SimpleNamespace(channels=channels))
    config = read_config(written(tmp_path, "config.json", processes.simulator_config()))

    assert {account.kind for account in config.accounts} == set(EDGE)
    assert "x:mati" not in machine.tokens()
    [feed] = [account for account in config.accounts if account.kind is Kind.RSS]
    assert (feed.feed, feed.channel) == ("/koran.xml", "koran")


def test_the_template_is_told_where_the_platforms_are(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each platform's address goes to the parameter of its name, if the template declares it."""
    addresses = machine.Addresses(4566, 4570)
    given = machine.parameters(addresses)
    assert given["GraphBaseUrl"] == "http://127.0.0.1:4570"
    assert given["TelegramBaseUrl"] == "http://127.0.0.1:4570/telegram"

    monkeypatch.setattr(templates, "load", lambda _name: {"Parameters": {"GraphBaseUrl": {}}})
    told = {name for name in machine.parameters(addresses) if name.endswith("BaseUrl")}
    assert told - {"GatewayBaseUrl"} == {"GraphBaseUrl"}
