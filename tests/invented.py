"""Labelled texts made of a few words, from which a model learns within a second."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any, Final

from aduan.context import Context
from aduan.triage import ReportKind, Urgency
from infra.training.example import CORPUS_SOURCE, Example

MATTERS: Final[Mapping[str, tuple[str, ...]]] = {
    "jalan": ("jalan berlubang", "aspal rusak parah", "jembatan desa retak"),
    "sampah_lingkungan": ("sampah menumpuk", "bau limbah pabrik", "tempat sampah penuh"),
    "sosial": ("bantuan sosial belum cair", "bansos tidak merata", "lansia butuh bantuan"),
}
KINDS: Final[Mapping[ReportKind, str]] = {
    "complaint": "parah sekali kecewa",
    "request": "mohon informasi syaratnya apa",
    "question": "numpang tanya jadwalnya kapan",
    "suggestion": "semoga usul sebaiknya dibangun",
}
URGENCIES: Final[Mapping[Urgency, str]] = {
    "normal": "sudah lama",
    "urgent": "tolong segera bahaya",
    "emergency": "darurat sekarang korban",
}
CHATTER: Final = ("selamat pagi semua", "dijual motor murah", "lucu banget wkwk", "mantap fotonya kak")
PLACES: Final = ("Sinduadi", "Godean", "Turi", "Prambanan")

GATES: Final[tuple[Mapping[str, Any], ...]] = (
    {},
    {"channel_kind": "instagram", "context": Context(under="Kabar perbaikan jembatan", by="account", to="account")},
    {"channel_kind": "instagram"},
    {"channel_kind": "x"},
)
"""What is known of a text that goes through the gates ``message``, ``thread``, ``comment`` and ``post``."""


def an_example(**changes: Any) -> Example:
    """A complaint about a road, from the project's own corpus."""
    fields: dict[str, Any] = {
        "id": "corpus-1",
        "text": "jalan berlubang parah",
        "is_report": True,
        "kind": "complaint",
        "topic": "jalan",
        "urgency": "normal",
        "source": CORPUS_SOURCE,
        "group": "corpus-1",
    }
    return Example.model_validate(fields | changes)


def chatter(**changes: Any) -> Example:
    """A text that is no report."""
    return an_example(**({"text": "selamat pagi", "is_report": False, "kind": "other", "topic": None} | changes))


def some_examples() -> list[Example]:
    """Reports of three topics, all kinds and urgencies, and chatter, for each gate; none has a near-duplicate."""
    reports = [
        an_example(text=f"{matter} di {place} {asking} {pressing}", topic=topic, kind=kind, urgency=urgency)
        for (topic, matters), (kind, asking), (urgency, pressing), place in itertools.product(
            MATTERS.items(), KINDS.items(), URGENCIES.items(), PLACES
        )
        for matter in matters
    ]
    others = [chatter(text=f"{words} {place} {number}") for words in CHATTER for place in PLACES for number in range(4)]
    return [
        example.model_copy(update={"id": f"corpus-{number}", "group": f"corpus-{number}", **GATES[number % len(GATES)]})
        for number, example in enumerate(reports + others)
    ]
