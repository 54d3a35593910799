"""Equal names in a feed merge no two complaints, and a feed that renames its entries brings none in twice."""

from __future__ import annotations

from itertools import count

from tests.fake_rss import Publisher, an_item, feed_of
from tests.reading import Deployment, Platform, Reading


def read(*items: str, marks: dict[str, str] | None = None) -> Reading:
    """Read a feed of these entries."""
    return Platform(Publisher(body=feed_of(*items))).read(marks)


def test_entries_with_the_same_name_are_different_posts() -> None:
    """The name with the link tells them apart; those whose name is their own keep it."""
    found = read(*(an_item(number, guid="N/A") for number in (1, 2, 3)), an_item(4))
    assert len(set(found.ids)) == 4
    assert found.ids[3].endswith(":surat-4")


def test_entries_with_the_same_name_and_link_are_told_apart_by_their_texts() -> None:
    """With an id, and with the link in its place."""
    for guid in ("N/A", ""):
        items = [an_item(number, guid=guid, link="https://surat.example/") for number in (1, 2)]
        assert len(set(read(*items).ids)) == 2


def test_an_entry_that_is_listed_twice_is_one_post_under_its_own_name() -> None:
    """Nothing tells the two apart, so there is nothing to merge."""
    assert {name.rpartition(":")[2] for name in read(an_item(1), an_item(1)).ids} == {"surat-1"}


def test_the_last_of_equal_names_keeps_its_name() -> None:
    """When the others have left the feed, it does not become another post."""
    first = read(an_item(1, guid="N/A"), an_item(2, guid="N/A"))
    later = read(an_item(2, guid="N/A"), an_item(3), marks=first.marks)
    assert later.ids[0] == first.ids[1]


def test_a_feed_that_names_its_entries_anew_at_each_fetch_is_named_and_brings_nothing_in_twice() -> None:
    """The run says what is wrong; what is really new is taken in once."""
    names = count()
    deployment = Deployment(Publisher())

    def poll(*numbers: int) -> tuple[int, str | None]:
        deployment.fake.body = feed_of(*(an_item(number, guid=f"acak-{next(names)}") for number in numbers))
        run = deployment.poll()
        assert run is not None
        return run.new, run.stopped

    assert poll(1, 2, 3) == (3, None)
    for numbers, new in (((1, 2, 3), 0), ((1, 2, 3, 4), 1), ((2, 3, 4), 0)):
        found, why = poll(*numbers)
        assert found == new
        assert why is not None
        assert "ids at every fetch" in why
    assert deployment.cursor is not None
    assert list(deployment.cursor.failing) == ["names"]


def test_new_entries_alone_are_no_renaming() -> None:
    """A feed that holds one entry, another one each time, is read as usual."""
    deployment = Deployment(Publisher())
    for number in range(3):
        deployment.fake.body = feed_of(an_item(number, f"Lapor yang ke-{number}"))
        run = deployment.poll()
        assert run is not None
        assert run.new == 1
        assert "objects" not in (run.stopped or "")
