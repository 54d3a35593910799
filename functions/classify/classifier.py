"""The decision about a post: a pure function of its text, the directory and the model.

A linear model says how likely a text is to be a report, of which kind and topic, and how urgent. Rules that anybody
can read decide the rest: whose job a topic is at this place, what is an emergency, and when a person must look.
Reasons are made only of words from the data, never of words from the text, so they may be shown and kept.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from aduan.triage import DESK, ReportKind, Route, Triage, Urgency
from classify.accusation import INSPECTORATE, REASON, accuses_officials
from classify.danger import danger_of
from classify.departments import Choice, Ranked, doubt_about, rank
from classify.features import FAMILIES, context_features, features_of
from classify.model import Gate, Model, Probabilities, gate_name, load_model
from classify.phrase_matches import RULES_FILE, Reading, reader_of
from classify.signs import is_disguised
from classify.words import is_read_whole

if TYPE_CHECKING:
    from aduan.context import Context
    from aduan.directory import Directory
    from aduan.post import ChannelKind
    from classify.adapter import Adapter

_HERE: Final = Path(__file__).parent
_DECIDING: Final = (
    "accusation",
    "adapter",
    "classifier",
    "danger",
    "departments",
    "elsewhere",
    "features",
    "model",
    "phrase_matches",
    "places",
    "signs",
    "words",
)
_CODE: Final = hashlib.sha256(
    RULES_FILE.read_bytes() + b"".join((_HERE / f"{name}.py").read_bytes() for name in _DECIDING)
).hexdigest()[:12]
"""Hash of the rules and of the code that applies them. Equal hashes mean equal decisions."""
UNSURE_REPORT: Final = "belum pasti laporan: perlu dilihat"
UNSURE_TOPIC: Final = "belum pasti urusannya: perlu dilihat"
SUSPECTED: Final = "diduga darurat: lihat sekarang juga"
"""Three doubts of the model itself. The rules' reasons for asking a person are in `classify.departments`."""
_LAINNYA: Final = "lainnya"
_POWER: Final = "listrik_telekomunikasi"
_STREET_LIGHT: Final = "penerangan_jalan"
_REASONS: Final = 6
_WORDS_SHOWN: Final = 4
_DANGER: Final = frozenset({"emergency", "suspected"})
_WORD_FAMILIES: Final = (FAMILIES.index("word"), FAMILIES.index("pair"))


def classify(  # noqa: PLR0913 # a text, what is known about it, and what it is judged by
    text: str,
    directory: Directory,
    *,
    context: Context | None = None,
    channel_kind: ChannelKind | None = None,
    has_photo: bool = False,
    clipped: bool = False,
    model: Model | None = None,
    adapter: Adapter | None = None,
) -> Triage:
    """Decide about one post, with `model` or, by default, the deployed one. Never raises, whatever the text.

    The route is ``drop`` only when the text almost certainly asks nothing of a government, and was read whole: the
    complaint may be in the rest. A ticket is opened only for what is surely a report, or in danger: ``auto`` when the
    topic reaches its threshold and the rules know whose job it is, else ``desk`` with the two best guesses. What asks
    for information only is a ``question``. A person looks at everything else: ``review``.

    Args:
        text: What was written, masked.
        directory: Topics, departments and places.
        context: What the text answers; None where that is not known.
        channel_kind: The kind of channel it came by; None when it is not known.
        has_photo: Whether a picture came with it.
        clipped: Whether more was written than `text`.
        model: The model that weighs the text; None for the deployed one.
        adapter: What this deployment learnt from its desk, made for that model; None for the model alone.
    """
    model, reader = model or load_model(), reader_of(directory)
    decided_by = f"model {model.hash}/{_CODE}/{directory.hash}"
    if adapter is not None:
        decided_by += f" + gate {adapter.version}"
    reading, whole = reader.read(text), not clipped and is_read_whole(text)
    if not reading.typed:
        return _wordless(decided_by, seen=has_photo or not text.strip() or not whole)
    gate = gate_name(channel_kind, context)
    features = features_of(reading, context_features(context, reader), gate)
    probable = model.weigh(features)
    lane_gate = model.gates[gate]
    if adapter is not None:
        probable, lane_gate = adapter.applied(probable, lane_gate, features, gate)
    case = _Case(model, directory, reading, features, probable, lane_gate, decided_by)
    urgency = _urgency(case, channel_kind, addressed=gate != "post")
    lane = _lane(case, urgency[0], readable=whole and not is_disguised(text))
    return _dropped(case) if lane == "drop" else _decided(case, urgency, lane)


class _Case(NamedTuple):
    """A text, everything known about it, and what it is judged by."""

    model: Model
    directory: Directory
    reading: Reading
    features: tuple[list[str], ...]
    probable: Probabilities
    gate: Gate
    decided_by: str


def _wordless(decided_by: str, *, seen: bool) -> Triage:
    """Decide about a post without words: a person looks at a photo or an empty text; a mention or emoji is chatter."""
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
        confidence=0.0,
        route="review",
        reasons=("tanpa teks: perlu dilihat",),
        decided_by=decided_by,
    )


def _lane(case: _Case, urgency: Urgency, *, readable: bool) -> Route:
    """Return the lane of a text; ``desk`` for every ticket, whether or not its department can be told at once."""
    probable, gate = case.probable, case.gate
    if urgency in _DANGER or probable.report >= gate.ticket_from:
        return "desk"
    if readable and probable.relevance < gate.drop_below:
        return "drop"
    return "question" if probable.question >= gate.question_from else "review"


def _dropped(case: _Case) -> Triage:
    return Triage(
        is_report=False,
        report_probability=round(case.probable.report, 4),
        shown_probability=round(case.probable.shown, 4),
        kind="other",
        place=case.reading.where.place,
        confidence=round(1 - case.probable.relevance, 4),
        route="drop",
        reasons=("tidak meminta apa pun dari pemerintah",),
        decided_by=case.decided_by,
    )


def _decided(case: _Case, urgent: tuple[Urgency, float], lane: Route) -> Triage:
    kind, kind_probability = _likeliest(case.probable.kind)
    urgency, urgency_probability = urgent
    ranked = _with_emergency(case, rank(_settled(case), case.reading, case.directory), urgency)
    if urgency != "emergency" and accuses_officials(case.reading, case.directory):
        ranked = _in_confidence(ranked, case.directory)
    department = case.directory.departments[ranked.choice.code]
    doubt = _doubt(case, ranked, urgency)
    auto = lane == "desk" and doubt is None
    waiting = DESK if lane == "desk" else None
    guess = department.code if department.code != DESK else None
    return Triage(
        is_report=True,
        report_probability=round(case.probable.report, 4),
        shown_probability=round(case.probable.shown, 4),
        kind=cast("ReportKind", kind),
        kind_probability=round(kind_probability, 4),
        topic=ranked.topic,
        topic_probability=round(ranked.topic_probability, 4),
        urgency=urgency,
        urgency_probability=round(urgency_probability, 4),
        place=case.reading.where.place,
        department=department.code if auto else waiting,
        ours=department.kind != "outside" if auto else True,
        confidence=round(ranked.probability, 4),
        guess=guess,
        runner_up=ranked.runner_up,
        runner_up_probability=round(ranked.runner_up_probability, 4),
        route="auto" if auto else lane,
        reasons=_reasons(case, ranked, urgency, doubt),
        decided_by=case.decided_by,
    )


def _settled(case: _Case) -> dict[str, float]:
    """Count a dark house as a power cut: like a dark street it says ``lampu`` and ``mati``, but names no street."""
    topics, known = dict(case.probable.topic), case.reading.matches.features
    if f"topic:{_POWER}:strong" in known and f"topic:{_STREET_LIGHT}:strong" not in known:
        topics[_POWER] += topics[_STREET_LIGHT]
        topics[_STREET_LIGHT] = 0.0
    return topics


def _likeliest(probabilities: Mapping[str, float]) -> tuple[str, float]:
    code = max(probabilities, key=lambda name: probabilities[name])
    return code, probabilities[code]


def _urgency(case: _Case, channel_kind: ChannelKind | None, *, addressed: bool) -> tuple[Urgency, float]:
    """Return the urgency and its probability, from the model's view and the words of emergency and fear."""
    probable, matches = case.probable.urgency, case.reading.matches
    danger = danger_of(case.reading, case.probable, channel_kind, addressed=addressed)
    if danger != "none":
        return danger, probable["emergency"]
    if matches.emergency or matches.feared or matches.marks.get("urgent") or probable["urgent"] > probable["normal"]:
        return "urgent", probable["urgent"]
    return "normal", probable["normal"]


def _with_emergency(case: _Case, ranked: Ranked, urgency: Urgency) -> Ranked:
    """Let a word of emergency name the department that is called, unless the place is outside the county."""
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


def _in_confidence(ranked: Ranked, directory: Directory) -> Ranked:
    """Let a person decide whose an accusation is: with a confidential department as the guess, it stays secret."""
    best = ranked.choice.code
    code = best if directory.departments[best].confidential else INSPECTORATE
    choice = Choice(code, clear=False, reason=REASON)
    return ranked._replace(choice=choice, runner_up=None, runner_up_probability=0.0)


def _doubt(case: _Case, ranked: Ranked, urgency: Urgency) -> str | None:
    """Return why a person must look before any department is told; None when nobody has to."""
    if urgency == "suspected":
        return SUSPECTED
    doubt = doubt_about(ranked.choice, case.reading, case.directory)
    if doubt is not None or (urgency == "emergency" and case.reading.matches.emergency is not None):
        return doubt
    if case.probable.report < case.model.auto_report:
        return UNSURE_REPORT
    if ranked.topic_probability < case.gate.auto_from.get(ranked.topic, 1.1):
        return UNSURE_TOPIC
    return None


def _reasons(case: _Case, ranked: Ranked, urgency: Urgency, doubt: str | None) -> tuple[str, ...]:
    matches, in_danger = case.reading.matches, urgency in _DANGER
    words = case.model.leading(f"topic:{ranked.topic}", case.features, _WORD_FAMILIES)[:_WORDS_SHOWN]
    parts = (
        f"darurat: {matches.emergency_word}" if in_danger and matches.emergency else None,
        matches.emergency.tell if in_danger and matches.emergency else None,
        ranked.choice.reason,
        f"kata: {', '.join(words)}" if words else None,
        doubt,
    )
    return tuple(dict.fromkeys(part for part in parts if part))[:_REASONS]
