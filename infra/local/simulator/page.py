"""The page under `/_simulator/`: write, edit and delete posts by hand, switch faults, watch where each post goes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta, timezone
from itertools import islice
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode

import jinja2

from infra.local.simulator.exchange import Answer
from infra.local.simulator.faults import FAULTS
from infra.local.simulator.rows import RowError, citizen_draft, free_source_id
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.switchboard import FaultError
from infra.local.simulator.world import ROLES, Account, Entry, Kind, Role, WorldError

PREFIX: Final = "/_simulator/"
HOME: Final = PREFIX
TABLE: Final = f"{PREFIX}table"
_ACTION: Final = f"{PREFIX}do/"
_SHOWN: Final = 30
_WIB: Final = timezone(timedelta(hours=7))
_HTML: Final = {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store"}
KINDS: Final[Mapping[Kind, str]] = {
    Kind.INSTAGRAM: "Instagram",
    Kind.FACEBOOK_PAGE: "Facebook",
    Kind.TELEGRAM_RELAY: "Telegram",
    Kind.X: "X",
    Kind.YOUTUBE: "YouTube",
    Kind.RSS: "Umpan RSS",
}
EDGES: Final[Mapping[Role, str]] = {
    Role.COMMENT: "komentar",
    Role.REPLY: "balasan",
    Role.TAG: "menandai akun",
    Role.VISITOR_POST: "kiriman pengunjung",
    Role.FORWARD: "terusan moderator",
    Role.MENTION: "sebutan",
    Role.ITEM: "tulisan",
    Role.COUNTY_POST: "unggahan Pemkab",
}
FAULT_WORDS: Final[Mapping[str, str]] = {
    "server_error": "galat peladen (5xx)",
    "reduce_data": "minta data lebih sedikit",
    "throttled": "dibatasi (429)",
    "high_usage": "jatah hampir habis",
    "expired_token": "token kedaluwarsa",
    "dying_token": "token segera kedaluwarsa",
    "not_permitted": "tanpa izin (403)",
    "unknown_field": "kolom tidak dikenal",
    "conflict": "pembaca kedua (409)",
    "quota_exceeded": "kuota YouTube habis",
    "comments_disabled": "komentar dimatikan",
    "credits_depleted": "kredit X habis (402)",
    "usage_capped": "batas bulanan X",
    "stale_since_id": "since_id basi",
    "html": "HTML dengan status 200",
    "truncated": "jawaban terpotong",
    "empty_body": "jawaban kosong",
    "null_body": "jawaban null",
    "no_data_key": "tanpa daftar",
    "empty_page_with_next": "halaman kosong yang berlanjut",
    "repeat_page": "halaman berulang",
    "endless_pages": "halaman tanpa akhir",
    "short_pages": "halaman pendek",
    "ranked": "urutan diacak",
    "slow": "lambat",
    "clock_skew": "jam platform meleset",
    "partial_errors": "sebagian galat",
    "hide_from": "tanpa from",
    "hide_username": "tanpa nama pengguna",
    "hide_ids": "tanpa id komentar",
    "hide_author": "tanpa penulis",
    "random": "acak menurut benih",
}


@dataclass(frozen=True)
class Row:
    """A post as the page lists it."""

    entry: Entry
    is_there: bool
    label: str
    edge: str
    time: str


def answer(simulator: Simulator, method: str, path: str, query: str, body: bytes) -> Answer | None:
    """Answer a request for the page; return None for any other request."""
    if method == "GET" and path in {HOME, HOME.rstrip("/")}:
        return _shown(simulator, dict(parse_qsl(query)))
    if method == "GET" and path == TABLE:
        return Answer(200, _HTML, None, text=_table(simulator))
    if method == "POST" and path.startswith(_ACTION):
        return _done(simulator, path.removeprefix(_ACTION), dict(parse_qsl(body.decode(errors="replace"))))
    return None


def recent(simulator: Simulator) -> list[Row]:
    """Return the posts that were written or edited last, deleted ones included."""
    seen: dict[str, Row] = {}
    for entry in islice(_latest(simulator), _SHOWN):
        seen[entry.native_id] = Row(
            entry=entry,
            is_there=simulator.world.find_native(entry.native_id) is entry,
            label=f"{KINDS[entry.kind]} {_at(entry.account)}",
            edge=EDGES[entry.role],
            time=f"{entry.created_at.astimezone(_WIB):%d/%m %H.%M}",
        )
    return list(seen.values())


def _latest(simulator: Simulator) -> Iterator[Entry]:
    """Yield each post once, the last written or edited first."""
    seen = set()
    for change in sorted(simulator.world.changes, key=lambda change: change.at, reverse=True):
        if not change.entry.draft.by_county and id(change.entry) not in seen:
            seen.add(id(change.entry))
            yield change.entry


def _at(account: Account) -> str:
    return (
        account.label if " " in account.label or account.kind not in {Kind.INSTAGRAM, Kind.X} else f"@{account.label}"
    )


def _table(simulator: Simulator) -> str:
    with simulator.lock:
        rows = recent(simulator)
        faults = simulator.faults.described()
        requests = simulator.requests.total()
    # Read without the lock: the table lies behind the emulator, whose functions may be calling the simulator at this
    # moment.
    outcomes = simulator.desk.outcomes([row.entry for row in rows])
    return _render(
        "table.html.j2", rows=rows, outcomes=outcomes, faults=faults, requests=requests, words=FAULT_WORDS, kinds=KINDS
    )


def _shown(simulator: Simulator, told: Mapping[str, str]) -> Answer:
    with simulator.lock:
        context = {
            "places": list(_places(simulator)),
            "parents": list(_parents(simulator)),
            "kinds": [(kind.value, KINDS[kind]) for kind in Kind if _has(simulator, kind)],
            "faults": [(name, FAULT_WORDS[name], _settings(name)) for name in FAULTS],
        }
    page = _render("page.html.j2", told=told, table=_table(simulator), **context)
    return Answer(200, _HTML, None, text=page)


def _settings(name: str) -> str:
    return " ".join(f"{key}={value}" for key, value in FAULTS[name].settings.items() if key != "among")


def _has(simulator: Simulator, kind: Kind) -> bool:
    return any(account.kind is kind for account in simulator.world.accounts)


def _places(simulator: Simulator) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each account with what can be written there; an option's value holds kind, role and account."""
    for account in simulator.world.accounts:
        roles = [role for role in EDGES if role in ROLES[account.kind] and role is not Role.COUNTY_POST]
        name = f"{KINDS[account.kind]} {_at(account)}"
        yield name, [(f"{account.kind}|{role}|{account.account}", f"{EDGES[role]}, {name}") for role in roles]


def _parents(simulator: Simulator) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """Yield each account with the entries that can be answered, newest first."""
    for account in simulator.world.accounts:
        roots = simulator.world.roots(account, Role.COUNTY_POST, Role.VISITOR_POST)
        if Role.COMMENT not in ROLES[account.kind] or not roots:
            continue
        entries = [entry for root in roots for entry in (root, *root.children)]
        entries.sort(key=lambda entry: entry.created_at, reverse=True)
        listed = [(entry.native_id, f"{EDGES[entry.role]}: {_short(entry)}") for entry in entries[:60]]
        yield f"{KINDS[account.kind]} {_at(account)}", listed


def _short(entry: Entry) -> str:
    text = entry.text.replace("\n", " ") or "(foto)"
    return text if len(text) <= 70 else f"{text[:69]}…"  # noqa: PLR2004 # what fits into a list


def _done(simulator: Simulator, action: str, given: Mapping[str, str]) -> Answer:
    actions = {"write": _write, "edit": _edit, "delete": _delete, "fault": _fault, "clear": _clear}
    try:
        if action == "read":
            fault = simulator.desk.read_now()
            told = {"galat": fault} if fault else {"pesan": "Semua kanal baru saja dibaca."}
        elif action in actions:
            with simulator.lock:
                told = {"pesan": actions[action](simulator, given)}
        else:
            told = {"galat": f"Tidak ada tindakan {action}."}
    except (WorldError, RowError, FaultError) as error:
        told = {"galat": f"Ditolak: {error}"}
    return Answer(303, {**_HTML, "Location": f"{HOME}?{urlencode(told)}"}, None, text="")


def _write(simulator: Simulator, given: Mapping[str, str]) -> str:
    kind, edge, account = [*given.get("place", "").split("|"), "", ""][:3]
    has_photo = "photo" in given
    row: dict[str, Any] = {
        "kind": kind,
        "edge": edge,
        "account": account,
        "parent": given.get("parent") or None,
        "author": given.get("author", "").strip() or None,
        "text": given.get("text", "").strip().replace("\r\n", "\n"),
        "has_photo": has_photo,
        "photos": int(given["photos"]) if has_photo and given.get("photos", "").isdecimal() else 1,
    }
    if edge in {Role.COMMENT, Role.REPLY} and row["parent"] is None:
        row["parent"] = _newest(simulator, kind, account, edge)
    elif edge not in {Role.COMMENT, Role.REPLY}:
        row["parent"] = None
    entry = simulator.world.add(citizen_draft(row, free_source_id(simulator.world), simulator.clock(), "kiriman ini"))
    return f"Terkirim ke {KINDS[entry.kind]}: {_short(entry)}"


def _newest(simulator: Simulator, kind: str, account: str, edge: str) -> str | None:
    """Return the parent for a comment when none is chosen: the newest post, or for a reply the newest comment."""
    owner = simulator.world.account_of(Kind(kind), account)
    roots = simulator.world.roots(owner, Role.COUNTY_POST)
    entries = [child for root in roots for child in root.children if child.role is Role.COMMENT]
    choice: Sequence[Entry] = roots if edge == Role.COMMENT else entries
    return max(choice, key=lambda entry: entry.created_at).native_id if choice else None


def _edit(simulator: Simulator, given: Mapping[str, str]) -> str:
    text = given.get("text", "").strip().replace("\r\n", "\n")
    if not text:
        raise RowError("teks tidak boleh kosong")
    simulator.world.edit(given.get("id", ""), text, simulator.clock())
    return "Kiriman disunting."


def _delete(simulator: Simulator, given: Mapping[str, str]) -> str:
    simulator.world.delete(given.get("id", ""))
    return "Kiriman dihapus di kanalnya."


def _fault(simulator: Simulator, given: Mapping[str, str]) -> str:
    name = given.get("fault", "")
    usual = FAULTS[name].settings if name in FAULTS else {}
    described: dict[str, Any] = {"fault": name}
    if given.get("kind"):
        described["kind"] = given["kind"]
    if given.get("times", "").isdecimal() and int(given["times"]):
        described["times"] = int(given["times"])
    for piece in given.get("settings", "").split():
        key, _, value = piece.partition("=")
        described[key] = _typed(value, usual.get(key, value))
    simulator.faults.switch_on(described)
    return f"Gangguan dinyalakan: {FAULT_WORDS[name]}."


def _typed(value: str, usual: object) -> object:
    if isinstance(usual, bool):
        return value.casefold() in {"true", "ya", "1"}
    try:
        return type(usual)(value) if isinstance(usual, int | float) else value
    except ValueError:
        return value


def _clear(simulator: Simulator, _given: Mapping[str, str]) -> str:
    simulator.faults.clear()
    return "Semua gangguan dimatikan."


def _render(template: str, **context: object) -> str:
    return _TEMPLATES.get_template(template).render(**context)


_TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(Path(__file__).parent), autoescape=True, trim_blocks=True, lstrip_blocks=True
)
