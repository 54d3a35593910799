"""Count the DynamoDB capacity that calls consume, by AWS's published rules, on the emulated table.

Rules (Amazon DynamoDB Developer Guide, "Read and write operations" and "Global secondary indexes"): a write costs one
unit per KB of the larger of the item before and after, twice that inside a transaction; a refused conditional write
costs the same; each index costs its own write when its entry changes, two when the entry moves. A read costs one unit
per 4 KB, half of that when it may be stale; an item that does not exist costs the smallest unit.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from aduan.store.item_size import KB, size
from aduan.store.table import Image

READ_KB: Final = 4 * KB


@dataclass
class Capacity:
    """Units consumed so far."""

    writes: float = 0
    reads: float = 0


@dataclass
class CapacityMeter:
    """Watches one DynamoDB client and adds up the capacity its calls consume."""

    client: Any
    indexes: list[Mapping[str, Any]]
    used: Capacity = field(default_factory=Capacity)
    _images: dict[tuple[str, str], Image | None] = field(default_factory=dict)
    _looking: bool = False

    def watch(self) -> None:
        """Start counting."""
        events = self.client.meta.events
        events.register("provide-client-params.dynamodb.*", self._before)
        events.register("after-call.dynamodb.*", self._after)

    def taken(self) -> Capacity:
        """Return the units used since the last call, and start again from zero."""
        used, self.used = self.used, Capacity()
        return used

    def _before(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if self._looking:
            return
        self._operation, self._params = model.name, params
        self._images = {key: self._image(params, key) for key in _written(model.name, params)}

    def _after(self, parsed: dict[str, Any], model: Any, **_: Any) -> None:
        if self._looking:
            return
        params = self._params
        if self._images:
            factor = 2 if model.name == "TransactWriteItems" else 1
            for key, before in self._images.items():
                after = self._image(params, key)
                self.used.writes += factor * math.ceil(max(size(before), size(after), 1) / KB)
                self.used.writes += sum(self._index_units(index, before, after) for index in self.indexes)
        elif model.name == "GetItem":
            self.used.reads += _read_units(size(parsed.get("Item")), consistent=params.get("ConsistentRead", False))
        elif model.name == "BatchGetItem":
            keys = sum(len(request["Keys"]) for request in params["RequestItems"].values())
            self.used.reads += keys * _read_units(1, consistent=False)
        elif model.name == "Query":
            self.used.reads += _read_units(sum(map(size, parsed.get("Items", []))), consistent=False)

    def _index_units(self, index: Mapping[str, Any], before: Image | None, after: Image | None) -> int:
        """Return the write units of one index for one change."""
        old, new = _entry(index, before), _entry(index, after)
        if old == new:
            return 0
        keys = [part["AttributeName"] for part in index["KeySchema"]]
        moved = old and new and any(old[name] != new[name] for name in keys)
        sizes = [size(old), size(new)] if moved else [max(size(old), size(new))]
        return sum(math.ceil(bytes_ / KB) for bytes_ in sizes)

    def _image(self, params: Mapping[str, Any], key: tuple[str, str]) -> Image | None:
        self._looking = True
        try:
            name = params.get("TableName") or next(iter(params["TransactItems"][0].values()))["TableName"]
            answer = self.client.get_item(TableName=name, Key={"pk": {"S": key[0]}, "sk": {"S": key[1]}})
            item: Image | None = answer.get("Item")
            return item
        finally:
            self._looking = False


def _entry(index: Mapping[str, Any], image: Image | None) -> Image | None:
    """Return what an index holds of an item, or None when the item lacks one of the index's keys."""
    keys = [part["AttributeName"] for part in index["KeySchema"]]
    if image is None or not all(name in image for name in keys):
        return None
    if index["Projection"]["ProjectionType"] == "ALL":
        return image
    return {name: image[name] for name in (*keys, "pk", "sk")}


def _written(operation: str, params: Mapping[str, Any]) -> list[tuple[str, str]]:
    if operation == "TransactWriteItems":
        parts = [next(iter(part.values())) for part in params["TransactItems"]]
    elif operation in {"PutItem", "UpdateItem"}:
        parts = [params]
    else:
        return []
    keys = [part.get("Item") or part["Key"] for part in parts]
    return [(key["pk"]["S"], key["sk"]["S"]) for key in keys]


def _read_units(size_: int, *, consistent: bool) -> float:
    return math.ceil(max(size_, 1) / READ_KB) * (1 if consistent else 0.5)
