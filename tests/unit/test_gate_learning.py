"""A gate learns from the desk only what holds on decisions it has not learnt from, and from no single person."""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Iterable
from pathlib import Path

import pytest

from aduan.directory_loading import load_directory
from classify.adapter import Adapter
from classify.features import features_of
from classify.model import Model, load_model, logistic
from classify.phrase_matches import reader_of
from learn.fitting import CONFIDENCE, PROMISE, Decision, fit, most_lost
from learn.logistic import Row, fitted
from learn.unseen import fingerprint, unseen_logits, write_unseen
from tests.desk import CHEERS, NAMES, PLEAS, comments, decided
from tests.small_model import OUTCOMES, write_model

DIRECTORY = load_directory()


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Model:
    """A base model that shows everything: each text is as likely a report as not, and more likely with a hole."""
    weights = [1 if outcome in ("report", "shown") else 0 for outcome in OUTCOMES]
    return load_model(write_model(tmp_path_factory.mktemp("base"), {"word": {"lubang": weights}}))


def shown(texts: Iterable[str], model: Model, adapter: Adapter | None = None) -> list[bool]:
    """Tell for each text whether a person sees it."""
    reader, answers = reader_of(DIRECTORY), []
    for text in texts:
        features = features_of(reader.read(text))
        probable, gate = model.weigh(features), model.gates["comment"]
        if adapter is not None:
            probable, gate = adapter.applied(probable, gate, features, "comment")
        answers.append(probable.relevance >= gate.drop_below)
    return answers


def test_what_the_desk_always_clicks_away_is_no_longer_shown(model: Model) -> None:
    outcome = fit(decided(), DIRECTORY, model, version=1, made_at="")
    learnt = outcome.adapter.learnt["comment"]
    assert outcome.improves
    assert (learnt.decisions, learnt.reports, learnt.chatter) == (300, 100, 200)
    assert (learnt.base_shown, learnt.base_lost) == (200, 0)
    assert learnt.shown <= 10
    assert learnt.lost <= 3
    cheers, pleas = comments(CHEERS, 100, seed=3), comments(PLEAS, 100, seed=4)
    assert all(shown(cheers, model))
    assert sum(shown(cheers, model, outcome.adapter)) <= 5
    assert sum(shown(pleas, model, outcome.adapter)) >= 97


def test_the_same_decisions_in_any_order_make_the_same_adapter(model: Model) -> None:
    decisions = decided(40, 60)
    one = fit(decisions, DIRECTORY, model, version=1, made_at="").adapter
    random.Random(5).shuffle(decisions)  # noqa: S311 # test data
    assert fit(decisions, DIRECTORY, model, version=1, made_at="").adapter.to_bytes() == one.to_bytes()


@pytest.mark.parametrize(("reports", "chatter"), [(0, 0), (0, 200), (36, 200), (100, 0)])
def test_too_few_reports_or_nothing_to_hide_leave_the_base_model_alone(
    model: Model, reports: int, chatter: int
) -> None:
    """With fewer than 37 reports nothing is sure enough; a text is then decided as if there were no adapter."""
    outcome = fit(decided(reports, chatter), DIRECTORY, model, version=1, made_at="")
    assert not outcome.improves
    features = features_of(reader_of(DIRECTORY).read("semangat mantap pak"))
    alone = model.weigh(features), model.gates["comment"]
    assert outcome.adapter.applied(*alone, features, "comment") == alone


def test_what_is_only_remembered_is_not_put_in_force(model: Model) -> None:
    """Each thread has words of its own and labels by chance: there is nothing to learn that holds elsewhere."""
    draw = random.Random(6)  # noqa: S311 # test data
    decisions = []
    for thread in range(40):
        label = draw.choice(("complaint", "other"))
        decisions += [
            Decision(f"katakhas{thread}x {first} {second}", label, f"thread {thread}")  # type: ignore[arg-type]
            for first, second in itertools.islice(itertools.permutations(NAMES, 2), 6)
        ]
    learnt = fit(decisions, DIRECTORY, model, version=1, made_at="").adapter.learnt["comment"]
    assert learnt.shown >= 0.8 * learnt.base_shown


HOLES = [f"jalan lubang {' '.join(names)}" for names in itertools.permutations(NAMES, 3)]


def test_one_persons_clicks_cannot_teach_it_to_drop_a_topic(model: Model) -> None:
    """Somebody clicks 200 complaints about roads away, which nobody else decided about; roads are still shown."""
    honest = decided(by="admin-1")
    clicks = [Decision(text, "other", text, by="admin-2") for text in HOLES[:200]]
    adapter = fit([*honest, *clicks], DIRECTORY, model, version=1, made_at="").adapter
    assert sum(shown(HOLES[400:500], model, adapter)) >= 97
    # The test can fail: decisions without a person have no limit, and teach exactly this.
    clicks = [click._replace(by=None) for click in clicks]
    taught = fit([*honest, *clicks], DIRECTORY, model, version=1, made_at="").adapter
    assert sum(shown(HOLES[400:500], model, taught)) < 50


def test_a_desk_of_one_person_teaches_all_the_same(model: Model) -> None:
    """The limit is for topics that nobody finds a report in, not for whoever does all the work."""
    outcome = fit(decided(by="admin-1"), DIRECTORY, model, version=1, made_at="")
    assert outcome.improves
    assert outcome.adapter.learnt["comment"].shown <= 20


def test_a_threshold_loses_no_more_than_promised_as_surely_as_it_says() -> None:
    """`most_lost` is the largest number that keeps the promise with that confidence."""

    def surety(reports: int, lost: int) -> float:
        return 1 - sum(
            math.comb(reports, one) * PROMISE**one * (1 - PROMISE) ** (reports - one) for one in range(lost + 1)
        )

    for reports in (0, 1, 36, 37, 75, 76, 200, 519):
        allowed = most_lost(reports)
        if allowed is None:
            assert reports == 0 or surety(reports, 0) < CONFIDENCE
        else:
            assert surety(reports, allowed) >= CONFIDENCE
            assert surety(reports, allowed + 1) < CONFIDENCE
    assert [most_lost(reports) for reports in (36, 37, 76)] == [None, 0, 1]


def test_weights_are_where_the_penalty_and_the_examples_pull_equally() -> None:
    """That is where logistic regression has its one best solution."""
    draw = random.Random(7)  # noqa: S311 # test data
    rows = [
        Row(
            known=draw.gauss(0, 1),
            shared=(1.0, draw.gauss(0, 1)),
            places=(places := tuple(draw.sample(range(12), 4))),
            values=(0.5, 0.7, 0.2, 1.0),
            right=draw.random() < (0.8 if 3 in places else 0.3),
            weight=draw.choice((0.3, 1.0)),
        )
        for _ in range(150)
    ]
    weights = fitted(rows, 2, 12, penalty=4.0)
    pulls = [0.0] * 12
    shared = [0.0, 0.0]
    for row in rows:
        missed = row.weight * (row.right - logistic(row.known + weights.added_to(row)))
        for place, value in zip(row.places, row.values, strict=True):
            pulls[place] += missed * value
        shared = [pull + missed * value for pull, value in zip(shared, row.shared, strict=True)]
    assert [4.0 * weight for weight in weights.sparse] == pytest.approx(pulls, abs=0.15)
    assert [4.0 * weight for weight in weights.shared] == pytest.approx(shared, abs=0.15)


def test_what_was_learnt_from_before_is_judged_by_models_that_had_not(tmp_path: Path, model: Model) -> None:
    write_unseen(tmp_path, model, [("Lampu mati,\n Pak", (1.5, -2.25, 0.0)), ("lain", (100.0, -100.0, 0.0))])
    known = unseen_logits(model, tmp_path)
    assert known[fingerprint("lampu mati, pak")] == (1.5, -2.25, 0.0)
    assert known[fingerprint("lain")][0] > 30
    assert fingerprint("lampu hidup, pak") not in known


def test_the_texts_of_another_model_say_nothing(tmp_path: Path, model: Model) -> None:
    assert unseen_logits(model, tmp_path) == {}
    other = tmp_path / "other"
    other.mkdir()
    write_unseen(other, load_model(), [("lampu mati", (1.0, 1.0, 0.0))])
    assert unseen_logits(model, other) == {}


def test_the_deployed_model_has_the_texts_it_learnt_from() -> None:
    """Training writes them; without, whoever adapts to these texts would trust the base model too much."""
    assert len(unseen_logits(load_model())) > 1000
