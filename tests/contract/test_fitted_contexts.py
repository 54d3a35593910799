"""What a post stands under costs no further unit of any write, and leaves with the post."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from aduan.context import Context
from aduan.post import Post
from aduan.store.item_size import KB, added_by_store, fitted, size
from aduan.store.posts import LEAST_UNDER, DynamoPostStore
from aduan.store.table import Table, post_key, to_image, to_item
from tests.builders import NOON, a_post, a_triage
from tests.stores import Stores
from tests.table import create_table

CAPTION = "Drainase Jalan Kaliurang km 9 sampai km 10 diperbaiki mulai Senin. " * 20
CONTEXT = Context(under=CAPTION, by="account", to="account")


def units(post: Post) -> int:
    """How many units a write of the post costs."""
    return math.ceil(size(to_image(to_item(post, post_key(post.key), **added_by_store(post)))) / KB)


posts = st.builds(
    lambda text, decided, ticket: a_post(
        text=text,
        author="a" * 22,
        parent_id="17900000000000010",
        context=CONTEXT,
        triage=a_triage() if decided else None,
        ticket="SLM-7K3M9Q" if decided and ticket else None,
    ),
    st.text(max_size=1500),
    st.booleans(),
    st.booleans(),
)


@given(post=posts)
def test_a_decided_posts_context_costs_no_unit(post: Post) -> None:
    """Whatever the text and the decision, what is left of the context fits into what the post takes anyway."""
    kept = fitted(post)
    assert units(kept) <= units(post.model_copy(update={"context": None}))
    assert kept.model_copy(update={"context": CONTEXT}) == post
    if kept.context is not None:
        assert CONTEXT.under.startswith(kept.context.under)
        assert (kept.context.by, kept.context.to) == ("account", "account")
        assert kept.context.clipped


@given(post=posts)
def test_an_undecided_posts_context_is_never_cut_to_nothing(post: Post) -> None:
    """The decision needs it: one unit at most is paid for a good beginning."""
    kept = fitted(post, least=LEAST_UNDER).context
    assert kept is not None
    assert len(kept.under.encode()) >= LEAST_UNDER - 4


def test_an_ordinary_comment_is_one_unit_with_a_whole_caption() -> None:
    """A caption of three hundred bytes stays whole until the comment is decided."""
    post = a_post(author="a" * 22, parent_id="17900000000000010", context=Context(under=CAPTION[:300].strip()))
    assert fitted(post, least=LEAST_UNDER).context == post.context
    assert units(post) == 1


def test_a_post_without_a_context_has_none() -> None:
    """Nor gets one."""
    assert fitted(a_post()) == a_post()


def test_a_new_version_brings_its_context_again(stores: Stores) -> None:
    """It was cut when the version before was decided, and is needed to decide again."""
    post = a_post(context=CONTEXT.within(200))
    stores.posts.add(post)
    stores.posts.settle(post, a_triage(route="drop"), NOON + timedelta(days=30))
    edited = a_post(context=CONTEXT.within(200), text="lampune mati kabeh", fetched_at=NOON + timedelta(hours=1))
    assert stores.posts.revise(edited)
    found = stores.posts.get(post.key)
    assert found is not None
    assert found.context == edited.context


def test_a_deleted_post_keeps_no_context(stores: Stores) -> None:
    """A visitor's words stand in the context of the comments beneath; one that is shown again has it again."""
    post = a_post(context=Context(under="Lampu mati di Denggung", by="citizen", to="citizen"))
    stores.posts.add(post)
    assert stores.posts.erase(post, "deleted", NOON)
    found = stores.posts.get(post.key)
    assert found is not None
    assert found.context is None
    assert stores.posts.readmit(post)
    again = stores.posts.get(post.key)
    assert again is not None
    assert again.context == post.context


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(words=st.integers(0, 200).map(lambda number: "kata " * number))
def test_what_the_table_holds_of_a_decided_post_costs_no_further_unit(table: Table, words: str) -> None:
    """Counted on the item itself, of whatever length the text is."""
    store = DynamoPostStore(table)
    post = a_post(author="a" * 22, context=CONTEXT, text=words, native_id=str(len(words) + 1))
    store.add(post)
    stored = store.get(post.key)
    assert stored is not None
    if stored.triage is None:
        assert stored.context is not None
        assert len(stored.context.under.encode()) >= LEAST_UNDER - 4
        store.settle(stored, a_triage(route="drop"), NOON + timedelta(days=30))
    item = table.get(post_key(post.key))
    assert item is not None
    bare = {name: value for name, value in item.items() if name != "context"}
    assert math.ceil(size(to_image(item)) / KB) == math.ceil(size(to_image(bare)) / KB)


@pytest.fixture(name="table")
def _table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()
