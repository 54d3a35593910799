"""Feeds put the text and the picture of a complaint in many places, and it is found wherever it is."""

from __future__ import annotations

import time
from html import escape

import pytest

from aduan.platform_errors import StoppedError
from aduan.time_budget import TimeBudget
from tests.fake_rss import Publisher, an_item
from tests.local_http import Answer
from tests.reading import NOW, Platform, Reading

ATOM = (
    '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>x</title><entry><id>urn:x:1</id>'
    "<title>Aduan</title><updated>2026-11-02T23:00:00Z</updated>{}</entry></feed>"
)
LONG = "Pipa di depan balai desa Tirtoadi bocor sejak Senin, air masuk ke rumah warga."


def rss(fields: str, title: str = "Aduan") -> str:
    """A feed with one entry that has these XML elements besides its title and date."""
    return (
        '<?xml version="1.0"?><rss version="2.0" xmlns:content="http://purl.org/rss/1.0/modules/content/"'
        ' xmlns:media="http://search.yahoo.com/mrss/"><channel><title>x</title><item><guid>1</guid>'
        f"<title>{title}</title><pubDate>Mon, 02 Nov 2026 23:00:00 GMT</pubDate>{fields}</item></channel></rss>"
    )


def read(feed: str, budget: TimeBudget | None = None) -> Reading:
    """Read a feed."""
    platform = Platform(Publisher())
    platform.fake.fault = lambda _asked, _number: Answer(200, feed.encode())
    return platform.read(budget=budget)


@pytest.mark.parametrize(
    ("feed", "text"),
    [
        (rss(f"<description>{LONG[:20]} [&amp;hellip;]</description><content:encoded>{LONG}</content:encoded>"), LONG),
        (rss(f"<content:encoded>{LONG}</content:encoded><description>Dari warga</description>"), LONG),
        (rss(f"<description>{LONG}</description><content:encoded>{LONG[:20]} …</content:encoded>"), LONG),
        (rss(f"<description>{LONG}</description><content:encoded> </content:encoded>"), LONG),
        (rss(f"<description>{LONG}</description><content:encoded>Di Godean</content:encoded>"), f"{LONG}\nDi Godean"),
        (rss(f"<description>{LONG}</description>"), LONG),
        (ATOM.format(f'<summary>Dari warga</summary><content type="html">&lt;p&gt;{LONG}&lt;/p&gt;</content>'), LONG),
        (ATOM.format(f"<content>{LONG}</content>"), LONG),
        (rss(f"<description>&lt;![CDATA[{LONG}]]&gt;</description>"), LONG),
        (ATOM.format(f'<content type="text">&lt;![CDATA[{LONG}]]&gt;</content>'), LONG),
    ],
)
def test_the_whole_text_is_kept_wherever_it_stands(feed: str, text: str) -> None:
    """The content goes before its excerpt, and what only one of them says is not lost."""
    assert [post.text for post in read(feed).posts] == [f"Aduan\n{text}"]


def test_a_number_in_a_table_is_masked() -> None:
    """The cell before it does not become a part of the number."""
    table = escape("<table><tr><td>5</td><td>081234567890</td></tr></table>")
    assert read(rss(f"<description>{table}</description>")).posts[0].text == "Aduan\n5 [telepon]"


@pytest.mark.parametrize(
    "fields",
    [
        '<description>&lt;img src="https://koran.example/1.jpg"&gt;</description>',
        "<content:encoded><![CDATA[<figure><img src='1.jpg'/></figure>]]></content:encoded>",
        '<media:content url="https://koran.example/1" medium="image"/>',
        '<media:content url="https://koran.example/1" type="image/jpeg"/>',
        '<media:content url="https://koran.example/1.JPG?lebar=9"/>',
        '<media:group><media:content url="https://koran.example/1.mp4" type="video/mp4"/></media:group>',
        '<media:thumbnail url="https://koran.example/1"/>',
        '<enclosure url="https://koran.example/1.png" length="0" type=""/>',
        '<enclosure url="https://koran.example/1.png" length="0" type="application/octet-stream"/>',
        '<enclosure url="https://koran.example/1" length="0" type="image/png"/>',
    ],
)
def test_a_picture_alone_is_a_post(fields: str) -> None:
    """A picture counts in the text, as the feed's medium, and as an enclosed file."""
    found = read(rss(fields, title=""))
    assert [(post.text, post.has_photo) for post in found.posts] == [("", True)]


@pytest.mark.parametrize(
    "fields",
    [
        '<enclosure url="https://koran.example/surat.pdf" length="0" type="application/pdf"/>',
        '<media:content url="https://koran.example/1.mp3" medium="audio"/>',
        '<media:content url="https://koran.example/halaman"/>',
    ],
)
def test_other_files_are_no_picture(fields: str) -> None:
    """A document or a sound shows no damage."""
    assert [post.has_photo for post in read(rss(fields)).posts] == [False]


def test_a_hostile_entry_does_not_use_up_the_run() -> None:
    """120 kB of broken tags are read in the time that any text of their length takes."""
    started = time.process_time()
    found = read(rss(f"<description>{escape('<a ' * 40_000)}</description>"))
    assert time.process_time() - started < 1
    assert found.error is None


def test_time_is_checked_while_a_feed_is_read() -> None:
    """A run stops within a feed when its time is over, as between two requests."""
    ticks = iter(range(10_000))
    items = "".join(an_item(number) for number in range(50))
    feed = f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{items}</channel></rss>'
    found = read(feed, TimeBudget(lambda: next(ticks), 20))
    assert isinstance(found.error, StoppedError)
    assert (str(found.error), found.posts) == ("time", [])


def test_a_redirect_with_raw_letters_is_followed() -> None:
    """A server may write the new address in UTF-8, as the feed's own links may be written."""
    platform = Platform(Publisher())
    platform.fake.write(1, NOW)
    moved = Answer(301, b"", {"Location": "/umpan/rüsak.xml".encode().decode("latin-1")})
    platform.fake.fault = lambda _asked, number: moved if number == 1 else None
    assert platform.read().ids == ["surat:surat-1"]
    assert platform.fake.asked[1].path == "/umpan/r%C3%BCsak.xml"
