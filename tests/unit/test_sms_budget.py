"""SMS cost money: a repetition is not sent, and no month costs more than its budget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from aduan.notice import Notice, NoticeId, SmsBudgetNotice
from aduan.record import WIB
from aduan.triage import Place
from notify.senders import NotAcceptedError, OutcomeUnknownError
from tests.mailbox import County, a_directory

NIGHT = datetime(2026, 11, 3, 23, 0, tzinfo=WIB)
GAMPING = Place(kapanewon="Gamping", kalurahan="Ambarketawang")
DIRECTORY = a_directory()
PRICE = 350_000


def a_county(**sms: Any) -> County:
    """Return a county at night, with another rule for SMS."""
    rule = DIRECTORY.sending.sms.model_copy(update=sms)
    sending = DIRECTORY.sending.model_copy(update={"sms": rule})
    return County(NIGHT, DIRECTORY.model_copy(update={"sending": sending}))


def an_emergency(county: County, number: int, **changes: Any) -> tuple[Notice, Notice]:
    """Return the SMS and the mail about a fire."""
    fields: dict[str, Any] = {"department": "damkar", "urgency": "emergency", "topic": "bencana", "place": GAMPING}
    sms, mail = county.open(number, **(fields | changes))
    return sms, mail


def spent(county: County) -> int:
    """In November, in millionths of a USD."""
    return county.memory.spent.get(("SMS", "2026-11"), 0)


def test_the_second_sms_about_a_fire_is_spared_and_its_mail_goes() -> None:
    """Three tickets about one fire are one SMS and three mails, and the unsent notices say why."""
    county = a_county()
    pairs = [an_emergency(county, number) for number in range(3)]
    outcomes = [county.deliver(notice) for pair in pairs for notice in pair]
    assert outcomes == ["sent", "sent", "skipped", "sent", "skipped", "sent"]
    assert (len(county.sms.accepted), len(county.mail.accepted)) == (1, 3)
    spared = county.stored(pairs[1][0])
    assert spared.state == "skipped"
    assert spared.failure == "an SMS about the same topic and place went out within 30 minutes"
    assert county.deliver(spared) == "already"


@pytest.mark.parametrize(
    "changes",
    [
        {"department": "bpbd"},
        {"topic": "lalu_lintas_parkir"},
        {"place": Place(kapanewon="Godean", kalurahan="Sidoarum")},
        {"place": None},
    ],
)
def test_another_emergency_is_another_sms(changes: dict[str, Any]) -> None:
    """Another department, topic or place gets an SMS, and so does a fire without a known place."""
    county = a_county()
    for number, fields in enumerate([{}, changes, changes | {"place": None}]):
        assert county.deliver(an_emergency(county, number, **fields)[0]) == "sent"


def test_half_an_hour_later_it_is_news_again() -> None:
    """Reports half an hour later may be about another fire."""
    county = a_county()
    assert county.deliver(an_emergency(county, 1)[0]) == "sent"
    county.now += timedelta(minutes=29)
    assert county.deliver(an_emergency(county, 2)[0]) == "skipped"
    county.now += timedelta(minutes=1)
    assert county.deliver(an_emergency(county, 3)[0]) == "sent"


def test_an_sms_that_was_refused_for_now_is_no_repetition_of_itself() -> None:
    """The SMS's next attempt is sent, and is paid for once."""
    county = a_county()
    sms, _ = an_emergency(county, 1)
    county.sms.fault = _raise(NotAcceptedError("429", retry=True))
    assert county.deliver(sms) == "postponed"
    assert spent(county) == 0
    county.sms.fault = lambda: None
    county.now += timedelta(minutes=5)
    assert county.deliver(county.stored(sms)) == "sent"
    assert spent(county) == PRICE


def test_an_sms_nobody_knows_the_outcome_of_counts_as_paid() -> None:
    """Even with lost replies, a month never costs more than its budget."""
    county = a_county()
    county.sms.fault = _raise(OutcomeUnknownError("ReadTimeoutError"))
    assert county.deliver(an_emergency(county, 1)[0]) == "unknown"
    assert spent(county) == PRICE


def test_a_month_costs_no_more_than_its_budget() -> None:
    """Of five emergencies two get an SMS; the others have their mail, and the desk is told once."""
    county = a_county(monthly_budget_usd=0.8)
    outcomes = []
    for number in range(5):
        sms, mail = an_emergency(county, number, place=Place(kalurahan=f"Desa {number}"))
        outcomes.append(county.deliver(sms))
        assert county.deliver(mail) == "sent"
    assert outcomes == ["sent", "sent", "skipped", "skipped", "skipped"]
    assert spent(county) == 2 * PRICE
    [told] = [notice for notice in county.memory.notices.values() if isinstance(notice, SmsBudgetNotice)]
    assert (told.department, told.month, told.budget_usd) == ("desk", "2026-11", 0.8)
    county.now = datetime(2026, 12, 1, 0, 0, tzinfo=WIB)
    assert county.deliver(an_emergency(county, 9)[0]) == "sent"


def test_the_desk_reads_of_the_used_up_budget_in_the_morning() -> None:
    """The mail names the month, its budget, and what happens meanwhile."""
    county = a_county(monthly_budget_usd=0)
    county.deliver(an_emergency(county, 1)[0])
    county.follow_up_until(NIGHT + timedelta(hours=8))
    [message] = [one for one in county.mail.accepted if one.notices == (NoticeId("OUTBOX", "sms", "budget#2026-11"),)]
    assert (message.recipient, message.at.astimezone(WIB).hour) == ("desk@sleman.example", 6)
    assert message.mail is not None
    assert message.mail.subject == "[SMS] Anggaran SMS November 2026 habis"
    for said in ("0 USD", "sekitar 0,35 USD", "Surel darurat tetap dikirim seketika"):
        assert said in message.mail.text
        assert said in message.mail.html


def test_a_step_of_the_ladder_is_no_repetition() -> None:
    """The head of department gets an SMS about what the officer was told ten minutes ago."""
    county = a_county()
    sms, _ = an_emergency(county, 1)
    assert county.deliver(sms) == "sent"
    other, _ = an_emergency(county, 2)
    step = other.model_copy(update={"step": "remind"})
    county.memory.notices[step.id] = step
    county.now += timedelta(minutes=10)
    assert county.deliver(step) == "sent"


def _raise(fault: Exception) -> Any:
    def fail() -> None:
        raise fault

    return fail
