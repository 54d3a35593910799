"""Nothing that was read vanishes because of its date, and dates are read as they are written here."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poll_channels.connection import is_plausible
from poll_channels.sources.dates import is_local, local_moment
from tests.fake_rss import Publisher, an_item, feed_of
from tests.faults.platforms import JSON_KINDS, WRITTEN_AT, listing
from tests.faults.platforms import an_item as an_item_of
from tests.reading import NOW, Deployment, Platform

SAME = datetime(2026, 11, 2, 23, 30, tzinfo=UTC)
"""Half past six in the morning of 3 November 2026 in Sleman."""


def read(date: str) -> tuple[datetime, bool]:
    """Read a feed of one entry with a date, and return when its post counts as written, and whether it is undated."""
    platform = Platform(Publisher())
    platform.fake.body = feed_of(an_item(1, pubDate=date))
    [post] = platform.read().posts
    return post.created_at, post.undated


@pytest.mark.parametrize(
    "date",
    [
        "Tue, 03 Nov 2026 06:30:00 WIB",
        "Tue, 03 Nov 2026 07:30:00 WITA",
        "Tue, 03 Nov 2026 08:30:00 WIT",
        "Tue, 03 Nov 2026 06:30:00 UTC+07:00",
        "Tue, 03 Nov 2026 06:30:00 GMT+7",
        "Tue, 03 Nov 2026 06:30:00 GMT+0700",
        "Tue, 03 Nov 2026 06:30:00 +0700",
        "Mon, 02 Nov 2026 23:30:00 GMT",
        "Selasa, 03 November 2026 06:30:00 WIB",
        "Selasa, 3 Nopember 2026 06.30 WIB",
        "Sel, 03 Nov 2026 06:30:00 +0700",
        "Selasa, 03 Nov 2026 06:30:00 +07:00",
        "Senin, 02 Nov 2026 23:30:00 GMT",
        "Selasa, 03/11/2026 06:30 WIB",
        "Selasa, 3 November 2026 - 06:30",
        "3 November 2026 pukul 06.30 WIB",
        "2026-11-03 06:30:00 WIB",
        "2026-11-03T06:30:00 WIB",
        "2026-11-03T06:30:00+07:00",
    ],
)
def test_a_date_written_here_is_read(date: str) -> None:
    """Zones, days and months have Indonesian names, and the clock may have dots."""
    assert read(date) == (SAME, False)


@pytest.mark.parametrize(
    ("name", "month"),
    [
        *zip(
            "Januari Februari Maret April Mei Juni Juli Agustus September Oktober November Desember".split(),  # noqa: SIM905 # shorter
            range(1, 13),
            strict=True,
        ),
        ("Pebruari", 2),
        ("Agt", 8),
        ("Ags", 8),
        ("Okt", 10),
        ("Nop", 11),
        ("Des", 12),
        ("Aug", 8),
        ("Dec", 12),
    ],
)
def test_every_month_is_known(name: str, month: int) -> None:
    """In Indonesian, its older spelling, its abbreviations, and English."""
    assert local_moment(f"Jum'at, 5 {name} 2025 00:00 WIB") == datetime(2025, month, 4, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:00 +0000",
        "Mon, 01 Jan 0001 00:00:00 +0000",
        "0000-00-00 00:00:00",
        "Sat, 01 Jan 2000 00:00:00 GMT",
        "Sun, 03 Nov 2126 06:30:00 GMT",
        "Selasa, 03 November 2126 06:30:00 WIB",
        "Thu, 05 Nov 2026 06:30:00 GMT",
        "kemarin",
        "",
    ],
)
def test_an_implausible_date_counts_as_none(date: str) -> None:
    """The entry is taken in as written now, and its post says that it has no date."""
    assert read(date) == (NOW, True)


@pytest.mark.parametrize("kind", JSON_KINDS)
@pytest.mark.parametrize("date", ["1970-01-01T00:00:00+00:00", "2126-11-03T06:30:00+00:00"])
def test_an_implausible_date_loses_no_post_of_any_kind(kind: str, date: str) -> None:
    """Whatever a platform says about the time, what a citizen wrote is stored."""
    seconds = str(int(datetime.fromisoformat(date).timestamp()))
    item = an_item_of(kind, '"1999999999999999999"').replace(WRITTEN_AT, date).replace("1793688069", seconds)
    found = listing(kind, item).read()
    assert len(found.posts) + len(found.rejected) == 1
    assert all(post.undated and post.created_at == NOW for post in found.posts)


def test_what_is_too_old_is_counted() -> None:
    """Entries from before reading began are left out, and the run says how many."""
    publisher = Publisher()
    publisher.body = feed_of(an_item(1), an_item(2, minutes_ago=60 * 24 * 400), an_item(3, pubDate=""))
    run = Deployment(publisher).poll()
    assert run is not None
    assert (run.new, run.too_old, run.undated) == (2, 1, 1)


@given(st.text(max_size=90))
def test_no_text_breaks_the_reading_of_dates(text: str) -> None:
    """There is a time in UTC or none."""
    found = local_moment(text)
    assert found is None or found.utcoffset() == timedelta(0)
    assert is_local(text) in {True, False}


@given(st.integers(-40, 40))
def test_a_clock_may_be_a_little_ahead(hours: int) -> None:
    """A day covers every time zone that was mistaken."""
    assert is_plausible(NOW + timedelta(hours=hours), NOW) == (hours <= 24)
