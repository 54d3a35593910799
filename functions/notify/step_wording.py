"""The message of a step of the ladder: a reminder, or word that a limit has passed, in Indonesian.

The reader may have forgotten the complaint or never have heard of it. So the message says what was asked and when,
what is due, and what is asked of the reader now. It tells how things stand when the step is taken, so that it is true
even after an outage of ours.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.labels import matter
from aduan.notice import CONTRADICTED
from aduan.plain_text import in_wib
from aduan.quotation import quotation
from aduan.record import WIB
from aduan.ticket import WAITING, Ticket
from aduan.triage import DESK
from notify.gsm_alphabet import cut, gsm
from notify.wording import Letter, Mail, laid_out

if TYPE_CHECKING:
    from aduan.directory import Department
    from aduan.notice import Notice
    from notify.case import Case

SHOWN_TEXT: Final = 500
"""Longest quotation in characters; the first notice had all of it."""
_HEADS: Final = {"setda": "Sekretaris Daerah", "inspektorat": "Inspektur"}
_TITLES: Final = (
    (re.compile(r"(Dinas|Badan|Satuan|Bidang|Meja)\b"), "Kepala"),
    (re.compile(r"Kapanewon\b"), "Panewu,"),
    (re.compile(r"Pemerintah Kalurahan\b"), "Lurah,"),
)
"""The title of a department's head, by how the department's name begins."""


@dataclass(frozen=True)
class _Step:
    """A step of the ladder with everything its message needs."""

    notice: Notice
    case: Case

    @property
    def ticket(self) -> Ticket:
        return self.case.ticket

    @property
    def name(self) -> str:
        return self.notice.step or ""

    @property
    def holder(self) -> Department:
        """The department that has the ticket."""
        known = self.case.directory.departments
        return known[DESK] if self.ticket.status == "needs_review" else known.get(self.ticket.department, known[DESK])

    @property
    def end(self) -> datetime:
        """When the limit that the step is about ends."""
        take_up_by = self.ticket.take_up_by
        by_taking_up = self.name == "remind" or (self.name in {"head", CONTRADICTED} and self.ticket.status in WAITING)
        return take_up_by if by_taking_up and take_up_by is not None else self.ticket.due_at

    @property
    def is_over(self) -> bool:
        return self.end <= self.notice.created_at


def step_message(notice: Notice, case: Case) -> Mail | str:
    """Write the mail or the SMS of a step.

    Args:
        notice: Says which step it is, and whom it is for.
        case: The ticket and its post; a post deleted at its source has no text.
    """
    step = _Step(notice, case)
    return _mail(step) if notice.medium == "email" else _sms(step)


def _mail(step: _Step) -> Mail:
    case = step.case
    lines, instead = quotation(case.post, SHOWN_TEXT, confidential=case.secret)
    letter = Letter(
        title=_title(step),
        code=step.ticket.code,
        emergency=case.emergency,
        moment_label="Batas waktu yang lewat" if step.is_over else "Batas waktu",
        moment=in_wib(step.end),
        greeting=f"Yth. {_reader(step)},",
        paragraphs=tuple(filter(None, (_forward(step), _standing(step), _told_too(step), _asked(step)))),
        quotation=lines,
        instead=instead,
        facts=_facts(step),
        actions=case.links,
        closing=(case.how_to_answer,),
    )
    mark = f"{case.mark}: " if case.mark else ""
    return laid_out("mail", f"[{letter.code}] {mark}{letter.title}: {case.subject}", letter=letter)


def _sms(step: _Step) -> str:
    limit = f"{step.end.astimezone(WIB):%d-%m-%Y %H.%M}"
    standing = {"needs_review": "Belum diputuskan", "not_ours": "Belum ada kabar"}.get(
        step.ticket.status, "Belum diterima" if step.ticket.status in WAITING else "Belum selesai"
    )
    by = "" if step.holder.kind == "desk" else f" {cut(gsm(step.holder.short_name), 20)}"
    over = " (lewat)" if step.is_over else ""
    asked = "arahan" if step.notice.role == "head" else "tindak lanjut"
    return step.case.sms(f". {standing}{by}, batas {limit}{over}. Mohon {asked}.")


def _title(step: _Step) -> str:
    match step.name:
        case "forum":
            return "Masuk daftar forum Wakil Bupati"
        case name if name == CONTRADICTED:
            return "Disanggah pelapor"
        case "remind" if step.ticket.status == "not_ours":
            return "Perlu dicek perkembangannya"
        case "remind" | "remind_due" if not step.is_over:
            return "Pengingat"
        case _:
            return "Melewati batas waktu" if step.is_over else "Belum ditangani"


def _reader(step: _Step) -> str:
    """How the reader is addressed; the desk, when it reads in place of somebody else."""
    if step.case.desk_reason is not None:
        return step.case.name(step.case.directory.departments[DESK])
    return _person(step)


def _person(step: _Step) -> str:
    """Name of the person or department the notice is for."""
    department = step.case.department
    name = step.case.name(department)
    if step.notice.role == "officer":
        return name
    if department.code in _HEADS:
        return _HEADS[department.code]
    title = next((title for begins, title in _TITLES if begins.match(name)), "Pimpinan")
    return f"{title} {name}"


def _forward(step: _Step) -> str:
    """The request to the desk to pass the message on, and why; empty when it is for the reader."""
    if step.case.desk_reason in {None, "unknown_department"} or step.notice.department == DESK:
        return ""
    why = "kontaknya belum terdaftar di Aduan"
    if step.case.desk_reason == "dead_contact":
        why = "alamatnya tidak dapat dihubungi lagi"
    return f"Pemberitahuan ini untuk {_person(step)}, tetapi {why}. Mohon diteruskan, dan mohon kontaknya diperbarui."


def _standing(step: _Step) -> str:
    """How things stand with the ticket."""
    ticket, holder = step.ticket, step.case.name(step.holder)
    what = "Laporan darurat" if step.case.emergency else "Aduan warga"
    come = f"{what} berikut masuk pada {in_wib(ticket.opened_at)}"
    if step.name == CONTRADICTED:
        return (
            f"{come} dan sudah dinyatakan selesai. Pelapornya kemudian menulis di utas yang sama bahwa masalahnya "
            f"belum beres, sehingga aduan ini dibuka kembali. Penanggung jawabnya: {holder}."
        )
    match ticket.status:
        case "needs_review":
            stands = "dan belum diputuskan penanggung jawabnya."
        case "not_ours":
            return (
                f"{come} dan diteruskan kepada {holder}, karena di luar kewenangan Pemerintah Kabupaten Sleman. "
                "Belum ada kabar yang tercatat sejak itu."
            )
        case status if status in WAITING:
            stands = f"dan belum diterima oleh {holder}."
        case _:
            stands = f"dan ditangani oleh {holder}, tetapi belum selesai."
    limit = f"Batas waktunya, {in_wib(step.end)}, sudah lewat." if step.is_over else ""
    return f"{come} {stands} {limit}".strip()


def _told_too(step: _Step) -> str:
    """Who is told of the ticket at the same time, or was told before; empty when nobody is."""
    if step.name == CONTRADICTED:
        told = "Meja Aduan dan Perangkat Daerah diberi tahu pada saat yang sama."
        return "" if step.holder.kind == "desk" else told
    if step.name in {"head", "head_due"} and step.notice.role == "officer":
        return "Pimpinan Perangkat Daerah diberi tahu pada saat yang sama."
    if step.name == "sekda" and step.notice.department != "setda":
        return "Sekretaris Daerah diberi tahu pada saat yang sama."
    if step.name == "forum":
        return "Pimpinan Perangkat Daerah dan Sekretaris Daerah sudah diberi tahu sebelumnya."
    return ""


def _asked(step: _Step) -> str:
    """What is asked of the reader."""
    when = "segera" if step.is_over else f"paling lambat {in_wib(step.end)}"
    if step.name == "forum":
        asked = "Aduan ini sekarang ada dalam daftar pembahasan forum yang dipimpin Wakil Bupati. Mohon disiapkan."
    elif step.name == CONTRADICTED and step.notice.department != DESK:
        asked = f"Mohon dicek kembali di lapangan dan diterima {when}."
    elif step.name == CONTRADICTED:
        asked = "Mohon dipastikan Perangkat Daerah itu menindaklanjutinya."
    elif step.ticket.status == "not_ours":
        asked = "Mohon ditanyakan perkembangannya, lalu tiketnya diperbarui atau ditutup. Tidak ada pengingat lagi."
    elif step.notice.role == "head":
        asked = "Mohon arahan Bapak/Ibu agar aduan ini segera ditangani."
    elif step.holder.kind == "desk":
        asked = f"Mohon diputuskan {when} siapa yang menanganinya."
    elif step.notice.department == DESK:
        asked = "Mohon Perangkat Daerah itu segera dihubungi lewat telepon."
    elif step.ticket.status in WAITING and step.name in {"remind", "head"}:
        asked = f"Mohon diterima {when}, atau dialihkan bila bukan kewenangan Bapak/Ibu."
    else:
        asked = f"Mohon diselesaikan {when}, dan hasilnya disampaikan."
    return asked


def _facts(step: _Step) -> tuple[tuple[str, str], ...]:
    ticket, case = step.ticket, step.case
    dates = [("Masuk", in_wib(ticket.opened_at))]
    if ticket.take_up_by is not None and ticket.status in WAITING:
        done = "Diputuskan" if ticket.status == "needs_review" else "Diterima"
        dates.append((f"{done} paling lambat", in_wib(ticket.take_up_by)))
    if ticket.status != "not_ours":
        dates.append(("Tenggat penyelesaian", in_wib(ticket.due_at)))
    if case.secret:
        return tuple(dates)
    return (*matter(ticket, case.directory), ("Ditangani oleh", case.name(step.holder)), *dates)
