"""A labelled text, and on which side of a split it stands."""

from __future__ import annotations

import hashlib
from typing import Final

from aduan.record import Record
from aduan.triage import ReportKind, Urgency

CORPUS_SOURCE: Final = "corpus"


class Example(Record):
    """One text and what is known about it; None where its source does not say."""

    id: str
    text: str
    is_report: bool
    kind: ReportKind | None = None
    topic: str | None = None
    topic_alt: tuple[str, ...] = ()
    """Topics that are right as well."""
    urgency: Urgency | None = None
    source: str
    group: str
    """Near-duplicates have the same group."""

    @property
    def topics(self) -> frozenset[str]:
        """All topics that are right; empty when none is known."""
        return frozenset() if self.topic is None else frozenset({self.topic, *self.topic_alt})

    def part(self, parts: int, salt: str = "") -> int:
        """Tell on which of so many sides of a split it stands: with its near-duplicates, whatever else is read."""
        return int.from_bytes(hashlib.sha256(f"{salt}{self.group}".encode()).digest()[:8]) % parts


def held_out(example: Example) -> bool:
    """Tell whether a text of the corpus is kept for scoring: no model ever learns from it."""
    return example.part(4, "corpus ") == 0
