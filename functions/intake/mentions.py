"""Instagram @mentions: Meta pushes their ids, and the Graph API is asked for their text.

Sources: the Instagram platform's documentation of the webhook field ``mentions`` and of ``mentioned_comment`` and
``mentioned_media`` (developers.facebook.com/docs/instagram-platform).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from aduan.channel import Rejected
from aduan.context import Context
from aduan.masking import masked_within
from aduan.post import Post
from aduan.record import Moment
from intake.delivery import safe_link

if TYPE_CHECKING:
    from aduan.directory import Channel

KIND: Final = "instagram"
_SITE: Final = "https://www.instagram.com"
_KEPT: Final = ("media_id", "comment_id", "id", "text", "caption", "timestamp")
"""Fields in which nobody is named. A quarantined mention keeps only these."""
_RAW_CHARACTERS: Final = 8_000


class UnreadableError(Exception):
    """A mention cannot be read, however often Meta sends it. The text is safe to log: it holds no value or token."""

    def __init__(self, reason: str, said: object = None) -> None:
        super().__init__(reason)
        self.said = said
        """What could not be read; None when nothing came."""


def _whole(value: object) -> object:
    if isinstance(value, bool | float):
        raise ValueError("no id")  # noqa: TRY004 # what pydantic turns into a ValidationError
    return value


class _Pushed(BaseModel):
    # `coerce_numbers_to_str`, because ids may come as numbers.
    model_config = ConfigDict(frozen=True, extra="ignore", coerce_numbers_to_str=True, hide_input_in_errors=True)


Id = Annotated[str, Field(pattern=r"^[0-9]{1,40}$"), BeforeValidator(_whole)]
"""Checked, because it becomes part of an address."""


class Mention(_Pushed):
    """A place where an account was mentioned: a comment, or the caption of a medium."""

    account: Id
    media_id: Id
    comment_id: Id | None = None

    @property
    def native_id(self) -> str:
        """The platform's id of the comment or medium that mentions the account."""
        return self.comment_id or self.media_id

    @property
    def key(self) -> str:
        """Key of the mention's post. `poll_channels` stores the same comment or tag under the same key."""
        return f"{KIND}#{self.native_id}"


class _Medium(_Pushed):
    permalink: str | None = None


class _Said(_Medium):
    """A comment or a medium."""

    id: Id
    text: str | None = None
    caption: str | None = None
    timestamp: Moment
    username: str | None = None
    media: _Medium | None = None


def mentions_in(push: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    """Yield the account's id and the value of each mention in a push, and ignore everything else in it."""
    if push.get("object") != KIND:
        return
    for entry in _dicts(push.get("entry")):
        for change in _dicts(entry.get("changes")):
            if change.get("field") == "mentions":
                yield str(entry.get("id")), change.get("value")


def mention_of(account: str, value: object) -> Mention:
    """Read the value of a mention.

    Raises:
        UnreadableError: when it is not of the documented form, naming the field.
    """
    try:
        return Mention.model_validate({**(value if isinstance(value, dict) else {}), "account": account})
    except ValidationError as error:
        raise UnreadableError(_malformed(error), value) from None


def mention_post(answer: Mapping[str, Any], mention: Mention, channel: Channel, now: datetime) -> Post | None:
    """Make a post of what the Graph API says about a mention; None when the account mentioned itself.

    Raises:
        UnreadableError: when the answer is not of the documented form, naming the field.
    """
    is_comment = mention.comment_id is not None
    given = answer.get("mentioned_comment" if is_comment else "mentioned_media")
    try:
        said = _Said.model_validate(given)
        if said.id != mention.native_id:
            raise UnreadableError("the answer is about something else")
        if said.username is not None and said.username == channel.handle:
            return None
        text = (said.text if is_comment else said.caption) or ""
        medium = said.media if is_comment else said
        return Post(
            kind=KIND,
            native_id=said.id,
            channel=channel.id,
            text=text,
            has_photo=not is_comment or not text,
            permalink=safe_link(None if medium is None else medium.permalink, _SITE)
            or f"{_SITE}/{channel.handle or ''}",
            created_at=said.timestamp,
            fetched_at=now,
            context=Context(to="account"),
        )
    except (ValidationError, OverflowError) as error:
        raise UnreadableError(_malformed(error), given) from None


def put_aside(error: UnreadableError, mention: Mention | None, channel: Channel) -> Rejected:
    """Return the quarantine entry of an unreadable mention, without the people who wrote it.

    Its id is the platform's, or else a hash of the content, so that a repetition gets the same id.
    """
    given = error.said if isinstance(error.said, dict) else {}
    ids = {} if mention is None else mention.model_dump(include={"media_id", "comment_id"}, exclude_none=True)
    said = {name: masked_within(given[name]) for name in _KEPT if isinstance(given.get(name), str | int)}
    raw = json.dumps(said | ids)
    native_id = hashlib.sha256(raw.encode()).hexdigest()[:32] if mention is None else mention.native_id
    return Rejected(channel=channel.id, native_id=native_id, reason=str(error), raw=raw[:_RAW_CHARACTERS])


def _malformed(error: ValidationError | OverflowError) -> str:
    """Name the fields that are wrong, but never their values."""
    if isinstance(error, OverflowError):
        return "malformed: timestamp"
    places = [".".join(map(str, fault["loc"])) or "no object" for fault in error.errors(include_input=False)]
    return f"malformed: {', '.join(places)}"


def _dicts(value: object) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, dict))
