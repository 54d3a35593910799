"""What a department reads instead of many mails: one mail with many tickets, the most pressing first, in Indonesian."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from aduan.plain_text import day_in_wib
from notify.wording import ENVIRONMENT, SUBJECT_LENGTH, TO_PASS_ON, Mail, name_of

if TYPE_CHECKING:
    from jinja2 import Template

    from aduan.directory import Department
    from notify.wording import Brief, DeskReason


@dataclass(frozen=True)
class _Letter:
    """What the two templates lay out."""

    title: str
    due_label: str
    first_due: str
    greeting: str
    opening: str
    tickets: tuple[Brief, ...]
    quotes: bool
    """Whether a citizen's words are among them."""
    closing: tuple[str, ...]


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
        department: Whom the notices are for.
        reader: Who gets the mail: that department, or the desk.
        desk_reason: Why that is the desk; None when it is not.
        reminds: Whether they were told of the tickets before, and nothing happened.
        now: When it is sent.
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
    text, html = _templates()
    return Mail(
        subject=f"[Rangkuman] {mark}{count}, {day_in_wib(now)}"[:SUBJECT_LENGTH],
        text=text.render(letter=letter),
        html=html.render(letter=letter),
    )


def _opening(count: str, department: Department, desk_reason: DeskReason | None) -> str:
    name = name_of(department)
    match desk_reason:
        case "undecided":
            return f"Penanggung jawab {count} warga berikut belum dapat dipastikan. Mohon ditentukan satu per satu."
        case "unknown_department":
            return (
                f"Sebanyak {count} warga berikut tercatat untuk Perangkat Daerah yang tidak ada lagi di daftar. "
                "Mohon ditentukan penanganannya."
            )
        case "no_contact":
            return (
                f"Sebanyak {count} warga berikut ditujukan kepada {name}, tetapi kontaknya belum terdaftar di Aduan. "
                "Mohon diteruskan, dan mohon kontaknya didaftarkan."
            )
        case "dead_contact":
            return (
                f"Sebanyak {count} warga berikut ditujukan kepada {name}, tetapi alamat surelnya tidak dapat menerima "
                "surel. Mohon diteruskan, dan mohon alamatnya diperbarui di Aduan."
            )
        case None if department.kind == "outside":
            return (
                f"Pemerintah Kabupaten Sleman menerima {count} warga berikut. Penanganannya di luar kewenangan "
                f"Pemerintah Kabupaten Sleman; kami hanya meneruskannya kepada {name} untuk ditindaklanjuti."
            )
        case None:
            return (
                f"Kami teruskan {count} warga berikut untuk ditindaklanjuti oleh {name}. "
                "Yang tenggatnya paling dekat ada di urutan pertama."
            )


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


@functools.cache
def _templates() -> tuple[Template, Template]:
    """Text and HTML. Loaded when one is needed, once a day: no cold start pays for them."""
    return ENVIRONMENT.get_template("digest.txt.j2"), ENVIRONMENT.get_template("digest.html.j2")
