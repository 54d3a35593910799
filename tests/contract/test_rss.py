"""Feeds are read as their publishers change them, against a local publisher and against recorded feeds."""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from subprocess import run as start
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.platform_errors import ChannelError, GapError, MisconfiguredError, NotPermittedError, OutageError
from infra.templates import ROOT
from poll_channels.sources.markup import visible
from poll_channels.sources.rss import CONTENT, ETAG, MODIFIED, NAMES, NEWEST, address, permalink
from tests.fake_rss import URL, Publisher, an_item, feed_of
from tests.local_http import Answer
from tests.reading import NOW, RECORDINGS, Deployment, Platform, Reading, served


@pytest.fixture(name="platform")
def _platform() -> Iterator[Platform[Publisher]]:
    with served(Publisher()) as platform:
        yield platform


def read_bytes(body: bytes, status: int = 200, **changes: Any) -> Reading:
    """Read a feed with the given body."""
    platform = Platform(Publisher())
    platform.fake.fault = lambda _asked, _: Answer(status, body)
    return platform.read(**changes)


def by_guid(found: Reading) -> dict[str, str]:
    """The posts' texts, by the publisher's id."""
    return {post.native_id.partition(":")[2]: post.text for post in found.posts}


# ------------------------------------------------------------------------------------------------- healthy feeds


def test_a_feed_is_read_whole_whatever_its_order() -> None:
    """Every entry not older than the floor is read; neither order nor dates end the reading."""
    days = 24 * 60
    found = read_bytes(
        feed_of(an_item(1, minutes_ago=9 * days), an_item(2, minutes_ago=40 * days), an_item(3), an_item(4, pubDate=""))
    )
    assert list(by_guid(found)) == ["surat-1", "surat-3", "surat-4"]
    assert by_guid(found)["surat-1"] == "Lapor 1\nMohon tolong"
    assert [post.created_at for post in found.posts] == [NOW - timedelta(days=9), NOW - timedelta(hours=1), NOW]


def test_recorded_rss_is_read_as_the_document_says() -> None:
    """Posts have plain text, no author, masked numbers, and an id even where the entry has none."""
    found = read_bytes((RECORDINGS / "rss" / "rss20.xml").read_bytes())
    first, second, third = found.posts
    assert (first.native_id, first.text) == (
        "surat:surat-1701",
        "Lampu jalan mati di Condongcatur\nSudah tiga hari.\nMohon & tolong.",
    )
    assert first.created_at == datetime(2026, 11, 2, 23, 41, 9, tzinfo=UTC)
    assert first.permalink == "https://surat.example/2026/11/lampu-jalan"
    assert re.fullmatch(r"surat:[0-9a-f]{32}", second.native_id)
    assert (second.text, second.has_photo) == ("Sampah di TPS Kalasan\nMenumpuk, hubungi [telepon]", True)
    assert (third.created_at, third.permalink) == (NOW, URL)
    assert {post.author for post in found.posts} == {None}
    assert found.rejected == []


def test_recorded_atom_is_read_as_the_document_says() -> None:
    """Plain titles keep their brackets, content replaces a missing summary, and no link leads to a script."""
    found = read_bytes((RECORDINGS / "rss" / "atom10.xml").read_bytes())
    first, second = found.posts
    assert first.text == "Jembatan <bambu> rusak\nLicin sekali"
    assert first.created_at == datetime(2026, 11, 1, 22, 0, tzinfo=UTC)
    assert re.fullmatch(r"surat:[0-9a-f]{32}", first.native_id)
    assert second.native_id == "surat:urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
    assert (second.text, second.permalink) == ("Selokan mampet", URL)
    assert second.created_at == datetime(2026, 11, 3, 4, 0, tzinfo=UTC)


def test_a_changed_entry_is_the_same_post_with_another_text(platform: Platform[Publisher]) -> None:
    """An entry's post keeps its id, whatever else changes."""
    platform.fake.body = feed_of(an_item(1, "Lama"))
    first = platform.read()
    platform.fake.body = feed_of(an_item(1, "Baru"))
    second = platform.read(first.marks)
    assert [post.native_id for post in first.posts] == [post.native_id for post in second.posts]
    assert by_guid(second) == {"surat-1": "Lapor 1\nBaru"}


def test_two_feeds_may_use_the_same_ids() -> None:
    """Native ids include the feed, because the table identifies a post by kind and native id alone."""
    names = {read_bytes(feed_of(an_item(1)), id=channel).posts[0].key for channel in ("rss:surat", "rss:lain")}
    assert names == {"rss#surat:surat-1", "rss#lain:surat-1"}


def test_without_an_id_the_link_is_the_name_and_without_a_link_the_text() -> None:
    """A new text under the same link is a new version; entries without id and link are identified by their text."""
    changed = [read_bytes(feed_of(an_item(1, text, guid=""))).posts[0].native_id for text in ("Lama", "Baru")]
    assert changed[0] == changed[1]
    plain = read_bytes(feed_of(*(an_item(1, text, guid="", link="") for text in ("Satu", "Dua", "Satu"))))
    assert len({post.native_id for post in plain.posts}) == 2


def test_an_id_is_no_link() -> None:
    """Where an entry has no address, the feed's own is the link."""
    assert read_bytes(feed_of(an_item(1, link=""))).posts[0].permalink == URL
    assert read_bytes(feed_of(an_item(1, link="", guid="https://surat.example/9"))).posts[0].permalink[-2:] == "/9"


def test_an_entry_that_says_nothing_waits_for_a_person() -> None:
    """One unreadable entry is put aside, and the rest of the feed is read."""
    found = read_bytes(feed_of(an_item(1, "", title=""), an_item(2)))
    assert [rejected.reason for rejected in found.rejected] == ["neither a title nor a summary nor a picture"]
    assert list(by_guid(found)) == ["surat-2"]


# ----------------------------------------------------------------------------------------------- what is not new


@pytest.mark.parametrize(
    "names", [{"etag": '"abc"'}, {"etag": 'W/"abc"', "modified": "x"}, {"modified": "Tue, 03 Nov 2026 06:00:00 GMT"}]
)
def test_a_feed_that_is_the_same_is_not_sent_again(platform: Platform[Publisher], names: dict[str, str]) -> None:
    """The server's validators are sent back; without news there is no batch and no mark."""
    platform.fake.body = feed_of(an_item(1))
    platform.fake.etag, platform.fake.modified = names.get("etag"), names.get("modified")
    first = platform.read()
    assert (first.marks[ETAG], first.marks[MODIFIED]) == (names.get("etag", ""), names.get("modified", ""))
    second = platform.read(first.marks)
    assert (second.batches, second.error, second.calls) == (0, None, 1)
    platform.fake.body = feed_of(an_item(1), an_item(2))
    platform.fake.etag, platform.fake.modified = '"neu"', "Tue, 03 Nov 2026 06:59:00 GMT"
    assert list(by_guid(platform.read(second.marks | first.marks))) == ["surat-1", "surat-2"]


def test_a_server_that_names_nothing_costs_no_write(platform: Platform[Publisher]) -> None:
    """With a missing or ever changing ETag, unchanged content is still no news."""
    platform.fake.body = feed_of(an_item(1), an_item(2, pubDate=""))
    marks = platform.read().marks
    platform.fake.etag = '"anders"'
    platform.fake.body = platform.fake.body.replace(
        b"<title>x</title>", b"<title>x</title><lastBuildDate>jetzt</lastBuildDate>"
    )
    found = platform.read(marks)
    assert (found.batches, found.error) == (0, None)


@pytest.mark.parametrize("etag", ['"' + "x" * 500 + '"', "\u00e9tag", "a\tb"])
def test_a_name_that_cannot_be_sent_back_is_not_kept(platform: Platform[Publisher], etag: str) -> None:
    """A validator that is too long for the cursor, or invalid in a header, is not kept."""
    platform.fake.body, platform.fake.headers = feed_of(an_item(1)), {"ETag": etag}
    found = platform.read()
    assert (found.error, found.marks[ETAG]) == (None, "")
    platform.read(found.marks)
    assert "if-none-match" not in platform.fake.asked[0].headers


# ------------------------------------------------------------------------------------------- what left the feed


def a_paper(*minutes_ago: float, shows: int = 3) -> Publisher:
    """A feed that shows a few entries, with letters written at these times."""
    paper = Publisher(shows=shows)
    for number, minutes in enumerate(minutes_ago, start=1):
        paper.write(number, NOW - timedelta(minutes=minutes))
    return paper


def test_entries_that_came_and_went_between_two_polls_are_a_gap() -> None:
    """When no known entry is left, the present ones are read, and the time before them is reported as lost."""
    platform = Platform(a_paper(500, 400))
    marks = platform.read().marks
    for number, minutes in ((3, 90), (4, 80), (5, 70), (6, 60)):
        platform.fake.write(number, NOW - timedelta(minutes=minutes))
    found = platform.read(marks)
    assert found.ids == ["surat:surat-6", "surat:surat-5", "surat:surat-4"]
    assert isinstance(found.error, GapError)
    assert (found.error.since, found.error.until) == (NOW - timedelta(minutes=400), NOW - timedelta(minutes=80))
    assert platform.read(found.marks).error is None, "it is said once"


@pytest.mark.parametrize("shows", [1, 2, 3, 9])
def test_a_feed_that_still_holds_something_known_lost_nothing(shows: int) -> None:
    """One entry known from the version before is enough, as long as each poll finds one."""
    platform = Platform(a_paper(500, shows=shows))
    marks = platform.read().marks
    for number, minutes in ((2, 400), (3, 300)):
        platform.fake.write(number, NOW - timedelta(minutes=minutes))
        found = platform.read(marks)
        assert (found.error is None) == (shows > 1)
        marks |= found.marks


def test_the_first_poll_and_an_emptied_feed_lost_nothing() -> None:
    """A first poll misses nothing, and a temporarily empty feed does not erase what was known."""
    platform = Platform(a_paper(500, 400))
    marks = platform.read().marks
    platform.fake.shows = 0
    emptied = platform.read(marks)
    assert emptied.error is None
    marks |= emptied.marks
    platform.fake.shows = 3
    assert platform.read(marks).error is None
    for number, minutes in ((3, 90), (4, 80), (5, 70)):
        platform.fake.write(number, NOW - timedelta(minutes=minutes))
    assert isinstance(platform.read(marks).error, GapError)


@pytest.mark.parametrize(
    "later",
    [
        an_item(1, "Ralat", minutes_ago=5),
        an_item(2, pubDate="") + an_item(3, pubDate=""),
        an_item(2, minutes_ago=90),
        an_item(2, minutes_ago=5) + an_item(3, minutes_ago=90),
    ],
)
def test_what_proves_no_loss_is_no_gap(later: str) -> None:
    """A known entry with a new date, undated entries, and an entry as old as the newest known one are no gap."""
    first = read_bytes(feed_of(an_item(1, minutes_ago=60)))
    platform = Platform(Publisher(body=feed_of(later)))
    assert platform.read(first.marks).error is None


def test_the_marks_of_a_feed_stay_small() -> None:
    """Only the youngest of many entries are remembered, and no date from the future."""
    items = [an_item(number, minutes_ago=number) for number in range(400)]
    marks = read_bytes(feed_of(*items, an_item(999, minutes_ago=-9000))).marks
    assert marks[NEWEST] == str(int(NOW.timestamp()))
    assert len(marks[NAMES]) <= 200


def test_a_gap_stands_in_the_ledger_and_the_cursor_moves_on() -> None:
    """The run records the lost time and stores the rest, and the next run is complete."""
    deployment = Deployment(a_paper(500, 400))
    deployment.poll()
    begun = deployment.now
    for number in range(3, 9):
        deployment.fake.write(number, begun + timedelta(minutes=number / 10))
    run = deployment.poll()
    assert run is not None
    assert (run.complete, run.stopped, run.error, run.new) == (False, "gap", None, 3)
    assert (run.lost_from, run.lost_until) == (NOW - timedelta(minutes=400), begun + timedelta(seconds=36))
    assert deployment.cursor is not None
    assert deployment.cursor.watermark == begun + timedelta(seconds=48)
    deployment.fake.write(9, deployment.now)
    run = deployment.poll()
    assert run is not None
    assert run.complete


# --------------------------------------------------------------------------------------------------------- faults


NO_FEED = [
    b"",
    b"<html><body>Masuk</body></html>",
    b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><body>Masuk</body></html>',
    b'{"ok": true}',
    b"\x00\xff\xfe",
    b"https://surat.example/lain.xml",
    feed_of(end=""),
]


@pytest.mark.parametrize("body", NO_FEED)
def test_what_is_no_feed_is_an_outage(body: bytes) -> None:
    """A login page is never taken for a feed without entries."""
    found = read_bytes(body)
    assert isinstance(found.error, OutageError)
    assert (found.batches, "Masuk" in str(found.error)) == (0, False)


def test_the_body_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    """The parser would open a file named by its input; a publisher must not make it read our files."""
    secret = tmp_path / "rahasia.xml"
    secret.write_bytes(feed_of(an_item(1, "rahasia")))
    found = read_bytes(str(secret).encode())
    assert isinstance(found.error, OutageError)
    assert found.posts == []


def test_a_feed_without_entries_is_no_fault() -> None:
    """An empty document that declares itself a feed is no outage."""
    found = read_bytes(feed_of())
    assert (found.posts, found.error) == ([], None)


def test_broken_xml_keeps_its_entries() -> None:
    """A stray ampersand loses no entry, and the feed counts as read."""
    found = read_bytes(feed_of("<item><guid>a</guid><title>Roti & susu</title></item>", an_item(2)))
    assert found.error is None
    assert list(by_guid(found)) == ["a", "surat-2"]
    assert CONTENT in found.marks


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    """Half an entry is dropped, nothing is marked as read, and the run is incomplete."""
    half = "<item><title>Setengah</title><description>Moh"
    found = read_bytes(feed_of(an_item(1), an_item(2), half, end=""))
    assert isinstance(found.error, OutageError)
    assert str(found.error) == "the feed breaks off"
    assert (list(by_guid(found)), found.rejected, found.marks) == (["surat-1", "surat-2"], [], {})


def test_a_bomb_of_entities_does_not_go_off() -> None:
    """A feed's entity definitions cannot use up time or memory."""
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "x">{lines}]>'
    found = read_bytes(doctype.encode() + feed_of(an_item(1)).replace(b"Lapor 1", b"&a9;").partition(b"?>")[2])
    assert all(len(post.text) < 100 for post in found.posts)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (401, NotPermittedError),
        (403, NotPermittedError),
        (400, MisconfiguredError),
        (404, MisconfiguredError),
        (410, MisconfiguredError),
        (418, OutageError),
        (204, OutageError),
    ],
)
def test_every_status_has_its_meaning(status: int, kind: type[ChannelError]) -> None:
    """Statuses on which a person must act are distinguished from outages."""
    found = read_bytes(b"", status)
    assert type(found.error) is kind
    assert (str(found.error), found.calls) == (f"status {status}", 1)


def test_a_feed_may_move_on_its_host(platform: Platform[Publisher]) -> None:
    """A redirect to another path is followed, but not endlessly."""
    platform.fake.body = feed_of(an_item(1))
    platform.fake.fault = lambda _asked, number: Answer(301, b"", {"Location": "/baru.xml"}) if number == 1 else None
    assert len(platform.read().posts) == 1
    assert [asked.target for asked in platform.fake.asked] == ["/umpan/rss.xml?kategori=aduan", "/baru.xml"]
    platform.fake.fault = lambda _asked, _: Answer(302, b"", {"Location": "/lagi"})
    assert str(platform.read().error) == "the feed redirects again and again"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "//lain.example/", "file:///etc/passwd", "http://[x"]
)
@pytest.mark.parametrize(("status", "kind"), [(301, MisconfiguredError), (307, OutageError)])
def test_a_redirect_to_another_host_is_not_followed(
    platform: Platform[Publisher], target: str, status: int, kind: type[ChannelError]
) -> None:
    """A redirect cannot send the poller to another host."""
    platform.fake.fault = lambda _asked, _: Answer(status, b"", {"Location": target})
    found = platform.read()
    assert type(found.error) in {kind, OutageError}
    assert found.calls == 1


# -------------------------------------------------------------------------------------------------- configuration


def test_on_one_machine_the_simulator_stands_for_every_host(platform: Platform[Publisher]) -> None:
    """Path and query stay; only the parameter's host is replaced, and no token is needed."""
    platform.fake.body = feed_of(an_item(1))
    assert len(platform.read(parameters={"url": "http://surat.example/a?b=c"}).posts) == 1
    assert platform.fake.asked[0].target == "/a?b=c"
    assert address(URL, "") == URL
    assert address("https://surat.example", "http://127.0.0.1:1") == "http://127.0.0.1:1/"


def test_no_cold_start_pays_for_the_parser() -> None:
    """Opening a source of every kind imports neither feedparser nor `feed`."""
    parsers = "{'feedparser', 'poll_channels.sources.feed'}"
    program = f"import sys, poll_channels.sources; print(sorted({parsers} & set(sys.modules)))"
    done = start(  # noqa: S603 # this very interpreter
        [sys.executable, "-c", program], cwd=ROOT / "functions", capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"


# ------------------------------------------------------------------------------------------------------ pure parts


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Satu</p><p>Dua<br/>Tiga</p>", "Satu\nDua\nTiga"),
        ("a &lt;b&gt; &amp;amp; c&nbsp;d", "a <b> &amp; c d"),
        ("<style>p{}</style>Teks<script>x<b>y</b></script>", "Teks"),
        ("</script>Teks", "Teks"),
        ("<a href='https://x'>tautan</a>, lalu", "tautan, lalu"),
        ("3 < 4 dan 5 > 4", "3 < 4 dan 5 > 4"),
        ("<p>belum", "belum"),
        ("", ""),
    ],
)
def test_html_becomes_what_people_see(html: str, text: str) -> None:
    """Blocks become lines; tags and scripts disappear."""
    assert visible(html).text == text


@given(st.text())
def test_whatever_html_holds_there_is_a_text(html: str) -> None:
    """No input makes the HTML reader fail."""
    visible(html)


@pytest.mark.parametrize(
    ("link", "expected"),
    [
        ("https://surat.example/1", "https://surat.example/1"),
        ("/1", "https://surat.example/1"),
        ("", URL),
        ("javascript:alert(1)", URL),
        ("https://[x", URL),
        ("https://surat.example/a b", URL),
        ("https://surat.example/" + "a" * 2000, URL),
    ],
)
def test_a_link_can_be_opened(link: str, expected: str) -> None:
    """Relative links are completed; the feed's address replaces links that cannot be opened."""
    assert permalink(URL, link) == expected


# ------------------------------------------------------------------------------------------------- whatever comes

TAGS = [
    "<rss>",
    "<rss version='2.0'>",
    "<feed xmlns='http://www.w3.org/2005/Atom'>",
    "<channel>",
    "</channel>",
    "</rss>",
    "<item>",
    "</item>",
    "<entry>",
    "</entry>",
    "<title>",
    "</title>",
    "<title type='html'>",
    "<guid>",
    "</guid>",
    "<description>",
    "</description>",
    "<![CDATA[",
    "]]>",
    "<pubDate>Tue, 03 Nov 2026 06:41:09 +0700</pubDate>",
    "<pubDate>9999-99-99</pubDate>",
    "<updated>0000</updated>",
    "&#xD800;",
    "&#0;",
    "&x;",
    "<!--",
    "-->",
    "<!DOCTYPE x [",
    "<?xml encoding='x'?>",
    "<link href='//[x'/>",
    "<link>http://[</link>",
    "<enclosure type='image/png' url='x'/>",
    "<content:encoded>",
    "<media:content/>",
    "<georss:point>x</georss:point>",
    "teks",
    "<div>",
    "\x00",
    "é",
]
pieces = st.lists(st.sampled_from(TAGS) | st.text(max_size=5), max_size=25).map(
    lambda parts: "".join(parts).encode("utf-8", "replace")
)


@settings(max_examples=300)
@given(pieces | st.binary(max_size=200), st.sampled_from([200, 200, 200, 304, 301, 429, 404, 500]))
def test_whatever_is_answered_there_are_posts_rejects_or_a_channels_error(body: bytes, status: int) -> None:
    """Any bytes lead to storable batches or to a `ChannelError`, and to nothing else."""
    found = read_bytes(body, status)
    for record in (*found.posts, *found.rejected):
        record.model_dump_json()


# --------------------------------------------------------------------------------------------------------- killed


@given(
    states=st.lists(st.dictionaries(st.integers(1, 5), st.integers(1, 3), min_size=1), min_size=1, max_size=3),
    deaths=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=3),
    names=st.booleans(),
)
def test_a_poller_killed_between_any_two_of_its_calls_loses_and_doubles_nothing(
    states: list[dict[int, int]], deaths: list[tuple[int, bool]], *, names: bool
) -> None:
    """However often a run dies, the table ends with the latest texts."""
    deployment = Deployment(Publisher())
    texts: dict[str, str] = {}
    for number, state in enumerate(states):
        # A text never comes back to an earlier one: each state has its own.
        items = {guid: f"Versi {number}.{version}" for guid, version in state.items()}
        deployment.fake.body = feed_of(*(an_item(guid, text) for guid, text in items.items()))
        deployment.fake.etag = f'"{number}"' if names else None
        texts |= {f"rss#surat:surat-{guid}": f"Lapor {guid}\n{text}" for guid, text in items.items()}
        for death, after in [*deaths, (None, False)]:
            deployment.die(death, after=after)
        assert {key: post.text for key, post in deployment.memory.posts.items()} == texts
    deployment.memory.writes = 0
    deployment.poll()
    assert deployment.memory.writes == 0


def test_a_feeds_words_are_in_no_log(platform: Platform[Publisher], caplog: pytest.LogCaptureFixture) -> None:
    """No log holds the text of a feed, or of an error that it causes."""
    caplog.set_level(logging.DEBUG)
    platform.fake.body = feed_of(an_item(1, "KENARI"), end="")
    found = platform.read()
    assert "KENARI" not in caplog.text + str(found.error)
