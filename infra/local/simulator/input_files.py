"""Read the simulator's files: configuration, the county's posts, the citizens' posts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from infra.local.simulator import rows
from infra.local.simulator.config import Config
from infra.local.simulator.foreign_posts import spread
from infra.local.simulator.rows import RowError
from infra.local.simulator.world import Account, Draft, Kind, Role, World, populate


class InputError(ValueError):
    """A file that cannot be used; the message names the file and the line or entry."""


_COUNTY_TEXT = {
    Kind.INSTAGRAM: "caption",
    Kind.FACEBOOK_PAGE: "message",
    Kind.YOUTUBE: "title",
    Kind.X: "text",
}
_WITHOUT_HANDLES = (Kind.FACEBOOK_PAGE, Kind.RSS)


def read_config(path: Path) -> Config:
    """Read the API version, the app's secret and the accounts.

    Raises:
        InputError: The file cannot be used.
    """
    document = _json_object(path.read_text(encoding="utf-8"), str(path))
    where = str(path)
    try:
        accounts: list[Account] = []
        for number, row in enumerate(rows.rows_under(document, "accounts")):
            where = f"{path}: accounts[{number}]"
            accounts.append(_account(row, accounts))
        where = str(path)
        return Config(rows.name(document, "version"), rows.name(document, "app_secret"), tuple(accounts))
    except RowError as error:
        raise InputError(f"{where}: {error}") from error


def read_county(path: Path, now: datetime) -> list[Draft]:
    """Read the county's own posts and comments.

    Raises:
        InputError: The file cannot be used.
    """
    document = _json_object(path.read_text(encoding="utf-8"), str(path))
    where = str(path)
    try:
        drafts = []
        rows.known_keys(document, [*_COUNTY_TEXT, "own_comments"])
        for kind, text_key in _COUNTY_TEXT.items():
            for number, row in enumerate(rows.rows_under(document, kind) if kind in document else []):
                where = f"{path}: {kind}[{number}]"
                drafts.append(_county_post(row, kind, text_key, now, where))
        where = str(path)
        for number, row in enumerate(rows.rows_under(document, "own_comments")):
            where = f"{path}: own_comments[{number}]"
            drafts.append(_own_comment(row, now, where))
    except RowError as error:
        raise InputError(f"{where}: {error}") from error
    return drafts


def read_posts(path: Path, now: datetime, kinds: Sequence[Kind], limit: int | None = None) -> list[Draft]:
    """Read the citizens' posts: rows that name their edge, or foreign rows of {id, text} that are spread over `kinds`.

    Raises:
        InputError: The file cannot be used.
    """
    found = _json_lines(path, limit)
    if not found:
        raise InputError(f"{path}: there is no post in it")
    if "edge" in found[0][1]:
        return [_citizen_post(row, now, origin) for origin, row in found]
    try:
        return spread(found, now, kinds)
    except RowError as error:
        raise InputError(str(error)) from error


def read_world(config: Config, posts: Path, county: Path, now: datetime, limit: int | None = None) -> World:
    """Read everything in the files for which the county has an account; `left_out` counts the rest.

    Raises:
        InputError: A file cannot be used.
        WorldError: A post could not exist; the message names its file and line.
    """
    kinds = [kind for kind in Kind if any(account.kind is kind for account in config.accounts)]
    by_citizens = read_posts(posts, now, kinds, limit)
    left_out = Counter(draft.kind for draft in by_citizens if draft.kind not in kinds)
    by_citizens = [draft for draft in by_citizens if draft.kind in kinds]
    by_county = [draft for draft in read_county(county, now) if draft.kind in kinds]
    foreign = any(draft.by_county for draft in by_citizens)
    if foreign or limit is not None:
        by_county = _with_something_to_answer(by_county, by_citizens)
    world = populate(config.accounts, [*by_county, *by_citizens])
    world.left_out = left_out
    return world


def _with_something_to_answer(by_county: Sequence[Draft], others: Sequence[Draft]) -> list[Draft]:
    """Drop the county's answers to posts that were not taken in."""
    kept: list[Draft] = []
    present = {draft.source_id for draft in others}
    for draft in by_county:
        if draft.parent is None or draft.parent in present:
            kept.append(draft)
            present.add(draft.source_id)
    return kept


def _citizen_post(row: Mapping[str, Any], now: datetime, origin: str) -> Draft:
    try:
        return rows.citizen_draft(row, rows.name(row, "id"), rows.time_ago(row, now), origin)
    except RowError as error:
        raise InputError(f"{origin}: {error}") from error


def _account(row: Mapping[str, Any], taken: Sequence[Account]) -> Account:
    kind = Kind(rows.word(row, "kind", [kind.value for kind in Kind]))
    account = rows.name(row, "account")
    if any((kind, account) == (other.kind, other.account) for other in taken):
        raise RowError(f"the {kind} account {account!r} is there twice")
    # An account without a handle goes by its name; YouTube and Telegram have accounts with and without handles.
    label = rows.name(row, "name" if kind in _WITHOUT_HANDLES or "handle" not in row else "handle")
    moderators = rows.names(row, "moderators") if "moderators" in row else ()
    feed, channel = (rows.name(row, "feed"), rows.name(row, "channel")) if kind is Kind.RSS else ("", "")
    return Account(kind, account, label, rows.name(row, "token"), moderators, feed, channel)


def _county_post(row: Mapping[str, Any], kind: Kind, text_key: str, now: datetime, origin: str) -> Draft:
    return Draft(
        source_id=rows.name(row, "id"),
        kind=kind,
        role=Role.COUNTY_POST,
        parent=None,
        author=None,
        text=rows.name(row, text_key),
        has_photo=kind is Kind.INSTAGRAM,  # Instagram has no post without a picture
        created_at=rows.time_ago(row, now),
        by_county=True,
        origin=origin,
    )


def _own_comment(row: Mapping[str, Any], now: datetime, origin: str) -> Draft:
    return Draft(
        source_id=rows.name(row, "id"),
        kind=Kind(rows.word(row, "kind", [kind.value for kind in Kind])),
        role=Role.COMMENT,
        parent=rows.name(row, "parent"),
        author=None,
        text=rows.name(row, "text"),
        has_photo=False,
        created_at=rows.time_ago(row, now),
        by_county=True,
        origin=origin,
    )


def _json_lines(path: Path, limit: int | None) -> list[tuple[str, dict[str, Any]]]:
    found: list[tuple[str, dict[str, Any]]] = []
    with path.open(encoding="utf-8") as lines:
        for number, line in enumerate(lines, start=1):
            if limit is not None and len(found) >= limit:
                break
            if line.strip():
                origin = f"{path}:{number}"
                found.append((origin, _json_object(line, origin)))
    return found


def _json_object(text: str, origin: str) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise InputError(f"{origin}: not JSON: {error}") from error
    if not isinstance(value, dict):
        raise InputError(f"{origin}: must be a JSON object")
    return value
