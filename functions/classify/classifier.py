"""The decision about a post: a pure function of its text, the directory and the model.

A model of weights says how likely it is that a text is a report, of which kind and topic and how urgent. Rules that
anybody can read decide the rest: whose job a topic is at this place, what is an emergency, and when a person must
look. Reasons are made of the words of the data only, never of the text, so they may be shown and kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from aduan.triage import DESK, ReportKind, Triage, Urgency
from classify.departments import Choice, Ranked, doubt_about, rank
from classify.features import FAMILIES, features_of
from classify.model import Model, Probabilities, load_model
from classify.phrase_matches import RULES_FILE, Reading, reader_of

if TYPE_CHECKING:
    from aduan.directory import Directory

_HERE: Final = Path(__file__).parent
_CODE: Final = hashlib.sha256(
    RULES_FILE.read_bytes()
    + b"".join(
        (_HERE / f"{name}.py").read_bytes()
        for name in ("classifier", "departments", "features", "model", "phrase_matches", "places", "words")
    )
).hexdigest()[:12]
"""Of the rules and of the code that applies them: the same hashes decide the same."""
UNSURE_REPORT: Final = "belum pasti laporan: perlu dilihat"
UNSURE_TOPIC: Final = "belum pasti urusannya: perlu dilihat"
"""The doubts that are the model's own; what the rules want a person for is in `classify.departments`."""
_LAINNYA: Final = "lainnya"
_POWER: Final = "listrik_telekomunikasi"
_STREET_LIGHT: Final = "penerangan_jalan"
_REASONS: Final = 6
_WORDS_SHOWN: Final = 4
_WORD_FAMILIES: Final = (FAMILIES.index("word"), FAMILIES.index("pair"))
_EMERGENCY: Final = 0.2
"""From this probability on somebody is woken: of five who are, four may be for nothing, one lives."""
_NAMED_EMERGENCY: Final = 0.1
"""With a word of emergency that is neither denied nor feared."""
_FEARED_EMERGENCY: Final = 0.5
"""Who fears that a tree may fall writes almost like somebody under it."""
_EMERGENCY_REPORT: Final = 0.3
"""A sauce that sets the throat on fire wakes nobody: so probable a report it must be."""


def classify(text: str, directory: Directory, *, has_photo: bool = False, model: Model | None = None) -> Triage:
    """Decide about one post, with the deployed `model` or another one. Never raises, whatever the text.

    ``drop`` only when it is nearly certain that the text asks nothing of a government; ``auto`` only when the topic is
    as probable as its threshold demands and the rules know whose job it is; all between goes to the desk with the two
    best guesses.
    """
    model = model or load_model()
    decided_by = f"model {model.hash}/{_CODE}/{directory.hash}"
    reading = reader_of(directory).read(text)
    if not reading.typed:
        return _wordless(decided_by, seen=has_photo or not text.strip())
    features = features_of(reading)
    probable = model.weigh(features)
    case = _Case(model, directory, reading, features, probable, decided_by)
    if probable.report < model.drop_below and reading.matches.emergency is None:
        return _dropped(case)
    return _report(case)


class _Case(NamedTuple):
    """A text and everything that is known about it."""

    model: Model
    directory: Directory
    reading: Reading
    features: tuple[list[str], ...]
    probable: Probabilities
    decided_by: str


def _wordless(decided_by: str, *, seen: bool) -> Triage:
    """A photo without words is looked at by a person, so that it is not lost; a mention or an emoji is chatter."""
    if not seen:
        return Triage(
            is_report=False,
            report_probability=0.0,
            kind="other",
            confidence=1.0,
            route="drop",
            reasons=("hanya sebutan, tautan atau emoji",),
            decided_by=decided_by,
        )
    return Triage(
        is_report=True,
        report_probability=0.5,
        kind="other",
        topic=_LAINNYA,
        department=DESK,
        confidence=0.0,
        route="desk",
        reasons=("tanpa teks: perlu dilihat",),
        decided_by=decided_by,
    )


def _dropped(case: _Case) -> Triage:
    return Triage(
        is_report=False,
        report_probability=round(case.probable.report, 4),
        kind="other",
        place=case.reading.where.place,
        confidence=round(1 - case.probable.report, 4),
        route="drop",
        reasons=("tidak meminta apa pun dari pemerintah",),
        decided_by=case.decided_by,
    )


def _report(case: _Case) -> Triage:
    kind, kind_probability = _likeliest(case.probable.kind)
    urgency, urgency_probability = _urgency(case)
    ranked = _with_emergency(case, rank(_settled(case), case.reading, case.directory), urgency)
    department = case.directory.departments[ranked.choice.code]
    doubt = _doubt(case, ranked, urgency)
    auto = doubt is None
    guess = department.code if department.code != DESK else None
    return Triage(
        is_report=True,
        report_probability=round(case.probable.report, 4),
        kind=cast("ReportKind", kind),
        kind_probability=round(kind_probability, 4),
        topic=ranked.topic,
        topic_probability=round(ranked.topic_probability, 4),
        urgency=urgency,
        urgency_probability=round(urgency_probability, 4),
        place=case.reading.where.place,
        department=department.code if auto else DESK,
        ours=department.kind != "outside" if auto else True,
        confidence=round(ranked.probability, 4),
        guess=guess,
        runner_up=ranked.runner_up,
        runner_up_probability=round(ranked.runner_up_probability, 4),
        route="auto" if auto else "desk",
        reasons=_reasons(case, ranked, urgency, doubt),
        decided_by=case.decided_by,
    )


def _settled(case: _Case) -> dict[str, float]:
    """Keep a dark house apart from a dark street: both say ``lampu`` and ``mati``, only one names the street."""
    topics, known = dict(case.probable.topic), case.reading.matches.features
    if f"topic:{_POWER}:strong" in known and f"topic:{_STREET_LIGHT}:strong" not in known:
        topics[_POWER] += topics[_STREET_LIGHT]
        topics[_STREET_LIGHT] = 0.0
    return topics


def _likeliest(probabilities: Mapping[str, float]) -> tuple[str, float]:
    code = max(probabilities, key=lambda name: probabilities[name])
    return code, probabilities[code]


def _urgency(case: _Case) -> tuple[Urgency, float]:
    """Weigh the model's view with the words of emergency and of fear."""
    probable, evidence = case.probable.urgency, case.reading.matches
    emergency = probable["emergency"]
    needed = _FEARED_EMERGENCY if evidence.marks.get("fear") else _NAMED_EMERGENCY if evidence.emergency else _EMERGENCY
    if emergency >= needed and case.probable.report >= _EMERGENCY_REPORT:
        return "emergency", emergency
    if evidence.emergency or evidence.feared or evidence.marks.get("urgent") or probable["urgent"] > probable["normal"]:
        return "urgent", probable["urgent"]
    return "normal", probable["normal"]


def _with_emergency(case: _Case, ranked: Ranked, urgency: Urgency) -> Ranked:
    """Let a word of emergency name who is called, unless it happens next door."""
    emergency = case.reading.matches.emergency
    if urgency != "emergency" or emergency is None or not emergency.other or case.reading.where.owner is not None:
        return ranked
    choice = Choice(emergency.other, clear=True, reason=f"darurat: {case.reading.matches.emergency_word}")
    second = next((code for code in (ranked.choice.code, ranked.runner_up) if code not in {choice.code, DESK}), None)
    topic = emergency.code or ranked.topic
    return ranked._replace(
        choice=choice,
        topic=topic,
        topic_probability=case.probable.topic[topic],
        probability=case.probable.topic[topic],
        runner_up=second,
        runner_up_probability=ranked.runner_up_probability if second else 0.0,
    )


def _doubt(case: _Case, ranked: Ranked, urgency: Urgency) -> str | None:
    """Say why a person must look before anybody is told; None when nobody must."""
    doubt = doubt_about(ranked.choice, case.reading, case.directory)
    if doubt is not None or (urgency == "emergency" and case.reading.matches.emergency is not None):
        return doubt
    if case.probable.report < case.model.auto_report:
        return UNSURE_REPORT
    if ranked.topic_probability < case.model.auto_from.get(ranked.topic, 1.1):
        return UNSURE_TOPIC
    return None


def _reasons(case: _Case, ranked: Ranked, urgency: Urgency, doubt: str | None) -> tuple[str, ...]:
    evidence = case.reading.matches
    words = case.model.leading(f"topic:{ranked.topic}", case.features, _WORD_FAMILIES)[:_WORDS_SHOWN]
    parts = (
        f"darurat: {evidence.emergency_word}" if urgency == "emergency" and evidence.emergency else None,
        ranked.choice.reason,
        f"kata: {', '.join(words)}" if words else None,
        doubt,
    )
    return tuple(dict.fromkeys(part for part in parts if part))[:_REASONS]
