"""The Telegram bot to which a group's moderators forward posts: `getUpdates`, `sendMessage` and the webhook methods."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

from infra.local.simulator import native_ids
from infra.local.simulator.exchange import Answer, Request
from infra.local.simulator.platform import Bot, Call, Platform, Route, Scene, Settings
from infra.local.simulator.world import Account, Change, Entry, Kind, World

_KEPT: Final = timedelta(hours=24)
_MOST: Final = 100
_HEADERS: Final = {"Content-Type": "application/json"}
_METHODS: Final = ("getUpdates", "sendMessage", "setWebhook", "deleteWebhook", "getWebhookInfo", "getMe")
_PARTS: Final = 3
_LONGEST_TEXT: Final = 4096
_WEBHOOK: Final = (
    "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
)
_SECOND: Final = "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
_FORWARDED_BEFORE: Final = timedelta(minutes=17)


class TelegramError(Exception):
    """An error that the API answers with; the HTTP status is the error's code."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description


def route(world: World, request: Request) -> Route:
    """Find the bot and the method; the token never becomes part of the shape."""
    parts = request.parts
    account = None
    if len(parts) == _PARTS and parts[1].startswith("bot"):
        token = parts[1].removeprefix("bot")
        account = next(
            (each for each in world.accounts if each.kind is Kind.TELEGRAM_RELAY and each.token == token), None
        )
    method = parts[2] if len(parts) == _PARTS and parts[2] in _METHODS else "{unknown}"
    return Route(account, account, method, f"/telegram/bot{{token}}/{method}")


def answer(scene: Scene, request: Request) -> Answer:
    """Answer as the Bot API would; only the bot's own memory changes."""
    found = route(scene.world, request)
    try:
        account = _authorised(found)
        bot = scene.memory.bots.get(account.account, Bot())
        result, scene.memory.bots[account.account] = call(scene, found, bot, request)
    except TelegramError as error:
        return _refused(error)
    return Answer(200, _HEADERS, {"ok": True, "result": result})


def call(scene: Scene, found: Route, bot: Bot, request: Request) -> tuple[Any, Bot]:
    """Return the result of a method and the bot's state afterwards.

    Raises:
        TelegramError: The method does not exist or its parameters are wrong.
    """
    account, params = _authorised(found), request.params
    match found.edge:
        case "getUpdates":
            return _updates(scene, account, bot, request)
        case "sendMessage":
            return _send(scene.now, account, bot, params)
        case "setWebhook":
            return True, replace(bot, webhook=params.get("url", ""))
        case "deleteWebhook":
            return True, replace(bot, webhook="")
        case "getWebhookInfo":
            return {"url": bot.webhook, "pending_update_count": 0, "has_custom_certificate": False}, bot
        case "getMe":
            return _self(account), bot
    raise TelegramError(404, "Not Found")


def _authorised(found: Route) -> Account:
    if found.account is None:
        raise TelegramError(401, "Unauthorized")
    return found.account


def updates(world: World, account: Account, now: datetime) -> Iterator[dict[str, Any]]:
    """Yield every update of the last 24 hours, confirmed or not; no number is given twice."""
    first = _first_update(account)
    number = 0
    for change in world.changes:
        if change.entry.account is not account:
            continue
        messages = list(_messages(change))
        for position, message in enumerate(messages):
            if change.at > now - _KEPT:
                what = "edited_message" if change.is_edit else "message"
                yield {"update_id": first + number + position, what: message}
        number += len(messages)


def _updates(scene: Scene, account: Account, bot: Bot, request: Request) -> tuple[Any, Bot]:
    if bot.webhook:
        raise TelegramError(409, _WEBHOOK)
    params = request.params
    offset, limit = _number(params, "offset", 0), _number(params, "limit", _MOST)
    limit = limit if 1 <= limit <= _MOST else _MOST
    if "allowed_updates" in params:
        bot = replace(bot, allowed=_words(params["allowed_updates"]))
    if "repeat_page" in request.quirks:
        offset = 0  # simulates a confirmation that was lost
    found = [
        update
        for update in updates(scene.world, account, scene.now)
        if not bot.allowed or any(name in update for name in bot.allowed)
    ]
    if offset < 0:
        offset = found[offset]["update_id"] if len(found) >= -offset else 0
    bot = replace(bot, confirmed=max(bot.confirmed, offset))
    first = 0 if "repeat_page" in request.quirks else bot.confirmed
    waiting = [update for update in found if update["update_id"] >= first]
    if "no_author" in request.quirks:
        waiting = [_without_origin(update) for update in waiting]
    return waiting[:limit], bot


def _without_origin(update: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: {key: inner for key, inner in value.items() if key != "forward_origin"}
        if isinstance(value, dict)
        else value
        for name, value in update.items()
    }


def _messages(change: Change) -> Iterator[dict[str, Any]]:
    """Yield one message, or an album's several messages with the caption on the first."""
    entry = change.entry
    chat_id = entry.native_id.partition(":")[0]
    message_id = native_ids.telegram_number(entry.number)
    person = {"id": int(chat_id), "is_bot": False, "first_name": f"Moderator {chat_id[-2:]}"}
    count = entry.draft.photos if entry.draft.has_photo else 1
    for position in range(1 if change.is_edit else count):
        message: dict[str, Any] = {
            "message_id": message_id + position,
            "from": {**person, "language_code": "id"},
            "chat": {"id": int(chat_id), "first_name": person["first_name"], "type": "private"},
            "date": int(entry.created_at.timestamp()),
            **_origin(entry),
        }
        if change.is_edit:
            message["edit_date"] = int(change.at.timestamp())
        if not entry.draft.has_photo:
            message["text"] = change.text
        else:
            message |= {"photo": _photo(entry, position)}
            message |= {"caption": change.text} if change.text and position == 0 else {}
            message |= {"media_group_id": native_ids.telegram_group(entry.number)} if count > 1 else {}
        yield message


def _origin(entry: Entry) -> dict[str, Any]:
    """Return the original author: only a name if their account is hidden, nothing if the moderator typed the text."""
    if entry.author is None:
        return {}
    date = int((entry.created_at - _FORWARDED_BEFORE).timestamp())
    if int(entry.author.native_id[-1]) % 2:
        return {"forward_origin": {"type": "hidden_user", "sender_user_name": entry.author.name, "date": date}}
    user = {"id": int(entry.author.native_id[:10]), "is_bot": False, "first_name": entry.author.name}
    return {"forward_origin": {"type": "user", "sender_user": user, "date": date}}


def _photo(entry: Entry, position: int) -> list[dict[str, Any]]:
    unique = native_ids.photo(f"{entry.native_id}/{position}")
    return [
        {
            "file_id": f"AgACAgUAA{size}{unique}",
            "file_unique_id": f"AQAD{unique}{size}",
            "width": width,
            "height": height,
        }
        for size, width, height in (("x", 90, 67), ("y", 1280, 960))
    ]


def _send(now: datetime, account: Account, bot: Bot, params: Mapping[str, str]) -> tuple[Any, Bot]:
    text = params.get("text", "")
    if not text:
        raise TelegramError(400, "Bad Request: message text is empty")
    if len(text) > _LONGEST_TEXT:
        raise TelegramError(400, "Bad Request: message is too long")
    chat_id = _number(params, "chat_id", 0)
    if not chat_id:
        raise TelegramError(400, "Bad Request: chat not found")
    message: dict[str, Any] = {
        "message_id": 900_000 + len(bot.sent),
        "from": _self(account),
        "chat": {"id": chat_id, "type": "private"},
        "date": int(now.timestamp()),
        "text": text,
    }
    try:
        answered = json.loads(params.get("reply_parameters") or "{}")
    except ValueError:
        raise TelegramError(400, "Bad Request: can't parse reply parameters JSON object") from None
    if "message_id" in answered:
        message["reply_to_message"] = {"message_id": answered["message_id"]}
    return message, replace(bot, sent=(*bot.sent, message))


def _self(account: Account) -> dict[str, Any]:
    number = int(native_ids.person("bot", account.account)[:9])
    return {"id": number, "is_bot": True, "first_name": account.label, "username": f"{account.account}_bot"}


def _first_update(account: Account) -> int:
    return 870_000_000 + int(native_ids.person("bot", account.account)[-5:])


def _number(params: Mapping[str, str], name: str, usual: int) -> int:
    try:
        return int(params.get(name, usual))
    except ValueError:
        raise TelegramError(400, f"Bad Request: {name} must be a number") from None


def _words(text: str) -> tuple[str, ...]:
    try:
        words = json.loads(text)
    except ValueError:
        words = None
    if not isinstance(words, list):
        raise TelegramError(400, "Bad Request: can't parse allowed updates JSON object")
    return tuple(str(word) for word in words)


def _refused(error: TelegramError, **parameters: object) -> Answer:
    body: dict[str, Any] = {"ok": False, "error_code": error.code, "description": error.description}
    return Answer(error.code, _HEADERS, body | ({"parameters": parameters} if parameters else {}))


def _throttled(_call: Call, settings: Settings) -> Answer:
    wait = settings["retry_after"] or str(settings["minutes"] * 60)
    if wait == "none":
        return _refused(TelegramError(429, "Too Many Requests"))
    refusal = TelegramError(429, f"Too Many Requests: retry after {wait}")
    return _refused(refusal, retry_after=int(wait) if wait.lstrip("-").isdecimal() else wait)


TELEGRAM: Final = Platform(
    prefix="/telegram/",
    kinds=frozenset({Kind.TELEGRAM_RELAY}),
    route=route,
    answer=answer,
    edges=frozenset(_METHODS),
    lists=frozenset({"getUpdates"}),
    quirks=frozenset({"repeat_page"}),
    refusals={
        "server_error": lambda _call, _: _refused(TelegramError(502, "Bad Gateway")),
        "throttled": _throttled,
        "expired_token": lambda _call, _: _refused(TelegramError(401, "Unauthorized")),
        "not_permitted": lambda _call, _: _refused(TelegramError(403, "Forbidden: bot was blocked by the user")),
        "conflict": lambda _call, _: _refused(TelegramError(409, _SECOND)),
    },
    page_size="limit",
)
