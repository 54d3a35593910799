"""The threads and dangers written for this project: every line can be learnt from, and no text is there twice."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aduan.context import Context
from aduan.directory import Directory
from aduan.directory_loading import load_directory
from aduan.masking import masked
from aduan.triage import KINDS
from infra.training.example import Example, held_out, with_blind_twins
from infra.training.examples import PROTEST, read_corpus, read_dangers, read_examples, read_threads
from infra.training.json_lines import ExampleError
from tests.invented import an_example

DIRECTORY = load_directory()
THREADS = read_threads(DIRECTORY)
DANGERS = read_dangers(DIRECTORY)
OWN = [*THREADS, *DANGERS]

Reader = Callable[[Directory, Path], list[Example]]


def test_there_is_enough_to_learn_from() -> None:
    """At least sixty threads of ten comments and more, and two hundred witnesses of danger among look-alikes."""
    comments = Counter(comment.group for comment in THREADS)
    assert len(comments) >= 60
    assert min(comments.values()) >= 10
    assert sum(danger.urgency == "emergency" for danger in DANGERS) >= 200
    assert sum(danger.urgency != "emergency" for danger in DANGERS) >= 200


def test_every_text_says_what_it_is() -> None:
    """Each text has an id of its own, one of the five kinds, and is chatter exactly if it is of none of the others."""
    assert len({text.id for text in OWN}) == len(OWN)
    assert {text.kind for text in THREADS} == set(KINDS)
    assert not [text.id for text in OWN if text.is_report != (text.kind != "other")]
    assert not [text.id for text in OWN if text.wants_action != (text.kind in {"complaint", "request"})]
    assert not [text.id for text in OWN if not text.text.strip() or not text.group]


def test_a_comment_knows_what_it_answers() -> None:
    """All comments of a thread stand under the same text of the account, and say whom they address."""
    under: dict[str, set[str]] = defaultdict(set)
    for comment in THREADS:
        assert comment.context is not None
        assert comment.context.by == "account"
        assert comment.context.to is not None
        assert comment.channel_kind is not None
        under[comment.group].add(comment.context.under)
    assert {len(texts) for texts in under.values()} == {1}
    assert all(texts.pop() for texts in under.values())


def test_no_telling_text_is_there_twice() -> None:
    """Short comments repeat as they do everywhere; a longer text is in one group, also beside corpus and protest."""
    groups: dict[str, set[str]] = defaultdict(set)
    for text in [*OWN, *read_corpus(DIRECTORY), *read_examples(PROTEST, DIRECTORY)]:
        plain = " ".join(text.text.casefold().split())
        if len(plain.split()) > 6:
            groups[plain].add(text.group)
    assert {plain: found for plain, found in groups.items() if len(found) > 1} == {}


def test_there_is_nobodys_number() -> None:
    """No text holds a personal number, and neither does what it stands under: masking leaves each one unchanged."""
    captions = [text.context.under for text in OWN if text.context is not None]
    assert [text for text in [*(text.text for text in OWN), *captions] if masked(text) != text] == []


def test_a_third_of_the_threads_is_held_out_whole() -> None:
    """No comment of a thread is learnt from if another of the same thread is scored."""
    kept = {comment.group for comment in THREADS if held_out(comment)}
    learnt = {comment.group for comment in THREADS if not held_out(comment)}
    assert not kept & learnt
    assert 0.2 < len(kept) / len(kept | learnt) < 0.45


def test_comments_teach_without_their_context_too() -> None:
    """Each comment has a twin without its context, in the same group, that teaches no topic; other texts have none."""
    context = Context(under="Kabar perbaikan jalan", by="account", to="account")
    comment = an_example(context=context, channel_kind="instagram")
    alone = [an_example(), an_example(context=context, channel_kind="x")]
    twins = with_blind_twins([comment, *alone])
    assert twins[:3] == [comment, *alone]
    assert twins[3:] == [comment.model_copy(update={"context": None, "teaches_topic": False})]


COMMENT: dict[str, Any] = {"text": "kapan?", "label": "question", "topic": "jalan", "urgency": None, "to": "account"}
A_THREAD: dict[str, Any] = {"thread": "z-001", "channel_kind": "instagram", "under": "Kabar", "comments": [COMMENT]}
A_DANGER: dict[str, Any] = {"group": "dz", "text": "tolong kebakaran", "topic": "bencana", "label": "complaint"}


@pytest.mark.parametrize(
    ("read", "row", "sentence"),
    [
        (read_threads, A_THREAD | {"channel_kind": "tiktok"}, "channel_kind"),
        (read_threads, A_THREAD | {"comments": [COMMENT | {"label": "keluhan"}]}, "kind"),
        (read_threads, A_THREAD | {"comments": [COMMENT | {"topic": "jalanan"}]}, "there is no topic 'jalanan'"),
        (read_threads, A_THREAD | {"comments": [COMMENT, COMMENT | {"text": None}]}, "comment 1: .*text"),
        (read_dangers, A_DANGER | {"label": "bahaya"}, "kind"),
        (read_dangers, A_DANGER | {"topic": "api"}, "there is no topic 'api'"),
        (read_dangers, A_DANGER | {"group": None}, "group"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, read: Reader, row: dict[str, Any], sentence: str) -> None:
    """A label, topic or channel that does not exist is reported with file and line."""
    good = A_THREAD if read is read_threads else A_DANGER
    (tmp_path / "z.jsonl").write_text(f"{json.dumps(good)}\n{json.dumps(row)}\n", encoding="utf-8")
    with pytest.raises(ExampleError, match=rf"(?s)z\.jsonl, line 2.*{sentence}"):
        read(DIRECTORY, tmp_path)


@pytest.mark.parametrize(("danger", "urgency"), [("now", "emergency"), ("possible", "normal"), ("none", "normal")])
def test_only_a_danger_of_now_is_an_emergency(tmp_path: Path, danger: str, urgency: str) -> None:
    """What may become dangerous, or only sounds so, teaches nobody to wake somebody."""
    (tmp_path / "z.jsonl").write_text(json.dumps(A_DANGER | {"danger": danger, "urgency": "normal"}), "utf-8")
    assert [example.urgency for example in read_dangers(DIRECTORY, tmp_path)] == [urgency]
