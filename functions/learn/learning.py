"""One run that learns: reads what the desk decided, fits an adapter, and puts it in force if it is better."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.gate_version import BASE, GateInForce, GateRun, GateVersion
from learn.fitting import Decision, Outcome, fit
from learn.sentences import kept_aside, learnt, no_better, too_few

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.store.gates import GateStore
    from classify.model import Model

FEWEST: Final = 50
"""Fewer decisions are not learnt from: a threshold needs some 36 reports to keep its promise."""


def learn(  # noqa: PLR0913 # what to learn from, where to keep it, and the circumstances
    decisions: Sequence[Decision],
    gates: GateStore,
    directory: Directory,
    model: Model,
    *,
    now: datetime,
    by: str | None = None,
) -> GateRun:
    """Learn from decisions, keep what was learnt as a version if it is better, and record the run.

    A better version is put in force, unless a person went back to an older one and nobody asks for this run.

    Args:
        decisions: What the desk decided.
        gates: The versions, and which is in force.
        directory: Topics and places, as `classify` uses them.
        model: The base model.
        now: The time of the run.
        by: The person who asked for the run; None for the schedule.

    Raises:
        OutdatedError: when another run, or a person, chose a version meanwhile. The version is kept all the same.
    """
    in_force, versions = gates.in_force(), gates.versions()
    kinds = {decision.kind for decision in decisions}
    if len(decisions) < FEWEST or "other" not in kinds or not kinds & {"complaint", "request"}:
        run = GateRun(at=now, outcome="too_few", decisions=len(decisions), sentence=too_few(len(decisions), FEWEST))
        gates.note_run(run)
        return run
    number = versions[0].version + 1 if versions else 1
    outcome = fit(decisions, directory, model, version=number, made_at=now.isoformat())
    if not outcome.improves:
        used = next((one for one in versions if one.version == in_force.version), None)
        if used is not None and used.model != model.hash:
            # It cannot be used any more: without it there is no alarm about it.
            gates.put_in_force(GateInForce(version=BASE, at=now), in_force)
        run = GateRun(at=now, outcome="no_better", decisions=len(decisions), sentence=no_better(len(decisions)))
        gates.note_run(run)
        return run
    version = described(outcome, len(decisions), now)
    gates.add(version, outcome.adapter.to_bytes())
    aside = in_force.held and by is None
    if not aside:
        gates.put_in_force(GateInForce(version=number, at=now, by=by), in_force)
    run = GateRun(
        at=now,
        outcome="kept_aside" if aside else "in_force",
        decisions=len(decisions),
        version=number,
        sentence=kept_aside(version, in_force.version) if aside else version.sentence,
    )
    gates.note_run(run)
    return run


def described(outcome: Outcome, decisions: int, now: datetime) -> GateVersion:
    """Describe what was learnt: its figures are the sums over all ways of writing, whether or not it changes them."""
    adapter = outcome.adapter
    figures = adapter.learnt.values()
    changed = [(one, name in adapter.drop_below) for name, one in adapter.learnt.items()]
    version = GateVersion(
        version=adapter.version,
        model=adapter.model,
        made_at=now,
        decisions=decisions,
        reports=sum(one.reports for one in figures),
        chatter=sum(one.chatter for one in figures),
        base_shown=sum(one.base_shown for one in figures),
        base_lost=sum(one.base_lost for one in figures),
        shown=sum(one.shown if is_changed else one.base_shown for one, is_changed in changed),
        lost=sum(one.lost if is_changed else one.base_lost for one, is_changed in changed),
        sentence="",
    )
    return version.model_copy(update={"sentence": learnt(version)})
