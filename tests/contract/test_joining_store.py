"""Resolutions and joined posts, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from typing import Any

import pytest

from aduan.store.table import OutdatedError
from aduan.ticket import Ticket
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.stores import MINUTE, Stores, open_ticket, stored_notice, stored_post, stored_ticket


def _resolve(stores: Stores, **changes: Any) -> Ticket:
    post = a_post(author="penulis", parent_id="atas", **changes)
    stores.posts.add(post)
    stores.tickets.write(moves.opened(post, a_triage(), a_ticket(), [], []))
    after = a_ticket(status="resolved", version=2)
    event = an_event(move="resolved")
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON + MINUTE, event=event, post=post))
    return stored_ticket(stores, after.code)


def test_what_is_resolved_is_kept_for_its_author(stores: Stores) -> None:
    """A resolution is stored under the author's pseudonym, with thread and time, and for no other author."""
    assert stores.tickets.resolved("penulis") == []
    ticket = _resolve(stores)
    [kept] = stores.tickets.resolved("penulis")
    assert (kept.ticket, kept.post, kept.parent_id) == (ticket.code, ticket.post, "atas")
    assert kept.resolved_at == NOON + MINUTE
    assert stores.tickets.resolved("lain") == []


def test_what_nobody_wrote_is_kept_for_nobody(stores: Stores) -> None:
    """A ticket with an unknown author can be resolved, but nothing is stored for an author."""
    open_ticket(stores)
    after = a_ticket(status="resolved", version=2)
    stores.tickets.write(moves.moved(a_ticket(), after, at=NOON, post=stored_post(stores)))
    assert stored_ticket(stores, after.code).status == "resolved"


def test_another_post_joins_a_ticket_once(stores: Stores) -> None:
    """Post, ticket, voice and notices are written together, and not a second time or on a stale ticket."""
    before = _resolve(stores)
    answer = a_post(native_id="2", author="penulis")
    stores.posts.add(answer)
    after = before.model_copy(update={"status": "reopened", "version": before.version + 1})
    told = a_notice(step="contradicted.2")
    event = an_event(move="reopened", at=NOON + 2 * MINUTE)
    stale = before.model_copy(update={"version": 1})
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.joined(answer, a_triage(), stale, after, notices=[told], event=event))
    stores.tickets.write(moves.joined(answer, a_triage(), before, after, notices=[told], event=event))
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.joined(answer, a_triage(), before, after, notices=[told], event=event))
    stored, post = stores.tickets.get(before.code), stores.posts.get(answer.key)
    assert stored is not None
    assert post is not None
    assert (stored.status, stored.version, post.ticket) == ("reopened", 3, stored.code)
    notice = stored_notice(stores, told.id)
    assert notice.state == "pending"


def test_a_joined_post_is_erased_alone(stores: Stores) -> None:
    """When a joined post is deleted, the ticket keeps its link, version and notices."""
    before = _resolve(stores)
    answer = a_post(native_id="2", author="penulis")
    stores.posts.add(answer)
    told = a_notice(step="contradicted.2")
    event = an_event(move="joined", at=NOON + 2 * MINUTE)
    stores.tickets.write(moves.joined(answer, a_triage(), before, before, notices=[told], event=event))
    gone = an_event(move="source_gone", at=NOON + 3 * MINUTE)
    stores.tickets.write(moves.erased(answer, before, gone, "deleted", NOON + 3 * MINUTE))
    with pytest.raises(OutdatedError):
        stores.tickets.write(moves.erased(answer, before, gone, "deleted", NOON + 3 * MINUTE))
    notice, post = stores.notices.get(told.id), stores.posts.get(answer.key)
    assert stores.tickets.get(before.code) == before
    assert notice is not None
    assert notice.state == "pending"
    assert post is not None
    assert post.state == "gone"
