"""The linear model behind a decision: a sum of small whole numbers.

Each feature has a weight of eight bits for every outcome. The weights of a feature are packed into one Python integer
with a lane of 32 bits for each outcome, so one addition adds a feature to all outcomes. A lane overflows only after
16 million features.
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
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from classify.features import FAMILIES

if TYPE_CHECKING:
    from aduan.context import Context
    from aduan.post import ChannelKind

MODEL_FOLDER: Final = Path(__file__).parent / "model"
ZERO: Final = 128
"""The stored value of a weight of zero, chosen so that no lane is ever negative."""
_LANE: Final = 4
"""Width of a lane in bytes."""


class ModelError(Exception):
    """A file of the model is missing, or the files do not belong together. The message says which and why."""


class Probabilities(NamedTuple):
    """The model's probabilities for a text. Each is calibrated: of decisions at 0.8, eight in ten are right."""

    report: float
    """That it complains, or asks the government to do something."""
    shown: float
    """That it is more than chatter: a report, a question or a suggestion."""
    kind: dict[str, float]
    """Of which kind it is, if it is more than chatter."""
    topic: dict[str, float]
    urgency: dict[str, float]

    @property
    def relevance(self) -> float:
        """How probable it is that a person should see the text. Reports that are lost weigh most.

        It is the logistic function of the mean of both logits, which ranks reports before chatter better than either.
        """
        return logistic((logit(self.report) + logit(self.shown)) / 2)

    @property
    def question(self) -> float:
        """How probable it is that the text asks for information only."""
        return self.shown * self.kind.get("question", 0.0)


class Gate(NamedTuple):
    """From which probabilities on a text is let through to which lane. What is in no other lane is looked at."""

    drop_below: float
    """A post is chatter when its relevance is below this."""
    ticket_from: float
    """Lowest probability of a report that opens a ticket."""
    question_from: float
    """Lowest probability of a question that is listed for the account's owner."""
    auto_from: Mapping[str, float]
    """Lowest probability of each topic at which a department is told without a person. A missing topic never is."""


class _Family(NamedTuple):
    rows: Mapping[str, bytes]
    """The stored weights of each feature, one byte for each outcome."""
    scales: tuple[float, ...]
    """What one unit of a weight adds to each outcome's logit."""


@dataclass(frozen=True)
class Model:
    """The weights of one training run, loaded and ready to use."""

    hash: str
    """First twelve hexadecimal digits of the SHA-256 of the model's files."""
    families: tuple[_Family, ...]
    outcomes: tuple[str, ...]
    """``report``, ``kind:complaint``, ``topic:jalan`` …, in the order of the lanes."""
    biases: tuple[float, ...]
    auto_report: float
    """Lowest probability of a report at which a department is told without a person."""
    gates: Mapping[str, Gate]
    """The gate for each way of writing: see `gate_name`."""

    def weigh(self, features: Sequence[Iterable[str]]) -> Probabilities:
        """Return the probabilities of a text whose `features` are given as one collection for each family."""
        logits = self._logits(features)
        groups: dict[str, dict[str, float]] = {}
        for outcome, logit in zip(self.outcomes, logits, strict=True):
            group, _, code = outcome.partition(":")
            groups.setdefault(group, {})[code] = logit
        return Probabilities(
            report=logistic(groups["report"][""]),
            shown=logistic(groups["shown"][""]),
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
        """List the features that speak for an outcome, the strongest first. `families` are the indexes to look at."""
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
    """Spread a row over the lanes of one integer. Done when a feature is first met, which keeps cold starts short."""
    wide = bytearray(len(row) * _LANE)
    wide[::_LANE] = row
    return int.from_bytes(wide, "little")


def _unpack(packed: int, lanes: int) -> tuple[int, ...]:
    return struct.unpack(f"<{lanes}I", packed.to_bytes(lanes * _LANE, "little"))


def gate_name(channel_kind: ChannelKind | None, context: Context | None) -> str:
    """Return the name of the gate for a post: ``message``, ``post``, ``thread`` or ``comment``.

    Messages are pushed by partners and written to a government, so nearly all are reports. Nearly none is among posts
    on X that address nobody. Comments lie between, and are understood better where it is known what they answer.
    """
    if channel_kind == "webhook":
        return "message"
    if channel_kind == "x" and (context is None or context.to != "account"):
        return "post"
    return "thread" if context is not None and context.under else "comment"


def logistic(logit: float) -> float:
    """Return the probability that belongs to a logit."""
    return 1 / (1 + math.exp(-max(-700.0, min(700.0, logit))))


def logit(probability: float) -> float:
    """Return the logit of a probability, bounded so that certainty stays finite."""
    bounded = max(1e-12, min(1 - 1e-12, probability))
    return math.log(bounded / (1 - bounded))


def _softmax(logits: Mapping[str, float]) -> dict[str, float]:
    highest = max(logits.values())
    powers = {code: math.exp(logit - highest) for code, logit in logits.items()}
    total = sum(powers.values())
    return {code: power / total for code, power in powers.items()}


@functools.cache
def load_model(folder: Path = MODEL_FOLDER) -> Model:
    """Read the model in a folder, once per folder and process.

    ``model.json`` holds outcomes, biases, scales and thresholds. ``features.txt`` has a line for each feature, family
    by family. ``weights.bin`` has a row of bytes for each line.

    Raises:
        ModelError: when a file is missing or the files do not belong together.
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
        auto_report=described["auto_report"],
        gates={name: Gate(**gate) for name, gate in described["gates"].items()},
    )
