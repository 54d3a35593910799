"""Fault 37: contacts and the directory change while notices are on their way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from aduan.deadlines import started
from aduan.directory import Directory
from aduan.directory_loading import load_directory
from aduan.notice import Contact, Medium, Notice
from aduan.record import WIB
from aduan.triage import DESK
from classify.revision import revision
from follow_up.ladder import advance
from notify.senders import Envelope, NotAcceptedError, OutcomeUnknownError
from notify.timing import GRACE
from notify.wording import Mail
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage
from tests.mailbox import County
from tests.sending import MINUTE, FakeProvider, Message, Sending
from tests.unit.fakes_notify import a_contact

DIRECTORY = load_directory()
GONE = "dinas_lama"
"""A code that is no longer in any directory."""
OWN = a_contact("dishub").email
NEW = "baru@dishub.example"
DESK_MAIL, DESK_PHONE = a_contact(DESK).email, a_contact(DESK).phone
MORNING = datetime(2026, 11, 4, 7, 30, tzinfo=WIB)


def replaced(sending: Sending) -> Contact:
    """Let an admin enter another address."""
    contact = a_contact("dishub").model_copy(update={"email": NEW, "updated_at": sending.now})
    sending.memory.contacts["dishub"] = contact
    return contact


@dataclass
class Interrupted(FakeProvider):
    """A provider that lets something change while it takes a mail."""

    meanwhile: Callable[[], object] = lambda: None

    def send(self, said: Mail | str, envelope: Envelope) -> str:
        """Take it."""
        self.meanwhile()
        return super().send(said, envelope)


def test_fault_37_whom_a_mail_went_to_is_what_was_known_at_its_claim() -> None:
    """A contact replaced while the mail is being sent changes only the next notice, not this mail or its record."""
    sending = Sending()
    sending.mail = Interrupted(meanwhile=lambda: replaced(sending))
    assert sending.deliver() == "sent"
    assert sending.mail.accepted[0].recipient == sending.stored().recipient == OWN
    sending.mail.meanwhile = lambda: None
    following = sending.add(a_notice(ticket=a_ticket().code, step="remind"))
    assert sending.deliver(following) == "sent"
    assert sending.stored(following).recipient == NEW


def test_fault_37_a_report_about_the_old_address_settles_the_notice() -> None:
    """The claim records the recipient, so SES's report about that address counts, whoever the contact is by then."""
    sending = Sending()
    sending.mail.behaviour = "accept, then lose"
    assert sending.deliver() == "unknown"
    replaced(sending)
    [message] = sending.mail.accepted
    sending.report(message)
    assert (sending.stored().state, sending.stored().recipient) == ("sent", OWN)
    sending.follow_up(GRACE)
    assert len(sending.mail.accepted) == 1


def test_fault_37_a_bounce_of_the_old_address_leaves_the_new_one_alive() -> None:
    """The new address is not marked as dead, and it gets the mail that bounced."""
    sending = Sending()
    sending.deliver()
    sending.now += MINUTE
    contact = replaced(sending)
    sending.now += MINUTE
    sending.report(sending.mail.accepted[0], "dead", "bounce: General")
    assert sending.contact == contact
    sending.follow_up(GRACE)
    assert [message.recipient for message in sending.mail.accepted] == [OWN, NEW]
    assert sending.stored().state == "sent"


def test_fault_37_a_refused_mail_goes_to_whoever_is_there_when_it_is_tried_again() -> None:
    """Nothing was accepted at the old address, so nothing ties the notice to it."""
    sending = Sending()
    sending.mail.behaviour = NotAcceptedError("429 Throttling", retry=True)
    assert sending.deliver() == "postponed"
    replaced(sending)
    sending.mail.behaviour = "accept"
    sending.follow_up(GRACE)
    assert [message.recipient for message in sending.mail.accepted] == [NEW]


@pytest.mark.parametrize("medium", ["email", "sms"])
@pytest.mark.parametrize("step", [None, "head"])
def test_fault_37_a_department_that_left_the_directory_is_told_of_through_the_desk(
    medium: Medium, step: str | None
) -> None:
    """The desk gets the department's notices, a first one and a ladder's step, by mail and by SMS, with the reason."""
    sending = Sending()
    sending.memory.contacts[GONE] = a_contact(GONE)
    sending.memory.tickets[a_ticket().code] = a_ticket(department=GONE)
    notice = sending.add(a_notice(department=GONE, medium=medium, step=step, role="head" if step else "officer"))
    assert sending.deliver(notice) == "sent"
    accepted: list[Message] = sending.mail.accepted if medium == "email" else sending.sms.accepted
    assert [message.recipient for message in accepted] == [DESK_MAIL if medium == "email" else DESK_PHONE]
    stored = sending.stored(notice)
    assert (stored.told, stored.recipient, stored.state) == (DESK, accepted[0].recipient, "sent")


def test_fault_37_a_department_that_left_after_an_attempt_is_told_of_through_the_desk() -> None:
    """A mail whose first attempt has an unknown outcome goes to an existing recipient on its second attempt."""
    sending = Sending()
    sending.memory.tickets[a_ticket().code] = a_ticket(department=GONE)
    lost = sending.add(
        a_notice(
            department=GONE, state="claimed", attempt=1, claimed_by="one", claimed_at=NOON, recipient="x@y.example"
        )
    )
    sending.now = NOON + GRACE
    assert sending.deliver(lost) == "sent"
    assert [message.recipient for message in sending.mail.accepted] == [DESK_MAIL]


def test_fault_37_a_digest_of_a_department_that_left_goes_to_the_desk() -> None:
    """What waited for the morning is sent in the morning, in one mail."""
    county = County(NOON)
    for number in range(3):
        [notice] = county.open(number, department=GONE)
        waiting = notice.model_copy(update={"act_at": MORNING, "digest_at": MORNING})
        county.memory.notices[notice.id] = waiting
    county.now = MORNING
    county.follow_up()
    [message] = county.mail.accepted
    assert (message.recipient, len(message.notices)) == (DESK_MAIL, 3)


def without(code: str) -> Directory:
    """Return the directory without one department."""
    departments = {name: department for name, department in DIRECTORY.departments.items() if name != code}
    return DIRECTORY.model_copy(update={"departments": departments})


@pytest.mark.parametrize("status", ["routed", "accepted", "in_progress", "reopened", "resolved", "not_ours"])
def test_fault_37_the_clocks_of_a_ticket_go_on_when_its_department_left(status: Any) -> None:
    """`follow_up` takes every step to the end of the ladder, and each notice goes to an existing recipient."""
    directory = without("dishub")
    ticket = started(a_ticket(status=status), directory, NOON)
    steps: list[Notice] = []
    for _ in range(50):
        if ticket.act_at is None or ticket.on_forum_list:
            break
        change = advance(ticket, directory, ticket.act_at)
        assert change is not None
        ticket, steps = change.ticket, [*steps, *change.notices]
    assert ticket.status == "closed" if status == "resolved" else ticket.steps
    sending = Sending()
    sending.memory.tickets[ticket.code] = ticket.model_copy(update={"department": GONE})
    for notice in steps:
        told = sending.add(notice.model_copy(update={"department": GONE if notice.department == "dishub" else DESK}))
        assert sending.deliver(told) == "sent"


@pytest.mark.parametrize("before", [GONE, "dishub"])
def test_fault_37_an_edited_post_takes_its_ticket_to_a_department_that_is_there(before: str) -> None:
    """A decision made with an older directory is made anew with this one."""
    ticket = a_ticket(department=before, runner_up=GONE)
    old, new = a_triage(department=before, runner_up=GONE), a_triage(department="dlh", topic="sampah")
    change = revision(a_post(), old, new, ticket, directory=DIRECTORY, now=NOON + timedelta(hours=1))
    assert (change.ticket.department, [notice.department for notice in change.notices]) == ("dlh", ["dlh"])


def test_fault_37_a_reply_lost_while_a_department_left_is_reconciled_all_the_same() -> None:
    """Applying SES's report needs no directory."""
    sending = Sending()
    sending.memory.tickets[a_ticket().code] = a_ticket(department=GONE)
    notice = sending.add(a_notice(department=GONE))
    sending.mail.behaviour = OutcomeUnknownError("ReadTimeoutError")
    assert sending.deliver(notice) == "unknown"
    message = Message("m-1", notice.id, DESK_MAIL or "")
    sending.report(message, "accepted")
    assert sending.stored(notice).state == "sent"
