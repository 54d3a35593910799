"""What a department reads: one mail or one SMS about one ticket, in Indonesian.

A liaison officer must be able to act from the message alone. What a citizen wrote is quoted as it is stored, which
is masked; it is shown without characters that hide or turn around text, and no link in it can be clicked.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from aduan.plain_text import in_wib, one_line, readable
from aduan.record import WIB
from aduan.templating import template_environment
from aduan.triage import DESK, ReportKind, Urgency

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
SMS_SEPTETS: Final = 160
"""One SMS in the GSM alphabet. Each further part costs as much again."""

_URGENCY: Final[dict[Urgency, str]] = {"emergency": "Darurat", "urgent": "Mendesak", "normal": "Biasa"}
_KIND: Final[dict[ReportKind, str]] = {
    "complaint": "Aduan",
    "request": "Permintaan informasi",
    "aspiration": "Aspirasi",
    "other": "Lainnya",
}
_WHAT: Final[dict[ReportKind, str]] = {
    "complaint": "laporan warga",
    "request": "permintaan informasi warga",
    "aspiration": "aspirasi warga",
    "other": "laporan warga",
}
CHANNEL_KINDS: Final = {
    "facebook_page": "Facebook",
    "instagram": "Instagram",
    "rss": "Media daring",
    "telegram_relay": "Telegram",
    "webhook": "Relai mitra",
    "x": "X",
    "youtube": "YouTube",
}

GSM_BASIC: Final = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""GSM 03.38, the default alphabet: one septet each."""
GSM_EXTENSION: Final = frozenset("\f^{}\\[~]|€")
"""Its extension table: an escape and a letter, two septets each."""


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

    It takes what `mail` takes. It is cut where it is least missed: in the topic and in the place.
    """
    case = Case(ticket, post, department, desk_reason, directory)
    head = f"{'DARURAT' if case.emergency else 'Aduan'} {ticket.code}: "
    tail = f". {_sms_call(case)} Rincian di {'layanan' if case.secret else 'surel'} Aduan Sleman."
    if case.secret:
        return f"{head}laporan rahasia{tail}"
    room = SMS_SEPTETS - count_septets(head + tail)
    where = cut(gsm(case.spot), room // 2)
    where = f" di {where}" if where else ""
    what = cut(gsm(case.topic) or "Laporan warga", room - count_septets(where))
    return f"{head}{what}{where}{tail}"


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
    text = one_line(defanged(readable(post.text)))
    if case.secret:
        text = "Isi laporan tidak ditampilkan karena bersifat rahasia."
    elif len(text) > BRIEF_TEXT:
        text = text[:BRIEF_TEXT].rpartition(" ")[0] or text[:BRIEF_TEXT]
        text = f"{text.rstrip(' ,.;:')} \u2026"
    elif not text:
        text = "Hanya foto, tanpa tulisan." if post.has_photo else "Tanpa tulisan."
    place = ticket.place.label() if ticket.place is not None and not case.secret else ""
    owner = directory.departments.get(ticket.department, department)
    return Brief(
        code=ticket.code,
        title="Laporan rahasia" if case.secret else case.topic,
        urgency="" if ticket.urgency == "normal" else _URGENCY[ticket.urgency],
        place=one_line(place),
        owner="" if owner is department else case.name(owner),
        text=text,
        quoted=bool(post.text.strip()) and not case.secret,
        due=in_wib(ticket.due_at),
        link="" if case.secret else _safe_link(ticket.permalink),
        actions=links,
    )


def name_of(department: Department) -> str:
    """A department's name in one line, without the number of offices it stands for."""
    return one_line(department.title)


def septets(text: str) -> int | None:
    """Count the septets of a text in the GSM alphabet; None when a character is not in it."""
    if any(letter not in GSM_BASIC and letter not in GSM_EXTENSION for letter in text):
        return None
    return count_septets(text)


def defanged(text: str) -> str:
    """Write links so that no mail program makes them clickable: ``hxxps[:]//bit[.]ly/x``."""
    text = _WEB.sub("hxxp", _SCHEME.sub(lambda scheme: f"{scheme[0][:-1]}[:]", text))
    return _WORD.sub(lambda word: _DOT.sub("[.]" if _LINK.search(word[0]) else ". ", word[0]), text)


_SCHEME: Final = re.compile(
    r"(?:[a-z][a-z0-9+.-]{1,30}\s?:(?=\s?//)|(?:mailto|tel|sms|javascript|data|vbscript):(?=\S))", re.IGNORECASE
)
_WEB: Final = re.compile(r"\bhttp", re.IGNORECASE)
_WORD: Final = re.compile(r"\S+")
_DOT: Final = re.compile("(?<=\\w)[.\u3002\uff0e\uff61](?=[^\\W\\d_]{2})")
"""A dot that may stand in a host name. Outside a link it is a full stop with its space forgotten, and gets one:
so an address under a top-level domain missing from `_LINK` is not clickable either."""
_LINK: Final = re.compile(
    r"//|\bwww\d?\W|@|\w\W[^\W\d_]{2,}[/:?]"
    r"|\W(?:com|net|org|id|info|biz|me|io|ly|gg|co|cc|to|be|link|xyz|top|shop|store|online|site|app|page|dev|vip|live)\b",
    re.IGNORECASE,
)


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
        topic = self.directory.topics.get(self.ticket.topic)
        return one_line(topic.label) if topic is not None else "Laporan warga"

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
        triage = self.post.triage
        codes = [self.ticket.department, *self.ticket.refused_by, triage.department if triage else None]
        if self.desk_reason is not None:
            codes += [self.ticket.runner_up, *((triage.guess, triage.runner_up) if triage else ())]
        owners = [self.department, *(self.directory.departments.get(code or "") for code in codes)]
        return any(owner.confidential for owner in owners if owner is not None)

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


def _letter(case: Case) -> _Letter:
    ticket = case.ticket
    lines, instead = _quotation(case)
    return _Letter(
        title="Laporan rahasia" if case.secret else case.topic,
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
        link="" if case.secret else _safe_link(ticket.permalink),
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
    """The citizen's words line by line, or the sentence that stands in their place."""
    if case.secret:
        return (), (
            "Isi laporan tidak dikirim melalui surel karena bersifat rahasia. Silakan membukanya di layanan Aduan "
            f"dengan akun Bapak/Ibu dan kode {case.ticket.code}."
        )
    text = readable(case.post.text)
    where = "melalui tautan di bawah" if _safe_link(case.ticket.permalink) else "pada kanal asalnya"
    if not text and case.post.has_photo:
        return (), f"Unggahan ini hanya berupa foto, tanpa tulisan. Silakan melihat fotonya {where}."
    if not text:
        return (), f"Unggahan ini tidak memuat tulisan. Silakan melihatnya {where}."
    shown = text[:SHOWN_TEXT].rstrip() + (" … (dipotong)" if case.post.clipped or len(text) > SHOWN_TEXT else "")
    return tuple(defanged(shown).split("\n")), ""


def _facts(case: Case) -> tuple[tuple[str, str], ...]:
    ticket, post = case.ticket, case.post
    urgency = ("Urgensi", _URGENCY[ticket.urgency])
    written = ("Ditulis warga", in_wib(post.created_at))
    if case.secret:
        return (urgency, written)
    place = ticket.place.label() if ticket.place is not None else ""
    facts = [
        ("Topik", case.topic),
        ("Jenis", _KIND[ticket.kind]),
        ("Lokasi", one_line(place) or "tidak disebutkan"),
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
    where = f"{_DASH}{case.spot}" if case.spot else ""
    what = "Laporan rahasia" if case.secret else case.topic + where
    return one_line(f"[{case.ticket.code}] {mark}{what}")[:SUBJECT_LENGTH]


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


def channel_label(channel: str, directory: Directory) -> str:
    """``Instagram @kabarsleman``; the bare kind when the channel is no longer in the directory."""
    kind = channel.partition(":")[0]
    label = CHANNEL_KINDS.get(kind, kind)
    known = next((entry for entry in directory.channels if entry.id == channel), None)
    if known is None:
        return one_line(label)
    return one_line(f"{label} {f'@{known.handle}' if known.handle else known.name}")


def _safe_link(permalink: str) -> str:
    """The platform's address of the post; empty when it is anything but a plain web address."""
    return permalink if _WEB_ADDRESS.fullmatch(permalink) else ""


_WEB_ADDRESS: Final = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d{1,5})?(?:/[!#-;=?-_a-z~]*)?")
"""ASCII without spaces, quotes, angle brackets or a user name before the host."""


def gsm(text: str) -> str:
    """Write a text in the GSM alphabet; what it has no letter for is left out."""
    text = one_line(text).translate(_LOOKALIKES)
    letters = (letter if letter in GSM_BASIC else unicodedata.normalize("NFKD", letter) for letter in text)
    return one_line(
        "".join(letter for part in letters for letter in part if letter in GSM_BASIC or letter in GSM_EXTENSION)
    )


_DASH: Final = " \u2013 "
_LOOKALIKES: Final = str.maketrans(
    {"\u2013": "-", "\u2014": "-", "\u2018": "'", "\u2019": "'", "\u201c": '"', "\u201d": '"', "\u2026": "..."}
)
"""Typographic dashes, quotes and dots."""


def count_septets(text: str) -> int:
    """Count the septets of a text that is all in the GSM alphabet."""
    return sum(2 if letter in GSM_EXTENSION else 1 for letter in text)


def cut(text: str, room: int) -> str:
    """The beginning of a GSM text that fits, at a word's end where one is near."""
    if count_septets(text) <= room:
        return text
    cut = text[:room]
    while count_septets(cut) > room:
        cut = cut[:-1]
    head, space, _ = cut.rpartition(" ")
    return (head if space and len(head) > room // 2 else cut).rstrip(" ,.-")


ENVIRONMENT: Final = template_environment(Path(__file__).with_name("templates"))
_TEXT: Final = ENVIRONMENT.get_template("mail.txt.j2")
_HTML: Final = ENVIRONMENT.get_template("mail.html.j2")
