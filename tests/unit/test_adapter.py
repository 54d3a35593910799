"""What a deployment learnt from its desk corrects the base model, and never in silence decides by a wrong file."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import zlib
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from classify.adapter import FURTHEST, LARGEST, MOST_FEATURES, Adapter, AdapterError, Learnt, hashes_of
from classify.classifier import classify
from classify.features import FAMILIES
from classify.model import Gate, Probabilities, load_model, logit

MODEL = load_model()
DIRECTORY = load_directory()
GATE = Gate(drop_below=0.04, ticket_from=0.9, question_from=0.5, auto_from={})
PROBABLE = Probabilities(
    report=0.3, shown=0.6, kind={"complaint": 0.5, "question": 0.25, "request": 0.25}, topic={}, urgency={}
)
FEATURES: tuple[list[str], ...] = (["vaksin", "mantap"], ["mantap vaksin"], ["vaksin"], [], ["man"], ["emoji"], [], [])
LEARNT = Learnt(decisions=412, reports=90, chatter=200, base_shown=116, base_lost=2, shown=62, lost=2)


def an_adapter(**changes: Any) -> Adapter:
    """Return an adapter that makes "mantap" chatter in comments without context."""
    (mantap,) = hashes_of((["mantap"], *[[] for _ in FAMILIES[1:]]))[0]
    known = Adapter(
        model=MODEL.hash,
        version=3,
        made_at="2026-11-30T02:00:00+00:00",
        learnt={"comment": LEARNT},
        drop_below={"comment": 0.1},
        dense=((0.0,) * 4,) * 3,
        scales=(0.01, 0.01, 0.01),
        rows={mantap: (-100, -100, 0)},
    )
    return dataclasses.replace(known, **changes)


def test_what_was_learnt_of_a_word_shifts_the_logits() -> None:
    after = an_adapter().adjusted(PROBABLE, FEATURES)
    assert logit(after.report) == pytest.approx(logit(0.3) - 1)
    assert logit(after.shown) == pytest.approx(logit(0.6) - 1)
    assert (after.topic, after.urgency) == (PROBABLE.topic, PROBABLE.urgency)


def test_the_base_models_logits_and_a_constant_are_weighed_too() -> None:
    adapter = an_adapter(rows={}, dense=((0.5, 0.0, 1.0, 0.0), (0.0,) * 4, (0.0,) * 4))
    assert logit(adapter.adjusted(PROBABLE, FEATURES).report) == pytest.approx(logit(0.3) + 0.5 + logit(0.6))


def test_a_question_takes_from_the_other_kinds_in_proportion() -> None:
    adapter = an_adapter(dense=((0.0,) * 4, (0.0,) * 4, (logit(0.5) - logit(0.25), 0.0, 0.0, 0.0)), rows={})
    assert adapter.adjusted(PROBABLE, FEATURES).kind == pytest.approx(
        {"complaint": 1 / 3, "question": 0.5, "request": 1 / 6}
    )


def test_no_logit_is_shifted_further_than_the_bound() -> None:
    """Whatever a desk is deceived to teach, what the base model is quite sure of is not dropped."""
    adapter = an_adapter(dense=((-1000.0, 0, 0, 0),) * 3)
    after = adapter.adjusted(PROBABLE, FEATURES)
    assert logit(after.report) == pytest.approx(logit(0.3) - FURTHEST)
    assert logit(after.shown) == pytest.approx(logit(0.6) - FURTHEST)


def test_only_a_way_of_writing_that_was_decided_about_is_corrected() -> None:
    adapter = an_adapter()
    changed, gate = adapter.applied(PROBABLE, GATE, FEATURES, "comment")
    assert (changed.report < PROBABLE.report, gate) == (True, GATE._replace(drop_below=0.1))
    for name in ("thread", "message", "post"):
        assert adapter.applied(PROBABLE, GATE, FEATURES, name) == (PROBABLE, GATE)


def test_decisions_name_the_version_and_without_an_adapter_none() -> None:
    text = "mantap, lanjutkan"
    assert classify(text, DIRECTORY, adapter=an_adapter()).decided_by.endswith(" + gate 3")
    assert "gate" not in classify(text, DIRECTORY).decided_by


def test_an_adapter_is_read_as_it_was_written() -> None:
    adapter = an_adapter()
    assert Adapter.from_bytes(adapter.to_bytes(), MODEL) == adapter


def test_the_largest_adapter_fits_in_its_item() -> None:
    rows = {
        int.from_bytes((digest := hashlib.sha256(str(number).encode()).digest())[:4]): tuple(
            byte - 128 or 1 for byte in digest[4:7]
        )
        for number in range(MOST_FEATURES)
    }
    assert len(an_adapter(rows=rows).to_bytes()) <= LARGEST


def test_no_word_that_was_learnt_stands_in_an_adapter() -> None:
    stored = an_adapter().to_bytes()
    assert b"mantap" not in zlib.decompress(stored[stored.index(b"\n") + 33 :])


def stored_with(**changes: object) -> bytes:
    """Return an adapter whose header is changed, and whose checksum is right."""
    stored = an_adapter().to_bytes()
    start = stored.index(b"\n") + 1
    header, _, rows = zlib.decompress(stored[start + 32 :]).partition(b"\n")
    described = {name: value for name, value in {**json.loads(header), **changes}.items() if value is not None}
    body = zlib.compress(json.dumps(described).encode() + b"\n" + rows)
    return stored[:start] + hashlib.sha256(body).digest() + body


@pytest.mark.parametrize(
    ("stored", "said"),
    [
        (b"", "damaged"),
        (b"{}", "damaged"),
        (an_adapter().to_bytes()[:-1], "damaged"),
        (an_adapter().to_bytes()[:-1] + b"x", "damaged"),
        (stored_with(schema=0), "form 0"),
        (stored_with(schema=None), "form None"),
        (stored_with(families=["word"]), "other features"),
        (stored_with(model="0123456789ab"), "base model 0123456789ab"),
        (stored_with(drop_below=None), "drop_below"),
        (stored_with(learnt={"comment": {"decided": 1}}), "decided"),
    ],
)
def test_an_adapter_that_cannot_be_used_is_refused_and_says_why(stored: bytes, said: str) -> None:
    with pytest.raises(AdapterError, match=said):
        Adapter.from_bytes(stored, MODEL)
