"""Corrections through the deployed API: each is applied once, recorded once, and kept for training."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from types import ModuleType
from typing import Any
from unittest import mock

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.example import Label
from aduan.notice import Notice
from aduan.post import Post
from aduan.record import month_of
from aduan.store.examples import DynamoExampleStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.statistics import Statistics
from aduan.store.table import Table
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from tests import moves
from tests.admin_requests import ADMIN, DISHUB, an_admin_request
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.canaries import some_canaries
from tests.codes import ticket_code
from tests.deployment import Deployment, deployment
from tests.table import everything, notices_of

JUDGED = a_triage(
    report_probability=0.98,
    guess="dishub",
    confidence=0.9312,
    runner_up_probability=0.0411,
    decided_by="model 0123456789ab/ba9876543210/abcdefabcdef",
)


@dataclass
class Api:
    """The deployed handler and its table."""

    module: ModuleType
    table: Table
    last: dict[str, dict[str, Any]] = field(default_factory=dict)
    """The last body sent about each ticket."""

    def __call__(
        self,
        method: str,
        path: str,
        body: object = None,
        claims: Mapping[str, Any] | None = ADMIN,
        query: Mapping[str, str] | None = None,
    ) -> tuple[int, dict[str, Any]]:
        """Send one request as API Gateway would; return status and body."""
        answer = self.module.handler(an_admin_request(method, path, claims, query, body), None)
        return answer["statusCode"], json.loads(answer["body"])

    def correct(self, code: str, claims: Mapping[str, Any] = ADMIN, **body: Any) -> tuple[int, dict[str, Any]]:
        """Correct a ticket."""
        self.last[code] = body
        return self("POST", f"/tickets/{code}/correction", body, claims)

    def open_ticket(self, number: int = 1, **changes: Any) -> Ticket:
        """A ticket with everything that belongs to it."""
        post = a_post(native_id=str(number))
        ticket = a_ticket(code=ticket_code(post.key), post=post.key, **changes)
        DynamoPostStore(self.table).add(post)
        notice = a_notice(ticket=ticket.code, department=ticket.department)
        event = an_event(ticket=ticket.code)
        DynamoTicketStore(self.table).write(moves.opened(post, JUDGED, ticket, [notice], [event]))
        return ticket

    def ticket(self, code: str) -> Ticket:
        """As stored."""
        ticket = DynamoTicketStore(self.table).get(code)
        assert ticket is not None
        return ticket

    def post(self, ticket: Ticket) -> Post:
        """The one that opened it, as stored."""
        post = DynamoPostStore(self.table).get(ticket.post)
        assert post is not None
        return post

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        return everything(self.table)

    def send(self, code: str) -> None:
        """Send the pending notices of a ticket, as `notify` does."""
        store = DynamoNoticeStore(self.table)
        for notice in notices_of(self.table, code):
            if notice.state == "pending":
                claimed = store.claim(notice, "run-1", NOON, "x@sleman.example", "dishub")
                store.sent(claimed, "message-1", NOON)


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table)


def test_a_correction_moves_the_ticket_and_says_by_whom(api: Api) -> None:
    """The answer is the new ticket; history, notices, counters and example are written in one transaction."""
    ticket = api.open_ticket()
    status, body = api.correct(
        ticket.code, topic="sampah_lingkungan", department="dlh", note="hubungi 081234567890", version=1
    )
    assert (status, body["changed"]) == (200, True)
    assert (body["ticket"]["department"], body["ticket"]["topic"], body["ticket"]["version"]) == (
        "dlh",
        "sampah_lingkungan",
        2,
    )
    event = body["history"][-1]
    assert (event["by"], event["move"]) == ("admin-1", "routed")
    assert "Catatan: hubungi [telepon]" in event["why"]
    assert {(notice["department"], notice["state"]) for notice in body["notices"]} == {
        ("dishub", "withdrawn"),
        ("dlh", "pending"),
    }
    counted = Statistics(api.table).count(["2026-11"], "department")
    assert {name: tally.tickets for name, tally in counted.items()} == {"dishub": 0, "dlh": 1}
    example = DynamoExampleStore(api.table).get(ticket)
    assert example is not None
    assert (example.label, example.decision) == (Label(topic="sampah_lingkungan", department="dlh"), JUDGED)


def test_an_address_is_not_written_into_the_history(api: Api) -> None:
    """An admin who signs in with a mail address is named by the pool's own id."""
    ticket = api.open_ticket()
    api.correct(ticket.code, {**ADMIN, "cognito:username": "budi@slemankab.go.id"}, is_report=False, version=1)
    assert "budi" not in json.dumps(api.items(), default=str)
    assert api("GET", f"/tickets/{ticket.code}")[1]["history"][-1]["by"] == "sub-admin"


def test_a_lost_reply_is_repeated_without_harm(api: Api) -> None:
    """The same request again answers the same, and leaves the table as it is, example and history included."""
    ticket = api.open_ticket()
    _, first = api.correct(ticket.code, department="dlh", version=1)
    before = api.items()
    status, again = api.correct(ticket.code, department="dlh", version=1)
    assert (status, again) == (200, {**first, "changed": False})
    assert api.items() == before


def test_two_admins_at_once_are_told(api: Api) -> None:
    """An admin who saw a version that another has corrected gets 409 with a sentence, and nothing is written."""
    ticket = api.open_ticket()
    api.correct(ticket.code, department="dlh", version=1)
    before = api.items()
    status, body = api.correct(ticket.code, department="dpupkp", version=1)
    assert (status, body["error"]["code"], body["error"]["field"]) == (409, "outdated", "version")
    assert "Muat ulang" in body["error"]["message"]
    assert api.items() == before


def test_a_notice_that_is_being_sent_does_not_stop_a_correction(api: Api) -> None:
    """When a sender claims the notice at this moment, the correction leaves it alone, and it is sent once."""
    ticket = api.open_ticket()
    store = DynamoTicketStore._notices  # noqa: SLF001 # between its reading and its writing somebody claims

    def claimed_meanwhile(self: DynamoTicketStore, code: str) -> list[Notice]:
        found = store(self, code)
        if any(notice.state == "pending" for notice in found):
            api.send(code)
        return found

    with mock.patch.object(DynamoTicketStore, "_notices", claimed_meanwhile):
        status, body = api.correct(ticket.code, department="dlh", version=1)
    assert (status, body["changed"]) == (200, True)
    assert {(notice["department"], notice["state"]) for notice in body["notices"]} == {
        ("dishub", "sent"),
        ("dlh", "pending"),
    }


@pytest.mark.parametrize(
    ("body", "status", "name"),
    [
        ({"version": 1}, 400, "topic"),
        ({"topic": "jalan"}, 400, "version"),
        ({"topic": "jalan", "version": "1"}, 400, "version"),
        ({"topic": "nirwana", "version": 1}, 400, "topic"),
        ({"department": "nirwana", "version": 1}, 400, "department"),
        ({"kind": "nirwana", "version": 1}, 400, "kind"),
        ({"urgency": "nirwana", "version": 1}, 400, "urgency"),
        ({"is_report": True, "version": 1}, 400, "is_report"),
        ({"is_report": 0, "version": 1}, 400, "is_report"),
        ({"is_report": False, "topic": "jalan", "version": 1}, 400, "is_report"),
        ({"topic": "jalan", "note": "x" * 501, "version": 1}, 400, "note"),
        ({"topic": "jalan", "version": 1, "status": "closed"}, 400, "status"),
        ({"topic": "jalan", "version": 1, "note": "x" * 9000}, 413, "body"),
        (["topic"], 400, "body"),
    ],
)
def test_a_wrong_correction_names_its_field(api: Api, body: Any, status: int, name: str) -> None:
    """A misspelt, unknown, contradictory or too long value is refused with a sentence, and changes nothing."""
    ticket = api.open_ticket()
    before = api.items()
    got, answer = api("POST", f"/tickets/{ticket.code}/correction", body)
    assert (got, answer["error"]["field"]) == (status, name)
    assert answer["error"]["message"].endswith(".")
    assert api.items() == before


def test_only_admins_correct_and_read_corrections(api: Api) -> None:
    """A department gets 403 even for its own ticket, and nobody without a token gets anything."""
    ticket = api.open_ticket()
    path = f"/tickets/{ticket.code}/correction"
    body = {"department": "dlh", "version": 1}
    for method, where in (("POST", path), ("GET", "/examples")):
        assert api(method, where, body, DISHUB)[0] == 403
        assert api(method, where, body, None)[0] == 401
    assert api.ticket(ticket.code) == ticket


def test_what_is_not_there_cannot_be_corrected(api: Api) -> None:
    """An unknown code is 404, another method 405."""
    assert api("POST", "/tickets/SLM-000000/correction", {"topic": "jalan", "version": 1})[0] == 404
    assert api("GET", "/tickets/SLM-000000/correction")[0] == 405


def test_a_deleted_post_takes_its_example_with_it(api: Api) -> None:
    """Text that its author deleted is gone everywhere, including the examples for training; the history says so."""
    ticket = api.open_ticket()
    api.correct(ticket.code, department="dlh", version=1)
    moved = api.ticket(ticket.code)
    event = an_event(ticket=ticket.code, move="source_gone", by="poll_channels")
    DynamoTicketStore(api.table).write(moves.erased(api.post(ticket), moved, event, "dihapus di kanal asalnya", NOON))
    _, body = api("GET", f"/tickets/{ticket.code}")
    assert "Dihapus di kanal asalnya" in [step["move_label"] for step in body["history"]]
    assert api("GET", "/examples", query={"month": "2026-11"})[1]["examples"] == []
    assert a_post().text not in json.dumps(api.items(), default=str)


def test_examples_are_listed_in_pages(api: Api) -> None:
    """Each example is listed once with the classifier's and the person's labels, and nothing about the author."""
    codes = set()
    for number in range(5):
        ticket = api.open_ticket(number)
        api.correct(ticket.code, department="dlh", version=1)
        codes.add(ticket.code)
    found: list[dict[str, Any]] = []
    cursor: dict[str, str] = {}
    while True:
        status, body = api("GET", "/examples", query={"month": "2026-11", "limit": "2", **cursor})
        assert (status, body["month"]) == (200, "2026-11")
        found += body["examples"]
        if body["next_cursor"] is None:
            break
        cursor["cursor"] = body["next_cursor"]
    assert {example["ticket"] for example in found} == codes
    assert len(found) == len(codes)
    [shown] = [example for example in found if example["ticket"] == min(codes)]
    assert shown["text"] == a_post().text
    assert (shown["said"]["department"], shown["said"]["department_name"]) == ("dlh", "Dinas Lingkungan Hidup")
    assert (shown["decision"]["guess"], shown["decision"]["confidence"]) == ("dishub", 0.9312)
    assert (shown["confirmed"], shown["link_of"]) == (True, None)
    assert set(shown) == {"ticket", "at", "at_wib", "text", "said", "decision", "confirmed", "link_of"}
    assert api("GET", "/examples", query={"month": "2026-10"})[1]["examples"] == []
    assert api("GET", "/examples")[1]["month"] == month_of(datetime.now(UTC))
    for name, value in (("month", "2026"), ("cursor", "bukan"), ("urut", "x")):
        status, body = api("GET", "/examples", query={name: value})
        assert (status, body["error"]["field"]) == (400, name)


def test_a_ticket_explains_itself(api: Api) -> None:
    """A ticket shows how sure the classifier was, the alternatives, the decisive words, and the hashes."""
    ticket = api.open_ticket()
    _, body = api("GET", f"/tickets/{ticket.code}")
    for decision in (body["decision"], body["voices"][0]["decision"]):
        assert (decision["report_probability"], decision["confidence"]) == (0.98, 0.9312)
        assert (decision["guess"], decision["guess_name"]) == ("dishub", "Dinas Perhubungan")
        assert (decision["runner_up"], decision["runner_up_probability"]) == ("dpupkp", 0.0411)
        assert decision["runner_up_name"].startswith("Dinas Pekerjaan Umum")
        assert decision["reasons"] == list(JUDGED.reasons)
        assert decision["decided_by"] == JUDGED.decided_by


def test_a_note_keeps_no_personal_number(api: Api) -> None:
    """Personal data that an admin copies into a note is masked like a citizen's."""
    ticket = api.open_ticket()
    for version, canary in enumerate(some_canaries(Random(7)), start=1):  # noqa: S311 # no secret depends on it
        department = ("dlh", "dishub")[version % 2 == 0]
        status, _ = api.correct(ticket.code, department=department, note=canary.written, version=version)
        assert status == 200
        assert not canary.found_in(json.dumps(api.items(), default=str, ensure_ascii=False))


# ------------------------------------------------------------------------------------------ whatever people do


words = st.fixed_dictionaries(
    {},
    optional={
        "topic": st.sampled_from(["jalan", "penerangan_jalan", "sampah_lingkungan"]),
        "department": st.sampled_from(["dishub", "dlh", "pln", "desk"]),
        "urgency": st.sampled_from(["normal", "emergency"]),
        "kind": st.sampled_from(["complaint", "request"]),
    },
)
steps = st.tuples(
    st.integers(0, 1),
    st.one_of(
        st.tuples(st.just("correct"), words, st.integers(0, 2)),
        st.tuples(st.just("correct"), st.just({"is_report": False}), st.integers(0, 2)),
        st.tuples(st.just("repeat"), st.just({}), st.just(0)),
        st.tuples(st.just("send"), st.just({}), st.just(0)),
    ),
)


@given(st.lists(steps, max_size=10))
@settings(max_examples=15)
def test_whatever_people_correct_everything_stays_in_step(
    plan: list[tuple[int, tuple[str, dict[str, Any], int]]],
) -> None:
    """Counters are what a recount says, each department has one notice by a medium, each post one last word.

    Among the corrections are repeated ones, ones on a version that another has changed, and notices that are sent in
    between.
    """
    with deployment() as deployed:
        api = Api(deployed("AdminApi"), deployed.table)
        codes = [api.open_ticket(0).code, api.open_ticket(1, department="desk", status="needs_review").code]
        said: dict[str, Label] = {}
        for place, (what, words_said, behind) in plan:
            code = codes[place]
            if what == "send":
                api.send(code)
                continue
            before = api.ticket(code)
            version = max(1, before.version - behind)
            body = api.last.get(code, {}) if what == "repeat" else {**words_said, "version": version}
            status, answer = api.correct(code, **body)
            assert status in {200, 400, 409}
            changed = status == 200 and answer["changed"]
            assert (api.ticket(code) != before) == changed
            assert not (changed and body["version"] != before.version)
            if changed:
                said[code] = last_word(said.get(code), body)
        tickets = [api.ticket(code) for code in codes]
        recounted(api, tickets)
        notices = [item for item in api.items() if item["sk"].startswith("NOTICE#")]
        assert Counter((item["pk"], item["department"], item["medium"]) for item in notices) == Counter(
            {(item["pk"], item["department"], item["medium"]) for item in notices}
        )
        everybody_knows(tickets, notices)
        examples, _ = DynamoExampleStore(api.table).page("2026-11", 100)
        assert {example.ticket: example.label for example in examples} == said
        assert len(examples) == len(said)


def last_word(before: Label | None, body: Mapping[str, Any]) -> Label:
    """The label that a person has given, after this correction."""
    if body.get("is_report") is False:
        return Label(is_report=False)
    named = {name: body[name] for name in ("topic", "department", "kind", "urgency") if name in body}
    if named.get("department") == "desk":
        named["department"] = None
    return (before if before is not None and before.is_report else Label()).model_copy(update=named)


def recounted(api: Api, tickets: list[Ticket]) -> None:
    """Check that the counters agree with a count of the tickets."""
    by: dict[Any, Any] = {"topic": lambda it: it.topic, "department": lambda it: it.department}
    for grouping, group in by.items():
        counted = Statistics(api.table).count(["2026-11"], grouping)
        figures = {name: tally.tickets for name, tally in counted.items() if tally.tickets}
        assert figures == Counter(group(ticket) for ticket in tickets)
        statuses = {
            (name, status): number
            for name, tally in counted.items()
            for status, number in tally.statuses.items()
            if number
        }
        assert statuses == Counter((group(ticket), ticket.status) for ticket in tickets)


def everybody_knows(tickets: list[Ticket], notices: list[dict[str, Any]]) -> None:
    """Check that the department that has a ticket was or will be told, and that no other department will be."""
    for ticket in tickets:
        mails = {item["department"]: item["state"] for item in notices if item["pk"] == f"TICKET#{ticket.code}"}
        waiting = {department for department, state in mails.items() if state == "pending"}
        if ticket.status == "rejected":
            assert not waiting
        else:
            assert mails[ticket.department] in {"pending", "sent"}
            assert waiting <= {ticket.department}
