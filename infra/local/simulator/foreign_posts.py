"""Spread texts that name no channel over the channel kinds, in the same way every time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from infra.local.simulator.rows import RowError, name
from infra.local.simulator.world import ROLES, Draft, Kind, Role

# Each kind gets five texts in a row: comments are what the social networks carry most.
_TURNS = {
    Kind.INSTAGRAM: [Role.COMMENT, Role.COMMENT, Role.REPLY, Role.TAG, Role.COMMENT],
    Kind.FACEBOOK_PAGE: [Role.COMMENT, Role.VISITOR_POST, Role.COMMENT, Role.REPLY, Role.VISITOR_POST],
    Kind.TELEGRAM_RELAY: [Role.FORWARD],
    Kind.X: [Role.MENTION],
    Kind.YOUTUBE: [Role.COMMENT, Role.COMMENT, Role.REPLY, Role.COMMENT, Role.REPLY],
    Kind.RSS: [Role.ITEM],
}
_COMMENTS_PER_HOST = 150  # including replies; real threads seldom hold more
_SPREAD = timedelta(hours=20)  # Telegram drops updates that nobody has fetched after 24 hours
_HOSTS_BEFORE = timedelta(hours=1)
_AUTHORS = 97
_ANONYMOUS_EVERY = 8
_WITH_HANDLES = (Kind.INSTAGRAM, Kind.X, Kind.YOUTUBE)


def spread(rows: Sequence[tuple[str, Mapping[str, Any]]], now: datetime, kinds: Sequence[Kind]) -> list[Draft]:
    """Return drafts for rows of {id, text}, each given with its origin, and the county's posts that they stand beneath.

    The first row is dated most of a day ago, the last one a moment ago.

    Raises:
        RowError: A row lacks its id or text; the message starts with its origin.
    """
    hosts = {kind: _hosts(kind, len(rows) / len(kinds), now) for kind in kinds}
    drafts = [host for of_kind in hosts.values() for host in of_kind]
    last_comment: dict[Kind, str] = {}
    beneath_posts = dict.fromkeys(kinds, 0)
    for number, (origin, row) in enumerate(rows):
        kind = kinds[number % len(kinds)]
        role = _TURNS[kind][number // len(kinds) % len(_TURNS[kind])]
        source_id, text = _id_and_text(row, origin)
        parent = None
        if role is Role.COMMENT:
            # Threads fill one after the other, as on a real account, where people write beneath what is new.
            host = hosts[kind][min(beneath_posts[kind] // _COMMENTS_PER_HOST, len(hosts[kind]) - 1)]
            parent = host.source_id
            last_comment[kind] = source_id
        elif role is Role.REPLY:
            parent = last_comment[kind]  # the first text of five is never a reply
        beneath_posts[kind] += parent is not None
        drafts.append(
            Draft(
                source_id=source_id,
                kind=kind,
                role=role,
                parent=parent,
                author=_author(kind, number),
                text=text,
                has_photo=False,
                created_at=now - _SPREAD * (len(rows) - number) / len(rows),
                origin=origin,
            )
        )
    return drafts


def _id_and_text(row: Mapping[str, Any], origin: str) -> tuple[str, str]:
    try:
        return name(row, "id"), name(row, "text")
    except RowError as error:
        raise RowError(f"{origin}: {error}") from error


def _hosts(kind: Kind, rows: float, now: datetime) -> list[Draft]:
    if Role.COMMENT not in ROLES[kind]:
        return []
    share = sum(role in (Role.COMMENT, Role.REPLY) for role in _TURNS[kind]) / len(_TURNS[kind])
    count = 1 + int(rows * share / _COMMENTS_PER_HOST)
    return list(_host_drafts(kind, count, now))


def _host_drafts(kind: Kind, count: int, now: datetime) -> Iterator[Draft]:
    for number in range(1, count + 1):
        yield Draft(
            source_id=f"{kind}-{number}",
            kind=kind,
            role=Role.COUNTY_POST,
            parent=None,
            author=None,
            text=f"Informasi pelayanan Pemerintah Kabupaten Sleman, bagian {number}.",
            has_photo=kind is Kind.INSTAGRAM,
            created_at=now - _SPREAD - _HOSTS_BEFORE - timedelta(minutes=number),
            by_county=True,
        )


def _author(kind: Kind, number: int) -> str | None:
    if number % _ANONYMOUS_EVERY == _ANONYMOUS_EVERY - 1:
        return None
    person = number % _AUTHORS + 1
    return f"warga_{person:02}" if kind in _WITH_HANDLES else f"Warga {person:02}"
