"""Keys are added and dropped, but no link stops working before its time."""

from __future__ import annotations

from datetime import timedelta

import boto3
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from aduan.action_token import LIFETIME, SigningKeys, UnknownKeyError, signed, verified
from infra.rotate_action_keys import rotate, rotated
from tests.builders import NOON
from tests.links import KEYS, a_token, create_keys


@given(st.lists(st.tuples(st.integers(1, 120), st.integers(0, 59)), min_size=1, max_size=12))
def test_no_rotation_kills_a_link_before_its_time(waits: list[tuple[int, int]]) -> None:
    """However often keys are rotated, each link works to its last second, and old keys do not pile up."""
    keys, now = KEYS, NOON
    links = [(signed(a_token(expires_at=now + LIFETIME), keys), now + LIFETIME)]
    for number, (days, minutes) in enumerate(waits):
        now += timedelta(days=days, minutes=minutes)
        links.append((signed(a_token(expires_at=now + LIFETIME), keys), now + LIFETIME))
        keys = rotated(keys, f"{number:064}", now)
        for link, end in links:
            if now < end:
                assert verified(link, keys, now).expires_at == end
    recent = sum(days <= LIFETIME.days + 3 for days, _ in waits)
    assert len(keys.keys) <= recent + 2


def test_a_key_that_is_known_to_others_can_be_revoked() -> None:
    """A revoked key signs nothing any more, and every link it has signed stops working."""
    after = rotated(KEYS, "x" * 64, NOON, revoke=True)
    assert list(after.keys) == [after.current]
    with pytest.raises(UnknownKeyError):
        verified(signed(a_token(), KEYS), after, NOON)


def test_two_rotations_in_one_second_are_one_too_many() -> None:
    """A key that may already have signed is not overwritten."""
    after = rotated(KEYS, "x" * 64, NOON)
    with pytest.raises(ValueError, match="a moment ago"):
        rotated(after, "y" * 64, NOON)


def test_the_command_writes_what_the_functions_read() -> None:
    """The secret stays in the form that the template generates, with a key nobody has seen."""
    with mock_aws():
        client = boto3.client("secretsmanager")
        after = rotate(client, create_keys(), NOON)
        assert SigningKeys.from_secret(client.get_secret_value(SecretId="action-keys")["SecretString"]) == after
    assert set(after.keys) == {"k1", after.current}
    assert len(after.keys[after.current]) >= 64
