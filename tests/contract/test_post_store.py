"""Posts and the quarantine, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta

import pytest

from aduan.store.table import OutdatedError
from tests.builders import NOON, a_post, a_rejected, a_triage
from tests.stores import CHANNEL, MINUTE, Stores, stored_post


def test_a_post_is_stored_once(stores: Stores) -> None:
    """The second put of a post changes nothing and returns False."""
    assert stores.posts.add(a_post()) is True
    assert stores.posts.add(a_post(text="another text")) is False
    assert stores.posts.get(a_post().key) == a_post()


def test_an_unknown_post_is_none(stores: Stores) -> None:
    """Reading a post that was never stored returns None."""
    assert stores.posts.get("instagram#1") is None


def test_digests_name_only_what_is_stored(stores: Stores) -> None:
    """A batch read tells stored posts from new ones, even beyond one batch of 100."""
    many = [a_post(native_id=str(number)) for number in range(230)]
    for post in many[::2]:
        stores.posts.add(post)
    assert stores.posts.digests(many) == {post.key: post.digest for post in many[::2]}


def test_two_versions_of_a_post_are_looked_up_as_one(stores: Stores) -> None:
    """The same key twice in one request is no fault."""
    stores.posts.add(a_post())
    assert stores.posts.digests([a_post(), a_post(text="another")]) == {a_post().key: a_post().digest}


def test_an_unreadable_post_is_kept_once(stores: Stores) -> None:
    """The quarantine takes a post once."""
    assert stores.posts.quarantine(a_rejected(), NOON) is True
    assert stores.posts.quarantine(a_rejected(), NOON) is False


def test_known_is_what_is_stored_or_in_quarantine(stores: Stores) -> None:
    """One call checks both, even beyond a batch of 100; another channel's quarantine does not count."""
    keys = [f"instagram#{number}" for number in range(130)]
    for number in range(0, 130, 3):
        stores.posts.add(a_post(native_id=str(number)))
        stores.posts.quarantine(a_rejected(native_id=str(number + 1)), NOON)
        stores.posts.quarantine(a_rejected(channel="instagram:akunlain", native_id=str(number + 2)), NOON)
    assert stores.posts.known(CHANNEL, keys) == {key for number, key in enumerate(keys) if number % 3 < 2}


def test_a_post_is_settled_once(stores: Stores) -> None:
    """Only the first decision about a post is written."""
    chatter = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
    stores.posts.add(a_post())
    stores.posts.settle(a_post(), chatter, NOON + timedelta(days=30))
    with pytest.raises(OutdatedError):
        stores.posts.settle(a_post(), a_triage(), NOON + timedelta(days=30))
    stored = stored_post(stores)
    assert (stored.state, stored.triage) == ("triaged", chatter)


def test_only_posts_whose_time_has_passed_are_left_behind(stores: Stores) -> None:
    """A new post is listed after five minutes, a decided one never."""
    decided = a_post(native_id="2")
    for post in (a_post(), decided):
        stores.posts.add(post)
    stores.posts.settle(decided, a_triage(), NOON)
    stored_at = a_post().fetched_at
    assert list(stores.posts.left_behind(stored_at + 4 * MINUTE)) == []
    assert list(stores.posts.left_behind(stored_at + 5 * MINUTE)) == [a_post().key]


def test_a_post_is_revised_once(stores: Stores) -> None:
    """Another version replaces the text and makes the post new again; the same version changes nothing."""
    edited = a_post(text="Lampunya sekarang dua yang mati", fetched_at=NOON + timedelta(hours=1))
    assert stores.posts.revise(edited) is False
    stores.posts.add(a_post())
    stores.posts.settle(a_post(), a_triage(), NOON + timedelta(days=30))
    assert stores.posts.revise(edited) is True
    assert stores.posts.revise(edited) is False
    stored = stored_post(stores)
    assert (stored.state, stored.text, stored.triage) == ("new", edited.text, a_triage())
    assert stores.posts.digests([a_post()]) == {a_post().key: edited.digest}
    assert list(stores.posts.left_behind(edited.fetched_at + 5 * MINUTE)) == [a_post().key]


def test_a_post_is_erased_once(stores: Stores) -> None:
    """Only the tombstone stays, off the queue, and a later version does not bring the post back."""
    stores.posts.add(a_post(author="pseudonym"))
    assert stores.posts.erase(a_post(), "gone", NOON) is True
    assert stores.posts.erase(a_post(), "gone", NOON) is False
    assert stores.posts.revise(a_post(text="again")) is False
    stored = stored_post(stores)
    assert (stored.text, stored.author, stored.permalink, stored.state) == ("", None, "", "gone")
    assert (stored.gone_at, stored.gone_reason) == (NOON, "gone")
    assert list(stores.posts.left_behind(NOON + timedelta(days=1))) == []


def test_a_channels_posts_are_found_in_pages(stores: Stores) -> None:
    """The channel's posts come oldest first, each once, even when all were found at the same moment."""
    for number in range(7):
        stores.posts.add(a_post(native_id=str(number)))
    stores.posts.add(a_post(native_id="other", channel="instagram:other"))
    stores.posts.add(a_post(native_id="younger", fetched_at=NOON + timedelta(hours=1)))
    seen: list[str] = []
    after = None
    while page := stores.posts.found_since(CHANNEL, NOON, after, 3):
        seen += [key for _, key in page]
        after = page[-1]
    assert sorted(seen[:-1]) == [f"instagram#{number}" for number in range(7)]
    assert seen[-1] == "instagram#younger"
