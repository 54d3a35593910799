"""An example holds what was written and under what, cut; when its post goes, all of it goes."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws

from aduan.context import Context
from aduan.example import UNDER_KEPT, words_of
from aduan.store.examples import example_place
from aduan.store.table import Table
from tests.builders import NOON, a_post, a_triage, an_example
from tests.stores import stores_on
from tests.table import create_table

UNDER = "Banjir di Kalasan sejak pagi. " * 15


@pytest.fixture
def table() -> Iterator[Table]:
    """An empty table."""
    with mock_aws():
        yield create_table()


def test_what_a_post_answers_is_kept_cut() -> None:
    """The beginning of the text above is enough to learn from; a post that stands alone names no thread."""
    words = words_of(a_post(context=Context(under=UNDER, by="account", to="account")))
    assert len(words["context"].under.encode()) <= UNDER_KEPT
    assert words["context"].to == "account"
    assert words["thread"] == a_post(context=Context(under=UNDER)).thread
    assert words_of(a_post(parent_id=None))["thread"] is None
    assert words_of(a_post(parent_id="12"))["thread"] == "12"


def test_nothing_of_it_is_left_when_the_post_is_deleted(table: Table) -> None:
    """The item that the table will drop has a key and its end, and no word."""
    stores, post = stores_on(table), a_post(context=Context(under=UNDER, by="account", to="account"))
    stores.posts.add(post)
    stores.posts.settle(post, a_triage(route="review", department=None), NOON)
    read = stores.posts.get(post.key)
    assert read is not None
    example = an_example(**words_of(post), ticket=None, by="admin-1")
    stores.lanes.sort(read, a_triage(route="drop", department=None), example, timedelta(days=30))
    place = example_place(post.created_at, post.key)
    kept = table.get(place)
    assert kept is not None
    assert {"context", "thread", "text"} <= set(kept)
    read = stores.posts.get(post.key)
    assert read is not None
    assert stores.posts.erase(read, "gone", NOON)
    left = table.get(place)
    assert left is not None
    assert set(left) == {"pk", "sk", "expires_at", "schema_version"}
