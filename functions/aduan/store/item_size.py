"""How large an item is, by the rules by which DynamoDB charges a write for each begun kilobyte.

Source: Amazon DynamoDB Developer Guide, "Item sizes and formats".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from aduan.store.table import Image

KB: Final = 1024
_SCALARS: Final = {"N": 21, "BOOL": 1, "NULL": 1}
"""The most bytes that a scalar takes; a number of n digits takes n / 2 + 1."""


def size(image: Image | None) -> int:
    """Return an item's bytes as DynamoDB counts them: names and values in UTF-8."""
    return 0 if image is None else sum(len(name.encode()) + _value_size(value) for name, value in image.items())


def _value_size(value: Mapping[str, Any]) -> int:
    [(kind, content)] = value.items()
    if kind == "S":
        return len(content.encode())
    if kind == "N":
        return min(_SCALARS["N"], math.ceil(len(content.strip("-0.")) / 2) + 1)
    if kind == "SS":
        return sum(len(text.encode()) for text in content)
    if kind == "L":
        return 3 + sum(1 + _value_size(part) for part in content)
    if kind == "M":
        return 3 + sum(1 + len(name.encode()) + _value_size(part) for name, part in content.items())
    return _SCALARS[kind]


def unit_end(bytes_: int) -> int:
    """Return how large an item of so many bytes may grow before a write of it costs another unit."""
    return max(math.ceil(bytes_ / KB), 1) * KB
