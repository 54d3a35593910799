"""A suspected danger is told to the desk at once, by mail and SMS, and to nobody else."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from aduan.directory_loading import load_directory
from aduan.notice import Notice, media
from aduan.record import WIB
from aduan.triage import DESK, Place
from notify.case import Case
from notify.wording import mail, sms
from tests.builders import a_post, a_ticket, a_triage
from tests.codes import opening
from tests.mailbox import County, a_directory

NIGHT = datetime(2026, 11, 8, 2, 0, tzinfo=WIB)
DIRECTORY = load_directory()
GAMPING = Place(kapanewon="Gamping", kalurahan="Ambarketawang")


def a_county(**sms: Any) -> County:
    """Return a county on a Sunday night, with another rule for SMS."""
    directory = a_directory()
    rule = directory.sending.sms.model_copy(update=sms)
    return County(NIGHT, directory.model_copy(update={"sending": directory.sending.model_copy(update={"sms": rule})}))


def a_danger(county: County, number: int, urgency: str = "suspected") -> tuple[Notice, ...]:
    """Return the notices to the desk about a fire in Gamping."""
    return tuple(county.open(number, department=DESK, urgency=urgency, topic="bencana", place=GAMPING))


def test_the_desk_is_told_at_once_by_sms_and_mail() -> None:
    """On a Sunday night the desk gets both, as soon as the post is decided."""
    county = a_county()
    assert [(notice.medium, county.deliver(notice)) for notice in a_danger(county, 1)] == [
        ("sms", "sent"),
        ("email", "sent"),
    ]


@pytest.mark.parametrize("department", ["damkar", "bpbd", "dishub", "polri"])
def test_nobody_else_is_woken(department: str) -> None:
    """Should a ticket come to a department while its danger is only suspected, its mail waits for the morning."""
    county = a_county()
    notices = county.open(1, department=department, urgency="suspected", topic="bencana", place=GAMPING)
    assert [notice.medium for notice in notices] == list(media("suspected", department)) == ["email"]
    assert not notices[0].alarms


def test_what_is_suspected_spares_no_sms_about_an_emergency() -> None:
    """The fire that turns out to be one is told although the desk had an SMS about a suspicion there."""
    county = a_county()
    assert county.deliver(a_danger(county, 1)[0]) == "sent"
    assert county.deliver(a_danger(county, 2)[0]) == "skipped"
    assert county.deliver(a_danger(county, 3, "emergency")[0]) == "sent"


def test_what_is_suspected_never_spends_what_is_kept_for_emergencies() -> None:
    """Beyond the share of the month's budget that anybody may spend, a suspicion goes by mail alone."""
    county = a_county(unplaced_budget_usd=0)
    sms_notice, mail_notice = a_danger(county, 1)
    assert (county.deliver(sms_notice), county.deliver(mail_notice)) == ("skipped", "sent")
    assert county.deliver(a_danger(county, 2, "emergency")[0]) == "sent"


def test_an_old_suspicion_wakes_nobody() -> None:
    """What was written long ago, and is read after an outage, is urgent and no more."""
    triage = a_triage(route="desk", department=DESK, urgency="suspected")
    post = a_post(triage=triage, created_at=NIGHT)
    late = opening(post, triage, DIRECTORY, NIGHT + timedelta(hours=7))
    assert late.after.urgency == "urgent"
    assert [notice.medium for notice in late.notices] == ["email"]


def test_the_desk_reads_what_it_has_to_do() -> None:
    """Subject, first sentence and SMS say that it is a suspicion, and whom to call if it is true."""
    post = a_post(triage=a_triage(route="desk", department=DESK, urgency="suspected"))
    ticket = a_ticket(department=DESK, urgency="suspected", status="needs_review")
    case = Case(ticket, post, DIRECTORY.departments[DESK], "undecided", DIRECTORY)
    written = mail(case)
    assert "] DIDUGA DARURAT: Perlu keputusan: " in written.subject
    for said in ("belum ada pihak lain yang diberi tahu", "PSC 119", "Polri 110"):
        assert said in written.text
        assert said in written.html
    assert sms(case).startswith(f"DIDUGA DARURAT {ticket.code}: ")
    assert "Mohon segera diperiksa." in sms(case)
