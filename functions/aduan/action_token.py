"""Signed tokens of the links with which a department acts on a ticket without an account, valid for sixty days. Pure.

A token is ``payload.signature``: the payload in URL-safe base 64, and an HMAC-SHA256 over that encoded payload. The
token says everything a link allows, so nothing is stored about it, and it holds nothing secret. Anybody who has the
mail may use its links; a page asks before anything is done.
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
"""The status to which each action moves a ticket."""
LIFETIME: Final = timedelta(days=60)
"""How long a link works. Only the deadline for alleged abuse is longer, and its reminders bring new links."""

_LONGEST: Final = 300
"""A longer text is not looked at, in characters. Our own tokens have about 110."""
_FORM: Final = re.compile(r"([A-Za-z0-9_-]{20,})\.([A-Za-z0-9_-]{43})")
_PAYLOAD: Final = re.compile(r"(\S+) (\S+) (\S+) (\S+) (\d{1,11})")


_WHEN_NEEDED: Final = ConfigDict(defer_build=True)
"""Builds the validators when first needed: many mails have no links, so a sender's cold start should not pay for it."""


class TokenError(Exception):
    """The link cannot be used."""


class GarbledError(TokenError):
    """The token is not whole, as when a mail program cut the link."""


class ForgedError(TokenError):
    """The signature is not ours, or not for this payload."""


class UnknownKeyError(ForgedError):
    """The token names a key that is not among the given ones, so its signature cannot be checked."""


class ExpiredError(TokenError):
    """The token is ours, but its time is over."""


class ActionToken(Record):
    """What a link allows: one action of one department on one ticket, until a moment."""

    model_config = _WHEN_NEEDED

    ticket: str = Field(pattern=r"^SLM-[0-9A-HJKMNP-TV-Z]{6}$")
    department: str = Field(pattern=r"^[a-z][a-z0-9_]*$")
    """Code of the department that may act, as long as it has the ticket."""
    action: Action
    expires_at: Moment


class SigningKeys(Record):
    """The known keys by id, and the id of the one that signs.

    The secret is one flat JSON object, because that is what CloudFormation can generate. Its member ``current`` is the
    id of the key that signs; every other member is a key under its id.
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
        """Read the keys from the secret's text.

        Raises:
            ValueError: when the secret has another form. The message does not repeat the secret.
        """
        try:
            members = json.loads(secret)
            return cls(current=members.pop("current"), keys=members)
        except (ValueError, KeyError, AttributeError, TypeError):
            raise ValueError("the secret with the keys of the links is not as it should be") from None


def signed(token: ActionToken, keys: SigningKeys) -> str:
    """Return a token as text for a link: letters, digits, ``-``, ``_`` and one dot."""
    expires = int(token.expires_at.timestamp())
    text = f"{keys.current} {token.ticket} {token.department} {token.action} {expires}"
    payload = _encoded(text.encode())
    return f"{payload}.{_signature(payload, keys.keys[keys.current])}"


def verified(text: str, keys: SigningKeys, now: datetime) -> ActionToken:
    """Read a token from a link and check its signature and its time.

    Raises:
        GarbledError: when the text is not a whole token.
        UnknownKeyError: when the token names an unknown key.
        ForgedError: when the named key has not signed this payload.
        ExpiredError: when the token was valid once.
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
    # Compared as text, because base 64 can spell the same bytes in several ways.
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
