"""The linear model behind a decision: small whole numbers, added up.

Each feature has one weight of eight bits for every outcome. The weights of a feature are packed into one Python
integer with a lane of 32 bits for each outcome, so adding a feature to all outcomes is one addition; 16 million
features fit before a lane runs over.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

from classify.features import FAMILIES

MODEL_FOLDER: Final = Path(__file__).parent / "model"
ZERO: Final = 128
"""What a weight of zero is stored as, so that no lane is ever negative."""
_LANE: Final = 4
"""Bytes."""


class ModelError(Exception):
    """The files of the model do not fit each other; the sentence says which and why."""


class Probabilities(NamedTuple):
    """What the model thinks of a text. Each is calibrated: of decisions at 0.8, eight in ten are right."""

    report: float
    kind: dict[str, float]
    topic: dict[str, float]
    urgency: dict[str, float]


class _Family(NamedTuple):
    rows: Mapping[str, bytes]
    """The weights of each feature, a byte for each outcome."""
    scales: tuple[float, ...]
    """What one unit of a weight is worth, by outcome."""


@dataclass(frozen=True)
class Model:
    """Weights of one training, ready to weigh a text."""

    hash: str
    """First twelve letters of the SHA-256 over its files."""
    families: tuple[_Family, ...]
    outcomes: tuple[str, ...]
    """``report``, ``kind:complaint``, ``topic:jalan`` …, in the order of the lanes."""
    biases: tuple[float, ...]
    drop_below: float
    """A post less likely to be a report than this is chatter."""
    auto_report: float
    """A post must be at least so likely to be a report before a department is told without a person."""
    auto_from: Mapping[str, float]
    """By topic, how probable it must be to go out without a person; a topic that is not there never does."""

    def weigh(self, features: Sequence[Iterable[str]]) -> Probabilities:
        """Give the probabilities of a text from its features, one collection for each family."""
        logits = self._logits(features)
        groups: dict[str, dict[str, float]] = {}
        for outcome, logit in zip(self.outcomes, logits, strict=True):
            group, _, code = outcome.partition(":")
            groups.setdefault(group, {})[code] = logit
        return Probabilities(
            report=1 / (1 + math.exp(-max(-700.0, min(700.0, groups["report"][""])))),
            kind=_softmax(groups["kind"]),
            topic=_softmax(groups["topic"]),
            urgency=_softmax(groups["urgency"]),
        )

    def _logits(self, features: Sequence[Iterable[str]]) -> list[float]:
        logits = list(self.biases)
        for (rows, scales), given in zip(self.families, features, strict=True):
            found = list(filter(None, map(rows.get, set(given))))
            if found:
                lanes = _unpack(sum(map(_packed, found)), len(scales))
                zero, length = ZERO * len(found), 1 / math.sqrt(len(found))
                for lane, scale in enumerate(scales):
                    logits[lane] += (lanes[lane] - zero) * scale * length
        return logits

    def leading(self, outcome: str, features: Sequence[Iterable[str]], families: Sequence[int]) -> list[str]:
        """Give the features of some families that speak for an outcome, the most telling first."""
        lane = self.outcomes.index(outcome)
        weights: dict[str, float] = {}
        for family in families:
            rows, scales = self.families[family]
            for feature in rows.keys() & set(features[family]):
                weight = rows[feature][lane] - ZERO
                weights[feature] = max(weights.get(feature, 0.0), weight * scales[lane])
        return sorted((name for name, weight in weights.items() if weight > 0), key=lambda name: (-weights[name], name))


@functools.cache
def _packed(row: bytes) -> int:
    """Spread a row over the lanes of one integer; once for each feature that is met, so that a cold start does not."""
    wide = bytearray(len(row) * _LANE)
    wide[::_LANE] = row
    return int.from_bytes(wide, "little")


def _unpack(packed: int, lanes: int) -> tuple[int, ...]:
    return struct.unpack(f"<{lanes}I", packed.to_bytes(lanes * _LANE, "little"))


def _softmax(logits: Mapping[str, float]) -> dict[str, float]:
    highest = max(logits.values())
    powers = {code: math.exp(logit - highest) for code, logit in logits.items()}
    total = sum(powers.values())
    return {code: power / total for code, power in powers.items()}


@functools.cache
def load_model(folder: Path = MODEL_FOLDER) -> Model:
    """Read a model; once per folder and process.

    ``model.json`` names outcomes, biases, scales and thresholds, ``features.txt`` has a line for each feature, the
    families one after the other, and ``weights.bin`` a row of bytes for each line.

    Raises:
        ModelError: when a file is missing or they do not belong together.
    """
    try:
        header, lines, weights = (
            (folder / name).read_bytes() for name in ("model.json", "features.txt", "weights.bin")
        )
    except FileNotFoundError as error:
        raise ModelError(f"{error.filename}: the file is missing.") from None
    described: dict[str, Any] = json.loads(header)
    names = lines.decode("utf-8").split("\n")
    outcomes = tuple(described["outcomes"])
    sizes = [described["families"][family]["features"] for family in FAMILIES]
    if not len(names) == sum(sizes) == len(weights) / len(outcomes):
        raise ModelError(
            f"{folder}: model.json speaks of {sum(sizes)} features, features.txt has {len(names)} "
            f"and weights.bin {len(weights) / len(outcomes):g}."
        )
    width = len(outcomes)
    rows = [weights[start : start + width] for start in range(0, len(weights), width)]
    families: list[_Family] = []
    first = 0
    for family, size in zip(FAMILIES, sizes, strict=True):
        of_family = dict(zip(names[first : first + size], rows[first : first + size], strict=True))
        families.append(_Family(of_family, tuple(described["families"][family]["scales"])))
        first += size
    return Model(
        hash=hashlib.sha256(header + lines + weights).hexdigest()[:12],
        families=tuple(families),
        outcomes=outcomes,
        biases=tuple(described["biases"]),
        drop_below=described["drop_below"],
        auto_report=described["auto_report"],
        auto_from=described["auto_from"],
    )
