"""The simulator's page: a person who writes by hand sees what happened, in Indonesian and without outside help."""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import get_args
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from aduan.labels import MEDIUM_LABELS, NOTICE_STATE_LABELS, STATUS_LABELS
from aduan.notice import Medium, NoticeState
from aduan.ticket import Status
from infra.local.drive import SimulatedPost
from infra.local.outcome import Line
from infra.local.simulator.config import Config
from infra.local.simulator.desk import Outcome
from infra.local.simulator.faults import FAULTS
from infra.local.simulator.page import EDGES, FAULT_WORDS, KINDS
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Entry, Kind, Role, populate
from infra.local.watching import StackDesk, outcome_of

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
INSTAGRAM = Account(Kind.INSTAGRAM, "17841400000000001", "contoh.sleman", "rahasia-instagram")
RSS = Account(Kind.RSS, "koran", "Koran Contoh", "rahasia-rss", feed="/koran.xml", channel="koran")
CONFIG = Config("v25.0", "rahasia-aplikasi", (INSTAGRAM, RSS))
COMMENT = f"instagram|comment|{INSTAGRAM.account}"


class FakeDesk:
    """A stack that decides everything at once, and reads on request."""

    def __init__(self) -> None:
        self.reads = 0
        self.outcome: Outcome | None = Outcome(
            "ticket", "SLM-ABC123", "diteruskan", "Dishub", ("surel terkirim → Dishub",), "lampu: kata: mati", "x"
        )

    def outcomes(self, entries: Sequence[Entry]) -> Mapping[str, Outcome] | None:
        """The same for all."""
        return None if self.outcome is None else {entry.native_id: self.outcome for entry in entries}

    def read_now(self) -> str | None:
        """Count; the second time something is wrong."""
        self.reads += 1
        return None if self.reads == 1 else "Pembacaan gagal: contoh"


class Browser:
    """Sends forms and follows where they lead."""

    def __init__(self, server: Server, desk: FakeDesk) -> None:
        self.server = server
        self.desk = desk

    @property
    def simulator(self) -> Simulator:
        """The simulator behind the server."""
        return self.server.simulator

    def get(self, path: str = "") -> str:
        """A page's text."""
        status, _, body = self._ask("GET", f"/_simulator/{path}")
        assert status == 200, body
        return body

    def send(self, action: str, **form: str) -> tuple[str, str]:
        """What the page says after a form was sent: its kind and its words."""
        status, location, _ = self._ask("POST", f"/_simulator/do/{action}", form)
        assert status == 303
        [(kind, [words])] = parse_qs(urlsplit(location).query).items()
        return kind, words

    def _ask(self, method: str, path: str, form: Mapping[str, str] | None = None) -> tuple[int, str, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.server_port, timeout=5)
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        try:
            connection.request(method, path, urlencode(form) if form is not None else None, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheader("Location") or "", answer.read().decode()
        finally:
            connection.close()


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(CONFIG, populate(CONFIG.accounts, []))) as server:
        yield server


@pytest.fixture(name="browser")
def _browser(server: Server) -> Browser:
    desk = FakeDesk()
    hosts = [
        Draft(
            source_id=name,
            kind=Kind.INSTAGRAM,
            role=Role.COUNTY_POST,
            parent=None,
            author=None,
            text=f"Unggahan {name}",
            has_photo=True,
            created_at=NOW - timedelta(hours=hours),
            by_county=True,
        )
        for name, hours in (("m1", 9), ("m2", 5))
    ]
    server.simulator = Simulator(CONFIG, populate(CONFIG.accounts, hosts), clock=lambda: NOW, desk=desk)
    return Browser(server, desk)


def only_post(browser: Browser) -> Entry:
    [post] = browser.simulator.world.citizen_posts()
    return post


def test_a_post_written_on_the_page_is_on_its_channel(browser: Browser) -> None:
    """A comment without a place goes under the newest post, and is listed with what became of it."""
    told = browser.send("write", place=COMMENT, author="Budi", text="Lampu mati", photo="1", photos="2")
    post = only_post(browser)

    assert told == ("pesan", "Terkirim ke Instagram: Lampu mati")
    assert (post.root.draft.source_id, post.author and post.author.name, post.draft.photos) == ("m2", "Budi", 2)
    page = browser.get()
    for words in ("Lampu mati", "SLM-ABC123", "diteruskan", "Dishub", "surel terkirim → Dishub", "lampu: kata: mati"):
        assert words in page


def test_a_reply_goes_where_it_is_told(browser: Browser) -> None:
    """The page offers what can be answered; a reply without a place goes under the newest comment."""
    browser.send("write", place=COMMENT, parent="m1", text="Jalan rusak")
    first = only_post(browser)
    assert first.root.draft.source_id == "m1"
    assert f'value="{first.native_id}"' in browser.get()
    browser.send("write", place=f"instagram|reply|{INSTAGRAM.account}", text="Betul")
    assert [reply.text for reply in first.children] == ["Betul"]


def test_posts_are_edited_and_deleted_on_the_page(browser: Browser) -> None:
    """An edit shows at once; a deleted post stays listed, marked, until others have pushed it out."""
    browser.send("write", place="rss|item|koran", text="Judul\r\nIsi")
    post = only_post(browser)
    assert post.text == "Judul\nIsi"
    assert browser.send("edit", id=post.native_id, text="Diralat") == ("pesan", "Kiriman disunting.")
    assert "Diralat" in browser.get("table")
    assert browser.send("edit", id=post.native_id, text=" ")[0] == "galat"
    assert browser.send("delete", id=post.native_id)[0] == "pesan"
    assert "dihapus di kanal" in browser.get("table")
    assert browser.send("delete", id=post.native_id)[0] == "galat"


def test_faults_are_switched_on_the_page(browser: Browser) -> None:
    """A fault takes a channel, a number of times and settings, is shown while it is on, and can be cleared."""
    told = browser.send("fault", fault="throttled", kind="rss", times="3", settings="minutes=7 retry_after=besok")
    assert told == ("pesan", "Gangguan dinyalakan: dibatasi (429).")
    [fault] = browser.simulator.faults.described()
    assert (fault["kind"], fault["times"], fault["minutes"], fault["retry_after"]) == ("rss", 3, 7, "besok")
    assert "Gangguan menyala: <b>dibatasi (429)</b> pada Umpan RSS, 3 kali lagi" in browser.get("table")
    assert browser.send("clear")[0] == "pesan"
    assert "Gangguan menyala" not in browser.get("table")


@pytest.mark.parametrize(
    ("action", "form"),
    [
        ("write", {"place": COMMENT, "text": ""}),
        ("write", {"place": "instagram|reply|17841400000000001", "text": "x"}),
        ("write", {"place": "instagram|item|17841400000000001", "text": "x"}),
        ("write", {"place": "", "text": "x"}),
        ("fault", {"fault": "banjir"}),
        ("fault", {"fault": "slow", "settings": "seconds=lama"}),
        ("edit", {}),
        ("fly", {}),
    ],
)
def test_what_cannot_be_done_is_said_on_the_page(browser: Browser, action: str, form: dict[str, str]) -> None:
    """A form that makes no sense brings the page back with the reason, and changes nothing."""
    assert browser.send(action, **form)[0] == "galat"
    assert browser.simulator.world.citizen_posts() == []
    assert browser.simulator.faults.described() == []


def test_the_channels_can_be_read_at_once(browser: Browser) -> None:
    """The button runs the schedules, and says what went wrong."""
    assert browser.send("read") == ("pesan", "Semua kanal baru saja dibaca.")
    assert browser.send("read") == ("galat", "Pembacaan gagal: contoh")


def test_without_a_stack_the_page_says_so(browser: Browser) -> None:
    """Posts can be written before the stack exists; their outcome is not known yet."""
    browser.desk.outcome = None
    browser.send("write", place=COMMENT, text="Lampu mati")
    page = browser.get("table")
    assert "Aduan belum siap" in page
    assert "belum diketahui" in page


def test_nothing_on_the_page_is_taken_for_markup_or_fetched_from_elsewhere(browser: Browser) -> None:
    """A post's content is shown as text, no token is shown, and nothing is loaded from elsewhere."""
    browser.send("write", place=COMMENT, author="<b>", text="<script>alert(1)</script>")
    page = browser.get("?pesan=%3Cimg%3E")
    assert "<script>alert" not in page
    assert "<img>" not in page
    assert "rahasia" not in page
    assert not re.search(r'(?:src|href)="(?!data:|/_simulator/)', page)


def test_everything_has_a_name_on_the_page() -> None:
    """Every kind, edge, fault, status, medium and state has an Indonesian name."""
    assert set(KINDS) == set(Kind)
    assert set(EDGES) == set(Role)
    assert set(FAULT_WORDS) == set(FAULTS)
    assert set(get_args(Status)) <= set(STATUS_LABELS)
    assert set(get_args(Medium)) <= set(MEDIUM_LABELS)
    assert set(get_args(NoticeState)) <= set(NOTICE_STATE_LABELS)


def test_a_stack_that_is_not_there_yet_is_no_fault(tmp_path: Path) -> None:
    """Until the stack's file is written, nothing is known and nothing is read."""
    desk = StackDesk(tmp_path / "watched.json")
    assert desk.outcomes([]) is None
    assert desk.read_now() == "Tumpukan belum siap; coba sebentar lagi."


@pytest.mark.parametrize(("quarantined", "state"), [(False, "waiting"), (True, "quarantine")])
def test_posts_that_are_not_stored(*, quarantined: bool, state: str) -> None:
    """A post that is not in the table waits to be read, or waits in quarantine."""
    line = Line(SimulatedPost("rss#a", "rss", "item"), None, quarantined, None, ())
    assert outcome_of(line).state == state
