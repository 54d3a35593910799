"""The posts that wait for a person, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aduan.change import Change
from aduan.example import Example, Label
from aduan.post import Post
from aduan.store.lanes import DynamoLaneStore
from aduan.store.statistics import Statistics
from aduan.store.table import OutdatedError
from aduan.triage import Triage
from tests import moves
from tests.builders import NOON, a_post, a_ticket, a_triage, an_event
from tests.in_memory.lanes import InMemoryLaneStore
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
    settled(stores, "review", native_id="2")
    assert stores.lanes.questions(CHANNEL) == [asked]
    assert stores.lanes.questions("youtube:other") == []
    assert stores.lanes.answered(asked.key, NOON + MINUTE)
    assert not stores.lanes.answered(asked.key, NOON + 2 * MINUTE)
    chatter = settled(stores, "drop", native_id="3")
    assert not stores.lanes.answered(chatter.key, NOON + MINUTE)
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


def counted(stores: Stores) -> dict[str, int]:
    """The counters of the lanes that are not zero."""
    if isinstance(stores.lanes, InMemoryLaneStore):
        return {lane: number for (_, lane), number in stores.lanes.memory.lanes.items() if number}
    assert isinstance(stores.lanes, DynamoLaneStore)
    return {lane: number for lane, number in Statistics(stores.lanes.table).lanes(["2026-11"]).items() if number}


def test_an_answer_that_is_read_with_its_question_closes_it(stores: Stores) -> None:
    """One poll brings both, and an answer is told only once: the question must never open."""
    post = a_post()
    stores.posts.add(post)
    assert stores.lanes.answered(post.key, NOON + MINUTE)
    with pytest.raises(OutdatedError):
        stores.posts.settle(post, in_lane("question"), NOON + KEPT)  # by somebody who did not see the answer
    stores.posts.settle(stored_post(stores), in_lane("question"), NOON + KEPT)
    assert stored_post(stores).answered_at == NOON + MINUTE
    assert stores.lanes.questions(CHANNEL) == []


def test_an_answered_candidate_waits_for_a_person(stores: Stores) -> None:
    """Nothing but a person, an edit or a deletion takes it off the list; as a question it is answered already."""
    post = settled(stores)
    assert stores.lanes.answered(post.key, NOON + MINUTE)
    answered = stored_post(stores)
    assert stores.lanes.candidates() == [answered]
    stores.lanes.sort(answered, in_lane("question"), said(post, kind="question"), KEPT)
    assert (stores.lanes.candidates(), stores.lanes.questions(CHANNEL)) == ([], [])


def test_a_question_that_is_edited_after_the_answer_is_open_again(stores: Stores) -> None:
    """The answer was to another text, also if it is read once more; the next answer closes the question."""
    post = settled(stores, "question")
    assert stores.lanes.answered(post.key, NOON + MINUTE)
    stores.posts.revise(a_post(text="Kalau hari Sabtu buka, min?", fetched_at=NOON + 3 * MINUTE))
    assert not stores.lanes.answered(post.key, NOON + MINUTE)
    stores.posts.settle(stored_post(stores), in_lane("question"), NOON + KEPT)
    assert stores.lanes.questions(CHANNEL) == [stored_post(stores)]
    assert stores.lanes.answered(post.key, NOON + 4 * MINUTE)
    assert stores.lanes.questions(CHANNEL) == []


@pytest.mark.parametrize("joins", [False, True])
def test_an_edit_that_brings_a_sorted_post_to_a_ticket_takes_back_what_was_said(stores: Stores, *, joins: bool) -> None:
    """Its example goes and it is in no lane, whether the ticket is its own, of another month, or another post's."""
    post = settled(stores, native_id="2", created_at=NOON - timedelta(days=20))
    stores.lanes.sort(post, in_lane("drop"), said(post, is_report=False), KEPT)
    stores.posts.revise(a_post(native_id="2", text="Lampunya sekarang dua yang mati"))
    edited = stored_post(stores, post.key)
    if joins:
        stores.posts.add(a_post())
        stores.tickets.write(moves.opened(a_post(), a_triage(), a_ticket(), (), [an_event()]))
        ticket = a_ticket(voices=2, version=2)
        change = Change(before=a_ticket(), after=ticket, at=NOON, post=edited, decision=a_triage(), joins=True)
    else:
        change = moves.opened(edited, a_triage(), a_ticket(post=post.key), (), [an_event()])
    stores.tickets.write(change)
    assert stored_post(stores, post.key).ticket == a_ticket().code
    assert stores.examples.page("2026-10", 10)[0] == ()
    assert counted(stores) == {}


def test_the_counters_follow_a_post_from_lane_to_lane(stores: Stores) -> None:
    """A post is counted in the lane of its last decision, whoever made it."""
    post = settled(stores)
    assert counted(stores) == {"review": 1}
    stores.lanes.sort(post, in_lane("question"), said(post, kind="question"), KEPT)
    assert counted(stores) == {"question": 1}
    stores.posts.revise(a_post(text="mantap min"))
    stores.posts.settle(stored_post(stores), in_lane("drop"), NOON + KEPT)
    assert counted(stores) == {"drop": 1}
