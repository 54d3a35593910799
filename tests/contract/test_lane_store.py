"""Lanes, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from aduan.example import Label
from aduan.lanes import Sorting
from aduan.post import Post
from aduan.store.table import OutdatedError
from aduan.triage import Triage
from tests import moves
from tests.builders import NOON, a_post, a_ticket, a_triage, an_event, an_example
from tests.codes import ticket_code
from tests.stores import CHANNEL, MINUTE, Stores, stored_post

CANDIDATE = a_triage(route="review", department=None)
QUESTION = a_triage(route="question", kind="question", department=None)
CHATTER = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
LATER = NOON + timedelta(hours=1)


def settled(stores: Stores, native_id: str, triage: Triage, **fields: Any) -> Post:
    """A post that is decided."""
    post = a_post(native_id=native_id, **fields)
    assert stores.posts.add(post)
    stores.posts.settle(post, triage, NOON + timedelta(days=30) if triage.route == "drop" else None)
    return stored_post(stores, post.key)


def sorting(post: Post, to: Any = "drop", **changes: Any) -> Sorting:
    """A person's decision."""
    example = an_example(post=post.key, ticket=None, label=Label(is_report=False), by="admin-1")
    return Sorting(**({"to": to, "by": "admin-1", "at": LATER, "example": example} | changes))


def keys(posts: list[Post]) -> list[str]:
    """Native ids."""
    return [post.native_id for post in posts]


def lanes_of(stores: Stores) -> dict[str, int]:
    """The counts that are not zero."""
    return {lane: number for lane, number in stores.lanes.counts(["2026-11"]).get(CHANNEL, {}).items() if number}


def test_each_post_stands_on_the_list_of_its_lane(stores: Stores) -> None:
    """Candidates come in the order in which they were found, questions in that of writing; chatter is on no list."""
    settled(stores, "2", CANDIDATE, fetched_at=NOON + 2 * MINUTE)
    settled(stores, "1", CANDIDATE, fetched_at=NOON + MINUTE)
    settled(stores, "4", QUESTION, created_at=NOON)
    settled(stores, "3", QUESTION, created_at=NOON - MINUTE)
    settled(stores, "5", QUESTION, channel="instagram:lain")
    settled(stores, "6", CHATTER)
    assert keys(stores.lanes.candidates()) == ["1", "2"]
    assert keys(stores.lanes.questions(CHANNEL)) == ["3", "4"]
    assert lanes_of(stores) == {"review": 2, "question": 2, "drop": 1}


def test_no_list_is_driven_again(stores: Stores) -> None:
    """What waits for a person or for an answer is decided, and nobody's left-behind work."""
    settled(stores, "1", CANDIDATE)
    settled(stores, "2", QUESTION)
    assert list(stores.posts.left_behind(NOON + timedelta(days=9))) == []


def test_an_answer_closes_a_question_once(stores: Stores) -> None:
    """The first answer stays; a repeated one changes nothing."""
    post = settled(stores, "1", QUESTION)
    stores.lanes.answered(post.key, LATER)
    stores.lanes.answered(post.key, LATER + MINUTE)
    assert stores.lanes.questions(CHANNEL) == []
    after = stored_post(stores, post.key)
    assert (after.answered_at, after.lane) == (LATER, "question")


@pytest.mark.parametrize("triage", [CHATTER])
def test_an_answer_elsewhere_changes_nothing(stores: Stores, triage: Triage) -> None:
    """Neither chatter nor an unknown post takes note of an answer."""
    post = settled(stores, "1", triage)
    stores.lanes.answered(post.key, LATER)
    stores.lanes.answered("instagram#404", LATER)
    assert stored_post(stores, post.key) == post


def test_an_answer_that_comes_before_the_decision_counts(stores: Stores) -> None:
    """One poll may read a question and its answer: the question never opens."""
    post = a_post(native_id="1")
    stores.posts.add(post)
    stores.lanes.answered(post.key, LATER)
    with pytest.raises(OutdatedError):
        stores.posts.settle(post, QUESTION, None)  # whoever did not see the answer decides again
    stores.posts.settle(stored_post(stores, post.key), QUESTION, None)
    assert stores.lanes.questions(CHANNEL) == []
    assert stored_post(stores, post.key).answered_at == LATER


def test_a_candidate_that_was_answered_still_waits_for_a_person(stores: Stores) -> None:
    """Nothing but a person, an edit or a deletion takes it off the list; as a question it is answered already."""
    post = settled(stores, "1", CANDIDATE)
    stores.lanes.answered(post.key, LATER)
    assert keys(stores.lanes.candidates()) == ["1"]
    stores.lanes.sort(stored_post(stores, post.key), sorting(post, "question"))
    assert (stores.lanes.candidates(), stores.lanes.questions(CHANNEL)) == ([], [])


def test_an_edit_after_the_answer_asks_anew(stores: Stores) -> None:
    """The new text has no answer, and an older answer that is read again is none to it."""
    post = settled(stores, "1", QUESTION)
    stores.lanes.answered(post.key, LATER)
    assert stores.posts.revise(a_post(native_id="1", text="Kalau hari Sabtu buka?", fetched_at=LATER + MINUTE))
    stores.lanes.answered(post.key, LATER)
    stores.posts.settle(stored_post(stores, post.key), QUESTION, None)
    assert keys(stores.lanes.questions(CHANNEL)) == ["1"]
    stores.lanes.answered(post.key, LATER + 2 * MINUTE)
    assert stores.lanes.questions(CHANNEL) == []


@pytest.mark.parametrize(("to", "lane"), [("drop", "drop"), ("question", "question")])
def test_a_person_moves_a_candidate_with_example_and_counter(stores: Stores, to: str, lane: str) -> None:
    """Post, example and counter are one write."""
    post = settled(stores, "1", CANDIDATE)
    stores.lanes.sort(post, sorting(post, to))
    after = stored_post(stores, post.key)
    assert (after.lane, after.sorted_by, after.sorted_at, after.triage) == (lane, "admin-1", LATER, CANDIDATE)
    assert stores.lanes.candidates() == []
    assert keys(stores.lanes.questions(CHANNEL)) == (["1"] if to == "question" else [])
    assert lanes_of(stores) == {lane: 1}
    assert [example.by for example in stores.examples.page("2026-11", 10)[0]] == ["admin-1"]


def test_of_two_people_one_decides(stores: Stores) -> None:
    """The second decision about what both saw is refused, and writes nothing."""
    post = settled(stores, "1", CANDIDATE)
    stores.lanes.sort(post, sorting(post, "question"))
    with pytest.raises(OutdatedError):
        stores.lanes.sort(post, sorting(post, "drop", by="admin-2"))
    assert stored_post(stores, post.key).sorted_by == "admin-1"
    assert lanes_of(stores) == {"question": 1}


def test_an_edit_overtakes_a_person(stores: Stores) -> None:
    """What was said about the old text is refused for the new one."""
    post = settled(stores, "1", CANDIDATE)
    assert stores.posts.revise(a_post(native_id="1", text="another text"))
    assert stores.lanes.candidates() == []
    with pytest.raises(OutdatedError):
        stores.lanes.sort(post, sorting(post))


def test_an_edit_takes_back_a_persons_word(stores: Stores) -> None:
    """It was about another text: the post is decided anew, its example is forgotten, the counter follows."""
    post = settled(stores, "1", CANDIDATE)
    stores.lanes.sort(post, sorting(post))
    assert stores.posts.revise(a_post(native_id="1", text="another text"))
    stores.posts.settle(stored_post(stores, post.key), CANDIDATE, None)
    after = stored_post(stores, post.key)
    assert (after.lane, after.sorted_to, after.sorted_by, after.sorted_at) == ("review", None, None, None)
    assert stores.examples.page("2026-11", 10)[0] == ()
    assert lanes_of(stores) == {"review": 1}


@pytest.mark.parametrize("triage", [CANDIDATE, QUESTION])
def test_a_deletion_takes_a_post_off_its_list(stores: Stores, triage: Triage) -> None:
    """Its text goes with it, and what it answered."""
    post = settled(stores, "1", triage)
    assert stores.posts.erase(post, "deleted", LATER)
    assert (stores.lanes.candidates(), stores.lanes.questions(CHANNEL)) == ([], [])
    assert stored_post(stores, post.key).text == ""


def test_a_deletion_reaches_the_example_of_a_sorted_post(stores: Stores) -> None:
    """Also when the sweep read the post before the person decided."""
    post = settled(stores, "1", CANDIDATE)
    stores.lanes.sort(post, sorting(post))
    assert stores.posts.erase(post, "deleted", LATER)
    assert stores.examples.page("2026-11", 10)[0] == ()
    assert not stores.posts.erase(post, "deleted", LATER)


def test_a_persons_ticket_takes_the_post_out_of_its_lane(stores: Stores) -> None:
    """Ticket, post, example and counters are one write; a second one is refused."""
    post = settled(stores, "1", CANDIDATE)
    code = ticket_code(post.key)
    ticket = a_ticket(code=code, post=post.key, opened_at=post.created_at, corrected_at=LATER)
    sorted_ = sorting(post, "ticket")
    change = replace(
        moves.opened(post, CANDIDATE, ticket, [], [an_event(ticket=code)]),
        decision=None,
        sorting=sorted_,
        example=sorted_.example,
    )
    stores.tickets.write(change)
    after = stored_post(stores, post.key)
    assert (after.ticket, after.lane, after.sorted_to) == (code, None, "ticket")
    assert stores.lanes.candidates() == []
    assert lanes_of(stores) == {}
    with pytest.raises(OutdatedError):
        stores.tickets.write(change)


def test_an_edit_into_a_report_takes_the_post_out_of_its_lane(stores: Stores) -> None:
    """The new version opens its ticket, and is counted there and no longer as a candidate."""
    post = settled(stores, "1", CANDIDATE)
    assert stores.posts.revise(a_post(native_id="1", text="another text"))
    code = ticket_code(post.key)
    ticket = a_ticket(code=code, post=post.key)
    stores.tickets.write(moves.opened(stored_post(stores, post.key), a_triage(), ticket, [], [an_event(ticket=code)]))
    assert stored_post(stores, post.key).ticket == code
    assert (stores.lanes.candidates(), lanes_of(stores)) == ([], {})
