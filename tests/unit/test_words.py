from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classify.words import Normaliser, Phrases, spellings

VOCABULARY = {"tdk": "tidak", "ora": "tidak", "dalan": "jalan", "jl": "jalan", "matur nuwun": "terima kasih"}
KNOWN = ("lampu", "jalan", "mati", "rusak", "sampah", "masa", "lubang", "aspal", "tidak", "belum", "bangga", "ungu")


@pytest.fixture
def normaliser() -> Normaliser:
    return Normaliser(VOCABULARY, KNOWN)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Jl rusak", ["jalan", "rusak"]),
        ("LAMPUNE MATIII", ["lampu", "mati"]),
        ("dalane bubrah", ["jalan", "bubrah"]),
        ("lubang2nya", ["lubang"]),
        ("aspale\u200b", ["aspal"]),
        ("Matur nuwun lur", ["terima", "kasih", "lur"]),
        ("\uff52\uff55\uff53\uff41\uff4b", ["rusak"]),
        ("sampah,sampah.sampah", ["sampah", "sampah", "sampah"]),
    ],
)
def test_spellings_become_normal_forms(normaliser: Normaliser, text: str, expected: list[str]) -> None:
    """Abbreviations, capitals, stretched letters, Javanese endings and invisible letters make no difference."""
    assert normaliser.normalise(spellings(text)) == expected


def test_an_ending_is_kept_when_no_known_word_remains(normaliser: Normaliser) -> None:
    """``sore`` and ``masalah`` only look as if they had an ending."""
    assert normaliser.normalise(["sore", "masalah", "tanggal"]) == ["sore", "masalah", "tanggal"]


@pytest.mark.parametrize("negation", ["tdk", "ora", "tidak", "belum", "durung"])
def test_negations_survive(normaliser: Normaliser, negation: str) -> None:
    """A negation is never dropped."""
    assert len(normaliser.normalise([negation, "mati"])) == 2


def test_addresses_and_accounts_are_not_words() -> None:
    """Links, mentions and the marks of masked data are left out; the word of a hashtag stays."""
    assert spellings("cek https://x.id/jalan-rusak @dishub.sleman <TELP> #nogotirto") == ["cek", "nogotirto"]


def test_a_longer_phrase_hides_a_shorter_one(normaliser: Normaliser) -> None:
    """The parts of a phrase that was found are not found again."""
    phrases = Phrases([("lampu", 1), ("lampu jalan", 2)], normaliser)
    assert [(phrase, meanings) for _, phrase, meanings in phrases.find(["lampu", "jalan"])] == [("lampu jalan", [2])]


def test_two_words_near_each_other_are_a_phrase(normaliser: Normaliser) -> None:
    """``lampu ~ mati`` is found in either order, but not far apart."""
    phrases = Phrases([("lampu ~ mati", 1)], normaliser)
    assert list(phrases.find(["lampu", "di", "gang", "sini", "mati"]))
    assert list(phrases.find(["mati", "sejak", "kemarin", "lampu"]))
    assert not list(phrases.find(["lampu", *["x"] * 9, "mati"]))


def test_spellings_of_one_phrase_keep_all_their_meanings(normaliser: Normaliser) -> None:
    """Two phrases with the same normal form become one phrase with two meanings."""
    phrases = Phrases([("dalan rusak", 1), ("jalan rusak", 2)], normaliser)
    assert [meanings for _, _, meanings in phrases.find(["jalan", "rusak"])] == [[1, 2]]


@given(st.text(alphabet=st.characters(codec=None)))
def test_no_text_breaks_the_normaliser(text: str) -> None:
    """Any text is normalised to words without an error."""
    words = Normaliser(VOCABULARY, KNOWN).normalise(spellings(text))
    assert all(words)
