"""Of a feed only what was seen is claimed: neither a server's word nor an entry that always stays proves anything."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aduan.platform_errors import GapError, OutageError
from tests.fake_rss import Publisher, an_item, feed_of
from tests.local_http import Answer, Asked
from tests.reading import NOW, Deployment, Platform

DAYS = 24 * 60


def always_304(_asked: Asked, _number: int) -> Answer:
    """Say that nothing has changed, whatever was asked."""
    return Answer(304, b"", {})


def unchanged_for_ever(asked: Asked, _number: int) -> Answer | None:
    """Say that nothing has changed whenever a condition allows to say so."""
    return always_304(asked, 0) if "if-none-match" in asked.headers else None


def read_until(deployment: Deployment[Publisher]) -> datetime:
    """The moment up to which the ledger claims that the feed was read."""
    return max(run.started_at for run in deployment.memory.runs if run.complete)


def test_a_server_that_answers_304_for_ever_proves_nothing() -> None:
    """Soon the runs fail, and the ledger claims nothing after the last time that the feed was seen."""
    deployment = Deployment(Publisher(etag='"1"'))
    deployment.fake.write(1, NOW)
    deployment.poll()
    seen = deployment.now
    deployment.fake.fault = always_304
    for _ in range(24):
        deployment.poll()
    assert read_until(deployment) == seen
    last = deployment.memory.runs[-1]
    assert (last.complete, last.error) == (False, "OutageError: status 304, although the whole feed was asked for")


def test_a_first_run_that_sees_nothing_claims_nothing() -> None:
    """Without a condition in the request, 304 is no answer."""
    platform = Platform(Publisher(fault=always_304))
    assert isinstance(platform.read().error, OutageError)


def test_a_server_that_overlooks_changes_is_found_out_within_the_hour() -> None:
    """The runs that the ledger keeps ask for the whole feed, so that what they claim is true."""
    deployment = Deployment(Publisher(etag='"1"'))
    deployment.fake.write(1, NOW)
    deployment.poll()
    deployment.fake.fault = unchanged_for_ever
    deployment.fake.write(2, deployment.now)
    written = deployment.now
    for _ in range(12):
        assert "surat:surat-2" in deployment.stored or read_until(deployment) <= written
        deployment.poll()
    assert "surat:surat-2" in deployment.stored


def test_an_honest_server_is_asked_for_the_whole_feed_once_an_hour() -> None:
    """Between two entries in the ledger the conditions spare the feed, and such runs write nothing."""
    deployment = Deployment(Publisher(etag='"1"'))
    deployment.fake.write(1, NOW)
    for _ in range(24):
        deployment.poll()
    whole = [asked for asked in deployment.fake.asked if "if-none-match" not in asked.headers]
    assert (len(deployment.fake.asked), len(whole)) == (24, 2)
    assert len(deployment.memory.runs) == 2


@pytest.mark.parametrize("pinned", [1, 2])
@pytest.mark.parametrize("shown", [1, 5, 30])
def test_an_old_entry_that_always_stays_proves_nothing(shown: int, pinned: int) -> None:
    """When all others were replaced, entries may have come and gone, and that time is reported as lost."""
    stays = [an_item(900 + number, minutes_ago=20 * DAYS) for number in range(pinned)]

    def feed(first: int, minutes_ago: int) -> Publisher:
        items = [an_item(first + number, minutes_ago=minutes_ago + number) for number in range(shown)]
        return Publisher(body=feed_of(*stays, *items))

    marks = Platform(feed(1, 400)).read().marks
    found = Platform(feed(101, 60)).read(marks)
    assert isinstance(found.error, GapError)
    assert found.error.since == NOW - timedelta(minutes=400)
    assert found.error.until == NOW - timedelta(minutes=60 + shown - 1)


@pytest.mark.parametrize("stays", [an_item(900, pubDate=""), an_item(900, minutes_ago=-9 * DAYS)])
def test_an_entry_without_a_plausible_date_that_stays_proves_nothing(stays: str) -> None:
    """It looks young for ever, but is not the newest letter."""
    marks = Platform(Publisher(body=feed_of(stays, an_item(1, minutes_ago=400)))).read().marks
    found = Platform(Publisher(body=feed_of(stays, an_item(2)))).read(marks)
    assert isinstance(found.error, GapError)


@pytest.mark.parametrize("shown", [2, 5, 25, 40])
def test_a_feed_that_moves_on_one_by_one_lost_nothing(shown: int) -> None:
    """With a pinned entry or without, as long as the newest known letter is there."""
    stays = an_item(900, minutes_ago=20 * DAYS)
    marks: dict[str, str] = {}
    for newest in range(100, 110):
        items = [an_item(number, minutes_ago=2000 - number) for number in range(newest, newest - shown, -1)]
        found = Platform(Publisher(body=feed_of(stays, *items))).read(marks)
        assert found.error is None
        marks |= found.marks


def test_a_letter_that_was_replaced_by_its_correction_is_no_gap() -> None:
    """The others are still there, so that the feed was not renewed."""
    others = [an_item(number, minutes_ago=500 - number) for number in range(4)]
    marks = Platform(Publisher(body=feed_of(an_item(8, minutes_ago=90), *others))).read().marks
    assert Platform(Publisher(body=feed_of(an_item(9, minutes_ago=80), *others))).read(marks).error is None
