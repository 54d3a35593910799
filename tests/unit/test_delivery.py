from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.notice import AnyNotice
from aduan.triage import DESK
from notify.delivery import Delivery, Outcome, Senders
from notify.senders import NotAcceptedError, OutcomeUnknownError
from notify.timing import GRACE
from tests.builders import NOON, a_channel_notice, a_contact_notice, a_notice, a_post, a_ticket, a_triage
from tests.in_memory.delivery import stores_of
from tests.in_memory.memory import Killed, Memory
from tests.unit.fakes_notify import FakeMail, FakeSms, a_contact

DIRECTORY = load_directory()
THROTTLED = NotAcceptedError("429 TooManyRequestsException", retry=True)
REJECTED = NotAcceptedError("400 MessageRejected", retry=False)
LOST = OutcomeUnknownError("ReadTimeoutError")


@dataclass(frozen=True)
class ForProduction:
    """Settings of the stage that writes to departments."""

    stage: str = "prod"
    override_email: str = ""
    override_phone: str = ""


@dataclass(frozen=True)
class ForTrial:
    """Settings of any other stage."""

    stage: str = "dev"
    override_email: str = "trial@sleman.example"
    override_phone: str = "+62899"


@dataclass
class World:
    """A ticket of Dishub with its post, and one notice about the ticket or about a channel."""

    notice: AnyNotice
    memory: Memory = field(default_factory=Memory)
    mail: FakeMail = field(default_factory=FakeMail)
    sms: FakeSms = field(default_factory=FakeSms)
    settings: ForProduction | ForTrial = field(default_factory=ForProduction)

    def __post_init__(self) -> None:
        post = a_post(state="triaged", triage=a_triage(), ticket=a_ticket().code)
        self.memory.posts[post.key] = post
        self.memory.tickets[a_ticket().code] = a_ticket(department=self.notice.department)
        self.memory.notices[self.notice.id] = self.notice
        self.has_contacts("dishub", DESK)

    def has_contacts(self, *departments: str) -> None:
        """Give contacts to these departments and to no others."""
        self.memory.contacts = {code: a_contact(code) for code in departments}

    @property
    def stored(self) -> AnyNotice:
        """The notice as it lies in the table."""
        return self.memory.notices[self.notice.id]

    @property
    def sends(self) -> int:
        """Count the sends that were begun."""
        return len(self.mail.outbox) + len(self.sms.outbox)

    def deliver(self, notice: AnyNotice | None = None, now: datetime = NOON) -> Outcome:
        """Deliver the notice as it is stored, or as an earlier read found it."""
        senders = Senders(self.mail, self.sms)
        delivery = Delivery(stores_of(self.memory), senders, DIRECTORY, self.settings, clock=lambda: now)
        return delivery.deliver(notice or self.stored)


def test_a_notice_is_sent_to_the_department_and_marked() -> None:
    """The department's own address gets the mail, replies go to the desk, and the notice keeps the message id."""
    world = World(a_notice())
    assert world.deliver() == "sent"
    [(recipient, mail, reply_to)] = world.mail.outbox
    assert (recipient, reply_to) == ("dishub@sleman.example", "desk@sleman.example")
    assert a_ticket().code in mail.subject
    stored = world.stored
    assert (stored.state, stored.message_id, stored.told, stored.recipient) == ("sent", "mail-1", "dishub", recipient)


def test_a_notice_by_sms_goes_to_the_phone() -> None:
    """The notice's medium decides how it is sent."""
    world = World(a_notice(medium="sms"))
    assert world.deliver() == "sent"
    assert world.sms.outbox[0][0] == a_contact("dishub").phone
    assert world.mail.outbox == []


def test_a_notice_is_claimed_before_it_is_sent() -> None:
    """A process that dies at the claim, before or after the claim is written, has sent nothing."""
    for moment in ("before", "after"):
        world = World(a_notice())
        world.memory.kill_before, world.memory.kill_after = (7, None) if moment == "before" else (None, 7)
        with pytest.raises(Killed):
            world.deliver()
        assert world.stored.state == ("pending" if moment == "before" else "claimed")
        assert world.sends == 0


@given(st.integers(1, 8), st.booleans(), st.integers(1, 4))
def test_a_crash_anywhere_never_sends_twice(call: int, before: bool, repeats: int) -> None:  # noqa: FBT001 # drawn
    """Wherever the process dies, later deliveries send the notice at most once more, and only if it was not sent."""
    world = World(a_notice())
    world.memory.kill_before, world.memory.kill_after = (call, None) if before else (None, call)
    try:
        world.deliver()
    except Killed:
        world.memory.kill_before = world.memory.kill_after = None
    for _ in range(repeats):
        world.deliver()
    assert world.sends <= 1
    assert world.sends == 1 or world.stored.state == "claimed"


stale = st.lists(st.booleans(), min_size=2, max_size=8)


@given(stale, st.sampled_from([None, REJECTED, LOST]))
def test_one_send_whatever_the_order_and_number_of_deliveries(reads: Iterable[bool], fault: Exception | None) -> None:
    """Deliveries that read the notice before or after another's claim send it once in all."""
    world = World(a_notice())
    world.mail.fault = fault
    first = world.stored
    outcomes = [world.deliver(first if old else None) for old in reads]
    assert world.sends == 1
    assert outcomes[1:] == ["already"] * (len(outcomes) - 1)


def test_a_mail_of_unknown_outcome_is_sent_once_more_after_the_grace_time() -> None:
    """After a lost reply the notice stays claimed with the reason; a second send is recorded; then a person sees it."""
    world = World(a_notice())
    world.mail.fault = LOST
    assert world.deliver() == "unknown"
    assert (world.stored.state, world.stored.failure) == ("claimed", "ReadTimeoutError")
    assert world.deliver(now=NOON + GRACE - timedelta(seconds=1)) == "already"
    assert world.deliver(now=NOON + GRACE) == "unknown"
    assert (world.stored.attempt, world.stored.repeated_at) == (2, NOON + GRACE)
    assert world.deliver(now=NOON + 2 * GRACE) == "parked"
    assert world.sends == 2


def test_an_sms_of_unknown_outcome_is_parked_after_the_grace_time() -> None:
    """The SMS is not sent again on a guess."""
    world = World(a_notice(medium="sms"))
    world.sms.fault = LOST
    assert [world.deliver(), world.deliver(now=NOON + GRACE)] == ["unknown", "parked"]
    assert (world.sends, world.stored.failure) == (1, "ReadTimeoutError")


def test_a_repetition_goes_where_the_department_is_reached_by_then() -> None:
    """An address that an admin corrected meanwhile is used."""
    world = World(a_notice())
    world.mail.fault = LOST
    world.deliver()
    world.mail.fault = None
    world.memory.contacts["dishub"] = a_contact("dishub").model_copy(update={"email": "baru@sleman.example"})
    assert world.deliver(now=NOON + GRACE) == "sent"
    assert world.mail.outbox[-1][0] == world.stored.recipient == "baru@sleman.example"


def test_a_dead_address_is_passed_over() -> None:
    """The fallback gets the department's mail; if no address is alive the desk does, and learns why."""
    world = World(a_notice())
    dead = a_contact("dishub").model_copy(update={"dead_since": NOON, "fallback_email": "cadangan@sleman.example"})
    world.memory.contacts["dishub"] = dead
    assert world.deliver() == "sent"
    assert (world.mail.outbox[-1][0], world.stored.told) == ("cadangan@sleman.example", "dishub")
    world = World(a_notice())
    world.memory.contacts["dishub"] = dead.model_copy(update={"fallback_email": None})
    assert world.deliver() == "sent"
    recipient, mail, _ = world.mail.outbox[-1]
    assert (recipient, world.stored.told) == ("desk@sleman.example", DESK)
    assert "alamat surelnya tidak dapat menerima surel" in " ".join(mail.text.split())


def test_answers_go_to_a_living_address_of_the_desk() -> None:
    """A reply to a dead address would be lost."""
    world = World(a_notice())
    dead = {"dead_since": NOON, "fallback_email": "meja@sleman.example"}
    world.memory.contacts[DESK] = a_contact(DESK).model_copy(update=dead)
    world.deliver()
    assert world.mail.outbox[-1][2] == "meja@sleman.example"


def test_the_desk_is_told_of_a_dead_address() -> None:
    """The mail says whose address it is, why it is dead and what to do; a removed department causes no mail."""
    world = World(a_contact_notice())
    assert world.deliver() == "sent"
    recipient, mail, _ = world.mail.outbox[-1]
    assert recipient == "desk@sleman.example"
    assert mail.subject == "[Kontak Dishub] Alamat surel tidak dapat menerima surel"
    for words in ("Dinas Perhubungan", "dishub@sleman.example", "bounce: General", "menolaknya", "Meja Aduan"):
        assert words in mail.text
    gone = World(a_contact_notice(about="dinas_lama"))
    assert (gone.deliver(), gone.stored.failure) == ("parked", "the department is gone")


def test_a_throttled_notice_waits_longer_each_time() -> None:
    """A refusal that may pass makes the notice pending again, five minutes later with each attempt, and no sooner."""
    world = World(a_notice())
    world.mail.fault = THROTTLED
    assert world.deliver() == "postponed"
    assert (world.stored.state, world.stored.act_at) == ("pending", NOON + timedelta(minutes=5))
    assert world.deliver(now=NOON + timedelta(minutes=4)) == "already"
    later = NOON + timedelta(minutes=5)
    assert world.deliver(now=later) == "postponed"
    assert world.stored.act_at == later + timedelta(minutes=10)
    world.mail.fault = None
    assert world.deliver(now=later + timedelta(minutes=10)) == "sent"
    assert world.stored.attempt == 3


def test_a_rejected_notice_is_finished() -> None:
    """A permanent refusal ends the notice with the provider's code as the reason."""
    world = World(a_notice())
    world.mail.fault = REJECTED
    assert world.deliver() == "failed"
    assert (world.stored.state, world.stored.failure) == ("failed", "400 MessageRejected")


@pytest.mark.parametrize("medium", ["email", "sms"])
def test_a_department_without_contact_is_told_through_the_desk(medium: str) -> None:
    """The desk gets the message, asked to pass it on, and the notice records that the desk was told."""
    world = World(a_notice(medium=medium))
    world.has_contacts(DESK)
    assert world.deliver() == "sent"
    assert world.stored.told == DESK
    text = world.mail.outbox[0][1].text if medium == "email" else world.sms.outbox[0][1]
    assert "teruskan" in text
    assert "Dishub" in text or "Dinas Perhubungan" in text


def test_a_contact_without_this_medium_counts_as_none() -> None:
    """A department with an address but no phone is told by SMS through the desk."""
    world = World(a_notice(medium="sms"))
    world.memory.contacts["dishub"] = a_contact("dishub", phone=False)
    assert world.deliver() == "sent"
    assert world.stored.told == DESK


def test_a_department_no_longer_known_is_told_through_the_desk() -> None:
    """A code that left the directory loses no complaint."""
    world = World(a_notice(department="dinas_lama"))
    assert world.deliver() == "sent"
    assert (world.stored.told, world.mail.outbox[0][0]) == (DESK, "desk@sleman.example")


def test_a_mail_nobody_can_get_yet_waits() -> None:
    """Without any contact the notice stays pending, and is sent once an address is entered."""
    world = World(a_notice())
    world.has_contacts()
    assert world.deliver() == "waiting"
    assert (world.sends, world.stored.state) == (0, "pending")
    world.has_contacts(DESK)
    assert world.deliver() == "sent"


def test_an_sms_nobody_can_get_is_parked() -> None:
    """The mail that goes with it says the same, and waits for an address."""
    world = World(a_notice(medium="sms"))
    world.has_contacts()
    assert world.deliver() == "parked"
    assert world.sends == 0
    assert world.stored.failure == "no sms contact of dishub or of the desk"


@pytest.mark.parametrize("gone", ["ticket", "post"])
def test_a_notice_about_something_gone_is_parked(gone: str) -> None:
    """Without its ticket or post, a notice has nothing to say."""
    world = World(a_notice())
    (world.memory.tickets if gone == "ticket" else world.memory.posts).clear()
    assert world.deliver() == "parked"
    assert world.sends == 0
    assert world.stored.failure == f"the {gone} is gone"


@pytest.mark.parametrize(("medium", "override"), [("email", "trial@sleman.example"), ("sms", "+62899")])
@pytest.mark.parametrize("known", [True, False])
def test_outside_production_everything_goes_to_the_override(medium: str, override: str, known: bool) -> None:  # noqa: FBT001 # a parameter
    """A trial writes to no department, but the notice still records who would have been told."""
    world = World(a_notice(medium=medium), settings=ForTrial())
    world.has_contacts(*(["dishub", DESK] if known else []))
    assert world.deliver() == "sent"
    recipients = [sent[0] for sent in (*world.mail.outbox, *world.sms.outbox)]
    assert recipients == [override]
    assert (world.stored.recipient, world.stored.told) == (override, "dishub" if known else DESK)
    assert all(sent[2] is None for sent in world.mail.outbox)


def test_outside_production_an_sms_without_override_is_parked() -> None:
    """Without an override number, no SMS leaves a trial."""
    world = World(a_notice(medium="sms"), settings=ForTrial(override_phone=""))
    assert world.deliver() == "parked"
    assert world.sends == 0


@pytest.mark.parametrize("state", ["claimed", "sent", "failed", "parked", "withdrawn"])
def test_a_notice_that_is_not_pending_is_left_alone(state: str) -> None:
    """A notice that somebody has claimed or finished causes no read, write or send."""
    world = World(a_notice(state=state, claimed_at=NOON))
    assert world.deliver() == "already"
    assert (world.memory.calls, world.sends) == (0, 0)


def test_a_notice_finished_while_it_is_parked_is_left_alone() -> None:
    """A notice that another delivery has sent meanwhile is not parked."""
    world = World(a_notice())
    old = world.stored
    world.deliver()
    world.memory.posts.clear()
    assert world.deliver(old) == "already"
    assert world.stored.state == "sent"


def test_the_owner_of_a_channel_is_told_about_it() -> None:
    """The mail goes to the department that looks after the channel, names it, and is sent once."""
    world = World(a_channel_notice())
    world.has_contacts("diskominfo", DESK)
    assert [world.deliver(), world.deliver()] == ["sent", "already"]
    [(recipient, mail, reply_to)] = world.mail.outbox
    assert (recipient, reply_to) == ("diskominfo@sleman.example", "desk@sleman.example")
    assert "Instagram @kabarsleman" in mail.subject
    assert (world.stored.state, world.stored.told) == ("sent", "diskominfo")


@pytest.mark.parametrize("department", ["diskominfo", DESK])
def test_the_desk_is_told_about_a_channel_whose_owner_has_no_contact(department: str) -> None:
    """The desk is asked to pass the mail on, unless the mail is meant for the desk itself."""
    world = World(a_channel_notice(department=department))
    world.has_contacts(DESK)
    assert world.deliver() == "sent"
    [(recipient, mail, _)] = world.mail.outbox
    assert (recipient, world.stored.told) == ("desk@sleman.example", DESK)
    assert ("Mohon diteruskan" in mail.text) == (department != DESK)


def test_a_notice_about_a_channel_waits_for_an_address_too() -> None:
    """As long as neither the owner nor the desk has an address, the notice stays pending."""
    world = World(a_channel_notice())
    world.has_contacts()
    assert (world.deliver(), world.stored.state) == ("waiting", "pending")


def test_a_notice_about_a_channel_that_left_the_directory_is_parked() -> None:
    """The channel is no longer read, so there is nothing to tell."""
    world = World(a_channel_notice(channel="instagram:akunlama"))
    assert world.deliver() == "parked"
    assert (world.sends, world.stored.failure) == (0, "the channel is gone")
