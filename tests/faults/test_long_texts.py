"""What a text begins with takes nothing from the complaint behind it."""

from __future__ import annotations

import json

import pytest

from aduan.directory_loading import load_directory
from classify.classifier import classify
from classify.words import LONGEST_TEXT
from infra.local.__main__ import BUNDLED

DIRECTORY = load_directory()
ROWS = [json.loads(line) for line in BUNDLED.read_text(encoding="utf-8").splitlines()]
REPORTS = [row["text"] for row in ROWS if row["expect"]["is_report"] and row["text"].strip()]
KEPT = [text for text in REPORTS if classify(text, DIRECTORY).route != "drop"]


@pytest.mark.parametrize(
    "before",
    [" " * 8_000, "\n\t" * 5_000, "\u200b" * 8_000, "\u2060 " * 9_000, "selamat pagi min " * 500, "🙏" * 8_000],
    ids=["blanks", "lines", "invisible", "invisible and blanks", "greetings", "emoji"],
)
def test_a_report_is_found_behind_whatever_stands_before_it(before: str) -> None:
    """Blanks, invisible characters, emoji and greetings push no report out of what is read."""
    assert len(KEPT) > 100
    assert [text for text in KEPT if classify(before + text, DIRECTORY).route == "drop"] == []


@pytest.mark.parametrize("word", ["wkwk ", "wkwkwk lucu banget "])
def test_what_was_not_read_whole_is_never_dropped(word: str) -> None:
    """A text that is longer than what is read, or whose end is only at its source, is for a person."""
    short = classify(word, DIRECTORY)
    assert short.route == "drop"
    assert classify(word, DIRECTORY, clipped=True).route == "review"
    assert classify(word * (LONGEST_TEXT // len(word) + 1), DIRECTORY).route == "review"


def test_mentions_without_end_are_for_a_person_too() -> None:
    """Also a text in which no word was found is dropped only when all of it was read."""
    assert classify("@kabarsleman " * 10, DIRECTORY).route == "drop"
    assert classify("@kabarsleman " * 2_000, DIRECTORY).route == "review"
