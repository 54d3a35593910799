"""Replies to authors, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.store.replies import ReplyTakenError
from aduan.ticket import Ticket
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.stores import CHANNEL, MINUTE, Stores, stored_post, stored_ticket


def _answered(stores: Stores) -> Ticket:
    stores.posts.add(a_post())
    stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(replies=()), [a_notice()], [an_event()]))
    return stored_ticket(stores)


def test_an_answer_comes_with_the_move_it_tells_of(stores: Stores) -> None:
    """The write that opens or moves the ticket puts the author's reply on the channel's queue."""
    ticket = _answered(stores)
    assert ticket.replies == ("routed",)
    after = ticket.model_copy(update={"status": "resolved", "version": 2})
    event = an_event(move="resolved")
    stores.tickets.write(moves.moved(ticket, after, at=NOON + MINUTE, event=event, post=stored_post(stores)))
    moved = stored_ticket(stores, ticket.code)
    assert moved.replies == ("routed", "resolved")
    assert list(stores.replies.due(CHANNEL, NOON)) == [(ticket.code, "routed")]
    assert list(stores.replies.due(CHANNEL, NOON + MINUTE)) == [(ticket.code, "routed"), (ticket.code, "resolved")]
    assert list(stores.replies.due("instagram:akunlain", NOON + MINUTE)) == []
    assert list(stores.notices.left_behind(NOON + MINUTE)) == []


def test_moving_back_and_forth_tells_once(stores: Stores) -> None:
    """A ticket that reaches a stage again can be written, and its author gets no second reply."""
    ticket = _answered(stores)
    for number, status in enumerate(("needs_review", "routed", "needs_review", "routed"), start=1):
        after = ticket.model_copy(update={"status": status, "version": ticket.version + 1})
        at = NOON + number * MINUTE
        stores.tickets.write(moves.moved(ticket, after, at=at, notices=(), event=an_event(move=status, at=at)))
        found = stored_ticket(stores, ticket.code)
        ticket = found
    assert len(list(stores.replies.due(CHANNEL, NOON + timedelta(days=1)))) == 1


def test_an_answer_is_claimed_by_one_run(stores: Stores) -> None:
    """The other run is refused, and the reply is off the queue until the claim ends."""
    ticket = _answered(stores)
    reply = stores.replies.get(ticket.code, "routed")
    assert reply is not None
    claimed = stores.replies.claim(reply, "one", NOON + 15 * MINUTE)
    with pytest.raises(ReplyTakenError):
        stores.replies.claim(reply, "two", NOON + 15 * MINUTE)
    assert list(stores.replies.due(CHANNEL, NOON + 14 * MINUTE)) == []
    assert list(stores.replies.due(CHANNEL, NOON + 15 * MINUTE)) == [(ticket.code, "routed")]
    again = stores.replies.claim(claimed, "two", NOON + 30 * MINUTE)
    assert (claimed.attempt, claimed.repeated, again.attempt, again.repeated) == (1, False, 2, True)
    with pytest.raises(ReplyTakenError):
        stores.replies.record(claimed, claimed.model_copy(update={"state": "sent", "act_at": None}))


def test_a_finished_answer_leaves_the_queue(stores: Stores) -> None:
    """A sent reply keeps the comment's id; reading a reply that does not exist returns None."""
    ticket = _answered(stores)
    reply = stores.replies.get(ticket.code, "routed")
    assert reply is not None
    claimed = stores.replies.claim(reply, "one", NOON + 15 * MINUTE)
    sent = claimed.model_copy(update={"state": "sent", "comment_id": "18", "sent_at": NOON, "act_at": None})
    stores.replies.record(claimed, sent)
    assert stores.replies.get(ticket.code, "routed") == sent
    assert stores.replies.get(ticket.code, "resolved") is None
    assert list(stores.replies.due(CHANNEL, NOON + timedelta(days=9))) == []
