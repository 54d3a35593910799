"""The posts that wait for a person, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aduan.example import Example, Label
from aduan.post import Post
from aduan.store.table import OutdatedError
from aduan.triage import Triage
from tests import moves
from tests.builders import NOON, a_post, a_ticket, a_triage, an_event
from tests.stores import MINUTE, Stores, stored_post

KEPT = timedelta(days=30)
CHANNEL = a_post().channel


def in_lane(route: str, **changes: Any) -> Triage:
    """A decision that opens no ticket."""
    return a_triage(route=route, department=None, is_report=route != "drop", **changes)


def settled(stores: Stores, route: str = "review", **changes: Any) -> Post:
    """A stored post that was put into a lane."""
    post = a_post(**changes)
    stores.posts.add(post)
    stores.posts.settle(post, in_lane(route), NOON + KEPT)
    return stored_post(stores, post.key)


def said(post: Post, **label: Any) -> Example:
    """What the desk says about a post."""
    return Example(
        post=post.key, text=post.text, decision=post.triage, label=Label(**label), at=NOON + MINUTE, by="ratna"
    )


def test_a_candidate_is_listed_until_somebody_decides(stores: Stores) -> None:
    """It has no ticket, does not expire, and nobody drives it again."""
    second = settled(stores, native_id="2", fetched_at=NOON + 2 * MINUTE)
    first = settled(stores, native_id="1")
    assert stores.lanes.candidates() == [first, second]
    assert stores.lanes.questions(CHANNEL) == []
    assert list(stores.posts.left_behind(NOON + KEPT)) == []


def test_a_question_is_listed_for_its_channel_until_the_account_answers(stores: Stores) -> None:
    """An answer closes it once; what is no open question is left alone."""
    asked = settled(stores, "question")
    other = settled(stores, "review", native_id="2")
    assert stores.lanes.questions(CHANNEL) == [asked]
    assert stores.lanes.questions("youtube:other") == []
    assert stores.lanes.answered(asked.key, NOON + MINUTE)
    assert not stores.lanes.answered(asked.key, NOON + 2 * MINUTE)
    assert not stores.lanes.answered(other.key, NOON + MINUTE)
    assert not stores.lanes.answered("instagram#unknown", NOON)
    assert stores.lanes.questions(CHANNEL) == []
    assert stored_post(stores, asked.key).answered_at == NOON + MINUTE


@pytest.mark.parametrize("route", ["question", "drop"])
def test_a_person_moves_a_candidate_once(stores: Stores, route: str) -> None:
    """The post leaves the list, and what was said is kept; a second person who saw the same is refused."""
    post = settled(stores)
    example = said(post, is_report=route != "drop")
    stores.lanes.sort(post, in_lane(route), example, KEPT)
    after = stored_post(stores)
    assert (after.lane, after.sorted_by, after.sorted_at) == (route, "ratna", NOON + MINUTE)
    assert stores.lanes.candidates() == []
    assert stores.lanes.questions(CHANNEL) == ([after] if route == "question" else [])
    assert stores.examples.page("2026-11", 10)[0] == (example,)
    with pytest.raises(OutdatedError):
        stores.lanes.sort(post, in_lane("question"), said(post), KEPT)
    assert stores.examples.page("2026-11", 10)[0] == (example,)


def test_a_candidate_that_was_edited_meanwhile_is_not_moved(stores: Stores) -> None:
    """The person saw another text."""
    post = settled(stores)
    stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
    with pytest.raises(OutdatedError):
        stores.lanes.sort(post, in_lane("drop"), said(post, is_report=False), KEPT)
    assert stores.lanes.candidates() == []


def test_a_person_opens_the_ticket_of_a_candidate(stores: Stores) -> None:
    """From then on the post is in no lane, and a second ticket is refused."""
    post = settled(stores)
    opened = moves.opened(post, a_triage(), a_ticket(), (), [an_event()])
    stores.tickets.write(opened)
    assert stored_post(stores).ticket == a_ticket().code
    assert stored_post(stores).lane is None
    assert stores.lanes.candidates() == []
    with pytest.raises(OutdatedError):
        stores.lanes.sort(post, in_lane("drop"), said(post, is_report=False), KEPT)


@pytest.mark.parametrize("gone", [True, False])
def test_what_a_person_said_goes_with_the_text(stores: Stores, *, gone: bool) -> None:
    """Whether the post is deleted at its source or edited and decided again, its example is emptied."""
    post = settled(stores)
    stores.lanes.sort(post, in_lane("drop"), said(post, is_report=False), KEPT)
    if gone:
        assert stores.posts.erase(post, "gone", NOON + 2 * MINUTE)  # as it was read before the person decided
    else:
        stores.posts.revise(a_post(text="Lampunya sekarang dua yang mati"))
        stores.posts.settle(stored_post(stores), in_lane("review"), NOON + KEPT)
        assert stored_post(stores).sorted_at is None
    assert stores.examples.page("2026-11", 10)[0] == ()


def test_an_erased_candidate_is_listed_nowhere(stores: Stores) -> None:
    """Nor is the text it stood under kept."""
    post = settled(stores, context={"under": "Lampu jalan akan diganti", "by": "account"})
    assert stores.posts.erase(post, "gone", NOON + MINUTE)
    assert stores.lanes.candidates() == []
    assert stored_post(stores).context is None
