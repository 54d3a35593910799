"""Labelled texts, and how they are split for training and scoring."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from aduan.context import Context
from aduan.post import ChannelKind
from aduan.record import Record
from aduan.triage import ReportKind, Urgency

CORPUS_SOURCE: Final = "corpus"
THREADS_SOURCE: Final = "threads"
DANGER_SOURCE: Final = "danger"
OWN_SOURCES: Final = frozenset({CORPUS_SOURCE, THREADS_SOURCE, DANGER_SOURCE})
"""What was written for this project."""


class Example(Record):
    """One text with its labels. A label is None where the source does not give it."""

    id: str
    text: str
    is_report: bool
    """False only for chatter, as in a `Triage`."""
    kind: ReportKind | None = None
    topic: str | None = None
    topic_alt: tuple[str, ...] = ()
    """Other topics that are right as well."""
    urgency: Urgency | None = None
    teaches_topic: bool = True
    """False for comments of one account: most of them are about one matter, which would spoil the topics elsewhere."""
    context: Context | None = None
    """What the text answers; None where that is not known."""
    channel_kind: ChannelKind | None = None
    source: str
    collection: str = ""
    """What is weighed together in training: collections count alike, however many texts they have."""
    group: str
    """Name of a group of near-duplicates, which all share it."""

    @property
    def wants_action(self) -> bool:
        """Whether it complains, or asks the government to do something: only then it should be a ticket."""
        return self.is_report and self.kind not in {"question", "suggestion", "other"}

    @property
    def topics(self) -> frozenset[str]:
        """All topics that are right; empty when none is known."""
        return frozenset() if self.topic is None else frozenset({self.topic, *self.topic_alt})

    def part(self, parts: int, salt: str = "") -> int:
        """Return which of `parts` parts of a split the text is in, from 0.

        Near-duplicates are in the same part, whatever other texts are read. Another `salt` gives another split.
        """
        return int.from_bytes(hashlib.sha256(f"{salt}{self.group}".encode()).digest()[:8]) % parts


def with_blind_twins(examples: Sequence[Example]) -> list[Example]:
    """Add a twin without its context for each comment that has one: not every platform tells what a comment answers.

    Twins teach no topic, because the topic is often in what is taken away. Replies on X get none: without a context
    they would look like posts that address nobody.
    """
    blind = {"context": None, "teaches_topic": False}
    twins = [
        example.model_copy(update=blind)
        for example in examples
        if example.context is not None and example.channel_kind != "x"
    ]
    return [*examples, *twins]


def held_out(example: Example) -> bool:
    """Tell whether one of the project's own texts is held out for scoring, so that no model ever learns from it.

    A quarter of the corpus and a third of the threads, whole threads at a time.
    """
    return example.part(3 if example.source == THREADS_SOURCE else 4, f"{example.source} ") == 0
