"""What was learnt decides while it can be used, and a few of the posts that it drops are shown all the same."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from aduan.directory_loading import load_directory
from aduan.gate_version import GateInForce
from aduan.triage import Triage
from classify.adapter import Adapter
from classify.classifier import classify
from classify.decide import Outcome, decide
from classify.learnt_gate import MOST_SAMPLES, REFRESH_SECONDS, SAMPLE, SAMPLED, UNUSABLE, LearntGate, gated
from classify.model import load_model
from tests.builders import NOON, a_gate_version, a_post
from tests.codes import ticket_code
from tests.in_memory.gates import InMemoryGateStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

DIRECTORY = load_directory()
UNSURE = "mbok ya dipikir lagi pak"
"""What the base model shows for review."""
FIRE = "Tolong min kebakaran di Gamping, api besar di rumah warga"


def an_adapter(version: int = 1, *, model: str | None = None, drop_below: float = 1.1) -> Adapter:
    """An adapter that drops everything, in every way of writing."""
    return Adapter(
        model=model or load_model().hash,
        version=version,
        made_at="2026-11-02T06:00:00+00:00",
        learnt={},
        drop_below=dict.fromkeys(("comment", "message", "post", "thread"), drop_below),
        dense=((0.0,) * 4, (0.0,) * 4, (0.0,) * 4),
        scales=(1.0, 1.0, 1.0),
        rows={},
    )


@dataclass
class Desk:
    """A gate in memory, with a clock that stands still until it is moved."""

    memory: Memory = field(default_factory=Memory)
    counted: Counter[str] = field(default_factory=Counter)
    seconds: float = 1000.0

    def __post_init__(self) -> None:
        self.gates = InMemoryGateStore(self.memory)
        self.gate = LearntGate(self.gates, lambda name: self.counted.update([name]), clock=lambda: self.seconds)

    def choose(self, version: int, weights: bytes | None = None) -> None:
        """Put a version in force."""
        if weights is not None:
            self.gates.add(a_gate_version(version), weights)
        before = self.gates.in_force()
        self.gates.put_in_force(GateInForce(version=version, at=(before.at or NOON) + timedelta(seconds=1)), before)

    def decide(self, number: int, text: str = UNSURE) -> Outcome:
        """Decide about a new post."""
        post = a_post(native_id=str(number), text=text)
        posts, tickets = InMemoryPostStore(self.memory), InMemoryTicketStore(self.memory)
        posts.add(post)
        return decide(
            post.key,
            posts=posts,
            tickets=tickets,
            directory=DIRECTORY,
            now=NOON,
            chatter_for=timedelta(days=30),
            code_of=ticket_code,
            learnt=self.gate,
        )

    def triage(self, number: int) -> Triage:
        """The decision about a post."""
        found = self.memory.posts[f"instagram#{number}"].triage
        assert found is not None
        return found


def test_the_texts_are_what_this_file_takes_them_for() -> None:
    """The base model shows both, and sees danger in one."""
    assert classify(UNSURE, DIRECTORY).route == "review"
    assert classify(FIRE, DIRECTORY).urgency == "emergency"


def test_without_a_version_the_base_model_decides_and_nothing_is_wrong() -> None:
    """Nothing was learnt yet: no adapter, no alarm."""
    desk = Desk()
    assert desk.gate.adapter() is None
    assert not desk.counted


def test_the_version_in_force_decides_and_is_named() -> None:
    """Its decisions end with its number."""
    desk = Desk()
    desk.choose(3, an_adapter(3).to_bytes())
    assert desk.decide(1) == "drop"
    assert desk.triage(1).decided_by.endswith(" + gate 3")
    assert desk.triage(1).gate == "dropped"


def test_what_is_chosen_holds_after_minutes_and_costs_one_read_until_then() -> None:
    """Between two refreshes nothing is read; then one read, and the weights only when the version is another."""
    desk = Desk()
    desk.choose(1, an_adapter(1).to_bytes())
    assert desk.gate.adapter() is not None
    desk.choose(0)
    reads = desk.memory.reads
    desk.seconds += REFRESH_SECONDS - 1
    assert desk.gate.adapter() is not None
    assert desk.memory.reads == reads
    desk.seconds += 1
    assert desk.gate.adapter() is None
    assert desk.memory.reads == reads + 1
    desk.choose(1)
    desk.seconds += REFRESH_SECONDS
    first = desk.gate.adapter()
    reads = desk.memory.reads
    desk.seconds += REFRESH_SECONDS
    assert desk.gate.adapter() is first is not None
    assert desk.memory.reads == reads + 1


@pytest.mark.parametrize(
    "weights",
    [
        pytest.param(None, id="not there"),
        pytest.param(b"", id="empty"),
        pytest.param(an_adapter().to_bytes()[:-1], id="damaged"),
        pytest.param(an_adapter(model="0123456789ab").to_bytes(), id="of another base model"),
    ],
)
def test_a_version_that_cannot_be_used_leaves_the_base_model_and_is_told(weights: bytes | None) -> None:
    """The post is decided as if nothing was learnt, and each refresh counts for the alarm until it is mended."""
    desk = Desk()
    desk.choose(1, weights)
    assert desk.decide(1) == "review"
    assert " + gate" not in desk.triage(1).decided_by
    assert desk.counted == {UNUSABLE: 1}
    desk.seconds += REFRESH_SECONDS
    desk.gate.adapter()
    assert desk.counted == {UNUSABLE: 2}
    desk.choose(2, an_adapter(2).to_bytes())
    desk.seconds += REFRESH_SECONDS
    assert desk.gate.adapter() is not None
    assert desk.counted == {UNUSABLE: 2}


def test_a_table_that_does_not_answer_stops_no_decision(monkeypatch: pytest.MonkeyPatch) -> None:
    """The base model decides, and the alarm is told."""
    desk = Desk()
    desk.choose(1, an_adapter().to_bytes())
    monkeypatch.setattr(desk.gates, "in_force", lambda: 1 / 0)
    assert desk.decide(1) == "review"
    assert desk.counted == {UNUSABLE: 1}


def test_danger_is_never_dropped_whatever_was_learnt() -> None:
    """A gate that would drop everything still lets a fire wake its department."""
    desk = Desk()
    desk.choose(1, an_adapter().to_bytes())
    assert desk.decide(1, FIRE) in {"auto", "desk"}
    base = classify(FIRE, DIRECTORY)
    assert gated(classify("haha", DIRECTORY), base, samples=lambda: False) == base


def test_one_in_fifty_that_the_gate_drops_is_shown_and_at_most_five_a_day() -> None:
    """The samples are spread over all posts, the same whoever decides, and end with the day's limit."""
    desk = Desk()
    desk.choose(1, an_adapter().to_bytes())
    keys = [f"instagram#{number}" for number in range(5_000)]
    sampled = [key for key in keys if LearntGate(InMemoryGateStore(Memory()), print).samples(key, NOON)]
    assert len(keys) / SAMPLED * 0.7 < len(sampled) < len(keys) / SAMPLED * 1.3
    outcomes = Counter(desk.decide(int(key.partition("#")[2])) for key in sampled[: MOST_SAMPLES + 3])
    assert outcomes == {"review": MOST_SAMPLES, "drop": 3}
    shown = desk.triage(int(sampled[0].partition("#")[2]))
    assert (shown.gate, shown.department, shown.reasons[0]) == ("sampled", None, SAMPLE)
    assert shown.decided_by.endswith(" + gate 1")
    assert desk.memory.gate_counts == {"gate_sampled": MOST_SAMPLES, "gate_dropped": 3}


def test_what_the_base_model_drops_too_is_no_sample() -> None:
    """Only where the gate differs from the base model is there anything to find out."""
    desk = Desk()
    desk.choose(1, an_adapter().to_bytes())
    for number in range(200):
        assert desk.decide(number, "Selamat pagi min, semoga sehat selalu") == "drop"
    assert not desk.memory.gate_counts
    assert not desk.memory.samples
