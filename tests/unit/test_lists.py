"""What waits for a person stands in one mail a day, and at once when it sounds urgent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.notice import ANY_NOTICE, ListNotice
from aduan.post import Post
from aduan.record import WIB
from aduan.triage import DESK
from notify.waiting_posts import announce
from notify.wording import Mail
from tests.builders import a_post, a_triage
from tests.county import County
from tests.unit.fakes_notify import a_contact

DIRECTORY = load_directory()
BEFORE = datetime(2026, 11, 3, 7, 25, tzinfo=WIB)
"""A Tuesday, five minutes before the hour of the digest."""
CHANNEL = next(channel for channel in DIRECTORY.channels if channel.department != DESK and channel.is_polled)
FIVE = timedelta(minutes=5)
DAY = timedelta(days=1)


class Lists:
    """A county with posts that wait."""

    def __init__(self) -> None:
        self.county = County(now=BEFORE)
        self.county.stores.contacts.put(a_contact(CHANNEL.department))

    def wait(self, number: int, lane: str, found: datetime, urgency: str = "normal", **changes: Any) -> Post:
        """Let a post wait in a lane since a moment."""
        triage = a_triage(route=lane, department=None, urgency=urgency)
        fields: dict[str, Any] = {
            "native_id": f"w{number}",
            "kind": CHANNEL.kind,
            "channel": CHANNEL.id,
            "text": f"tulisan nomor {number}",
            "created_at": found,
            "fetched_at": found,
            "state": "triaged",
            "triage": triage,
        }
        post = a_post(**(fields | changes))
        self.county.memory.posts[post.key] = post
        return post

    def run(self, now: datetime) -> list[Mail]:
        """Announce twice, as two runs may, and send what is due; return the new mails."""
        self.county.now = now
        stores = self.county.stores
        before = len(self.county.mail.outbox)
        for notice in announce(stores.lanes, stores.notices, DIRECTORY, now):
            self.county.delivery.deliver(notice)
        assert announce(stores.lanes, stores.notices, DIRECTORY, now) == []
        return [mail for _, mail, _ in self.county.mail.outbox[before:]]


def test_the_day_list_goes_once_at_the_hour_of_the_digest() -> None:
    """Not before, not again, and the next day again as long as nobody decides."""
    lists = Lists()
    lists.wait(1, "review", BEFORE - timedelta(hours=9), context=Context(under="Info perbaikan jalan", by="account"))
    assert lists.run(BEFORE) == []
    [mail] = lists.run(BEFORE + FIVE)
    assert mail.subject == "[Daftar harian] 1 tulisan menunggu keputusan"
    for form in (mail.text, mail.html):
        assert "tulisan nomor 1" in form
        assert "Info perbaikan jalan" in form
        assert f"{CHANNEL.kind}#w1" in form
        assert "POST /review" in form
    assert lists.run(BEFORE + 2 * FIVE) == []
    assert len(lists.run(BEFORE + FIVE + DAY)) == 1


def test_with_nothing_to_list_nothing_is_written() -> None:
    """No notice, and so no mail and no write; a post found after the hour waits for the next day."""
    lists = Lists()
    writes = lists.county.memory.writes
    assert lists.run(BEFORE + FIVE) == []
    lists.wait(1, "review", BEFORE + 3 * FIVE)
    assert lists.run(BEFORE + 4 * FIVE) == []
    assert lists.county.memory.writes == writes
    assert len(lists.run(BEFORE + FIVE + DAY)) == 1


def test_days_off_are_left_alone_and_nothing_is_forgotten() -> None:
    """What was found on a Saturday is listed on Monday."""
    lists = Lists()
    saturday = datetime(2026, 11, 7, 7, 35, tzinfo=WIB)
    lists.wait(1, "review", saturday - timedelta(hours=2))
    assert lists.run(saturday) == []
    assert len(lists.run(saturday + 2 * DAY)) == 1


def test_a_candidate_older_than_three_days_is_named_every_day_before_all_others() -> None:
    """However unlikely it is, and however many likelier ones came since."""
    lists = Lists()
    lists.wait(0, "review", BEFORE - 3 * DAY)
    for number in range(1, 100):
        lists.wait(number, "review", BEFORE - timedelta(hours=3))
    for day in (0, 1):
        [mail] = lists.run(BEFORE + FIVE + day * DAY)
        assert "100 tulisan menunggu" in mail.subject
        assert "SUDAH TIGA HARI ATAU LEBIH" in mail.text
        assert mail.text.index(f"{CHANNEL.kind}#w0\n") < mail.text.index("MENUNGGU KEPUTUSAN")
        assert "Masih ada 40 lagi" in mail.text


def test_an_unanswered_question_is_in_its_owners_list_after_a_day() -> None:
    """Not before, not in the desk's list, and no longer once it is answered."""
    lists = Lists()
    post = lists.wait(1, "question", BEFORE - timedelta(hours=2))
    assert lists.run(BEFORE + FIVE) == []
    [mail] = lists.run(BEFORE + FIVE + DAY)
    assert "1 pertanyaan belum dijawab" in mail.subject
    [notice] = [notice for notice in lists.county.memory.notices.values() if isinstance(notice, ListNotice)]
    assert notice.department == CHANNEL.department
    assert lists.county.stores.lanes.answered(post.key, BEFORE)
    assert lists.run(BEFORE + FIVE + 2 * DAY) == []


def test_what_sounds_urgent_is_told_at_once_and_at_most_once_an_hour() -> None:
    """The second one within the hour comes with the next hour's list; a list for nothing new is not sent."""
    lists = Lists()
    noon = datetime(2026, 11, 3, 12, 2, tzinfo=WIB)
    lists.county.stores.notices.add(ListNotice(department=DESK, occasion="daily", period="2026-11-03", created_at=noon))
    lists.wait(1, "review", noon - FIVE, "urgent")
    [mail] = lists.run(noon)
    assert mail.subject == "[Segera dilihat] 1 tulisan bernada mendesak menunggu keputusan"
    lists.wait(2, "review", noon + FIVE, "suspected")
    lists.wait(3, "review", noon + FIVE)
    assert lists.run(noon + 2 * FIVE) == []
    [mail] = lists.run(noon + timedelta(hours=1))
    assert "2 tulisan bernada mendesak" in mail.subject
    assert "tulisan nomor 3" not in mail.text
    assert lists.run(noon + timedelta(hours=2)) == []


def test_what_sounds_urgent_at_night_is_one_list_in_the_morning() -> None:
    """Not one for every hour of the night."""
    lists = Lists()
    night = datetime(2026, 11, 3, 22, 0, tzinfo=WIB)
    for hour in range(8):
        lists.wait(hour, "review", night + timedelta(hours=hour), "urgent")
        assert lists.run(night + timedelta(hours=hour, minutes=5)) == []
    [mail] = lists.run(datetime(2026, 11, 4, 6, 30, tzinfo=WIB))
    assert "8 tulisan" in mail.subject


def test_a_list_that_was_worked_off_before_it_was_sent_is_not_sent() -> None:
    """The content is read when the mail is sent, and an empty list needs no person."""
    lists = Lists()
    post = lists.wait(1, "review", BEFORE - FIVE)
    stores = lists.county.stores
    lists.county.now = BEFORE + FIVE
    [notice] = announce(stores.lanes, stores.notices, DIRECTORY, lists.county.now)
    del lists.county.memory.posts[post.key]
    assert lists.county.delivery.deliver(notice) == "skipped"
    assert lists.county.mail.outbox == []


def test_a_list_hides_what_may_be_confidential_and_what_could_be_clicked() -> None:
    """As every mail does: the words of a confidential matter stay in the API, and no citizen's link can be clicked."""
    lists = Lists()
    secret = next(code for code, department in DIRECTORY.departments.items() if department.confidential)
    triage = a_triage(route="review", department=None, guess=secret)
    lists.wait(1, "review", BEFORE - FIVE, triage=triage, text="isi yang rahasia")
    lists.wait(2, "review", BEFORE - FIVE, text="lihat https://jahat.example/x <b>tebal</b>")
    [mail] = lists.run(BEFORE + FIVE)
    assert "isi yang rahasia" not in mail.text + mail.html
    assert "https://jahat.example" not in mail.text + mail.html
    assert "<b>tebal" not in mail.html
    assert "tulisan menunggu keputusan" in mail.subject


def test_a_list_is_stored_and_read_like_any_notice() -> None:
    """Its kind tells it apart, and its key is the department's day."""
    notice = ListNotice(department=DESK, occasion="daily", period="2026-11-03", created_at=BEFORE)
    assert ANY_NOTICE.validate_python(notice.model_dump(mode="json")) == notice
    assert notice.id == ("OUTBOX", DESK, "daily#2026-11-03")
