"""Train the deployed model, and score models trained in the same way on texts they have not seen."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aduan.directory import Directory
from aduan.triage import Triage
from classify.model import MODEL_FOLDER, Model, logit
from infra.training.example import OWN_SOURCES, Example, held_out, with_blind_twins
from infra.training.examples import read_corpus, read_dangers, read_examples, read_threads
from infra.training.export import export
from infra.training.fitting import Features, Unseen, fit, read_features
from infra.training.floors import scored_anew
from infra.training.model_card import write_model_card
from infra.training.report import Held, decisions
from infra.training.scores import Decided
from infra.training.thresholds import thresholds
from learn.unseen import write_unseen

PARTS: Final = 3
LARGE_SOURCE: Final = 100
"""A source with at least this many texts that have a topic is scored as if it were a city the model never met."""


@dataclass(frozen=True)
class Pool:
    """Texts and their features, side by side."""

    examples: tuple[Example, ...]
    features: tuple[tuple[list[str], ...], ...]

    def where(self, kept: Sequence[bool]) -> Pool:
        """Return the texts for which `kept` says True."""
        return Pool(
            tuple(example for example, stays in zip(self.examples, kept, strict=True) if stays),
            tuple(given for given, stays in zip(self.features, kept, strict=True) if stays),
        )

    def joined(self, other: Pool) -> Pool:
        """Return these texts and then the others."""
        return Pool(self.examples + other.examples, self.features + other.features)


def train(files: Sequence[Path], directory: Directory) -> None:
    """Train on the corpus and the files, score, and write the model, the model card and the scores.

    Every text of the files is scored once by a model that has not seen it: three times, another third is held out. The
    deployed model learns from all of these texts, but never from the part of our own that is kept for scoring.

    Raises:
        ExampleError: when a file cannot be read.
    """
    corpus = [*read_corpus(directory), *read_threads(directory), *read_dangers(directory)]
    given = [example for path in files for example in read_examples(path, directory)]
    print(f"{len(corpus)} texts of the corpus, {len(given)} of {len(files)} files; reading words …", flush=True)
    learnt = pool_of(with_blind_twins([example for example in corpus if not held_out(example)]), directory)
    others = pool_of(given, directory)

    held: list[Held] = []
    if given:
        held += _by_collection(_thirds(others, learnt, directory))
        held += _unseen_sources(others, learnt, directory)
    print("the model that is deployed:", flush=True)
    model = learn(others.joined(learnt), directory, MODEL_FOLDER)
    held += [Held(name, decided) for name, decided in scored_anew(directory, model).items()]
    print(write_model_card(held, model, corpus, given, files))


def _say(line: str) -> None:
    print(line, flush=True)


def pool_of(examples: Sequence[Example], directory: Directory) -> Pool:
    """Read the features of texts."""
    features: Features = read_features(examples, directory)
    return Pool(tuple(examples), tuple(features))


def _thirds(others: Pool, learnt: Pool, directory: Directory) -> Decided:
    decided: list[Decided] = []
    for part in range(PARTS):
        print(f"without third {part + 1} of {PARTS}:", flush=True)
        out = [example.part(PARTS) == part for example in others.examples]
        decided.append(_scored(others, out, learnt, directory))
    return [pair for pairs in decided for pair in pairs]


def _by_collection(decided: Decided) -> list[Held]:
    """Score each collection by itself: messages that are sent to governments, and what is written on social media."""
    collections: dict[str, list[tuple[Example, Triage]]] = {}
    for example, triage in decided:
        collections.setdefault(example.collection, []).append((example, triage))
    return [Held(f"held-out thirds of {name}", collections[name]) for name in sorted(collections)]


def _unseen_sources(others: Pool, learnt: Pool, directory: Directory) -> list[Held]:
    """Score large sources, each by a model that has seen nothing of it. A source with half of all texts is left out."""
    with_topic = [example.source for example in others.examples if example.topic]
    held: list[Held] = []
    for source in sorted(set(with_topic)):
        if LARGE_SOURCE <= with_topic.count(source) < len(with_topic) / 2:
            print(f"without {source}:", flush=True)
            out = [example.source == source for example in others.examples]
            held.append(Held(f"unseen source {source}", _scored(others, out, learnt, directory)))
    return held


def _scored(others: Pool, out: Sequence[bool], learnt: Pool, directory: Directory) -> Decided:
    """Train a model without the texts that are `out`, and decide about these."""
    with tempfile.TemporaryDirectory() as folder:
        model = learn(others.where([not stays for stays in out]).joined(learnt), directory, Path(folder))
    return decisions(others.where(out).examples, directory, model)


def learn(pool: Pool, directory: Directory, folder: Path, *, say: Callable[[str], None] = _say) -> Model:
    """Train a model, write it into a folder, and return it as the functions will read it.

    Args:
        pool: What it learns from.
        directory: Has the words that a model may always use.
        folder: Where its files are written.
        say: Is called with a line of progress after each step.
    """
    fitted = fit(pool.examples, list(pool.features), directory, say=lambda step: say(f"  {step}"))
    model = export(fitted, thresholds(pool.examples, fitted.unseen), folder)
    write_unseen(folder, model, _unseen_of_others(pool.examples, fitted.unseen))
    return model


def _unseen_of_others(examples: Sequence[Example], unseen: Unseen) -> Iterator[tuple[str, tuple[float, ...]]]:
    """Yield the texts that were not written for this project, as only they may be decided about by a desk as well."""
    for place, example in enumerate(examples):
        if example.source not in OWN_SOURCES:
            known = (unseen.report[place], unseen.shown[place], unseen.question[place])
            yield example.text, tuple(logit(float(probability)) for probability in known)
