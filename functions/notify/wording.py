"""The message that first tells a department of a ticket: one mail or one SMS, in Indonesian.

A liaison officer must be able to act from the message alone. A citizen's words are quoted as they are stored, with
personal data masked. Characters that hide or reverse text are left out, and no link in them can be clicked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from aduan.labels import KIND_LABELS, URGENCY_LABELS, channel_label, matter
from aduan.plain_text import in_wib, one_line
from aduan.quotation import quotation
from aduan.record import WIB
from aduan.safe_text import defanged
from aduan.templating import template_environment
from aduan.triage import DESK, ReportKind
from notify.case import TO_PASS_ON
from notify.gsm_alphabet import cut, gsm

if TYPE_CHECKING:
    from aduan.directory import Department
    from notify.case import Case, DeskReason, Link

SHOWN_TEXT: Final = 4_000
"""Longest quotation in characters: far beyond any real complaint, and below where mail programs cut a message."""
SHOWN_REASONS: Final = 4
SUBJECT_LENGTH: Final = 120

_WHAT: Final[dict[ReportKind, str]] = {
    "complaint": "laporan warga",
    "request": "permintaan warga",
    "question": "pertanyaan warga",
    "suggestion": "usulan warga",
    "other": "laporan warga",
}


@dataclass(frozen=True)
class Mail:
    """One mail, as plain text and as HTML."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Letter:
    """The content of a mail about one ticket. Every sentence is here, so that both templates say the same."""

    title: str
    code: str
    emergency: bool
    moment_label: str
    moment: str
    greeting: str
    paragraphs: tuple[str, ...]
    quotation: tuple[str, ...]
    """The citizen's words, line by line; empty when there are none to show."""
    instead: str
    """The sentence that stands in place of a missing quotation."""
    facts: tuple[tuple[str, str], ...]
    actions: tuple[Link, ...]
    closing: tuple[str, ...]
    link: str = ""
    """Address of the post; empty when it is not shown."""
    why: tuple[str, ...] = ()
    """The reasons why the ticket belongs to this department."""
    provenance: str = ""
    """Which model and rules judged the ticket, in small print; empty for a department."""


def laid_out(template: str, subject: str, **content: Any) -> Mail:
    """Lay a mail out in both its forms. Templates are loaded when they are first needed, and kept."""
    text, html = (ENVIRONMENT.get_template(f"{template}.{form}.j2").render(content) for form in ("txt", "html"))
    return Mail(subject=one_line(subject)[:SUBJECT_LENGTH], text=text, html=html)


def mail(case: Case) -> Mail:
    """Write the mail about a ticket."""
    return laid_out("mail", _subject(case), letter=_letter(case))


def sms(case: Case) -> str:
    """Write the SMS about a ticket: one part in the GSM alphabet, without any of the citizen's words."""
    return case.sms(f". {_sms_call(case)} Rincian di {'layanan' if case.secret else 'surel'} Aduan Sleman.")


def _letter(case: Case) -> Letter:
    ticket = case.ticket
    lines, instead = _quotation(case)
    return Letter(
        title=case.title,
        code=ticket.code,
        moment=in_wib(ticket.due_at),
        moment_label="Harapan tanggapan" if case.outside else "Tenggat tanggapan",
        emergency=case.emergency,
        greeting=f"Yth. {case.name(case.directory.departments[DESK] if case.desk_reason else case.department)},",
        paragraphs=_paragraphs(case),
        quotation=lines,
        instead=instead,
        facts=_facts(case),
        actions=case.links,
        link=case.link,
        why=() if case.secret else _why(case),
        closing=_closing(case),
        provenance=_provenance(case),
    )


def opening(what: str, begins: str, name: str, department: Department, desk_reason: DeskReason | None) -> str:
    """Say what a mail is about and what is asked.

    Args:
        what: Name of what the mail is about, within a sentence: ``laporan warga``, ``5 laporan warga``.
        begins: The same at the beginning of a sentence.
        name: The department's name in this mail.
        department: The department the notices are for.
        desk_reason: Why the desk is told instead; None when the department itself is told.
    """
    match desk_reason:
        case "undecided":
            return f"Penanggung jawab {what} berikut belum dapat dipastikan. Mohon ditentukan."
        case "unknown_department":
            return (
                f"{begins} berikut tercatat untuk Perangkat Daerah yang tidak ada lagi di daftar. "
                "Mohon ditentukan penanganannya."
            )
        case "no_contact":
            return (
                f"{begins} berikut ditujukan kepada {name}, tetapi kontaknya belum terdaftar di Aduan. "
                "Mohon diteruskan, dan mohon kontaknya didaftarkan."
            )
        case "dead_contact":
            return (
                f"{begins} berikut ditujukan kepada {name}, tetapi alamat surelnya tidak dapat menerima surel. "
                "Mohon diteruskan, dan mohon alamatnya diperbarui di Aduan."
            )
        case None if department.kind == "outside":
            return (
                f"Pemerintah Kabupaten Sleman menerima {what} berikut. Penanganannya di luar kewenangan Pemerintah "
                f"Kabupaten Sleman; kami hanya meneruskannya kepada {name} untuk ditindaklanjuti."
            )
        case None:
            return f"Kami teruskan {what} berikut untuk ditindaklanjuti oleh {name}."


def _paragraphs(case: Case) -> tuple[str, ...]:
    """Say first what this is and what is asked."""
    what = "laporan rahasia" if case.secret else _WHAT[case.ticket.kind]
    first = opening(what, what.capitalize(), case.name(case.department), case.department, case.desk_reason)
    if case.desk_reason == "no_contact" and case.department.channel:
        first += f" Kanal pengaduan yang diketahui: {one_line(case.department.channel)}."
    guess = _guess(case) if case.desk_reason == "undecided" and not case.secret else ""
    return tuple(paragraph for paragraph in (_alarm(case), first, guess) if paragraph)


def _alarm(case: Case) -> str:
    """Say how dangerous the matter is; empty when it is not."""
    if case.emergency:
        return "Laporan ini bersifat darurat. Mohon segera ditangani."
    if case.suspected:
        return (
            "Laporan ini diduga darurat, dan belum ada pihak lain yang diberi tahu. Mohon segera diperiksa. "
            "Bila benar darurat, mohon hubungi PSC 119, Polri 110, atau Damkar, lalu tetapkan urgensinya."
        )
    return ""


def _guess(case: Case) -> str:
    """The department the classifier guesses, the next best one, and how probable each is; empty without an opinion."""
    triage = case.post.triage
    if triage is None:
        return ""
    known = case.directory.departments
    best, second = known.get(triage.guess or ""), known.get(triage.runner_up or "")
    sentences = []
    if best is not None:
        sentences.append(f"Dugaan sistem: {case.name(best)} (keyakinan {_percent(triage.confidence)}).")
    if second is not None and second is not best:
        sentences.append(f"Kemungkinan lain: {case.name(second)} ({_percent(triage.runner_up_probability)}).")
    return " ".join(sentences)


def _percent(probability: float) -> str:
    """Write a probability in whole percents, but never as 0 or 100: no guess is impossible or certain."""
    if probability < 0.01:  # noqa: PLR2004 # one percent, as the sentence says
        return "kurang dari 1 persen"
    return f"{min(round(probability * 100), 99)} persen"


def _provenance(case: Case) -> str:
    """Which model, rules and directory judged, for questions to the desk later; empty when that is of no use."""
    triage = case.post.triage
    if triage is None or not case.judged or case.desk_reason is None or case.secret:
        return ""
    found = _DECIDED_BY.fullmatch(triage.decided_by)
    if found is None:
        return f"Dinilai oleh {one_line(triage.decided_by)}."
    gate = f", saringan {found[4]}" if found[4] else ""
    asked = f", dengan pendapat kedua {one_line(found[5])}" if found[5] else ""
    return f"Dinilai oleh model {found[1]}, aturan {found[2]}, direktori {found[3]}{gate}{asked}."


_DECIDED_BY: Final = re.compile(r"model (\w+)/(\w+)/(\w+)(?: \+ gate (\d+))?(?: \+ (.+))?")


def _why(case: Case) -> tuple[str, ...]:
    """Why the ticket belongs to this department: the triage's reasons, or that a person chose the department."""
    triage, owner = case.post.triage, case.directory.departments.get(case.ticket.department)
    if triage is not None and case.judged:
        return tuple(_reason(reason) for reason in triage.reasons[:SHOWN_REASONS])
    if owner is None or case.desk_reason in {"undecided", "unknown_department"}:
        return ()
    if owner.code == case.department.code:
        return ("ditetapkan oleh petugas Diskominfo",)
    return (f"ditangani bersama {case.name(owner)}",)


def _reason(reason: str) -> str:
    """Write a reason of the triage, such as ``kata: lampu ~ mati``, for people."""
    return defanged(one_line(re.sub("^kata:", "kata kunci:", reason).replace(" ~ ", " … ")))


def _quotation(case: Case) -> tuple[tuple[str, ...], str]:
    """The citizen's words, or a sentence that stands in their place and says where they can be read."""
    lines, instead = quotation(case.post, SHOWN_TEXT, confidential=case.secret)
    if case.secret:
        instead += f" Silakan membukanya di layanan Aduan dengan akun Bapak/Ibu dan kode {case.ticket.code}."
    elif instead and case.post.state != "gone":
        where = "melalui tautan di bawah" if case.link else "pada kanal asalnya"
        instead += f" Silakan melihatnya {where}."
    return lines, instead


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    ticket, post = case.ticket, case.post
    urgency = ("Urgensi", URGENCY_LABELS[ticket.urgency])
    # Without a date from the channel, the post counts as written when it was read.
    written = ("Dibaca (tanpa tanggal)" if post.undated else "Ditulis warga", in_wib(post.created_at))
    if case.secret:
        return (urgency, written)
    facts = [
        *matter(ticket, case.directory),
        ("Jenis", KIND_LABELS[ticket.kind]),
        urgency,
        written,
        ("Kanal", channel_label(ticket.channel, case.directory)),
    ]
    if post.text and post.has_photo:
        facts.append(("Lampiran", "ada foto pada unggahan aslinya"))
    if ticket.voices > 1:
        facts.append(("Disampaikan oleh", f"{ticket.voices} unggahan warga"))
    return tuple(facts)


def _closing(case: Case) -> tuple[str, ...]:
    if case.desk_reason is not None:
        return (f"Sebutkan kode {case.ticket.code} saat meneruskan atau menanyakan aduan ini.",)
    if case.secret or (case.links and not case.outside):
        return (case.how_to_answer,)
    other = "Bila bukan kewenangan Bapak/Ibu, mohon balas dengan menyebut pihak yang berwenang agar segera dialihkan."
    if case.outside:
        other = "Bila penanganannya ada pada pihak lain, mohon beri tahu kami dengan membalas surel ini."
    return (case.how_to_answer, other)


def _subject(case: Case) -> str:
    mark = f"{case.mark}: " if case.mark else ""
    if case.desk_reason is not None:
        mark += "Mohon diteruskan: " if case.desk_reason in TO_PASS_ON else "Perlu keputusan: "
    return f"[{case.ticket.code}] {mark}{case.subject}"


def _sms_call(case: Case) -> str:
    """What is asked, in one short sentence of the GSM alphabet."""
    soon = " segera" if case.emergency else ""
    if case.suspected:
        return "Mohon segera diperiksa."
    if case.desk_reason in TO_PASS_ON and not case.secret:
        return f"Mohon{soon} teruskan ke {cut(gsm(case.department.short_name), 24)}."
    if case.desk_reason is not None:
        return f"Mohon{soon} tentukan penanganannya."
    if case.emergency:
        return "Mohon segera ditangani."
    if case.outside:
        return "Diteruskan Pemkab Sleman, mohon ditangani."
    return f"Tenggat {case.ticket.due_at.astimezone(WIB):%d-%m-%Y %H.%M} WIB."


ENVIRONMENT: Final = template_environment(Path(__file__).with_name("templates"))
for _form in ("txt", "html"):
    ENVIRONMENT.get_template(f"mail.{_form}.j2")  # the most frequent one, loaded with the function
