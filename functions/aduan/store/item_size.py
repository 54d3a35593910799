"""How large an item is, and how much of a context it has room for: a write costs a unit for each begun kilobyte.

Source: Amazon DynamoDB Developer Guide, "Item sizes and formats".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from aduan.record import stamp
from aduan.store.table import post_key, to_image, to_item

if TYPE_CHECKING:
    from aduan.context import Context
    from aduan.post import Post
    from aduan.store.table import Image, Item

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


def added_by_store(post: Post) -> Item:
    """Return what the store may add to the item of a post, in its longest form: an expiry, or its place on a list."""
    added: Item = {"fetched_at": stamp(post.fetched_at)}
    if post.ticket is not None:
        return added
    if post.triage is not None and post.triage.route == "drop":
        return {**added, "expires_at": 9_999_999_999}
    waits = "REVIEW" if post.triage is not None and post.triage.route == "review" else f"QUESTION#{post.channel}"
    return {**added, "work_queue": waits, "act_at": stamp(post.fetched_at)}


def fitted(post: Post, *, least: int = 0) -> Post:
    """Return a post whose context is cut so that no write of the post costs more than it would without the context.

    Whoever decides about a post reads its context almost whole; the decision takes its place and leaves what still
    fits, or none.

    Args:
        post: The post as it is to be stored.
        least: Bytes of the text that it stands under which are kept even if they cost a unit.
    """
    if post.context is None:
        return post
    added = added_by_store(post)

    def bytes_with(context: Context | None) -> int:
        changed = post.model_copy(update={"context": context})
        return size(to_image(to_item(changed, post_key(post.key), **added)))

    empty = bytes_with(post.context.model_copy(update={"under": "", "clipped": True}))
    left = unit_end(bytes_with(None)) - empty
    if left < least and least:
        left = unit_end(empty + least) - empty
    return post.model_copy(update={"context": post.context.within(left) if left >= 0 else None})
