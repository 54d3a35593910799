"""A change itself says, in one place, what follows from it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aduan.change import Change, Withdrawal
from aduan.example import Example
from aduan.notice import Notice
from aduan.ticket import Clock, Ticket, clock_of
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_example

LATER = NOON + timedelta(hours=1)


def a_change(before: Ticket | None = None, **after: Any) -> Change:
    """Return a change that accepts a ticket, unless told otherwise."""
    before = before or a_ticket()
    wanted = before.model_copy(update={"status": "accepted", "version": 2} | after)
    return Change(before=before, after=wanted, at=LATER, post=a_post(author="penulis"))


def keys(notices: list[Notice]) -> set[str]:
    """Return the keys under which the outbox stores the notices."""
    return {notice.key for notice in notices}


def test_clocks_start_anew_when_what_they_run_for_has_changed() -> None:
    """`follow_up` looks at the ticket at once, but only then."""
    ticket = a_ticket(act_at=NOON + timedelta(days=3))
    assert a_change(ticket).ticket.act_at == LATER
    assert a_change(ticket, status=ticket.status, topic="jalan").ticket.act_at == ticket.act_at
    started = Clock(status="accepted", department=ticket.department, urgency=ticket.urgency, kind=ticket.kind)
    assert a_change(ticket, clock=started).ticket.act_at == ticket.act_at


def test_the_author_is_told_each_stage_once() -> None:
    """The ticket remembers what its author was told; reaching a stage again tells nothing."""
    answered = a_ticket(replies=("routed",), status="accepted")
    resolved = a_change(answered, status="resolved")
    assert resolved.reply is not None
    assert (resolved.reply.stage, resolved.ticket.replies) == ("resolved", ("routed", "resolved"))
    again = a_change(a_ticket(replies=("routed", "resolved"), status="reopened"), status="resolved")
    assert again.reply is None
    assert a_change(a_ticket(replies=None), status="resolved").reply is None


STEP = a_notice(step="remind")
OWN = a_notice()
OTHERS = a_notice(department="dlh")
SENT = a_notice(medium="sms", state="sent")


@pytest.mark.parametrize(
    ("withdraws", "after", "stale"),
    [
        ("overtaken", {}, {STEP.key}),
        ("overtaken", {"status": "routed"}, set()),
        ("elsewhere", {"department": "dlh"}, {STEP.key, OWN.key}),
        ("elsewhere", {"status": "routed"}, set()),
        ("unwanted", {}, {STEP.key, OTHERS.key}),
        ("unwanted", {"status": "routed"}, {OTHERS.key}),
        ("all", {"status": "routed"}, {STEP.key, OWN.key, OTHERS.key}),
    ],
)
def test_what_is_withdrawn_is_said_by_the_change(withdraws: Withdrawal, after: dict[str, str], stale: set[str]) -> None:
    """Only notices that nobody has begun to send are withdrawn, and a ladder's step only if its clock has stopped."""
    change = replace(a_change(a_ticket(status="routed"), **after), notices=(OWN,), withdraws=withdraws)
    assert keys(change.stale([STEP, OWN, OTHERS, SENT])) == stale


def test_a_wanted_notice_stays_one_item() -> None:
    """A notice in the outbox is not added again; a withdrawn one, or an emergency now, is renewed with its record."""
    change = replace(a_change(), notices=(a_notice(urgency="emergency", created_at=LATER),))
    assert keys(change.additions([])) == {OWN.key}
    assert change.additions([OWN]) == []
    assert change.renewals([a_notice(state="sent")]) == []
    known = a_notice(attempt=2, bounced=("a@sleman.example",))
    [(before, after)] = change.renewals([known])
    assert before == known
    assert (after.urgency, after.attempt, after.bounced, after.act_at) == ("emergency", 2, known.bounced, LATER)
    [(_, after)] = replace(change, notices=(OWN,)).renewals([a_notice(state="withdrawn")])
    assert after.state == "pending"


def test_a_resolved_ticket_is_kept_for_its_author() -> None:
    """The ticket is kept only when it becomes resolved, and only if its author is known."""
    resolved = a_change(status="resolved")
    assert resolved.resolution is not None
    assert (resolved.resolution.author, resolved.resolution.resolved_at) == ("penulis", LATER)
    assert a_change().resolution is None
    assert replace(resolved, post=a_post(author=None)).resolution is None
    assert a_change(a_ticket(status="resolved"), status="resolved").resolution is None


def test_nothing_is_resolved_without_its_post() -> None:
    """A change that omits the post would take from its author the chance to contradict."""
    with pytest.raises(ValueError, match="SLM-"):
        replace(a_change(status="resolved"), post=None)


def test_an_example_is_forgotten_with_the_words_it_was_made_of() -> None:
    """Editing or deleting the ticket's first post removes the example; without a correction there is none."""
    corrected = a_ticket(corrected_at=NOON, post=a_post().key)
    edited = replace(a_change(corrected), post=a_post(), decision=a_triage())
    assert edited.forgets_example
    assert replace(edited, decision=None, tombstone="gone").forgets_example
    assert not replace(edited, decision=None).forgets_example
    assert not replace(edited, post=a_post(native_id="another")).forgets_example
    assert not replace(a_change(a_ticket(post=a_post().key)), post=a_post(), decision=a_triage()).forgets_example


def test_a_ticket_has_the_voice_that_opened_it_and_those_that_join() -> None:
    """A post that is merely decided anew is no further voice."""
    opened = Change(before=None, after=a_ticket(), at=NOON, post=a_post(), decision=a_triage())
    assert opened.voice is not None
    assert replace(a_change(), post=a_post(), decision=a_triage()).voice is None
    joined = replace(a_change(), post=a_post(native_id="2"), decision=a_triage(), joins=True)
    assert joined.voice is not None
    assert joined.voice.post == a_post(native_id="2").key


@pytest.mark.parametrize("stored", ["", None, "routed dishub normal", "on_hold dishub normal complaint"])
def test_a_clock_that_names_nothing_is_none(stored: str | None) -> None:
    """A clock is empty on the oldest tickets, or may name a status that no longer exists; it is then started anew."""
    given = a_ticket().model_dump() | {"clock": stored}
    assert Ticket.model_validate(given).clock is None


def test_a_clock_is_stored_as_it_always_was() -> None:
    """Old and new code read the same items while a deployment runs."""
    ticket = a_ticket(status="routed", department="dishub", urgency="normal", kind="complaint")
    ticket = ticket.model_copy(update={"clock": clock_of(ticket)})
    assert ticket.model_dump(mode="json")["clock"] == "routed dishub normal complaint"
    assert Ticket.model_validate(ticket.model_dump()) == ticket


def test_an_example_is_stored_as_it_always_was() -> None:
    """Old and new code read the same items while a deployment runs, and after it is taken back."""
    stored = an_example().model_dump(mode="json")
    assert stored["said"] == an_example().label.model_dump(mode="json")
    assert Example.model_validate(stored) == an_example()
