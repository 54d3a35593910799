"""Fit adapters by hand, and measure how a deployment would learn from its desk."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from aduan.directory import Directory
from classify.model import Model, load_model
from infra.training.example import Example, held_out, with_blind_twins
from infra.training.examples import read_corpus, read_dangers, read_examples, read_threads
from infra.training.json_lines import ExampleError
from infra.training.report import decisions
from infra.training.scores import Decided, score
from infra.training.train import learn, pool_of
from learn.fitting import Decision, Outcome, fit

CURVE: Final = (0, 150, 300, 600, 1200, 2400)
PARTS: Final = 5
"""The decisions are held out in so many parts, each in turn, and the figures are those of all parts together."""


def adapt(path: Path, out: Path, directory: Directory) -> str:
    """Fit an adapter of the deployed model to the decisions in a file, write it, and return what it learnt.

    Raises:
        ExampleError: when the file cannot be read.
    """
    outcome = _fitted(read_examples(path, directory), directory, load_model())
    out.write_bytes(outcome.adapter.to_bytes())
    return described(outcome)


def described(outcome: Outcome) -> str:
    """Say in a line for each gate what an adapter learnt, and how it did on what it had not learnt from."""
    lines = []
    for name, learnt in outcome.adapter.learnt.items():
        force = "in force" if name in outcome.adapter.drop_below else "not in force: the base model does as well"
        lines.append(
            f"{name}: {learnt.decisions} decisions, {force}; "
            f"of {learnt.chatter} chatter {learnt.shown} shown (base model {learnt.base_shown}), "
            f"of {learnt.reports} complaints and requests {learnt.lost} lost (base model {learnt.base_lost})"
        )
    return "\n".join(lines)


def learning_curve(
    files: Sequence[Path], source: str | None, directory: Directory, *, say: Callable[[str], None]
) -> str:
    """Return a table of how one account's chatter and reports fare after ever more decisions of its own.

    The base model is trained anew without any text of the account: a model that has learnt from them would flatter.

    Args:
        files: Labelled texts, those of the account and others.
        source: The account, by the name of a source; None for the source with most real comments.
        directory: Topics and places.
        say: Is called with a line of progress after each step.

    Raises:
        ExampleError: when a file cannot be read, or has no decisions of the account.
    """
    given = [example for path in files for example in read_examples(path, directory)]
    source = source or _largest(given)
    account = [example for example in given if example.source == source]
    if not any(example.wants_action for example in account) or all(example.is_report for example in account):
        raise ExampleError(f"the source {source!r} has no labelled reports and chatter")
    corpus = [*read_corpus(directory), *read_threads(directory), *read_dangers(directory)]
    others = [example for example in given if example.source != source]
    learnt = [*others, *with_blind_twins([example for example in corpus if not held_out(example)])]
    with tempfile.TemporaryDirectory() as folder:
        say(f"a base model without the {len(account)} texts of {source}:")
        base = learn(pool_of(learnt, directory), directory, Path(folder), say=say)
        return "\n".join(_rows(account, base, directory))


def _rows(account: Sequence[Example], base: Model, directory: Directory) -> list[str]:
    rows = [
        "| decisions | chatter shown | complaints and requests lost | questions not dropped | in force |",
        "| --- | --- | --- | --- | --- |",
    ]
    for wanted in CURVE:
        decided: list[Decided] = []
        used, in_force = [], 0
        for part in range(PARTS):
            rest = sorted((one for one in account if one.part(PARTS, "curve ") != part), key=_place)
            outcome = _fitted(rest[:wanted], directory, base) if wanted else None
            used.append(len(rest[:wanted]))
            in_force += outcome is not None and outcome.improves
            test = [one for one in account if one.part(PARTS, "curve ") == part]
            decided.append(decisions(test, directory, base, adapter=outcome.adapter if outcome else None))
        pairs = [pair for of_part in decided for pair in of_part]
        figures = score(pairs)
        questions = [triage.route != "drop" for example, triage in pairs if example.kind == "question"]
        rows.append(
            f"| {min(used):,} | {figures.chatter_shown:.3f} | {figures.lost:.3f} "
            f"| {sum(questions) / max(1, len(questions)):.3f} | {in_force} of {PARTS} |"
        )
    return rows


def _place(example: Example) -> int:
    """Return the place of a text in the order in which the desk decides; groups are together, otherwise by chance."""
    return example.part(2**62, "order ")


def _largest(examples: Sequence[Example]) -> str:
    names = [example.source for example in examples if not example.teaches_topic]
    if not names:
        raise ExampleError("no line has a label: there is no account to measure")
    return max(sorted(set(names)), key=names.count)


def _fitted(examples: Sequence[Example], directory: Directory, model: Model) -> Outcome:
    made_at = datetime.now(UTC).isoformat(timespec="seconds")
    return fit([_decision(example) for example in examples], directory, model, version=1, made_at=made_at)


def _decision(example: Example) -> Decision:
    context = example.context
    return Decision(
        text=example.text,
        kind=(example.kind or "complaint") if example.is_report else "other",
        group=context.under if context and context.under else example.group,
        context=context,
        channel_kind=example.channel_kind,
    )
