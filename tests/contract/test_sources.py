"""Every channel kind keeps the same promises, against the simulator and against recorded answers."""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import urllib3
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import Channel
from aduan.platform_errors import CredentialError, GoneError, OutageError, PageCapError, StoppedError, ThrottledError
from aduan.time_budget import TimeBudget
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Entry, Kind, Role, populate
from poll_channels.source import Window
from poll_channels.sources import graph
from poll_channels.sources.facebook_page import FacebookPage
from poll_channels.sources.instagram import Instagram
from tests.builders import a_channel
from tests.reading import APP_SECRET, FIRST, LATER, NOW, Reading, connection_to, read

KINDS: dict[str, type[FacebookPage | Instagram]] = {"facebook_page": FacebookPage, "instagram": Instagram}
"""The kinds that speak the Graph API."""
SECRET = APP_SECRET
RECORDINGS = Path(__file__).parent.parent / "recordings"

CHANNELS: dict[str, Channel] = {
    "instagram": a_channel(),
    "facebook_page": a_channel(
        id="facebook_page:pemkabsleman", kind="facebook_page", account="100000000000001", handle=None, name="Pemkab"
    ),
}
ACCOUNTS = (
    Account(Kind.INSTAGRAM, CHANNELS["instagram"].account, "kabarsleman", "token-instagram"),
    Account(Kind.FACEBOOK_PAGE, CHANNELS["facebook_page"].account, "Pemkab", "token-page"),
)
HOST = {"instagram": "m1", "facebook_page": "f1"}
"""The county's post with the long thread, per kind."""
OLD_HOST = {"instagram": "m-old", "facebook_page": "f-old"}
LISTED = {"instagram": Role.TAG, "facebook_page": Role.VISITOR_POST}
"""What a kind lists in every run, whatever the marks say."""
NOT_VITAL = {"instagram": ["parent_id"], "facebook_page": ["attachments", "story", "parent", "attachment"]}


def a_draft(source_id: str, kind: str, role: Role, parent: str | None = None, **changes: Any) -> Draft:
    """A text that a citizen or the county wrote some minutes ago."""
    ago = timedelta(minutes=changes.pop("minutes_ago", 60))
    fields: dict[str, Any] = {
        "author": "Warga Contoh",
        "text": f"Lapor {source_id}",
        "has_photo": False,
        "created_at": NOW - ago,
        "by_county": False,
    }
    return Draft(source_id, Kind(kind), role, parent, **(fields | changes))


def own(source_id: str, kind: str, role: Role, parent: str | None = None, **changes: Any) -> Draft:
    """A text that the county itself wrote."""
    return a_draft(source_id, kind, role, parent, **({"by_county": True, "author": None, "minutes_ago": 900} | changes))


def thread(kind: str, host: str, comments: int, *, replies: int = 0, minutes_ago: int = 800) -> list[Draft]:
    """Comments under a post, and replies under the first of them."""
    return [
        *(
            a_draft(f"{host}-c{number}", kind, Role.COMMENT, host, minutes_ago=minutes_ago - number)
            for number in range(1, comments + 1)
        ),
        *(
            a_draft(f"{host}-r{number}", kind, Role.REPLY, f"{host}-c1", minutes_ago=minutes_ago // 2 - number)
            for number in range(1, replies + 1)
        ),
    ]


def some_drafts(kind: str) -> list[Draft]:
    """An account with everything that occurs: long threads, photos, hidden authors, own replies, an old post."""
    days = 24 * 60
    host, old = HOST[kind], OLD_HOST[kind]
    return [
        own(host, kind, Role.COUNTY_POST),
        own("quiet", kind, Role.COUNTY_POST, minutes_ago=2000),
        own(old, kind, Role.COUNTY_POST, minutes_ago=20 * days),
        *thread(kind, host, comments=125, replies=55),
        *thread(kind, old, comments=2, minutes_ago=19 * days),
        a_draft("photo", kind, Role.COMMENT, host, text="", has_photo=True, minutes_ago=70),
        a_draft("unknown", kind, Role.COMMENT, host, author=None, minutes_ago=69),
        own("answer", kind, Role.COMMENT, f"{host}-c2", text="Siap, kami teruskan", minutes_ago=20),
        own("announcement", kind, Role.COMMENT, host, text="Cek bio", minutes_ago=19),
        *(a_draft(f"listed-{number}", kind, LISTED[kind], minutes_ago=10 * number) for number in range(1, 61)),
        a_draft("listed-photo", kind, LISTED[kind], text="", has_photo=True, minutes_ago=5),
        *(thread(kind, "listed-7", comments=3, minutes_ago=60) if kind == "facebook_page" else ()),
    ]


class Wire:
    """The connection to the simulator. It records requests, and may act before and after each."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, Mapping[str, str]]] = []
        self.before: Callable[[str], None] = lambda _path: None
        self.after: Callable[[str, Any], Any] = lambda _path, body: body
        self._pool = urllib3.PoolManager(retries=False)

    def request(self, method: str, url: str, headers: Mapping[str, str], **options: Any) -> Any:
        """Ask, as urllib3 does."""
        path = urlsplit(url).path
        self.asked.append((url, headers))
        self.before(path)
        answer = self._pool.request(method, url, headers=headers, **options)
        data, status = answer.data, answer.status
        with contextlib.suppress(ValueError):
            body = json.loads(data)
            changed = self.after(path, body)
            data, status = json.dumps(changed).encode(), status if changed is body else 200
        headers = {name: value for name, value in answer.headers.items() if name != "Content-Length"}
        return streamed(status, data, headers)


def streamed(status: int, data: bytes, headers: Mapping[str, str]) -> urllib3.HTTPResponse:
    """An answer as it comes from a connection."""
    return urllib3.HTTPResponse(
        BytesIO(data), headers=urllib3.HTTPHeaderDict(headers), status=status, preload_content=False
    )


@dataclass
class Platform:
    """One account on the simulator, and the source that reads it."""

    kind: str
    server: Server
    wire: Wire = field(default_factory=Wire)
    pauses: list[float] = field(default_factory=list)
    calls: int = 0

    @property
    def simulator(self) -> Simulator:
        """The simulator behind the server."""
        return self.server.simulator

    @property
    def channel(self) -> Channel:
        """The account."""
        return CHANNELS[self.kind]

    def read(
        self, window: Window = FIRST, marks: Mapping[str, str] | None = None, now: datetime = NOW, **changes: Any
    ) -> Reading:
        """Run a source to its end, or to its error."""
        found = read(self.open(now, **changes), window, marks)
        self.calls = found.calls
        return found

    def open(self, now: datetime = NOW, token: str | None = None, **changes: Any) -> Any:
        """Open the source."""
        token = self.simulator.world.account_of(Kind(self.kind)).token if token is None else token
        connection = connection_to(self.server.url, now, token, http=self.wire, pauses=self.pauses, **changes)
        return KINDS[self.kind](self.channel, connection)

    def holds(self, *drafts: Draft) -> None:
        """Let the account hold these texts and no others."""
        config = Config("v25.0", SECRET, ACCOUNTS)
        self.server.simulator = Simulator(config, populate(ACCOUNTS, drafts), clock=lambda: NOW)

    def fault(self, name: str, **settings: Any) -> None:
        """Switch a fault on."""
        self.simulator.faults.switch_on({"fault": name, **settings})

    def entry(self, source_id: str) -> Entry:
        """The platform's entry of a draft."""
        found = self.simulator.world.find(source_id)
        assert found is not None
        return found

    def native(self, source_id: str) -> str:
        """The native id of a draft."""
        return self.entry(source_id).native_id

    @property
    def citizens(self) -> dict[str, Entry]:
        """What citizens wrote, by native id."""
        return {entry.native_id: entry for entry in self.simulator.world.citizen_posts()}

    @property
    def thread_calls(self) -> int:
        """How many requests asked for comments or replies."""
        return sum(n for shape, n in self.simulator.requests.items() if shape.endswith(("/comments", "/replies")))


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    with running(Simulator(Config("v25.0", SECRET, ACCOUNTS), populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture(name="platform", params=sorted(KINDS))
def _platform(request: pytest.FixtureRequest, server: Server) -> Platform:
    platform = Platform(request.param, server)
    platform.holds(*some_drafts(platform.kind))
    return platform


def of_kind(server: Server, kind: str, *drafts: Draft) -> Platform:
    """A platform that holds only these texts."""
    platform = Platform(kind, server)
    platform.holds(*drafts)
    return platform


def whole(platform: Platform, found: Reading) -> bool:
    """Tell whether everything that citizens wrote came exactly once, and nothing else.

    Only Instagram's replies may come twice: with their comment, and again from its own edge when they are many.
    """
    twice = {native_id for native_id, times in Counter(found.ids).items() if times > 1}
    may_repeat = {
        native_id
        for native_id, entry in platform.citizens.items()
        if (platform.kind, entry.role) == ("instagram", Role.REPLY)
    }
    return found.error is None and set(found.ids) == set(platform.citizens) and twice <= may_repeat


# ------------------------------------------------------------------------------------------- healthy platform


def test_everything_citizens_wrote_is_read_exactly_once(platform: Platform) -> None:
    """All pages, further replies, bare photos and hidden authors are read; the account's own texts are left out."""
    found = platform.read()
    assert whole(platform, found)
    assert found.rejected == []
    assert found.own == (2 if platform.kind == "instagram" else 5)
    assert platform.calls == len(platform.wire.asked) == platform.simulator.requests.total()
    assert platform.pauses == []


def test_a_post_is_what_its_author_wrote(platform: Platform) -> None:
    """Text, time, photo, parent and link are the platform's own."""
    posts = {post.native_id: post for post in platform.read().posts}
    for native_id, entry in platform.citizens.items():
        post = posts[native_id]
        assert (post.kind, post.channel, post.fetched_at) == (platform.kind, platform.channel.id, NOW)
        assert (post.text, post.has_photo, post.created_at) == (
            entry.text,
            entry.draft.has_photo or (platform.kind, entry.role) == ("instagram", Role.TAG),
            entry.created_at,
        )
        assert post.permalink == entry.permalink
        above = {Role.REPLY: entry.parent, Role.COMMENT: entry.root}
        parent = above.get(entry.role)
        assert post.parent_id == (parent.native_id if parent else None)


def test_a_quiet_platform_is_not_asked_for_comments_again(platform: Platform) -> None:
    """With the first run's marks the second requests no comments, and yields only what is listed anyway."""
    marks = platform.read().marks
    before = platform.thread_calls
    found = platform.read(LATER, marks)
    assert platform.thread_calls == before
    assert found.error is None
    assert {platform.citizens[native_id].role for native_id in found.ids} == {LISTED[platform.kind]}
    assert found.marks == {}
    assert platform.calls <= 5


@pytest.mark.parametrize("role", [Role.COMMENT, Role.REPLY])
def test_what_is_new_under_an_old_thread_is_found(platform: Platform, role: Role) -> None:
    """A new comment or reply under a post of three weeks ago is read, and no other thread is requested."""
    marks = platform.read().marks
    old = OLD_HOST[platform.kind]
    platform.simulator.world.add(
        a_draft("late", platform.kind, role, old if role is Role.COMMENT else f"{old}-c1", minutes_ago=0)
    )
    before = platform.thread_calls
    found = platform.read(LATER, marks)
    assert platform.native("late") in found.ids
    assert platform.thread_calls == before + 1
    assert len(found.marks) == 1


def test_a_comment_in_the_place_of_a_deleted_one_is_found_within_a_day(platform: Platform) -> None:
    """A deletion and a new comment leave the count unchanged, so each young thread is read again daily."""
    host = HOST[platform.kind]
    marks = platform.read().marks
    platform.simulator.world.delete(platform.native(f"{host}-c5"))
    platform.simulator.world.add(a_draft("in its place", platform.kind, Role.COMMENT, host, minutes_ago=0))
    found: list[str] = []
    calls = platform.thread_calls
    for hour in range(25):
        reading = platform.read(LATER, marks, NOW + timedelta(hours=hour))
        marks |= reading.marks
        found += reading.ids
    assert platform.native("in its place") in found
    assert platform.thread_calls - calls <= 2 * 5, "once or twice in 25 hours"


def test_a_comment_that_comes_while_the_thread_is_read_is_found_by_the_next_run(platform: Platform) -> None:
    """The mark is from before the thread was read, so the next run sees another one."""
    arrivals = iter([a_draft("meanwhile", platform.kind, Role.COMMENT, HOST[platform.kind], minutes_ago=0)])

    def arrive(path: str, body: Any) -> Any:
        if path.endswith(f"{platform.native(HOST[platform.kind])}/comments"):
            for draft in arrivals:
                platform.simulator.world.add(draft)
        return body

    platform.wire.after = arrive
    first = platform.read()
    assert platform.native("meanwhile") not in first.ids
    assert platform.native("meanwhile") in platform.read(LATER, first.marks).ids


def test_what_was_written_before_the_county_began_is_left_alone(server: Server) -> None:
    """Posts older than the floor are not yielded, and a page of them ends the reading."""
    months = 90 * 24 * 60
    for kind in KINDS:
        comments = thread(kind, "ancient", comments=250, minutes_ago=months)
        listed = [a_draft(f"l{number}", kind, LISTED[kind], minutes_ago=months + number) for number in range(250)]
        fresh = a_draft("fresh", kind, Role.COMMENT, "ancient", minutes_ago=1)
        platform = of_kind(
            server, kind, own("ancient", kind, Role.COUNTY_POST, minutes_ago=months + 1), *comments, *listed, fresh
        )
        found = platform.read()
        assert found.error is None
        assert found.ids == [platform.native("fresh")]
        # Instagram's threads must be read to their end, because old comments get new replies.
        assert platform.calls == {"instagram": 8, "facebook_page": 4}[kind]


def test_media_of_years_are_not_listed_at_every_run(server: Server) -> None:
    """Instagram's latest page is always listed, older ones only while comments are expected there."""
    days = 24 * 60
    media = [
        own(f"y{number}", "instagram", Role.COUNTY_POST, minutes_ago=(40 + number) * days) for number in range(200)
    ]
    platform = of_kind(server, "instagram", *media, a_draft("c", "instagram", Role.COMMENT, "y49", minutes_ago=5))
    assert platform.read(LATER).ids == [platform.native("c")]
    assert platform.simulator.requests["/{ig-user-id}/media"] == 1


def test_an_old_thread_far_down_the_feed_is_found(server: Server) -> None:
    """The feed is ranked, so pages of quiet posts before an old one that changed do not end the reading."""
    hour = 60
    posts = [
        a_draft(f"v{number}", "facebook_page", Role.VISITOR_POST, minutes_ago=(72 + number) * hour)
        for number in range(330)
    ]
    late = a_draft("late", "facebook_page", Role.COMMENT, "v329", minutes_ago=5)
    platform = of_kind(server, "facebook_page", *posts, late)
    found = platform.read(LATER)
    assert found.error is None
    assert platform.native("late") in found.ids
    assert platform.thread_calls == 1, "threads that last changed before the window are not asked about"


def test_a_page_that_holds_only_own_posts_does_not_end_the_reading(server: Server) -> None:
    """Fifty announcements in a row hide no complaint after them."""
    for kind in KINDS:
        announcements = [own(f"a{number}", kind, Role.COUNTY_POST, minutes_ago=10 + number) for number in range(60)]
        comment = a_draft("c", kind, Role.COMMENT, "a59", minutes_ago=1)
        platform = of_kind(server, kind, *announcements, comment)
        assert platform.read(LATER).ids == [platform.native("c")]


# ------------------------------------------------------------------------------------------------ credentials


def test_the_token_goes_in_the_header_only(platform: Platform) -> None:
    """No address holds the token; each holds the version and the proof of this token."""
    platform.read()
    token = platform.simulator.world.account_of(Kind(platform.kind)).token
    proof = hmac.new(SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    for url, headers in platform.wire.asked:
        assert token not in url
        assert "access_token" not in url
        assert SECRET not in url
        assert headers["Authorization"] == f"Bearer {token}"
        assert urlsplit(url).path.startswith("/v25.0/")
        assert parse_qs(urlsplit(url).query)["appsecret_proof"] == [proof]


@pytest.mark.parametrize("wrong", [{"token": "bukan-token"}, {"app_secret": "salah"}])
def test_a_wrong_credential_is_told_apart_from_silence(platform: Platform, wrong: dict[str, Any]) -> None:
    """For an unknown token or a wrong proof a person must act, which one request shows."""
    found = platform.read(**wrong)
    assert isinstance(found.error, CredentialError)
    assert (found.posts, platform.calls) == ([], 1)
    assert next(iter(wrong.values())) not in str(found.error)


def test_an_account_that_does_not_answer_is_an_error(platform: Platform) -> None:
    """A single post may be gone, but a missing account is not taken for an empty channel."""
    platform.simulator.world.accounts = ()
    platform.simulator.faults.clear()
    assert isinstance(platform.read().error, GoneError)


# ----------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize(
    "fault", ["html", "truncated", "empty_body", "null_body", "no_data_key", "repeat_page", "server_error"]
)
def test_a_persistent_fault_is_an_outage_and_never_an_empty_channel(platform: Platform, fault: str, after: int) -> None:
    """An undocumented answer ends the run with an error, and what was read before it is valid."""
    platform.fault(fault, after=after)
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert set(found.ids) <= set(platform.citizens)
    assert found.rejected == []
    assert "Masuk" not in str(found.error)


@pytest.mark.parametrize("after", [0, 1, 3])
def test_a_single_server_error_is_got_over(platform: Platform, after: int) -> None:
    """One failed request costs one pause and loses nothing."""
    platform.fault("server_error", times=1, after=after)
    assert whole(platform, platform.read())
    assert len(platform.pauses) == 1


@pytest.mark.parametrize("code", [0, 4])
def test_a_throttled_run_stops_at_once_and_says_how_long_to_wait(platform: Platform, code: int) -> None:
    """A limit is not tried again, even when it calls itself transient."""
    platform.fault("throttled", code=code, minutes=7)
    found = platform.read()
    assert isinstance(found.error, ThrottledError)
    assert found.error.wait == timedelta(minutes=7)
    assert (platform.calls, platform.pauses) == (1, [])


def test_a_token_that_expires_in_the_middle_stops_the_run(platform: Platform) -> None:
    """What was read before is valid, and no further request is sent."""
    platform.fault("expired_token", after=2)
    found = platform.read()
    assert isinstance(found.error, CredentialError)
    assert str(found.error) == "code 190/463"
    assert platform.calls == 3
    assert set(found.ids) <= set(platform.citizens)


def test_a_platform_that_wants_less_gets_smaller_questions(platform: Platform) -> None:
    """Pages are halved without a pause until they are small enough, and nothing is lost."""
    platform.fault("reduce_data", limit=25)
    assert whole(platform, platform.read())
    assert platform.pauses == []


def test_a_platform_that_wants_less_than_one_item_is_an_outage(platform: Platform) -> None:
    """The halving ends at one item."""
    platform.fault("reduce_data", limit=0)
    assert isinstance(platform.read().error, OutageError)
    assert platform.calls <= 7


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in sorted(KINDS) for name in NOT_VITAL[kind]])
def test_a_field_the_platform_no_longer_knows_is_given_up(server: Server, kind: str, name: str) -> None:
    """Every text is still read, replies included, and the account's own are still left out."""
    platform = of_kind(server, kind, *some_drafts(kind))
    platform.fault("unknown_field", field=name)
    found = platform.read()
    assert whole(platform, found)
    posts = {post.native_id: post.text for post in found.posts}
    assert posts == {native_id: entry.text for native_id, entry in platform.citizens.items()}


def test_a_vital_field_that_is_gone_is_an_error(platform: Platform) -> None:
    """Without an indispensable field the run ends with an error."""
    platform.fault("unknown_field", field="id")
    found = platform.read()
    assert type(found.error).__name__ == "MisconfiguredError"
    assert platform.calls <= 2


def test_an_empty_page_with_a_next_is_not_the_end(platform: Platform) -> None:
    """The platform filters pages and may leave them empty; the posts after them are read."""
    platform.fault("empty_page_with_next")
    assert whole(platform, platform.read())


@pytest.mark.parametrize(
    "fault", [{"name": "short_pages", "limit": 7}, {"name": "ranked"}, {"name": "hide_from"}, {"name": "hide_username"}]
)
def test_oddities_of_a_healthy_platform_lose_nothing(platform: Platform, fault: dict[str, Any]) -> None:
    """Short pages, a ranked feed and hidden authors are no faults."""
    platform.fault(**fault)
    assert whole(platform, platform.read())


def test_without_any_author_the_handle_tells_the_own_comments(server: Server) -> None:
    """Instagram's `username` alone identifies the account's own comments."""
    platform = of_kind(server, "instagram", *some_drafts("instagram"))
    platform.fault("hide_from", everyone=True)
    assert whole(platform, platform.read())


def test_without_any_author_everything_comes_in(server: Server) -> None:
    """A photo without an author is read: a person must judge whether it is the Page's own or a visitor's."""
    platform = of_kind(server, "facebook_page", *some_drafts("facebook_page"))
    platform.fault("hide_from", everyone=True)
    found = platform.read()
    own_ones = {"answer", "announcement", HOST["facebook_page"], OLD_HOST["facebook_page"], "quiet"}
    assert set(found.ids) - set(platform.citizens) == {platform.native(name) for name in own_ones}
    assert set(platform.citizens) <= set(found.ids)


def test_comments_without_an_id_go_into_quarantine(platform: Platform) -> None:
    """When the platform withholds ids, each text is kept for a person to see."""
    platform.fault("hide_ids")
    found = platform.read()
    texts = [json.loads(rejected.raw) for rejected in found.rejected]
    assert any(f"Lapor {HOST[platform.kind]}-c1" in text.values() for text in texts)
    assert len({rejected.native_id for rejected in found.rejected}) == len(found.rejected) > 100
    assert "Warga Contoh" not in str(texts)


def test_a_slow_platform_ends_the_run_in_time(platform: Platform) -> None:
    """An answer that does not come within the run's time stops the run; it is no outage."""
    platform.fault("slow", seconds=4.0, after=1)
    begun = time.monotonic()
    found = platform.read(budget=TimeBudget(time.monotonic, begun + 0.3))
    assert isinstance(found.error, StoppedError)
    assert str(found.error) == "time"
    assert time.monotonic() - begun < 3.5


def test_a_run_whose_time_is_up_asks_nothing_more(platform: Platform) -> None:
    """The clock is checked before every request."""
    asked = platform.wire.asked
    found = platform.read(budget=TimeBudget(lambda: float(len(asked)), 3))
    assert str(found.error) == "time"
    assert platform.calls == 3


def test_a_run_pauses_near_the_limit(platform: Platform) -> None:
    """At 80 per cent of the limit no further request is sent."""
    platform.fault("high_usage", percent=80)
    found = platform.read()
    assert isinstance(found.error, StoppedError)
    assert (str(found.error), platform.calls) == ("usage", 1)


def test_a_run_goes_on_below_the_limit(platform: Platform) -> None:
    """At 79 per cent of the limit the run continues."""
    platform.fault("high_usage", percent=79)
    assert whole(platform, platform.read())


def test_a_thread_deleted_since_it_was_listed_is_skipped(platform: Platform) -> None:
    """The other threads are read; the deleted one leaves no mark."""
    host = platform.native(HOST[platform.kind])

    def delete(path: str) -> None:
        if path.endswith(f"{host}/comments") and platform.simulator.world.find(host):
            platform.simulator.world.delete(host)

    platform.wire.before = delete
    found = platform.read()
    assert whole(platform, found)
    assert len(platform.citizens) > 60
    assert host.rpartition("_")[2] not in found.marks


def test_a_comment_deleted_while_its_replies_are_fetched_is_skipped(server: Server) -> None:
    """The same run reads the comments after it in the thread."""
    newest = a_draft("newest", "instagram", Role.COMMENT, "m1", minutes_ago=15)
    replies = [
        a_draft(f"reply-{number}", "instagram", Role.REPLY, "newest", minutes_ago=14 - number / 10)
        for number in range(60)
    ]
    platform = of_kind(server, "instagram", *some_drafts("instagram"), newest, *replies)
    comment = platform.native("newest")

    def delete(path: str) -> None:
        if path.endswith("/replies") and platform.simulator.world.find(comment):
            platform.simulator.world.delete(comment)

    platform.wire.before = delete
    found = platform.read()
    assert found.error is None
    assert platform.simulator.world.find(comment) is None
    assert set(platform.citizens) <= set(found.ids)


def test_a_thread_longer_than_a_run_reads_starves_no_other(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run reports the cut and sets no mark for that thread; everything else is read."""
    monkeypatch.setattr(graph, "PAGE_CAP", 2)
    for kind in KINDS:
        drafts = [
            own("giveaway", kind, Role.COUNTY_POST, minutes_ago=1000),
            *thread(kind, "giveaway", comments=220),
            own("host", kind, Role.COUNTY_POST, minutes_ago=1001),
            *thread(kind, "host", comments=3),
            a_draft("listed", kind, LISTED[kind], minutes_ago=1002),
        ]
        platform = of_kind(server, kind, *drafts)
        found = platform.read()
        assert isinstance(found.error, PageCapError)
        assert str(found.error) == "page cap"
        assert {platform.native(name) for name in ("host-c1", "host-c2", "host-c3", "listed")} <= set(found.ids)
        marks = {platform.native(name).rpartition("_")[2] for name in ("host", "giveaway")} & set(found.marks)
        assert marks == {platform.native("host").rpartition("_")[2]}


# -------------------------------------------------------------------------------------------- malformed items


def without(*names: str) -> Callable[[dict[str, Any]], Any]:
    """Spoil an item by leaving fields out."""
    return lambda item: {name: value for name, value in item.items() if name not in names}


def with_values(**changes: Any) -> Callable[[dict[str, Any]], Any]:
    """Spoil an item by wrong values."""
    return lambda item: item | {name: value for name, value in changes.items() if name in item or name == "id"}


WRONG = [
    without("timestamp", "created_time"),
    without("id"),
    with_values(timestamp="kemarin", created_time="kemarin"),
    with_values(timestamp="2026-11-03T07:00:00", created_time="2026-11-03T07:00:00"),
    with_values(timestamp="9999-12-31T23:59:59-1000", created_time="9999-12-31T23:59:59-1000"),
    with_values(id="../me?x=1"),
    with_values(id=float("nan")),
    with_values(id=int("9" * 300)),
    lambda _item: None,
    lambda _item: [],
    lambda _item: "teks",
]


@pytest.mark.parametrize("spoil", WRONG)
@pytest.mark.parametrize("edge", ["/media", "/comments", "/replies", "/tags", "/feed"])
def test_one_malformed_item_is_put_aside_and_the_page_goes_on(
    platform: Platform, edge: str, spoil: Callable[[dict[str, Any]], Any]
) -> None:
    """Whatever is wrong with one item of any edge, only that item goes into quarantine."""
    spoilt: list[str] = []

    def spoil_first(path: str, body: Any) -> Any:
        if path.endswith(edge) and not spoilt and body.get("data"):
            spoilt.append(body["data"][0]["id"])
            body["data"][0] = spoil(body["data"][0])
        return body

    platform.wire.after = spoil_first
    found = platform.read()
    assert found.error is None
    assert len(found.rejected) == len(spoilt)
    lost = set(platform.citizens) - set(found.ids)
    gone = {entry for native_id in spoilt if (entry := platform.simulator.world.find_native(native_id))}
    assert all(platform.citizens[native_id] in gone or platform.citizens[native_id].root in gone for native_id in lost)
    assert "Warga Contoh" not in "".join(rejected.model_dump_json() for rejected in found.rejected)


def test_a_medium_without_a_count_is_read_every_time(server: Server) -> None:
    """A missing count is not taken for zero."""
    platform = of_kind(server, "instagram", *some_drafts("instagram"))
    strip = without("comments_count")
    platform.wire.after = lambda path, body: (
        {"data": [strip(item) for item in body["data"]]} if path.endswith("/media") else body
    )
    first = platform.read()
    assert whole(platform, first)
    assert first.marks == {}


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just("2026-11-03T06:41:09+0000"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SOUND: dict[str, Any] = {
    "id": "17",
    "timestamp": "2026-11-03T06:41:09+0000",
    "created_time": "2026-11-03T06:41:09+0000",
    "updated_time": "2026-11-03T06:41:09+0000",
    "permalink": "https://www.instagram.com/p/contoh/",
    "comments_count": 1,
    "text": "tolong",
    "message": "tolong",
    "from": {"id": "18"},
    "username": "warga",
    "replies": {"data": [], "paging": {"next": "x"}},
    "attachments": {"data": [{"media_type": "photo"}]},
    "parent": {"id": "19"},
}
items = st.builds(lambda changes: SOUND | changes, st.dictionaries(st.sampled_from(sorted(SOUND)), junk, max_size=3))
bodies = st.fixed_dictionaries(
    {"data": st.lists(items | junk, max_size=3) | junk},
    optional={
        "paging": junk | st.fixed_dictionaries({"cursors": st.fixed_dictionaries({"after": junk}), "next": junk})
    },
)


@pytest.mark.parametrize("kind", sorted(KINDS))
@given(answers=st.lists(bodies | junk, min_size=1, max_size=5))
def test_whatever_the_platform_answers_a_source_yields_or_raises_a_channel_error(kind: str, answers: list[Any]) -> None:
    """Any JSON leads to storable batches or to a `ChannelError`, and to nothing else."""
    left = iter([*answers, *([{"data": []}] * 300)])
    wire = SimpleNamespace(request=lambda *_args, **_more: streamed(200, json.dumps(next(left)).encode(), {}))
    found = read(KINDS[kind](CHANNELS[kind], connection_to("http://127.0.0.1", NOW, "t", http=wire)), FIRST)
    for record in (*found.posts, *found.rejected):
        record.model_dump_json()


# --------------------------------------------------------------------------------------------------- recorded


class Recorded:
    """Answers from files. Each names the path and cursor that it answers, and can be used repeatedly."""

    def __init__(self, kind: str) -> None:
        self.asked: list[str] = []
        self._answers: dict[tuple[str, str | None], Any] = {}
        for file in sorted((RECORDINGS / kind).glob("*.json")):
            recording = json.loads(file.read_text())
            self._answers[recording["path"], recording.get("after")] = recording

    def request(self, method: str, url: str, **options: Any) -> Any:
        """Answer, as urllib3 does."""
        address = urlsplit(url)
        self.asked.append(address.path)
        after = parse_qs(address.query).get("after", [None])[0]
        recording = self._answers[address.path, after]
        data = json.dumps(recording["body"]).replace("/", "\\/").encode()
        return streamed(recording["status"], data, recording["headers"])


def read_recorded(kind: str, window: Window = FIRST, marks: Mapping[str, str] | None = None) -> tuple[Reading, Any]:
    """Run a source over recorded answers."""
    wire = Recorded(kind)
    connection = connection_to("https://graph.facebook.com", NOW, "t", http=wire)
    return read(KINDS[kind](CHANNELS[kind], connection), window, marks), wire


EXPECTED: dict[str, dict[str, tuple[str, bool, str | None]]] = {
    "instagram": {
        "18000000000000021": ("selokan depan Pasar Condongcatur mampet", False, "17900000000000010"),
        "18000000000000022": ("Betul, kemarin sore", False, "18000000000000021"),
        "18000000000000023": ("Kampung kami juga", False, "18000000000000021"),
        "18000000000000031": ("", True, "17900000000000010"),
        "18000000000000041": ("matur nuwun", False, "17900000000000012"),
        "17910000000000031": ("Pohon tumbang", True, None),
        "17910000000000032": ("", True, None),
    },
    "facebook_page": {
        "100000000000001_122100000000457": ("lampu penerangan jalan", True, None),
        "100000000000001_122100000000458": ("Jembatan bambu", False, None),
        "122100000000321_1380000000000002": ("KTP hilang", False, "122100000000321_1380000000000001"),
        "122100000000321_1380000000000001": ("", True, "100000000000001_122100000000321"),
        "122100000000457_1380000000000011": ("Podo, ngarep omahku", False, "100000000000001_122100000000457"),
    },
}
OWN_RECORDED = {"instagram": 1, "facebook_page": 3}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recorded_answers_are_read_to_their_end(kind: str) -> None:
    """From the documented shapes every citizen's text is read once, with its photo and its parent."""
    found, _ = read_recorded(kind)
    assert set(found.ids) == set(EXPECTED[kind])
    for post in found.posts:
        text, has_photo, parent_id = EXPECTED[kind][post.native_id]
        assert text in post.text
        assert bool(text) == bool(post.text)
        assert (post.has_photo, post.parent_id) == (has_photo, parent_id)
        assert post.permalink.startswith(("https://www.instagram.com/p/", "https://www.facebook.com/"))
    assert (found.own, found.rejected) == (OWN_RECORDED[kind], [])


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_recorded_threads_that_say_the_same_are_not_read_again(kind: str) -> None:
    """With the marks of the first run, the second requests no comments."""
    first, _ = read_recorded(kind)
    _, wire = read_recorded(kind, LATER, first.marks)
    assert [path for path in wire.asked if path.endswith(("/comments", "/replies"))] == []


# -------------------------------------------------------------------------------------------------- deletions


def tagged(*minutes_ago: int) -> list[Draft]:
    """Others' pictures in which the account is tagged."""
    return [
        a_draft(f"t{number}", "instagram", Role.TAG, has_photo=True, minutes_ago=minutes)
        for number, minutes in enumerate(minutes_ago, start=1)
    ]


def test_a_tag_that_is_no_longer_listed_is_gone(server: Server) -> None:
    """Others' media cannot be fetched by id, so a tag exists as long as any page lists it."""
    platform = of_kind(server, "instagram", *tagged(*range(10, 130)))
    posts = {post.native_id: post for post in platform.read().posts}
    gone = {platform.native("t7"), platform.native("t100")}
    for native_id in gone:
        platform.simulator.world.delete(native_id)
    platform.wire.asked.clear()
    source = platform.open()
    slices = [list(posts.values())[start : start + source.batch_size] for start in range(0, 120, source.batch_size)]
    told = {native_id: there for slice_ in reversed(slices) for native_id, there in source.still_there(slice_).items()}
    assert told == {native_id: native_id not in gone for native_id in posts}
    assert platform.simulator.requests["/{ig-user-id}/tags"] == 4 + 4, "to read, and once for the whole sweep"


def test_a_tag_is_only_called_gone_while_an_older_one_is_listed(server: Server) -> None:
    """A list that is cut short or suddenly empty says nothing about what would follow."""
    platform = of_kind(server, "instagram", *tagged(10, 20, 30))
    posts = dict(zip(("t1", "t2", "t3"), platform.read().posts, strict=True))
    platform.simulator.world.delete(posts["t2"].native_id)
    platform.simulator.world.delete(posts["t3"].native_id)
    assert platform.open().still_there(list(posts.values())) == {posts["t1"].native_id: True}
    platform.wire.after = lambda path, body: {"data": []} if path.endswith("/tags") else body
    assert platform.open().still_there(list(posts.values())) == {}


def test_a_tag_whose_time_cannot_be_read_is_there(server: Server) -> None:
    """An oddity of a listed tag does not get it erased."""
    platform = of_kind(server, "instagram", *tagged(10, 20, 30))
    posts = platform.read().posts
    strip = without("timestamp")
    platform.wire.after = lambda path, body: (
        {"data": [strip(body["data"][0]), *body["data"][1:]]} if path.endswith("/tags") and body["data"] else body
    )
    assert platform.open().still_there(posts) == {post.native_id: True for post in posts}


@pytest.mark.parametrize("has_photo", [False, True])
def test_a_mention_is_asked_for_through_the_account(server: Server, has_photo: bool) -> None:  # noqa: FBT001
    """A pushed mention is in no list; it is there while shown, and unknown when the request is refused."""
    platform = of_kind(server, "instagram", *tagged(10, 30))
    [tag, _] = platform.read().posts
    mention = tag.model_copy(update={"native_id": "18000000000000777", "has_photo": has_photo})
    assert platform.open().still_there([mention]) == {mention.native_id: False}
    asked = "mentioned_media.media_id" if has_photo else "mentioned_comment.comment_id"
    [fields] = [
        found["fields"][0]
        for url, _ in platform.wire.asked
        if "mentioned" in (found := parse_qs(urlsplit(url).query))["fields"][0]
    ]
    assert fields == f"{asked}(18000000000000777){{id}}"
    account = f"/{CHANNELS['instagram'].account}"
    platform.wire.after = lambda path, body: {"id": "1"} if path.endswith(account) else body
    assert platform.open().still_there([mention]) == {mention.native_id: True}
    refused = {"error": {"code": 100, "message": "(#100) Tried accessing nonexisting field (mentioned_media)"}}
    platform.wire.after = lambda path, body: refused if path.endswith(account) else body
    assert platform.open().still_there([mention]) == {}


def test_an_account_that_is_not_seen_tells_nothing_of_its_mentions(server: Server) -> None:
    """A lost permission gets the same answer as a deletion, and erases nothing."""
    platform = of_kind(server, "instagram", *tagged(10, 30))
    [tag, _] = platform.read().posts
    mention = tag.model_copy(update={"native_id": "18000000000000777"})
    hidden = {"error": {"code": 100, "error_subcode": 33, "message": "Unsupported get request."}}
    account = f"/{CHANNELS['instagram'].account}"
    platform.wire.after = lambda path, body: hidden if path.endswith(account) else body
    with pytest.raises(GoneError):
        platform.open().still_there([mention])
