"""Posts that are late, changed, deleted, misdated, or made of odd numbers and characters."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Rejected
from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.store.table import from_image, post_key, to_image, to_item
from classify.classifier import classify
from notify.case import Case
from notify.wording import mail
from poll_channels.poll import OVERLAP
from poll_channels.source import Batch, Window
from tests.builders import NOON, a_post, a_rejected, a_ticket, a_triage
from tests.faults.platforms import JSON_KINDS, an_item, listing
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import MINUTE, FakeSource, Platform, some_posts

DIRECTORY = load_directory()


@dataclass
class Listing(FakeSource):
    """A platform that lists the same posts at every run."""

    posts: list[Post | Rejected] = field(default_factory=list)

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the same posts whatever the marks say."""
        self.windows.append(window)
        yield Batch.of(self.posts, window)


def test_fault_11_a_post_that_becomes_visible_late_is_in_the_overlap() -> None:
    """Every run re-reads the 48 hours before the youngest post, so a post listed late is stored, and once."""
    platform = Platform()
    source = Listing(posts=some_posts(50))
    platform.poll(source)
    watermark = platform.cursor.watermark
    assert watermark is not None
    late = a_post(native_id="late", created_at=watermark - OVERLAP + MINUTE)
    source.posts.append(late)
    run = platform.poll(source)
    assert source.windows[-1].since == watermark - OVERLAP <= late.created_at
    assert run is not None
    assert (run.new, run.duplicate) == (1, 1)
    assert late.key in platform.memory.posts
    assert platform.cursor.watermark == watermark


def test_fault_11_an_edited_post_is_revised_and_then_known() -> None:
    """A known id with another text is a new version, which is found once."""
    platform = Platform()
    source = Listing(posts=[a_post(native_id="1", text="jalan rusak")])
    platform.poll(source)
    source.posts[0] = a_post(native_id="1", text="jalan rusak parah")
    run = platform.poll(source)
    assert run is not None
    assert (run.new, run.revised) == (0, 1)
    assert platform.memory.posts["instagram#1"].text == "jalan rusak parah"
    platform.memory.writes = 0
    platform.poll(source)
    assert platform.memory.writes == 0


def test_fault_11_a_deleted_post_is_a_tombstone_until_it_is_shown_changed() -> None:
    """Text, author and link are removed; what is listed unchanged beside the deletion brings nothing back."""
    platform = Platform()
    source = Listing(posts=[a_post(native_id="1", author="pseudonym")])
    platform.poll(source)
    posts = InMemoryPostStore(platform.memory)
    assert posts.erase(a_post(native_id="1"), "dihapus", platform.now)
    run = platform.poll(source)
    assert run is not None
    assert (run.new, run.revised) == (0, 0)
    erased = platform.memory.posts["instagram#1"]
    assert (erased.state, erased.text, erased.author, erased.permalink) == ("gone", "", None, "")
    source.posts[0] = a_post(native_id="1", text="sekali lagi")
    run = platform.poll(source)
    assert run is not None
    assert (run.new, run.revised) == (1, 0)


NUMBERS = [
    "NaN",
    "Infinity",
    "-Infinity",
    "1e400",
    "1.5",
    "-1",
    "9" * 39,
    "9" * 5000,
    str(2**63 + 1),
    str(2**64 + 1),
    "null",
    "true",
]


@pytest.mark.parametrize("number", NUMBERS, ids=lambda number: number[:9] + f"-{len(number)}")
@pytest.mark.parametrize("kind", JSON_KINDS)
def test_fault_12_an_id_is_kept_to_its_last_digit_or_put_aside(kind: str, number: str) -> None:
    """Whatever stands in the id field, the other post on the page is read, and no id is ever rounded."""
    sound = '"1234567"' if kind != "telegram_relay" else "1234567"
    found = listing(kind, an_item(kind, number), an_item(kind, sound).replace("870000121", "870000122")).read()
    assert found.error is None
    assert len(found.posts) + len(found.rejected) == 2
    names = [post.native_id.rpartition(":")[2] for post in found.posts]
    assert set(names) <= {number, "1234567"}
    assert "1234567" in names
    for record in (*found.posts, *found.rejected):
        to_image(to_item(record, post_key("x")))


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e400", "9" * 5000])
@pytest.mark.parametrize("kind", JSON_KINDS)
def test_fault_12_a_number_where_a_text_should_be_spoils_no_other_post(kind: str, number: str) -> None:
    """Only the post with the number is quarantined, with its reason, and the quarantined item can be stored."""
    sound = an_item(kind, "1234567").replace("870000121", "870000122")
    found = listing(kind, an_item(kind, "7654321", number), sound).read()
    assert found.error is None
    assert "1234567" in {post.native_id.rpartition(":")[2] for post in found.posts}
    assert len(found.posts) + len(found.rejected) == 2
    for record in (*found.posts, *found.rejected):
        to_image(to_item(record, post_key("x")))


def test_fault_12_an_unreadable_post_does_not_stop_the_page() -> None:
    """The post is quarantined once, and costs nothing in later runs."""
    platform = Platform()
    source = FakeSource({"a": [a_rejected(), *some_posts(2)]})
    run = platform.poll(source)
    assert run is not None
    assert (run.new, run.rejected) == (1, 1)
    assert len(platform.memory.quarantined) == 1
    platform.memory.writes = 0
    platform.poll(source)
    assert platform.memory.writes == 0


ODD = [
    "👨‍👩‍👧‍👦🏽",
    "\u200b\u200c\u200d\ufeff",
    "\u202egnay halas\u202c",
    "e\u0301 a\u030a",
    "\ud83d",
    "\udc00\ud800",
    "\x00",
    "\x07\x1b[31m",
    "\u2028\u2029\x85",
    "\U000e0041\U000e0042",
    "\ufffe\uffff",
]
hostile = st.lists(st.sampled_from(ODD) | st.text(st.characters(), max_size=8), max_size=12).map("".join)
UNSTORABLE = {*map(chr, range(0x20)), "\x7f"} - {"\t", "\n", "\r"}


@given(hostile)
def test_fault_14_every_text_can_be_stored_and_only_what_no_table_takes_is_repaired(text: str) -> None:
    """Control characters are dropped, half an emoji becomes a question mark, everything else comes back unchanged."""
    post = a_post(text=f"awal {text} akhir")
    stored = from_image(to_image(to_item(post, post_key(post.key))))
    json.dumps(
        stored, ensure_ascii=False, default=lambda value: float(value) if isinstance(value, Decimal) else ""
    ).encode()
    assert Post.model_validate(stored).text == post.text
    whole = "".join("?" if "\ud800" <= letter <= "\udfff" else letter for letter in text if letter not in UNSTORABLE)
    assert post.text == f"awal {whole} akhir" or any(letter.isdigit() or letter == "@" for letter in text)


@given(hostile)
def test_fault_14_no_hidden_character_reaches_a_mail(text: str) -> None:
    """Characters that reverse text, hide in words or carry tags are in neither form of the mail."""
    post = a_post(text=f"Lampu mati {text} di Depok", triage=a_triage())
    written = mail(Case(a_ticket(), post, DIRECTORY.departments["dishub"], None, DIRECTORY))
    for part in (written.subject, written.text, written.html):
        hidden = {unicodedata.category(letter) for letter in part if letter != "\n"} & {"Cc", "Cf", "Cs", "Co", "Cn"}
        assert hidden == set()


@given(hostile)
def test_fault_14_no_text_breaks_the_classifier(text: str) -> None:
    """Every stored text gets a decision."""
    assert classify(a_post(text=text).text, DIRECTORY).decided_by


@pytest.mark.parametrize(
    "disguise",
    [
        "\u200b".join,
        "\u2060".join,
        lambda text: f"\u202d{text}\u202c",
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: "".join(chr(ord(letter) + 0xFEE0) if "a" <= letter <= "z" else letter for letter in text),
    ],
    ids=["zero width", "word joiner", "direction", "decomposed", "full width"],
)
def test_fault_14_a_disguised_text_is_understood_like_a_plain_one(disguise: Any) -> None:
    """The classifier sees a normalised text without compatibility forms or invisible characters."""
    plain = "lampu jalan depan pasar condongcatur mati sudah tiga hari, tolong diperbaiki"
    seen, meant = classify(a_post(text=disguise(plain)).text, DIRECTORY), classify(plain, DIRECTORY)
    assert (seen.topic, seen.department, seen.route) == (meant.topic, meant.department, meant.route)
    assert meant.topic == "penerangan_jalan"


def test_fault_15_a_clock_that_runs_ahead_does_not_carry_the_watermark_away() -> None:
    """A post from the future is stored, and posts written from now on are still in the window."""
    platform = Platform()
    platform.poll(FakeSource({"a": [a_post(created_at=NOON + timedelta(days=300))]}))
    assert len(platform.memory.posts) == 1
    assert platform.cursor.watermark == platform.now


@given(st.lists(st.integers(-600, 600), min_size=1, max_size=8))
def test_fault_15_ten_minutes_of_skew_either_way_lose_nothing(skews: list[int]) -> None:
    """Posts that come one by one, each with a different clock error, are all stored; the window never skips one."""
    platform = Platform()
    for number, skew in enumerate(skews):
        source = FakeSource(
            {str(number): [a_post(native_id=str(number), created_at=platform.now + timedelta(seconds=skew))]}
        )
        platform.poll(source)
        assert platform.cursor.watermark is not None
        assert platform.cursor.watermark <= platform.now
    assert len(platform.memory.posts) == len(skews)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("2026-11-03T06:41:09+00:00", datetime(2026, 11, 3, 6, 41, 9, tzinfo=UTC)),
        ("2026-11-03T15:41:09+09:00", datetime(2026, 11, 3, 6, 41, 9, tzinfo=UTC)),
        ("2026-11-02T20:41:09-10:00", datetime(2026, 11, 3, 6, 41, 9, tzinfo=UTC)),
        ("2026-11-03T06:41:09", None),
        ("kemarin", None),
        ("9999-12-31T23:59:59-10:00", None),
    ],
)
@pytest.mark.parametrize("kind", ["facebook_page", "instagram", "youtube"])
def test_fault_15_a_time_is_read_in_its_own_zone_or_not_at_all(kind: str, written: str, meant: datetime | None) -> None:
    """Other zones become UTC; a time without a zone is not guessed at, and its post waits for a person."""
    item = an_item(kind, '"1234567"').replace("2026-11-03T06:41:09+00:00", written)
    found = listing(kind, item).read()
    assert found.error is None
    assert [post.created_at for post in found.posts] == ([] if meant is None else [meant])
    assert len(found.rejected) == (meant is None)


@pytest.mark.parametrize("kind", ["facebook_page", "instagram", "telegram_relay", "youtube"])
def test_fault_15_a_post_without_a_time_waits_for_a_person(kind: str) -> None:
    """The post is quarantined with the name of the field, and is not stored under a time of our own."""
    item = an_item(kind, "1234567")
    for name in ("created_time", "timestamp", "publishedAt", '"date"'):
        item = item.replace(name, '"other"' if name == '"date"' else "other")
    found = listing(kind, item).read()
    assert (found.error, found.posts) == (None, [])
    [rejected] = found.rejected
    assert "Field required" in rejected.reason
