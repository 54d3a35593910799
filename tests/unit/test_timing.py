from __future__ import annotations

from datetime import datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory_loading import load_directory
from aduan.quiet_hours import Hold
from aduan.record import WIB
from aduan.triage import Place
from notify.timing import counts_since, hold_back, is_counted, sms_matter
from tests.builders import a_channel_notice, a_contact_notice, a_notice, a_ticket

SENDING = load_directory().sending
OFFICE = SENDING.default
LIMIT = OFFICE.mails_an_hour


def wib(day: int, hour: int, minute: int = 0) -> datetime:
    """Return a time in November 2026; the 3rd is a Tuesday."""
    return datetime(2026, 11, day, hour, minute, tzinfo=WIB)


TOMORROW = Hold(wib(4, 7, 30), in_digest=True)


@pytest.mark.parametrize(("sent", "expected"), [(0, None), (LIMIT - 1, None), (LIMIT, TOMORROW), (LIMIT + 5, TOMORROW)])
def test_what_is_too_much_for_an_hour_goes_into_the_digest(sent: int, expected: Hold | None) -> None:
    """Up to the limit a mail goes at once; beyond it waits for the next morning's digest."""
    assert hold_back(a_notice(), OFFICE, wib(3, 12), sent) == expected


@given(st.integers(0, 10_000), st.integers(0, 23))
def test_a_flood_holds_an_emergency_for_minutes_only(sent: int, hour: int) -> None:
    """An emergency goes at any hour; beyond the limit, those of a quarter of an hour go in one mail."""
    found = hold_back(a_notice(urgency="emergency"), OFFICE, wib(3, hour, 7), sent)
    assert found == (None if sent < LIMIT else Hold(wib(3, hour, 15), in_digest=True))
    assert hold_back(a_notice(urgency="emergency", medium="sms"), OFFICE, wib(3, hour), sent) is None


def test_the_night_comes_before_the_flood() -> None:
    """A mail at night waits for the morning by itself, whatever was counted."""
    assert hold_back(a_notice(), OFFICE, wib(3, 22), LIMIT) == Hold(wib(4, 6, 30), in_digest=False)


def test_what_waits_for_its_digest_goes_on_waiting() -> None:
    """A notice found before its digest keeps its time, which costs no write."""
    waiting = a_notice(act_at=wib(4, 7, 30), digest_at=wib(4, 7, 30))
    assert hold_back(waiting, OFFICE, wib(3, 12), 0) == TOMORROW
    assert hold_back(waiting, OFFICE, wib(3, 21), 0) == TOMORROW


def test_what_has_come_goes_uncounted() -> None:
    """A notice whose digest is due is sent, however many mails there were, and does not count as a mail."""
    come = a_notice(act_at=wib(3, 7, 30), digest_at=wib(3, 7, 30))
    assert hold_back(come, OFFICE, wib(3, 7, 32), LIMIT) is None
    assert not is_counted(come, wib(3, 7, 32))


def test_a_digest_that_is_late_waits_for_the_next() -> None:
    """After an outage that lasts into the night, the digest waits for the next morning and wakes nobody."""
    late = a_notice(act_at=wib(3, 7, 30), digest_at=wib(3, 7, 30))
    assert hold_back(late, OFFICE, wib(3, 20, 30), 0) == TOMORROW


def test_an_emergency_leaves_the_digest_it_waited_for() -> None:
    """Whatever time the notice had, an emergency goes at once."""
    waiting = a_notice(urgency="emergency", act_at=wib(4, 7, 30), digest_at=wib(4, 7, 30))
    assert hold_back(waiting, OFFICE, wib(3, 22), LIMIT) is None


def test_only_mails_about_tickets_are_counted() -> None:
    """An SMS and the desk's mails about Aduan itself neither count nor wait for a digest."""
    for notice in (a_notice(medium="sms"), a_channel_notice(), a_contact_notice()):
        assert not is_counted(notice, wib(3, 12))
        assert hold_back(notice, OFFICE, wib(3, 12), LIMIT) is None


@pytest.mark.parametrize(
    ("place", "matter"),
    [
        (None, None),
        (Place(), None),
        (Place(kapanewon="Depok"), "kebakaran#Depok"),
        (Place(kapanewon="Depok", kalurahan="Condongcatur"), "kebakaran#Condongcatur"),
        (Place(kapanewon="Depok", kalurahan="Condongcatur", road="Jalan Affandi"), "kebakaran#Condongcatur"),
        (Place(road="Jalan Kaliurang"), "kebakaran#Jalan Kaliurang"),
        (Place(outside="Kota Yogyakarta"), "kebakaran#Kota Yogyakarta"),
    ],
)
def test_what_an_sms_is_about_is_its_topic_and_place(place: Place | None, matter: str | None) -> None:
    """Two tickets with one topic in one kalurahan are about the same; without a place, none are."""
    assert sms_matter(a_ticket(topic="kebakaran", place=place)) == matter


@pytest.mark.parametrize(
    ("now", "since"),
    [
        (wib(3, 12, 59), wib(3, 12)),
        (wib(3, 6, 40), wib(2, 20)),
        (wib(9, 6, 40), wib(6, 20)),
        (wib(9, 7, 5), wib(9, 7)),
    ],
)
def test_in_the_first_hour_of_a_morning_the_night_counts(now: datetime, since: datetime) -> None:
    """Mails of a night or a weekend count in the hour that opens; later hours count only their own."""
    assert counts_since(OFFICE, now) == since


def test_a_night_that_ends_with_the_hour_counts_in_the_hour_it_opens() -> None:
    """A department that opens at seven gets the night's mails at seven."""
    rule = OFFICE.model_copy(update={"quiet_until": time(7, 0)})
    assert counts_since(rule, wib(3, 7, 5)) == wib(2, 20)
    assert counts_since(rule, wib(3, 8, 5)) == wib(3, 8)
