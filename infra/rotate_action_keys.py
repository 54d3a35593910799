"""Add a new key for signing the links in mails: ``python -m infra.rotate_action_keys --stack aduan-prod``.

From then on the new key signs. Links that an older key has signed go on working until they expire; a key whose last
link has expired is dropped. With ``--revoke``, for a key that may have leaked, all older keys are dropped at once, and
every link sent so far stops working.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import boto3

from aduan.action_token import LIFETIME, SigningKeys

OUTPUT: Final = "ActionKeysArn"
IN_USE: Final = timedelta(days=2)
"""How long after a rotation a function may still sign with the previous key: it reloads the keys once an hour."""
_ID: Final = "k%Y%m%d%H%M%S"
"""A key's name is the time it was made, in UTC; the template names the first one ``k1``."""


def rotated(keys: SigningKeys, key: str, now: datetime, *, revoke: bool = False) -> SigningKeys:
    """Return the keys with a new one that signs, without those whose links have all expired.

    Raises:
        ValueError: when a key was already made in this second.
    """
    name = now.astimezone(UTC).strftime(_ID)
    if name in keys.keys:
        raise ValueError("another key was made a moment ago")
    if revoke:
        return SigningKeys(current=name, keys={name: key})
    made = sorted((made_at(each), each) for each in keys.keys)
    # A key signs until the next one is made.
    ended = [moment for moment, _ in made[1:]] + [now]
    kept = {
        each: keys.keys[each]
        for (_, each), end in zip(made, ended, strict=True)
        if end + IN_USE + LIFETIME > now or each == keys.current
    }
    return SigningKeys(current=name, keys={**kept, name: key})


def made_at(name: str) -> datetime:
    """Return when a key was made; ``k1`` counts as older than any other."""
    try:
        return datetime.strptime(name, _ID).replace(tzinfo=UTC)
    except ValueError:
        return datetime.min.replace(tzinfo=UTC)


def rotate(secrets_manager: Any, secret: str, now: datetime, *, revoke: bool = False) -> SigningKeys:
    """Rotate the keys in a secret and return the keys it has now."""
    before = SigningKeys.from_secret(secrets_manager.get_secret_value(SecretId=secret)["SecretString"])
    after = rotated(before, secrets.token_urlsafe(48), now, revoke=revoke)
    written = json.dumps({"current": after.current, **after.keys})
    secrets_manager.put_secret_value(SecretId=secret, SecretString=written)
    return after


def main() -> int:
    """Rotate the keys of one stack and print the names of those in use; never the keys themselves."""
    parser = argparse.ArgumentParser(prog="python -m infra.rotate_action_keys", description=__doc__)
    parser.add_argument("--stack", required=True, help="name of the stack, such as aduan-prod")
    parser.add_argument("--revoke", action="store_true", help="drop all older keys: every link in a mail dies")
    arguments = parser.parse_args()
    [stack] = boto3.client("cloudformation").describe_stacks(StackName=arguments.stack)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    keys = rotate(boto3.client("secretsmanager"), outputs[OUTPUT], datetime.now(UTC), revoke=arguments.revoke)
    older = sorted(set(keys.keys) - {keys.current})
    print(f"{keys.current} signs now; links signed by {', '.join(older) or 'no other key'} still work.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
