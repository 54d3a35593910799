"""What Graph API objects are made of: plain values, references to other objects, and edges.

A value of `None` means that the object does not have the field, which is then left out of the answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from infra.local.simulator.paging import PagingShape
from infra.local.simulator.world import Account, Entry, World

Subject = Account | Entry
Options = Mapping[str, str]  # the query parameters of an edge, or the modifiers of a nested one
Shape = Mapping[str, Any]  # the names inside a plain value, each with a shape of its own or None


@dataclass(frozen=True)
class Plain:
    """A value that is no object of its own; braces pick names from it.

    `draw` is called with what the node type describes: an account or an entry.
    """

    draw: Callable[[Any], Any]
    shape: Shape | None = None


@dataclass(frozen=True)
class Reference:
    """A reference to another object, which is read with that object's fields."""

    node: str
    draw: Callable[[Entry], Entry | None]


@dataclass(frozen=True)
class Edge:
    """A list of objects beneath another one.

    `allowed` holds the parameters that take certain words only; the default word comes first.
    """

    node: str
    items: Callable[[World, Subject, Options], Sequence[Entry]]
    paging: PagingShape
    largest_page: int
    newest_first: bool = True
    has_summary: bool = False
    allowed: Mapping[str, Sequence[str]] = field(default_factory=dict)


@dataclass(frozen=True)
class NodeType:
    """A kind of object; `placeholder` replaces its id in the paths by which requests are counted."""

    name: str
    placeholder: str
    usual: Sequence[str]
    fields: Mapping[str, Plain | Reference | Edge]


def timestamp(moment: datetime) -> str:
    """Format a time as Graph does: always UTC, no colon in the offset."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
