"""Fault 13: what is too large for the table is visibly cut or quarantined, and never lost silently."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto import mock_aws

from admin_api.answers import detail_answer
from aduan.channel import RAW_BYTES
from aduan.directory_loading import load_directory
from aduan.masking import storable
from aduan.post import LINK_CHARACTERS, TEXT_BYTES, Post
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, from_image, post_key, to_item
from aduan.store.ticket_reading import TicketDetail
from aduan.ticket import Voice
from notify.case import Case
from notify.wording import mail
from tests.builders import NOON, a_post, a_rejected, a_ticket, a_triage
from tests.faults.platforms import an_item, listing
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import FakeSource, Platform
from tests.table import TABLE_NAME, create_table

DIRECTORY = load_directory()
LARGEST = 30_000
"""Bytes of the largest item in the table, a thirteenth of what DynamoDB allows."""
SENTENCE = "Lampu jalan depan pasar Condongcatur mati sudah tiga hari, tolong diperbaiki. "
LONG = {"ascii": SENTENCE * 60_000, "javanese": "ꦲꦤꦕꦫꦏ " * 200_000, "emoji": "👨‍👩‍👧‍👦" * 200_000}
"""Texts of several megabytes, with one, three and four bytes per character."""


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def size(item: Any) -> int:
    """Return about as many bytes as DynamoDB counts."""
    return len(json.dumps(item, default=str, ensure_ascii=False).encode())


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_fault_13_a_text_of_megabytes_is_cut_at_a_whole_character_and_marked(table: Table, text: str) -> None:
    """The table holds the beginning of the text, unchanged, with the mark that there was more."""
    posts = DynamoPostStore(table)
    assert posts.add(a_post(text=text)) is True
    stored = posts.get(a_post().key)
    assert stored is not None
    assert TEXT_BYTES - 4 <= len(stored.text.encode()) + 1 <= TEXT_BYTES + 1
    assert text.startswith(stored.text)
    assert stored.clipped
    [image] = table.client.scan(TableName=TABLE_NAME)["Items"]
    assert size(from_image(image)) < LARGEST


@pytest.mark.parametrize("store", ["in memory", "DynamoDB"])
def test_fault_13_the_mark_comes_and_goes_with_the_version(table: Table, store: str) -> None:
    """An edit that makes a text too long sets the mark, and one that shortens it removes the mark."""
    posts = DynamoPostStore(table) if store == "DynamoDB" else InMemoryPostStore(Memory())
    for text, clipped in ((SENTENCE, False), (LONG["ascii"], True), (f"{SENTENCE} Terima kasih.", False)):
        post = a_post(text=text)
        assert posts.add(post) or posts.revise(post)
        stored = posts.get(post.key)
        assert stored is not None
        assert stored.clipped is clipped


def test_fault_13_the_mark_outlives_what_is_kept() -> None:
    """A stored text fits, but is still known to be a part whenever it is read again."""
    stored = to_item(a_post(text=LONG["ascii"]), post_key("x"))
    assert Post.model_validate(stored).clipped
    assert Post.model_validate(to_item(Post.model_validate(stored), post_key("x"))).clipped


def test_fault_13_an_ordinary_text_bears_no_mark() -> None:
    """Surrounding blanks and masked numbers do not count as cuts."""
    for text in (SENTENCE, f"  {SENTENCE}\n", "", "hubungi 0812-3456-7890", "a" * TEXT_BYTES):
        assert not a_post(text=text).clipped


def test_fault_13_a_department_reads_that_there_was_more() -> None:
    """However the text is cut, the quotation in the mail ends with the words that say so."""
    for text in LONG.values():
        post = a_post(text=text, triage=a_triage())
        written = mail(Case(a_ticket(), post, DIRECTORY.departments["dishub"], None, DIRECTORY))
        assert "(dipotong)" in written.text
        assert "(dipotong)" in written.html


def test_fault_13_the_api_says_that_there_was_more() -> None:
    """The API says of each text whether it is whole."""
    for text, clipped in ((SENTENCE, False), (LONG["ascii"], True)):
        post, ticket = a_post(text=text), a_ticket()
        voice = Voice(ticket=ticket.code, post=post.key, at=NOON)
        detail = TicketDetail(ticket, events=(), notices=(), voices=(voice,), posts={post.key: post})
        [shown] = detail_answer(detail, DIRECTORY, everything=True)["voices"]
        assert shown["clipped"] is clipped


@given(st.integers(-60, 40), st.sampled_from(["3404010101900001", "081234567890", "warga.contoh@example.com"]))
def test_fault_13_no_half_number_is_left_where_a_text_is_cut(shift: int, number: str) -> None:
    """A number across the end of the kept or of the examined text is masked or removed as a whole."""
    for end in (TEXT_BYTES, 2 * TEXT_BYTES):
        before = "kata " * ((end + shift) // 5)
        kept, clipped = storable(f"{before}{number} {'kata ' * 2000}", TEXT_BYTES)
        assert clipped
        assert number[:8] not in kept
    # Masks shorter than the numbers they replace bring the end of the examined text into the kept text.
    shrunk = "3404 0101 0190 0001 " * ((2 * TEXT_BYTES + shift) // 20)
    kept, _ = storable(f"{shrunk}{number}{SENTENCE * 100}", TEXT_BYTES)
    assert number[:8] not in kept


def test_fault_13_chains_of_numbers_take_no_long_time() -> None:
    """A text of nothing but numbers, each leading to the next, is masked to the last one, and quickly."""
    for chain in ("1.", "0812345678.", "0812345678,", "0 8", "rumah no 1 "):
        kept, _ = storable(chain * 100_000, TEXT_BYTES)
        assert "0812345678" not in kept


def test_fault_13_what_is_quarantined_is_cut_and_marked_too() -> None:
    """The beginning of an unreadable item of megabytes is quarantined, with the mark that there was more."""
    kept = a_rejected(raw=json.dumps({"text": LONG["ascii"]}))
    assert len(kept.raw.encode()) <= RAW_BYTES
    assert kept.clipped
    assert not a_rejected().clipped


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("facebook_page", ', "id": "{}"'),
        ("youtube", ', "parentId": "{}"'),
    ],
)
def test_fault_13_a_field_that_no_item_can_hold_goes_into_quarantine(kind: str, more: str) -> None:
    """One post with an id of half a megabyte is quarantined with its reason and stops no other post."""
    sound, absurd = an_item(kind, '"1234567"'), an_item(kind, '"7654321"', more=more.format("a" * 500_000))
    found = listing(kind, absurd, sound).read()
    assert found.error is None
    assert [post.native_id for post in found.posts] == ["1234567"]
    [rejected] = found.rejected
    assert rejected.reason
    assert size(to_item(rejected, post_key("x"))) < LARGEST
    platform = Platform()
    run = platform.poll(FakeSource({"a": [*found.rejected, *found.posts]}))
    assert run is not None
    assert (run.new, run.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("facebook_page", ', "permalink_url": "https://www.facebook.com/{}"'),
        ("instagram", ', "permalink": "https://www.instagram.com/p/{}/"'),
    ],
)
def test_fault_13_a_link_that_no_item_can_hold_is_replaced(kind: str, more: str) -> None:
    """The post is read all the same; its address is made of its id or of the account."""
    found = listing(kind, an_item(kind, '"7654321"', more=more.format("a" * 500_000))).read()
    [post] = found.posts
    assert found.error is None
    assert 0 < len(post.permalink) < 100


@pytest.mark.parametrize("kind", ["facebook_page", "telegram_relay", "x", "youtube"])
def test_fault_13_thousands_of_attachments_and_links_are_only_counted_as_there(kind: str) -> None:
    """Attachments are not kept, so they cannot make a post too large; links are part of the text."""
    links = " ".join(f"https://contoh.example/{number}" for number in range(50_000))
    many = json.dumps([{"media_type": "photo", "file_id": str(number)} for number in range(10_000)])
    more = {
        "facebook_page": f', "attachments": {{"data": {many}}}',
        "telegram_relay": f', "photo": {many}, "entities": []',
        "x": f', "attachments": {{"media_keys": {json.dumps(["3_1"] * 10_000)}}}',
        "youtube": "",
    }[kind]
    native_id = "1234567" if kind == "telegram_relay" else '"1234567"'
    found = listing(kind, an_item(kind, native_id, json.dumps(f"Lampu mati {links}"), more)).read()
    assert (found.error, found.rejected) == (None, [])
    [post] = found.posts
    assert post.has_photo is (kind != "youtube")
    assert post.clipped
    assert post.text.startswith("Lampu mati https://contoh.example/0 ")
    assert size(to_item(post, post_key(post.key))) < LARGEST


def test_fault_13_the_longest_link_still_fits() -> None:
    """All fields at their largest together stay far below what the table takes."""
    post = a_post(
        text="👨‍👩‍👧‍👦" * 100_000,
        native_id="9" * 200,
        parent_id="9" * 200,
        permalink="https://contoh.example/".ljust(LINK_CHARACTERS, "é"),
        created_at=NOON,
    )
    assert size(to_item(post, post_key(post.key))) < LARGEST
