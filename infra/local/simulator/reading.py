"""Read an object or an edge: only the fields asked for, without those that have no value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from infra.local.simulator import errors, facebook_page, instagram
from infra.local.simulator.fields import Field
from infra.local.simulator.nodes import Edge, NodeType, Options, Plain, Reference, Shape, Subject
from infra.local.simulator.paging import Link, Listing, Page, Position, read_cursor
from infra.local.simulator.world import Account, Entry, Kind, World

_USUAL_LIMIT = 25
# A ranked feed shows some posts later than their time would have it, so clients re-read 48 hours.
_RANKED_DOWN_SECONDS = 36 * 3600

_NODES = {
    node.name: node
    for node in (
        facebook_page.PAGE,
        facebook_page.POST,
        facebook_page.COMMENT,
        instagram.USER,
        instagram.MEDIA,
        instagram.COMMENT,
    )
}

EDGES = frozenset(name for node in _NODES.values() for name, source in node.fields.items() if isinstance(source, Edge))


@dataclass(frozen=True)
class Reading:
    """What one request reads from, and the base address of the links in its answer."""

    world: World
    root_url: str
    token: str
    quirks: frozenset[str] = frozenset()  # how a fault makes the edge itself misbehave; nested edges stay sound


def node_of(subject: Subject) -> NodeType:
    """Return the type of an account or an entry."""
    if isinstance(subject, Account):
        return facebook_page.PAGE if subject.kind is Kind.FACEBOOK_PAGE else instagram.USER
    if subject.kind is Kind.FACEBOOK_PAGE:
        return facebook_page.COMMENT if subject.parent else facebook_page.POST
    return instagram.COMMENT if subject.parent else instagram.MEDIA


def edge_of(subject: Subject, name: str) -> Edge:
    """Return the edge of this name.

    Raises:
        GraphError: Objects of this type have no such edge.
    """
    node = node_of(subject)
    edge = node.fields.get(name)
    if not isinstance(edge, Edge):
        raise errors.unknown_field(name, node.name)
    return edge


def check_fields(asked: Sequence[Field], node: str) -> None:
    """Refuse names that objects of this type do not have, even where there is nothing to read.

    Raises:
        GraphError: 100, for the first such name.
    """
    known = _NODES[node].fields
    for each in asked:
        source = known.get(each.name)
        if source is None:
            raise errors.unknown_field(each.name, node)
        if isinstance(source, Plain):
            _check_shape(each, source.shape)
        else:
            check_fields(each.inner, source.node)


def read_object(reading: Reading, subject: Subject, asked: Sequence[Field]) -> dict[str, Any]:
    """Return one object with the fields asked for (the default ones if none were), always with its id."""
    node = node_of(subject)
    found: dict[str, Any] = {}
    for each in asked or [Field(name) for name in node.usual]:
        value = _read_field(reading, subject, node.fields[each.name], each)
        if value is not None:
            found[each.name] = value
    return found | {"id": _id_of(subject)}


def read_edge(
    reading: Reading, subject: Subject, name: str, asked: Sequence[Field], options: Options
) -> dict[str, Any]:
    """Return one page of an edge: `data`, and `paging` and `summary` where the real edge has them.

    Raises:
        GraphError: 100, for a parameter that the edge does not take.
    """
    edge = edge_of(subject, name)
    _check_words(edge, options)
    limit = _limit(edge, options)
    order = "reverse_chronological" if edge.newest_first else "chronological"
    if "order" in edge.allowed:
        order = options.get("order", order)
    listing = _listing(reading, subject, name, options, order)
    page = _page(listing, limit, options, reading.quirks)
    nested = replace(reading, quirks=frozenset())
    found: dict[str, Any] = {"data": [read_object(nested, entry, asked) for entry in page.entries]}
    if page.after:
        carried = options if "fields" in options or not asked else {**options, "fields": ",".join(map(str, asked))}
        link = Link(f"{reading.root_url}/{_id_of(subject)}/{name}", carried, reading.token)
        shape = edge.paging(page, link)
        found |= {"paging": shape} if shape else {}
    if edge.has_summary and options.get("summary") in ("true", "1"):
        found["summary"] = {"order": order, "total_count": len(listing.entries), "can_comment": True}
    return found


def _read_field(reading: Reading, subject: Subject, source: Plain | Reference | Edge, each: Field) -> object:
    if isinstance(source, Plain):
        return _pick(source.draw(subject), each.inner)
    if isinstance(source, Edge):
        nested = read_edge(reading, subject, each.name, each.inner, each.modifiers)
        return nested if nested["data"] or "summary" in nested else None
    other = source.draw(subject) if isinstance(subject, Entry) else None
    # Without braces, a reference is read as its id alone.
    return read_object(reading, other, each.inner or (Field("id"),)) if other else None


def _pick(value: object, inner: Sequence[Field]) -> object:
    """Reduce a plain value to the names asked for; a list becomes `data` with each element reduced."""
    if not inner or not isinstance(value, Mapping):
        return value
    if isinstance(value.get("data"), list):
        return {"data": [_pick(element, inner) for element in value["data"]]}
    return {each.name: _pick(value[each.name], each.inner) for each in inner if each.name in value}


def _check_shape(asked: Field, shape: Shape | None) -> None:
    for each in asked.inner:
        if shape is None or each.name not in shape:
            raise errors.unknown_field(each.name, asked.name)
        _check_shape(each, shape[each.name])


def _check_words(edge: Edge, options: Options) -> None:
    for name, words in edge.allowed.items():
        if options.get(name, words[0]) not in words:
            raise errors.bad_parameter(f"Param {name} must be one of {{{', '.join(words)}}}")


def _limit(edge: Edge, options: Options) -> int:
    text = options.get("limit", str(_USUAL_LIMIT))
    if not text.isdecimal() or int(text) > edge.largest_page:
        raise errors.bad_parameter(f"Param limit must be a number between 0 and {edge.largest_page}")
    return int(text)


def _listing(reading: Reading, subject: Subject, name: str, options: Options, order: str) -> Listing:
    edge = edge_of(subject, name)
    sign = -1 if order == "reverse_chronological" else 1
    ranked = "ranked" in reading.quirks

    def position(entry: Entry) -> Position:
        seconds = int(entry.created_at.timestamp())
        if ranked and int(entry.native_id[-1]) % 3 == 0:
            seconds -= _RANKED_DOWN_SECONDS
        return sign * seconds, entry.native_id

    which = options.get("filter", edge.allowed["filter"][0]) if "filter" in edge.allowed else "all"
    label = f"{_id_of(subject)}/{name}/{order}/{which}"
    return Listing.of(label, edge.items(reading.world, subject, options), position)


def _page(listing: Listing, limit: int, options: Options, quirks: frozenset[str]) -> Page:
    after = read_cursor(options["after"], listing.name) if options.get("after") else None
    before = read_cursor(options["before"], listing.name) if options.get("before") else None
    return listing.read(limit, after, before, quirks)


def _id_of(subject: Subject) -> str:
    return subject.account if isinstance(subject, Account) else subject.native_id
