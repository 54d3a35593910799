"""Citizens get replies under their posts, over real HTTP: each once, even when a response is lost."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
import urllib3

from aduan.directory import Channel
from aduan.directory_loading import load_directory
from aduan.platform_errors import ChannelError, CredentialError, ThrottledError
from aduan.reply import Reply
from aduan.ticket import Stage, Status, Ticket
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Entry, Kind, Role, populate
from poll_channels.sources import KINDS
from public_replies.sending import GRACE, ReplyRun, Stores
from tests import moves
from tests.builders import a_channel, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Killed, Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.replies import InMemoryReplyStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.reading import APP_SECRET, FIRST, NOW, connection_to, read

CHANNELS: dict[str, Channel] = {
    "instagram": a_channel(replies=True),
    "facebook_page": a_channel(
        id="facebook_page:pemkab", kind="facebook_page", account="100000000000001", handle=None, replies=True
    ),
    "telegram_relay": a_channel(
        id="telegram_relay:icj",
        kind="telegram_relay",
        account="7000000001",
        handle=None,
        replies=True,
        parameters={"moderators": ("710000001",), "group_url": "https://www.facebook.com/groups/contoh/"},
    ),
}
GRAPH = ("instagram", "facebook_page")
ACCOUNTS = tuple(
    Account(Kind(kind), channel.account, channel.handle or channel.name, f"token-{kind}", ("710000001",))
    for kind, channel in CHANNELS.items()
)
MINUTE = timedelta(minutes=1)
each_kind = pytest.mark.parametrize("kind", CHANNELS)
each_graph = pytest.mark.parametrize("kind", GRAPH)


def some_drafts() -> Iterator[Draft]:
    """A thread of the county's with a comment and an answer to it; a visitor's post; a forwarded message."""

    def draft(name: str, kind: str, role: Role, parent: str | None, minutes: int) -> Draft:
        above = None if parent is None else f"{kind}-{parent}"
        own = role is Role.COUNTY_POST
        at = NOW - minutes * MINUTE
        return Draft(f"{kind}-{name}", Kind(kind), role, above, "Warga Rahasia", f"Lampu mati {name}", False, at, own)  # noqa: FBT003 # a draft's fields in their order

    for kind in GRAPH:
        yield draft("host", kind, Role.COUNTY_POST, None, 100)
        yield draft("comment", kind, Role.COMMENT, "host", 90)
        yield draft("answer", kind, Role.REPLY, "comment", 80)
    yield draft("visitor", "facebook_page", Role.VISITOR_POST, None, 70)
    yield draft("forward", "telegram_relay", Role.FORWARD, None, 60)


@dataclass
class Wire:
    """The connections, which can lose requests and responses."""

    lose: str = ""
    """``request``: it never arrives; ``reply``: the request arrives, but its response is lost."""
    posts: int = 0
    real: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False))

    def request(self, method: str, url: str, **options: Any) -> Any:
        """One request."""
        writes = method == "POST" and not url.endswith("getUpdates")
        self.posts += writes
        if writes and self.lose == "request":
            raise urllib3.exceptions.ProtocolError("lost")
        answer = self.real.request(method, url, **options)
        if writes and self.lose == "reply":
            raise urllib3.exceptions.ProtocolError("lost")
        return answer


@dataclass
class County:
    """The table in memory, and the platforms on the simulator."""

    server: Server
    memory: Memory = field(default_factory=Memory)
    wire: Wire = field(default_factory=Wire)
    now: datetime = NOW

    def __post_init__(self) -> None:
        self.tickets = InMemoryTicketStore(self.memory)
        self.posts = InMemoryPostStore(self.memory)
        self.stores = Stores(
            InMemoryChannelStore(self.memory), InMemoryReplyStore(self.memory), self.tickets, self.posts
        )

    @property
    def simulator(self) -> Simulator:
        """The platforms."""
        return self.server.simulator

    def source(self, kind: str) -> Any:
        """A new source, as each run opens one."""
        url = f"{self.server.url}/telegram" if kind == "telegram_relay" else self.server.url
        connection = connection_to(url, self.now, f"token-{kind}", http=self.wire)
        return KINDS[kind](CHANNELS[kind], connection)

    def ticket(self, kind: str, name: str = "comment", status: Status = "routed", **changes: Any) -> Ticket:
        """Poll the channel, and open the ticket of one post."""
        name = "forward" if kind == "telegram_relay" else name
        [post] = [post for post in read(self.source(kind), FIRST).posts if post.text.endswith(name)]
        self.posts.add(post)
        ticket = a_ticket(
            **{"code": ticket_code(post.key), "post": post.key, "channel": post.channel, "status": status}
            | {"replies": (), "opened_at": self.now}
            | changes
        )
        self.tickets.write(moves.opened(post, a_triage(), ticket, [], []))
        return self.memory.tickets[ticket.code]

    def move(self, code: str, status: Status) -> None:
        """Move the ticket on."""
        before = self.memory.tickets[code]
        after = before.model_copy(update={"status": status, "version": before.version + 1})
        event = an_event(ticket=code, move=status, at=self.now)
        self.tickets.write(moves.moved(before, after, at=self.now, event=event, post=self.posts.get(before.post)))

    def run(self, kind: str, after: timedelta = MINUTE) -> dict[str, int]:
        """One run of the function over the channel."""
        self.now += after
        run = ReplyRun(CHANNELS[kind], self.stores, load_directory(), run_id=str(self.now), clock=lambda: self.now)
        try:
            run.run(lambda: self.source(kind))
        finally:
            self.outcomes: dict[str, int] = {str(outcome): number for outcome, number in run.outcomes.items()}
        return self.outcomes

    def written(self, kind: str) -> list[Entry]:
        """The county's comments under others' posts."""
        account = next(account for account in ACCOUNTS if account.kind == kind)
        hosts = self.simulator.world.roots(account, Role.COUNTY_POST, Role.VISITOR_POST)
        return [entry for host in hosts for entry in host.descendants() if entry.draft.by_county]

    def said(self, kind: str) -> list[str]:
        """The texts of these comments, or of what moderators were sent."""
        if kind == "telegram_relay":
            return [message["text"] for bot in self.simulator.memory.bots.values() for message in bot.sent]
        return [entry.text for entry in self.written(kind)]

    def reply(self, ticket: Ticket, stage: Stage = "routed") -> Reply:
        """The answer as it is in the table."""
        return self.memory.replies[ticket.code, stage]


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(Config("v25.0", APP_SECRET, ACCOUNTS), populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture
def county(server: Server) -> County:
    county = County(server)
    config = Config("v25.0", APP_SECRET, ACCOUNTS)
    server.simulator = Simulator(config, populate(ACCOUNTS, some_drafts()), clock=lambda: county.now)
    return county


@each_kind
def test_the_author_is_told_who_has_it_and_that_it_is_done(county: County, kind: str) -> None:
    """Each stage has one reply, with the code and the department, but without the citizen's words or name."""
    ticket = county.ticket(kind)
    assert county.run(kind) == {"sent": 1}
    county.move(ticket.code, "resolved")
    assert county.run(kind) == {"sent": 1}
    for _ in range(3):
        assert county.run(kind, timedelta(hours=1)) == {}
    routed, resolved = county.said(kind)
    assert f"Aduan {ticket.code} sudah diteruskan ke Dinas Perhubungan" in routed
    assert f"Aduan {ticket.code} sudah dinyatakan selesai oleh Dinas Perhubungan" in resolved
    assert not [text for text in (routed, resolved) if "Warga" in text or "Lampu" in text]
    assert county.reply(ticket).comment_id
    assert county.wire.posts == 2


@each_kind
def test_the_author_is_told_who_owns_what_is_not_ours(county: County, kind: str) -> None:
    """The reply names the outside owner."""
    ticket = county.ticket(kind, status="not_ours", department="pln")
    county.run(kind)
    [text] = county.said(kind)
    assert text.startswith(f"Aduan {ticket.code} bukan wewenang Pemkab Sleman, melainkan ")
    assert load_directory().departments["pln"].name in text


@pytest.mark.parametrize(
    ("kind", "name"),
    [(kind, name) for kind in GRAPH for name in ("comment", "answer")] + [("facebook_page", "visitor")],
)
def test_a_lost_reply_brings_no_second_comment(county: County, kind: str, name: str) -> None:
    """A run after the grace time finds what was written, even among replies to replies."""
    ticket = county.ticket(kind, name)
    county.wire.lose = "reply"
    assert county.run(kind) == {"unknown": 1}
    county.wire.lose = ""
    assert county.run(kind) == {}
    assert county.run(kind, GRACE) == {"found": 1}
    assert len(county.said(kind)) == county.wire.posts == 1
    assert (county.reply(ticket).state, county.reply(ticket).attempt) == ("sent", 1)


@each_graph
@pytest.mark.parametrize("fault", ["empty_body", "truncated", "html"])
def test_an_answer_that_cannot_be_read_brings_no_second_comment(county: County, kind: str, fault: str) -> None:
    """After an unreadable response the outcome is unknown, so the reply is looked for as well."""
    county.ticket(kind)
    county.simulator.faults.switch_on({"fault": fault, "times": 1})
    assert county.run(kind) == {"unknown": 1}
    assert county.run(kind, GRACE) in ({"found": 1}, {"sent": 1})
    assert len(county.said(kind)) == 1


@each_graph
def test_a_lost_request_is_sent_once_more_and_then_put_aside(county: County, kind: str) -> None:
    """A reply that cannot be found after two requests is parked for a person."""
    ticket = county.ticket(kind)
    county.wire.lose = "request"
    assert county.run(kind) == {"unknown": 1}
    assert county.run(kind, GRACE) == {"unknown": 1}
    county.wire.lose = ""
    assert county.run(kind, GRACE) == {"parked": 1}
    assert (county.reply(ticket).repeated, county.said(kind), county.wire.posts) == (True, [], 2)


def test_what_cannot_be_seen_is_not_sent_again(county: County) -> None:
    """A bot cannot list what it sent, so an unknown outcome is parked at once."""
    county.ticket("telegram_relay")
    county.wire.lose = "reply"
    assert county.run("telegram_relay") == {"unknown": 1}
    county.wire.lose = ""
    assert county.run("telegram_relay", GRACE) == {"parked": 1}
    assert len(county.said("telegram_relay")) == 1


@each_graph
def test_a_run_that_dies_after_it_wrote_says_nothing_twice(county: County, kind: str) -> None:
    """A later run checks the claim that was left behind, and does not send again."""
    ticket = county.ticket(kind)
    claimed = county.stores.replies.claim(county.reply(ticket), "dead", county.now + GRACE)
    post = county.memory.posts[ticket.post]
    county.source(kind).post_reply(post, f"Aduan {ticket.code} sudah diteruskan, dengan kata lain")
    assert county.run(kind) == {}
    assert county.run(kind, GRACE) == {"found": 1}
    assert claimed.attempt == county.reply(ticket).attempt == 1
    assert len(county.said(kind)) == 1


@each_graph
@pytest.mark.parametrize("where", ["before", "after"])
def test_killed_at_any_call_it_answers_once(county: County, kind: str, where: str) -> None:
    """Wherever a run dies, later runs finish the replies, each written once."""
    ticket = county.ticket(kind)
    for number in range(1, 10):
        fresh = ticket.model_copy(update={"replies": (), "status": "needs_review", "version": ticket.version + 1})
        county.memory.tickets[ticket.code] = ticket = fresh
        county.memory.replies.clear()
        for entry in county.written(kind):
            county.simulator.world.delete(entry.native_id)
        county.move(ticket.code, "routed")
        county.memory.calls = 0
        setattr(county.memory, f"kill_{where}", number)
        with contextlib.suppress(Killed):
            county.run(kind)
        setattr(county.memory, f"kill_{where}", None)
        for _ in range(3):
            county.run(kind, GRACE)
        ticket = county.memory.tickets[ticket.code]
        assert county.reply(ticket).state == "sent"
        assert len(county.said(kind)) == 1


@each_graph
def test_while_nobody_can_look_nothing_is_sent(county: County, kind: str) -> None:
    """While comments cannot be listed, the reply stays claimed."""
    county.ticket(kind)
    county.wire.lose = "reply"
    county.run(kind)
    county.wire.lose = ""
    county.simulator.faults.switch_on({"fault": "server_error"})
    assert county.run(kind, GRACE) == {"waiting": 1}
    county.simulator.faults.clear()
    assert county.run(kind) == {"found": 1}


@each_graph
@pytest.mark.parametrize(("fault", "raised"), [("throttled", ThrottledError), ("expired_token", CredentialError)])
def test_a_refusal_ends_the_run_and_is_tried_later(
    county: County, kind: str, fault: str, raised: type[ChannelError]
) -> None:
    """A reply that was certainly not written stays pending, and is written once when the platform allows."""
    ticket = county.ticket(kind)
    county.simulator.faults.switch_on({"fault": fault})
    with pytest.raises(raised):
        county.run(kind)
    assert county.outcomes == {"postponed": 1}
    assert county.wire.posts == 1
    assert county.run(kind) == {}
    county.simulator.faults.clear()
    assert county.run(kind, timedelta(hours=1)) == {"sent": 1}
    assert (len(county.said(kind)), county.reply(ticket).repeated) == (1, False)


@each_graph
def test_a_deleted_post_is_not_answered(county: County, kind: str) -> None:
    """A citizen who deleted their post gets no reply."""
    ticket = county.ticket(kind)
    county.simulator.world.delete(ticket.post.partition("#")[2])
    assert county.run(kind) == {"failed": 1}
    assert county.reply(ticket).state == "failed"


def give_up(county: County, _ticket: Ticket) -> None:
    """Let three days pass."""
    county.now += timedelta(days=3)


def keep_secret(county: County, ticket: Ticket) -> None:
    """Give it to a department whose matters are confidential."""
    county.memory.tickets[ticket.code] = ticket.model_copy(update={"department": "inspektorat"})


def send_back(county: County, ticket: Ticket) -> None:
    """Let the desk decide anew."""
    county.move(ticket.code, "needs_review")


@pytest.mark.parametrize("change", [give_up, keep_secret, send_back])
def test_what_is_not_true_or_not_for_everybody_is_not_said(
    county: County, change: Callable[[County, Ticket], None]
) -> None:
    """A late, confidential or overtaken reply is skipped without a request to the platform."""
    ticket = county.ticket("instagram")
    change(county, ticket)
    assert county.run("instagram") == {"skipped": 1}
    assert (county.said("instagram"), county.wire.posts) == ([], 0)


@each_graph
def test_our_own_answers_are_no_complaints(county: County, kind: str) -> None:
    """The next poll reads our replies and passes them over as the account's own."""
    before = read(county.source(kind), FIRST)
    county.ticket(kind)
    county.run(kind)
    after = read(county.source(kind), FIRST)
    assert {post.key for post in after.posts} == {post.key for post in before.posts}
    assert after.own == before.own + 1


def test_ten_at_once(county: County) -> None:
    """A run sends at most ten replies, and leaves the rest to the next run."""
    ticket = county.ticket("instagram")
    post = county.memory.posts[ticket.post]
    for number in range(14):
        other = post.model_copy(update={"native_id": f"1800000000000{number:04}", "state": "new", "ticket": None})
        county.posts.add(other)
        opened = ticket.model_copy(update={"code": ticket_code(other.key), "post": other.key, "replies": ()})
        county.tickets.write(moves.opened(other, a_triage(), opened, [], []))
    assert sum(county.run("instagram").values()) == 10
    assert sum(county.run("instagram").values()) == 5


def test_what_is_off_costs_nothing(county: County) -> None:
    """A ticket whose author is not to be told writes no reply, whatever happens to it."""
    ticket = county.ticket("instagram", replies=None)
    county.move(ticket.code, "resolved")
    assert county.memory.replies == {}
