"""The length of an SMS, and where its text is cut."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from notify.gsm_alphabet import GSM_BASIC, GSM_EXTENSION, cut, gsm, septets


@pytest.mark.parametrize("letter", sorted(GSM_EXTENSION))
def test_a_character_of_the_extension_table_counts_two(letter: str) -> None:
    """GSM 03.38 writes it as an escape and a letter."""
    assert septets(f"a{letter}a") == 4


def test_a_text_outside_the_alphabet_has_no_length_in_it() -> None:
    """One character outside it would change the encoding of the whole SMS."""
    assert septets("lampu 💡") is None


@pytest.mark.parametrize(
    ("text", "room", "kept"),
    [
        ("lampu mati", 10, "lampu mati"),
        ("lampu jalan mati", 14, "lampu jalan"),
        ("lampu jalan, mati", 14, "lampu jalan"),
        ("a penerangan jalan umum", 10, "a penerang"),
        ("[[[[[[", 7, "[[["),
        ("€uro mati", 5, "€uro"),
    ],
)
def test_a_long_text_is_cut_at_a_word_where_one_is_near(text: str, room: int, kept: str) -> None:
    """A text that fits stays whole; a word that fills more than half of the room is cut itself."""
    assert cut(text, room) == kept


@given(st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION))), st.integers(0, 40))
def test_a_cut_text_is_a_beginning_that_fits(text: str, room: int) -> None:
    """Whatever the text, its beginning takes no more septets than there is room for."""
    kept = cut(text, room)
    length = septets(kept)
    assert text.startswith(kept)
    assert length is not None
    assert length <= room


def test_what_the_alphabet_lacks_is_replaced_or_left_out() -> None:
    """Typographic characters become plain ones, accents are dropped where needed, emoji disappear."""
    assert gsm("“Jalan”\nrusak \u2013 ḍalam… 💡") == '"Jalan" rusak - dalam...'
