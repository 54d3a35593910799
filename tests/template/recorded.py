"""Records what the functions request of the table while their own logic runs against it in moto."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, partial
from typing import Any, Final
from unittest import mock

import boto3
from moto import mock_aws

from actions.presence import SOONEST, served
from actions.routes import Routes
from admin_api.contact_change import told_of_change
from admin_api.requests import Sorting
from admin_api.sorting import opened
from aduan.action_token import Action, verified
from aduan.channel import Rejected, TokenCheck
from aduan.directory_loading import load_directory
from aduan.gate_version import GateInForce, GateRun
from aduan.notice import AnyNotice, ContactId, GateNotice, ListNotice, Notice, SmsBudgetNotice
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore
from aduan.store.contacts import DynamoContactStore
from aduan.store.examples import DynamoExampleStore
from aduan.store.gates import DynamoGateStore
from aduan.store.lanes import DynamoLaneStore
from aduan.store.ledger import LedgerReading
from aduan.store.notices import DynamoNoticeStore, new_notice_item
from aduan.store.posts import DynamoPostStore
from aduan.store.replies import DynamoReplyStore
from aduan.store.sending import DynamoSendingStore
from aduan.store.spending import DynamoSpendingStore
from aduan.store.statistics import Statistics
from aduan.store.table import Table, from_image
from aduan.store.ticket_reading import TicketQuery, TicketReading
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import Ticket
from aduan.triage import DESK, Triage
from classify.decide import decide
from follow_up.following import follow
from follow_up.redrive import Redrive
from learn.decisions import confirmed_decisions
from notify.apply_mail_event import apply_mail_event
from notify.delivery import Delivery, Senders
from notify.mail_events import Kind, MailEvent
from notify.senders import NotAcceptedError, OutcomeUnknownError
from notify.stores import open_stores
from notify.waiting_posts import announce
from poll_channels.poll import Poll
from poll_channels.recheck import Recheck
from poll_channels.source import Batch, CanRecheck, Source, Window
from public_replies import sending
from public_replies.platforms import TakesReplies
from tests import moves
from tests.builders import (
    NOON,
    a_channel,
    a_channel_notice,
    a_contact_notice,
    a_gate_version,
    a_notice,
    a_post,
    a_rejected,
    a_ticket,
    a_triage,
    an_event,
    an_example,
)
from tests.codes import ticket_code
from tests.links import KEYS, a_link
from tests.table import create_table
from tests.unit.fakes_notify import FakeMail, FakeSms, a_contact

DIRECTORY: Final = load_directory()
LATER: Final = NOON + timedelta(hours=1)
CANDIDATE: Final = a_triage(department=None, route="review")
CHATTER: Final = a_triage(is_report=False, kind="other", topic=None, department=None, route="drop")
_PART_ACTIONS: Final = {
    "Put": "PutItem",
    "Update": "UpdateItem",
    "Delete": "DeleteItem",
    "ConditionCheck": "ConditionCheckItem",
}


@dataclass(frozen=True)
class Need:
    """One permission that a request needs."""

    action: str
    """The action, such as ``dynamodb:PutItem``."""
    index: str | None
    keys: str
    """The requested partition keys as a policy writes them, such as ``TICKET#*``."""


@dataclass
class Recorder:
    """Listens to a client, and keeps the permissions that each request needs."""

    needs: set[Need] = field(default_factory=set)
    written: list[dict[str, Any]] = field(default_factory=list)
    """Every item that was put, as plain values."""
    updates: list[str] = field(default_factory=list)
    """Every update expression."""

    def listen(self, table: Table) -> None:
        """Record every request to a table from now on."""
        table.client.meta.events.register("provide-client-params.dynamodb.*", self._record)

    def _record(self, params: Mapping[str, Any], model: Any, **_: Any) -> None:
        action = f"dynamodb:{model.name}"
        if model.name == "TransactWriteItems":
            for part in params["TransactItems"]:
                [(kind, request)] = part.items()
                self._add(f"dynamodb:{_PART_ACTIONS[kind]}", None, request.get("Key") or request["Item"])
                self._keep(request)
        elif model.name == "BatchGetItem":
            for request in params["RequestItems"].values():
                for key in request["Keys"]:
                    self._add(action, None, key)
        elif model.name == "Query":
            # The first value of each of our key conditions is the partition's.
            key = next(iter(params["ExpressionAttributeValues"].values()))
            self._add(action, params.get("IndexName"), {"pk": key})
        else:
            self._add(action, None, params.get("Key") or params["Item"])
            self._keep(params)

    def _add(self, action: str, index: str | None, key: Mapping[str, Any]) -> None:
        self.needs.add(Need(action, index, f"{key['pk']['S'].partition('#')[0]}#*"))

    def _keep(self, request: Mapping[str, Any]) -> None:
        if "Item" in request:
            self.written.append(from_image(request["Item"]))
        if "UpdateExpression" in request:
            self.updates.append(request["UpdateExpression"])


@dataclass(frozen=True)
class FakeSource(Source):
    """A channel that holds the given items."""

    results: tuple[Post | Rejected, ...]
    calls: int = 1

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield all of it at once."""
        yield Batch.of(self.results, window)


@dataclass(frozen=True)
class Vanished(CanRecheck):
    """A platform on which the given posts are deleted."""

    native_ids: frozenset[str]
    batch_size: int = 10
    price_usd: float = 0.005

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Answer."""
        return {post.native_id: post.native_id not in self.native_ids for post in posts}


class Speaking(TakesReplies):
    """A platform that takes every reply."""

    def check(self) -> None:
        """Allow it."""

    def post_reply(self, post: Post, text: str) -> str:
        """Take it."""
        return f"{post.native_id}.{len(text)}"


@dataclass(frozen=True)
class Sending:
    """Settings of a sender in production."""

    stage: str = "prod"
    override_email: str = ""
    override_phone: str = ""


@dataclass(frozen=True)
class World:
    """The table, reached by two clients: only the requests of the function's own client are recorded."""

    table: Table
    before: Table
    """The table for what other functions wrote before; requests to it are not recorded."""

    def open(self, native_id: str, **changes: Any) -> Notice:
        """Lay a ticket with its notice into the table, as `classify` leaves it there; return the notice."""
        post, ticket = a_post(native_id=native_id, **changes), a_ticket_of(native_id)
        notice = a_notice(ticket=ticket.code)
        DynamoPostStore(self.before).add(post)
        DynamoTicketStore(self.before).write(
            moves.opened(post, a_triage(), ticket, [notice], [an_event(ticket=ticket.code)])
        )
        return notice

    def correct(self, table: Table, native_id: str, **changes: Any) -> None:
        """Correct the ticket of `open` as a person does, and keep the example."""
        tickets, before = DynamoTicketStore(table), a_ticket_of(native_id)
        post = DynamoPostStore(self.before).get(before.post)
        assert post is not None
        after = before.model_copy(update={"version": 2, "corrected_at": NOON, **changes})
        tickets.write(
            moves.corrected(
                post,
                before,
                after,
                notices=[a_notice(ticket=after.code, department=after.department)],
                events=[an_event(ticket=after.code, move="corrected", by="admin-1")],
                example=an_example(post=post.key, ticket=after.code),
            )
        )

    def died(self, department: str) -> AnyNotice:
        """Let a department's address be dead, and return the desk's notice about it."""
        contacts, notice = DynamoContactStore(self.before), a_contact_notice(about=department)
        contact = contacts.get(ContactId(department))
        assert contact is not None
        assert contacts.died(contact, notice)
        told = DynamoNoticeStore(self.table).get(notice.id)
        assert told is not None
        return told

    def decide(self, key: str, triage: Triage, now: datetime = NOON) -> str:
        """Decide about a post with a given triage, whatever the classifier would say."""
        posts, tickets = DynamoPostStore(self.table), DynamoTicketStore(self.table)
        with mock.patch("classify.decide.classify", return_value=triage):
            return decide(
                key,
                posts=posts,
                tickets=tickets,
                directory=DIRECTORY,
                now=now,
                chatter_for=timedelta(days=30),
                code_of=ticket_code,
            )

    def deliver(self, notice: AnyNotice, fault: Exception | None = None) -> str:
        """Deliver a notice through a provider that has this fault."""
        return self.delivery(fault).deliver(notice)

    def delivery(self, fault: Exception | None = None) -> Delivery:
        """A delivery on the table, through a provider that has this fault."""
        senders = Senders(FakeMail(fault=fault), FakeSms(fault=fault))
        return Delivery(open_stores(self.table), senders, DIRECTORY, Sending(), clock=lambda: LATER)


def resolve(world: World, native_id: str) -> None:
    """Let another function have resolved the ticket of a post by a known author."""
    posts, tickets = DynamoPostStore(world.before), DynamoTicketStore(world.before)
    post = a_post(native_id=native_id, author="penulis")
    posts.add(post)
    before = a_ticket_of(native_id)
    tickets.write(moves.opened(post, a_triage(), before, [], []))
    after = before.model_copy(update={"status": "resolved", "version": 2})
    tickets.write(moves.moved(before, after, at=NOON, post=posts.get(before.post)))


def contradict(world: World) -> None:
    """Let the author say that a resolved ticket is not done."""
    posts = DynamoPostStore(world.before)
    resolve(world, "resolved")
    at = NOON + timedelta(minutes=1)
    posts.add(a_post(native_id="answer", author="penulis", parent_id="resolved", text="belum", created_at=at))
    assert world.decide("instagram#answer", CHATTER, LATER) == "joined"


def ask_for_a_second_opinion(world: World) -> None:
    """Book the cost of a second opinion."""
    spending = DynamoSpendingStore(world.table)
    assert spending.book("one", NOON, 2_000, 5_000)
    spending.settle("one", NOON, -500)


def a_ticket_of(native_id: str) -> Ticket:
    """The ticket of one post among several."""
    post = a_post(native_id=native_id)
    return a_ticket(code=ticket_code(post.key), post=post.key)


def answer(world: World) -> None:
    """Answer the author of a ticket."""
    post, ticket = a_post(native_id="answered"), a_ticket_of("answered").model_copy(update={"replies": ()})
    DynamoPostStore(world.before).add(post)
    DynamoTicketStore(world.before).write(moves.opened(post, a_triage(), ticket, [], []))
    table = world.table
    stores = sending.Stores(
        DynamoChannelStore(table), DynamoReplyStore(table), DynamoTicketStore(table), DynamoPostStore(table)
    )
    run = sending.ReplyRun(a_channel(), stores, DIRECTORY, run_id="answer", clock=lambda: LATER)
    run.run(Speaking)
    assert run.outcomes == {"sent": 1}


def poll_channels(world: World) -> None:
    """Read a channel with a post and an unreadable one, meet the post again, and find the channel quiet."""
    channels, posts = DynamoChannelStore(world.table), DynamoPostStore(world.table)
    notices = DynamoNoticeStore(world.table)
    found: list[tuple[Post | Rejected, ...]] = [(a_post(), a_rejected()), (a_post(native_id="2"), a_post()), ()]
    for number, results in enumerate(found):
        poll = Poll(
            a_channel(),
            channels,
            posts,
            notices,
            DynamoLaneStore(world.table),
            run_id=f"run-{number}",
            clock=partial(NOON.__add__, timedelta(hours=2 * number)),
            lease_for=timedelta(minutes=1),
        )
        assert poll.run(partial(FakeSource, results)) is not None
    assert notices.add(a_channel_notice())
    channels.save_token_check(TokenCheck(channel=a_channel().id, looked_at=NOON, valid=True))
    edited = a_post(native_id="2", text="another text", fetched_at=NOON)
    assert posts.revise(edited)
    answer(world)
    told = world.open("told")
    world.correct(world.before, "told", topic="jalan")
    resolve(world, "done")
    for native_id, triage in (("candidate", CANDIDATE), ("asked", a_triage(department=None, route="question"))):
        assert posts.add(a_post(native_id=native_id, fetched_at=NOON))
        DynamoPostStore(world.before).settle(a_post(native_id=native_id, fetched_at=NOON), triage, LATER)
    sort(world.before, "instagram#candidate")
    assert DynamoLaneStore(world.table).answered("instagram#asked", LATER)
    gone = frozenset({"told", "done", "2", "candidate"})
    tickets = DynamoTicketStore(world.table)
    for missed, at in ((0, LATER), (len(gone), LATER + timedelta(days=1))):
        lease_for = timedelta(minutes=2)
        sweep = Recheck(
            a_channel(),
            channels,
            posts,
            tickets,
            run_id="sweep",
            clock=partial(NOON.__add__, at - NOON),
            lease_for=lease_for,
        )
        assert sweep.run(lambda: Vanished(gone)) == missed
    assert DynamoNoticeStore(world.before).get(told.id).state == "withdrawn"  # type: ignore[union-attr]


def classify(world: World) -> None:
    """Decide about a complaint, about chatter, and about what is decided already."""
    for native_id in ("complaint", "chatter"):
        DynamoPostStore(world.before).add(a_post(native_id=native_id))
    assert world.decide("instagram#complaint", a_triage()) == "auto"
    assert world.decide("instagram#chatter", CHATTER) == "drop"
    assert world.decide("instagram#complaint", a_triage()) == "already"
    assert DynamoPostStore(world.before).revise(a_post(native_id="complaint", text="another text"))
    assert world.decide("instagram#complaint", a_triage(department="dlh"), LATER) == "auto"
    world.open("corrected")
    world.correct(world.before, "corrected", topic="jalan")
    assert DynamoPostStore(world.before).revise(a_post(native_id="corrected", text="another text"))
    assert world.decide("instagram#corrected", a_triage(), LATER) == "auto"
    keep_in_lanes(world)
    contradict(world)
    ask_for_a_second_opinion(world)
    drop_by_gate(world)


def keep_in_lanes(world: World) -> None:
    """Put a post among the candidates; decide anew about one that a person had sorted, and about another candidate."""
    for native_id, route in (("maybe", "auto"), ("sorted", "drop")):
        key = f"instagram#{native_id}"
        DynamoPostStore(world.before).add(a_post(native_id=native_id))
        assert world.decide(key, CANDIDATE) == "review"
        if route == "drop":
            sort(world.before, key)
        assert DynamoPostStore(world.before).revise(a_post(native_id=native_id, text="another text"))
        assert world.decide(key, a_triage() if route == "auto" else CHATTER, LATER) == route


def sort(table: Table, key: str, route: str = "drop") -> None:
    """Let a person move a candidate to another lane."""
    post = DynamoPostStore(table).get(key)
    assert post is not None
    example = an_example(post=key, ticket=None, by="admin-1")
    DynamoLaneStore(table).sort(post, a_triage(route=route, department=None), example, timedelta(days=30))


def notify(world: World) -> None:
    """Deliver notices to every end there is."""
    contacts = DynamoContactStore(world.before)
    assert world.deliver(world.open("nobody")) == "waiting"
    for department in (DESK, "dishub"):
        contacts.put(a_contact(department))
    ends = {
        "sent": None,
        "failed": NotAcceptedError("no such mailbox", retry=False),
        "postponed": NotAcceptedError("too many", retry=True),
        "unknown": OutcomeUnknownError("the reply was lost"),
    }
    for end, fault in ends.items():
        opened = world.open(end)
        notice = DynamoNoticeStore(world.table).get(opened.id)
        assert notice is not None
        assert world.deliver(notice, fault) == end
    DynamoNoticeStore(world.before).add(a_channel_notice())
    about_channel = DynamoNoticeStore(world.table).get(a_channel_notice().id)
    assert about_channel is not None
    assert world.deliver(about_channel) == "sent"
    assert world.deliver(world.died("dishub")) == "sent"
    assert world.deliver(list_of_the_day(world)) == "sent"
    text(world)


def list_of_the_day(world: World) -> ListNotice:
    """Return the stored notice of a list that names one candidate."""
    post = a_post(native_id="candidate")
    DynamoPostStore(world.before).add(post)
    candidate = a_triage(route="review", department=None)
    DynamoPostStore(world.before).settle(post, candidate, LATER)
    notice = ListNotice(department=DESK, occasion="daily", period="2026-11-03", created_at=NOON)
    assert DynamoNoticeStore(world.before).add(notice)
    return notice


def text(world: World) -> None:
    """Send an SMS, which is counted and paid for, and tell the desk that there is no money for another."""
    notice = a_notice(ticket=world.open("text").ticket, medium="sms", urgency="emergency")
    DynamoTicketStore(world.before).table.put_new(new_notice_item(notice))
    assert world.deliver(notice) == "sent"
    sending = DynamoSendingStore(world.table)
    assert sending.counted("nobody", LATER) == 0
    DynamoNoticeStore(world.table).add(SmsBudgetNotice(month="2026-11", budget_usd=0, created_at=NOON))


def notify_events(world: World) -> None:
    """Learn that one mail was accepted, and that another one's address is dead."""
    DynamoContactStore(world.before).put(a_contact("dishub"))
    DynamoNoticeStore(world.before).add(a_channel_notice())
    notices, contacts = DynamoNoticeStore(world.table), DynamoContactStore(world.table)
    told: tuple[tuple[AnyNotice, Kind], ...] = (
        (world.open("accepted"), "accepted"),
        (world.open("dead"), "dead"),
        (a_channel_notice(), "accepted"),
        (a_contact_notice(died_at=LATER), "accepted"),
    )
    for notice, kind in told:
        DynamoNoticeStore(world.before).claim(notice, "gone", NOON, "dishub@sleman.example", "dishub")
        event = MailEvent(kind, notice.id, "m-1", "dishub@sleman.example", LATER, "bounce: General")
        assert apply_mail_event(event, notices=notices, contacts=contacts, now=LATER) == "settled"


def follow_up(world: World) -> None:
    """Drive a complaint, chatter, edited posts, pending notices and a claimed one, all left behind."""
    for department in ("dishub", DESK):
        DynamoContactStore(world.before).put(a_contact(department))
    DynamoNoticeStore(world.before).add(a_channel_notice())
    world.open("pending")
    world.died("dishub")
    for native_id in ("claimed", "parked"):
        claim = DynamoNoticeStore(world.before).claim(world.open(native_id), "gone", NOON, "x@sleman.example", "dishub")
    DynamoNoticeStore(world.before).claim(claim, "gone, too", NOON, "x@sleman.example", "dishub")
    world.open("edited")
    assert DynamoPostStore(world.before).revise(a_post(native_id="edited", text="another text"))
    world.open("corrected")
    world.correct(world.before, "corrected", topic="jalan")
    assert DynamoPostStore(world.before).revise(a_post(native_id="corrected", text="another text"))
    triages = {
        "instagram#complaint": a_triage(),
        "instagram#chatter": CHATTER,
        "instagram#edited": a_triage(department="dlh"),
        "instagram#corrected": a_triage(),
    }
    for native_id in ("complaint", "chatter"):
        DynamoPostStore(world.before).add(a_post(native_id=native_id))
    posts, notices = DynamoPostStore(world.table), DynamoNoticeStore(world.table)
    tickets = DynamoTicketStore(world.table)
    list_of_the_day(world)
    announce(DynamoLaneStore(world.table), notices, DIRECTORY, LATER)
    run = Redrive(
        decide=lambda key: world.decide(key, triages[key], LATER),
        follow=lambda code: follow(code, tickets=tickets, directory=DIRECTORY, now=LATER),
        delivery=world.delivery(),
    ).run(posts.left_behind(LATER), tickets.due(LATER), notices.left_behind(LATER), lambda: True)
    assert not run.faults
    assert {"post_auto", "post_drop", "notice_parked"} <= set(run.outcomes)
    assert run.outcomes["notice_sent"] == 6
    text(world)
    keep_in_lanes(world)
    contradict(world)
    ask_for_a_second_opinion(world)
    drop_by_gate(world)


def admin_api(world: World) -> None:
    """Ask everything the API answers, replace a contact, and correct a ticket."""
    code = world.open("complaint").ticket
    reading, ledger = TicketReading(world.table), LedgerReading(world.table)
    contacts = DynamoContactStore(world.table)
    assert reading.list_tickets(TicketQuery(), 10)[0]
    assert reading.list_tickets(TicketQuery(department="dishub"), 10)[0]
    assert reading.forum() == ((), False)
    detail = reading.ticket_detail(code)
    assert detail is not None
    assert detail.posts
    assert Statistics(world.table).count(["2026-11"], "topic")
    ledger.channel_state(a_channel().id)
    ledger.ledger(a_channel().id, NOON, LATER)
    ledger.last_complete_run(a_channel().id)
    ledger.arrivals(a_channel().id, NOON)
    contacts.put(a_contact("dlh"))
    before = contacts.get(ContactId("dlh"))
    assert before is not None
    moved = before.model_copy(update={"email": "baru@dlh.sleman.example", "updated_at": LATER})
    contacts.put(moved, before, told_of_change(before, moved))
    world.correct(world.table, "complaint", department="dlh")
    review(world)
    examples = DynamoExampleStore(world.table)
    assert examples.get(a_ticket_of("complaint")) is not None
    assert examples.page("2026-11", 10)[0]

    gates = DynamoGateStore(world.table)
    DynamoGateStore(world.before).add(a_gate_version(1), b"weights")
    assert [version.version for version in gates.versions()] == [1]
    assert gates.last_run() is None
    gates.put_in_force(GateInForce(version=1, at=NOON), gates.in_force())


def learn(world: World) -> None:
    """Read what was decided, keep a version, put it in force, and record the run."""
    world.open("corrected")
    world.correct(world.before, "corrected", topic="jalan")
    assert len(confirmed_decisions(DynamoExampleStore(world.table), NOON)) == 1
    gates = DynamoGateStore(world.table)
    assert gates.versions() == []
    gates.add(a_gate_version(1), b"weights")
    gates.put_in_force(GateInForce(version=1, at=NOON), gates.in_force())
    gates.note_run(GateRun(at=NOON, outcome="in_force", decisions=1, version=1, sentence=""))
    notices = DynamoNoticeStore(world.table)
    assert notices.add(GateNotice(learnt_at=NOON, outcome="in_force", sentence="", created_at=NOON))


def drop_by_gate(world: World) -> None:
    """Read which gate is in force, and show a sample of what it drops."""
    gates = DynamoGateStore(world.table)
    DynamoGateStore(world.before).add(a_gate_version(1), b"weights")
    assert gates.in_force().version == 0
    assert gates.weights(1) == b"weights"
    assert gates.take_sample(NOON.date(), 5)


def review(world: World) -> None:
    """Ask for candidates and questions, count them, and decide about one in each way."""
    lanes, posts = DynamoLaneStore(world.table), DynamoPostStore(world.table)
    for native_id in ("ticket", "question", "none"):
        DynamoPostStore(world.before).add(a_post(native_id=native_id))
        DynamoPostStore(world.before).settle(a_post(native_id=native_id), CANDIDATE, LATER)
    assert len(lanes.candidates()) == 3
    sort(world.table, "instagram#question", "question")
    sort(world.table, "instagram#none")
    assert len(lanes.questions(a_channel().id)) == 1
    post = posts.get("instagram#ticket")
    assert post is not None
    code = ticket_code(post.key)
    asked = Sorting(post=post.key, version=post.version, decision="ticket", department="dlh")
    change = opened(asked, post, a_triage(), DIRECTORY, code=code, by="admin-1", now=LATER)
    DynamoTicketStore(world.table).write(change)
    assert Statistics(world.table).lanes(["2026-11"])


def intake(world: World) -> None:
    """Take a delivery and a mention, each twice, then the delivery's edit, and put a mention aside."""
    posts = DynamoPostStore(world.table)
    assert posts.quarantine(a_rejected(), NOON)
    assert posts.known(a_channel().id, [a_post().key]) == set()
    for post in (a_post(), a_post(kind="webhook", native_id="icj:1", channel="webhook:icj")):
        assert posts.add(post)
        assert not posts.add(post)
    assert posts.revise(a_post(kind="webhook", native_id="icj:1", channel="webhook:icj", text="Sudah menyala"))


def actions(world: World) -> None:
    """Follow links to every end: accept, resolve, and refuse a ticket, with and without a name."""
    tickets, posts = DynamoTicketStore(world.table), DynamoPostStore(world.table)
    routes = Routes(
        tickets=tickets,
        posts=posts,
        examples=DynamoExampleStore(world.table),
        keys=mock.Mock(get=lambda: KEYS),
        directory=DIRECTORY,
        now=lambda: LATER,
    )

    def follow_link(native_id: str, action: Action, fields: str = "") -> str:
        ticket = a_ticket_of(native_id)
        link = a_link(ticket.code, ticket.department, action)
        event = {"httpMethod": "GET", "pathParameters": {"token": link}}
        assert routes.answer(event).outcome == "shown"
        seen = len(tickets.history(ticket.code))
        when = served(verified(link, KEYS, LATER), KEYS, LATER - SOONEST)
        body = f"seen={seen}&ending={ticket.code[-2:]}&served={when}{fields}"
        return routes.answer({**event, "httpMethod": "POST", "body": body}).outcome

    for native_id in ("taken", "refused", "passed"):
        world.open(native_id, author="penulis")
    assert follow_link("taken", "accept") == "recorded"
    assert follow_link("taken", "done") == "recorded"
    assert follow_link("refused", "not_ours", "&department=dlh") == "recorded"
    assert follow_link("passed", "not_ours") == "recorded"


LOGIC: Final[dict[str, Callable[[World], None]]] = {
    "PollChannels": poll_channels,
    "Classify": classify,
    "Notify": notify,
    "NotifyEvents": notify_events,
    "FollowUp": follow_up,
    "Learn": learn,
    "AdminApi": admin_api,
    "Intake": intake,
    "Actions": actions,
}
"""Everything a function does with the table, by its name in the template."""


@cache
def recorded(function: str) -> Recorder:
    """Run a function's logic on an empty table, and return what it asked for."""
    recorder = Recorder()
    with mock_aws():
        before = create_table()
        world = World(Table(boto3.client("dynamodb"), before.name), before)
        recorder.listen(world.table)
        LOGIC[function](world)
    return recorder
