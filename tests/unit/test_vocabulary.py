"""Which words may be in a model that everybody can read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.context import Context
from aduan.directory_loading import load_directory
from classify.features import FAMILIES, SCALES
from infra.training.example import Example
from infra.training.fitting import read_features
from infra.training.vocabulary import (
    FEWEST_HOSTS,
    FEWEST_STRANGERS,
    FEWEST_TEXTS,
    Vocabulary,
    allowed_features,
)
from tests.invented import an_example

DIRECTORY = load_directory()


def strangers(*texts: str) -> list[Example]:
    """Return citizens' texts of another source, each with a group of its own."""
    return [an_example(text=text, source="kota", group=f"kota-{number}") for number, text in enumerate(texts)]


def own(*texts: str) -> list[Example]:
    """Return texts of the project's corpus, each with a group of its own."""
    return [an_example(text=text, group=f"corpus-{number}") for number, text in enumerate(texts)]


def allowed(examples: Sequence[Example]) -> dict[str, set[str]]:
    """Return the features that may be taken from these texts, by family."""
    return dict(zip(FAMILIES, allowed_features(examples, read_features(examples, DIRECTORY), DIRECTORY), strict=True))


def test_a_strangers_word_must_be_common() -> None:
    """A word that only other sources use is taken if many texts use it; a rarer word may be a name."""
    text = "katanya wargapedia bagus"
    assert "wargapedia" not in allowed(strangers(*[text] * (FEWEST_STRANGERS - 1)))["word"]
    assert "wargapedia" in allowed(strangers(*[text] * FEWEST_STRANGERS))["word"]


def test_near_duplicates_count_once() -> None:
    """A text that somebody sent many times proves no more than one."""
    sent_often = [
        example.model_copy(update={"group": "satu"}) for example in strangers(*["kata wargapedia"] * FEWEST_STRANGERS)
    ]
    assert "wargapedia" not in allowed(sent_often)["word"]


def test_the_corpus_own_words_are_kept() -> None:
    """The project's own texts hold no secrets: two texts with a word are enough, one is not."""
    assert "wargapedia" in allowed(own(*["kata wargapedia"] * FEWEST_TEXTS))["word"]
    assert "wargapedia" not in allowed(own("kata wargapedia"))["word"]


def test_the_directorys_words_are_kept() -> None:
    """The directory's words on topics are public, so citizens need not use them often."""
    assert "drainase" in allowed(strangers(*["itu Drainase"] * FEWEST_TEXTS))["word"]


@pytest.mark.parametrize("address", ["Pak", "bu", "Mbak", "almarhum", "bernama"])
def test_whoever_is_addressed_is_not_learnt(address: str) -> None:
    """A word that follows a form of address is taken for a name, even in lower case."""
    texts = [f"kata {address} wargapedia"] + ["kata orang wargapedia"] * (FEWEST_STRANGERS - 1)
    assert "wargapedia" not in allowed(strangers(*texts))["word"]
    seldom = [*texts, *["kata orang wargapedia"] * 10]
    assert "wargapedia" in allowed(strangers(*seldom))["word"]


def test_what_is_mostly_capitalised_is_not_learnt() -> None:
    """A word that is mostly capitalised within sentences is taken for a name; at their beginning it is not counted."""
    named = ["kata Wargapedia"] * 7 + ["kata wargapedia"] * 3
    common = ["kata Wargapedia"] * 5 + ["kata wargapedia"] * 5
    opening = ["Wargapedia kata"] * 5 + ["kata wargapedia"] * 5
    assert "wargapedia" not in allowed(strangers(*named))["word"]
    assert "wargapedia" in allowed(strangers(*common))["word"]
    assert "wargapedia" in allowed(strangers(*opening))["word"]


def test_given_names_are_never_learnt() -> None:
    """However often, in whatever case and by whom it is written, no word, pair or opening holds a given name."""
    found = allowed(own(*["lampu budi mati"] * 20) + strangers(*["lampu sulastri mati"] * 20))
    for family in ("word", "pair", "opening"):
        assert not [name for name in found[family] if {"budi", "sulastri"} & set(name.split(" "))]
    assert {"lampu", "mati"} <= found["word"]


@pytest.mark.parametrize("number", ["08123456789", "3404010101900001", "1234", "ab1234cd", "lapor1708"])
def test_long_numbers_are_never_learnt(number: str) -> None:
    """A number of more than three digits may be personal, also within a word."""
    found = allowed(own(*[f"lampu {number} mati"] * 20))
    assert not [name for name in found["word"] | found["pair"] | found["opening"] if number in name]


def test_short_numbers_are_learnt() -> None:
    """``112`` and ``rt 03`` are informative and identify nobody."""
    assert {"112", "03"} <= allowed(own(*["lampu 112 mati rt 03"] * FEWEST_TEXTS))["word"]


def test_pairs_and_openings_are_of_allowed_words() -> None:
    """A word that may not be learnt is not learnt beside another word either."""
    found = allowed(strangers(*["lampu wargapedia mati"] * FEWEST_TEXTS) + own("lampu mati", "lampu mati"))
    assert "lampu mati" in found["pair"]
    assert not [name for name in found["pair"] | found["opening"] if "wargapedia" in name]


def test_a_piece_belongs_to_many_words() -> None:
    """A piece is taken if several different words share it, so that it reveals none of them."""
    assert "zqx" in allowed(own(*[f"kata {letter}zqx{letter}" for letter in "abc"[:FEWEST_HOSTS]]))["gram"]
    assert "zqx" not in allowed(own("kata azqxa", "kata bzqxb", "kata azqxa", "kata bzqxb"))["gram"]
    assert not allowed(own(*["kata qxz"] * 20))["gram"] & {"qxz", " qxz "}


@settings(max_examples=50)
@given(st.lists(st.text(alphabet="abcd KLM 1 ", max_size=20), max_size=12))
def test_pieces_never_hold_a_whole_word(texts: list[str]) -> None:
    """Whatever is written, no piece has both edges of its word."""
    pieces = allowed(own(*texts))["gram"]
    assert not [piece for piece in pieces if piece.startswith(" ") and piece.endswith(" ")]


def test_what_a_vocabulary_keeps_keeps_its_rarity() -> None:
    """Leaving features out changes neither the order nor the weights of the others, across families."""
    names = (("a", "b"), ("c",), (), ("d", "e"), ())
    vocabulary = Vocabulary(names, tuple(np.arange(len(given), dtype=float) + 1 for given in names))
    kept = vocabulary.keep(np.array([4, 1]))
    assert kept.names == (("b",), (), (), ("e",), ())
    assert [list(rarity) for rarity in kept.rarity] == [[2.0], [], [], [2.0], []]


def test_a_row_is_scaled_by_family() -> None:
    """Each feature is weighed by family and rarity, and divided by the root of the family's known features."""
    features: list[tuple[list[str], ...]] = [
        (["a", "b", "x", "b"], [], [], [], ["g"], [], [], []),
        (["a"], [], [], [], [], [], [], []),
    ]
    vocabulary = Vocabulary.of(features, [{"a", "b"}, set(), set(), set(), {"g"}, set(), set(), set()])
    assert vocabulary.names == (("a", "b"), (), (), (), ("g",), (), (), ())
    common, rare = 1.0, np.log(3 / 2) + 1
    row = np.array([common, rare]) * SCALES["word"] / 3 / 2**0.5
    assert vocabulary.matrix(features).toarray() == pytest.approx(
        np.array([[*row, rare * SCALES["gram"] / 3], [common * SCALES["word"] / 3, 0, 0]])
    )


def test_what_was_said_above_is_learnt_without_names() -> None:
    """Words of captions are learnt as words of texts are: never from one thread alone, and never a given name."""
    context = Context(under="penyerahan bantuan kepada budi", by="account", to="account")
    once = own("terima kasih")[0].model_copy(update={"context": context})
    twice = [example.model_copy(update={"context": context}) for example in own(*["terima kasih"] * FEWEST_TEXTS)]
    assert "bantuan" not in allowed([once])["under"]
    assert {"bantuan", "to:account", "by:account"} <= allowed(twice)["under"]
    assert "budi" not in allowed(twice)["under"]


def test_a_decision_can_be_kept_from_a_family() -> None:
    """The features of one family are taken out of a matrix; all others stay as they are."""
    features: list[tuple[list[str], ...]] = [(["a"], [], [], [], [], [], [], ["post"])]
    vocabulary = Vocabulary.of(features, [{"a"}, set(), set(), set(), set(), set(), set(), {"post"}])
    matrix = vocabulary.matrix(features)
    without = vocabulary.without(matrix, "gate")
    assert without.toarray()[0, 0] == matrix.toarray()[0, 0] > 0
    assert without.toarray()[0, 1] == 0 < matrix.toarray()[0, 1]
