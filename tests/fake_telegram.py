"""The part of Telegram's Bot API that the poller uses. It keeps updates until a request names a higher offset."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar

from aduan.directory import Channel
from tests.builders import a_channel
from tests.local_http import Answer, Asked
from tests.reading import NOW, Fake

TOKEN = "123456789:AAHKENARI-token_bot"
MODERATOR, STRANGER = 710000001, 555
GROUP = "https://www.facebook.com/groups/infocegatanjogja/"
PARAMETERS: dict[str, Any] = {"moderators": (str(MODERATOR), "710000002"), "group_url": GROUP}


def a_message(number: int, text: str | None = None, **changes: Any) -> dict[str, Any]:
    """A message that a moderator wrote to the bot a few minutes ago."""
    person = changes.pop("person", MODERATOR)
    fields: dict[str, Any] = {
        "message_id": number,
        "from": {"id": person, "is_bot": False, "first_name": "Wahyu", "username": "wahyu_icj"},
        "chat": {"id": person, "first_name": "Wahyu", "type": "private"},
        "date": int(NOW.timestamp()) - 600 + number,
    }
    return fields | ({} if text is None else {"text": text}) | changes


def a_part(number: int, group: str = "135", **changes: Any) -> dict[str, Any]:
    """A message with one picture of an album."""
    return a_message(number, media_group_id=group, photo=[{"file_id": "x"}], **changes)


@dataclass
class Bot(Fake):
    """One bot, and what was sent to it."""

    CHANNEL: ClassVar[Channel] = a_channel(
        id="telegram_relay:infocegatan",
        kind="telegram_relay",
        account="123456789",
        handle=None,
        name="Info Cegatan Jogja",
        parameters=PARAMETERS,
    )
    TOKEN: ClassVar[str] = TOKEN

    updates: list[dict[str, Any]] = field(default_factory=list)
    forgotten: list[dict[str, Any]] = field(default_factory=list)
    sent: list[int] = field(default_factory=list)
    next_id: int = 870000121
    webhook: bool = False
    other_consumer: bool = False
    retry_after: Any = None

    @property
    def questions(self) -> list[dict[str, Any]]:
        """The requests' bodies."""
        return [json.loads(asked.body) for asked in self.asked]

    @property
    def citizens(self) -> list[str]:
        """Native ids of what moderators wrote."""
        return [f"{MODERATOR}:{number}" for number in self.sent]

    def write(self, number: int, at: datetime) -> None:
        """Let a moderator write something."""
        self.sent.append(number)
        self.sends(a_message(number, f"Lapor {number}", date=int(at.timestamp())))

    def sends(self, message: Any, kind: str = "message", **more: Any) -> int:
        """Let an update reach the bot, and return its number."""
        self.updates.append({"update_id": self.next_id, kind: message, **more})
        self.next_id += 1
        return self.next_id - 1

    def healthy(self, asked: Asked) -> Answer:
        """Answer as the platform documents it."""
        found = re.fullmatch(r"/bot([^/]*)/getUpdates", asked.path)
        if found is None or ":" not in found[1]:
            return an_error(404, "Not Found")
        if found[1] != TOKEN:
            return an_error(401, "Unauthorized")
        question = json.loads(asked.body)
        refused = self._refusal(question)
        if refused is not None:
            return refused
        self.confirm(question.get("offset", 0))
        return updates_of(*self.updates[: question["limit"]])

    def _refusal(self, question: Mapping[str, Any]) -> Answer | None:
        if self.retry_after is not None:
            more = {"parameters": {"retry_after": self.retry_after}} if self.retry_after else {}
            return an_error(429, f"Too Many Requests: retry after {self.retry_after}", **more)
        if self.webhook:
            why = "can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"
            return an_error(409, f"Conflict: {why}")
        if self.other_consumer:
            why = "terminated by other getUpdates request; make sure that only one bot instance is running"
            return an_error(409, f"Conflict: {why}")
        if set(question) - {"offset", "limit", "timeout", "allowed_updates"} or not 1 <= question["limit"] <= 100:
            return an_error(400, "Bad Request")
        return None

    def confirm(self, offset: int) -> None:
        """Forget all updates below `offset`, for ever."""
        self.forgotten += [update for update in self.updates if update["update_id"] < offset]
        self.updates = [update for update in self.updates if update["update_id"] >= offset]


def updates_of(*updates: Any) -> Answer:
    """A good answer."""
    return Answer(200, json.dumps({"ok": True, "result": list(updates)}).encode())


def an_error(code: int, description: str, **more: Any) -> Answer:
    """An error as Telegram sends it."""
    return Answer(code, json.dumps({"ok": False, "error_code": code, "description": description, **more}).encode())
