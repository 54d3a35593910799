"""Lists for people: every ticket once, in order, at a cost that does not grow with the table."""

from __future__ import annotations

import functools
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any, get_args
from unittest import mock

import boto3
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from aduan.channel import Run
from aduan.store import ticket_reading
from aduan.store.channels import DynamoChannelStore
from aduan.store.ledger import LedgerReading
from aduan.store.pages import CursorError
from aduan.store.posts import DynamoPostStore
from aduan.store.statistics import Statistics
from aduan.store.table import Table, ticket_key, to_image, values
from aduan.store.ticket_reading import EVALUATED, TicketQuery, TicketReading
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Status, Ticket
from aduan.triage import Place
from tests import moves
from tests.builders import NOON, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.table import create_table

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

MINUTE = timedelta(minutes=1)
STATUSES: tuple[Status, ...] = get_args(Status)
PLACES = (Place(kapanewon="Depok", kalurahan="Condongcatur"), Place(kapanewon="Ngaglik"), None)


@functools.cache
def client() -> DynamoDBClient:
    """One client for all examples, because making one takes longer than most examples."""
    return boto3.client("dynamodb")


@pytest.fixture
def table() -> Iterator[Table]:
    with mock_aws():
        yield create_table()


def open_ticket(table: Table, number: int, **changes: Any) -> Ticket:
    """Open a ticket the way classify does: the post first, then all the rest in one transaction."""
    post = a_post(native_id=str(number), channel=changes.get("channel", "instagram:kabarsleman"))
    opened_at = changes.setdefault("opened_at", NOON + number * MINUTE)
    ticket = a_ticket(**{"code": ticket_code(post.key), "post": post.key, **changes})
    DynamoPostStore(table).add(post)
    notice = a_notice(ticket=ticket.code, department=ticket.department)
    event = an_event(ticket=ticket.code, at=opened_at)
    DynamoTicketStore(table).write(moves.opened(post, a_triage(), ticket, [notice], [event]))
    return ticket


def walk(table: Table, query: TicketQuery, limit: int) -> list[Ticket]:
    """Follow the cursor to the end."""
    found: list[Ticket] = []
    after: str | None = None
    while True:
        tickets, after = TicketReading(table).list_tickets(query, limit, after)
        assert len(tickets) <= limit
        found += tickets
        if after is None:
            return found


def newest_first(tickets: list[Ticket]) -> list[Ticket]:
    return sorted(tickets, key=lambda ticket: (ticket.opened_at, ticket.code), reverse=True)


def matches(ticket: Ticket, query: TicketQuery) -> bool:
    """Tell in plain Python whether a ticket matches the query."""
    place = ticket.place or Place()
    return (
        query.status in {None, ticket.status}
        and query.department in {None, ticket.department}
        and query.topic in {None, ticket.topic}
        and query.channel in {None, ticket.channel}
        and query.place in {None, place.kapanewon, place.kalurahan}
        and (query.since is None or ticket.opened_at >= query.since)
        and (query.before is None or ticket.opened_at < query.before)
    )


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


departments = st.sampled_from(["dishub", "dlh"])
topics = st.sampled_from(["penerangan_jalan", "sampah"])
channels = st.sampled_from(["instagram:kabarsleman", "facebook_page:pemkabsleman"])
moments = st.integers(0, 6).map(lambda minutes: NOON + minutes * MINUTE)
stored = st.lists(
    st.fixed_dictionaries(
        {
            "status": st.sampled_from(STATUSES),
            "department": departments,
            "topic": topics,
            "channel": channels,
            "place": st.sampled_from(PLACES),
            "opened_at": moments,
        }
    ),
    max_size=8,
)
queries = st.builds(
    TicketQuery,
    status=maybe(st.sampled_from(STATUSES)),
    department=maybe(departments),
    topic=maybe(topics),
    channel=maybe(channels),
    place=maybe(st.sampled_from(["Depok", "Condongcatur", "Ngaglik"])),
    since=maybe(moments),
    before=maybe(moments),
)


def test_paging_visits_every_ticket_once(table: Table) -> None:
    """Under any filter, page size and bound, the pages together are the matching tickets, newest first, each once."""
    chosen = random.Random(7)  # noqa: S311 # which tickets there are is no secret
    tickets = [
        open_ticket(
            table,
            number,
            status=chosen.choice(STATUSES),
            department=chosen.choice(["dishub", "dlh"]),
            topic=chosen.choice(["penerangan_jalan", "sampah"]),
            channel=chosen.choice(["instagram:kabarsleman", "facebook_page:pemkabsleman"]),
            place=chosen.choice(PLACES),
            opened_at=NOON + chosen.randrange(7) * MINUTE,  # several in the same moment
        )
        for number in range(20)
    ]

    @settings(max_examples=80)
    @example(TicketQuery(), 1, 10)
    @given(queries, st.integers(1, 6), st.integers(10, 40))
    def holds(query: TicketQuery, limit: int, evaluated: int) -> None:
        with mock.patch.object(ticket_reading, "EVALUATED", evaluated):
            expected = newest_first([ticket for ticket in tickets if matches(ticket, query)])
            assert walk(table, query, limit) == expected

    holds()


def test_a_ticket_that_moves_on_between_pages_is_seen_once(table: Table) -> None:
    """The cursor is a point in time: a change of status between two pages neither repeats nor hides a ticket."""
    tickets = newest_first([open_ticket(table, number, status="routed") for number in range(6)])
    first, after = TicketReading(table).list_tickets(TicketQuery(), 2)
    for code, status in ((tickets[0].code, "accepted"), (tickets[2].code, "accepted"), (tickets[4].code, "closed")):
        table.client.update_item(
            TableName=table.name,
            Key=to_image(ticket_key(code)),
            UpdateExpression="SET #status = :status",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues=values(status=status),
        )
    rest: list[Ticket] = []
    while after is not None:
        page, after = TicketReading(table).list_tickets(TicketQuery(), 2, after)
        rest += page
    assert [ticket.code for ticket in (*first, *rest)] == [ticket.code for ticket in tickets]


def test_neighbours_of_one_moment_are_told_apart(table: Table) -> None:
    """Tickets of the same moment whose codes differ only in the last letter each come once."""
    codes = ["SLM-00000Z", "SLM-00000B", "SLM-00000A", "SLM-000009", "SLM-000000"]
    for number, code in enumerate(codes):
        open_ticket(table, number, code=code, opened_at=NOON)
    assert [ticket.code for ticket in walk(table, TicketQuery(), 1)] == codes


def test_a_full_page_says_whether_there_is_more(table: Table) -> None:
    """Without a filter beyond the index, the last page has no cursor, even when it is exactly full."""
    for number in range(4):
        open_ticket(table, number, status="routed")
    for query in (TicketQuery(), TicketQuery(status="routed"), TicketQuery(department="dishub")):
        _, after = TicketReading(table).list_tickets(query, 2)
        assert after is not None
        page, end = TicketReading(table).list_tickets(query, 2, after)
        assert len(page) == 2
        assert end is None


@given(st.text(max_size=80) | st.text(alphabet="ABCDEFabcdef0123456789-_", min_size=50, max_size=60))
def test_an_invented_cursor_is_refused(text: str) -> None:
    """Any text that is no cursor raises `CursorError`, and never another error."""
    with pytest.raises(CursorError):
        TicketReading(Table(client(), "none")).list_tickets(TicketQuery(), 1, text)


def test_a_changed_cursor_is_refused(table: Table) -> None:
    """A cursor with any one character changed is refused."""
    for number in range(2):
        open_ticket(table, number)
    _, cursor = TicketReading(table).list_tickets(TicketQuery(), 1)
    assert cursor is not None
    assert cursor.replace("-", "").replace("_", "").isalnum()
    for place, letter in enumerate(cursor):
        changed = cursor[:place] + ("A" if letter != "A" else "B") + cursor[place + 1 :]
        with pytest.raises(CursorError):
            TicketReading(table).list_tickets(TicketQuery(), 1, changed)


class Calls:
    """The requests that the client really sent to DynamoDB."""

    def __init__(self, table: Table) -> None:
        self.operations: list[str] = []
        self.limits: list[int] = []
        self.evaluated = 0
        events = table.client.meta.events
        events.register("provide-client-params.dynamodb", self._asked)
        events.register("after-call.dynamodb.Query", self._answered)

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self.operations.append(model.name)
        if model.name == "Query":
            self.limits.append(params.get("Limit", 10**9))

    def _answered(self, parsed: dict[str, Any], **_: Any) -> None:
        self.evaluated += parsed["ScannedCount"]


def test_a_list_request_is_bounded(table: Table) -> None:
    """A request makes at most one query per status and evaluates at most the bound, however much is stored."""
    bound = 20
    for number in range(bound + 12):
        open_ticket(table, number, status=("routed", "closed")[number % 2])
    asked = [
        TicketQuery(),
        TicketQuery(status="routed"),
        TicketQuery(department="dishub"),
        TicketQuery(department="dishub", status="closed"),
        TicketQuery(topic="sampah"),
        TicketQuery(place="Turi", since=NOON, before=NOON + timedelta(days=9)),
    ]
    with mock.patch.object(ticket_reading, "EVALUATED", bound):
        for query in asked:
            calls = Calls(table)
            TicketReading(table).list_tickets(query, 100)
            assert set(calls.operations) == {"Query"}
            assert len(calls.operations) <= len(STATUSES)
            assert sum(calls.limits) <= bound
            assert 0 < calls.evaluated <= bound


def test_the_bound_leaves_something_for_each_status() -> None:
    """The bound is divided among the queries, one per status, and each gets a useful share."""
    assert EVALUATED // len(STATUSES) >= 20


def test_reading_never_scans(table: Table) -> None:
    """No way of reading scans the table, and each costs a known number of requests."""
    ticket = open_ticket(table, 1)
    calls = Calls(table)
    read = TicketReading(table)
    read.list_tickets(TicketQuery(), 20)
    read.ticket_detail(ticket.code)
    Statistics(table).count(["2026-10", "2026-11"], "topic")
    LedgerReading(table).channel_state("instagram:kabarsleman")
    assert set(calls.operations) == {"Query", "GetItem", "BatchGetItem"}
    assert len(calls.operations) == len(STATUSES) + 2 + 2 * 8 + 3


def test_a_ticket_comes_with_all_that_belongs_to_it(table: Table) -> None:
    """One ticket is shown with its events, notices, voices and their posts; an unknown one is None."""
    ticket = open_ticket(table, 1)
    detail = TicketReading(table).ticket_detail(ticket.code)
    assert detail is not None
    assert detail.ticket == ticket
    assert [event.move for event in detail.events] == ["opened"]
    assert [notice.key for notice in detail.notices] == ["dishub#email"]
    assert [voice.post for voice in detail.voices] == [ticket.post]
    assert detail.posts[ticket.post].text == a_post().text
    assert TicketReading(table).ticket_detail("SLM-000000") is None


def test_a_voice_whose_post_is_gone_is_still_a_voice(table: Table) -> None:
    """A post deleted at its source takes its text with it, but the voice stays."""
    ticket = open_ticket(table, 1)
    table.client.delete_item(TableName=table.name, Key=to_image({"pk": f"POST#{ticket.post}", "sk": "POST"}))
    detail = TicketReading(table).ticket_detail(ticket.code)
    assert detail is not None
    assert len(detail.voices) == 1
    assert detail.posts == {}


@settings(max_examples=10, suppress_health_check=[HealthCheck.too_slow])
@given(stored)
def test_figures_agree_with_the_tickets(wanted: list[dict[str, Any]]) -> None:
    """However they are grouped, the counters add up to the tickets that were opened."""
    with mock_aws():
        table = create_table(client())
        tickets = [open_ticket(table, number, **changes) for number, changes in enumerate(wanted)]
        read = Statistics(table)
        for by in ("channel", "topic", "department", "status"):
            expected: dict[str, int] = {}
            for ticket in tickets:
                expected[getattr(ticket, by)] = expected.get(getattr(ticket, by), 0) + 1
            tallies = read.count(["2026-11"], by)
            assert {group: tally.tickets for group, tally in tallies.items()} == expected
            assert all(sum(tally.statuses.values()) == tally.tickets for tally in tallies.values())
        only = read.count(["2026-11"], "month", "dishub")
        assert sum(tally.tickets for tally in only.values()) == sum(t.department == "dishub" for t in tickets)
        assert read.count(["2026-10"], "month") == {}


def test_a_channel_shows_its_last_runs(table: Table) -> None:
    """Only the last runs of the ledger are shown, youngest first."""
    for minute in range(7):
        at = NOON + minute * MINUTE
        DynamoChannelStore(table).record(
            Run(
                channel="instagram:kabarsleman",
                run_id=f"run-{minute}",
                started_at=at,
                finished_at=at,
                read_from=at,
                complete=True,
            )
        )
    state = LedgerReading(table).channel_state("instagram:kabarsleman")
    assert state.cursor.watermark is None
    assert [run.run_id for run in state.runs] == [f"run-{minute}" for minute in (6, 5, 4, 3, 2)]


def test_a_ticket_says_what_its_author_was_told(table: Table) -> None:
    """A ticket comes with the replies under its post, so that a person finds a parked one."""
    ticket = open_ticket(table, 1, replies=())
    detail = TicketReading(table).ticket_detail(ticket.code)
    assert detail is not None
    assert [(reply.stage, reply.state) for reply in detail.replies] == [("routed", "pending")]
    assert len(detail.voices) == len(detail.notices) == 1
