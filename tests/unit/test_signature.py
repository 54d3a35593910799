"""Signatures of pushed requests."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.signature import TOLERANCE, in_time, is_from_meta, is_from_partner, meta_signature, relay_signature
from tests.builders import NOON

SECRET = "kunci-mitra-0123456789abcdef"
OTHER = "kunci-mitra-fedcba9876543210"
NOW = str(int(NOON.timestamp()))
BODIES = st.binary(max_size=300)
SECRETS = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=64)


def accepted(signature: str, body: bytes, *, timestamp: str = NOW, secret: str = SECRET, now: datetime = NOON) -> bool:
    """Whether a request is accepted at noon."""
    return is_from_partner(signature, timestamp, body, secret=secret, now=now)


def changed(data: bytes, position: int, flip: int) -> bytes:
    """Return `data` with one byte changed."""
    position %= len(data)
    return data[:position] + bytes([data[position] ^ flip]) + data[position + 1 :]


def test_the_signature_is_what_the_contract_says() -> None:
    """The signature is v1= and the hex HMAC-SHA256 of time, dot and raw body; Meta's covers the body alone."""
    body = b'{"id": "icj-1"}'
    expected = hmac.new(SECRET.encode(), NOW.encode() + b"." + body, hashlib.sha256).hexdigest()
    assert relay_signature(SECRET, NOW, body) == f"v1={expected}"
    assert meta_signature(SECRET, body) == f"sha256={hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()}"


@given(BODIES, SECRETS)
def test_what_the_holder_of_the_key_signed_is_believed(body: bytes, secret: str) -> None:
    """A request that the key's holder signed is accepted, whatever its bytes."""
    assert accepted(relay_signature(secret, NOW, body), body, secret=secret)
    assert is_from_meta(meta_signature(secret, body), body, secret=secret)


@given(BODIES.filter(bool), st.integers(0, 299), st.integers(1, 255))
def test_one_other_byte_of_the_body_is_refused(body: bytes, position: int, flip: int) -> None:
    """A changed byte anywhere is refused, by both kinds of signature."""
    other = changed(body, position, flip)
    assert not accepted(relay_signature(SECRET, NOW, body), other)
    assert not is_from_meta(meta_signature(SECRET, body), other, secret=SECRET)


@given(st.integers(0, 299), st.binary(min_size=1, max_size=1))
def test_a_byte_more_or_less_is_refused(position: int, byte: bytes) -> None:
    """A body cannot be made longer or shorter."""
    body = b"lampu mati di Condongcatur" * 10
    signature = relay_signature(SECRET, NOW, body)
    position %= len(body)
    assert not accepted(signature, body[:position] + byte + body[position:])
    assert not accepted(signature, body[:position] + body[position + 1 :])


@given(st.integers(-300, 300).filter(bool))
def test_another_time_is_refused_even_inside_the_window(seconds: int) -> None:
    """The time is signed, so an intercepted request cannot be made to look recent."""
    assert not accepted(relay_signature(SECRET, NOW, b"{}"), b"{}", timestamp=str(int(NOW) + seconds))


@given(st.integers(0, len(NOW) - 1), st.integers(1, 255))
def test_one_other_byte_of_the_time_is_refused(position: int, flip: int) -> None:
    """This includes a byte that makes the time no number."""
    other = changed(NOW.encode(), position, flip).decode("latin-1")
    assert not accepted(relay_signature(SECRET, NOW, b"{}"), b"{}", timestamp=other)


@given(SECRETS, st.integers(0, 63), st.integers(1, 127))
def test_one_other_byte_of_the_key_is_refused(secret: str, position: int, flip: int) -> None:
    """A key that is nearly right is refused."""
    other = changed(secret.encode(), position, flip).decode()
    assert not accepted(relay_signature(other, NOW, b"{}"), b"{}", secret=secret)
    assert not is_from_meta(meta_signature(other, b"{}"), b"{}", secret=secret)


@given(st.integers(0, 66), st.integers(1, 255))
def test_one_other_byte_of_the_signature_is_refused(position: int, flip: int) -> None:
    """This includes the version and the case of the letters."""
    other = changed(relay_signature(SECRET, NOW, b"{}").encode(), position, flip).decode("latin-1")
    assert not accepted(other, b"{}")


@pytest.mark.parametrize("signature", ["", "v1=", "v1", "v2=00", "\ud800", "tanda tangan"])
def test_what_is_no_signature_is_refused(signature: str) -> None:
    """A malformed signature is refused without an error."""
    assert not accepted(signature, b"{}")
    assert not is_from_meta(signature, b"{}", secret=SECRET)


@pytest.mark.parametrize(("seconds", "believed"), [(-301, False), (-300, True), (0, True), (300, True), (301, False)])
def test_a_replay_outside_the_window_is_refused(seconds: int, believed: bool) -> None:  # noqa: FBT001 # a column of the table above
    """The same signed request is accepted for five minutes around its time and never again."""
    signature = relay_signature(SECRET, NOW, b"{}")
    assert accepted(signature, b"{}", now=NOON + timedelta(seconds=seconds)) is believed


@given(st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001 # hypothesis adds the zone
def test_the_window_is_as_wide_as_it_says(now: datetime) -> None:
    """The window has the stated width at any time."""
    believed = accepted(relay_signature(SECRET, NOW, b"{}"), b"{}", now=now)
    assert believed is (abs(now - NOON) <= TOLERANCE)


@pytest.mark.parametrize(
    "timestamp", ["", "kemarin", "1e9", "-1", "+1793689531", " 1793689531", "١٢٣", "9" * 400, "1.5"]
)
def test_a_time_that_is_no_whole_number_is_refused(timestamp: str) -> None:
    """A malformed time is refused without an error."""
    assert not in_time(timestamp, NOON)


def test_two_keys_do_not_open_each_other() -> None:
    """During a rotation both keys are valid, each for what was signed with it."""
    old, new = (relay_signature(secret, NOW, b"{}") for secret in (SECRET, OTHER))
    assert accepted(old, b"{}", secret=SECRET)
    assert accepted(new, b"{}", secret=OTHER)
    assert not accepted(old, b"{}", secret=OTHER)
    assert not accepted(new, b"{}", secret=SECRET)
