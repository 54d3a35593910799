"""A digest is understood at a glance, keeps the same secrets as a mail, and says the same in both forms."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.record import WIB
from aduan.triage import DESK, Place
from notify.case import Case, DeskReason
from notify.digest_wording import BRIEF_TEXT, Brief, brief, digest_mail
from notify.wording import Mail
from tests.builders import a_post, a_ticket, a_triage

DIRECTORY = load_directory()
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)
DUE = datetime(2026, 11, 20, 16, 0, tzinfo=WIB)


def a_brief(
    department: str = "dishub", desk_reason: DeskReason | None = None, post: Post | None = None, **changes: Any
) -> Brief:
    """Return a digest's entry on the builders' ticket."""
    ticket = a_ticket(**({"department": department, "due_at": DUE} | changes))
    about = post or a_post(triage=a_triage(department=department))
    return brief(Case(ticket, about, DIRECTORY.departments[department], desk_reason, DIRECTORY))


def a_digest(
    *briefs: Brief, department: str = "dishub", reason: DeskReason | None = None, reminds: bool = False
) -> Mail:
    """Return the digest with these entries."""
    own, desk = DIRECTORY.departments[department], DIRECTORY.departments[DESK]
    reader = own if reason is None else desk
    return digest_mail(briefs or (a_brief(), a_brief()), own, reader, reason, reminds=reminds, now=MORNING)


def test_a_digest_says_of_each_ticket_what_is_needed_to_act() -> None:
    """Code, topic, place, the citizen's words, deadline and link stand in both forms."""
    mail = a_digest()
    assert mail.subject == "[Rangkuman] 2 laporan, Rabu, 4 November 2026"
    for said in (
        a_ticket().code,
        "Penerangan jalan",
        "Condongcatur, Kapanewon Depok",
        "lampu jalan depan pasar Condongcatur mati sudah tiga hari",
        a_ticket().permalink,
        "Yth. Dinas Perhubungan,",
    ):
        assert said in mail.text
        assert said in mail.html
    assert "Tenggat: Jumat, 20 November 2026 pukul 16.00 WIB" in mail.text
    assert "Jumat, 20 November 2026 pukul\u00a016.00\u00a0WIB" in mail.html


def test_a_long_report_is_cut_at_a_word() -> None:
    """The digest shows its beginning; the rest is behind the link."""
    long = a_brief(post=a_post(text="jalan berlubang " * 60, triage=a_triage()))
    assert len(long.text) <= BRIEF_TEXT + 2
    assert long.text.endswith((" jalan \u2026", " berlubang \u2026"))


def test_no_link_in_a_citizens_words_can_be_clicked() -> None:
    """Web addresses are made unclickable, the text is escaped, and hidden characters are removed."""
    post = a_post(text="cek https://jahat.example/x <b>sini</b>\u202e\nBaris dua", triage=a_triage())
    mail = a_digest(a_brief(post=post))
    for said in (mail.text, mail.html):
        assert "https://jahat" not in said
        assert "\u202e" not in said
    assert "&lt;b&gt;sini&lt;/b&gt;" in mail.html
    assert "Baris dua" in mail.text


@pytest.mark.parametrize("department", ["inspektorat", "dp3ap2kb"])
def test_a_secret_stays_one_in_a_digest(department: str) -> None:
    """No words, topic, place or link of a confidential department's ticket leave by mail; its code and time do."""
    topic = DIRECTORY.topics["penerangan_jalan"].label
    mail = a_digest(a_brief(department), department=department)
    for said in (mail.subject, mail.text, mail.html):
        for secret in ("lampu", topic, "Condongcatur", "instagram.com"):
            assert secret not in said
    assert a_ticket().code in mail.text
    assert "Laporan rahasia" in mail.text
    assert "20 November 2026" in mail.text


def test_what_may_be_a_secret_is_one_while_the_desk_decides() -> None:
    """A ticket whose second guess is a confidential department shows nothing in the desk's digest."""
    mail = a_digest(a_brief(DESK, "undecided", runner_up="inspektorat"), department=DESK, reason="undecided")
    assert "lampu" not in mail.text
    assert "Laporan rahasia" in mail.text


def test_a_report_without_words_says_so() -> None:
    """A post without words is described as a photo, and nothing is quoted."""
    photo = a_brief(post=a_post(text="", has_photo=True, triage=a_triage()))
    assert (photo.text, photo.quoted) == ("Unggahan ini hanya berupa foto, tanpa tulisan.", False)
    assert a_brief(post=a_post(text="", triage=a_triage())).text == "Unggahan ini tidak memuat tulisan."


def test_urgency_is_marked_and_an_unknown_place_is_left_out() -> None:
    """Urgent tickets stand out from ordinary ones; an unknown place is not mentioned."""
    urgent = a_brief(urgency="urgent", place=None)
    assert (urgent.urgency, urgent.place, a_brief().urgency) == ("Mendesak", "", "")
    mail = a_digest(urgent)
    assert "(Mendesak)" in mail.text
    assert "Lokasi:" not in mail.text


@pytest.mark.parametrize(
    ("reason", "department", "subject", "said"),
    [
        ("undecided", DESK, "Perlu keputusan: 2 laporan", "belum dapat dipastikan"),
        ("no_contact", "setwan", "Mohon diteruskan: 2 laporan", "kontaknya belum terdaftar"),
        ("dead_contact", "dishub", "Mohon diteruskan: 2 laporan", "tidak dapat menerima surel"),
        ("unknown_department", DESK, "Perlu keputusan: 2 laporan", "tidak ada lagi di daftar"),
        (None, "pln", "2 laporan", "di luar kewenangan"),
        (None, "dishub", "2 laporan", "untuk ditindaklanjuti oleh Dinas Perhubungan"),
    ],
)
def test_each_reader_learns_what_is_asked(reason: DeskReason | None, department: str, subject: str, said: str) -> None:
    """The department, the desk and an outside owner each get an opening sentence of their own."""
    mail = a_digest(department=department, reason=reason)
    assert mail.subject == f"[Rangkuman] {subject}, Rabu, 4 November 2026"
    assert said in mail.text
    assert said in mail.html
    reader = "Meja Aduan Diskominfo" if reason else DIRECTORY.departments[department].name
    assert f"Yth. {reader}," in mail.text


def test_a_digest_of_reminders_says_that_it_reminds() -> None:
    """A digest of reminders does not present the tickets as new."""
    mail = a_digest(reminds=True)
    assert mail.subject.startswith("[Rangkuman] Pengingat: 2 laporan")
    assert "2 laporan warga berikut belum selesai ditindaklanjuti" in mail.text


def test_whoever_is_told_of_anothers_ticket_reads_whose_it_is() -> None:
    """The Sekda's reminders name the department that has not acted; a department's own reminders do not."""
    setda = DIRECTORY.departments["setda"]
    about = a_post(triage=a_triage())
    written = brief(Case(a_ticket(), about, setda, None, DIRECTORY))
    assert (written.owner, a_brief().owner) == ("Dinas Perhubungan", "")
    mail = a_digest(written, department="setda", reminds=True)
    assert "Ditangani: Dinas Perhubungan" in mail.text
    assert "Ditangani: Dinas Perhubungan" in mail.html


def test_a_subject_is_one_short_line() -> None:
    """Whatever the names, no header is broken, or cut by a mail program."""
    for department in DIRECTORY.departments:
        mail = a_digest(a_brief(department, place=Place(kalurahan="A\nB")), department=department)
        assert mail.subject.isprintable()
        assert len(mail.subject) <= 120
