"""The arithmetic of the linear model."""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.context import Context
from aduan.post import ChannelKind
from classify.features import FAMILIES
from classify.model import Model, ModelError, gate_name, load_model
from tests.small_model import OUTCOMES, ZEROS, Weights, write_model

NAMES = [f"kata{number}" for number in range(12)]
NOTHING: tuple[list[str], ...] = ([],) * (len(FAMILIES) - 1)
"""No features of any family but the first."""
JALAN, SOSIAL = OUTCOMES.index("topic:jalan"), OUTCOMES.index("topic:sosial")

a_row = st.lists(st.integers(-128, 127), min_size=len(OUTCOMES), max_size=len(OUTCOMES))
some_weights = st.fixed_dictionaries({family: st.dictionaries(st.sampled_from(NAMES), a_row) for family in FAMILIES})
some_floats = st.lists(st.floats(-4, 4), min_size=len(OUTCOMES), max_size=len(OUTCOMES))
some_scales = st.fixed_dictionaries(dict.fromkeys(FAMILIES, some_floats))
some_features = st.tuples(*[st.lists(st.sampled_from(NAMES), max_size=20) for _ in FAMILIES])


def loaded(
    families: Mapping[str, Weights],
    *,
    biases: Sequence[float] = ZEROS,
    scales: Mapping[str, Sequence[float]] | None = None,
) -> Model:
    """Return the model of these weights, as the functions load it."""
    if not any(families.values()):
        families = {**families, "word": {"nihil": [0] * len(OUTCOMES)}}  # training never makes a model without features
    with tempfile.TemporaryDirectory() as folder:
        return load_model.__wrapped__(write_model(Path(folder), families, biases=biases, scales=scales))


def naive_logits(
    families: Mapping[str, Weights],
    features: Sequence[Sequence[str]],
    biases: Sequence[float],
    scales: Mapping[str, Sequence[float]],
) -> list[float]:
    """Add the weights of each family's known features one by one, divided by the root of their number."""
    logits = list(biases)
    for family, given_features in zip(FAMILIES, features, strict=True):
        known = [name for name in set(given_features) if name in families[family]]
        for lane, scale in enumerate(scales[family]):
            weight = sum(families[family][name][lane] for name in known)
            logits[lane] += weight * scale / math.sqrt(max(1, len(known)))
    return logits


def sigmoid(logit: float) -> float:
    """Return the probability of a logit, computed so that it cannot overflow."""
    return (1 + math.tanh(logit / 2)) / 2


@given(families=some_weights, features=some_features, biases=some_floats, scales=some_scales)
def test_packed_addition_is_the_sum_of_the_rows(
    families: dict[str, dict[str, list[int]]],
    features: tuple[list[str], ...],
    biases: list[float],
    scales: dict[str, list[float]],
) -> None:
    """Adding packed integers gives the same as adding each weight separately."""
    probable = loaded(families, biases=biases, scales=scales).weigh(features)
    logits = naive_logits(families, features, biases, scales)
    assert (probable.report, probable.shown) == pytest.approx((sigmoid(logits[0]), sigmoid(logits[1])), abs=1e-9)
    if max(map(abs, logits[:2])) < 20:  # nearer to certainty, a probability no longer tells its logit
        assert probable.relevance == pytest.approx(sigmoid((logits[0] + logits[1]) / 2), abs=1e-4)
    for group, first in ((probable.kind, 2), (probable.urgency, 4), (probable.topic, 6)):
        expected = sigmoid(logits[first] - logits[first + 1])
        assert list(group.values()) == pytest.approx([expected, 1 - expected], abs=1e-9)


@pytest.mark.parametrize("count", [1, 10_000, 30_000])
@pytest.mark.parametrize("weight", [127, -128])
def test_no_lane_of_a_long_text_runs_into_the_next(count: int, weight: int) -> None:
    """However many features a text has, one outcome's sum does not spill into its neighbours."""
    row = [0] * len(OUTCOMES)
    row[JALAN] = weight
    names = [f"w{number}" for number in range(count)]
    scales = {"word": [1e-4] * len(OUTCOMES)}
    probable = loaded({"word": dict.fromkeys(names, row)}, scales=scales).weigh((names, *NOTHING))
    assert probable.topic["jalan"] == pytest.approx(sigmoid(weight * 1e-4 * math.sqrt(count)))
    assert (probable.report, probable.shown) == (0.5, 0.5)
    assert set(probable.kind.values()) == set(probable.urgency.values()) == {0.5}


@given(
    features=some_features,
    families=some_weights,
    biases=st.lists(st.floats(-1e12, 1e12), min_size=len(OUTCOMES), max_size=len(OUTCOMES)),
)
def test_probabilities_are_probabilities(
    features: tuple[list[str], ...], families: dict[str, dict[str, list[int]]], biases: list[float]
) -> None:
    """Whatever the weights, nothing overflows, and kinds, topics and urgencies each sum to one."""
    probable = loaded(families, biases=biases).weigh(features)
    assert all(0 <= one <= 1 for one in (probable.report, probable.shown, probable.relevance, probable.question))
    for group in (probable.kind, probable.topic, probable.urgency):
        assert all(0 <= probability <= 1 for probability in group.values())
        assert sum(group.values()) == pytest.approx(1)


@settings(max_examples=50)
@given(
    families=some_weights,
    features=some_features,
    unknown=st.tuples(*[st.lists(st.text().filter(lambda name: name not in NAMES)) for _ in FAMILIES]),
)
def test_unknown_and_repeated_features_change_nothing(
    families: dict[str, dict[str, list[int]]], features: tuple[list[str], ...], unknown: tuple[list[str], ...]
) -> None:
    """A feature unknown to the model has no weight, and a repeated one counts once."""
    model = loaded(families)
    more = tuple(others[::2] + names + names + others[1::2] for names, others in zip(features, unknown, strict=True))
    assert model.weigh(more) == model.weigh(features)


def test_a_text_without_known_features_gets_what_is_usual() -> None:
    """Without known features only the biases remain."""
    biases = [0.0] * len(OUTCOMES)
    biases[OUTCOMES.index("urgency:urgent")] = math.log(3)
    probable = loaded({}, biases=biases).weigh(((),) * len(FAMILIES))
    assert probable.urgency == pytest.approx({"normal": 0.25, "urgent": 0.75})


def test_leading_features_come_by_weight() -> None:
    """The strongest feature comes first, equal ones by name; features against an outcome are never named."""
    weights = {"jelek": 10, "rusak": 90, "berlubang": 90, "aspal": 127, "bansos": -50, "yang": 0}
    rows = {name: [0, 0, 0, 0, 0, 0, weight, -weight] for name, weight in weights.items()}
    model = loaded({"word": rows})
    features: tuple[list[str], ...] = ([*weights, "asing"], *NOTHING)
    assert model.leading("topic:jalan", features, [0]) == ["aspal", "berlubang", "rusak", "jelek"]
    assert model.leading("topic:sosial", features, [0]) == ["bansos"]


def test_leading_features_are_weighed_across_families() -> None:
    """Only the requested families are named, each weighed by its own scale, and each name once."""
    row, stronger = [0, 0, 0, 0, 0, 0, 50, 0], [0, 0, 0, 0, 0, 0, 100, 0]
    families = {"word": {"jalan": stronger, "aspal": row}, "pair": {"jalan rusak": stronger}, "opening": {"aspal": row}}
    scales = {"pair": [2.0] * len(OUTCOMES), "opening": [3.0] * len(OUTCOMES)}
    model = loaded(families, scales=scales)
    features: tuple[list[str], ...] = (["jalan", "aspal"], ["jalan rusak"], ["aspal"], *NOTHING[2:])
    assert model.leading("topic:jalan", features, [0, 1]) == ["jalan rusak", "jalan", "aspal"]
    for asked in ([0, 1, 2], [2, 1, 0]):
        assert model.leading("topic:jalan", features, asked) == ["jalan rusak", "aspal", "jalan"]


@pytest.mark.parametrize("name", ["model.json", "features.txt", "weights.bin"])
def test_a_missing_file_is_named(tmp_path: Path, name: str) -> None:
    """The error names the missing file."""
    (write_model(tmp_path, {"word": {"jalan": [0] * len(OUTCOMES)}}) / name).unlink()
    with pytest.raises(ModelError, match=rf"{name}: the file is missing"):
        load_model(tmp_path)


@pytest.mark.parametrize(
    ("name", "more"), [("features.txt", b"\nlagi"), ("weights.bin", b"\x80"), ("weights.bin", b"")]
)
def test_files_that_do_not_fit_are_named(tmp_path: Path, name: str, more: bytes) -> None:
    """A truncated file, or one of another training, is not loaded; the error says what each file has."""
    path = write_model(tmp_path, {"word": {"jalan": [0] * len(OUTCOMES), "rusak": [0] * len(OUTCOMES)}}) / name
    path.write_bytes(path.read_bytes() + more if more else path.read_bytes()[: len(OUTCOMES)])
    with pytest.raises(ModelError, match=r"model\.json speaks of 2 features, features\.txt has .* and weights\.bin"):
        load_model(tmp_path)


@pytest.mark.parametrize("name", ["model.json", "features.txt", "weights.bin"])
def test_the_hash_stands_for_every_file(tmp_path: Path, name: str) -> None:
    """A model that differs in one byte has another hash, and a copy has the same."""
    here = write_model(tmp_path, {"word": {"jalan": [0] * len(OUTCOMES)}})
    copied, changed = tmp_path / "copied", tmp_path / "changed"
    for folder in (copied, changed):
        folder.mkdir()
        for file in here.glob("*.*"):
            shutil.copy(file, folder)
    path = changed / name
    path.write_bytes(path.read_bytes().replace(b"0.05", b"0.06").replace(b"jalan", b"jalur").replace(b"\x80", b"\x81"))
    assert load_model(copied).hash == load_model(here).hash
    assert load_model(changed).hash != load_model(here).hash


UNDER_A_POST = Context(under="Info perbaikan jalan", by="account", to="account")
UNDER_NOTHING_KNOWN = Context(to="account")
TO_A_CITIZEN = Context(under="Info perbaikan jalan", by="account", to="citizen")


@pytest.mark.parametrize(
    ("channel_kind", "context", "name"),
    [
        ("webhook", None, "message"),
        ("webhook", UNDER_A_POST, "message"),
        ("x", None, "post"),
        ("x", TO_A_CITIZEN, "post"),
        ("x", UNDER_NOTHING_KNOWN, "comment"),
        ("x", UNDER_A_POST, "thread"),
        ("instagram", None, "comment"),
        ("instagram", UNDER_NOTHING_KNOWN, "comment"),
        ("facebook_page", UNDER_A_POST, "thread"),
        ("facebook_page", TO_A_CITIZEN, "thread"),
        (None, None, "comment"),
        (None, UNDER_A_POST, "thread"),
    ],
)
def test_each_way_of_writing_has_its_gate(channel_kind: ChannelKind | None, context: Context | None, name: str) -> None:
    """Messages to a government, posts on X that address nobody, and comments with and without their post differ."""
    assert gate_name(channel_kind, context) == name


def test_a_text_that_is_no_report_and_surely_asks_is_a_question() -> None:
    """How probable a question is takes into account that the text may be chatter."""
    asking = [0.0] * len(OUTCOMES)
    asking[OUTCOMES.index("shown")] = -math.log(3)
    probable = loaded({}, biases=asking).weigh(((),) * len(FAMILIES))
    assert probable.question == 0.0  # this model knows no questions
    assert probable._replace(kind={"question": 0.8, "complaint": 0.2}).question == pytest.approx(0.2)
