"""The digest that a department reads instead of many mails: its tickets, the most pressing first, in Indonesian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.labels import URGENCY_LABELS
from aduan.plain_text import day_in_wib, in_wib, one_line
from aduan.quotation import quotation
from notify.case import TO_PASS_ON, Case, name_of
from notify.wording import SHOWN_TEXT, Mail, laid_out, opening

if TYPE_CHECKING:
    from aduan.directory import Department
    from notify.case import DeskReason, Link

BRIEF_TEXT: Final = 240
"""Longest quotation of a ticket in a digest, in characters: enough to recognise the matter. The rest is behind the
link."""


@dataclass(frozen=True)
class Brief:
    """One ticket among several in a mail."""

    code: str
    title: str
    urgency: str
    """The label of its urgency; empty for a normal one."""
    place: str
    """Empty when no place is known, or it must not be shown."""
    owner: str
    """Name of the department that has the ticket; empty when that is the department the notice is for."""
    text: str
    """The beginning of the citizen's words, in one line; or a sentence that stands in their place."""
    quoted: bool
    """Whether `text` is the citizen's words."""
    due: str
    link: str
    actions: tuple[Link, ...]


@dataclass(frozen=True)
class _Letter:
    """The content that the two templates of a digest lay out."""

    title: str
    due_label: str
    first_due: str
    greeting: str
    opening: str
    tickets: tuple[Brief, ...]
    quotes: bool
    """Whether any of the tickets quotes a citizen."""
    closing: tuple[str, ...]


def brief(case: Case) -> Brief:
    """Write what a digest says about a ticket. It withholds the same as the ticket's own mail does."""
    ticket = case.ticket
    lines, instead = quotation(case.post, SHOWN_TEXT, confidential=case.secret)
    text = one_line(" ".join(lines)) or instead
    if len(text) > BRIEF_TEXT:
        text = text[:BRIEF_TEXT].rpartition(" ")[0] or text[:BRIEF_TEXT]
        text = f"{text.rstrip(' ,.;:')} \u2026"
    place = ticket.place.label() if ticket.place is not None and not case.secret else ""
    owner = case.directory.departments.get(ticket.department, case.department)
    return Brief(
        code=ticket.code,
        title=case.title,
        urgency="" if ticket.urgency == "normal" else URGENCY_LABELS[ticket.urgency],
        place=one_line(place),
        owner="" if owner is case.department else case.name(owner),
        text=text,
        quoted=bool(lines),
        due=in_wib(ticket.due_at),
        link=case.link,
        actions=case.links,
    )


def digest_mail(  # noqa: PLR0913 # what it says, who reads it and why, and when
    tickets: Sequence[Brief],
    department: Department,
    reader: Department,
    desk_reason: DeskReason | None,
    *,
    reminds: bool,
    now: datetime,
) -> Mail:
    """Write one mail about several tickets.

    Args:
        tickets: At least one, in the order in which they are due.
        department: The department the notices are for.
        reader: The one that gets the mail: that department, or the desk.
        desk_reason: Why the mail goes to the desk; None when it goes to the department itself.
        reminds: Whether the mail is a reminder of tickets that the reader was told of before.
        now: When the mail is sent.
    """
    count = f"{len(tickets)} laporan"
    letter = _Letter(
        title=f"{'Pengingat' if reminds else 'Rangkuman'}: {count}",
        due_label="Tenggat terdekat",
        first_due=tickets[0].due,
        greeting=f"Yth. {name_of(reader)},",
        opening=_reminder(count) if reminds else _opening(count, department, desk_reason),
        tickets=tuple(tickets),
        quotes=any(ticket.quoted for ticket in tickets),
        closing=_closing(department, desk_reason, acts=any(ticket.actions for ticket in tickets)),
    )
    mark = "Pengingat: " if reminds else ""
    if desk_reason is not None:
        mark = "Mohon diteruskan: " if desk_reason in TO_PASS_ON else "Perlu keputusan: "
    urgencies = {ticket.urgency for ticket in tickets}
    if URGENCY_LABELS["emergency"] in urgencies:
        mark = f"DARURAT: {mark}"
    elif desk_reason is not None and URGENCY_LABELS["suspected"] in urgencies:
        mark = f"DIDUGA DARURAT: {mark}"
    return laid_out("digest", f"[Rangkuman] {mark}{count}, {day_in_wib(now)}", letter=letter)


def _opening(count: str, department: Department, desk_reason: DeskReason | None) -> str:
    name = name_of(department)
    first = opening(f"{count} warga", f"Sebanyak {count} warga", name, department, desk_reason)
    if desk_reason is None and department.kind != "outside":
        return f"{first} Yang tenggatnya paling dekat ada di urutan pertama."
    return first


def _reminder(count: str) -> str:
    return (
        f"Sebanyak {count} warga berikut belum selesai ditindaklanjuti, dan tenggatnya sudah dekat atau sudah lewat. "
        "Yang paling mendesak ada di urutan pertama."
    )


def _closing(department: Department, desk_reason: DeskReason | None, *, acts: bool) -> tuple[str, ...]:
    if desk_reason is not None:
        return ("Sebutkan kode aduan saat meneruskan atau menanyakannya.",)
    if department.confidential:
        return ("Silakan membuka setiap laporan rahasia di layanan Aduan dengan akun Bapak/Ibu dan kodenya.",)
    if acts:
        return ("Untuk menyampaikan hal lain, balas surel ini dengan menyebutkan kode aduannya.",)
    return (
        "Untuk menyampaikan tindak lanjut, balas surel ini dengan menyebutkan kode aduannya.",
        "Bila ada yang bukan kewenangan Bapak/Ibu, mohon sebutkan kode dan pihak yang berwenang agar dialihkan.",
    )
