"""Reads a Telegram bot to which a community group's moderators forward what its members write, in private chats.

The group itself cannot be read by a program. Telegram keeps an update for a day, and forgets it as soon as a request
names a higher offset; so an offset is sent only after everything below it is stored. It comes from one of two places:
from the cursor, which is written last, or from the page before it in the same run, because the poller stores a batch
before it resumes the generator. When a run dies in between, the table has the page, and the next run asks with the old
offset, which returns what Telegram still has.

Bots are not told of deletions. Source: https://core.telegram.org/bots/api (getUpdates, Message, MessageOrigin).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Final
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field, Strict, StringConstraints, ValidationError

from aduan.channel import Rejected
from aduan.context import Context
from aduan.masking import masked_within
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    MisconfiguredError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
)
from aduan.platform_http import bounded_wait
from poll_channels.source import PAGE_CAP, Batch, HttpSource, Window
from poll_channels.sources.items import OrNone, Parameters, parameters_of, reason_of
from public_replies.platforms import TakesReplies

if TYPE_CHECKING:
    from aduan.directory import Channel
    from aduan.post import Post
    from poll_channels.connection import Connection

UPDATES_PER_PAGE: Final = 100
"""The most that the platform gives."""
USUAL_WAIT: Final = timedelta(minutes=1)
LONGEST_WAIT: Final = timedelta(hours=1)
"""Far below the day for which the platform keeps updates."""

OFFSET: Final = "offset"
"""Name of the mark that holds the number of the last stored update, plus one."""
OFFSET_DAY: Final = "offset.day"
"""Name of the mark that holds that update's day: after a week of silence the platform restarts its numbers anywhere."""
OFFSET_DAYS: Final = 2
"""For how many days an offset is sent. After two, nothing stored can come again, as updates are kept for one day."""
NO_CAPTION: Final = "-"
"""Mark of an album of which no part has had a text so far."""

_MEANINGS: Final[Mapping[int, type[ChannelError]]] = {
    HTTPStatus.BAD_REQUEST: MisconfiguredError,
    HTTPStatus.UNAUTHORIZED: CredentialError,
    HTTPStatus.NOT_FOUND: CredentialError,
}
"""Errors by the platform's code. A malformed token is answered with 404."""
_LAST_SECOND: Final = 253_402_300_799
"""The last second of the year 9999."""
_COMMAND: Final = re.compile(r"/(?:start\b.*|\w{1,64}(?:@\w+)?\s*)", re.DOTALL)
"""``/start`` with whatever a link added to it, or any other command without further text."""
_PLAIN_ID: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_IMPERSONAL: Final = frozenset(
    {"update_id", "message", "edited_message", "message_id", "date", "edit_date", "text", "caption", "media_group_id"}
    | {"location", "latitude", "longitude", "entities", "caption_entities", "offset", "length", "type"}
)
"""Fields of an update in which nobody is named. The quarantine keeps only these."""


class RelayParameters(Parameters):
    """What a channel of this kind must say besides."""

    moderators: Annotated[
        tuple[Annotated[str, StringConstraints(pattern=r"^[1-9]\d{0,19}$")], ...], Field(min_length=1)
    ]
    """Telegram's ids of the people whose messages are read; anyone can find the bot and write to it."""
    group_url: Annotated[str, StringConstraints(pattern=r"^https://[^\s/]+\S*$")]
    """The group's address: the link of a message of which Telegram names no public origin."""


class _Part(BaseModel):
    """Base of the models of an update's parts; fields that are not declared are ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


_Number = Annotated[int, Strict(), Field(ge=-(2**63), lt=2**63)]
_Count = Annotated[int, Strict(), Field(ge=0, lt=2**31)]
_Second = Annotated[int, Strict(), Field(gt=0, le=_LAST_SECOND)]


class Numbered(_Part):
    """A person or a chat, of which only the id is read."""

    id: _Number


class Chat(Numbered):
    """The chat in which a message was written."""

    type: str


class PublicChat(Numbered):
    """The channel from which a message was forwarded; only a public one has a name for its address."""

    username: Annotated[str | None, StringConstraints(pattern=r"^[A-Za-z]\w{3,31}$"), OrNone] = None


class Origin(_Part):
    """The author of a forwarded message. A name is used only when there is no id, and only as a keyed hash."""

    type: str
    sender_user: Annotated[Numbered | None, OrNone] = None
    sender_user_name: Annotated[str | None, OrNone] = None
    sender_chat: Annotated[Numbered | None, OrNone] = None
    chat: Annotated[PublicChat | None, OrNone] = None
    message_id: Annotated[_Count | None, OrNone] = None
    """Of a message of a channel: its number there."""

    @property
    def author(self) -> str | None:
        """A text that tells one author from another, or None when nothing is known."""
        known = self.sender_user or self.sender_chat or self.chat
        if known is not None:
            return f"{self.type}:{known.id}"
        return None if not self.sender_user_name else f"{self.type}:{self.sender_user_name}"


class Place(_Part):
    """A place on the map."""

    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]


class File(_Part):
    """A file that was sent as a document."""

    mime_type: str = ""


class Sender(_Part):
    """Who sent a message, of whom it is only asked whether it is a bot."""

    is_bot: bool = False


class Above(_Part):
    """The message to which another one replies."""

    message_id: _Number
    media_group_id: str | None = None
    text: Annotated[str | None, OrNone] = None
    caption: Annotated[str | None, OrNone] = None
    sender: Annotated[Sender | None, OrNone] = Field(default=None, validation_alias="from")


class Quote(_Part):
    """The part of another message that a message quotes."""

    text: str


class Message(_Part):
    """A message that a moderator sent or forwarded."""

    message_id: _Number
    chat: Chat
    date: _Second
    """When the moderator sent it: the original may be older than the county's use of Aduan, but is new to it."""
    text: str | None = None
    caption: str | None = None
    media_group_id: str | None = None
    forward_origin: Annotated[Origin | None, OrNone] = None
    reply_to_message: Above | None = None
    quote: Annotated[Quote | None, OrNone] = None
    location: Place | None = None
    photo: Any = None
    video: Any = None
    video_note: Any = None
    animation: Any = None
    document: File | None = None

    @property
    def words(self) -> str:
        """The text, a picture's caption, or the place on the map."""
        words = self.text or self.caption or ""
        return words if words.strip() or self.location is None else located(self.location)

    @property
    def context(self) -> Context | None:
        """What the message answers or quotes; None when it stands alone. In a private chat the bot is addressed.

        A part that is quoted says more than the whole. Only our own bot is one here; all else is a citizen's.
        """
        above = self.reply_to_message
        if above is None and self.quote is None:
            return None
        under = self.quote.text if self.quote is not None else (above and (above.text or above.caption)) or ""
        is_ours = above is not None and above.sender is not None and above.sender.is_bot
        return Context(under=under, by="account" if is_ours else "citizen", to="account")

    @property
    def has_photo(self) -> bool:
        """Whether the message holds a picture or a film."""
        if any((self.photo, self.video, self.video_note, self.animation)):
            return True
        return self.document is not None and self.document.mime_type.startswith(("image/", "video/"))


@dataclass(frozen=True)
class _Taken:
    """A moderator's message that is to become a post, with its raw update."""

    message: Message
    raw: Any
    edited: bool


@dataclass
class _Page:
    """The posts of one page of updates. A message and its edit on one page are one post, in its last version."""

    posts: dict[str, Post] = field(default_factory=dict)
    rejected: list[Rejected] = field(default_factory=list)
    own: int = 0
    albums: dict[str, list[_Taken]] = field(default_factory=dict)
    """The parts of each album, by the native id of its post."""
    marks: dict[str, str] = field(default_factory=dict)

    def batch(self, marks: Mapping[str, str]) -> Batch:
        """Return everything as a batch. Nothing is left out for its age, because the platform forgets what it told."""
        return Batch(tuple(self.posts.values()), tuple(self.rejected), self.own, marks={**self.marks, **marks})


class TelegramRelay(HttpSource, TakesReplies):
    """Reads one bot. One mark is the offset; besides, each album's mark says which of its parts holds the text."""

    keeps = timedelta(hours=24)
    """Telegram drops an update that nobody fetched within this time."""

    def __init__(self, channel: Channel, connection: Connection) -> None:
        parameters = parameters_of(channel, RelayParameters)
        [token] = connection.secrets(channel)
        super().__init__(channel, connection, connection.platform_client())
        self._bot_url = f"{connection.settings.telegram_base_url.rstrip('/')}/bot{quote(token, safe=':')}"
        self._group_url = parameters.group_url
        self._moderators = frozenset(parameters.moderators)
        self._today = int(connection.now.timestamp()) // 86_400

    def post_reply(self, post: Post, text: str) -> str:
        """Reply to the moderator who forwarded a post, and return the id of the reply.

        A bot cannot list what it sent, so the reply cannot be found again.

        Raises:
            ChannelError: one of its kinds; after an `OutageError` it is unknown whether the reply was sent.
        """
        chat, _, number = post.native_id.partition(":")
        message: dict[str, Any] = {"chat_id": int(chat), "text": text}
        if number.isdecimal():
            message["reply_parameters"] = {"message_id": int(number), "allow_sending_without_reply": True}
        body = self._client.request_json(f"{self._bot_url}/sendMessage", interpret_error, body=message, attempts=1)
        sent = body.get("result")
        written = sent.get("message_id") if body.get("ok") is True and isinstance(sent, dict) else None
        if written is None:
            raise OutageError("the answer has no id of what was sent")
        return f"{chat}:{written}"

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:  # noqa: ARG002 # all there is is read
        """Yield page by page what moderators sent, until the platform has nothing more.

        Messages of anybody else, commands, and messages in groups are passed over and only counted with the channel's
        own posts: strangers must not fill the table or the quarantine.

        After a page with parts of an album the run sends no further request: the album's mark must be in the table
        before the platform may forget the part with its text, or a later part would overwrite that text.
        """
        offset = self._offset(marks)
        known: set[int] = set()
        for _ in range(PAGE_CAP):
            updates = self._updates(offset)
            if not updates:
                return
            numbers = {number for update in updates if (number := _number(update)) is not None}
            page = self._page(updates, marks)
            if not numbers - known:
                yield page.batch({})
                raise OutageError("the answer has no update that can be confirmed, or only those already told")
            known |= numbers
            offset = max(numbers) + 1
            yield page.batch({OFFSET_DAY: str(self._today), OFFSET: str(offset)})
            if page.albums:
                if len(updates) < UPDATES_PER_PAGE:
                    return
                raise StoppedError("album")
        raise PageCapError

    def _offset(self, marks: Mapping[str, str]) -> int | None:
        """Return the offset of the last run, or None when it is missing or older than `OFFSET_DAYS`."""
        try:
            offset, day = int(marks[OFFSET]), int(marks[OFFSET_DAY])
        except (KeyError, ValueError):
            return None
        return offset if self._today - day <= OFFSET_DAYS else None

    def _updates(self, offset: int | None) -> list[Any]:
        question = {"limit": UPDATES_PER_PAGE, "timeout": 0, "allowed_updates": ["message", "edited_message"]}
        position = {} if offset is None else {"offset": offset}
        body = self._client.request_json(f"{self._bot_url}/getUpdates", interpret_error, body=question | position)
        updates = body.get("result")
        if body.get("ok") is not True or not isinstance(updates, list):
            raise OutageError("the answer has no list of updates")
        return updates

    def _page(self, updates: list[Any], marks: Mapping[str, str]) -> _Page:
        page = _Page()
        for update in updates:
            taken = self._taken(update)
            if taken is None:
                page.own += 1
            elif isinstance(taken, Rejected):
                page.rejected.append(taken)
            elif taken.message.media_group_id is not None:
                native_id = album_id(taken.message.chat, taken.message.media_group_id)
                page.albums.setdefault(native_id, []).append(taken)
            else:
                self._put(page, taken, message_id(taken.message.chat, taken.message.message_id))
        for native_id, parts in page.albums.items():
            self._put_album(page, native_id, parts, marks.get(native_id))
        return page

    def _taken(self, update: Any) -> _Taken | Rejected | None:
        """Read a moderator's message; None for an update that is passed over."""
        if not isinstance(update, dict):
            return rejected(self._channel.id, update, "the update is no object")
        edited = "edited_message" in update
        raw = update.get("edited_message" if edited else "message")
        if not isinstance(raw, dict) or _sender(raw) not in self._moderators:
            return None
        try:
            message = Message.model_validate(raw)
        except ValidationError as error:
            return rejected(self._channel.id, update, reason_of(error))
        if message.chat.type != "private" or _COMMAND.fullmatch(message.words):
            return None
        return _Taken(message, update, edited)

    def _put_album(self, page: _Page, native_id: str, parts: list[_Taken], owner: str | None) -> None:
        """Make one post of an album; its text is that of the first part that has one.

        `owner` is the album's mark from earlier runs: the number of that part, `NO_CAPTION`, or None. Once the part is
        known, other parts without a text are dropped, because their post is stored; other parts with a text become
        posts of their own, so that no text is lost.
        """
        latest = {part.message.message_id: part for part in parts}
        worded = sorted(number for number, part in latest.items() if part.message.words.strip())
        if owner is None or owner == NO_CAPTION:
            if not worded and owner is None and all(part.edited for part in parts):
                return  # an edited picture of a long forgotten album; the stored text stays as it is
            first = worded[0] if worded else min(latest)
            owner = str(first) if worded else NO_CAPTION
            page.marks[native_id] = owner
            self._put(page, latest[first], native_id, has_photo=True)
        elif owner.isdecimal() and int(owner) in latest:
            self._put(page, latest[int(owner)], native_id, has_photo=True)
        for number in worded:
            if str(number) != owner:
                self._put(page, latest[number], message_id(latest[number].message.chat, number))

    def _put(self, page: _Page, taken: _Taken, native_id: str, *, has_photo: bool = False) -> None:
        message = taken.message
        has_photo = has_photo or message.has_photo
        if not has_photo and not message.words.strip():
            page.rejected.append(rejected(self._channel.id, taken.raw, "neither a text nor a picture nor a place"))
            return
        above = message.reply_to_message
        try:
            page.posts[native_id] = self._factory.post(
                native_id,
                message.words,
                datetime.fromtimestamp(message.date, UTC),
                forwarded_from(message) or self._group_url,
                author=None if message.forward_origin is None else message.forward_origin.author,
                has_photo=has_photo,
                parent_id=None if above is None else _above_id(message.chat, above),
                context=message.context,
            )
        except ValidationError as error:
            page.rejected.append(rejected(self._channel.id, taken.raw, reason_of(error)))


def interpret_error(status: int, body: Mapping[str, Any], _headers: Mapping[str, str]) -> ChannelError | None:
    """Return the error that a response means, by the platform's code; its description is not repeated.

    None when the response means only what its status means on every platform.
    """
    if status == HTTPStatus.OK:
        return None
    code = body.get("error_code")
    code = code if isinstance(code, int) and not isinstance(code, bool) else status
    name = f"code {code}"
    if code == HTTPStatus.CONFLICT:
        if "webhook" in str(body.get("description")):
            return MisconfiguredError(f"{name}: a webhook takes this bot's updates; delete it")
        return OutageError(f"{name}: another program reads this bot")
    if code == HTTPStatus.TOO_MANY_REQUESTS:
        asked = body.get("parameters")
        seconds = asked.get("retry_after") if isinstance(asked, dict) else None
        return ThrottledError(name, bounded_wait(seconds, USUAL_WAIT, LONGEST_WAIT))
    return _MEANINGS[code](name) if code in _MEANINGS else None


def forwarded_from(message: Message) -> str | None:
    """Return the address of the public message that was forwarded, from what Telegram says of it; None without one.

    A link in the text is never taken: whoever wrote it could lead the county's officers anywhere.
    """
    origin = message.forward_origin
    if origin is None or origin.chat is None or origin.message_id is None or origin.chat.username is None:
        return None
    return f"https://t.me/{origin.chat.username}/{origin.message_id}"


def located(place: Place) -> str:
    """Return a place's coordinates as text. Five decimals are a metre, and too few to look like a telephone number."""
    return f"Lokasi: {place.latitude:.5f}, {place.longitude:.5f}"


def message_id(chat: Numbered, number: int) -> str:
    """Return the native id of the post that a message becomes."""
    return f"{chat.id}:{number}"


def album_id(chat: Numbered, group: str) -> str:
    """Return the native id of the post that an album becomes."""
    if not _PLAIN_ID.fullmatch(group):
        group = hashlib.sha256(group.encode()).hexdigest()[:32]
    return f"{chat.id}:album.{group}"


def _above_id(chat: Numbered, above: Above) -> str:
    if above.media_group_id is None:
        return message_id(chat, above.message_id)
    return album_id(chat, above.media_group_id)


def _number(update: Any) -> int | None:
    number = update.get("update_id") if isinstance(update, dict) else None
    sound = isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**53
    return number if sound else None


def _sender(message: Mapping[str, Any]) -> str | None:
    sender = message.get("from")
    number = sender.get("id") if isinstance(sender, dict) else None
    return str(number) if isinstance(number, int) and not isinstance(number, bool) else None


def rejected(channel: str, update: Any, reason: str) -> Rejected:
    """Return the quarantine entry of an unreadable update, without the people in it."""
    raw = json.dumps(_impersonal(update))
    native_id = hashlib.sha256(raw.encode()).hexdigest()[:32]
    return Rejected(channel=channel, native_id=native_id, reason=reason, raw=raw)


def _impersonal(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _impersonal(entry) for name, entry in value.items() if name in _IMPERSONAL}
    return [_impersonal(entry) for entry in value] if isinstance(value, list) else masked_within(value)
