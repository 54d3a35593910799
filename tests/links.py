"""Makes links as they stand in mails, and in moto the secret that signs them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any, Final

import boto3

from aduan.action_token import LIFETIME, Action, ActionToken, SigningKeys, signed
from tests.builders import NOON, a_ticket

SECRET_NAME: Final = "action-keys"
KEYS: Final = SigningKeys(current="k1", keys={"k1": "kunci-pertama-" + "0" * 50})


def create_keys(keys: SigningKeys = KEYS) -> str:
    """Create the secret as the template generates it; call it inside `moto.mock_aws`. Return its name."""
    boto3.client("secretsmanager").create_secret(Name=SECRET_NAME, SecretString=as_secret(keys))
    return SECRET_NAME


def as_secret(keys: SigningKeys) -> str:
    """The keys as the secret holds them."""
    return json.dumps({"current": keys.current, **keys.keys})


def a_token(**changes: Any) -> ActionToken:
    """A token with which Dishub may accept the builders' ticket."""
    fields: dict[str, Any] = {
        "ticket": a_ticket().code,
        "department": "dishub",
        "action": "accept",
        "expires_at": NOON + LIFETIME,
    }
    return ActionToken.model_validate(fields | changes)


def a_link(ticket: str, department: str, action: Action, at: datetime = NOON) -> str:
    """The part of a link after ``/t/``, as in a mail that was sent at `at`."""
    token = a_token(ticket=ticket, department=department, action=action, expires_at=at + LIFETIME)
    return signed(token, KEYS)
