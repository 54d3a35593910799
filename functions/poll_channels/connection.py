"""What a channel kind gets to work with: the network, its secrets, its time, and a way to make posts."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Final

from pydantic import Field

from aduan.platform_http import PlatformClient
from aduan.post import Post
from aduan.secure_parameters import AUTHOR_KEY
from aduan.settings import Settings

if TYPE_CHECKING:
    import urllib3

    from aduan.directory import Channel
    from aduan.time_budget import TimeBudget
    from poll_channels.credentials import Credentials

PSEUDONYM_LENGTH: Final = 22


class PollSettings(Settings):
    """What the deployment must tell this function."""

    stage: str = Field(min_length=1)
    """Only in production, and on one machine, citizens are answered."""
    table_name: str = Field(min_length=3)
    credentials_path: str = Field(pattern=r"^/")
    graph_base_url: str = Field(pattern=r"^https?://")
    graph_version: str = Field(pattern=r"^v\d+\.\d+$")
    telegram_base_url: str = Field(pattern=r"^https?://")
    feed_base_url: str = Field(pattern=r"^(https?://.*)?$")
    """Where feeds are fetched instead of from their own hosts; empty everywhere but on one machine."""
    x_base_url: str = Field(pattern=r"^https?://")
    youtube_base_url: str = Field(pattern=r"^https?://")


@dataclass(frozen=True)
class Connection:
    """Everything outside the process that one run over one channel may use."""

    http: urllib3.PoolManager
    credentials: Credentials
    settings: PollSettings
    budget: TimeBudget
    now: datetime
    sleep: Callable[[float], None] = field(default=time.sleep)

    def secrets(self, channel: Channel, *others: str) -> list[str]:
        """Return the channel's token and other parameters, as they are now.

        Raises:
            CredentialError: naming a parameter that is missing.
        """
        # The authors' key is fetched with them, so that one call brings all.
        return self.credentials.get(channel.token_parameter, *others, AUTHOR_KEY)[:-1]

    def platform_client(self, headers: Mapping[str, str] | None = None) -> PlatformClient:
        """Make a client of one platform; `headers` go with every request."""
        return PlatformClient(self.http, self.budget, self.now, headers, sleep=self.sleep)

    def post_factory(self, channel: Channel) -> PostFactory:
        """Make the one way in which a kind turns what it read into posts."""
        [key] = self.credentials.get(AUTHOR_KEY)
        return PostFactory(channel, self.now, key)


@dataclass(frozen=True)
class PostFactory:
    """Makes posts of one channel. Nobody's name leaves it."""

    channel: Channel
    now: datetime
    author_key: str = field(repr=False)

    def post(  # noqa: PLR0913 # the fields of a post
        self,
        native_id: str,
        text: str,
        created_at: datetime,
        permalink: str,
        *,
        author: str | None,
        has_photo: bool = False,
        parent_id: str | None = None,
    ) -> Post:
        """Make a post.

        Raises:
            ValidationError: when what the platform gave is no post.
        """
        return Post(
            kind=self.channel.kind,
            native_id=native_id,
            channel=self.channel.id,
            text=text,
            has_photo=has_photo,
            permalink=permalink,
            parent_id=parent_id,
            author=None if author is None else self._pseudonym(author),
            created_at=created_at,
            fetched_at=self.now,
        )

    def _pseudonym(self, author: str) -> str:
        """A keyed hash: the same person twice can be recognised, and nobody can be looked up without the key."""
        name = f"{self.channel.kind}:{author}"
        digest = hmac.new(self.author_key.encode(), name.encode("utf-8", "replace"), hashlib.sha256)
        return digest.hexdigest()[:PSEUDONYM_LENGTH]
