"""What a platform leaves out of an item costs no more than what it leaves out: the citizen's words are kept."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.fake_graph import FakeGraph, FakeInstagram, FakePage
from tests.fake_telegram import Bot, a_message
from tests.fake_youtube import FakeYouTube, said
from tests.local_http import Answer, Asked
from tests.reading import NOW, Platform, Reading

NAMELESS: list[Any] = [
    {},
    {"id": None},
    {"id": ""},
    {"username": "warga.contoh", "name": "Warga"},
    "warga.contoh",
    [],
    7,
]
"""Forms in which platforms name an author without an id."""


def read_changed(fake: FakeGraph, change: Callable[[dict[str, Any]], None], named: str) -> Reading:
    """Read one citizen's comment, after every item that has the field `named` was changed."""
    fake.write(1, NOW)

    def fault(asked: Asked, _number: int) -> Answer:
        answer = fake.healthy(asked)
        body = json.loads(answer.data)
        for item in body.get("data", []):
            if named in item:
                change(item)
        return Answer(answer.status, json.dumps(body).encode(), answer.headers)

    fake.fault = fault
    return Platform(fake).read()


@pytest.mark.parametrize("author", NAMELESS)
@pytest.mark.parametrize("fake", [FakeInstagram, FakePage])
def test_a_comment_whose_author_has_no_id_is_kept_without_an_author(fake: type[FakeGraph], author: object) -> None:
    """The author is unknown, also where a name stands beside: it would be a second pseudonym of the same person."""
    text = "text" if fake is FakeInstagram else "message"

    def change(item: dict[str, Any]) -> None:
        if text in item and "permalink" not in item and "Lapor k1" in item[text]:
            item["from"] = author

    found = read_changed(fake(), change, text)
    [post] = [post for post in found.posts if "k1" in post.text]
    assert post.author is None
    assert found.rejected == []


@pytest.mark.parametrize("author", [{"value": None}, {"value": ""}, {}, None, "UC", []])
def test_a_youtube_comment_whose_author_has_no_value_is_kept_without_an_author(author: object) -> None:
    """The platform leaves the value out when the author's channel is gone."""
    fake = FakeYouTube(threads=[said("Ugz1", 60, NOW)])

    def fault(asked: Asked, _number: int) -> Answer:
        body = json.loads(gzip.decompress(fake.healthy(asked).data))
        for item in body["items"]:
            item["snippet"]["topLevelComment"]["snippet"]["authorChannelId"] = author
        return Answer(200, json.dumps(body).encode())

    fake.fault = fault
    found = Platform(fake).read()
    assert [post.author for post in found.posts] == [None]
    assert found.rejected == []


@pytest.mark.parametrize(
    "origin", [{"type": "user", "sender_user": {"first_name": "Warga"}}, {"type": "user", "sender_user": "x"}, {}, 7]
)
def test_a_forwarded_message_whose_author_has_no_id_is_kept_without_an_author(origin: object) -> None:
    """The moderator forwarded a complaint; who wrote it may stay unknown."""
    bot = Bot()
    bot.sends(a_message(1, "Lampu mati", forward_origin=origin))
    found = Platform(bot).read()
    assert [(post.text, post.author) for post in found.posts] == [("Lampu mati", None)]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/kabupaten/videos/9/", "https://www.facebook.com/kabupaten/videos/9/"),
        ("https://www.facebook.com/jalan-é", "https://www.facebook.com/jalan-%C3%A9"),
        (None, None),
        ("x" * 3000, None),
    ],
)
def test_every_comment_of_a_page_has_a_link_that_opens(given: object, expected: str | None) -> None:
    """Films and photos have links without a host; where there is no usable link, the id makes one."""
    found = read_changed(FakePage(), lambda item: item.update(permalink_url=given), "permalink_url")
    [post] = [post for post in found.posts if "k1" in post.text]
    assert post.permalink == (expected or f"https://www.facebook.com/{post.native_id}")


@pytest.mark.parametrize("given", [None, "", "x" * 3000])
def test_a_medium_without_a_link_is_read_all_the_same(given: object) -> None:
    """Its comments are linked to the account."""
    found = read_changed(FakeInstagram(), lambda item: item.update(permalink=given), "permalink")
    assert {post.permalink for post in found.posts} <= {
        "https://www.instagram.com/kabarsleman",
        f"https://www.instagram.com/{given}",
    }
    assert any("k1" in post.text for post in found.posts)


@pytest.mark.parametrize("fake", [FakeInstagram, FakePage])
def test_a_comment_without_words_may_say_so_by_null(fake: type[FakeGraph]) -> None:
    """Null in the place of a text, an attachment or a parent is nothing, and no reason to put the comment aside."""
    text = "text" if fake is FakeInstagram else "message"

    def change(item: dict[str, Any]) -> None:
        if "Lapor k1" in (item[text] or ""):
            item.update({text: None, "attachments": None, "attachment": None, "parent": None, "username": None})

    found = read_changed(fake(), change, text)
    assert found.rejected == []
    assert "" in found.texts.values()
