"""Writes a model of a few outcomes and features in the form that training writes."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from classify.features import FAMILIES

OUTCOMES: Final = (
    "report",
    "shown",
    "kind:complaint",
    "kind:request",
    "urgency:normal",
    "urgency:urgent",
    "topic:jalan",
    "topic:sosial",
)
GATE: Final = {"drop_below": 0.05, "ticket_from": 0.6, "question_from": 0.5, "auto_from": {"jalan": 0.8}}
ZEROS: Final = (0.0,) * len(OUTCOMES)
ONES: Final = (1.0,) * len(OUTCOMES)

Weights = Mapping[str, Sequence[int]]
"""By feature, a whole number between -128 and 127 for each outcome."""


def write_model(
    folder: Path,
    families: Mapping[str, Weights],
    *,
    biases: Sequence[float] = ZEROS,
    scales: Mapping[str, Sequence[float]] | None = None,
) -> Path:
    """Write a model's three files. A family that is not given is empty; a scale that is not given is 1."""
    described: dict[str, Any] = {
        "outcomes": OUTCOMES,
        "biases": biases,
        "families": {
            family: {"features": len(families.get(family, {})), "scales": (scales or {}).get(family, ONES)}
            for family in FAMILIES
        },
        "auto_report": 0.7,
        "gates": dict.fromkeys(("comment", "message", "post", "thread"), GATE),
    }
    rows = [(name, row) for family in FAMILIES for name, row in families.get(family, {}).items()]
    (folder / "model.json").write_text(json.dumps(described), encoding="utf-8")
    (folder / "features.txt").write_text("\n".join(name for name, _ in rows), encoding="utf-8")
    (folder / "weights.bin").write_bytes(bytes(weight + 128 for _, row in rows for weight in row))
    return folder
