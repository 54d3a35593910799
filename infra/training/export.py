"""Write a fitted model as the three files that the functions read."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

import numpy as np

from classify.features import FAMILIES
from classify.model import ZERO, Model, load_model
from infra.training.fitting import Fit
from infra.training.thresholds import Thresholds

_LARGEST: Final = 127


def export(fit: Fit, thresholds: Thresholds, folder: Path) -> Model:
    """Round the weights to eight bits, write the model's files, and return the model as the functions will read it.

    Each family and outcome has a scale of its own: its largest weight becomes 127 steps. Zero stays exactly zero.
    """
    weights = np.hstack([head.weights for head in fit.heads])
    biases = np.concatenate([head.biases for head in fit.heads])
    described: dict[str, Any] = {
        "outcomes": [outcome for head in fit.heads for outcome in head.outcomes],
        "biases": [round(float(bias), 4) for bias in biases],
        "families": {},
        **thresholds.described(),
    }
    rows: list[np.ndarray] = []
    first = 0
    for place, family in enumerate(FAMILIES):
        names = fit.vocabulary.names[place]
        block = weights[first : first + len(names)] * fit.vocabulary.factors(place)[:, None]
        scales = np.maximum(np.abs(block).max(axis=0, initial=0.0), 1e-9) / _LARGEST
        rows.append((np.rint(block / scales) + ZERO).astype(np.uint8))
        described["families"][family] = {"features": len(names), "scales": [float(f"{scale:.4g}") for scale in scales]}
        first += len(names)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "model.json").write_text(json.dumps(described, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    names_of_all = [name for names in fit.vocabulary.names for name in names]
    (folder / "features.txt").write_text("\n".join(names_of_all), encoding="utf-8")
    (folder / "weights.bin").write_bytes(np.vstack(rows).tobytes())
    load_model.cache_clear()
    return load_model(folder)
