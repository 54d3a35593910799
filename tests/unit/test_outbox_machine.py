"""Claims, sends, lost replies, crashes and SES's reports: in any order, nothing is lost or doubled.

A notice ends as sent when a provider accepted it, or parked for a person. It is accepted once; a second time only with
a second attempt on record, and once more for each address that bounced it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from aduan.notice import AnyNotice, ContactNotice
from aduan.triage import DESK
from notify.mail_events import Kind
from notify.senders import NotAcceptedError, OutcomeUnknownError
from tests.builders import a_notice
from tests.in_memory.notices import InMemoryNoticeStore
from tests.sending import MINUTE, Behaviour, Sending
from tests.unit.fakes_notify import a_contact

EMAIL = a_notice()
SMS = a_notice(medium="sms")
OTHER = a_notice(department="dpupkp", urgency="emergency")
NOTICES = st.sampled_from([EMAIL, SMS, OTHER])
BEHAVIOURS: st.SearchStrategy[Behaviour] = st.sampled_from(
    [
        "accept",
        "accept",
        "accept, then lose",
        "accept, then die",
        "die",
        OutcomeUnknownError("ConnectionClosedError"),
        NotAcceptedError("429 TooManyRequestsException", retry=True),
        NotAcceptedError("400 SendingPausedException", retry=True, blocked=True),
    ]
)


class Forgetful(InMemoryNoticeStore):
    """A table that can lose the reply to its next write: the SDK then sends the same write again."""

    loses = False

    def claim(self, notice: AnyNotice, owner: str, now: datetime, recipient: str, told: str) -> AnyNotice:
        """Claim, twice with the same owner if the reply is lost."""
        write = partial(super().claim, notice, owner, now, recipient, told)
        if self._lost():
            write()
        return write()

    def sent(self, notice: AnyNotice, message_id: str, now: datetime) -> None:
        """Mark as sent, twice if the reply is lost."""
        write = partial(super().sent, notice, message_id, now)
        if self._lost():
            write()
        write()

    def postponed(self, notice: AnyNotice, why: str, until: datetime) -> None:
        """Postpone, twice if the reply is lost."""
        write = partial(super().postponed, notice, why, until)
        if self._lost():
            write()
        write()

    def park(self, notice: AnyNotice, why: str) -> None:
        """Park, twice if the reply is lost."""
        write = partial(super().park, notice, why)
        if self._lost():
            write()
        write()

    def record(self, before: AnyNotice, after: AnyNotice) -> None:
        """Record, twice if the reply is lost."""
        write = partial(super().record, before, after)
        if self._lost():
            write()
        write()

    def _lost(self) -> bool:
        lost, self.loses = self.loses, False
        return lost


class Outbox(RuleBasedStateMachine):
    """Three notices of one ticket, by mail and by SMS, and everything that can happen to them."""

    @initialize()
    def begin(self) -> None:
        """Start with every notice pending and a contact for every department."""
        self.world = Sending()
        self.table = Forgetful(self.world.memory)
        self.world.stores = replace(self.world.stores, notices=self.table)
        self.world.memory.contacts["dpupkp"] = a_contact("dpupkp")
        for notice in (SMS, OTHER):
            self.world.add(notice)
        self.read: dict[str, AnyNotice] = {notice.key: notice for notice in (EMAIL, SMS, OTHER)}
        self.known: dict[Kind, set[str]] = defaultdict(set)

    @rule(notice=NOTICES)
    def look(self, notice: AnyNotice) -> None:
        """Read a notice that a later delivery will act on."""
        self.read[notice.key] = self.world.stored(notice)

    @rule(notice=NOTICES, behaviour=BEHAVIOURS, death=st.none() | st.integers(1, 8), before=st.booleans())
    def deliver(self, notice: AnyNotice, behaviour: Behaviour, death: int | None, before: bool) -> None:  # noqa: FBT001 # hypothesis passes by name
        """Deliver the notice as last read; the process may die at any call to the table."""
        self._behave(behaviour)
        deliver = partial(self.world.deliver, self.read[notice.key])
        self.world.die(deliver, **({"before": death} if before else {"after": death}))
        self._behave("accept")

    @rule(behaviour=BEHAVIOURS, death=st.none() | st.integers(1, 20), minutes=st.integers(0, 40))
    def follow_up(self, behaviour: Behaviour, death: int | None, minutes: int) -> None:
        """Let the schedule deliver what is due; it may die, too."""
        self._behave(behaviour)
        self.world.die(partial(self.world.follow_up, minutes * MINUTE), after=death)
        self._behave("accept")

    @rule()
    def lose_a_reply(self) -> None:
        """Do the table's next write but lose its reply."""
        self.table.loses = True

    @rule(pick=st.integers(0, 20), death=st.none() | st.integers(1, 3))
    def report(self, pick: int, death: int | None) -> None:
        """Let SES report that it accepted a mail: early, late or again; a report that dies on the way comes again."""
        self._report(pick, "accepted", death)

    @rule(pick=st.integers(0, 20), death=st.none() | st.integers(1, 5))
    def bounce(self, pick: int, death: int | None) -> None:
        """Let a department's mail bounce for good or be reported as spam."""
        self._report(pick, "dead", death)

    @rule(pick=st.integers(0, 20))
    def delay(self, pick: int) -> None:
        """Let a mail be delayed."""
        self._report(pick, "delayed", None)

    def _report(self, pick: int, kind: Kind, death: int | None) -> None:
        mails = self.world.mail.accepted
        if not mails:
            return
        mail = mails[pick % len(mails)]
        if kind == "dead" and mail.recipient == a_contact(DESK).email:
            return
        report = partial(self.world.report, mail, kind, kind)
        self.world.die(report, after=death)
        report()
        self.known[kind].add(mail.id)

    def _behave(self, behaviour: Behaviour) -> None:
        self.world.mail.behaviour = self.world.sms.behaviour = behaviour

    def _accepted(self, notice: AnyNotice) -> int:
        return len((self.world.sms if notice.medium == "sms" else self.world.mail).of(notice))

    @invariant()
    def no_message_is_accepted_without_an_attempt_on_record(self) -> None:
        """A message is accepted once, again with a second attempt on record, and once more per bounced address."""
        if not hasattr(self, "world"):
            return
        for notice in (EMAIL, SMS, OTHER):
            stored, accepted = self.world.stored(notice), self._accepted(notice)
            assert accepted <= 1 + (stored.repeated_at is not None) + len(stored.bounced)
            assert accepted <= stored.attempt
            assert notice.medium == "email" or accepted <= 1

    @invariant()
    def what_is_marked_as_sent_was_accepted(self) -> None:
        """No notice claims more than a provider accepted."""
        if hasattr(self, "world"):
            for notice in (EMAIL, SMS, OTHER):
                assert self.world.stored(notice).state != "sent" or self._accepted(notice)

    def teardown(self) -> None:
        """Once the providers work again, every notice comes to an end in time."""
        if not hasattr(self, "world"):
            return
        self._behave("accept")
        self.table.loses = False
        for _ in range(6):
            self.world.follow_up(61 * MINUTE)
        for notice in (EMAIL, SMS, OTHER):
            stored = self.world.stored(notice)
            assert stored.state in {"sent", "parked"}, "a notice was lost"
            if stored.state == "parked":
                assert stored.failure
                assert notice.medium == "sms" or stored.repeated_at is not None
        for mail in self.world.mail.accepted:
            stored = self.world.memory.notices[mail.notice]
            if mail.id in self.known["accepted"] and mail.recipient not in stored.bounced:
                assert stored.state == "sent", "SES said that it took it"
        dead = {mail.recipient for mail in self.world.mail.accepted if mail.id in self.known["dead"]}
        for department in ("dishub", "dpupkp"):
            alive = self.world.memory.contacts[department].addresses("email")
            assert not dead & set(alive)
        assert {notice.address for notice in self._told()} == dead
        assert len(self._told()) == len(dead), "the desk was told twice"

    def _told(self) -> list[ContactNotice]:
        return [notice for notice in self.world.memory.notices.values() if isinstance(notice, ContactNotice)]


TestOutbox = Outbox.TestCase
TestOutbox.settings = settings(max_examples=200, stateful_step_count=25)
