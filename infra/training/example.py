"""Labelled texts, and how they are split for training and scoring."""

from __future__ import annotations

import hashlib
from typing import Final

from aduan.record import Record
from aduan.triage import ReportKind, Urgency

CORPUS_SOURCE: Final = "corpus"


class Example(Record):
    """One text with its labels. A label is None where the source does not give it."""

    id: str
    text: str
    is_report: bool
    kind: ReportKind | None = None
    topic: str | None = None
    topic_alt: tuple[str, ...] = ()
    """Other topics that are right as well."""
    urgency: Urgency | None = None
    source: str
    group: str
    """Name of a group of near-duplicates, which all share it."""

    @property
    def topics(self) -> frozenset[str]:
        """All topics that are right; empty when none is known."""
        return frozenset() if self.topic is None else frozenset({self.topic, *self.topic_alt})

    def part(self, parts: int, salt: str = "") -> int:
        """Return which of `parts` parts of a split the text is in, from 0.

        Near-duplicates are in the same part, whatever other texts are read. Another `salt` gives another split.
        """
        return int.from_bytes(hashlib.sha256(f"{salt}{self.group}".encode()).digest()[:8]) % parts


def held_out(example: Example) -> bool:
    """Tell whether a text of the corpus is held out for scoring, so that no model ever learns from it."""
    return example.part(4, "corpus ") == 0
