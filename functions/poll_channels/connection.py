"""What a source works with: the network, its secrets, its time budget, and a way to make posts."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import Field

from aduan.platform_http import PlatformClient
from aduan.post import Post
from aduan.secure_parameters import AUTHOR_KEY
from aduan.settings import Settings

if TYPE_CHECKING:
    import urllib3

    from aduan.context import Context
    from aduan.directory import Channel
    from aduan.time_budget import TimeBudget
    from poll_channels.credentials import Credentials

PSEUDONYM_LENGTH: Final = 22
EARLIEST: Final = datetime(2004, 1, 1, tzinfo=UTC)
"""Before this there was no platform on which a post could have been written."""
AHEAD: Final = timedelta(days=1)
"""How far a platform's clock, or its idea of our time zone, may be ahead."""


class PollSettings(Settings):
    """What the deployment must tell this function."""

    stage: str = Field(min_length=1)
    """The deployment's stage. Citizens are replied to only in production and on a developer's machine."""
    table_name: str = Field(min_length=3)
    credentials_path: str = Field(pattern=r"^/")
    graph_base_url: str = Field(pattern=r"^https?://")
    graph_version: str = Field(pattern=r"^v\d+\.\d+$")
    telegram_base_url: str = Field(pattern=r"^https?://")
    feed_base_url: str = Field(pattern=r"^(https?://.*)?$")
    """Replaces the feeds' own hosts; empty everywhere but on a developer's machine."""
    x_base_url: str = Field(pattern=r"^https?://")
    youtube_base_url: str = Field(pattern=r"^https?://")


@dataclass(frozen=True)
class Connection:
    """The outside world of one run over one channel: network, secrets, settings and time."""

    http: urllib3.PoolManager
    credentials: Credentials
    settings: PollSettings
    budget: TimeBudget
    now: datetime
    sleep: Callable[[float], None] = field(default=time.sleep)

    def secrets(self, channel: Channel, *others: str) -> list[str]:
        """Return the channel's token, then the values of the parameters `others`.

        Raises:
            CredentialError: when a parameter is missing; the error names it.
        """
        # The authors' key is fetched along with them, so that `post_factory` costs no second call.
        return self.credentials.get(channel.token_parameter, *others, AUTHOR_KEY)[:-1]

    def platform_client(self, headers: Mapping[str, str] | None = None) -> PlatformClient:
        """Return a client for one platform; `headers` are sent with every request."""
        return PlatformClient(self.http, self.budget, self.now, headers, sleep=self.sleep)

    def post_factory(self, channel: Channel) -> PostFactory:
        """Return the factory that makes this channel's posts."""
        [key] = self.credentials.get(AUTHOR_KEY)
        return PostFactory(channel, self.now, key)


@dataclass(frozen=True)
class PostFactory:
    """Makes the posts of one channel, with a pseudonym in the place of the author's name."""

    channel: Channel
    now: datetime
    author_key: str = field(repr=False)

    def post(  # noqa: PLR0913 # the fields of a post
        self,
        native_id: str,
        text: str,
        created_at: datetime | None,
        permalink: str,
        *,
        author: str | None,
        has_photo: bool = False,
        parent_id: str | None = None,
        context: Context | None = None,
    ) -> Post:
        """Make a post. Without a plausible date it counts as written now, and says so.

        Raises:
            ValidationError: when the platform's values do not make a valid post.
        """
        dated = created_at if created_at is not None and is_plausible(created_at, self.now) else None
        return Post(
            kind=self.channel.kind,
            native_id=native_id,
            channel=self.channel.id,
            text=text,
            has_photo=has_photo,
            permalink=permalink,
            parent_id=parent_id,
            context=context,
            author=None if author is None else self._pseudonym(author),
            created_at=dated or self.now,
            undated=dated is None,
            fetched_at=self.now,
        )

    def _pseudonym(self, author: str) -> str:
        """Return a keyed hash: it recognises the same author again, but reveals nobody without the key."""
        name = f"{self.channel.kind}:{author}"
        digest = hmac.new(self.author_key.encode(), name.encode("utf-8", "replace"), hashlib.sha256)
        return digest.hexdigest()[:PSEUDONYM_LENGTH]


def is_plausible(created_at: datetime, now: datetime) -> bool:
    """Tell whether a post can have been written at a moment: neither before all platforms nor in the future."""
    return EARLIEST <= created_at <= now + AHEAD
