"""The decision about a post: a pure function of its text and the directory.

A first, honest version: words and rules kept as data, weighed by hand. A measured model replaces it behind the
same function. Reasons are made of the words of the data only, never of the text, so they may be shown and kept.
"""

import functools
import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple

from aduan.directory import Department, Directory
from aduan.triage import DESK, ReportKind, Triage, Urgency
from classify.places import Found, Gazetteer
from classify.words import APART, Normaliser, Phrases, spellings

_HERE: Final = Path(__file__).parent
_RULES_BYTES: Final = (_HERE / "rules.json").read_bytes()
_RULES: Final[dict[str, Any]] = json.loads(_RULES_BYTES)
_VERSION: Final = hashlib.sha256(
    _RULES_BYTES + b"".join((_HERE / name).read_bytes() for name in ("classifier.py", "places.py", "words.py"))
).hexdigest()[:12]
"""Of the rules and of the code that weighs them: the same hash decides the same."""

_WEIGHTS: Final = {"strong": 3.0, "words": 2.0, "weak": 0.5}
_LAINNYA: Final = "lainnya"
_POWER: Final = "listrik_telekomunikasi"
_STREET_LIGHT: Final = "penerangan_jalan"
_REPAIRED: Final = "terima kasih atas perbaikan"
_HEDGE_REACH: Final = 4
"""How many words before ``pohon tumbang`` a ``takut`` still makes it a fear and not an event."""
_REASONS: Final = 6

_AUTO_TOPIC: Final = 0.5
_AUTO_SCORE: Final = 5.0
_AUTO_REPORT: Final = 0.45
_PLAIN_CHATTER: Final = 4.0
_SOME_CHATTER: Final = 2.0
_DROP_REPORT: Final = 1.0
"""Below this there is no plea, no fault, no question and no topic: nothing in it asks for anything."""

_Role = Literal["topic", "department", "alias", "chatter", "emergency", "mark"]


class _Meaning(NamedTuple):
    """What one phrase stands for: of a topic, a department, a kind of chatter, an emergency, or a mark."""

    role: _Role
    code: str
    weight: float = 0.0
    other: str | None = None


@dataclass(frozen=True)
class _Compiled:
    """The directory and the rules, ready to read a text. Built once per directory."""

    normaliser: Normaliser
    phrases: Phrases[_Meaning]
    gazetteer: Gazetteer
    hedges: frozenset[str]
    negations: frozenset[str]
    street_words: frozenset[str]
    """Words that can only mean a street lamp."""
    decided_by: str


_MARKS: Final = ("plea", "defect", "question", "request", "aspiration", "addressee", "thanks", "urgent")


def _meanings_of_directory(directory: Directory) -> Iterator[tuple[str, _Meaning]]:
    for topic in directory.topics.values():
        for strength, weight in _WEIGHTS.items():
            for phrase in getattr(topic, strength):
                yield phrase, _Meaning("topic", topic.code, weight)
    for department in directory.departments.values():
        for phrase in department.words:
            yield phrase, _Meaning("department", department.code)
        for phrase in department.aliases:
            yield phrase, _Meaning("alias", department.code)


def _meanings_of_rules() -> Iterator[tuple[str, _Meaning]]:
    for mark in _MARKS:
        for phrase in _RULES[mark]:
            yield phrase, _Meaning("mark", mark)
    for group in _RULES["chatter"]:
        for phrase in group["words"]:
            yield phrase, _Meaning("chatter", group["label"], group["weight"])
    for group in _RULES["emergency"]:
        for phrase in group["words"]:
            yield phrase, _Meaning("emergency", group["topic"] or "", other=group["department"])


@functools.lru_cache(maxsize=4)
def _compile(directory: Directory) -> _Compiled:
    meanings = [*_meanings_of_directory(directory), *_meanings_of_rules()]
    vocabulary = {word.token: word.normal for word in directory.vocabulary}
    hedges, negations = _RULES["hedge"], _RULES["negations"]
    known = {word for phrase, _ in meanings for word in phrase.split()} | {*hedges, *negations}
    normaliser = Normaliser(vocabulary, known)
    return _Compiled(
        normaliser=normaliser,
        phrases=Phrases(meanings, normaliser),
        gazetteer=Gazetteer(directory.places),
        hedges=frozenset(normaliser.normalise(hedges)),
        negations=frozenset(normaliser.normalise(negations)),
        street_words=frozenset(phrase.replace("~", APART) for phrase in directory.topics[_STREET_LIGHT].strong),
        decided_by=f"{_RULES['name']} {_VERSION}/{directory.hash}",
    )


@dataclass
class _Evidence:
    """What was found in a text."""

    topics: dict[str, float] = field(default_factory=dict)
    topic_words: dict[str, list[str]] = field(default_factory=dict)
    departments: dict[str, list[str]] = field(default_factory=dict)
    aliases: list[str] = field(default_factory=list)
    marks: dict[str, list[str]] = field(default_factory=dict)
    chatter: dict[str, float] = field(default_factory=dict)
    emergency: _Meaning | None = None
    emergency_word: str = ""
    feared: str = ""
    """A word of emergency that somebody only fears, remembers or prevents."""

    def count(self, mark: str) -> int:
        """How many different phrases of a mark there are."""
        return len(self.marks.get(mark, ()))

    def add(self, phrase: str, meaning: _Meaning, *, denied: bool, hedged: bool) -> None:
        """Take a phrase in; `denied` when a negation stands before it, `hedged` when it is only feared."""
        match meaning.role:
            case "topic":
                # "tidak macet" speaks of traffic, but does not complain of it.
                weight = min(meaning.weight, _WEIGHTS["weak"]) if denied else meaning.weight
                self.topics[meaning.code] = self.topics.get(meaning.code, 0.0) + weight
                self.topic_words.setdefault(meaning.code, []).append(phrase)
            case "department":
                self.departments.setdefault(meaning.code, []).append(phrase)
            case "alias":
                self.aliases.append(meaning.code)
            case "chatter":
                self.chatter[meaning.code] = self.chatter.get(meaning.code, 0.0) + meaning.weight
            case "mark":
                if not (denied and meaning.code in {"defect", "urgent"}):
                    self.marks.setdefault(meaning.code, []).append(phrase)
            case "emergency":
                self._add_emergency(phrase, meaning, real=not (denied or hedged))

    def _add_emergency(self, phrase: str, meaning: _Meaning, *, real: bool) -> None:
        if not real:
            self.feared = phrase
        elif self.emergency is None or (not self.emergency.other and meaning.other):
            self.emergency, self.emergency_word = meaning, phrase


def _gather(words: list[str], compiled: _Compiled) -> _Evidence:
    found = _Evidence()
    seen: set[tuple[str, str, str]] = set()
    for place, phrase, meanings in compiled.phrases.find(words):
        denied = place > 0 and words[place - 1] in compiled.negations
        # The halves of a pair may enclose the hedge: "pohon yang mau tumbang".
        after = _HEDGE_REACH if APART in phrase else 0
        hedged = not compiled.hedges.isdisjoint(words[max(0, place - _HEDGE_REACH) : place + 1 + after])
        for meaning in meanings:
            key = (phrase, meaning.role, meaning.code)
            if key not in seen:
                seen.add(key)
                found.add(phrase, meaning, denied=denied, hedged=hedged)
    return found


class _Choice(NamedTuple):
    """The department for a topic, and why it and not the topic's own."""

    code: str
    clear: bool
    reason: str | None = None


def _department(topic_code: str, found: _Evidence, where: Found, directory: Directory) -> _Choice:
    topic = directory.topics[topic_code]
    if where.owner is not None and where.place is not None:
        return _Choice(where.owner, clear=True, reason=f"di luar Sleman: {where.place.outside}")
    if where.road is not None and topic.by_road:
        road = where.road
        owner = road.owner if topic.by_road == "road" else road.lamp_owner
        # Parking on a provincial road is still the county's to police: only lamps and signals follow the road.
        if topic_code != "lalu_lintas_parkir" or "lampu lalu lintas" in " ".join(found.topic_words[topic_code]):
            reason = f"jalan {road.road_class}: {road.name}"
            return _Choice(owner or topic.department, clear=owner is not None and not where.torn, reason=reason)
    best = max(topic.others, key=lambda code: len(" ".join(found.departments.get(code, ()))), default=None)
    if best is not None and found.departments.get(best):
        return _Choice(best, clear=True, reason=f"kata: {found.departments[best][0]}")
    return _Choice(topic.department, clear=topic.department != DESK)


def _kind(found: _Evidence) -> ReportKind:
    asks = found.count("request") + found.count("question")
    faults = found.count("defect")
    if asks and asks >= faults:
        return "request"
    if found.count("aspiration") and not faults:
        return "aspiration"
    return "complaint"


def _urgency(found: _Evidence) -> Urgency:
    if found.emergency is not None:
        return "emergency"
    return "urgent" if found.count("urgent") or found.feared else "normal"


def _reasons(*parts: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for part in parts if part))[:_REASONS]


def _to_desk(decided_by: str, reason: str) -> Triage:
    """A report nobody can read from its words: a person looks at it, so that it is not lost."""
    return Triage(
        is_report=True,
        kind="other",
        topic=_LAINNYA,
        department=DESK,
        confidence=0.0,
        route="desk",
        reasons=(reason,),
        decided_by=decided_by,
    )


def _dropped(decided_by: str, confidence: float, where: Found, *reasons: str) -> Triage:
    return Triage(
        is_report=False,
        kind="other",
        place=where.place,
        confidence=round(confidence, 3),
        route="drop",
        reasons=_reasons(*reasons),
        decided_by=decided_by,
    )


def classify(text: str, directory: Directory, *, has_photo: bool = False) -> Triage:
    """Decide about one post. Never raises, whatever the text.

    `Triage.confidence` grows with how clear the words are; it is not calibrated, so 0.8 does not mean that eight of
    ten are right. ``auto`` is only given when topic and department are clear; ``drop`` only when nothing asks the
    county for anything, or the words are those of an advert, a lost purse or thanks; all between goes to the desk.
    """
    compiled = _compile(directory)
    typed = spellings(text)
    if not typed:
        if has_photo or not text.strip():
            return _to_desk(compiled.decided_by, "tanpa teks: perlu dilihat")
        return _dropped(compiled.decided_by, 0.9, Found(), "hanya sebutan, tautan atau emoji")
    found = _gather(compiled.normaliser.normalise(typed), compiled)
    _settle_power_cut(found, compiled)
    where = compiled.gazetteer.find(typed)
    scores = _weigh(found)
    sure_chatter = _chatter(found, scores, photo=has_photo)
    if sure_chatter:
        label = max(found.chatter, key=lambda code: found.chatter[code], default=None)
        reason = f"obrolan: {label}" if label else "tidak meminta apa pun dari pemerintah"
        return _dropped(compiled.decided_by, sure_chatter, where, reason)
    return _report(found, where, directory, compiled, scores)


def _settle_power_cut(found: _Evidence, compiled: _Compiled) -> None:
    """Keep a dark house apart from a dark street: both say ``lampu`` and ``mati``, only one names the street."""
    power = found.topics.get(_POWER, 0.0) >= _WEIGHTS["strong"]
    if power and compiled.street_words.isdisjoint(found.topic_words.get(_STREET_LIGHT, ())):
        found.topics.pop(_STREET_LIGHT, None)


class _Scores(NamedTuple):
    """What the evidence weighs."""

    topic: str
    score: float
    second: float
    """Of the next topic."""
    asking: float
    """How much the text asks for, apart from its topic."""
    report: float
    chatter: float
    loudest: float
    """Of the kind of chatter that is clearest."""


def _weigh(found: _Evidence) -> _Scores:
    ranked = sorted(found.topics.items(), key=lambda item: -item[1])
    topic, score = ranked[0] if ranked else (_LAINNYA, 0.0)
    asking = (
        min(found.count("plea"), 2) * 1.5
        + min(found.count("defect"), 3) * 1.2
        + min(found.count("question"), 2) * 1.0
        + min(found.count("addressee") + len(found.aliases), 1) * 1.0
        + (3.0 if found.emergency else 0.0)
    )
    return _Scores(
        topic=topic,
        score=score,
        second=ranked[1][1] if len(ranked) > 1 else 0.0,
        asking=asking,
        report=asking + min(score, 6.0) / 2,
        chatter=sum(found.chatter.values()) + (1.0 if found.count("thanks") and not asking else 0.0),
        loudest=max(found.chatter.values(), default=0.0),
    )


def _chatter(found: _Evidence, scores: _Scores, *, photo: bool) -> float:
    """How sure it is that a post asks the county for nothing; 0 when it may ask for something."""
    if found.emergency:
        return 0.0
    sure = scores.chatter / (scores.chatter + scores.report + 1.0)
    if scores.report < _DROP_REPORT and not photo:
        return max(0.7, sure)
    pleads = found.count("plea") > 0
    thanks = found.count("thanks") > 0 or _REPAIRED in found.chatter
    # Adverts, lost purses, road checks and thanks name what complaints name: their own words decide.
    # Thanks that plead as well ("sudah halus, tapi percuma") are no thanks.
    if scores.loudest >= _PLAIN_CHATTER and scores.asking < scores.chatter and not (thanks and pleads):
        return max(0.6, sure)
    if scores.chatter >= _SOME_CHATTER and scores.report < scores.chatter and not pleads:
        return max(0.5, sure)
    return 0.0


def _report(found: _Evidence, where: Found, directory: Directory, compiled: _Compiled, scores: _Scores) -> Triage:
    topic = scores.topic
    clear_topic = (scores.score - scores.second) / (scores.score + 1.5)
    choice = _department(topic, found, where, directory)
    if found.emergency is not None and found.emergency.other and where.owner is None:
        topic = found.emergency.code or topic
        choice = _Choice(found.emergency.other, clear=True, reason=f"darurat: {found.emergency_word}")
        clear_topic = max(clear_topic, 0.5)
    elif choice.code == "pln" and found.topics.get(_STREET_LIGHT, 0.0) >= 1.0:
        choice = choice._replace(clear=False)
    sure = scores.report / (scores.report + scores.chatter + 1.5)
    department: Department = directory.departments[choice.code]
    reach = department.kind != "group"  # 17 or 86 offices behind one code: only a person knows which
    auto = (
        choice.clear
        and reach
        and choice.code != DESK
        and clear_topic >= _AUTO_TOPIC
        and (scores.score >= _AUTO_SCORE or found.emergency is not None)
        and sure >= _AUTO_REPORT
        and not where.torn
        and (found.count("plea") + found.count("defect") > 0 or found.emergency is not None)
    )
    confidence = round(min(1.0, sure) * min(1.0, max(clear_topic, 0.0)) ** 0.5 * (1.0 if choice.clear else 0.5), 3)
    guess = choice.code if choice.code != DESK else next(iter(found.aliases), None)
    runner_up = _runner_up(found, directory, topic, choice.code) if auto else guess
    words = found.topic_words.get(topic, [])
    return Triage(
        is_report=True,
        kind=_kind(found),
        topic=topic,
        urgency=_urgency(found),
        place=where.place,
        department=choice.code if auto else DESK,
        ours=directory.departments[choice.code].kind != "outside" if auto else True,
        confidence=confidence,
        runner_up=runner_up if runner_up != DESK else None,
        route="auto" if auto else "desk",
        reasons=_reasons(
            f"darurat: {found.emergency_word}" if found.emergency else None,
            choice.reason,
            f"kata: {', '.join(words[:3])}" if words else None,
            None if auto else "belum pasti: perlu dilihat",
            "tempat di dalam dan di luar, atau gang di tepi jalan besar" if where.torn else None,
        ),
        decided_by=compiled.decided_by,
    )


def _runner_up(found: _Evidence, directory: Directory, topic: str, chosen: str) -> str | None:
    default = directory.topics[topic].department
    if default not in {chosen, DESK}:
        return default
    others = sorted((item for item in found.topics.items() if item[0] != topic), key=lambda item: -item[1])
    for code, _ in others:
        department = directory.topics[code].department
        if department != chosen:
            return department
    return None
