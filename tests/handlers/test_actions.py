"""Links from mails, through the deployed function: a GET shows a page, a POST acts once, and nothing is lost."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise
from types import ModuleType, SimpleNamespace
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from actions.presence import SOONEST, served
from aduan.action_token import LIFETIME, Action, verified
from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.record import month_of
from aduan.store.examples import DynamoExampleStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.statistics import Statistics
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import MOVES, Event, Ticket
from aduan.triage import DESK
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.deployment import Deployment, deployment
from tests.links import KEYS, a_link, create_keys
from tests.table import everything, notices_of

DIRECTORY = load_directory()
CANARY = "jeglongan-KENARI-4711"
CONTEXT = SimpleNamespace(
    function_name="actions",
    memory_limit_in_mb=512,
    invoked_function_arn="arn:aws:lambda:ap-southeast-1:123456789012:function:actions",
    aws_request_id="request-1",
)


class Tags(HTMLParser):
    """Collects the tags and attributes that a browser would see."""

    def __init__(self) -> None:
        super().__init__()
        self.met: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Keep both."""
        self.met.add(tag)
        self.attributes |= {name for name, _ in attrs}


@dataclass
class Browser:
    """A person who follows links, and the table behind the function."""

    module: ModuleType
    table: Table
    log: io.StringIO
    answers: list[dict[str, Any]] = field(default_factory=list)

    def open_ticket(self, number: int = 1, post: dict[str, Any] | None = None, **changes: Any) -> Ticket:
        """A ticket as `classify` leaves it, with its notice."""
        written = a_post(native_id=str(number), author="penulis", **(post or {}))
        ticket = a_ticket(code=ticket_code(written.key), post=written.key, **changes)
        DynamoPostStore(self.table).add(written)
        DynamoTicketStore(self.table).write(
            moves.opened(
                written,
                a_triage(department=ticket.department),
                ticket,
                [a_notice(ticket=ticket.code, department=ticket.department)],
                [an_event(ticket=ticket.code, move=ticket.status)],
            )
        )
        return ticket

    def get(self, link: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str]:
        """Send one request as API Gateway would; return status and page."""
        event = {
            "httpMethod": method,
            "pathParameters": {"token": link},
            "headers": {name.replace("_", "-"): value for name, value in headers.items()} or None,
            "body": body,
            "isBase64Encoded": False,
        }
        answer = self.module.handler(event, CONTEXT)
        self.answers.append(answer)
        return answer["statusCode"], answer["body"]

    def post(self, link: str, page: str | None = None, **fields: str) -> tuple[int, str]:
        """Press the button on a page, which is fetched first unless it is given, as a person does after reading it."""
        page = self.get(link)[1] if page is None else page
        seen = re.search(r'name="seen" value="(\d+)"', page)
        token = verified(link, KEYS, now())
        person = {"served": served(token, KEYS, now() - SOONEST), "ending": token.ticket[-2:]}
        return self.get(link, "POST", urlencode({"seen": seen[1] if seen else "", **person, **fields}))

    def ticket(self, code: str) -> Ticket:
        """As stored."""
        ticket = DynamoTicketStore(self.table).get(code)
        assert ticket is not None
        return ticket

    def stored_post(self, ticket: Ticket) -> Post:
        """As stored."""
        post = DynamoPostStore(self.table).get(ticket.post)
        assert post is not None
        return post

    def history(self, code: str) -> list[Event]:
        """As stored."""
        return DynamoTicketStore(self.table).history(code)

    def notices(self, code: str) -> dict[str, str]:
        """State of every notice of a ticket, by its key."""
        return {notice.key: notice.state for notice in notices_of(self.table, code)}

    def send(self, code: str) -> None:
        """Send the pending notices of a ticket, as `notify` does."""
        store = DynamoNoticeStore(self.table)
        for notice in notices_of(self.table, code):
            if notice.state == "pending":
                store.sent(store.claim(notice, "run-1", NOON, "x@sleman.example", notice.department), "m", NOON)

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        return everything(self.table)


def a_browser(deployed: Deployment) -> Browser:
    """The function on an empty table, and its log."""
    create_keys()
    return Browser(deployed("Actions"), deployed.table, deployed.log)


@pytest.fixture(name="browser")
def _browser(deployed: Deployment) -> Browser:
    return a_browser(deployed)


def now() -> datetime:
    """The time of the functions, which is the real one here."""
    return datetime.now(UTC)


def link_of(ticket: Ticket, action: Action, department: str | None = None) -> str:
    """A link that was mailed just now."""
    return a_link(ticket.code, department or ticket.department, action, now())


def words(page: str) -> str:
    """The visible text of a page, in one line."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.partition("</style>")[2])).split())


def test_following_a_link_changes_nothing(browser: Browser) -> None:
    """A mail scanner that opens every link, however often, leaves the table as it was."""
    ticket = browser.open_ticket()
    before = browser.items()
    for action in ("accept", "done", "not_ours"):
        for _ in range(2):
            status, page = browser.get(link_of(ticket, action))
            assert status == 200
            assert ticket.code in page
            assert "lampu jalan depan pasar Condongcatur" in page
            assert page.count("<button") == 1
    assert browser.items() == before


@pytest.mark.parametrize(("action", "status"), [("accept", "accepted"), ("done", "resolved")])
def test_a_button_moves_the_ticket_once(browser: Browser, action: Action, status: str) -> None:
    """The history says who, when and why. A second press says when the first one was, and writes nothing."""
    ticket = browser.open_ticket()
    link = link_of(ticket, action)
    _, page = browser.get(link)
    answered, told = browser.post(link, page, note="petugas ke lokasi, hubungi 081234567890")
    assert (answered, "sudah dicatat" in told) == (200, True)
    assert browser.ticket(ticket.code).status == status
    event = browser.history(ticket.code)[-1]
    assert (event.move, event.by) == (status, "tautan:dishub")
    assert "petugas ke lokasi, hubungi [telepon]" in event.why
    before = browser.items()
    for again in (browser.post(link, page), browser.get(link)):
        assert again[0] == 200
        assert "sudah dicatat pada" in words(again[1])
    assert browser.items() == before


def test_what_is_resolved_is_remembered_for_its_author(browser: Browser) -> None:
    """The resolution is stored for the author, so that a later contradiction of theirs is recognised."""
    ticket = browser.open_ticket()
    browser.post(link_of(ticket, "done"))
    assert [found.ticket for found in DynamoTicketStore(browser.table).resolved("penulis")] == [ticket.code]


def test_who_refuses_and_names_another_moves_the_ticket_there(browser: Browser) -> None:
    """One write tells the other, counts the misroute, records both moves in the history, and keeps an example."""
    ticket = browser.open_ticket()
    browser.send(ticket.code)
    status, page = browser.post(link_of(ticket, "not_ours"), department="dlh", note="lampu taman")
    assert (status, "Dinas Lingkungan Hidup" in page) == (200, True)
    after = browser.ticket(ticket.code)
    assert (after.status, after.department, after.refused_by) == ("routed", "dlh", ("dishub",))
    assert browser.notices(ticket.code) == {"dishub#email": "sent", "dlh#email": "pending"}
    assert [(event.move, event.by) for event in browser.history(ticket.code)[-2:]] == [
        ("not_ours", "tautan:dishub"),
        ("routed", "tautan:dishub"),
    ]
    example = DynamoExampleStore(browser.table).get(after)
    assert example is not None
    assert (example.label.department, example.text) == ("dlh", browser.stored_post(after).text)
    tallies = Statistics(browser.table).count([month_of(NOON)], "department")
    assert {code: (tally.tickets, tally.misroutes) for code, tally in tallies.items()} == {
        "dishub": (0, 1),
        "dlh": (1, 0),
    }


@pytest.mark.parametrize(
    ("runner_up", "named", "status", "department"),
    [
        ("dpupkp", "", "routed", "dpupkp"),
        ("dpupkp", "dlh", "routed", "dlh"),
        ("dpupkp", "pln", "not_ours", "pln"),
        (None, "", "needs_review", DESK),
        ("dishub", "", "needs_review", DESK),
        ("sudah_bubar", "", "needs_review", DESK),
    ],
)
def test_where_a_refused_ticket_goes(
    browser: Browser, runner_up: str | None, named: str, status: str, department: str
) -> None:
    """It goes to the department or outside body that is named, else to the runner-up, else to the desk."""
    ticket = browser.open_ticket(runner_up=runner_up)
    assert browser.post(link_of(ticket, "not_ours"), department=named)[0] == 200
    after = browser.ticket(ticket.code)
    assert (after.status, after.department) == (status, department)
    assert browser.notices(ticket.code)[f"{department}#email"] == "pending"


def test_the_second_refusal_goes_to_the_desk(browser: Browser) -> None:
    """After a second refusal a person decides, and is told whom the department named."""
    ticket = browser.open_ticket()
    browser.post(link_of(ticket, "not_ours"), department="dlh")
    page = browser.get(link_of(ticket, "not_ours", "dlh"))[1]
    assert "Meja Aduan" in words(page)
    browser.post(link_of(ticket, "not_ours", "dlh"), department="dpupkp")
    after = browser.ticket(ticket.code)
    assert (after.status, after.department, after.runner_up) == ("needs_review", DESK, "dpupkp")
    assert after.refused_by == ("dishub", "dlh")


def test_a_link_of_who_has_the_ticket_no_more_says_so(browser: Browser) -> None:
    """The department that refused reads when it did; its other links, and a double press, move nothing."""
    ticket = browser.open_ticket()
    refusal = link_of(ticket, "not_ours")
    _, page = browser.get(refusal)
    browser.post(refusal, page, department="dlh")
    before = browser.items()
    assert "sudah dicatat pada" in words(browser.post(refusal, page, department="dpupkp")[1])
    for action in ("accept", "done"):
        status, told = browser.post(link_of(ticket, action))
        assert status == 410
        assert "Dinas Lingkungan Hidup" in told
    assert browser.items() == before


@pytest.mark.parametrize(
    ("stands", "says"),
    [
        ("closed", "sudah ditutup"),
        ("rejected", "tidak ditindaklanjuti lagi"),
        ("duplicate", "tidak ditindaklanjuti lagi"),
        ("needs_review", "sedang diputuskan"),
    ],
)
@pytest.mark.parametrize("action", ["accept", "done"])
def test_a_link_that_came_too_late_says_so(browser: Browser, stands: Any, says: str, action: Action) -> None:
    """A link does not move a ticket that is closed, withdrawn or with the desk, and the page says which it is."""
    ticket = browser.open_ticket(status=stands)
    before = browser.items()
    for status, page in (browser.get(link_of(ticket, action)), browser.post(link_of(ticket, action))):
        assert status == 410
        assert says in words(page)
    assert browser.items() == before


def test_links_that_are_none_have_pages_of_their_own(browser: Browser) -> None:
    """Expired, forged, cut-off links and links to unknown tickets each say what is wrong and what to do."""
    ticket = browser.open_ticket()
    good = link_of(ticket, "accept")
    old = a_link(ticket.code, "dishub", "accept", now() - LIFETIME)
    nothing = a_link("SLM-000000", "dishub", "accept", now())
    forged = good[:-1] + ("A" if good[-1] != "A" else "E")
    found = [browser.get(link) for link in (old, forged, good[:40], nothing)]
    assert [status for status, _ in found] == [410, 400, 400, 410]
    titles = [words(page) for _, page in found]
    for told, page in zip(("kedaluwarsa", "tidak sah", "tidak lengkap", "tidak ditemukan"), titles, strict=True):
        assert told in page
    assert browser.get("")[0] == 400


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"note": "a" * 501}, "paling banyak 500"),
        ({"photo": "http://foto.example/1.jpg"}, "https://"),
        ({"photo": "javascript:alert(1)"}, "https://"),
        ({"photo": "https://orang@foto.example/1.jpg"}, "https://"),
        ({"photo": "https://foto.example/081234567890.jpg"}, "https://"),
        ({"department": "tidak_ada"}, "dari daftar"),
        ({"department": "dishub"}, "dari daftar"),
        ({"department": DESK}, "dari daftar"),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_lost(browser: Browser, fields: dict[str, str], says: str) -> None:
    """The form comes back with what was filled in, and the ticket stays where it is."""
    ticket = browser.open_ticket()
    before = browser.items()
    status, page = browser.post(link_of(ticket, "not_ours"), **{"note": "catatan saya"} | fields)
    assert status == 400
    assert says in words(page)
    assert ("catatan saya" in page) == ("note" not in fields)
    assert browser.items() == before


def test_what_happened_since_the_page_was_made_is_shown_first(browser: Browser) -> None:
    """A page from yesterday does nothing to a ticket whose history has changed since; the note is kept."""
    ticket = browser.open_ticket()
    link = link_of(ticket, "not_ours")
    _, page = browser.get(link)
    browser.post(link_of(ticket, "accept"))
    status, told = browser.post(link, page, note="bukan kami")
    assert status == 409
    assert "bukan kami" in told
    assert browser.ticket(ticket.code).status == "accepted"
    assert browser.post(link, told)[0] == 200


def test_a_body_that_is_no_form_is_answered(browser: Browser) -> None:
    """A body that is too large or is no text gets a page and changes nothing."""
    ticket = browser.open_ticket()
    link = link_of(ticket, "accept")
    assert browser.get(link, "POST", "note=" + "a" * 10_000)[0] == 413
    assert browser.get(link, "POST", "&".join(f"a{number}=1" for number in range(50)))[0] == 400
    assert browser.get(link, "POST", None)[0] == 200
    assert browser.ticket(ticket.code).status == "routed"


def test_of_a_confidential_ticket_only_topic_and_place_are_shown(browser: Browser) -> None:
    """The page shows neither the post's text nor the department's name, even after a refusal."""
    ticket = browser.open_ticket(department="inspektorat", post={"text": f"Lurah minta uang {CANARY}"})
    _, page = browser.get(link_of(ticket, "accept"))
    assert CANARY not in page
    assert "bersifat rahasia" in page
    assert "Condongcatur" in page
    browser.post(link_of(ticket, "not_ours"), department="dpmk")
    assert browser.ticket(ticket.code).department == "dpmk"
    assert CANARY not in browser.get(link_of(ticket, "accept", "dpmk"))[1]


def test_what_was_deleted_at_its_source_is_not_shown_and_can_be_finished(browser: Browser) -> None:
    """The text is gone, but the ticket can still be accepted, or refused without an example."""
    ticket = browser.open_ticket()
    DynamoTicketStore(browser.table).write(
        moves.erased(
            browser.stored_post(ticket), ticket, an_event(ticket=ticket.code, move="source_gone"), "gone", NOON
        )
    )
    assert "telah dihapus" in browser.get(link_of(ticket, "accept"))[1]
    assert browser.post(link_of(ticket, "accept"))[0] == 200
    assert browser.post(link_of(ticket, "not_ours"), department="dlh")[0] == 200
    assert DynamoExampleStore(browser.table).get(ticket) is None


def test_a_post_that_is_being_decided_anew_waits(browser: Browser) -> None:
    """A ticket cannot be refused while its post is being decided again; a few minutes later it can."""
    ticket = browser.open_ticket()
    DynamoPostStore(browser.table).revise(a_post(native_id="1", text="Dua lampu yang mati", fetched_at=NOON))
    assert browser.post(link_of(ticket, "not_ours"), department="dlh")[0] == 409
    assert browser.ticket(ticket.code).department == "dishub"


def test_every_page_is_closed_to_scripts_frames_caches_and_search_engines(browser: Browser) -> None:
    """No page loads or runs anything, can be framed or cached, or reveals its address."""
    ticket = browser.open_ticket(post={"text": '<script>alert("x")</script><img src=//jahat.example>'})
    browser.get(link_of(ticket, "accept"))
    browser.get("bukan-tautan")
    browser.post(link_of(ticket, "done"), note='"><script>alert(1)</script>', photo='https://x.example/"onerror=1')
    for answer in browser.answers:
        headers = answer["headers"]
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        assert "noindex" in headers["X-Robots-Tag"]
        assert headers["Content-Type"] == "text/html; charset=utf-8"
        tags = Tags()
        tags.feed(answer["body"])
        assert not tags.met & {"script", "img", "link", "iframe", "object", "base"}
        assert not {name for name in tags.attributes if name == "src" or name.startswith("on")}


def test_the_log_names_codes_and_nothing_else(browser: Browser, capsys: pytest.CaptureFixture[str]) -> None:
    """The log names the ticket, the action and the outcome, but no link and nothing that anybody wrote."""
    ticket = browser.open_ticket(post={"text": f"Lampu mati {CANARY}"})
    link = link_of(ticket, "accept")
    browser.post(link, note=CANARY, photo=f"https://foto.example/{CANARY}")
    log = browser.log.getvalue()
    assert link not in log
    assert link.partition(".")[2] not in log
    assert CANARY not in log
    entries = [json.loads(line) for line in log.splitlines() if '"outcome"' in line]
    assert [(entry["outcome"], entry["ticket"], entry["action"]) for entry in entries] == [
        ("shown", ticket.code, "accept"),
        ("recorded", ticket.code, "accept"),
    ]
    measured = capsys.readouterr().out
    assert '"TicketAccepted"' in measured
    assert CANARY not in measured


def test_our_own_fault_is_a_page_too(browser: Browser) -> None:
    """When the table cannot be reached, the page says that nothing was written."""
    ticket = browser.open_ticket()
    with mock.patch.object(DynamoTicketStore, "get", side_effect=RuntimeError(CANARY)):
        status, page = browser.get(link_of(ticket, "accept"))
    assert (status, "Belum ada yang dicatat" in words(page)) == (500, True)
    assert '"failed"' in browser.log.getvalue()
    assert CANARY not in browser.log.getvalue()


presses = st.lists(
    st.tuples(
        st.sampled_from(["accept", "done", "not_ours"]),
        st.sampled_from(["dishub", "dlh", "dpupkp", "inspektorat"]),
        st.sampled_from(["", "dlh", "dpupkp", "pln"]),
        st.sampled_from(["fresh", "stale", "double", "race"]),
        st.booleans(),
    ),
    max_size=7,
)


@given(presses)
@settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow])
def test_any_sequence_of_links_keeps_the_books(sequence: list[tuple[Any, str, str, str, bool]]) -> None:
    """Fresh, stale, double and racing presses of any links, with mails sent in between, keep what must always hold.

    The counters are what a recount finds; the history only grows and every move in it is whitelisted; each department
    has one notice, and one that was sent stays so.
    """
    with deployment() as deployed:
        browser = a_browser(deployed)
        ticket = browser.open_ticket()
        stale = {action: browser.get(link_of(ticket, action))[1] for action in ("accept", "done", "not_ours")}
        past: list[Event] = browser.history(ticket.code)
        sent: set[str] = set()
        for action, department, named, how, delivered in sequence:
            link = link_of(ticket, action, department)
            page = stale[action] if how == "stale" else browser.get(link)[1]
            fields = {"department": named} if named != department else {}
            if how == "race":
                moved = racing(browser, ticket)
                with mock.patch.object(DynamoTicketStore, "history", moved):
                    browser.post(link, page, **fields)
            else:
                browser.post(link, page, **fields)
            if how == "double":
                browser.post(link, page, **fields)
            if delivered:
                browser.send(ticket.code)
            history = browser.history(ticket.code)
            assert history[: len(past)] == past
            past = history
            notices = browser.notices(ticket.code)
            assert all(notices[key] == "sent" for key in sent)
            sent |= {key for key, state in notices.items() if state == "sent"}
        check_books(browser, ticket, past)


def racing(browser: Browser, ticket: Ticket) -> Any:
    """A replacement for reading the history: once, somebody else accepts the ticket right after it."""
    read = DynamoTicketStore.history
    raced: list[bool] = []

    def history(store: DynamoTicketStore, code: str) -> list[Event]:
        found = read(store, code)
        before = browser.ticket(ticket.code)
        if not raced and "accepted" in MOVES[before.status]:
            after = before.model_copy(update={"status": "accepted", "version": before.version + 1})
            event = an_event(ticket=code, move="accepted", at=now(), by="tautan:lain")
            store.write(moves.moved(before, after, at=event.at, notices=(), event=event))
        raced.append(True)
        return found

    return history


def check_books(browser: Browser, ticket: Ticket, history: list[Event]) -> None:
    """Recount everything, and follow the history along the whitelist."""
    stored = browser.ticket(ticket.code)
    moves: list[Any] = [event.move for event in history]
    for before, after in pairwise(moves):
        assert after in MOVES[before], moves
    assert moves[-1] == stored.status
    tallies = Statistics(browser.table).count([month_of(NOON)], "department")
    tickets = {code: tally.tickets for code, tally in tallies.items() if tally.tickets}
    assert tickets == {stored.department: 1}
    assert {s: n for tally in tallies.values() for s, n in tally.statuses.items() if n} == {stored.status: 1}
    misroutes = Counter({code: tally.misroutes for code, tally in tallies.items() if tally.misroutes})
    assert misroutes == Counter(stored.refused_by)
    refusals = [event.by for event in history if event.move == "not_ours"]
    assert refusals == [f"tautan:{code}" for code in stored.refused_by]
    stored_notices = notices_of(browser.table, ticket.code)
    told = Counter((notice.department, notice.medium) for notice in stored_notices if notice.step is None)
    assert set(told.values()) == {1}, "a department was told twice"
    # Whoever has it now is told, and whoever refused it was; nobody else is.
    assert {department for department, _ in told} == {stored.department, *stored.refused_by, ticket.department}
