"""A run learns from what the desk stands for, and puts in force only what is better and nobody has turned back."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.example import Label
from aduan.gate_version import GateInForce
from aduan.store.gates import LARGEST_WEIGHTS
from classify.adapter import Adapter
from classify.model import Model, load_model
from learn.decisions import UNNAMED, confirmed_decisions, decision_of, months_before
from learn.fitting import Decision
from learn.learning import learn
from learn.sentences import learnt
from tests.builders import NOON, a_gate_version, a_post, a_triage, an_example
from tests.desk import decided
from tests.in_memory.examples import InMemoryExampleStore
from tests.in_memory.gates import InMemoryGateStore
from tests.in_memory.memory import Memory
from tests.small_model import OUTCOMES, write_model

DIRECTORY = load_directory()
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A base model that shows everything."""
    weights = [1 if outcome in ("report", "shown") else 0 for outcome in OUTCOMES]
    return load_model(write_model(tmp_path_factory.mktemp("base"), {"word": {"lubang": weights}}))


def people(decisions: list[Decision]) -> list[Decision]:
    """The same decisions by ten people, so that nobody's are too many."""
    return [one._replace(by=f"admin-{number % 10}") for number, one in enumerate(decisions)]


def test_what_is_better_is_kept_put_in_force_and_told(model: Model) -> None:
    """The version can be read again, is the one in force, and its sentence gives the figures."""
    gates = InMemoryGateStore(Memory())
    run = learn(people(decided()), gates, DIRECTORY, model, now=NOON)
    assert (run.outcome, run.decisions, run.version) == ("in_force", 300, 1)
    assert gates.in_force() == GateInForce(version=1, at=NOON)
    [version] = gates.versions()
    assert (version.decisions, version.reports, version.chatter, version.base_shown) == (300, 100, 200, 200)
    assert version.shown < version.base_shown
    weights = gates.weights(1)
    assert weights is not None
    assert len(weights) <= LARGEST_WEIGHTS
    assert Adapter.from_bytes(weights, model).version == 1
    assert run.sentence == version.sentence
    assert run.sentence.startswith(f"Dari 300 keputusan: kini {round(version.shown / 2)}, bukan 100, dari 100 obrolan")
    assert gates.last_run() == run


def test_the_next_run_makes_the_next_version(model: Model) -> None:
    """Versions count up, and the older ones stay."""
    gates = InMemoryGateStore(Memory())
    for number in (1, 2):
        assert learn(people(decided()), gates, DIRECTORY, model, now=NOON + number * DAY).version == number
    assert [one.version for one in gates.versions()] == [2, 1]
    assert gates.in_force().version == 2


@pytest.mark.parametrize(
    ("reports", "chatter", "outcome"),
    [(0, 200, "too_few"), (20, 20, "too_few"), (60, 0, "too_few"), (30, 200, "no_better")],
)
def test_what_proves_nothing_changes_nothing(model: Model, reports: int, chatter: int, outcome: str) -> None:
    """Too few decisions, decisions of one sort, and reports too few to tell what is lost leave the base model alone."""
    gates = InMemoryGateStore(Memory())
    run = learn(people(decided(reports, chatter)), gates, DIRECTORY, model, now=NOON)
    assert (run.outcome, run.version) == (outcome, None)
    assert gates.versions() == []
    assert gates.in_force().at is None
    assert gates.last_run() == run


def test_what_a_person_turned_back_stays_turned_back_until_a_person_asks(model: Model) -> None:
    """The weekly run keeps its version aside; a run that a person asks for is put in force."""
    gates = InMemoryGateStore(Memory())
    learn(people(decided()), gates, DIRECTORY, model, now=NOON)
    back = GateInForce(version=0, at=NOON + DAY, by="admin-1", held=True)
    gates.put_in_force(back, gates.in_force())
    weekly = learn(people(decided()), gates, DIRECTORY, model, now=NOON + 2 * DAY)
    assert (weekly.outcome, weekly.version) == ("kept_aside", 2)
    assert gates.in_force() == back
    assert "Versi 2 belum dipakai, karena petugas memilih model dasar." in weekly.sentence
    asked = learn(people(decided()), gates, DIRECTORY, model, now=NOON + 3 * DAY, by="admin-2")
    assert (asked.outcome, asked.version) == ("in_force", 3)
    assert gates.in_force() == GateInForce(version=3, at=NOON + 3 * DAY, by="admin-2")


def test_a_version_of_another_base_model_is_taken_out_of_force(model: Model) -> None:
    """After a new base model was deployed, a run that finds nothing better leaves the base model, without an alarm."""
    gates = InMemoryGateStore(Memory())
    gates.add(a_gate_version(1), b"of another model")
    gates.put_in_force(GateInForce(version=1, at=NOON), gates.in_force())
    assert learn(people(decided(30, 200)), gates, DIRECTORY, model, now=NOON + DAY).outcome == "no_better"
    assert gates.in_force() == GateInForce(version=0, at=NOON + DAY)


def test_the_sentence_says_what_was_learnt_and_what_it_costs() -> None:
    """As the desk reads it once a week."""
    assert learnt(a_gate_version(1)) == (
        "Dari 412 keputusan: kini 31, bukan 58, dari 100 obrolan yang perlu Anda lihat; "
        "dari 100 aduan dan permintaan terbuang 2,0 (tanpa belajar 3,0)."
    )
    assert learnt(a_gate_version(1).model_copy(update={"decisions": 2400})).startswith("Dari 2.400 keputusan")


@pytest.mark.parametrize(
    ("label", "guessed", "kind"),
    [
        (Label(is_report=False), "complaint", "other"),
        (Label(kind="question"), "complaint", "question"),
        (Label(department="dlh"), "request", "request"),
        (Label(department="dlh"), "other", "complaint"),
        (Label(department="dlh"), "question", "complaint"),
        (Label(topic="jalan"), "question", "question"),
        (Label(), "other", "complaint"),
    ],
)
def test_a_decision_is_of_the_kind_that_the_person_meant(label: Label, guessed: str, kind: str) -> None:
    """What a person did not say stays as the classifier found it, but a report is never taken for chatter."""
    decision = decision_of(an_example(label=label, decision=a_triage(kind=guessed)))
    assert decision is not None
    assert decision.kind == kind


def test_a_decision_has_its_thread_its_context_and_its_person() -> None:
    """What stands under one post is measured together; decisions of nobody known count as one person's."""
    context = Context(under="Banjir di Kalasan", by="account", to="account")
    decision = decision_of(an_example(context=context, thread="Banjir di Kalasan", by="admin-1"))
    assert decision is not None
    assert (decision.group, decision.context, decision.by) == ("under Banjir di Kalasan", context, "admin-1")
    assert decision.channel_kind == "instagram"
    alone, again = decision_of(an_example(text="Jalan  rusak")), decision_of(an_example(text="jalan rusak"))
    assert alone is not None
    assert again is not None
    assert alone.group == again.group
    assert alone.by == UNNAMED


def test_what_the_desk_does_not_stand_for_teaches_nothing() -> None:
    """A department that only a link named, and a post without words, are no decisions."""
    assert decision_of(an_example(link_of="dishub")) is None
    assert decision_of(an_example(text=" ")) is None


def test_decisions_are_read_month_by_month(monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest first, over pages and the turn of the year, and no more than are learnt from."""
    assert months_before(datetime(2026, 1, 31, 18, tzinfo=UTC), 3) == ["2026-02", "2026-01", "2025-12"]
    memory = Memory()
    for number in range(30):
        at = NOON - (number // 10) * timedelta(days=31)
        post = a_post(native_id=str(number), created_at=at)
        memory.posts[post.key] = post
        memory.examples[post.key] = an_example(post=post.key, text=f"kata {number}", ticket=None)
    monkeypatch.setattr("learn.decisions._PAGE", 3)
    examples = InMemoryExampleStore(memory)
    assert {one.text for one in confirmed_decisions(examples, NOON)} == {f"kata {number}" for number in range(30)}
    monkeypatch.setattr("learn.decisions.MOST", 15)
    texts = {one.text for one in confirmed_decisions(examples, NOON)}
    assert len(texts) == 15
    assert texts > {f"kata {number}" for number in range(10)}
