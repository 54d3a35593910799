"""The stores on DynamoDB and in memory agree about posts that are missed, erased and shown again."""

from __future__ import annotations

from datetime import timedelta

from tests.builders import NOON, a_post, a_triage
from tests.stores import Stores, stored_post


def test_an_erased_post_is_taken_in_again_once(stores: Stores) -> None:  # the fixture
    """Text, author and link are there again, the post is new and found under its new time."""
    again = a_post(author="pseudonym", fetched_at=NOON + timedelta(days=3))
    stores.posts.add(a_post(author="pseudonym"))
    assert stores.posts.readmit(again) is False
    stores.posts.settle(a_post(author="pseudonym"), a_triage(), NOON + timedelta(days=30))
    stores.posts.erase(a_post(), "gone", NOON)
    assert stores.posts.digests([again]) == {again.key: ""}
    assert stores.posts.readmit(again) is True
    assert stores.posts.readmit(again) is False
    stored = stores.posts.get(again.key)
    assert stored is not None
    assert stored.model_copy(update={"triage": None}) == again
    assert stores.posts.found_since(again.channel, NOON + timedelta(days=2), None, 5) == [(again.fetched_at, again.key)]
    assert list(stores.posts.left_behind(NOON + timedelta(days=4))) == [again.key]


def test_a_miss_is_remembered_until_the_post_is_shown_edited_or_erased(stores: Stores) -> None:
    """It is a fact about a post that is there; a tombstone has none."""
    post = a_post()
    stores.posts.add(post)
    for at in (NOON, None, NOON):
        stores.posts.note_missed(post, at)
        stored = stores.posts.get(post.key)
        assert stored is not None
        assert stored.missed_at == at
    stores.posts.revise(a_post(text="lain"))
    assert stored_post(stores).missed_at is None
    stores.posts.note_missed(post, NOON)
    stores.posts.erase(post, "gone", NOON)
    stores.posts.note_missed(post, NOON)
    assert stored_post(stores).missed_at is None
