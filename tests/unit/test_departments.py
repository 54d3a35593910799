"""How topics and places lead to departments."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.triage import DESK
from classify.classifier import classify
from classify.departments import called, choose, rank
from classify.model import load_model
from classify.phrase_matches import reader_of

DIRECTORY = load_directory()
READER = reader_of(DIRECTORY)
WORDS = (
    *("jalan", "rusak", "lampu", "mati", "sampah", "parkir", "ular", "kebakaran", "longsor", "tawuran", "polisi"),
    *("jakal", "ringroad utara", "jalan magelang", "gang", "Bantul", "malioboro", "Sinduadi", "Godean"),
    *("RSUD Sleman", "BPJS", "sekolah", "SMA", "samsat", "DLH", "Dishub", "Bupati", "kalurahan", "PDAM", "selokan"),
)
some_text = st.one_of(
    st.lists(st.sampled_from(WORDS), max_size=10).map(" ".join), st.text(alphabet=st.characters(codec=None))
)
some_topics = st.dictionaries(st.sampled_from(sorted(DIRECTORY.topics)), st.floats(0, 1), min_size=1)


def test_topics_of_one_department_are_added_up() -> None:
    """Lamps and traffic are both Dishub's, so its probability is the sum of both."""
    topics = {"penerangan_jalan": 0.4, "jalan": 0.35, "lalu_lintas_parkir": 0.25}
    ranked = rank(topics, READER.read("gelap"), DIRECTORY)
    assert (ranked.choice.code, ranked.topic, ranked.topic_probability) == ("dishub", "penerangan_jalan", 0.4)
    assert ranked.probability == pytest.approx(0.65)
    assert (ranked.runner_up, ranked.runner_up_probability) == ("dpupkp", 0.35)


def test_the_likeliest_topic_leads() -> None:
    """Two unlikely topics of one department do not outvote the likeliest topic; their department is the runner-up."""
    topics = {"jalan": 0.4, "penerangan_jalan": 0.3, "lalu_lintas_parkir": 0.3}
    ranked = rank(topics, READER.read("gelap"), DIRECTORY)
    assert (ranked.choice.code, ranked.probability) == ("dpupkp", 0.4)
    assert ranked.runner_up == "dishub"
    assert ranked.runner_up_probability == pytest.approx(0.6)


def test_equally_probable_topics_are_taken_by_name() -> None:
    """The order in which the probabilities are given decides nothing."""
    reading = READER.read("")
    one = rank({"sosial": 0.5, "jalan": 0.5}, reading, DIRECTORY)
    assert one == rank({"jalan": 0.5, "sosial": 0.5}, reading, DIRECTORY)
    assert one.topic == "jalan"


def test_who_would_have_it_without_the_road_is_next() -> None:
    """Behind the province, which owns the road, the runner-up is the county's roads department, not another topic's."""
    topics = {"jalan": 0.7, "sosial": 0.3}
    ranked = rank(topics, READER.read("jalan kaliurang rusak"), DIRECTORY)
    assert (ranked.choice.code, ranked.choice.reason) == ("pu_diy", "jalan provinsi: Jalan Kaliurang")
    assert (ranked.runner_up, ranked.runner_up_probability) == ("dpupkp", 0.0)


def test_not_everything_follows_the_road() -> None:
    """Rubbish and parking beside a provincial road are the county's; lamps and signals are the province's."""
    reading = READER.read("jalan kaliurang")
    assert choose("sampah_lingkungan", reading, DIRECTORY).code == "dlh"
    assert choose("lalu_lintas_parkir", reading, DIRECTORY).code == "dishub"
    assert choose("penerangan_jalan", reading, DIRECTORY).code == "dishub_diy"
    signals = READER.read("lampu lalu lintas jalan kaliurang mati")
    assert choose("lalu_lintas_parkir", signals, DIRECTORY).code == "dishub_diy"


def test_next_door_everything_is_next_doors() -> None:
    """In Bantul every topic is Bantul's; the runner-up is the department that would have it in Sleman."""
    topics = dict.fromkeys(DIRECTORY.topics, 0.04) | {"jalan": 0.24}
    ranked = rank(topics, READER.read("jalan rusak di Banguntapan Bantul"), DIRECTORY)
    assert (ranked.choice.code, ranked.choice.clear, ranked.runner_up) == ("kab_lain", True, "dpupkp")
    assert ranked.probability == pytest.approx(1.0)


def test_a_departments_words_take_it_from_the_topics_own() -> None:
    """A hospital that is called by name gets the report itself."""
    assert choose("kesehatan", READER.read("antri lama"), DIRECTORY).code == "dinkes"
    choice = choose("kesehatan", READER.read("antri lama di RSUD Prambanan"), DIRECTORY)
    assert (choice.code, choice.clear) == ("rsud_prambanan", True)


def test_what_nobody_owns_is_a_persons_to_place() -> None:
    """A topic that leads to the desk is not clear, and the desk is never a runner-up."""
    assert choose("lainnya", READER.read("tolong"), DIRECTORY)[:2] == (DESK, False)
    ranked = rank({"jalan": 0.6, "lainnya": 0.4}, READER.read("tolong"), DIRECTORY)
    assert (ranked.choice.code, ranked.runner_up, ranked.runner_up_probability) == ("dpupkp", None, 0.0)


def test_calling_the_county_names_nobody() -> None:
    """Departments called by name are listed once and in order; the Bupati and the admins are not among them."""
    assert called(READER.read("Pak Bupati, Dishub dan DLH, Dishub tolong, min")) == ("dishub", "dlh")


@given(topics=some_topics, text=some_text)
def test_any_probabilities_give_a_sound_ranking(topics: dict[str, float], text: str) -> None:
    """Whatever the model says, the first department is the likeliest topic's, and the runner-up is another one."""
    reading = READER.read(text)
    ranked = rank(topics, reading, DIRECTORY)
    codes = {topic: choose(topic, reading, DIRECTORY).code for topic in topics}
    assert topics[ranked.topic] == ranked.topic_probability == max(topics.values())
    assert ranked.choice == choose(ranked.topic, reading, DIRECTORY)
    assert ranked.choice.code in DIRECTORY.departments
    assert ranked.probability == pytest.approx(
        sum(topics[topic] for topic in topics if codes[topic] == codes[ranked.topic])
    )
    assert ranked.runner_up not in {DESK, ranked.choice.code}
    if ranked.runner_up is None:
        assert set(codes.values()) <= {DESK, ranked.choice.code}
        assert ranked.runner_up_probability == 0
    else:
        expected = sum(topics[topic] for topic in topics if codes[topic] == ranked.runner_up)
        assert ranked.runner_up_probability == pytest.approx(expected)


@pytest.mark.parametrize(
    "text", ["kebakaran di Sinduadi", "pohon tumbang menutup jalan", "kabel listrik putus keluar api"]
)
@pytest.mark.parametrize("behind", ["bencana", "listrik_telekomunikasi", "jalan"])
def test_an_emergency_has_somebody_else_behind_it(text: str, behind: str) -> None:
    """A department that an emergency calls is never its own runner-up, so it never gets back what it refused."""
    model = load_model()
    raised = {"topic:lainnya": 60.0, f"topic:{behind}": 40.0, "urgency:emergency": 60.0, "report": 60.0}
    biases = (bias + raised.get(outcome, 0.0) for outcome, bias in zip(model.outcomes, model.biases, strict=True))
    decision = classify(text, DIRECTORY, model=dataclasses.replace(model, biases=tuple(biases)))
    assert (decision.urgency, decision.route) == ("emergency", "auto")
    assert decision.runner_up not in {decision.department, DESK}
    assert decision.runner_up is not None or decision.runner_up_probability == 0
