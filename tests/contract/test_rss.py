"""Feeds are read as their publishers change them, against a local publisher and against recorded feeds."""

import contextlib
import gzip
import logging
import re
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from subprocess import run as start
from threading import Thread
from types import SimpleNamespace
from typing import Any, cast

import pytest
import urllib3
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.channel import Rejected
from aduan.directory import Channel
from aduan.post import Post
from infra.templates import ROOT
from poll_channels.connection import AUTHOR_KEY, Connection, PostFactory
from poll_channels.poll import Poll
from poll_channels.source import (
    Budget,
    ChannelError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    StoppedError,
    ThrottledError,
    Window,
)
from poll_channels.sources.asking import MOST_BYTES, Asker
from poll_channels.sources.feed import without_tags
from poll_channels.sources.rss import CONTENT, ETAG, MODIFIED, Feed, address, open_feed, permalink
from tests.builders import a_channel
from tests.in_memory import InMemoryChannelStore, InMemoryPostStore, Killed, Memory

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
FLOOR = NOW - timedelta(days=30)
FIRST = Window(since=FLOOR, floor=FLOOR, threads=FLOOR)
RECORDINGS = Path(__file__).parent.parent / "recordings" / "rss"
URL = "https://surat.example/umpan/rss.xml?kategori=aduan"


def a_feed(**changes: Any) -> Channel:
    """A newspaper's letters."""
    fields = {
        "id": "rss:surat",
        "kind": "rss",
        "account": "surat.example",
        "handle": None,
        "name": "Surat Pembaca",
        "parameters": {"url": URL},
    }
    return a_channel(**(fields | changes))


CHANNEL = a_feed()


def an_item(number: int, text: str = "Mohon tolong", *, minutes_ago: int = 60, **changes: str) -> str:
    """An entry of an RSS feed."""
    date = (NOW - timedelta(minutes=minutes_ago)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    fields = {
        "guid": f"surat-{number}",
        "title": f"Lapor {number}",
        "description": text,
        "link": f"https://surat.example/{number}",
        "pubDate": date,
    } | changes
    return (
        "<item>" + "".join(f"<{name}>{escape(value)}</{name}>" for name, value in fields.items() if value) + "</item>"
    )


def feed_of(*items: str, end: str = "</channel></rss>") -> bytes:
    """A whole RSS feed."""
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>x</title>{"".join(items)}{end}'.encode()


@dataclass
class Publisher:
    """A web server with one feed, which knows what its readers have."""

    url: str = ""
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    etag: str | None = None
    modified: str | None = None
    answers: list[tuple[int, dict[str, str], bytes]] = field(default_factory=list)
    """What is answered instead, as long as there is some."""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    drip: float = 0
    """Seconds between two bytes."""

    def answer(self, path: str, headers: Mapping[str, str]) -> tuple[int, dict[str, str], bytes]:
        """Answer as the protocol says."""
        self.asked.append((path, dict(headers)))
        if self.answers:
            return self.answers.pop(0)
        names = {"ETag": self.etag, "Last-Modified": self.modified}
        told = self.headers | {name: value for name, value in names.items() if value is not None}
        known = headers.get("If-None-Match") if self.etag else headers.get("If-Modified-Since")
        if known is not None and known == (self.etag or self.modified):
            return 304, told, b""
        return 200, told, self.body


@pytest.fixture(name="served", scope="module")
def _served() -> Iterator[SimpleNamespace]:
    """One server for all tests; each puts its own publisher behind it."""
    behind = SimpleNamespace(publisher=Publisher())

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status, headers, body = behind.publisher.answer(self.path, self.headers)
            self.send_response(status)
            for name, value in ({"Content-Length": str(len(body))} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            with contextlib.suppress(OSError):
                if not behind.publisher.drip:
                    self.wfile.write(body)
                for byte in body if behind.publisher.drip else b"":
                    self.wfile.write(bytes([byte]))
                    time.sleep(behind.publisher.drip)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    behind.url = f"http://127.0.0.1:{server.server_port}"
    yield behind
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(name="publisher")
def _publisher(served: SimpleNamespace) -> Publisher:
    served.publisher = Publisher(url=served.url)
    return cast("Publisher", served.publisher)


@dataclass
class Reading:
    """What one run gave."""

    posts: list[Post] = field(default_factory=list)
    rejected: list[Rejected] = field(default_factory=list)
    marks: dict[str, str] = field(default_factory=dict)
    error: ChannelError | None = None
    batches: int = 0
    calls: int = 0

    @property
    def texts(self) -> dict[str, str]:
        """What was written, by the publisher's id."""
        return {post.native_id.partition(":")[2]: post.text for post in self.posts}


def collect(source: Feed, marks: Mapping[str, str] | None = None) -> Reading:
    """Run a source to its end, or to its error."""
    found = Reading()
    try:
        for batch in source.read(FIRST, marks or {}):
            found.batches += 1
            found.posts += batch.posts
            found.rejected += batch.rejected
            found.marks.update(batch.marks)
    except ChannelError as error:
        found.error = error
    found.calls = source.calls
    return found


def read(publisher: Publisher, marks: Mapping[str, str] | None = None, budget: Budget | None = None) -> Reading:
    """Read the publisher's feed."""
    with urllib3.PoolManager(retries=False) as http:
        asker = Asker(http, budget or Budget(time.monotonic, time.monotonic() + 30), lambda _seconds: None)
        return collect(Feed(asker, address(URL, publisher.url), PostFactory(CHANNEL, NOW, "kunci")), marks)


class Wire:
    """Connections that give one prepared answer."""

    def __init__(self, body: bytes, status: int = 200) -> None:
        self._answer = (body, status)

    def request(self, *_: object, **__: object) -> urllib3.HTTPResponse:
        """Answer, as urllib3 does."""
        body, status = self._answer
        return urllib3.HTTPResponse(BytesIO(body), status=status, preload_content=False)


def read_bytes(body: bytes, status: int = 200, channel: Channel = CHANNEL) -> Reading:
    """Read a feed that is given."""
    asker = Asker(cast("Any", Wire(body, status)), Budget(lambda: 0.0, 1.0), lambda _seconds: None)
    return collect(Feed(asker, URL, PostFactory(channel, NOW, "kunci")))


# ------------------------------------------------------------------------------------------------- healthy feeds


def test_a_feed_is_read_whole_whatever_its_order() -> None:
    """Every entry within the county's use of Aduan; neither order nor dates end the reading."""
    days = 24 * 60
    found = read_bytes(
        feed_of(an_item(1, minutes_ago=9 * days), an_item(2, minutes_ago=40 * days), an_item(3), an_item(4, pubDate=""))
    )
    assert list(found.texts) == ["surat-1", "surat-3", "surat-4"]
    assert found.texts["surat-1"] == "Lapor 1\nMohon tolong"
    assert [post.created_at for post in found.posts] == [NOW - timedelta(days=9), NOW - timedelta(hours=1), NOW]


def test_recorded_rss_is_read_as_the_document_says() -> None:
    """Title and summary without HTML; no author; a person's number is masked; a name for what has none."""
    found = read_bytes((RECORDINGS / "rss20.xml").read_bytes())
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
    """Plain titles keep their brackets, content stands in for a summary, and no link leads into a script."""
    found = read_bytes((RECORDINGS / "atom10.xml").read_bytes())
    first, second = found.posts
    assert first.text == "Jembatan <bambu> rusak\nLicin sekali"
    assert first.created_at == datetime(2026, 11, 1, 22, 0, tzinfo=UTC)
    assert re.fullmatch(r"surat:[0-9a-f]{32}", first.native_id)
    assert second.native_id == "surat:urn:uuid:1225c695-cfb8-4ebb-aaaa-80da344efa6a"
    assert (second.text, second.permalink) == ("Selokan mampet", URL)
    assert second.created_at == datetime(2026, 11, 3, 4, 0, tzinfo=UTC)


def test_a_changed_entry_is_the_same_post_with_another_text(publisher: Publisher) -> None:
    """Its id stays, whatever else changes."""
    publisher.body = feed_of(an_item(1, "Lama"))
    first = read(publisher)
    publisher.body = feed_of(an_item(1, "Baru"))
    second = read(publisher, first.marks)
    assert [post.native_id for post in first.posts] == [post.native_id for post in second.posts]
    assert second.texts == {"surat-1": "Lapor 1\nBaru"}


def test_two_feeds_may_use_the_same_ids() -> None:
    """The table knows a post by its kind and id, so the id names the feed as well."""
    other = a_feed(id="rss:lain")
    names = {read_bytes(feed_of(an_item(1)), channel=channel).posts[0].key for channel in (CHANNEL, other)}
    assert names == {"rss#surat:surat-1", "rss#lain:surat-1"}


def test_without_an_id_the_link_is_the_name_and_without_a_link_the_text() -> None:
    """A changed text under the same link is a new version; entries with neither are told apart by what they say."""
    changed = [read_bytes(feed_of(an_item(1, text, guid=""))).posts[0].native_id for text in ("Lama", "Baru")]
    assert changed[0] == changed[1]
    plain = read_bytes(feed_of(*(an_item(1, text, guid="", link="") for text in ("Satu", "Dua", "Satu"))))
    assert len({post.native_id for post in plain.posts}) == 2


def test_an_id_is_no_link() -> None:
    """Where a publisher gives no address, the feed's own is the link."""
    assert read_bytes(feed_of(an_item(1, link=""))).posts[0].permalink == URL
    assert read_bytes(feed_of(an_item(1, link="", guid="https://surat.example/9"))).posts[0].permalink[-2:] == "/9"


def test_an_entry_that_says_nothing_waits_for_a_person() -> None:
    """One unreadable entry is put aside, and the feed goes on."""
    found = read_bytes(feed_of(an_item(1, "", title=""), an_item(2)))
    assert [rejected.reason for rejected in found.rejected] == ["neither a title nor a summary nor a picture"]
    assert list(found.texts) == ["surat-2"]


# ----------------------------------------------------------------------------------------------- what is not new


@pytest.mark.parametrize(
    "names", [{"etag": '"abc"'}, {"etag": 'W/"abc"', "modified": "x"}, {"modified": "Tue, 03 Nov 2026 06:00:00 GMT"}]
)
def test_a_feed_that_is_the_same_is_not_sent_again(publisher: Publisher, names: dict[str, str]) -> None:
    """The server's own name of it is sent back; nothing new means no batch and no mark."""
    publisher.body = feed_of(an_item(1))
    publisher.etag, publisher.modified = names.get("etag"), names.get("modified")
    first = read(publisher)
    assert (first.marks[ETAG], first.marks[MODIFIED]) == (names.get("etag", ""), names.get("modified", ""))
    second = read(publisher, first.marks)
    assert (second.batches, second.error, second.calls) == (0, None, 1)
    publisher.body = feed_of(an_item(1), an_item(2))
    publisher.etag, publisher.modified = '"neu"', "Tue, 03 Nov 2026 06:59:00 GMT"
    assert list(read(publisher, second.marks | first.marks).texts) == ["surat-1", "surat-2"]


def test_a_server_that_names_nothing_costs_no_write(publisher: Publisher) -> None:
    """Without an ETag, or with one that changes at every request, the same content is no news."""
    publisher.body = feed_of(an_item(1), an_item(2, pubDate=""))
    marks = read(publisher).marks
    publisher.etag = '"anders"'
    publisher.body = publisher.body.replace(
        b"<title>x</title>", b"<title>x</title><lastBuildDate>jetzt</lastBuildDate>"
    )
    found = read(publisher, marks)
    assert (found.batches, found.error) == (0, None)


@pytest.mark.parametrize("etag", ['"' + "x" * 500 + '"', "\u00e9tag", "a\tb"])
def test_a_name_that_cannot_be_sent_back_is_not_kept(publisher: Publisher, etag: str) -> None:
    """Too long for the cursor, or nothing for a header."""
    publisher.body, publisher.headers = feed_of(an_item(1)), {"ETag": etag}
    found = read(publisher)
    assert (found.error, found.marks[ETAG]) == (None, "")
    assert "If-None-Match" not in publisher.asked[0][1]


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
    """The page of a login is never taken for a feed without entries."""
    found = read_bytes(body)
    assert isinstance(found.error, OutageError)
    assert (found.batches, "Masuk" in str(found.error)) == (0, False)


def test_the_body_is_never_taken_for_the_name_of_a_file(tmp_path: Path) -> None:
    """The parser opens what it is given by name, bytes included; a publisher could make it read our files."""
    secret = tmp_path / "rahasia.xml"
    secret.write_bytes(feed_of(an_item(1, "rahasia")))
    found = read_bytes(str(secret).encode())
    assert isinstance(found.error, OutageError)
    assert found.posts == []


def test_a_feed_without_entries_is_no_fault() -> None:
    """It says that it is a feed."""
    found = read_bytes(feed_of())
    assert (found.posts, found.error) == ([], None)


def test_broken_xml_keeps_its_entries() -> None:
    """A stray ampersand costs nothing, and the feed counts as read."""
    found = read_bytes(feed_of("<item><guid>a</guid><title>Roti & susu</title></item>", an_item(2)))
    assert found.error is None
    assert list(found.texts) == ["a", "surat-2"]
    assert CONTENT in found.marks


def test_a_feed_that_breaks_off_is_read_as_far_as_it_goes() -> None:
    """Half an entry is not taken for one, nothing is marked as read, and the run says that it is incomplete."""
    half = "<item><title>Setengah</title><description>Moh"
    found = read_bytes(feed_of(an_item(1), an_item(2), half, end=""))
    assert isinstance(found.error, OutageError)
    assert str(found.error) == "the feed breaks off"
    assert (list(found.texts), found.rejected, found.marks) == (["surat-1", "surat-2"], [], {})


def test_an_answer_that_breaks_off_is_an_outage(publisher: Publisher) -> None:
    """Fewer bytes than were promised, at every attempt."""
    publisher.body = feed_of(an_item(1))
    publisher.headers = {"Content-Length": str(len(publisher.body) + 10), "Connection": "close"}
    found = read(publisher)
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.calls) == ([], 3)


@pytest.mark.parametrize("packed", [False, True])
def test_a_feed_that_is_too_large_is_an_outage(publisher: Publisher, packed: bool) -> None:  # noqa: FBT001
    """Two megabytes, unpacked, are the most that is taken into memory."""
    body = feed_of(an_item(1, "x" * MOST_BYTES))
    publisher.body = gzip.compress(body) if packed else body
    publisher.headers = {"Content-Encoding": "gzip"} if packed else {}
    found = read(publisher)
    assert isinstance(found.error, OutageError)
    assert str(found.error) == f"the answer is larger than {MOST_BYTES} bytes"
    assert found.calls == 1


def test_a_bomb_of_entities_does_not_go_off() -> None:
    """Neither time nor memory is taken by what a feed defines."""
    lines = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    doctype = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a0 "x">{lines}]>'
    begun = time.monotonic()
    read_bytes(doctype.encode() + feed_of(an_item(1)).replace(b"Lapor 1", b"&a9;").partition(b"?>")[2])
    assert time.monotonic() - begun < 5


@pytest.mark.parametrize(
    ("status", "kind", "calls"),
    [
        (401, NotPermittedError, 1),
        (403, NotPermittedError, 1),
        (404, MisconfiguredError, 1),
        (410, MisconfiguredError, 1),
        (418, OutageError, 1),
        (204, OutageError, 1),
        (500, OutageError, 3),
        (503, OutageError, 3),
    ],
)
def test_every_status_has_its_meaning(publisher: Publisher, status: int, kind: type[ChannelError], calls: int) -> None:
    """A person's business is told apart from an outage, which is tried a few times."""
    publisher.answers = [(status, {}, b"")] * 3
    found = read(publisher)
    assert type(found.error) is kind
    assert (str(found.error), found.calls) == (f"status {status}", calls)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"Retry-After": "120"}, 120),
        ({"Retry-After": "Tue, 03 Nov 2026 07:01:00 GMT"}, 60),
        ({"Retry-After": "Tue, 03 Nov 2026 06:00:00 GMT"}, 900),
        ({"Retry-After": "9" * 12}, 21600),
        ({"Retry-After": "nanti"}, 900),
        ({}, 900),
    ],
)
def test_a_wait_is_as_asked_but_never_absurd(publisher: Publisher, header: dict[str, str], seconds: int) -> None:
    """Seconds or a date; without sense it is a quarter of an hour."""
    publisher.answers = [(429, header, b"")]
    found = read(publisher)
    assert isinstance(found.error, ThrottledError)
    assert found.error.wait == timedelta(seconds=seconds)


def test_a_feed_may_move_on_its_host(publisher: Publisher) -> None:
    """A redirect to another path is followed, but not for ever."""
    publisher.body = feed_of(an_item(1))
    publisher.answers = [(301, {"Location": "/baru.xml"}, b"")]
    assert len(read(publisher).posts) == 1
    assert [path for path, _ in publisher.asked] == ["/umpan/rss.xml?kategori=aduan", "/baru.xml"]
    publisher.answers = [(302, {"Location": "/lagi"}, b"")] * 9
    assert str(read(publisher).error) == "the feed redirects again and again"


@pytest.mark.parametrize(
    "target", ["http://169.254.169.254/latest", "//lain.example/", "file:///etc/passwd", "http://[x"]
)
@pytest.mark.parametrize(("status", "kind"), [(301, MisconfiguredError), (307, OutageError)])
def test_a_redirect_to_another_host_is_not_followed(
    publisher: Publisher, target: str, status: int, kind: type[ChannelError]
) -> None:
    """Nobody can send the poller anywhere else."""
    publisher.answers = [(status, {"Location": target}, b"")]
    found = read(publisher)
    assert type(found.error) in {kind, OutageError}
    assert found.calls == 1


def test_a_server_that_sends_a_byte_now_and_then_ends_with_the_runs_time(publisher: Publisher) -> None:
    """Each byte comes in time; all of them would not."""
    publisher.body, publisher.drip = feed_of(an_item(1)), 0.02
    begun = time.monotonic()
    found = read(publisher, budget=Budget(time.monotonic, begun + 0.3))
    assert isinstance(found.error, StoppedError)
    assert time.monotonic() - begun < 2


# -------------------------------------------------------------------------------------------------- configuration


def a_connection(base_url: str) -> Connection:
    """What the handler gives a kind."""
    credentials = SimpleNamespace(get=lambda *names: [{AUTHOR_KEY: "kunci"}[name] for name in names])
    polls = cast("Any", SimpleNamespace(feed_base_url=base_url))
    budget = Budget(time.monotonic, time.monotonic() + 30)
    return Connection(urllib3.PoolManager(retries=False), cast("Any", credentials), polls, budget, NOW)


def test_on_one_machine_the_simulator_stands_for_every_host(publisher: Publisher) -> None:
    """Path and query stay; only the parameter's host is replaced, and no token is needed."""
    publisher.body = feed_of(an_item(1))
    connection = a_connection(f"{publisher.url}/")
    [batch] = open_feed(a_feed(parameters={"url": "http://surat.example/a?b=c"}), connection).read(FIRST, {})
    assert len(batch.posts) == 1
    assert publisher.asked[0][0] == "/a?b=c"
    connection.http.clear()
    assert address(URL, "") == URL
    assert address("https://surat.example", "http://127.0.0.1:1") == "http://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("parameters", "place"),
    [
        ({}, "parameters.url: Field required"),
        ({"url": 5}, "parameters.url: "),
        ({"url": "ftp://surat.example/a"}, "parameters.url: "),
        ({"url": "https://nama:sandi@surat.example/a"}, "parameters.url: "),
        ({"url": "https://surat.example/a b"}, "parameters.url: "),
        ({"url": "http://surat.example/a"}, "parameters.url: it must begin with https://"),
        ({"url": URL, "urls": URL}, "parameters.urls: "),
    ],
)
def test_a_wrong_parameter_is_named(parameters: dict[str, Any], place: str) -> None:
    """The sentence says which channel and which field."""
    with pytest.raises(MisconfiguredError) as caught:
        open_feed(a_feed(parameters=parameters), a_connection(""))
    assert str(caught.value).startswith(f"channel rss:surat: {place}")


def test_no_cold_start_pays_for_the_parser() -> None:
    """Opening all kinds imports neither feedparser nor an HTML parser."""
    program = "import sys, poll_channels.sources; print(sorted({'feedparser', 'html.parser'} & set(sys.modules)))"
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
    """Lines where blocks are, no tags, no scripts."""
    assert without_tags(html) == text


@given(st.text())
def test_whatever_html_holds_there_is_a_text(html: str) -> None:
    """No text breaks it."""
    without_tags(html)


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
    """Relative ones are completed; what cannot be opened is replaced by the feed."""
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


@settings(deadline=None, max_examples=300)
@given(pieces | st.binary(max_size=200), st.sampled_from([200, 200, 200, 304, 301, 429, 404, 500]))
def test_whatever_is_answered_there_are_posts_rejects_or_a_channels_error(body: bytes, status: int) -> None:
    """No bytes make a run die of anything else, and everything yielded can be stored."""
    found = read_bytes(body, status)
    for record in (*found.posts, *found.rejected):
        record.model_dump_json()


# --------------------------------------------------------------------------------------------------------- killed


@dataclass
class Paper:
    """The whole way of the data: publisher, source, poller and table; requests count as calls like the table's."""

    publisher: Publisher = field(default_factory=Publisher)
    memory: Memory = field(default_factory=Memory)
    now: datetime = NOW
    runs: int = 0

    def request(self, _method: str, _url: str, headers: Mapping[str, str], **_: Any) -> urllib3.HTTPResponse:
        """The network, on which the process may die."""
        with self.memory.call():
            status, told, body = self.publisher.answer("/", headers)
        return urllib3.HTTPResponse(BytesIO(body), headers=told, status=status, preload_content=False)

    def poll(self) -> None:
        """Run once, later than any lease of a run that died."""
        self.runs += 1
        self.now += timedelta(minutes=5)
        asker = Asker(cast("Any", self), Budget(lambda: 0.0, 1.0), lambda _seconds: None)
        source = Feed(asker, URL, PostFactory(CHANNEL, self.now, "kunci"))
        Poll(
            CHANNEL,
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=3),
        ).run(lambda: source)


@settings(deadline=None)
@given(
    states=st.lists(st.dictionaries(st.integers(1, 5), st.integers(1, 3), min_size=1), min_size=1, max_size=3),
    deaths=st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=3),
    names=st.booleans(),
)
def test_a_poller_killed_between_any_two_of_its_calls_loses_and_doubles_nothing(
    states: list[dict[int, int]], deaths: list[tuple[int, bool]], *, names: bool
) -> None:
    """What the feed names as read is stored: however often a run dies, the table ends with the latest texts."""
    paper = Paper()
    texts: dict[str, str] = {}
    for number, state in enumerate(states):
        # A text never comes back to an earlier one: each state has its own.
        items = {guid: f"Versi {number}.{version}" for guid, version in state.items()}
        paper.publisher.body = feed_of(*(an_item(guid, text) for guid, text in items.items()))
        paper.publisher.etag = f'"{number}"' if names else None
        texts |= {f"rss#surat:surat-{guid}": f"Lapor {guid}\n{text}" for guid, text in items.items()}
        for death, after in [*deaths, (None, False)]:
            memory = paper.memory
            memory.calls = 0
            memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
            with contextlib.suppress(Killed):
                paper.poll()
        assert {key: post.text for key, post in paper.memory.posts.items()} == texts
    paper.memory.writes = 0
    paper.poll()
    assert paper.memory.writes == 0


def test_a_feeds_words_are_in_no_log(publisher: Publisher, caplog: pytest.LogCaptureFixture) -> None:
    """Nor its errors'."""
    caplog.set_level(logging.DEBUG)
    publisher.body = feed_of(an_item(1, "KENARI"), end="")
    found = read(publisher)
    assert "KENARI" not in caplog.text + str(found.error)
