"""What models that had not seen a text said about it, for texts that the deployed base model learnt from.

On those the base model is right more often than on new ones. An adapter that learnt from that would trust the base
model too much, and choose thresholds that lose reports. So training keeps, for each text of others that it learnt from,
the logits of a model that was trained without it: beside the model, in ``unseen.bin``.
"""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Final

from classify.adapter import HEADS
from classify.model import MODEL_FOLDER, Model

FILE: Final = "unseen.bin"
_ROW: Final = struct.Struct(f"<Q{len(HEADS)}h")
_STEP: Final = 1 / 1024
"""Logits are kept in steps of this."""
_LARGEST: Final = 32_767
_NAME: Final = 12
"""Bytes of the model's hash, which the file begins with."""


def fingerprint(text: str) -> int:
    """Return 64 bits that name a text, whatever its capitals and blanks. The text cannot be had back from them."""
    bare = "".join(text.casefold().split())
    return int.from_bytes(hashlib.sha256(bare.encode("utf-8", "surrogatepass")).digest()[:8])


def write_unseen(folder: Path, model: Model, known: Iterable[tuple[str, tuple[float, ...]]]) -> None:
    """Write texts that a model learnt from, each with the logits for `HEADS` by a model that did not, beside it."""
    rows = {
        fingerprint(text): tuple(max(-_LARGEST, min(_LARGEST, round(logit / _STEP))) for logit in logits)
        for text, logits in known
    }
    packed = b"".join(_ROW.pack(name, *rows[name]) for name in sorted(rows))
    (folder / FILE).write_bytes(model.hash.encode() + packed)


def _steps(logit: float) -> int:
    return max(-_LARGEST, min(_LARGEST, round(logit / _STEP)))


def unseen_logits(model: Model, folder: Path = MODEL_FOLDER) -> Mapping[int, tuple[float, ...]]:
    """Return the logits of each text that the model in a folder learnt from, by fingerprint.

    Empty when there is no file, or when it was written for another model: the texts of that one say nothing here.
    """
    written_for, logits = _read(folder)
    return logits if written_for == model.hash else {}


@functools.cache
def _read(folder: Path) -> tuple[str, Mapping[int, tuple[float, ...]]]:
    try:
        stored = (folder / FILE).read_bytes()
    except FileNotFoundError:
        return "", {}
    rows = _ROW.iter_unpack(stored[_NAME:])
    return stored[:_NAME].decode(), {name: tuple(step * _STEP for step in steps) for name, *steps in rows}
