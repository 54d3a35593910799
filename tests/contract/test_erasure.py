"""Erasing a post leaves none of its words, its author or people's notes about it, in one transaction."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import boto3
import pytest
from moto import mock_aws

from aduan.store.posts import DynamoPostStore, PostStore
from aduan.store.table import OutdatedError
from aduan.store.tickets import MOST_FORGOTTEN, DynamoTicketStore, TicketStore
from aduan.ticket import ERASED
from tests import moves
from tests.builders import NOON, a_post, a_ticket, a_triage, an_event
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.table import TABLE_NAME, create_table

AUTHOR = "pseudonim"
WORDS = ("ambyar", "Paijo", "Tukinem", AUTHOR)
POST = a_post(author=AUTHOR, text="lampune ambyar, omahe Paijo")
TRIAGE = a_triage(reasons=("kata: ambyar",))
HISTORY = (
    an_event(why="kata: ambyar"),
    an_event(move="routed", at=NOON + timedelta(seconds=1), why="kiriman disunting; kata: ambyar"),
    an_event(
        move="corrected",
        at=NOON + timedelta(seconds=2),
        by="admin-1",
        why="koreksi: topik Jalan \u2192 Drainase. Catatan: rumah Paijo. Foto: tidak ada",
    ),
    an_event(
        move="accepted",
        at=NOON + timedelta(seconds=3),
        by="tautan:dishub",
        why="diterima lewat tautan surel. Catatan: sudah bicara dengan Tukinem. Foto: https://foto.example/1",
    ),
    an_event(move="reminded", at=NOON + timedelta(seconds=4), by="follow_up", why="belum selesai"),
)
Stored = Callable[[], str]


@pytest.fixture(name="stores", params=["in memory", "DynamoDB"])
def _stores(request: pytest.FixtureRequest) -> Any:
    """Each test runs on both; the third is everything that is stored, as text."""
    if request.param == "in memory":
        memory = Memory()
        yield (
            InMemoryPostStore(memory),
            InMemoryTicketStore(memory),
            lambda: repr([memory.posts, memory.tickets, memory.events, memory.resolutions, memory.examples]),
        )
        return
    with mock_aws():
        table = create_table()
        scan = boto3.client("dynamodb", region_name=table.client.meta.region_name).scan

        def stored() -> str:
            # The author's key stays until the table drops the emptied item; nothing else of it does.
            items = scan(TableName=TABLE_NAME)["Items"]
            return json.dumps([{**item, "pk": None} if len(item) <= EMPTIED else item for item in items])

        yield DynamoPostStore(table), DynamoTicketStore(table), stored


EMPTIED = 4
"""Attributes of an emptied item: its two keys, its schema version, and when it expires."""


def resolved_ticket(posts: PostStore, tickets: TicketStore) -> Any:
    """Store a ticket with a history, which was resolved; return the ticket and its post as they are stored."""
    posts.add(POST)
    opened = a_ticket(post=POST.key)
    tickets.write(moves.opened(POST, TRIAGE, opened, [], HISTORY))
    after = opened.model_copy(update={"status": "resolved", "version": 2})
    tickets.write(moves.moved(opened, after, at=NOON, post=posts.get(POST.key)))
    return tickets.get(opened.code), posts.get(POST.key)


def test_nothing_of_an_erased_post_is_left(stores: tuple[PostStore, TicketStore, Stored]) -> None:
    """Neither its words in reasons and history, nor the names in notes, nor the author's resolution."""
    posts, tickets, stored = stores
    ticket, post = resolved_ticket(posts, tickets)
    assert all(word in stored() for word in WORDS)
    assert tickets.resolved(AUTHOR)
    tickets.write(moves.erased(post, ticket, an_event(move="source_gone", by="poll_channels", why="x"), "gone", NOON))
    assert [word for word in WORDS if word in stored()] == []
    assert tickets.resolved(AUTHOR) == []


def test_what_people_did_stays_in_the_history(stores: tuple[PostStore, TicketStore, Stored]) -> None:
    """The moves, the corrected fields, the photo of the work and the steps of the ladder are the county's own."""
    posts, tickets, _ = stores
    ticket, post = resolved_ticket(posts, tickets)
    tickets.write(moves.erased(post, ticket, an_event(move="source_gone", by="poll_channels", why="x"), "gone", NOON))
    history = {event.move: event.why for event in tickets.history(ticket.code)}
    assert set(history) == {event.move for event in HISTORY} | {"source_gone"}
    assert history["opened"] == ERASED
    assert history["corrected"] == f"koreksi: topik Jalan \u2192 Drainase. Catatan {ERASED}"
    assert history["accepted"] == f"diterima lewat tautan surel. Catatan {ERASED}. Foto: https://foto.example/1"
    assert history["reminded"] == "belum selesai"
    erased = posts.get(POST.key)
    assert erased is not None
    assert erased.triage is not None
    assert (erased.triage.topic, erased.triage.reasons) == (TRIAGE.topic, ())


def test_a_refused_erasure_erases_nothing(stores: tuple[PostStore, TicketStore, Stored]) -> None:
    """When the ticket changed meanwhile, its history stays as it was until the next attempt."""
    posts, tickets, stored = stores
    ticket, post = resolved_ticket(posts, tickets)
    stale = ticket.model_copy(update={"version": 1})
    before = stored()
    with pytest.raises(OutdatedError):
        tickets.write(moves.erased(post, stale, an_event(move="source_gone"), "gone", NOON))
    assert stored() == before


@pytest.mark.parametrize("stale", [False, True])
def test_the_reasons_of_a_post_without_a_ticket_go_too(
    stores: tuple[PostStore, TicketStore, Stored],
    stale: bool,  # noqa: FBT001 # a row of the table
) -> None:
    """They go whether the post was decided before it was read or since."""
    posts, _, stored = stores
    posts.add(POST)
    posts.settle(POST, TRIAGE, NOON + timedelta(days=30))
    read = POST if stale else posts.get(POST.key)
    assert read is not None
    assert posts.erase(read, "gone", NOON) is True
    assert "ambyar" not in stored()
    assert posts.erase(read, "gone", NOON) is False


@mock_aws
def test_a_long_history_is_emptied_too() -> None:
    """A transaction holds 100 parts; what does not fit is emptied before it."""
    table = create_table()
    posts, tickets = DynamoPostStore(table), DynamoTicketStore(table)
    ticket, post = resolved_ticket(posts, tickets)
    notes = MOST_FORGOTTEN * 2 + 5
    for number in range(notes):
        after = ticket.model_copy(update={"version": ticket.version + 1})
        event = an_event(at=NOON + timedelta(minutes=number), move="corrected", by="admin-1", why="k. Catatan: Paijo")
        tickets.write(moves.moved(ticket, after, at=NOON, event=event))
        ticket = after
    tickets.write(moves.erased(post, ticket, an_event(move="source_gone", by="poll_channels"), "gone", NOON))
    assert not any("Paijo" in event.why for event in tickets.history(ticket.code))
