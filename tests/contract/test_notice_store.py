"""Notices, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from aduan.store.notices import NoticeChangedError, NotPendingError
from tests import moves
from tests.builders import NOON, a_channel_notice, a_notice, a_post, a_ticket, a_triage, an_event
from tests.stores import CHANNEL, MINUTE, Stores, claim, open_ticket, stored_notice


def test_a_notice_is_claimed_once(stores: Stores) -> None:
    """One of two senders gets the notice, and its recipient is fixed at that moment."""
    open_ticket(stores)
    claimed = stores.notices.claim(a_notice(), "one", NOON, "dishub@example.go.id", "dishub")
    assert (claimed.state, claimed.attempt, claimed.recipient) == ("claimed", 1, "dishub@example.go.id")
    with pytest.raises(NotPendingError):
        stores.notices.claim(a_notice(), "two", NOON, "other@example.go.id", "dishub")


def test_a_sent_notice_is_final(stores: Stores) -> None:
    """A sent notice leaves the queue and can be neither claimed nor parked."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    stores.notices.sent(claimed, "message-1", NOON + MINUTE)
    stored = stored_notice(stores)
    assert (stored.state, stored.message_id) == ("sent", "message-1")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []
    with pytest.raises(NotPendingError):
        claim(stores, stored, "two")
    with pytest.raises(NotPendingError):
        stores.notices.park(claimed, "too late")


def test_a_refused_notice_is_final(stores: Stores) -> None:
    """A notice the provider will never take leaves the queue with its reason."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    stores.notices.refused(claimed, "MessageRejected")
    stored = stored_notice(stores)
    assert (stored.state, stored.failure) == ("failed", "MessageRejected")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_postponed_notice_comes_back(stores: Stores) -> None:
    """A notice that was certainly not accepted is pending again, from a later time, with its attempt counted."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    stores.notices.postponed(claimed, "Throttling", NOON + 10 * MINUTE)
    assert list(stores.notices.left_behind(NOON + 9 * MINUTE)) == []
    assert list(stores.notices.left_behind(NOON + 10 * MINUTE)) == [a_notice().id]
    stored = stored_notice(stores)
    assert claim(stores, stored, "two").attempt == 2


def test_an_unknown_outcome_stays_claimed(stores: Stores) -> None:
    """A sender that read it before may not claim it; it is still listed, and may be parked."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    stores.notices.unknown(claimed, "ReadTimeoutError")
    stored = stored_notice(stores)
    assert (stored.state, stored.failure) == ("claimed", "ReadTimeoutError")
    with pytest.raises(NotPendingError):
        claim(stores, a_notice(), "two")
    assert list(stores.notices.left_behind(NOON + 5 * MINUTE)) == [a_notice().id]
    stores.notices.park(stored, "no outcome after 15 minutes")
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_a_claim_is_taken_over_once(stores: Stores) -> None:
    """One of two followers of a dead sender gets the claim, and the record says that it is sent on a guess."""
    open_ticket(stores)
    dead = claim(stores, a_notice())
    assert dead.repeated_at is None
    again = claim(stores, dead, "two", NOON + MINUTE)
    assert (again.attempt, again.repeated_at) == (2, NOON + MINUTE)
    with pytest.raises(NotPendingError):
        claim(stores, dead, "three", NOON + MINUTE)
    stores.notices.postponed(again, "Throttling", NOON + 2 * MINUTE)
    stored = stored_notice(stores)
    assert (stored.state, stored.repeated_at) == ("pending", NOON + MINUTE)
    third = claim(stores, stored, "four", NOON + 2 * MINUTE)
    assert (third.attempt, third.repeated_at) == (3, NOON + MINUTE)


def test_what_is_written_twice_by_the_same_hand_is_written_once(stores: Stores) -> None:
    """A write repeated after a lost reply is no fault: claim, outcome and parking."""
    open_ticket(stores)
    claimed = [claim(stores, a_notice()) for _ in range(2)]
    assert claimed[0].attempt == claimed[1].attempt == 1
    for _ in range(2):
        stores.notices.postponed(claimed[0], "Throttling", NOON + MINUTE)
    stored = stored_notice(stores)
    for _ in range(2):
        stores.notices.park(stored, "the post is gone")
    parked = stored_notice(stores)
    assert (parked.state, parked.attempt) == ("parked", 1)


def test_an_outcome_on_record_stands(stores: Stores) -> None:
    """The sender's own mark does not overwrite what the provider's event recorded first."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    reported = claimed.model_copy(update={"state": "sent", "message_id": "m-1", "sent_at": NOON, "act_at": None})
    stores.notices.record(claimed, reported)
    marks: list[Callable[[], None]] = [
        lambda: stores.notices.sent(claimed, "m-2", NOON + MINUTE),
        lambda: stores.notices.refused(claimed, "MessageRejected"),
        lambda: stores.notices.postponed(claimed, "Throttling", NOON + MINUTE),
        lambda: stores.notices.unknown(claimed, "ReadTimeoutError"),
    ]
    for mark in marks:
        mark()
        stored = stored_notice(stores)
        assert (stored.state, stored.message_id, stored.failure) == ("sent", "m-1", None)
    assert list(stores.notices.left_behind(NOON + timedelta(days=1))) == []


def test_what_an_event_says_is_written_on_what_was_read(stores: Stores) -> None:
    """A notice that has changed is left alone; one to be sent again is back on the queue, without its old outcome."""
    open_ticket(stores)
    claimed = claim(stores, a_notice())
    stores.notices.sent(claimed, "m-1", NOON)
    sent = stored_notice(stores)
    again = {"state": "pending", "act_at": NOON + MINUTE, "message_id": None, "bounced": ("dishub@example.go.id",)}
    with pytest.raises(NoticeChangedError):
        stores.notices.record(claimed, claimed.model_copy(update=again))
    stores.notices.record(sent, sent.model_copy(update=again))
    stored = stores.notices.get(a_notice().id)
    assert stored == sent.model_copy(update=again)
    assert list(stores.notices.left_behind(NOON)) == []
    assert list(stores.notices.left_behind(NOON + MINUTE)) == [a_notice().id]


def test_what_is_urgent_is_found_first(stores: Stores) -> None:
    """Emergencies come first, then urgent notices, then others, however long those have waited."""
    for number, urgency in enumerate(("normal", "urgent", "emergency")):
        post = a_post(native_id=urgency)
        ticket = a_ticket(code=f"SLM-00000{number}", post=post.key)
        notice = a_notice(ticket=ticket.code, urgency=urgency, created_at=NOON + number * MINUTE)
        stores.posts.add(post)
        stores.tickets.write(moves.opened(post, a_triage(), ticket, [notice], [an_event(ticket=ticket.code)]))
    found = [notice.subject for notice in stores.notices.left_behind(NOON + 20 * MINUTE)]
    assert found == ["SLM-000002", "SLM-000001", "SLM-000000"]


def test_a_notice_about_a_channel_is_put_once(stores: Stores) -> None:
    """The notice is read back unchanged; a second one about the same episode changes nothing."""
    notice = a_channel_notice()
    assert stores.notices.add(notice) is True
    assert stores.notices.add(a_channel_notice(reason="another")) is False
    assert stores.notices.add(a_channel_notice(episode="another")) is True
    stored = stored_notice(stores, notice.id)
    assert stored.model_copy(update={"act_at": None}) == notice


def test_a_notice_about_a_channel_is_found_and_sent_like_any_other(stores: Stores) -> None:
    """It is on the queue when left behind, goes to one sender, and then leaves the queue for good."""
    notice = a_channel_notice()
    stores.notices.add(notice)
    later = notice.created_at + 5 * MINUTE
    assert list(stores.notices.left_behind(later)) == [notice.id]
    claimed = stores.notices.claim(notice, "one", NOON, "kanal@example.go.id", "diskominfo")
    with pytest.raises(NotPendingError):
        stores.notices.claim(notice, "two", NOON, "kanal@example.go.id", "diskominfo")
    stores.notices.sent(claimed, "message-1", NOON)
    assert list(stores.notices.left_behind(later)) == []
    assert stores.notices.add(notice) is False
    stored = stored_notice(stores, notice.id)
    assert (stored.state, stored.message_id) == ("sent", "message-1")


def test_a_notice_about_a_channel_is_no_part_of_its_ledger(stores: Stores) -> None:
    """It is stored under the channel's key, but neither cursor nor runs are affected."""
    stores.notices.add(a_channel_notice())
    assert list(stores.channels.runs(CHANNEL, 10)) == []
    assert stores.channels.read(CHANNEL).version == 0
