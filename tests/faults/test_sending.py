"""Sending goes wrong: processes die, replies get lost, providers refuse, mails bounce, reports come in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import get_args
from urllib.parse import parse_qsl

import pytest

from aduan.notice import ContactNotice, Medium, NoticeId
from aduan.triage import DESK, Urgency
from notify.delivery import SMS_LIFETIME, Senders
from notify.gsm_alphabet import septets
from notify.senders import NotAcceptedError, OutcomeUnknownError
from notify.timing import GRACE
from tests.builders import NOON, a_notice, a_ticket
from tests.provider import FAULT, SENT, Provider, a_provider, an_envelope, mail_sender, text_sender
from tests.sending import FALLBACK, MINUTE, Behaviour, Sending
from tests.unit.fakes_notify import a_contact

MEDIA: tuple[Medium, ...] = get_args(Medium)
OWN = a_contact("dishub").email
DESK_ADDRESS = a_contact(DESK).email
PAUSED = NotAcceptedError("400 SendingPausedException", retry=True, blocked=True)


@pytest.fixture
def provider() -> Iterator[Provider]:
    with a_provider() as server:
        yield server


def on_the_wire(provider: Provider) -> Sending:
    """The outbox with the deployed senders, in front of a server that counts requests."""
    return Sending(wire=Senders(mail_sender(provider.url), text_sender(provider.url)))


@pytest.mark.parametrize("call", range(1, 6))
def test_fault_26_a_crash_before_the_claim_is_made_good(call: int) -> None:
    """Nothing was sent, the notice is pending, and `follow_up` sends it once."""
    sending = Sending()
    sending.die(sending.deliver, before=call)
    assert (sending.stored().state, sending.mail.requests) == ("pending", 0)
    sending.follow_up(5 * MINUTE)
    assert (sending.stored().state, sending.mail.requests) == ("sent", 1)


def test_fault_26_a_crash_before_the_send_is_made_good_after_the_grace_time() -> None:
    """No report can come. Once its sender must be dead, the notice is sent, and the guess is recorded."""
    sending = Sending()
    sending.mail.behaviour = "die"
    sending.die(sending.deliver)
    sending.mail.behaviour = "accept"
    assert sending.stored().state == "claimed"
    sending.follow_up(GRACE - MINUTE)
    assert sending.mail.accepted == []
    sending.follow_up(MINUTE)
    stored = sending.stored()
    assert (stored.state, stored.attempt, stored.repeated_at) == ("sent", 2, sending.now)
    assert len(sending.mail.accepted) == 1


def test_fault_26_a_crash_after_the_send_is_reconciled_and_not_sent_again() -> None:
    """The provider's report completes the notice, with the message's own id; nobody sends it a second time."""
    sending = Sending()
    sending.mail.behaviour = "accept, then die"
    sending.die(sending.deliver)
    [message] = sending.mail.accepted
    assert sending.report(message) == "settled"
    sending.mail.behaviour = "accept"
    for _ in range(3):
        sending.follow_up(GRACE)
    stored = sending.stored()
    assert (stored.state, stored.message_id, stored.repeated_at) == ("sent", message.id, None)
    assert sending.mail.requests == 1


def test_fault_26_a_crash_after_the_mark_changes_nothing() -> None:
    """The notice is sent; a later attempt finds nothing to do."""
    rehearsal, sending = Sending(), Sending()
    rehearsal.deliver()
    old = sending.stored()
    sending.die(sending.deliver, after=rehearsal.memory.calls)
    assert sending.stored().state == "sent"
    assert sending.deliver(old) == sending.deliver() == "already"
    assert sending.follow_up(GRACE).outcomes == {}
    assert sending.mail.requests == 1


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize("behaviour", ["close", "hang"])
def test_fault_27_a_lost_reply_leaves_one_request_on_the_wire(
    provider: Provider, medium: Medium, behaviour: str
) -> None:
    """The server has seen exactly one request; the notice stays claimed and is not sent again before its time."""
    provider.behaviour = behaviour
    sending = on_the_wire(provider)
    notice = sending.add(a_notice(medium=medium))
    assert sending.deliver(notice) == "unknown"
    assert sending.deliver(sending.stored(notice)) == "already"
    sending.follow_up(GRACE - MINUTE)
    assert len([body for _, body in provider.requests if _about(medium, body)]) == 1
    assert sending.stored(notice).state == "claimed"
    assert sending.stored(notice).failure


def _about(medium: Medium, body: bytes) -> bool:
    return (b"Message=" in body) == (medium == "sms")


def test_fault_27_a_lost_reply_is_reconciled_by_the_report() -> None:
    """SES had taken the mail: its report completes the notice, even if parked or about to be sent again."""
    for runs in range(4):
        sending = Sending()
        sending.mail.behaviour = "accept, then lose"
        assert sending.deliver() == "unknown"
        sending.mail.behaviour = OutcomeUnknownError("ReadTimeoutError")
        for _ in range(runs):
            sending.follow_up(GRACE)
        assert sending.report(sending.mail.accepted[0]) == "settled"
        sending.mail.behaviour = "accept"
        sending.follow_up(GRACE)
        assert sending.stored().state == "sent"
        assert len(sending.mail.accepted) == 1


@pytest.mark.parametrize("medium", MEDIA)
@pytest.mark.parametrize(
    ("refusal", "said", "outcome"),
    [
        ("429 TooManyRequestsException", "Maximum sending rate exceeded.", "postponed"),
        ("400 Throttling", "Maximum sending rate exceeded.", "postponed"),
        ("400 MessageRejected", "Email address is not verified.", "postponed"),
        ("429 TooManyRequestsException", "Daily message quota exceeded.", "blocked"),
        ("400 LimitExceededException", "The limit is exceeded.", "blocked"),
        ("400 SendingPausedException", "Sending is paused.", "blocked"),
        ("400 AccountSuspendedException", "The account is suspended.", "blocked"),
    ],
)
def test_fault_28_a_throttled_exhausted_or_paused_account_keeps_the_notice(
    provider: Provider, medium: Medium, refusal: str, said: str, outcome: str
) -> None:
    """The notice is pending with a time and the reason, and is sent once the provider accepts it."""
    status, _, code = refusal.partition(" ")
    provider.status, provider.code = int(status), code
    provider.body = FAULT[medium].replace(b"CODE", code.encode()).replace(b"is not allowed", said.encode())
    sending = on_the_wire(provider)
    sending.memory.notices.clear()
    notice = sending.add(a_notice(medium=medium))
    assert sending.deliver(notice) == outcome
    stored = sending.stored(notice)
    assert (stored.state, stored.act_at) == ("pending", sending.now + 5 * MINUTE)
    assert stored.failure == refusal
    assert sending.deliver(stored) == "already"
    provider.status, provider.code, provider.body = 200, "", SENT[medium]
    sending.follow_up(5 * MINUTE)
    assert sending.stored(notice).state == "sent"


def test_fault_28_what_is_urgent_is_tried_first_and_the_rest_costs_nothing() -> None:
    """While the account is paused, a run tries only the emergency; afterwards the emergency goes out first."""
    sending = Sending()
    sending.memory.notices.clear()
    urgencies: tuple[Urgency, ...] = ("normal", "urgent", "emergency", "normal")
    for number, urgency in enumerate(urgencies):
        sending.add(a_notice(department=f"d{number}", urgency=urgency, created_at=NOON + number * MINUTE))
    sending.mail.behaviour = PAUSED
    done = sending.follow_up(30 * MINUTE)
    assert done.outcomes == {"notice_blocked": 1, "notice_held": 3}
    assert (sending.mail.requests, sending.memory.writes) == (1, 2)
    sending.mail.behaviour = "accept"
    sending.follow_up(5 * MINUTE)
    order = [message.notice.key.partition("#")[0] for message in sending.mail.accepted]
    assert order == ["d2", "d1", "d0", "d3"]


def test_fault_28_a_pause_of_days_loses_nothing() -> None:
    """The waits grow to at most an hour, and after three days the mail still goes out, once."""
    sending = Sending()
    sending.mail.behaviour = PAUSED
    waits = []
    for _ in range(3 * 24 * 12):
        done = sending.follow_up(5 * MINUTE)
        act_at = sending.stored().act_at
        assert act_at is not None
        if done.outcomes["notice_blocked"]:
            waits.append(act_at - sending.now)
    assert max(waits) == timedelta(hours=1)
    assert sending.stored().state == "pending"
    sending.mail.behaviour = "accept"
    sending.follow_up(timedelta(hours=1))
    assert (sending.stored().state, len(sending.mail.accepted)) == ("sent", 1)
    assert sending.stored().repeated_at is None


def test_fault_28_an_emergency_is_tried_every_five_minutes() -> None:
    """The wait between attempts does not grow."""
    sending = Sending()
    notice = sending.add(a_notice(urgency="emergency"))
    sending.mail.behaviour = PAUSED
    for _ in range(20):
        sending.follow_up(5 * MINUTE)
    assert sending.stored(notice).attempt == 20


def test_fault_28_an_sms_that_could_not_leave_for_a_day_is_parked() -> None:
    """By then the mail has said the same; the parked SMS is shown to a person."""
    sending = Sending()
    notice = sending.add(a_notice(medium="sms", urgency="emergency"))
    sending.sms.behaviour = PAUSED
    sending.follow_up(SMS_LIFETIME - 2 * MINUTE)
    assert sending.stored(notice).state == "pending"
    done = sending.follow_up(5 * MINUTE)
    assert done.outcomes["notice_parked"] == 1
    assert (sending.stored(notice).state, sending.stored(notice).failure) == ("parked", PAUSED.why)


def told(sending: Sending) -> list[ContactNotice]:
    """Return the desk's notices about addresses."""
    return [notice for notice in sending.memory.notices.values() if isinstance(notice, ContactNotice)]


@pytest.mark.parametrize(
    "reason", ["bounce: General", "bounce: NoEmail", "bounce: OnAccountSuppressionList", "complaint: abuse"]
)
def test_fault_29_a_dead_address_is_left_for_the_fallback_and_the_desk_is_told(reason: str) -> None:
    """The notice goes to the fallback once, later ones go there at once, and the desk gets one mail about it."""
    sending = Sending()
    sending.deliver()
    [message] = sending.mail.accepted
    sending.now += MINUTE
    for _ in range(2):
        sending.report(message, "dead", reason)
    assert (sending.contact.dead_since, sending.contact.dead_because) == (sending.now, reason)
    for _ in range(3):
        sending.follow_up(5 * MINUTE)
    assert [sent.recipient for sent in sending.mail.of(a_notice())] == [OWN, FALLBACK]
    [about] = told(sending)
    assert [sent.recipient for sent in sending.mail.of(about)] == [DESK_ADDRESS]
    assert (about.address, about.reason, about.state) == (OWN, reason, "sent")
    another = sending.add(a_notice(ticket=a_ticket().code, department="dishub", medium="email"))
    sending.deliver(another)
    assert sending.mail.accepted[-1].recipient == FALLBACK


def test_fault_29_when_the_fallback_is_dead_too_the_desk_passes_it_on() -> None:
    """Each address is tried once; then the desk gets the complaint, with the reason."""
    sending = Sending()
    sending.deliver()
    for _ in range(3):
        sending.now += MINUTE
        last = sending.mail.of(a_notice())[-1]
        if last.recipient != DESK_ADDRESS:
            sending.report(last, "dead", "bounce: General")
        sending.follow_up(5 * MINUTE)
    assert [sent.recipient for sent in sending.mail.of(a_notice())] == [OWN, FALLBACK, DESK_ADDRESS]
    assert (sending.stored().state, sending.stored().told) == ("sent", DESK)
    assert any("Mohon diteruskan" in subject for subject in sending.mail.subjects)
    assert {notice.address for notice in told(sending)} == {OWN, FALLBACK}


def test_fault_29_a_mail_that_bounces_everywhere_waits_for_an_address() -> None:
    """There is no endless mail and no silence: the notice is pending with an alarm until an address is entered."""
    sending = Sending()
    for _ in range(4):
        sending.follow_up(5 * MINUTE)
        for message in sending.mail.accepted:
            sending.report(message, "dead", "bounce: General")
    recipients = [message.recipient for message in sending.mail.of(a_notice())]
    assert len(recipients) == len(set(recipients)) > 1
    assert sending.follow_up(5 * MINUTE).outcomes["notice_waiting"] > 0
    new = a_contact("dishub").model_copy(update={"email": "baru@sleman.example", "updated_at": sending.now})
    sending.stores.contacts.put(new)
    sending.follow_up(5 * MINUTE)
    assert sending.mail.of(a_notice())[-1].recipient == "baru@sleman.example"
    assert sending.stored().state == "sent"


def test_fault_29_an_address_that_an_admin_entered_again_is_alive() -> None:
    """An event older than the entry does not mark the address as dead again."""
    sending = Sending()
    sending.deliver()
    [message] = sending.mail.accepted
    sending.now += MINUTE
    sending.report(message, "dead", "bounce: General")
    entered = a_contact("dishub").model_copy(update={"updated_at": sending.now})
    sending.stores.contacts.put(entered)
    sending.report(message, "dead", "bounce: General")
    assert sending.contact.addresses("email") == (OWN,)
    assert len(told(sending)) == 1


@pytest.mark.parametrize("kind", ["undelivered", "delayed"])
def test_fault_29_a_mailbox_that_is_full_for_now_is_only_noted(kind: str) -> None:
    """SES retries by itself; nobody is told twice, and the address stays alive."""
    sending = Sending()
    sending.deliver()
    [message] = sending.mail.accepted
    sending.report(message, "undelivered" if kind == "undelivered" else "delayed", "Transient: MailboxFull")
    sending.follow_up(GRACE)
    assert (sending.stored().state, sending.stored().failure) == ("sent", "Transient: MailboxFull")
    assert sending.contact.addresses("email") == (OWN, FALLBACK)
    assert (len(sending.mail.accepted), told(sending)) == (1, [])


def test_fault_30_an_early_report_makes_our_own_mark_superfluous() -> None:
    """SES's report comes before its reply: our own mark finds the notice sent and leaves it unchanged."""
    sending = Sending()
    claimed = sending.stores.notices.claim(sending.stored(), "one", sending.now, OWN or "", "dishub")
    message_id = sending.mail.send("", an_envelope(claimed, OWN or ""))
    assert sending.report(sending.mail.accepted[0]) == "settled"
    after = sending.stored()
    sending.stores.notices.sent(claimed, message_id, sending.now + MINUTE)
    assert sending.stored() == after
    assert after.state == "sent"


def test_fault_30_reports_after_the_mark_write_nothing() -> None:
    """Send, Delivery and repetitions of both leave the notice unchanged and spend no write unit."""
    sending = Sending()
    sending.deliver()
    before, writes = sending.stored(), sending.memory.writes
    assert [sending.report(sending.mail.accepted[0]) for _ in range(4)] == ["already"] * 4
    assert (sending.stored(), sending.memory.writes) == (before, writes)


@pytest.mark.parametrize("behaviour", ["accept, then lose", OutcomeUnknownError("ConnectionClosedError")])
def test_fault_30_without_a_report_a_mail_is_sent_once_more_and_then_parked(behaviour: Behaviour) -> None:
    """There are two requests, never three; the second is on record, and a person sees the parked notice."""
    sending = Sending()
    sending.mail.behaviour = behaviour
    outcomes = [outcome for _ in range(8) for outcome in sending.follow_up(GRACE).outcomes]
    assert outcomes == ["notice_unknown", "notice_unknown", "notice_parked"]
    stored = sending.stored()
    assert (stored.state, stored.attempt, stored.repeated_at is not None) == ("parked", 2, True)
    assert sending.mail.requests == 2
    assert all(a_ticket().code in subject for subject in sending.mail.subjects)


def test_fault_30_a_report_that_meets_a_changing_notice_reads_again() -> None:
    """A concurrent write is not overwritten: the report is applied to what is stored by then."""
    sending = Sending()
    sending.mail.behaviour = "accept, then lose"
    sending.deliver()
    read = sending.stores.notices.get

    def read_and_then_park(which: NoticeId) -> object:
        notice = read(which)
        if notice is not None and notice.state == "claimed":
            sending.stores.notices.park(notice, "nobody knows")
        return notice

    sending.stores.notices.get = read_and_then_park  # type: ignore[method-assign,assignment] # between its read and its write
    assert sending.report(sending.mail.accepted[0]) == "settled"
    assert sending.stored().state == "sent"


def test_fault_30_a_report_about_nothing_is_left_alone() -> None:
    """A report about a notice that no longer exists does not create it."""
    sending = Sending()
    sending.deliver()
    sending.memory.notices.clear()
    assert sending.report(sending.mail.accepted[0]) == "unknown"
    assert sending.memory.notices == {}


@pytest.mark.parametrize(
    ("status", "code", "state"),
    [
        (400, "InvalidParameter", "failed"),
        (400, "OptedOut", "failed"),
        (403, "AuthorizationError", "pending"),
        (400, "Throttling", "pending"),
        (500, "InternalError", "claimed"),
    ],
)
def test_fault_31_an_sms_that_is_refused_leaves_the_mail_to_say_it(
    provider: Provider, status: int, code: str, state: str
) -> None:
    """For a wrong number, a phone that opted out or a blocked sender, the SMS ends as specified; the mail is sent."""
    provider.status, provider.body = status, FAULT["sms"].replace(b"CODE", code.encode())
    sending = Sending()
    sending.wire = Senders(sending.mail, text_sender(provider.url))
    sms = sending.add(a_notice(medium="sms", urgency="emergency"))
    mail = sending.add(a_notice(urgency="emergency"))
    sending.deliver(sms)
    sending.deliver(mail)
    assert (sending.stored(sms).state, sending.stored(mail).state) == (state, "sent")
    assert len(provider.requests) == 1


def test_fault_31_an_sms_of_unknown_outcome_is_not_sent_again_on_a_guess() -> None:
    """An SMS costs as much as 3,500 mails, and the mail says the same: after the grace time a person sees it."""
    sending = Sending()
    sms = sending.add(a_notice(medium="sms", urgency="emergency"))
    sending.sms.behaviour = "accept, then lose"
    sending.deliver(sms)
    outcomes = sending.follow_up(GRACE).outcomes
    assert outcomes["notice_parked"] == 1
    assert (sending.stored(sms).state, sending.sms.requests) == ("parked", 1)


def test_fault_31_an_sms_is_one_part_in_the_alphabet_of_the_network(provider: Provider) -> None:
    """Whatever is in a ticket, the SMS on the wire has at most 160 septets."""
    provider.body = SENT["sms"]
    sending = on_the_wire(provider)
    ticket = a_ticket(topic="penerangan_jalan", place={"kapanewon": "Depok", "landmark": "“Pasar” 🙂 " * 40})
    sending.memory.tickets[ticket.code] = ticket
    sending.deliver(sending.add(a_notice(medium="sms", urgency="emergency")))
    [(_, body)] = provider.requests
    message = dict(parse_qsl(body.decode()))["Message"]
    length = septets(message)
    assert length is not None
    assert length <= 160
    assert a_ticket().code in message
