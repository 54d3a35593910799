"""What one deployment has learnt from its desk: a small correction of the base model, in a file of its own.

The base model learnt from other accounts. An adapter shifts its logits for a report, for more than chatter and for a
question, by weights of the same features, and has thresholds of its own. Features are known by a hash of 32 bits, so an
adapter holds no word that a citizen wrote.
"""

from __future__ import annotations

import functools
import hashlib
import itertools
import json
import math
import operator
import struct
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from classify.features import FAMILIES, SCALES
from classify.model import Gate, Model, Probabilities, logistic, logit

LARGEST: Final = 200_000
"""Most bytes of an adapter: it is kept as one item of the table, which may have 400 KB."""
MOST_FEATURES: Final = 18_000
"""Most features of an adapter; with seven bytes for each it stays below `LARGEST`."""
HEADS: Final = ("report", "shown", "question")
FURTHEST: Final = 3.0
"""Most that an adapter shifts a logit. So it never drops what the base model is quite sure of, whatever it was taught:
a desk that is deceived, or one person who clicks everything away, cannot silence a topic."""
DENSE: Final = ("bias", *HEADS)
"""What an adapter weighs besides features: a constant, and the base model's logits."""

_MAGIC: Final = b"aduan gate\n"
SCHEMA: Final = 1
"""Counts the forms of a stored adapter. Older ones are not read: the next decisions make a new one."""
_ROW: Final = struct.Struct(f"<I{len(HEADS)}b")
STEPS: Final = 127
"""A weight is kept as a whole number of steps, at most this many."""
_ZERO: Final = 128
"""The stored value of a weight of zero, chosen so that no lane is ever negative."""
_LANES: Final = struct.Struct(f"<{len(HEADS)}I")
_HIGHEST: Final = 8.0
"""A logit of the base model counts at most this much: beyond, it says no more."""


class AdapterError(Exception):
    """An adapter cannot be used: it is unreadable, too old, or belongs to another base model. The message says which.

    The base model then decides alone.
    """


class Learnt(NamedTuple):
    """What an adapter was made of, and how it did on decisions that it had not learnt from.

    The figures of one threshold, or of all together. Reports are complaints and requests.
    """

    decisions: int
    reports: int
    chatter: int
    base_shown: int
    """How many of the chatter comments the base model alone lets through to a person."""
    base_lost: int
    """How many of the reports the base model alone drops."""
    shown: int
    """How many of the chatter comments base model and adapter let through."""
    lost: int
    """How many of the reports they drop."""


@dataclass(frozen=True)
class Adapter:
    """A correction of one base model, ready to use."""

    model: str
    """Hash of the base model that it belongs to."""
    version: int
    """Counts the adapters of a deployment from 1. Decisions name it."""
    made_at: str
    """When it was made, in ISO 8601."""
    learnt: Mapping[str, Learnt]
    """What it learnt and how it did, by the name of a gate. Gates that are not named here stay the base model's."""
    drop_below: Mapping[str, float]
    """The relevance below which a post is chatter, by the name of a gate."""
    dense: tuple[tuple[float, ...], ...]
    """For each of `HEADS`, the weights of `DENSE` that are added to its logit."""
    scales: tuple[float, ...]
    """For each of `HEADS`, what one step of a feature's weight adds."""
    rows: Mapping[int, tuple[int, ...]]
    """The weights of each feature, by its hash, in steps for each of `HEADS`."""

    @functools.cached_property
    def _packed(self) -> dict[int, int]:
        """The rows with a lane of 32 bits for each head, so that one addition adds a feature to all, as in `Model`."""
        return {
            name: int.from_bytes(_LANES.pack(*(step + _ZERO for step in steps)), "little")
            for name, steps in self.rows.items()
        }

    def applied(
        self, probable: Probabilities, gate: Gate, features: Sequence[Iterable[str]], name: str
    ) -> tuple[Probabilities, Gate]:
        """Return what `classify` decides by: the corrected probabilities, and the gate of that `name` as it was learnt.

        Both are unchanged where too little was decided about such posts.
        """
        drop_below = self.drop_below.get(name)
        if drop_below is None:
            return probable, gate
        return self.adjusted(probable, features), gate._replace(drop_below=drop_below)

    def adjusted(self, probable: Probabilities, features: Sequence[Iterable[str]]) -> Probabilities:
        """Return the base model's probabilities, corrected for a text with these features, one collection a family."""
        known = base_logits(probable)
        shifts = [sum(map(operator.mul, weights, (1.0, *known))) for weights in self.dense]
        for scale, hashes in zip(_SCALES, hashes_of(features), strict=True):
            found = list(filter(None, map(self._packed.get, hashes)))
            if found:
                length, zero = scale / math.sqrt(len(found)), _ZERO * len(found)
                for head, steps in enumerate(_LANES.unpack(sum(found).to_bytes(_LANES.size, "little"))):
                    shifts[head] += (steps - zero) * self.scales[head] * length
        return shifted(probable, shifts)

    def to_bytes(self) -> bytes:
        """Return the adapter as it is stored; at most `LARGEST` bytes."""
        described = {
            "schema": SCHEMA,
            "families": FAMILIES,
            "model": self.model,
            "version": self.version,
            "made_at": self.made_at,
            "learnt": {name: learnt._asdict() for name, learnt in self.learnt.items()},
            "drop_below": dict(self.drop_below),
            "dense": self.dense,
            "scales": self.scales,
        }
        header = json.dumps(described, ensure_ascii=False).encode()
        rows = b"".join(_ROW.pack(name, *self.rows[name]) for name in sorted(self.rows))
        body = zlib.compress(header + b"\n" + rows, 9)
        return _MAGIC + hashlib.sha256(body).digest() + body

    @classmethod
    def from_bytes(cls, stored: bytes, model: Model) -> Adapter:
        """Read an adapter of this base model.

        Raises:
            AdapterError: when it cannot be read, is of an older or newer form, or belongs to another base model.
        """
        digest = stored[len(_MAGIC) :][:32]
        body = stored[len(_MAGIC) + 32 :]
        if not stored.startswith(_MAGIC) or hashlib.sha256(body).digest() != digest:
            raise AdapterError("it is no adapter, or it is damaged")
        header, _, rows = zlib.decompress(body).partition(b"\n")
        described: dict[str, Any] = json.loads(header)
        if described.get("schema") != SCHEMA or tuple(described.get("families", ())) != FAMILIES:
            raise AdapterError(f"it has form {described.get('schema')}, or other features; this code reads {SCHEMA}")
        if described["model"] != model.hash:
            raise AdapterError(f"it belongs to the base model {described['model']}, and {model.hash} is deployed")
        try:
            return cls(
                model=described["model"],
                version=described["version"],
                made_at=described["made_at"],
                learnt={name: Learnt(**learnt) for name, learnt in described["learnt"].items()},
                drop_below=described["drop_below"],
                dense=tuple(map(tuple, described["dense"])),
                scales=tuple(described["scales"]),
                rows={name: tuple(steps) for name, *steps in _ROW.iter_unpack(rows)},
            )
        except (KeyError, TypeError, struct.error) as error:
            raise AdapterError(f"a part is missing or wrong: {error}") from None


_SEEDS: Final = tuple(zlib.crc32(family.encode()) for family in FAMILIES)
_SCALES: Final = tuple(SCALES[family] for family in FAMILIES)


def hashes_of(features: Sequence[Iterable[str]]) -> list[list[int]]:
    """Return the hashes of a text's features, each once, by family. The same word has another hash in each family."""
    return [
        # All names of a family are encoded at once, which halves the time. No name has a line break in it.
        list(map(zlib.crc32, "\n".join(names).encode("utf-8", "surrogatepass").split(b"\n"), itertools.repeat(seed)))
        if (names := set(given))
        else []
        for seed, given in zip(_SEEDS, features, strict=True)
    ]


def base_logits(probable: Probabilities) -> tuple[float, ...]:
    """Return the base model's logits for `HEADS`, bounded. The last is that of a question among what is no chatter."""
    known = (probable.report, probable.shown, probable.kind.get("question", 0.0))
    return tuple(max(-_HIGHEST, min(_HIGHEST, logit(probability))) for probability in known)


def shifted(probable: Probabilities, shifts: Sequence[float]) -> Probabilities:
    """Return probabilities whose logits for `HEADS` are moved by `shifts`, each by at most `FURTHEST`."""
    report, shown, question = (
        logistic(known + max(-FURTHEST, min(FURTHEST, shift)))
        for known, shift in zip(base_logits(probable), shifts, strict=True)
    )
    before = probable.kind.get("question", 0.0)
    rest = (1 - question) / (1 - before) if before < 1 else 0.0
    kind = {name: question if name == "question" else value * rest for name, value in probable.kind.items()}
    return probable._replace(report=report, shown=shown, kind=kind if "question" in kind else probable.kind)
