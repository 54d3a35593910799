"""Requirements on the deployed model, whoever trained it."""

from __future__ import annotations

import re
from typing import get_args

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.post import ChannelKind
from aduan.triage import KINDS, Urgency
from classify.features import FAMILIES
from classify.model import MODEL_FOLDER, gate_name, load_model
from infra.training.names import GIVEN_NAMES

MODEL = load_model()
TOPICS = set(load_directory().topics)
OF_TEXTS = ("word", "pair", "opening")
"""The families whose features are words of texts; known phrases are the project's own, and pieces are no words."""


def words() -> set[str]:
    """Return every word of a text for which the model has a weight."""
    families = [family for name, family in zip(FAMILIES, MODEL.families, strict=True) if name in OF_TEXTS]
    return {word for family in families for feature in family.rows for word in feature.split(" ")}


def test_it_is_small() -> None:
    """Its files are small enough to load in a moment and to keep in the repository."""
    files = {file.name: file.stat().st_size for file in MODEL_FOLDER.iterdir()}
    assert set(files) == {"model.json", "features.txt", "weights.bin", "unseen.bin"}
    assert sum(files.values()) <= 2_000_000


def test_it_decides_what_there_is_to_decide() -> None:
    """Its outcomes are report, chatter or more, the kinds, the urgencies but suspicion, and the topics, each once."""
    kinds = {f"kind:{kind}" for kind in KINDS if kind != "other"}
    urgencies = {f"urgency:{urgency}" for urgency in get_args(Urgency) if urgency != "suspected"}
    topics = {f"topic:{code}" for code in TOPICS}
    assert sorted(MODEL.outcomes) == sorted({"report", "shown", *kinds, *urgencies, *topics})


def test_every_topic_has_a_threshold() -> None:
    """Each topic has a probability from which on no person needs to look, however it is written."""
    for gate in MODEL.gates.values():
        assert set(gate.auto_from) == TOPICS
        assert all(0 < threshold <= 1 for threshold in gate.auto_from.values())


def test_every_way_of_writing_has_a_gate() -> None:
    """Whatever the channel and the context, there is a gate."""
    contexts = (None, Context(to="account"), Context(under="kabar", by="account", to="citizen"))
    kinds = (None, *get_args(ChannelKind))
    assert {gate_name(kind, context) for kind in kinds for context in contexts} == set(MODEL.gates)


def test_what_is_dropped_is_less_probable_than_what_is_told() -> None:
    """Between what is dropped as chatter and what becomes a ticket lies what a person sees."""
    assert 0 < MODEL.auto_report <= 1
    for gate in MODEL.gates.values():
        assert 0 < gate.drop_below < gate.ticket_from <= 1
        assert 0 < gate.question_from <= 1


def test_it_knows_nobody() -> None:
    """No frequent given name is among the words it learnt from citizens."""
    assert not words() & GIVEN_NAMES


def test_it_knows_nobodys_number() -> None:
    """No word has more than three digits in a row, so none is a telephone number, a NIK or a plate."""
    assert not [word for word in words() if re.search(r"\d{4}", word)]


def test_no_piece_is_a_whole_word() -> None:
    """A piece with both edges would reveal a short word, perhaps a name."""
    pieces = MODEL.families[FAMILIES.index("gram")].rows
    assert not [piece for piece in pieces if piece.startswith(" ") and piece.endswith(" ")]


def test_some_of_everything_is_known() -> None:
    """No family is empty: each kind of feature survived the training."""
    assert all(family.rows for family in MODEL.families)
