"""A post: what one person wrote on one channel, as fetched."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from aduan.context import Context
from aduan.masking import with_storable
from aduan.record import Moment, Record
from aduan.triage import Route, Triage

ChannelKind = Literal["facebook_page", "instagram", "rss", "telegram_relay", "webhook", "x", "youtube"]

TEXT_BYTES = 16_000
"""A longer text is cut to this. No channel read today allows more than 10,000 characters. An item may hold 400 KB, but
every write costs by the kilobyte."""
LINK_CHARACTERS = 2_000
"""A post with a longer link goes into quarantine, because an item that the table refuses would stop its channel."""


class Post(Record):
    """One post, comment, reply or tag. Its key is the channel kind and the platform's own id, never a hash of text."""

    kind: ChannelKind
    native_id: str = Field(min_length=1, max_length=200, pattern=r"^[A-Za-z0-9_.:-]+$")
    channel: str
    text: str
    """The text with personal numbers masked: no `Post` ever holds one. Empty for a post that is only a photo."""
    clipped: bool = False
    """True when the text was cut; the rest is only at its source."""
    has_photo: bool = False
    permalink: str = Field(max_length=LINK_CHARACTERS)
    """Empty on a tombstone."""
    parent_id: str | None = Field(default=None, max_length=200)
    context: Context | None = None
    """What the post answers; None for a post of its own, or where the platform does not say."""
    author: str | None = None
    """Pseudonym of the author; None when the platform does not name one."""
    created_at: Moment
    """When the post was written, according to the platform."""
    undated: bool = False
    """True when the platform gave no date, or an implausible one: then `created_at` is when the post was read."""
    fetched_at: Moment
    revised_at: Moment | None = None
    """When a new version of the post was found; None when there was none."""
    digest: str = ""
    """A short hash of text and picture that tells two versions of a post apart. A stored post keeps the one it has."""
    state: Literal["new", "triaged", "gone"] = "new"
    """``gone``: the post was deleted at its source, and only its tombstone is left here."""
    missed_at: Moment | None = None
    """When the platform first failed to show the post; None when it showed the post the last time it was asked."""
    gone_at: Moment | None = None
    gone_reason: str | None = None
    triage: Triage | None = None
    """The last decision. While a new version is undecided, this is the decision about the version before it."""
    ticket: str | None = None
    """Code of the ticket that the post opened or joined."""
    answered_at: Moment | None = None
    """When the account's own answer to the post was read; None while it has none."""
    sorted_at: Moment | None = None
    """When a person last decided in which lane the post belongs; None when the classifier did."""
    sorted_by: str | None = None
    """Who that was: a user name."""

    @model_validator(mode="before")
    @classmethod
    def _storable(cls, fields: Any) -> Any:
        return with_storable(fields, "text", TEXT_BYTES)

    @model_validator(mode="after")
    def _told_apart(self) -> Self:
        if not self.digest:
            digest = hashlib.sha256(f"{self.has_photo}{self.text}".encode()).hexdigest()[:8]
            object.__setattr__(self, "digest", digest)  # the record is frozen
        return self

    @property
    def version(self) -> str:
        """Names the text and the lane that a person sees; another one when either has changed since."""
        return f"{self.digest}-{self.triage.route if self.triage is not None else self.state}"

    @property
    def thread(self) -> str:
        """Names what the post stands under on its channel: equal for all posts of a thread."""
        named = self.context.thread if self.context is not None else ""
        return named or self.parent_id or self.native_id

    def takes_answer(self, at: datetime) -> bool:
        """Tell whether the account's answer of that moment is to be noted: the first one to this version of the post.

        A ticket and chatter are not waiting for an answer in words.
        """
        waits = self.lane in {"question", "review"} or (self.state == "new" and self.ticket is None)
        return waits and self.answered_at is None and (self.revised_at is None or at >= self.revised_at)

    @property
    def lane(self) -> Route | None:
        """The lane the post waits or was put away in; None while it is undecided, has a ticket, or is gone."""
        decided = self.state == "triaged" and self.ticket is None
        return self.triage.route if decided and self.triage is not None else None

    @property
    def key(self) -> str:
        """``kind#native id``: how tickets and events name the post."""
        return f"{self.kind}#{self.native_id}"
