"""What a department reads: one mail or one SMS about one ticket, in Indonesian.

A liaison officer must be able to act from the message alone. What a citizen wrote is quoted as it is stored, which
is masked; it is shown without characters that hide or turn around text, and no link in it can be clicked.
"""

from __future__ import annotations

import functools
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from aduan.confidentiality import is_confidential
from aduan.labels import KIND_LABELS, NO_TOPIC, URGENCY_LABELS, channel_label, matter, topic_label
from aduan.plain_text import in_wib, one_line
from aduan.quotation import quotation
from aduan.record import WIB
from aduan.safe_text import defanged, safe_link
from aduan.templating import template_environment
from aduan.triage import DESK, ReportKind
from notify.gsm_alphabet import SMS_SEPTETS, count_septets, cut, gsm

if TYPE_CHECKING:
    from aduan.directory import Department, Directory
    from aduan.post import Post
    from aduan.ticket import Ticket

DeskReason = Literal["undecided", "no_contact", "dead_contact", "unknown_department"]
"""Why the desk is told: it has to decide; the department has no contact; its addresses are dead; its code is no
longer known."""
TO_PASS_ON: Final[frozenset[DeskReason | None]] = frozenset({"no_contact", "dead_contact"})
"""The reasons for which the desk only has to pass it on."""

SHOWN_TEXT: Final = 4_000
"""Longest quotation in characters: far beyond any real complaint, and below where mail programs cut a message."""
BRIEF_TEXT: Final = 240
"""Of a citizen's words in a list of several: enough to know what it is, the rest is behind the link."""
SHOWN_REASONS: Final = 4
SUBJECT_LENGTH: Final = 120

_WHAT: Final[dict[ReportKind, str]] = {
    "complaint": "laporan warga",
    "request": "permintaan informasi warga",
    "aspiration": "aspirasi warga",
    "other": "laporan warga",
}


@dataclass(frozen=True)
class Mail:
    """One mail, in both forms a mail program may ask for."""

    subject: str
    text: str
    html: str


@dataclass(frozen=True)
class Link:
    """One thing a reader may do from the mail."""

    label: str
    url: str


@dataclass(frozen=True)
class _Letter:
    """What the two templates lay out; every sentence is here, so that both forms say the same."""

    title: str
    code: str
    due: str
    due_label: str
    emergency: bool
    greeting: str
    opening: tuple[str, ...]
    quotation: tuple[str, ...]
    """The citizen's words, line by line; empty when there are none to show."""
    instead: str
    """The sentence that stands where the quotation would, when there is none."""
    facts: tuple[tuple[str, str], ...]
    actions: tuple[Link, ...]
    link: str
    why: tuple[str, ...]
    closing: tuple[str, ...]
    provenance: str
    """In small print: what judged; empty for a department."""


def mail(  # noqa: PLR0913 # what it says, who reads it and why, and what he may do
    ticket: Ticket,
    post: Post,
    department: Department,
    desk_reason: DeskReason | None,
    directory: Directory,
    *,
    links: tuple[Link, ...] = (),
) -> Mail:
    """Write the mail about a ticket.

    Args:
        ticket: What it is about.
        post: The post that opened it, with its triage.
        department: Whom the notice is for; the desk, when that department is no longer known.
        desk_reason: Why the mail goes to the desk; None when it goes to the department itself.
        directory: Names and labels.
        links: What the reader may do about it from the mail.
    """
    case = Case(ticket, post, department, desk_reason, directory, links)
    letter = _letter(case)
    return Mail(
        subject=_subject(case),
        text=_TEXT.render(letter=letter),
        html=_HTML.render(letter=letter),
    )


def sms(
    ticket: Ticket,
    post: Post,
    department: Department,
    desk_reason: DeskReason | None,
    directory: Directory,
) -> str:
    """Write the SMS about a ticket: one part in the GSM alphabet, without a word of the citizen.

    It takes what `mail` takes.
    """
    case = Case(ticket, post, department, desk_reason, directory)
    return case.sms(f". {_sms_call(case)} Rincian di {'layanan' if case.secret else 'surel'} Aduan Sleman.")


@dataclass(frozen=True)
class Brief:
    """One ticket among several in a mail."""

    code: str
    title: str
    urgency: str
    """Empty for an ordinary one."""
    place: str
    """Empty where nothing is known, or nothing may be said."""
    owner: str
    """Whose job it is; empty when that is the department which is told."""
    text: str
    """The beginning of the citizen's words, in one line; or the sentence that stands in their place."""
    quoted: bool
    """Whether `text` is the citizen's."""
    due: str
    link: str
    actions: tuple[Link, ...]


def brief(  # noqa: PLR0913 # what it says, who reads it and why, and what he may do
    ticket: Ticket,
    post: Post,
    department: Department,
    desk_reason: DeskReason | None,
    directory: Directory,
    *,
    links: tuple[Link, ...] = (),
) -> Brief:
    """Write what a digest says about a ticket; it takes what `mail` takes, and keeps the same secrets."""
    case = Case(ticket, post, department, desk_reason, directory)
    lines, instead = quotation(post, SHOWN_TEXT, confidential=case.secret)
    text = one_line(" ".join(lines)) or instead
    if len(text) > BRIEF_TEXT:
        text = text[:BRIEF_TEXT].rpartition(" ")[0] or text[:BRIEF_TEXT]
        text = f"{text.rstrip(' ,.;:')} \u2026"
    place = ticket.place.label() if ticket.place is not None and not case.secret else ""
    owner = directory.departments.get(ticket.department, department)
    return Brief(
        code=ticket.code,
        title=case.title,
        urgency="" if ticket.urgency == "normal" else URGENCY_LABELS[ticket.urgency],
        place=one_line(place),
        owner="" if owner is department else case.name(owner),
        text=text,
        quoted=bool(lines),
        due=in_wib(ticket.due_at),
        link="" if case.secret else safe_link(ticket.permalink),
        actions=links,
    )


def name_of(department: Department) -> str:
    """A department's name in one line, without the number of offices it stands for."""
    return one_line(department.title)


@dataclass(frozen=True)
class Case:
    """All a message is made of."""

    ticket: Ticket
    post: Post
    department: Department
    desk_reason: DeskReason | None
    directory: Directory
    links: tuple[Link, ...] = ()
    """What the reader may do about it from the mail."""

    @property
    def emergency(self) -> bool:
        """Whether it is to be seen at once."""
        return self.ticket.urgency == "emergency"

    @property
    def topic(self) -> str:
        """Its label."""
        return topic_label(self.ticket.topic, self.directory, NO_TOPIC)

    @property
    def title(self) -> str:
        """What it is called above a mail."""
        return "Laporan rahasia" if self.secret else self.topic

    @property
    def subject(self) -> str:
        """What it is called in a subject: also where it is."""
        return self.title if self.secret or not self.spot else f"{self.title} \u2013 {self.spot}"

    @property
    def spot(self) -> str:
        """The place in one word, for a subject or an SMS."""
        place = self.ticket.place
        return one_line(place.kalurahan or place.kapanewon or place.outside or "") if place is not None else ""

    @property
    def outside(self) -> bool:
        """Whether an outside owner reads it, to whom the county only passes it on."""
        return self.department.kind == "outside" and self.desk_reason is None

    @functools.cached_property
    def secret(self) -> bool:
        """Whether it is, or while the desk decides may be, the matter of a department that keeps secrets."""
        at_desk = self.desk_reason is not None
        return self.department.confidential or is_confidential(
            self.ticket, self.post, self.directory, undecided=at_desk
        )

    @property
    def judged(self) -> bool:
        """Whether it is the triage that brought it here, and not a person."""
        triage = self.post.triage
        return triage is not None and (triage.department == self.department.code or self.desk_reason == "undecided")

    def name(self, department: Department) -> str:
        """A department's name; of the group of all kapanewon or kalurahan, the one whose place it is."""
        place = self.ticket.place
        if department.code == "kapanewon" and place is not None and place.kapanewon:
            return one_line(f"Kapanewon {place.kapanewon}")
        if department.code == "kalurahan" and place is not None and place.kalurahan:
            return one_line(f"Pemerintah Kalurahan {place.kalurahan}")
        return name_of(department)

    def sms(self, tail: str) -> str:
        """One SMS that ends with `tail`: cut where it is least missed, in the topic and in the place."""
        head = f"{'DARURAT' if self.emergency else 'Aduan'} {self.ticket.code}: "
        if self.secret:
            return f"{head}laporan rahasia{tail}"
        room = SMS_SEPTETS - count_septets(head + tail)
        where = cut(gsm(self.spot), room // 2)
        where = f" di {where}" if where else ""
        return f"{head}{cut(gsm(self.topic) or NO_TOPIC, room - count_septets(where))}{where}{tail}"


def _letter(case: Case) -> _Letter:
    ticket = case.ticket
    lines, instead = _quotation(case)
    return _Letter(
        title=case.title,
        code=ticket.code,
        due=in_wib(ticket.due_at),
        due_label="Harapan tanggapan" if case.outside else "Tenggat tanggapan",
        emergency=case.emergency,
        greeting=f"Yth. {case.name(case.directory.departments[DESK] if case.desk_reason else case.department)},",
        opening=_opening(case),
        quotation=lines,
        instead=instead,
        facts=_facts(case),
        actions=case.links,
        link="" if case.secret else safe_link(ticket.permalink),
        why=() if case.secret else _why(case),
        closing=_closing(case),
        provenance=_provenance(case),
    )


def _opening(case: Case) -> tuple[str, ...]:
    """Say first what this is and what is asked."""
    what = "laporan rahasia" if case.secret else _WHAT[case.ticket.kind]
    name = case.name(case.department)
    match case.desk_reason:
        case "undecided":
            first = f"Penanggung jawab {what} berikut belum dapat dipastikan. Mohon ditentukan."
        case "unknown_department":
            first = (
                f"{what.capitalize()} berikut tercatat untuk Perangkat Daerah yang tidak ada lagi di daftar. "
                "Mohon ditentukan penanganannya."
            )
        case "no_contact":
            first = (
                f"{what.capitalize()} berikut ditujukan kepada {name}, tetapi kontaknya belum terdaftar di Aduan. "
                "Mohon diteruskan, dan mohon kontaknya didaftarkan."
            )
            if case.department.channel:
                first += f" Kanal pengaduan yang diketahui: {one_line(case.department.channel)}."
        case "dead_contact":
            first = (
                f"{what.capitalize()} berikut ditujukan kepada {name}, tetapi alamat surelnya tidak dapat menerima "
                "surel. Mohon diteruskan, dan mohon alamatnya diperbarui di Aduan."
            )
        case None if case.outside:
            first = (
                f"Pemerintah Kabupaten Sleman menerima {what} berikut. Penanganannya di luar kewenangan Pemerintah "
                f"Kabupaten Sleman; kami hanya meneruskannya kepada {name} untuk ditindaklanjuti."
            )
        case None:
            first = f"Kami teruskan {what} berikut untuk ditindaklanjuti oleh {name}."
    guess = _guess(case) if case.desk_reason == "undecided" and not case.secret else ""
    urgent = "Laporan ini bersifat darurat. Mohon segera ditangani." if case.emergency else ""
    return tuple(paragraph for paragraph in (urgent, first, guess) if paragraph)


def _guess(case: Case) -> str:
    """Whose job the classifier thinks it is, what else it may be, and how sure it is; empty without an opinion."""
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
    """A probability in whole percents; neither certain nor impossible, which nothing that was guessed is."""
    if probability < 0.01:  # noqa: PLR2004 # one percent, as the sentence says
        return "kurang dari 1 persen"
    return f"{min(round(probability * 100), 99)} persen"


def _provenance(case: Case) -> str:
    """Which model, rules and directory judged, for whoever asks the desk later; empty when that is of no use."""
    triage = case.post.triage
    if triage is None or not case.judged or case.desk_reason is None or case.secret:
        return ""
    found = _DECIDED_BY.fullmatch(triage.decided_by)
    if found is None:
        return f"Dinilai oleh {one_line(triage.decided_by)}."
    asked = f", dengan pendapat kedua {one_line(found[4])}" if found[4] else ""
    return f"Dinilai oleh model {found[1]}, aturan {found[2]}, direktori {found[3]}{asked}."


_DECIDED_BY: Final = re.compile(r"model (\w+)/(\w+)/(\w+)(?: \+ (.+))?")


def _why(case: Case) -> tuple[str, ...]:
    """Why this department, as far as it is the triage that chose it; a person's choice is called a person's."""
    triage, owner = case.post.triage, case.directory.departments.get(case.ticket.department)
    if triage is not None and case.judged:
        return tuple(_reason(reason) for reason in triage.reasons[:SHOWN_REASONS])
    if owner is None or case.desk_reason in {"undecided", "unknown_department"}:
        return ()
    if owner.code == case.department.code:
        return ("ditetapkan oleh petugas Diskominfo",)
    return (f"ditangani bersama {case.name(owner)}",)


def _reason(reason: str) -> str:
    """A reason as the triage wrote it, ``kata: lampu ~ mati``, for people."""
    return one_line(defanged(re.sub("^kata:", "kata kunci:", reason).replace(" ~ ", " … ")))


def _quotation(case: Case) -> tuple[tuple[str, ...], str]:
    """The citizen's words, or the sentence that stands in their place and says where else they are."""
    lines, instead = quotation(case.post, SHOWN_TEXT, confidential=case.secret)
    if case.secret:
        instead += f" Silakan membukanya di layanan Aduan dengan akun Bapak/Ibu dan kode {case.ticket.code}."
    elif instead and case.post.state != "gone":
        where = "melalui tautan di bawah" if safe_link(case.ticket.permalink) else "pada kanal asalnya"
        instead += f" Silakan melihatnya {where}."
    return lines, instead


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    ticket, post = case.ticket, case.post
    urgency = ("Urgensi", URGENCY_LABELS[ticket.urgency])
    written = ("Ditulis warga", in_wib(post.created_at))
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
    code = case.ticket.code
    if case.desk_reason is not None:
        return (f"Sebutkan kode {code} saat meneruskan atau menanyakan aduan ini.",)
    if case.secret:
        return (f"Sebutkan hanya kode {code} bila membalas surel ini, tanpa isi laporan.",)
    answer = f"Untuk menyampaikan tindak lanjut, balas surel ini tanpa mengubah kode {code} pada judulnya."
    if case.outside:
        return (answer, "Bila penanganannya ada pada pihak lain, mohon beri tahu kami dengan membalas surel ini.")
    if case.links:
        return (answer,)
    return (
        answer,
        "Bila bukan kewenangan Bapak/Ibu, mohon balas dengan menyebut pihak yang berwenang agar segera dialihkan.",
    )


def _subject(case: Case) -> str:
    mark = "DARURAT: " if case.emergency else ""
    if case.desk_reason is not None:
        mark += "Mohon diteruskan: " if case.desk_reason in TO_PASS_ON else "Perlu keputusan: "
    return one_line(f"[{case.ticket.code}] {mark}{case.subject}")[:SUBJECT_LENGTH]


def _sms_call(case: Case) -> str:
    """What is asked, in one short sentence of the GSM alphabet."""
    soon = " segera" if case.emergency else ""
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
_TEXT: Final = ENVIRONMENT.get_template("mail.txt.j2")
_HTML: Final = ENVIRONMENT.get_template("mail.html.j2")
