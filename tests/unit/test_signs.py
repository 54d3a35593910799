"""What a text shows besides its words, and words that are spelt so that no program reads them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classify.signs import is_disguised, signs_of


@pytest.mark.parametrize(
    "text",
    [
        "dalane akeh l u b a n g",
        "l.u.b.a.n.g semua",
        "r-u-s-a-k parah min",
        "j_a_l_a_n",
        "j4lan rus4k",
        "p3mda g4gal urus 5ampah, j4lan rusak",
        "b@pak tolong j@lan",
    ],
)
def test_a_disguised_word_is_noticed(text: str) -> None:
    """Letters that stand apart, and several words with digits in place of letters, are no accident."""
    assert is_disguised(text)


@pytest.mark.parametrize(
    "text",
    [
        "lampu mati di RT 04 RW 12",
        "jalan kaliurang km 12",
        "sudah 3 hari tidak diangkut",
        "jam 08.00 s.d. 10.00",
        "harga 10rb, dulu 5k",
        "a.n. Bupati, s.d. besok, d.a. kantor",
        "R.A. Kartini nomor 7",
        "plat AB1234CD",
        "COVID19 dan SMPN4",
        "hubungi 0274-123456 atau https://a-b-c-d.example",
        "anak2 main di jalan2 itu",
        "G30S",
        "@bagas4real @nin4ka @r1zky wkwk",
        "https://t.co/a1B2c3D4 https://t.co/x7Yz0a1",
        "tulis ke lapor1desa@contoh.id atau adu4n@contoh.id",
        "",
    ],
)
def test_numbers_and_abbreviations_are_no_disguise(text: str) -> None:
    """Addresses, prices, abbreviations, plates and doubled words are spelt as everybody spells them."""
    assert not is_disguised(text)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("kapan?", {"?", "?$"}),
        ("kapan ?! ", {"?", "?$", "!"}),
        ("hah? kok gitu", {"?"}),
        ("@budi sini", {"@", "^@"}),
        ("kata <USER> begitu", {"@"}),
        ("email a@b.id", set()),
        ("lihat https://x.id", {"link"}),
        ("#sleman", {"#"}),
        ("TOLONG LAMPU", {"loud"}),
        ("PLN", set()),
        ("ya 🔥🔥", {"e:🔥", "emoji"}),
        ("sudah 2 minggu…", {"number", "..."}),
    ],
)
def test_signs_are_what_anybody_sees(text: str, shown: set[str]) -> None:
    """Questions, mentions, links, capitals and emoji are seen; the length comes besides."""
    assert {sign for sign in signs_of(text) if not sign.startswith("words")} == shown


@pytest.mark.parametrize(
    ("count", "lengths"),
    [
        (0, {"words<=1"}),
        (1, {"words<=1"}),
        (4, {"words<=5", "words>2"}),
        (61, {"words<=many", "words>2", "words>4", "words>7", "words>12", "words>20", "words>35"}),
    ],
)
def test_the_length_is_told_in_classes(count: int, lengths: set[str]) -> None:
    """A text is in one class of lengths, and beyond each of some bounds that it exceeds."""
    assert {sign for sign in signs_of("kata " * count) if sign.startswith("words")} == lengths


@given(st.text(alphabet=st.characters(codec=None), max_size=300))
@example("a " * 20_000)
@example("a1" * 20_000)
@example("\ud800?")
def test_every_text_has_its_signs(text: str) -> None:
    """Whatever the text, each sign is told once, the same each time, and the search for disguises ends."""
    found = signs_of(text)
    assert found == signs_of(text)
    assert len(found) == len(set(found))
    assert is_disguised(text) in {True, False}
