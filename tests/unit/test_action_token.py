"""A link is valid for exactly what was signed, until it expires."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.action_keys import MAX_AGE_SECONDS, PATIENCE_SECONDS, ActionKeys
from aduan.action_token import (
    LIFETIME,
    ExpiredError,
    ForgedError,
    GarbledError,
    SigningKeys,
    TokenError,
    UnknownKeyError,
    signed,
    verified,
)
from aduan.directory_loading import load_directory
from tests.builders import NOON
from tests.codes import ticket_code
from tests.links import KEYS, a_token, as_secret

NEWER = SigningKeys(current="k2", keys={**KEYS.keys, "k2": "kunci-kedua-" + "1" * 52})
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."

tokens = st.builds(
    a_token,
    ticket=st.builds(ticket_code, st.text(max_size=5)),
    department=st.sampled_from(sorted(load_directory().departments)),
    action=st.sampled_from(["accept", "done", "not_ours"]),
    expires_at=st.datetimes(datetime(2026, 11, 4), datetime(2099, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=0)
    ),
)


@given(tokens)
def test_what_was_signed_is_what_is_read(token: object) -> None:
    """Reading a link gives what was signed, and the link is short enough for one line of a mail."""
    text = signed(token, KEYS)  # type: ignore[arg-type] # Hypothesis builds a token
    assert verified(text, KEYS, NOON) == token
    assert len(text) < 130
    assert set(text) <= set(LETTERS)


@given(tokens, st.data())
def test_another_letter_anywhere_is_no_link(token: object, data: st.DataObject) -> None:
    """No single character can be replaced, added or lost, not even where base 64 would decode to the same bytes."""
    text = signed(token, KEYS)  # type: ignore[arg-type] # Hypothesis builds a token
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from(LETTERS))
    changed = data.draw(
        st.sampled_from([text[:place] + letter + text[place + 1 :], text[:place] + letter + text[place:], text[:place]])
    )
    if changed != text:
        with pytest.raises(TokenError):
            verified(changed, KEYS, NOON)


@given(tokens, tokens)
def test_a_signature_belongs_to_one_payload(one: object, other: object) -> None:
    """A signature for one department or action is not valid for another."""
    payload, _, _ = signed(one, KEYS).partition(".")  # type: ignore[arg-type] # Hypothesis builds a token
    _, _, signature = signed(other, KEYS).partition(".")  # type: ignore[arg-type] # Hypothesis builds a token
    if one != other:
        with pytest.raises(ForgedError):
            verified(f"{payload}.{signature}", KEYS, NOON)


@pytest.mark.parametrize("change", [str.lower, str.upper, lambda text: text.replace(".", "")])
def test_a_link_that_a_program_spoilt_is_refused(change: object) -> None:
    """Changed case or a lost dot makes another link, which grants no other right."""
    with pytest.raises(TokenError):
        verified(change(signed(a_token(), KEYS)), KEYS, NOON)  # type: ignore[operator] # a function on texts


@given(st.text(max_size=400))
def test_any_text_is_answered(text: str) -> None:
    """Any text in the address is refused as a link, and causes no failure."""
    with pytest.raises(TokenError):
        verified(text, KEYS, NOON)


@pytest.mark.parametrize("length", [0, 1, 20, 60, 94])
def test_a_link_that_was_cut_is_called_so(length: int) -> None:
    """The reader of a truncated link learns that something is missing, and is not accused of forgery."""
    with pytest.raises(GarbledError):
        verified(signed(a_token(), KEYS)[:length], KEYS, NOON)


def test_a_link_ends_after_sixty_days() -> None:
    """A link works until its last second; after that it is reported as expired, not as forged."""
    text = signed(a_token(), KEYS)
    last = NOON + LIFETIME - timedelta(seconds=1)
    assert verified(text, KEYS, last) == a_token()
    with pytest.raises(ExpiredError):
        verified(text, KEYS, NOON + LIFETIME)


def test_links_survive_the_rotation_of_their_key() -> None:
    """Links signed with the old key work as long as the key is kept; links it has not signed do not."""
    assert verified(signed(a_token(), KEYS), NEWER, NOON) == a_token()
    assert verified(signed(a_token(), NEWER), NEWER, NOON) == a_token()
    with pytest.raises(UnknownKeyError):
        verified(signed(a_token(), NEWER), KEYS, NOON)
    stranger = SigningKeys(current="k1", keys={"k1": "x" * 64})
    with pytest.raises(ForgedError):
        verified(signed(a_token(), stranger), NEWER, NOON)


@pytest.mark.parametrize(
    "secret", ["", "[]", "{}", '{"current": "k1"}', '{"current": "k1", "k1": "short"}', '{"k1": "' + "x" * 64 + '"}']
)
def test_a_secret_that_holds_no_keys_is_refused_without_a_word_of_it(secret: str) -> None:
    """Nobody signs with an empty key, and no error repeats the content of the secret."""
    with pytest.raises(ValueError, match="not as it should be") as refused:
        SigningKeys.from_secret(secret)
    assert "x" * 64 not in str(refused.value)


class Vault:
    """Stands in for Secrets Manager and counts the requests."""

    def __init__(self) -> None:
        self.secret = as_secret(KEYS)
        self.asked = 0

    def get_secret_value(self, **request: str) -> dict[str, str]:
        """Return the secret."""
        assert request == {"SecretId": "action-keys"}
        self.asked += 1
        return {"SecretString": self.secret}


def test_keys_are_fetched_when_needed_and_seldom() -> None:
    """Signing fetches the keys once an hour; an unknown key causes another fetch, at most once a minute."""
    vault, now = Vault(), [0.0]
    keys = ActionKeys(lambda: vault, "action-keys", lambda: now[0])  # type: ignore[arg-type, return-value] # a stand-in
    assert vault.asked == 0
    for _ in range(3):
        assert keys.get() == keys.get_newer() == KEYS
    assert vault.asked == 1
    vault.secret = json.dumps({"current": "k2", **NEWER.keys})
    assert keys.get_newer() == KEYS
    now[0] += PATIENCE_SECONDS
    assert (keys.get(), keys.get_newer(), keys.get()) == (KEYS, NEWER, NEWER)
    now[0] += MAX_AGE_SECONDS
    assert (keys.get(), vault.asked) == (NEWER, 3)
