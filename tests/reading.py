"""What a run over a source gave, and a connection that leads to a platform on this machine."""

import gzip
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import urllib3

from aduan.channel import Rejected
from aduan.post import Post
from poll_channels.connection import Connection, PollSettings
from poll_channels.credentials import Credentials
from poll_channels.source import Budget, ChannelError, Source, Window
from tests.local_http import Answer, Asked

AUTHOR_KEY = "kunci-penulis"


@dataclass
class Reading:
    """What one run over a source gave."""

    posts: list[Post] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    own: int = 0
    marks: dict[str, str] = field(default_factory=dict)
    error: ChannelError | None = None

    @property
    def ids(self) -> list[str]:
        """Native ids in order, as often as they came."""
        return [post.native_id for post in self.posts]


def read(source: Source, window: Window, marks: Mapping[str, str]) -> Reading:
    """Run a source to its end, or to its error."""
    found = Reading()
    try:
        for batch in source.read(window, marks):
            found.posts += batch.posts
            found.rejected += batch.rejected
            found.own += batch.own
            found.marks.update(batch.marks)
    except ChannelError as error:
        found.error = error
    return found


class Direct:
    """Asks a platform without a network between."""

    def __init__(self, answer: Callable[[Asked], Answer]) -> None:
        self._answer = answer

    def request(self, method: str, url: str, headers: Mapping[str, str], **_: Any) -> Any:
        """Ask, as urllib3 does."""
        parts = urlsplit(url)
        named = {name.lower(): value for name, value in headers.items()}
        answer = self._answer(Asked(parts.path, dict(parse_qsl(parts.query)), named, url))
        data = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
        return SimpleNamespace(status=answer.status, data=data, headers=answer.headers)


def connection_to(  # noqa: PLR0913 # what a run gets to work with
    base_url: str,
    now: datetime,
    token: str,
    *,
    http: Any = None,
    pauses: list[float] | None = None,
    budget: Budget | None = None,
) -> Connection:
    """A connection whose every platform is at `base_url`, and whose every token is `token`."""

    def get_parameters(Names: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 # the service's name
        values = {name: AUTHOR_KEY if name.endswith("author_key") else token for name in Names}
        parameters = [{"Name": name, "Value": value} for name, value in values.items()]
        return {"Parameters": parameters, "InvalidParameters": []}

    client = cast("Any", SimpleNamespace(get_parameters=get_parameters))
    addresses: dict[str, Any] = {"x_base_url": base_url, "youtube_base_url": base_url}
    settings = PollSettings.model_construct(**addresses)
    return Connection(
        urllib3.PoolManager(retries=False) if http is None else http,
        Credentials(client, "/aduan/test", time.monotonic),
        settings,
        budget or Budget(time.monotonic, time.monotonic() + 30),
        now,
        sleep=(pauses if pauses is not None else list[float]()).append,
    )
