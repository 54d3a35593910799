"""The wording of the messages for the ladder's steps."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.notice import Notice
from aduan.triage import DESK
from notify.case import Case, DeskReason
from notify.gsm_alphabet import SMS_SEPTETS, septets
from notify.step_wording import step_message
from notify.wording import Mail
from tests.builders import NOON, a_post, a_triage
from tests.codes import opening

DIRECTORY = load_directory()
DAY = timedelta(days=1)
WORDS = "Min, lampu jalan depan pasar Condongcatur mati"


def written(  # noqa: PLR0913 # what a message depends on
    step: str,
    reader: str = "dishub",
    *,
    role: str = "officer",
    after: timedelta = 8 * DAY,
    status: str = "routed",
    medium: str = "email",
    desk_reason: DeskReason | None = None,
    post: dict[str, Any] | None = None,
    **triage: Any,
) -> Mail | str:
    """Return the message about a complaint that came in at `NOON`."""
    decided = a_triage(**triage)
    said = a_post(**{"text": WORDS, "triage": decided, **(post or {})})
    ticket = opening(said, decided, DIRECTORY, NOON).ticket
    changes = {"status": status} | ({} if status in {"routed", "needs_review", "not_ours"} else {"take_up_by": None})
    ticket = ticket.model_copy(update=changes)
    notice = Notice.model_validate(
        {
            "ticket": ticket.code,
            "department": reader,
            "role": role,
            "medium": medium,
            "step": step,
            "urgency": ticket.urgency,
            "created_at": NOON + after,
        }
    )
    return step_message(notice, Case(ticket, said, DIRECTORY.departments[reader], desk_reason, DIRECTORY))


def a_mail(step: str, reader: str = "dishub", **given: Any) -> Mail:
    """Return the message as a mail."""
    mail = written(step, reader, **given)
    assert isinstance(mail, Mail)
    return mail


def test_a_reminder_says_what_was_asked_since_when_and_until_when() -> None:
    """The code is in the subject, so the officer need not search for the first mail."""
    mail = a_mail("remind", after=6 * DAY)
    assert mail.subject.startswith("[SLM-")
    assert "Pengingat" in mail.subject
    for part in (WORDS, "masuk pada Selasa, 3 November 2026", "paling lambat Selasa, 10 November 2026 pukul 16.00 WIB"):
        assert part in mail.text
        assert part in mail.html
    assert "sudah lewat" not in mail.text


def test_a_reminder_that_is_late_says_that_the_limit_has_passed() -> None:
    """The reminder refers to the time it is sent, which after an outage is later than planned."""
    mail = a_mail("remind", after=20 * DAY)
    assert "sudah lewat" in mail.text
    assert "paling lambat Selasa, 10 November 2026 pukul 16.00 WIB, atau" not in mail.text


def test_the_head_is_asked_for_guidance_and_the_officer_knows_that_he_was_told() -> None:
    """The head and the officer each read what is asked of them."""
    head, officer = a_mail("head", role="head"), a_mail("head")
    assert "Yth. Kepala Dinas Perhubungan," in head.text
    assert "Mohon arahan Bapak/Ibu" in head.text
    assert "Pimpinan Perangkat Daerah diberi tahu" in officer.text
    assert "Mohon diterima segera" in officer.text


@pytest.mark.parametrize(
    ("department", "name"),
    [
        ("setda", "Sekretaris Daerah"),
        ("inspektorat", "Inspektur"),
        ("bpbd", "Kepala Badan Penanggulangan Bencana Daerah"),
        ("rsud_sleman", "Pimpinan Rumah Sakit Umum Daerah Sleman"),
    ],
)
def test_heads_are_addressed_by_their_title(department: str, name: str) -> None:
    """The head of the Sekretariat Daerah is the Sekda."""
    assert f"Yth. {name}," in a_mail("head", department, role="head", department=department).text


def test_the_sekda_reads_who_has_it_and_that_it_was_accepted() -> None:
    """The Sekda has not heard of the ticket before."""
    mail = a_mail("sekda", "setda", role="head", status="accepted", after=20 * DAY)
    assert "ditangani oleh Dinas Perhubungan, tetapi belum selesai" in mail.text
    assert "Tenggat penyelesaian: Jumat, 20 November 2026" in mail.text
    assert "Diterima paling lambat" not in mail.text


def test_the_desk_is_asked_to_decide_what_it_has_left_lying() -> None:
    """Nobody was told yet, so nobody can have accepted the ticket."""
    mail = a_mail("remind", DESK, status="needs_review", after=2 * DAY, desk_reason="undecided", department=DESK)
    assert "belum diputuskan penanggung jawabnya" in mail.text
    assert "siapa yang menanganinya" in mail.text


def test_what_was_passed_on_is_asked_about_once() -> None:
    """The mail says who owns the matter, and that no further reminder follows."""
    mail = a_mail(
        "remind", DESK, status="not_ours", after=9 * DAY, desk_reason="undecided", department="pln", ours=False
    )
    assert "diteruskan kepada PT PLN (Persero)" in mail.text
    assert "Tidak ada pengingat lagi" in mail.text


def test_the_desk_prepares_the_forum() -> None:
    """The desk learns that the ticket is on the forum's list."""
    mail = a_mail("forum", DESK, status="accepted", after=30 * DAY, desk_reason="undecided")
    assert "forum yang dipimpin Wakil Bupati" in mail.text


@pytest.mark.parametrize(
    ("reason", "words"), [("no_contact", "belum terdaftar"), ("dead_contact", "tidak dapat dihubungi")]
)
def test_what_a_head_cannot_be_told_the_desk_passes_on(reason: DeskReason, words: str) -> None:
    """The mail is addressed to the desk and names whom it is meant for."""
    mail = a_mail("head", role="head", desk_reason=reason)
    assert "Yth. Meja Aduan Diskominfo," in mail.text
    assert "untuk Kepala Dinas Perhubungan" in mail.text
    assert words in mail.text


@pytest.mark.parametrize("medium", ["email", "sms"])
def test_a_secret_report_is_named_by_its_code_alone(medium: str) -> None:
    """Neither words, topic nor place of a secret report leave the county's systems."""
    message = written(
        "head",
        "inspektorat",
        role="head",
        medium=medium,
        department="inspektorat",
        topic="layanan_informasi",
        post={"text": "Oknum minta uang di Balecatur", "triage": a_triage(department="inspektorat")},
    )
    text = f"{message.subject}\n{message.text}\n{message.html}" if isinstance(message, Mail) else message
    assert "SLM-" in text
    assert "apor" in text
    for secret in ("Oknum", "Balecatur", "Condongcatur", DIRECTORY.topics["layanan_informasi"].label):
        assert secret not in text


def test_what_was_deleted_is_reminded_of_without_its_words() -> None:
    """The complaint stays although its author deleted the post."""
    mail = a_mail("remind", post={"text": "", "state": "gone", "gone_at": NOON, "gone_reason": "gone"})
    assert "telah dihapus di kanal asalnya" in mail.text


def test_what_a_citizen_wrote_cannot_become_markup_or_a_link() -> None:
    """A citizen's words are quoted, escaped, stripped of clickable links, and cut."""
    mail = a_mail("remind", post={"text": "<b>x</b> https://bit.ly/x\u202e " + "a" * 2000})
    assert "<b>x</b>" not in mail.html
    assert "https://bit.ly" not in mail.text + mail.html
    assert "\u202e" not in mail.text + mail.html
    assert "a" * 600 not in mail.text


@given(
    department=st.sampled_from(sorted(DIRECTORY.departments)),
    topic=st.sampled_from(sorted(DIRECTORY.topics)),
    role=st.sampled_from(["officer", "head"]),
    urgency=st.sampled_from(["normal", "emergency"]),
    status=st.sampled_from(["routed", "needs_review", "accepted", "not_ours"]),
    step=st.sampled_from(["remind", "head", "remind_due", "head_due", "sekda", "forum"]),
)
def test_an_sms_is_one_part_without_a_word_of_the_citizen(**drawn: str) -> None:
    """Any SMS fits into 160 septets of the GSM alphabet and carries the code."""
    text = written(
        drawn["step"],
        drawn["department"],
        role=drawn["role"],
        status=drawn["status"],
        medium="sms",
        department=drawn["department"],
        topic=drawn["topic"],
        urgency=drawn["urgency"],
    )
    assert isinstance(text, str)
    length = septets(text)
    assert length is not None
    assert length <= SMS_SEPTETS
    assert "SLM-" in text
    assert "lampu jalan depan" not in text
