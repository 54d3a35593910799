"""The gate that this deployment learnt from its desk, as far as it decides: which one is in force, and its samples.

A gate that learnt wrongly hides what would prove it: what it drops nobody sees. So a few of the posts that it drops,
and the base model would show, are shown all the same.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aws_lambda_powertools import Logger

from aduan.gate_version import BASE
from aduan.record import WIB
from classify.adapter import Adapter
from classify.model import Model, load_model

if TYPE_CHECKING:
    from aduan.store.gates import GateStore
    from aduan.triage import Triage

REFRESH_SECONDS: Final = 300
"""For so long a process does not ask which version is in force: what the desk chooses holds everywhere after it."""
SAMPLED: Final = 50
"""One in so many of the posts that the gate drops against the base model is shown."""
MOST_SAMPLES: Final = 5
"""Most samples that are shown on a day, so that a flood of chatter is no flood of samples."""
SAMPLE: Final = "contoh acak: saringan akan membuangnya"
UNUSABLE: Final = "GateUnusable"
"""Metric of a gate that is in force and cannot be used."""
_DANGER: Final = frozenset({"emergency", "suspected"})

logger = Logger(child=True)


class LearntGate:
    """The adapter in force, read again every few minutes, and the samples of what it drops."""

    def __init__(
        self,
        gates: GateStore,
        count: Callable[[str], None],
        *,
        model: Callable[[], Model] = load_model,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Remember where to read; nothing is read before the first decision.

        Args:
            gates: The versions, and which is in force.
            count: Adds one to a metric.
            model: Loads the base model.
            clock: Seconds of a clock that never goes back.
        """
        self._gates = gates
        self._count = count
        self._model = model
        self._clock = clock
        self._until: float | None = None
        self._version: int = BASE
        self._adapter: Adapter | None = None

    def adapter(self) -> Adapter | None:
        """Return the adapter in force; None where the base model decides alone. Never raises.

        The base model decides where nothing was learnt or a person chose it, and where the version in force cannot be
        read, is of an older form, or belongs to another base model. Then `UNUSABLE` is counted at every refresh.
        """
        now = self._clock()
        if self._until is None or now >= self._until:
            self._until = now + REFRESH_SECONDS
            try:
                self._refresh()
            except Exception as error:  # noqa: BLE001 # whatever is wrong with it, the base model can decide
                self._version, self._adapter = BASE, None
                self._count(UNUSABLE)
                logger.error("the learnt gate cannot be used", error=type(error).__name__, why=str(error)[:200])  # noqa: TRY400
        return self._adapter

    def samples(self, key: str, now: datetime) -> bool:
        """Tell whether the post with this key, which the gate drops, is shown all the same. A sample is counted.

        The same posts are chosen whoever decides, and however often.
        """
        chosen = int.from_bytes(hashlib.sha256(f"sample {key}".encode()).digest()[:8]) % SAMPLED == 0
        return chosen and self._gates.take_sample(now.astimezone(WIB).date(), MOST_SAMPLES)

    def _refresh(self) -> None:
        version = self._gates.in_force().version
        if version == self._version and (version == BASE or self._adapter is not None):
            return
        adapter = None
        if version != BASE:
            weights = self._gates.weights(version)
            if weights is None:
                raise LookupError(f"version {version} is not there")
            adapter = Adapter.from_bytes(weights, self._model())
        self._version, self._adapter = version, adapter


def gated(triage: Triage, base: Triage, *, samples: Callable[[], bool]) -> Triage:
    """Return the decision about a post that the gate drops.

    Args:
        triage: The decision with what was learnt: ``drop``.
        base: The decision of the base model alone.
        samples: Tells whether the post is shown as a sample, and counts it. Asked only where the two differ.

    Returns:
        The base model's decision where it sees danger: no gate learns to overlook that. Else the decision to drop it,
        or to show it for review, marked if the base model would not have dropped it.
    """
    if base.route == "drop":
        return triage
    if base.urgency in _DANGER:
        return base
    if not samples():
        return triage.model_copy(update={"gate": "dropped"})
    shown = {"route": "review", "department": None, "ours": True, "gate": "sampled", "decided_by": triage.decided_by}
    return base.model_copy(update={**shown, "reasons": (SAMPLE, *base.reasons)})
