"""The pages that links in mails lead to, in Indonesian: for a phone, without JavaScript or anything from elsewhere.

A citizen's words are shown as they are stored, with personal data masked. A confidential ticket shows only its code,
topic and place.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from actions.browser import STYLE
from actions.case import THE_DESK, Case
from actions.form import NOTE_LENGTH, PHOTO_LENGTH, Form
from aduan.confidentiality import may_be_named
from aduan.labels import STATUS_LABELS, matter
from aduan.plain_text import in_wib
from aduan.quotation import quotation
from aduan.templating import template_environment
from aduan.triage import DESK

if TYPE_CHECKING:
    from actions.link_state import Found
    from actions.presence import Doubt
    from aduan.action_token import Action
    from aduan.directory import Department

SHOWN_TEXT: Final = 2_000
"""Longest quotation in characters; all of it is in the mail."""
LABELS: Final[Mapping[Action, str]] = {
    "accept": "Penerimaan",
    "done": "Penyelesaian",
    "not_ours": "\u201cBukan wewenang kami\u201d",
}


_DOUBTS: Final[Mapping[Doubt, str]] = {
    "unanswered": (
        "Belum ada yang dicatat. Ketik 2 karakter terakhir kode aduan di bawah ini, lalu tekan tombolnya sekali lagi."
    ),
    "too_quick": (
        "Belum ada yang dicatat karena tombol ditekan terlalu cepat setelah halaman terbuka, seperti yang dilakukan "
        "pemindai surel. Mohon ketik 2 karakter terakhir kode aduan, lalu tekan tombolnya sekali lagi."
    ),
    "scanner": (
        "Belum ada yang dicatat karena permintaan ini tampaknya dikirim oleh program pemindai surel. Mohon buka tautan "
        "pada surel dengan peramban biasa, misalnya Chrome atau Safari."
    ),
}


@dataclass(frozen=True)
class Page:
    """An answer to a browser: HTTP status and HTML."""

    status: int
    html: str


@dataclass(frozen=True)
class _Message:
    title: str
    paragraphs: tuple[str, ...]


@dataclass(frozen=True)
class _FormPage(_Message):
    code: str
    facts: tuple[tuple[str, str], ...]
    quotation: tuple[str, ...]
    """The citizen's words, line by line; empty when there are none to show."""
    instead: str
    button: str
    choices: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    """Groups of departments to choose from: the group's title, and code and name of each department."""
    form: Form
    seen: int
    served: str
    error: str
    note_length: int = NOTE_LENGTH
    photo_length: int = PHOTO_LENGTH


def form_page(case: Case, seen: int, served: str, form: Form | None = None, error: str = "") -> Page:
    """Show the ticket, and ask for a confirmation.

    Args:
        case: The link and its ticket.
        seen: Length of the ticket's history. The form sends it back, which shows whether anything happened since.
        served: When the page is served, as `actions.presence` signs it. The form sends it back, too.
        form: What was filled in already.
        error: Why the form was refused; the page then has the status 400.
    """
    title, explanation, button = _question(case)
    lines, instead = quotation(case.post, SHOWN_TEXT, confidential=case.secret)
    page = _FormPage(
        title=title,
        paragraphs=(explanation,),
        code=case.ticket.code,
        facts=_facts(case),
        quotation=lines,
        instead=instead,
        button=button,
        choices=_choices(case) if case.token.action == "not_ours" else (),
        form=form or Form(),
        seen=seen,
        served=served,
        error=error,
    )
    return Page(400 if error else 200, _FORM.render(page=page, style=STYLE))


def doubted_page(case: Case, seen: int, served: str, form: Form, doubt: Doubt) -> Page:
    """Ask again with what was filled in, because nobody knows that a person pressed the button.

    The status is 200: nothing is wrong with the request of a person, and a program learns nothing from it.
    """
    page = form_page(case, seen, served, replace(form, ending=""), _DOUBTS[doubt])
    return Page(200, page.html)


def stale_page(case: Case, seen: int, served: str, form: Form) -> Page:
    """Ask again, because something happened to the ticket since the page was made."""
    page = form_page(
        case, seen, served, form, "Aduan ini berubah sejak halaman dibuka. Mohon diperiksa lagi, lalu tekan tombolnya."
    )
    return Page(409, page.html)


def recorded_page(case: Case, at: datetime) -> Page:
    """Say what was recorded. The case has the ticket as it is now."""
    code, when = case.ticket.code, in_wib(at)
    match case.token.action:
        case "accept":
            told: tuple[str, ...] = (
                f"Aduan {code} diterima {case.refuser} pada {when}.",
                f"Tenggat penyelesaian: {in_wib(case.ticket.due_at)}.",
                "Setelah selesai, pilih Selesai pada surel yang sama.",
            )
        case "done":
            told = (
                f"Aduan {code} dinyatakan selesai oleh {case.refuser} pada {when}.",
                "Bila ternyata belum selesai, aduan ini dapat dibuka kembali.",
            )
        case _:
            told = (f"Aduan {code} bukan lagi tugas {case.refuser}, dicatat pada {when}.", _onward(case))
    return _message(200, "Terima kasih, sudah dicatat", *told)


def link_state_page(case: Case, found: Found) -> Page:
    """Say why nothing can be done with the link any more."""
    code = case.ticket.code
    since = f" pada {in_wib(found.since)}" if found.since is not None else ""
    match found.state:
        case "already":
            told = [f"{LABELS[case.token.action]} untuk aduan {code} sudah dicatat{since}.", "Tidak perlu diulangi."]
            if case.token.action == "not_ours":
                told.insert(1, _onward(case))
            return _message(200, "Sudah dicatat", *told)
        case "moved":
            return _message(
                410,
                "Sudah dialihkan",
                f"Aduan {code} tidak lagi ditangani {case.refuser}; sekarang ada pada {case.holder}.",
                "Tautan ini tidak berlaku lagi.",
            )
        case "resolved":
            return _message(410, "Sudah selesai", f"Aduan {code} sudah dinyatakan selesai{since}.")
        case "closed":
            return _message(410, "Sudah ditutup", f"Aduan {code} sudah ditutup dan tidak ditindaklanjuti lagi.")
        case "withdrawn":
            why = STATUS_LABELS[case.ticket.status].lower()
            return _message(410, "Sudah ditarik", f"Aduan {code} tidak ditindaklanjuti lagi: {why}.")
    return _message(410, "Sedang diputuskan", f"Aduan {code} sedang diputuskan {THE_DESK}.")


def missing_page() -> Page:
    """Say that the ticket no longer exists."""
    return _message(410, "Aduan tidak ditemukan", "Aduan ini tidak ada lagi. Tautannya tidak berlaku.")


def expired_page() -> Page:
    """Say that the link has expired."""
    return _message(
        410,
        "Tautan sudah kedaluwarsa",
        "Tautan dalam surel Aduan berlaku 60 hari. Silakan balas surelnya dengan menyebut kode aduan.",
    )


def garbled_page() -> Page:
    """Say that part of the link is missing."""
    return _message(
        400,
        "Tautan tidak lengkap",
        "Sebagian tautan hilang, mungkin terpotong oleh aplikasi surel. Tekan lagi tombol pada surel, atau salin "
        "tautannya seutuhnya.",
    )


def forged_page() -> Page:
    """Say that the link is not one of ours."""
    return _message(
        400,
        "Tautan tidak sah",
        "Tautan ini bukan dari Aduan, atau sudah diubah. Gunakan tombol pada surel dari Aduan.",
    )


def busy_page() -> Page:
    """Say that the ticket cannot change now: its post is being decided anew, or others are changing the ticket."""
    return _message(
        409, "Belum dapat dicatat", "Aduan ini sedang diperbarui. Muat ulang halaman ini beberapa menit lagi."
    )


def too_large_page() -> Page:
    """Say that far more was sent than the form can hold."""
    return _message(413, "Isian terlalu besar", "Isian terlalu besar. Kembali, lalu persingkat catatannya.")


def failed_page() -> Page:
    """Say that something failed on our side."""
    return _message(
        500,
        "Terjadi gangguan",
        "Belum ada yang dicatat. Coba lagi beberapa saat; bila berulang, balas surel dari Aduan.",
    )


def _question(case: Case) -> tuple[str, str, str]:
    """Return the title, the explanation and the button of the form."""
    match case.token.action:
        case "accept":
            return "Terima aduan ini?", f"{case.refuser} menyatakan akan menanganinya.", "Ya, kami terima"
        case "done":
            return "Aduan ini sudah selesai?", f"{case.refuser} menyatakan sudah menanganinya.", "Ya, sudah selesai"
    if case.ticket.refused_by:
        onward = f"Aduan ini sudah pernah ditolak, sehingga akan diputuskan {THE_DESK}."
    else:
        likely = case.directory.departments.get(case.ticket.runner_up or "")
        other = THE_DESK
        if likely is not None and likely.code != case.ticket.department:
            named = may_be_named(likely.code, case.directory)
            other = case.name(likely.code) if named else "pihak lain yang mungkin berwenang"
        onward = f"Aduan ini dialihkan kepada pihak yang dipilih di bawah; bila tidak dipilih, kepada {other}."
    return f"Bukan wewenang {case.refuser}?", onward, "Ya, bukan wewenang kami"


def _onward(case: Case) -> str:
    """Say who has the ticket now."""
    match case.ticket.status:
        case "needs_review":
            return f"Selanjutnya diputuskan {THE_DESK}."
        case "not_ours":
            return f"Aduan diteruskan kepada {case.holder}, di luar Pemerintah Kabupaten Sleman."
    return f"Sekarang ada pada {case.holder}."


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    ticket = case.ticket
    facts = matter(ticket, case.directory)
    if case.secret:
        return facts
    return (*facts, ("Status", STATUS_LABELS[ticket.status]), ("Tenggat", in_wib(ticket.due_at)))


def _choices(case: Case) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
    """List all departments whose job the ticket may be, by name: those of the county, then those outside it."""

    def named(departments: list[Department]) -> tuple[tuple[str, str], ...]:
        return tuple(sorted(((each.code, case.name(each.code)) for each in departments), key=lambda pair: pair[1]))

    others = [each for each in case.directory.departments.values() if each.code not in {DESK, case.token.department}]
    outside = [each for each in others if each.kind == "outside"]
    return (
        ("Perangkat Daerah Kabupaten Sleman", named([each for each in others if each.kind != "outside"])),
        ("Di luar Pemerintah Kabupaten Sleman", named(outside)),
    )


def _message(status: int, title: str, *paragraphs: str) -> Page:
    return Page(status, _MESSAGE.render(page=_Message(title, paragraphs), style=STYLE))


_ENVIRONMENT: Final = template_environment(Path(__file__).with_name("templates"))
_MESSAGE: Final = _ENVIRONMENT.get_template("base.html.j2")
_FORM: Final = _ENVIRONMENT.get_template("form.html.j2")
