"""The links with which a department acts on a ticket without an account: signed, and good for sixty days. Pure.

A token is ``payload.signature``: the payload in base 64 for addresses, and an HMAC-SHA256 over it as it stands there.
It says everything a link is good for, so nothing is stored about it, and it holds nothing secret. Whoever has a mail
has its links: that is the whole right to act, and a page asks before anything is done.
"""

from __future__ import annotations

import hmac
import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final, Literal, Self

from pydantic import ConfigDict, Field, model_validator

from aduan.record import Moment, Record

if TYPE_CHECKING:
    from aduan.ticket import Status

Action = Literal["accept", "done", "not_ours"]
ASKED: Final[dict[Action, Status]] = {"accept": "accepted", "done": "resolved", "not_ours": "not_ours"}
"""The move that an action asks for."""
LIFETIME: Final = timedelta(days=60)
"""How long a link works: longer than any deadline but that of alleged abuse, which has reminders with new links."""

_LONGEST: Final = 300
"""Characters of a token that is looked at; our own have some 110."""
_FORM: Final = re.compile(r"([A-Za-z0-9_-]{20,})\.([A-Za-z0-9_-]{43})")
_PAYLOAD: Final = re.compile(r"(\S+) (\S+) (\S+) (\S+) (\d{1,11})")


_WHEN_NEEDED: Final = ConfigDict(defer_build=True)
"""Every cold start of a sender would pay for the validators, and many mails have no links."""


class TokenError(Exception):
    """The link cannot be used."""


class GarbledError(TokenError):
    """Something of it is missing, as when a mail program cut it."""


class ForgedError(TokenError):
    """We have not signed exactly this."""


class UnknownKeyError(ForgedError):
    """If we have signed it, then with a key that is not among these."""


class ExpiredError(TokenError):
    """It was ours, and its time is over."""


class ActionToken(Record):
    """What a link is good for."""

    model_config = _WHEN_NEEDED

    ticket: str = Field(pattern=r"^SLM-[0-9A-HJKMNP-TV-Z]{6}$")
    department: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Code of the department that may do it, as long as it has the ticket."""
    action: Action
    expires_at: Moment


class SigningKeys(Record):
    """The keys that are known, and which of them signs.

    The secret is one flat JSON object, because that is what CloudFormation can generate: ``current`` is the id of the
    key that signs, and every other member is a key by its id.
    """

    model_config = _WHEN_NEEDED

    current: str
    keys: Mapping[str, str]

    @model_validator(mode="after")
    def _signs_with_a_key_it_has(self) -> Self:
        if len(self.keys.get(self.current, "")) < 32:  # noqa: PLR2004 # characters; CloudFormation makes 64
            raise ValueError("the current key is missing or too short")
        return self

    @classmethod
    def from_secret(cls, secret: str) -> Self:
        """Read them as they are kept.

        Raises:
            ValueError: when the secret holds anything else; the error does not repeat it.
        """
        try:
            members = json.loads(secret)
            return cls(current=members.pop("current"), keys=members)
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError("the secret with the keys of the links is not as it should be") from None


def signed(token: ActionToken, keys: SigningKeys) -> str:
    """Write a token as it stands in a link: letters, digits, ``-``, ``_`` and one dot."""
    expires = int(token.expires_at.timestamp())
    text = f"{keys.current} {token.ticket} {token.department} {token.action} {expires}"
    payload = _encoded(text.encode())
    return f"{payload}.{_signature(payload, keys.keys[keys.current])}"


def verified(text: str, keys: SigningKeys, now: datetime) -> ActionToken:
    """Read a token from a link.

    Raises:
        GarbledError: when it is no whole token.
        UnknownKeyError: when it names a key that is not known.
        ForgedError: when that key has not signed exactly this.
        ExpiredError: when it was good once.
    """
    found = _FORM.fullmatch(text) if len(text) <= _LONGEST else None
    if found is None:
        raise GarbledError
    payload, signature = found.groups()
    try:
        said = _PAYLOAD.fullmatch(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).decode())
    except ValueError:
        said = None
    if said is None:
        raise GarbledError
    key_id, ticket, department, action, expires = said.groups()
    key = keys.keys.get(key_id)
    if key is None:
        raise UnknownKeyError
    # Compared as text: base 64 has several spellings of the same bytes.
    if not hmac.compare_digest(_signature(payload, key), signature):
        raise ForgedError
    token = ActionToken.model_validate(
        {
            "ticket": ticket,
            "department": department,
            "action": action,
            "expires_at": datetime.fromtimestamp(int(expires), UTC),
        }
    )
    if now >= token.expires_at:
        raise ExpiredError
    return token


def _signature(payload: str, key: str) -> str:
    return _encoded(hmac.digest(key.encode(), payload.encode(), "sha256"))


def _encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
