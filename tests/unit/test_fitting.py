"""How labelled texts become the files that the functions read."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from aduan.directory_loading import load_directory
from classify.features import FAMILIES, features_of
from classify.model import Gate, Model, Probabilities
from classify.phrase_matches import reader_of
from infra.training.export import export
from infra.training.fitting import Fit, fit, read_features
from infra.training.thresholds import Thresholds, thresholds
from tests.invented import MATTERS, an_example, some_examples

DIRECTORY = load_directory()
EXAMPLES = some_examples()
FEATURES = read_features(EXAMPLES, DIRECTORY)
GATE = Gate(drop_below=0.0512345, ticket_from=0.61234567, question_from=0.5, auto_from={"jalan": 0.81234567})
THRESHOLDS = Thresholds(auto_report=0.7, gates={"comment": GATE, "post": GATE._replace(drop_below=0.2)})
UNSEEN_TEXTS = [
    "tolong aspal di Turi berlubang",
    "sampah pabrik bau, semoga segera diangkut",
    "bantuan lansia belum cair sekarang",
    "selamat pagi kak lucu",
    "kata asing belaka",
    "jalan " * 50 + " ".join(matter for matters in MATTERS.values() for matter in matters),
]


@pytest.fixture(scope="module")
def fitted() -> Fit:
    """Return what training makes of the invented texts."""
    return fit(EXAMPLES, FEATURES, DIRECTORY)


@pytest.fixture(scope="module")
def model(fitted: Fit, tmp_path_factory: pytest.TempPathFactory) -> Model:
    """Return the same model as the functions load it."""
    return export(fitted, THRESHOLDS, tmp_path_factory.mktemp("model"))


def exact(fitted: Fit, text: str) -> dict[str, np.ndarray]:
    """Return the logits of each decision in floating point, as the learners compute them."""
    row = fitted.vocabulary.matrix(read_features([an_example(text=text)], DIRECTORY))
    return {head.outcomes[0].partition(":")[0]: (row @ head.weights + head.biases)[0] for head in fitted.heads}


def rounding(model: Model, features: tuple[list[str], ...]) -> float:
    """Return how far a logit may be off: half a step for each feature, plus the bias's fourth decimal."""
    worst = 1e-4
    for family, given in zip(model.families, features, strict=True):
        found = len(family.rows.keys() & set(given))
        # The scale is rounded to four digits too, and up to 127 steps multiply it.
        worst += max(family.scales) * (0.5 + 127 * 0.0005) * found**0.5
    return worst


def softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max())
    return np.asarray(powers / powers.sum())


@pytest.mark.parametrize("text", [*UNSEEN_TEXTS, *(example.text for example in EXAMPLES[::40])])
def test_the_functions_compute_what_was_learnt(fitted: Fit, model: Model, text: str) -> None:
    """Eight-bit weights added as integers give the learners' probabilities, up to rounding."""
    features = features_of(reader_of(DIRECTORY).read(text))
    probable, logits = model.weigh(features), exact(fitted, text)
    # A probability moves by at most half of what its logits move.
    tolerance = rounding(model, features) / 2
    assert tolerance < 0.5
    assert probable.report == pytest.approx(1 / (1 + np.exp(-logits["report"][0])), abs=tolerance)
    assert probable.shown == pytest.approx(1 / (1 + np.exp(-logits["shown"][0])), abs=tolerance)
    for name in ("kind", "urgency", "topic"):
        group: dict[str, float] = getattr(probable, name)
        assert list(group.values()) == pytest.approx(softmax(logits[name]).tolist(), abs=tolerance)


def test_what_was_learnt_is_right(model: Model) -> None:
    """The model recognises topics, kinds, urgencies and chatter in texts it has not seen."""

    def weighed(text: str) -> Probabilities:
        return model.weigh(features_of(reader_of(DIRECTORY).read(text)))

    report = weighed("aspal retak di Godean, mohon informasi, tolong segera")
    assert report.report > 0.5
    for group, expected in ((report.topic, "jalan"), (report.kind, "request"), (report.urgency, "urgent")):
        assert max(group, key=lambda code: group[code]) == expected
    chatter, question = weighed("dijual foto lucu pagi"), weighed("jembatan retak, numpang tanya kapan")
    assert max(chatter.report, chatter.shown) < 0.5
    assert report.shown > 0.5
    assert question.report < 0.5 < question.question


def test_what_the_model_said_unseen_is_kept(fitted: Fit) -> None:
    """Each text keeps what models that had not seen it predicted: of every topic, a report, chatter and a question."""
    assert fitted.unseen.topics == tuple(sorted(MATTERS))
    assert fitted.unseen.topic.shape == (len(EXAMPLES), len(MATTERS))
    assert fitted.unseen.topic.sum(axis=1) == pytest.approx(np.ones(len(EXAMPLES)))
    reports = np.array([example.wants_action for example in EXAMPLES])
    shown = np.array([example.is_report for example in EXAMPLES])
    questions = np.array([example.kind == "question" for example in EXAMPLES])
    assert ((fitted.unseen.report > 0.5) == reports).mean() > 0.9
    assert ((fitted.unseen.shown > 0.5) == shown).mean() > 0.9
    assert ((fitted.unseen.question > 0.5) == questions)[shown].mean() > 0.9


def test_the_same_texts_give_the_same_files(fitted: Fit, model: Model, tmp_path: Path) -> None:
    """Training twice gives the same model, byte for byte."""
    again = export(fit(EXAMPLES, read_features(EXAMPLES, DIRECTORY), DIRECTORY), THRESHOLDS, tmp_path / "again")
    first = export(fitted, THRESHOLDS, tmp_path / "first")
    assert again.hash == first.hash == model.hash
    for name in ("model.json", "features.txt", "weights.bin"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "first" / name).read_bytes()


def test_thresholds_are_written_as_fitted(model: Model) -> None:
    """The functions read the thresholds that training found, to four decimals."""
    assert model.auto_report == 0.7
    assert model.gates == {
        "comment": Gate(0.0512, 0.6123, 0.5, {"jalan": 0.8123}),
        "post": Gate(0.2, 0.6123, 0.5, {"jalan": 0.8123}),
    }


def test_every_family_is_written_in_its_order(fitted: Fit, model: Model) -> None:
    """Each family's features are those of the vocabulary, and no family has weights of another."""
    assert [tuple(family.rows) for family in model.families] == list(fitted.vocabulary.names)
    assert len(model.families) == len(FAMILIES)


def test_texts_without_topic_or_kind_are_learnt_from(tmp_path: Path) -> None:
    """A source that only says what is a report teaches that and affects nothing else."""
    bare = [
        example.model_copy(update={"topic": None, "kind": None, "urgency": None, "source": "lain"})
        for example in EXAMPLES[::7]
    ]
    mixed = EXAMPLES + bare
    fitted = fit(mixed, read_features(mixed, DIRECTORY), DIRECTORY)
    model = export(fitted, thresholds(mixed, fitted.unseen), tmp_path)
    topics = model.weigh(features_of(reader_of(DIRECTORY).read("aspal retak di Godean, mohon informasi"))).topic
    assert max(topics, key=lambda code: topics[code]) == "jalan"


def test_a_topic_is_not_learnt_from_one_accounts_matter() -> None:
    """Comments of one account teach reports and kinds: however many name a topic, the topics stay as they were."""
    comments = [
        an_example(text=f"vaksin datang {place}", topic="sosial", group=f"c{place}", source="akun", teaches_topic=False)
        for place in range(40)
    ]
    mixed = [*EXAMPLES, *comments]
    vocabulary = fit(mixed, read_features(mixed, DIRECTORY), DIRECTORY)
    topic = next(head for head in vocabulary.heads if head.outcomes[0].startswith("topic:"))
    row = vocabulary.vocabulary.matrix(read_features([an_example(text="vaksin vaksin")], DIRECTORY))
    probable = softmax((row @ topic.weights + topic.biases)[0])
    assert probable[topic.outcomes.index("topic:sosial")] < 0.6


def test_too_few_texts_are_refused_by_name() -> None:
    """A topic that is missing in a part of the texts is reported by name, and is not learnt wrongly."""
    lonely = an_example(text="air keruh", topic="air_bersih", group="sendiri", id="sendiri")
    with pytest.raises(ValueError, match=r"lacks the topics air_bersih: too few texts"):
        fit([*EXAMPLES, lonely], [*FEATURES, *read_features([lonely], DIRECTORY)], DIRECTORY)
