"""What is masked and what stays, shown on a table of sentences, and what holds for any text."""

from __future__ import annotations

import json
import re
import unicodedata
from pathlib import Path
from typing import Final

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aduan.masking import leads_to_a_person, masked
from aduan.plain_text import readable
from aduan.quotation import quotation
from tests.builders import a_post

_TABLE: Final = [
    json.loads(line) for line in Path(__file__).with_name("personal_numbers.jsonl").read_text("utf-8").splitlines()
]
PERSONAL: Final = [row["text"] for row in _TABLE if row["personal"]]
HARMLESS: Final = [row["text"] for row in _TABLE if not row["personal"]]
_MASK: Final = re.compile(r"\[[^\[\]]*\]")
_ALLOWED: Final = 0.01
"""The share of the table that may be wrong."""


def test_personal_numbers_are_masked_whole() -> None:
    """Of a masked number no digit is left, and of 100 numbers at least 99 are masked."""
    assert len(PERSONAL) >= 200
    assert len([text for text in PERSONAL if not _is_masked_whole(text)]) <= _ALLOWED * len(PERSONAL)


def test_harmless_numbers_stay() -> None:
    """Of 100 dates, hours, measures, laws, places and ids at least 99 stay as they were written."""
    assert len(HARMLESS) >= 200
    assert len([text for text in HARMLESS if masked(text) != text]) <= _ALLOWED * len(HARMLESS)


@pytest.mark.parametrize("text", [*PERSONAL, *HARMLESS])
def test_the_mail_shows_no_number_that_masking_did_not_see(text: str) -> None:
    """What leaves out invisible characters afterwards puts no number together, and masking again changes nothing."""
    kept = masked(text)
    shown = "\n".join(quotation(a_post(text=text), 500, confidential=False)[0])
    assert masked(kept) == kept
    assert masked(readable(kept)) == readable(kept)
    assert _digits(shown) == _digits(kept)


_GAPS: Final = st.text(" .-/_()\u00a0\u2013\u200b\u200d\u00ad\u2060\u0301\ufeff", max_size=4)


@given(st.lists(_GAPS, min_size=11, max_size=11), st.from_regex(r"08[1-9][0-9]{9}", fullmatch=True))
@example([""] * 3 + ["\u200b"] + [""] * 7, "081234567890")
def test_no_gap_lets_a_telephone_number_through(gaps: list[str], number: str) -> None:
    """Whatever is between its digits, seen or not, no eight digits of a number are left."""
    written = "".join(digit + gap for digit, gap in zip(number, [*gaps, ""], strict=True))
    assert len(_digits(masked(f"wa {written} ya"))) < 8


@given(st.text(st.characters(exclude_categories=["Nd", "Nl", "No"]), max_size=200))
def test_a_text_without_digits_or_an_at_is_unchanged(text: str) -> None:
    """Words alone are never masked."""
    plain = unicodedata.normalize("NFKC", text)
    if not re.search(r"\d|@|\bat\b|\[|\(|\{|<", plain, re.IGNORECASE):
        assert masked(text) == text


@given(st.text("0128 .-/@a\n,()[]\u200b\uff11ABno", max_size=120))
def test_masking_a_chain_of_numbers_twice_is_masking_it_once(text: str) -> None:
    """Also where one number leads to the next."""
    assert masked(masked(text)) == masked(text)


@pytest.mark.parametrize(
    "chain",
    ["0812345678.", "1.", "0 8", "0 8 1 ", "rumah no. 4 dan no. 6 ", "a a a @", "a@", "1", "(", " ", "AB 1 ", "x at "],
)
def test_a_hostile_text_of_64_kilobytes_is_masked(chain: str) -> None:
    """No finder goes back over what it has read: with quadratic work this test would not end."""
    text = chain * (64_000 // len(chain))
    assert masked(text) == masked(masked(text))


@given(st.uuids())
def test_a_uuid_leads_to_nobody(name: object) -> None:
    """A partner's id that is a UUID is never refused."""
    assert not leads_to_a_person(str(name))
    assert not leads_to_a_person(str(name).upper())


def test_brackets_around_a_number_stay() -> None:
    """A bracket belongs to the number only when it is closed inside it."""
    assert masked("Budi (081234567890) lapor") == "Budi ([telepon]) lapor"


@pytest.mark.parametrize("text", ["no pelanggan 512345678901", "id pelanggan 521234567890 padam"])
def test_a_customers_number_stays(text: str) -> None:
    """PLN and PDAM find the fault by it; it says nothing to anybody else."""
    assert masked(text) == text


def _is_masked_whole(text: str) -> bool:
    kept = masked(text)
    return kept != text and not _digits(_MASK.sub("", kept))


def _digits(text: str) -> str:
    return re.sub(r"\D", "", _MASK.sub("", text))
