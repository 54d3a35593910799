"""Decides whether a person pressed the button of a page. Pure, but for the list of known scanners.

Programs that examine mails open every link, and some of them press what they find. A person reads the page for more
than two seconds and types the end of the ticket's code. Nothing is stored for this: the page carries the moment when it
was served, signed with the keys of the links.
"""

from __future__ import annotations

import functools
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field

from aduan.record import Record

if TYPE_CHECKING:
    from actions.form import Form
    from aduan.action_token import ActionToken, SigningKeys

SOONEST: Final = timedelta(seconds=2)
"""A press sooner than this after the page was served is taken for a program's."""
ENDING: Final = 2
"""How many characters of the ticket's code the page asks for."""
Doubt = Literal["scanner", "too_quick", "unanswered"]
"""Why a press does not count: a known scanner sent it, it came too soon, or the end of the code is wrong or missing."""
_MILLISECOND: Final = timedelta(milliseconds=1)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SERVED: Final = re.compile(r"(\d{13})\.([0-9a-f]{32})", re.ASCII)
_ALIKE: Final = str.maketrans("OIL", "011")
"""Letters that no code has, because they look like digits."""


class Sign(Record):
    """A request whose header holds this text, in letters of any case, was sent by a program."""

    header: str = Field(min_length=1)
    sign: str = Field(min_length=4, pattern=r"^[^A-Z]+$")
    who: str = Field(min_length=1)


class Scanners(Record):
    """The programs that are known to examine mails, to look at links ahead of people, or to send requests by script."""

    signs: tuple[Sign, ...] = Field(min_length=1)
    source: str = Field(min_length=1)
    status: Literal["verified", "unverified"]


@dataclass(frozen=True)
class Press:
    """A form that was sent, with what shows who sent it."""

    form: Form
    headers: Mapping[str, str]
    token: ActionToken
    at: datetime


@functools.cache
def known_scanners() -> Scanners:
    """Read the list beside this module.

    Raises:
        ValidationError: when the list is not as it should be.
    """
    return Scanners.model_validate(json.loads(Path(__file__).with_name("scanners.json").read_text(encoding="utf-8")))


def headers_of(event: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of an API Gateway event by their names in small letters."""
    return {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}


def served(token: ActionToken, keys: SigningKeys, at: datetime) -> str:
    """Return the moment `at` which a link's page is served, signed: milliseconds since 1970, a dot and a signature."""
    moment = str((at - _EPOCH) // _MILLISECOND)
    return f"{moment}.{_signature(moment, token, keys.keys[keys.current])}"


def doubt(press: Press, keys: SigningKeys) -> Doubt | None:
    """Return why a press does not count as a person's; None when it does.

    A page may lie open for as long as its link is valid. A moment that lies ahead, because two machines' clocks differ,
    counts as too soon: the page that asks again has a new one.
    """
    if any(each.sign in press.headers.get(each.header.lower(), "").lower() for each in known_scanners().signs):
        return "scanner"
    at = _served_at(press, keys)
    if at is not None and press.at - at < SOONEST:
        return "too_quick"
    return None if at is not None and _names_the_end(press.form.ending, press.token.ticket) else "unanswered"


def _names_the_end(typed: str, code: str) -> bool:
    """Tell whether the end of a code was typed, or all of it, in letters of any case and with any blanks."""
    said = re.sub(r"[\W_]", "", typed.upper()).translate(_ALIKE)
    whole = re.sub(r"\W", "", code).translate(_ALIKE)
    return said in {whole[-ENDING:], whole.removeprefix("S1M"), whole}


def _served_at(press: Press, keys: SigningKeys) -> datetime | None:
    """Return when the page was served; None when it does not say so, or not under one of our signatures."""
    found = _SERVED.fullmatch(press.form.served)
    if found is None:
        return None
    moment, signature = found.groups()
    ours = (_signature(moment, press.token, key) for key in keys.keys.values())
    if not any(hmac.compare_digest(each, signature) for each in ours):
        return None
    return _EPOCH + int(moment) * _MILLISECOND


def _signature(moment: str, token: ActionToken, key: str) -> str:
    about = f"served {token.ticket} {token.department} {token.action} {moment}"
    return hmac.digest(key.encode(), about.encode(), "sha256").hex()[:32]
