"""What the admin API says and does about the gate that learns from the desk."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final, Protocol

from admin_api.answers import Answer, wib
from aduan.gate_version import BASE, GateInForce
from aduan.record import stamp
from aduan.refusal import RefusedError, not_found

if TYPE_CHECKING:
    from mypy_boto3_lambda import LambdaClient

    from aduan.gate_version import GateRun, GateVersion, RunOutcome

RUN_LABELS: Final[Mapping[RunOutcome, str]] = {
    "in_force": "Versi baru dipakai",
    "kept_aside": "Versi baru disimpan, belum dipakai",
    "no_better": "Tidak ada yang lebih baik",
    "too_few": "Keputusan belum cukup",
}


class Learner(Protocol):
    """Starts the function that learns."""

    def start(self, by: str) -> None:
        """Start a run that a person asks for, and do not wait for it."""


@dataclass(frozen=True)
class LambdaLearner:
    """`Learner` by an asynchronous invocation. The client is made late: runs are seldom asked for."""

    connect: Callable[[], LambdaClient]
    function: str

    @functools.cached_property
    def client(self) -> LambdaClient:
        """The Lambda client, made for the first run."""
        return self.connect()

    def start(self, by: str) -> None:
        """Make one request."""
        self.client.invoke(FunctionName=self.function, InvocationType="Event", Payload=json.dumps({"by": by}).encode())


def chosen(
    wanted: int, in_force: GateInForce, versions: Sequence[GateVersion], *, by: str, now: datetime
) -> GateInForce | None:
    """Return what is in force when a person has chosen a version; None when that is so already.

    Whoever chooses another than the newest version holds it: later ones are kept aside until a person chooses again.

    Raises:
        RefusedError: 404 when there is no such version.
    """
    newest = versions[0].version if versions else BASE
    if wanted != BASE and wanted not in {version.version for version in versions}:
        raise not_found("Versi dengan nomor itu tidak ada.")
    held = wanted != newest
    if (in_force.version, in_force.held) == (wanted, held):
        return None
    return GateInForce(version=wanted, at=now, by=by, held=held)


def changed_meanwhile() -> RefusedError:
    """Return the 409 error for a choice that met another one."""
    return RefusedError(409, "outdated", "Versi yang dipakai baru saja diganti. Muat ulang, lalu pilih lagi.")


def gate_answer(in_force: GateInForce, versions: Sequence[GateVersion], run: GateRun | None) -> Answer:
    """Describe which version decides, since when and by whom, all versions, and the last run that learnt."""
    return {
        "in_force": in_force.version,
        "since": in_force.at and stamp(in_force.at),
        "by": in_force.by,
        "held": in_force.held,
        "versions": [_version(version) for version in versions],
        "last_run": None if run is None else _run(run),
    }


def estimate(counts: Mapping[str, int]) -> Answer:
    """Estimate how many complaints and requests the gate lost against the base model, from the samples that it showed.

    Of the samples that people decided about, a share became tickets; the same share is expected among what it dropped.
    ``lost_estimate`` is None until a sample was decided about.
    """
    dropped, judged, missed = counts.get("gate_dropped", 0), counts.get("gate_judged", 0), counts.get("gate_missed", 0)
    return {
        "dropped": dropped,
        "sampled": counts.get("gate_sampled", 0),
        "judged": judged,
        "missed": missed,
        "lost_estimate": round(dropped * missed / judged, 1) if judged else None,
    }


def _version(version: GateVersion) -> Answer:
    return {
        **version.model_dump(mode="json", exclude={"made_at"}),
        "made_at": stamp(version.made_at),
        **wib("made_at", version.made_at),
    }


def _run(run: GateRun) -> Answer:
    return {
        "at": stamp(run.at),
        **wib("at", run.at),
        "outcome": run.outcome,
        "outcome_label": RUN_LABELS[run.outcome],
        "decisions": run.decisions,
        "version": run.version,
        "sentence": run.sentence,
    }
