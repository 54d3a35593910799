"""One account, however much it writes, silences no emergency of somebody else."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from aduan.record import WIB
from aduan.triage import Place
from tests.mailbox import County

NOON = datetime(2026, 11, 3, 12, 0, tzinfo=WIB)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
HERE = Place(kalurahan="Sariharjo", kapanewon="Ngaglik")
NOWHERE: Place | None = None


def write(county: County, number: int, author: str | None, place: Place | None = NOWHERE) -> None:
    """An emergency comes in and is told as the stream tells it."""
    notices = county.open(number, department="damkar", urgency="emergency", place=place)
    key = county.memory.tickets[notices[0].ticket].post
    county.memory.posts[key] = county.memory.posts[key].model_copy(update={"author": author})
    for notice in notices:
        county.deliver(notice)


def flood(county: County, author: str | None, place: Place | None = NOWHERE, most: int = 100) -> None:
    """A hundred comments within half an hour."""
    for number in range(most):
        county.now = NOON + number * HOUR / (2 * most)
        write(county, number, author, place)
        county.follow_up()


@pytest.mark.parametrize("place", [HERE, NOWHERE], ids=["with a place", "without a place"])
def test_a_real_fire_is_told_by_sms_after_a_flood_of_one_account(place: Place | None) -> None:
    """The flood costs at most five SMS and two digests each quarter; two hours later somebody else is heard."""
    county = County(NOON)
    flood(county, "one")
    spent, mails = len(county.sms.accepted), len(county.mail.accepted)
    assert 1 <= spent <= 5
    assert mails <= 10 + 3 * 3
    county.now = NOON + 2 * HOUR
    write(county, 1_000, "another", place)
    assert len(county.sms.accepted) == spent + 1
    assert county.mail.accepted[-1].notices[0].subject == county.sms.accepted[-1].notices[0].subject


def test_a_flood_of_accounts_nobody_knows_leaves_the_reserve_to_a_named_place() -> None:
    """Where the platform names no author, the day's ration of what has no place ends; a place is heard all the same."""
    county = County(NOON)
    flood(county, None)
    spent = len(county.sms.accepted)
    assert spent <= 5
    county.now = NOON + 2 * HOUR
    write(county, 1_000, None, HERE)
    assert len(county.sms.accepted) == spent + 1


def test_one_author_who_names_a_place_each_time_is_rationed_too() -> None:
    """Eighty-six kalurahan are no eighty-six SMS."""
    county = County(NOON)
    for number in range(86):
        write(county, number, "one", Place(kalurahan=f"Kalurahan {number}"))
    assert len(county.sms.accepted) <= 5


def test_in_a_flood_every_ticket_is_told_within_minutes() -> None:
    """What goes together is in one mail that says that it is an emergency, and nothing is lost."""
    county = County(NOON)
    flood(county, "one", most=40)
    for _ in range(4):
        county.now += 15 * MINUTE
        county.follow_up()
    told = [notice.subject for message in county.mail.accepted for notice in message.notices]
    assert sorted(told) == sorted(county.memory.tickets)
    together = [message for message in county.mail.accepted if len(message.notices) > 1]
    assert together
    assert all(message.mail is not None and "DARURAT" in message.mail.subject for message in together)


def test_a_place_is_told_at_once_in_the_middle_of_a_flood() -> None:
    """Somebody can drive there: its mail waits for no others."""
    county = County(NOON)
    flood(county, "one", most=40)
    before = len(county.mail.accepted)
    write(county, 1_000, "another", HERE)
    assert len(county.mail.accepted) == before + 1
