"""Which features of a text the model weighs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from aduan.context import Context
from aduan.directory_loading import load_directory
from classify.features import FAMILIES, GRAM_LENGTHS, OPENING, context_features, features_of, grams_of
from classify.phrase_matches import reader_of

READER = reader_of(load_directory())


def features(text: str) -> dict[str, list[str]]:
    """Return the features of a text, by family."""
    return dict(zip(FAMILIES, features_of(READER.read(text)), strict=True))


def test_words_are_in_their_normal_form() -> None:
    """However a word is spelt, the model weighs the same feature."""
    assert features("Jln RUSAAAK, lampune mati")["word"] == ["jalan", "rusak", "lampu", "mati"]


def test_pairs_are_two_words_in_a_row() -> None:
    """The order of two neighbours is kept: ``mati lampu`` is not ``lampu mati``."""
    assert features("lampu mati")["pair"] == ["lampu mati"]
    assert features("mati lampu")["pair"] == ["mati lampu"]
    assert features("lampu")["pair"] == []


def test_the_opening_ends() -> None:
    """The opening words of a text count separately; later words do not."""
    words = [f"kata{letter}" for letter in "bcdfghjkmnpqrsvwxyz"]
    assert len(words) > OPENING
    assert features(" ".join(words))["opening"] == words[:OPENING]


def test_known_phrases_come_with_what_they_stand_for() -> None:
    """The model gets both the directory's phrase and its topic, and whether a negation preceded it."""
    known = features("lampu jalan di sini mati")["known"]
    assert {"lampu jalan", "topic:penerangan_jalan:strong"} <= set(known)
    assert "topic:lalu_lintas_parkir:strong" in features("macet")["known"]
    denied = features("tidak macet")["known"]
    assert "-topic:lalu_lintas_parkir:strong" in denied
    assert "topic:lalu_lintas_parkir:strong" not in denied


def test_pieces_survive_what_people_shorten() -> None:
    """A word and its edges are cut into every piece of three to five letters."""
    assert grams_of("jln") == [" jl", "jln", "ln ", " jln", "jln ", " jln "]
    assert grams_of("a") == [" a "]
    assert set(grams_of("didandani")) & set(grams_of("dandani")) >= {"dandan"[:5], "ndani", "ani "}


def test_pieces_are_of_the_words_as_typed() -> None:
    """The pieces come from the typed spelling in small letters, not from its normal form."""
    grams = features("JLN")["gram"]
    assert sorted(grams) == sorted(grams_of("jln"))
    assert not set(grams) & set(grams_of("jalan"))


def test_accounts_and_addresses_are_no_features() -> None:
    """That accounts and links are there is a sign; which ones they are is not weighed."""
    named, plain = features("@budi_sleman lampu mati https://example.com/budi"), features("lampu mati")
    signs = set(named.pop("sign")) - set(plain.pop("sign"))
    assert {"@", "^@", "link"} <= signs
    assert not [sign for sign in signs if "budi" in sign or "example" in sign]
    assert named == plain


def test_what_a_text_stands_under_is_told_apart_from_it() -> None:
    """The words of a caption, who wrote it and who is addressed are features of their own; the text keeps its own."""
    context = Context(under="Lampu jalan padam, lur", by="account", to="citizen")
    reading = READER.read("kapan?")
    alone, below = features_of(reading), features_of(reading, context_features(context, READER))
    place = FAMILIES.index("under")
    assert alone[:place] == below[:place]
    assert alone[place] == []
    assert {"lampu", "to:citizen", "by:account"} <= set(below[place])


@pytest.mark.parametrize(
    ("context", "told"),
    [
        (None, []),
        (Context(), []),
        (Context(to="account"), ["to:account"]),
        (Context(by="citizen", to="citizen"), ["to:citizen", "by:citizen"]),
    ],
)
def test_only_what_is_known_of_a_context_is_told(context: Context | None, told: list[str]) -> None:
    """What a platform does not say is no feature."""
    assert context_features(context, READER) == told


def test_only_a_post_that_addresses_nobody_is_marked() -> None:
    """The gate of posts on X is a feature; all other ways of writing have none."""
    reading = READER.read("lampu mati")
    assert features_of(reading, (), "post")[-1] == ["post"]
    assert {tuple(features_of(reading, (), gate)[-1]) for gate in ("", "message", "thread", "comment")} == {()}


@given(st.text(max_size=300))
@example("jalan rusak " * 9_000)
@example("")
def test_the_same_text_gives_the_same_features(text: str) -> None:
    """A text gives the same families each time, so training and the functions never differ."""
    first, second = features(text), features(text)
    assert first == second
    assert list(first) == list(FAMILIES)


@given(st.text(max_size=300))
def test_the_families_fit_each_other(text: str) -> None:
    """Whatever the text, pairs and opening consist of its words, and pieces have the stated lengths."""
    found = features(text)
    assert [tuple(pair.split(" ")) for pair in found["pair"]] == list(itertools.pairwise(found["word"]))
    assert found["opening"] == found["word"][:OPENING]
    assert {len(gram) for gram in found["gram"]} <= set(GRAM_LENGTHS)
