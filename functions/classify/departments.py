"""Finds whose job a complaint is, from its topic, the named road, a place outside the county and departments' words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final, NamedTuple

from aduan.triage import DESK

if TYPE_CHECKING:
    from aduan.directory import Directory
    from classify.phrase_matches import Reading

_SIGNALS: Final = "lampu lalu lintas"
_TRAFFIC: Final = "lalu_lintas_parkir"
_GENERAL: Final = frozenset({"setda", DESK})
"""Departments whose name is only an address: calling the Bupati or the admins does not say whose job it is."""
NO_OWNER: Final = "belum pasti siapa yang berwenang: perlu dilihat"


class Choice(NamedTuple):
    """A department, and why it was chosen."""

    code: str
    clear: bool
    """False when a person must decide which department it is."""
    reason: str | None = None
    """What spoke for it; None when it is simply the topic's own department."""


class Ranked(NamedTuple):
    """The two most likely departments."""

    choice: Choice
    topic: str
    topic_probability: float
    probability: float
    """How probable it is that this department is the right one: the sum over all topics that lead to it."""
    runner_up: str | None
    runner_up_probability: float


def choose(topic_code: str, reading: Reading, directory: Directory) -> Choice:
    """Return the department for a topic, given the place and the words of the text."""
    topic, where, matches = directory.topics[topic_code], reading.where, reading.matches
    if where.owner is not None and where.place is not None:
        return Choice(where.owner, clear=True, reason=f"di luar Sleman: {where.place.outside}")
    if where.road is not None and topic.by_road:
        road = where.road
        owner = road.owner if topic.by_road == "road" else road.lamp_owner
        # Parking on a provincial road is still the county's to police: only lamps and signals go to the road's owner.
        if topic_code != _TRAFFIC or _SIGNALS in " ".join(matches.topics.get(topic_code, ())):
            reason = f"jalan {road.road_class}: {road.name}"
            return Choice(owner or topic.department, clear=owner is not None and not where.torn, reason=reason)
    words = matches.departments
    spoken_of = [code for code in topic.others if code in words]
    if spoken_of:
        best = max(spoken_of, key=lambda code: len(" ".join(words[code])))
        return Choice(best, clear=True, reason=f"kata: {words[best][0]}")
    return Choice(topic.department, clear=topic.department != DESK)


def rank(topics: Mapping[str, float], reading: Reading, directory: Directory) -> Ranked:
    """Return the department of the most likely topic, with the next likely one as the runner-up.

    `topics` maps each topic to its probability. Several topics may lead to one department, so its probability is
    their sum.
    """
    ordered = sorted(topics, key=lambda code: (-topics[code], code))
    choices = {code: choose(code, reading, directory) for code in ordered}
    first = choices[ordered[0]]
    sums: dict[str, float] = {}
    for code in ordered:
        sums[choices[code].code] = sums.get(choices[code].code, 0.0) + topics[code]
    others = [code for code in sums if code not in {first.code, DESK}]
    own = directory.topics[ordered[0]].department
    # When a road, a place or a word moved the matter away from the topic's own department, that department is the
    # natural second guess.
    second = own if own not in {first.code, DESK} else max(others, key=lambda code: sums[code], default=None)
    return Ranked(
        choice=first,
        topic=ordered[0],
        topic_probability=topics[ordered[0]],
        probability=sums[first.code],
        runner_up=second,
        runner_up_probability=sums.get(second, 0.0) if second else 0.0,
    )


def called(reading: Reading) -> tuple[str, ...]:
    """List the departments that a text calls by name, except those that every other text calls."""
    return tuple(dict.fromkeys(code for code in reading.matches.named if code not in _GENERAL))


def doubt_about(choice: Choice, reading: Reading, directory: Directory) -> str | None:
    """Return why the rules want a person to look, however certain the topic is; None when they do not."""
    department = directory.departments[choice.code]
    doubts = {
        NO_OWNER: department.code == DESK or not choice.clear,
        "belum pasti tempatnya di Sleman, atau gang di tepi jalan besar": reading.where.torn,
        f"{department.name}: perlu dipilih yang mana": department.kind == "group",
        "lebih dari satu instansi disebut: perlu dilihat": len(called(reading)) > 1,
        # Satire and protest speak of holes, rats and lamps too; a real complaint only loses minutes at the desk.
        "menyebut politik: perlu dilihat": bool(reading.matches.marks.get("politics")),
    }
    return next((reason for reason, holds in doubts.items() if holds), None)
