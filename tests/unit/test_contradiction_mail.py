"""The mail about a resolved ticket that was opened again because its author says that it is not done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from aduan.notice import CONTRADICTED
from aduan.quiet_hours import fits_a_digest
from aduan.triage import DESK
from notify.case import Case
from notify.step_wording import step_message
from notify.wording import Mail
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage

DIRECTORY = load_directory()
REOPENED = a_ticket(status="reopened", take_up_by=NOON + timedelta(days=7), round=3)


def mail_to(department: str, **changes: Any) -> Mail:
    """Return the mail to the department or to the desk."""
    notice = a_notice(department=department, step=f"{CONTRADICTED}.3", **changes)
    case = Case(REOPENED, a_post(triage=a_triage()), DIRECTORY.departments[department], None, DIRECTORY)
    message = step_message(notice, case)
    assert isinstance(message, Mail)
    return message


@pytest.mark.parametrize("department", ["dishub", DESK])
def test_it_says_what_happened_and_threads_by_the_code(department: str) -> None:
    """The mail says that the ticket was resolved, that the author disagrees, whose it is, and the new limit."""
    mail = mail_to(department)
    assert mail.subject.startswith(f"[{REOPENED.code}] Disanggah pelapor: ")
    for words in ("dinyatakan selesai", "belum beres", "dibuka kembali", "Dinas Perhubungan", "10 November 2026"):
        assert words in mail.text
    assert "Batas waktu yang lewat" not in mail.text


def test_each_is_asked_for_his_part() -> None:
    """The department is asked to look again; the desk is asked to see that it does."""
    assert "Mohon dicek kembali di lapangan" in mail_to("dishub").text
    assert "Mohon dipastikan Perangkat Daerah itu menindaklanjutinya" in mail_to(DESK).text


def test_it_is_no_reminder_among_many() -> None:
    """The notice goes in a mail of its own, while a first notice or a reminder may be sent together with others."""
    assert not fits_a_digest(a_notice(step=f"{CONTRADICTED}.3"))
    assert fits_a_digest(a_notice())
    assert fits_a_digest(a_notice(step="remind"))
