"""X's mentions: read once each, at a known price, and never in silence about what cannot be reached."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import Channel, load_directory
from aduan.post import Post
from poll_channels.poll import Poll
from poll_channels.source import (
    ChannelError,
    CredentialError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    StoppedError,
    ThrottledError,
    Window,
)
from poll_channels.sources import x
from poll_channels.sources.graph import ATTEMPTS, DEFAULT_WAIT, LONGEST_WAIT
from poll_channels.sources.x import LATE, SINCE_ID, id_at, judged, moment_of, open_mentions, wait_asked_for
from tests.builders import a_channel
from tests.fake_x import ACCOUNT, TOKEN, FakeX, Written, numbered, written
from tests.in_memory import InMemoryChannelStore, InMemoryPostStore, Killed, Memory
from tests.local_http import Answer, Asked, as_json, serving
from tests.reading import Direct, Reading, connection_to, read

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
DAY = 24 * 60
FLOOR = NOW - timedelta(days=6)
FIRST = Window(since=FLOOR, floor=FLOOR, threads=FLOOR)
RECORDINGS = Path(__file__).parent.parent / "recordings" / "x"


def an_account(**changes: Any) -> Channel:
    """The county's account on X."""
    fields: dict[str, Any] = {"id": "x:kabarsleman", "kind": "x", "account": ACCOUNT}
    return a_channel(**(fields | changes))


@dataclass
class Platform:
    """X, and the source that reads it."""

    fake: FakeX
    url: str = "http://x.test"
    http: Any = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    pauses: list[float] = field(default_factory=list)
    cost: float = 0.0
    calls: int = 0

    def read(
        self, marks: Mapping[str, str] | None = None, now: datetime = NOW, window: Window = FIRST, token: str = TOKEN
    ) -> Reading:
        """Run once."""
        self.fake.now = now
        self.fake.asked.clear()
        channel = an_account(parameters=self.parameters)
        source = open_mentions(channel, connection_to(self.url, now, token, http=self.http, pauses=self.pauses))
        found = read(source, window, marks or {})
        self.cost, self.calls = source.cost_usd, source.calls
        return found


@pytest.fixture(name="platform")
def _platform() -> Iterator[Platform]:
    fake = FakeX(NOW)
    with serving(fake.answer) as url:
        yield Platform(fake, url)


def direct(*posts: Written, **changes: Any) -> Platform:
    """X without a network between."""
    fake = FakeX(NOW, list(posts), **changes)
    return Platform(fake, http=Direct(fake.answer))


# ------------------------------------------------------------------------------------------- healthy platform


@pytest.mark.parametrize("dialect", ["legacy", "new"])
def test_every_mention_is_read_once_over_all_pages(platform: Platform, dialect: str) -> None:
    """In both dialects; own posts and retweets are passed over, and the mark is the newest id of the first page."""
    posts = [*numbered(230, NOW), written(231, NOW, author=ACCOUNT)]
    repeat = written(232, NOW, references=(("retweeted", posts[0].id),))
    platform.fake.posts = [*posts, repeat]
    platform.parameters = {"dialect": dialect}
    found = platform.read()
    assert found.error is None
    assert found.ids == platform.fake.citizens
    assert (found.own, found.rejected, platform.calls) == (2, [], 3)
    assert found.marks == {SINCE_ID: posts[0].id}


@pytest.mark.parametrize("dialect", ["legacy", "new"])
def test_a_post_is_what_its_author_wrote(platform: Platform, dialect: str) -> None:
    """Whole text without escapes, photo, thread, first id of its history, and a link to the newest version."""
    edited = written(
        5,
        NOW,
        text="potong…",
        note="lampu &amp;lt; selokan &lt;mati&gt; &amp; banjir",
        history=(str(id_at(NOW) - 999), "1"),
        references=(("quoted", "11"), ("replied_to", "12")),
        photo=True,
    )
    platform.fake.posts = [edited]
    platform.fake.usernames = {edited.author: "warga_17"}
    platform.parameters = {"dialect": dialect, "expand_authors": 1}
    [post] = platform.read().posts
    assert (post.kind, post.channel, post.fetched_at) == ("x", "x:kabarsleman", NOW)
    assert post.native_id == edited.history[0]
    assert post.text == "lampu &lt; selokan <mati> & banjir"
    assert (post.has_photo, post.parent_id, post.created_at) == (True, "12", edited.created_at)
    assert post.permalink == f"https://x.com/warga_17/status/{edited.id}"
    assert post.author is not None
    assert edited.author not in post.model_dump_json()


def test_without_names_the_permalink_has_none(platform: Platform) -> None:
    """The author is a number in the legacy dialect: no name is asked for, paid for or kept."""
    platform.fake.posts = [written(5, NOW)]
    [post] = platform.read().posts
    assert post.permalink == f"https://x.com/i/status/{post.native_id}"
    assert post.author is not None
    assert "expansions" not in platform.fake.asked[0].query


def test_the_token_goes_in_the_header_only(platform: Platform) -> None:
    """No address holds it, and the answer may be compressed."""
    platform.fake.posts = [written(5, NOW)]
    platform.read()
    [asked] = platform.fake.asked
    assert TOKEN not in asked.target
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept-encoding"] == "gzip"


def test_a_second_run_asks_only_for_what_is_new(platform: Platform) -> None:
    """It asks by the mark."""
    platform.fake.posts = [written(minutes, NOW) for minutes in (50, 500)]
    marks = platform.read().marks
    fresh = written(1, NOW)
    platform.fake.posts.append(fresh)
    found = platform.read(marks)
    [asked] = platform.fake.asked
    assert asked.query["since_id"] == platform.fake.posts[0].id
    assert found.ids == [fresh.id]
    assert found.marks == {SINCE_ID: fresh.id}


def test_a_post_that_becomes_visible_late_is_found(platform: Platform) -> None:
    """X indexes late: the last half hour is always read again, behind the mark too."""
    platform.fake.posts = [written(10, NOW), written(50, NOW)]
    marks = platform.read().marks
    late = written(20, NOW)
    platform.fake.posts.append(late)
    found = platform.read(marks)
    assert platform.fake.asked[0].query["since_id"] == str(id_at(NOW - LATE))
    assert found.ids == [platform.fake.posts[0].id, late.id]
    assert found.marks == {}


def test_nothing_new_leaves_the_mark_alone(platform: Platform) -> None:
    """No data, a count of zero: an empty page, and nothing to write."""
    platform.fake.posts = [written(50, NOW)]
    marks = platform.read().marks
    found = platform.read(marks)
    assert (found.error, found.posts, found.marks) == (None, [], {})


def test_ids_are_compared_as_numbers(platform: Platform) -> None:
    """An id of 18 digits is less than one of 19, although its text is greater."""
    moment = datetime(2017, 1, 1, tzinfo=UTC)
    old = Written("999999999999999999", "@kabarsleman lama", moment)
    young = Written("1000000000000000000", "@kabarsleman baru", moment + timedelta(days=1))
    platform.fake.posts, platform.fake.keeps = [old, young], None
    then = datetime(2018, 5, 26, tzinfo=UTC)
    found = platform.read(now=then, window=Window(since=moment, floor=moment, threads=moment))
    assert found.ids == [young.id, old.id]
    assert found.marks == {SINCE_ID: young.id}


def test_an_edit_comes_with_its_new_text_under_its_first_id(platform: Platform) -> None:
    """Also when the old version is still listed behind it: that one is no news."""
    old = written(10, NOW, text="@kabarsleman lampu mati")
    platform.fake.posts = [old]
    marks = platform.read().marks
    new = written(2, NOW, text="@kabarsleman lampu mati di Kutu", history=(old.id, str(id_at(NOW))))
    platform.fake.posts = [old, new]
    [post] = platform.read(marks).posts
    assert (post.native_id, post.text) == (old.id, "@kabarsleman lampu mati di Kutu")


def test_what_is_older_than_the_beginning_is_left_alone(platform: Platform) -> None:
    """The first run begins where reading began."""
    platform.fake.posts = [written(60, NOW), written(6 * DAY + 60, NOW)]
    assert platform.read().ids == [platform.fake.posts[0].id]
    assert platform.fake.asked[0].query["start_time"] == "2026-10-28T07:00:00Z"


def test_partial_errors_are_no_errors(platform: Platform) -> None:
    """A post that answers a deleted one is read all the same."""
    platform.fake.posts = [written(60, NOW, references=(("replied_to", "12"),))]
    platform.fake.errors = [{"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}]
    found = platform.read()
    assert (found.error, len(found.posts)) == (None, 1)


# ------------------------------------------------------------------------------------------------------- price


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({}, 0.015), ({"expand_authors": 1}, 0.015 + 0.02), ({"dialect": "new"}, 0.015 + 0.02)],
)
def test_a_run_says_what_it_cost(platform: Platform, parameters: dict[str, Any], expected: float) -> None:
    """Half a cent a post, and a cent for each author when their names were asked for."""
    platform.fake.posts = [written(1, NOW), written(2, NOW, author="300000018"), written(3, NOW)]
    platform.parameters = parameters
    platform.read()
    assert platform.cost == pytest.approx(expected)


def test_posts_read_twice_in_a_day_cost_once(platform: Platform) -> None:
    """What lies before the mark was charged in an earlier run; after midnight (UTC) it is charged again."""
    platform.fake.posts = [written(1, NOW), written(2, NOW)]
    marks = platform.read().marks
    found = platform.read(marks, NOW + timedelta(minutes=15))
    assert (len(found.posts), platform.cost) == (2, 0)
    midnight = datetime(2026, 11, 4, 0, 10, tzinfo=UTC)
    platform.fake.posts = [written(20, midnight)]
    platform.read({SINCE_ID: platform.fake.posts[0].id}, midnight)
    assert platform.cost == pytest.approx(0.005)


def test_an_empty_answer_costs_nothing(platform: Platform) -> None:
    """So a quiet channel may be asked as often as its rhythm says."""
    platform.read()
    assert platform.cost == 0


# --------------------------------------------------------------------------------------------- out of reach


def test_after_a_long_outage_the_gap_is_said_once(platform: Platform) -> None:
    """A mark older than seven days: what can be read is read, the ledger gets the gap, and the next run is normal."""
    lost, kept = written(8 * DAY, NOW), written(60, NOW)
    platform.fake.posts = [lost, kept]
    floor = NOW - timedelta(days=30)
    window = Window(since=floor, floor=floor, threads=floor)
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=9)))}, window=window)
    assert found.ids == [kept.id]
    assert isinstance(found.error, StoppedError)
    assert str(found.error) == "gap: 2026-10-25T07:00:00Z to 2026-10-27T08:00:00Z is out of reach"
    assert found.marks == {SINCE_ID: kept.id}
    again = platform.read(found.marks, window=window)
    assert (again.error, platform.calls) == (None, 1)


def test_a_gap_in_which_nobody_wrote_afterwards_is_said_once_too(platform: Platform) -> None:
    """With nothing to read the mark still comes within reach."""
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=9)))})
    assert str(found.error).startswith("gap: ")
    assert platform.read(found.marks).error is None


def test_a_position_that_is_refused_without_a_reason_costs_no_gap(platform: Platform) -> None:
    """A mark that X does not like although it is young is dropped; the week before is read again."""
    platform.fake.posts = [written(60, NOW), written(3 * DAY, NOW)]
    platform.fake.fault = lambda asked, _: platform.fake.stale("since_id", "1") if "since_id" in asked.query else None
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=2)))})
    assert found.error is None
    assert found.ids == platform.fake.citizens


def test_a_mark_from_the_future_is_dropped(platform: Platform) -> None:
    """Whatever wrote it: once X refuses it, the mark is again what was read."""
    platform.fake.posts = [written(60, NOW)]
    platform.fake.fault = lambda asked, _: platform.fake.stale("since_id", "1") if "since_id" in asked.query else None
    found = platform.read({SINCE_ID: str(id_at(NOW + timedelta(days=2)))})
    assert found.error is None
    assert found.marks == {SINCE_ID: platform.fake.posts[0].id}


def test_a_platform_that_refuses_every_position_is_misconfigured(platform: Platform) -> None:
    """The second refusal is an error, not a loop."""
    platform.fake.fault = lambda _asked, _: platform.fake.stale("start_time", "1")
    assert isinstance(platform.read().error, MisconfiguredError)
    assert platform.calls == 2


def test_a_silent_channel_never_comes_to_the_edge(platform: Platform) -> None:
    """Weeks without a mention: no gap is ever claimed, and the mark is written every five days at most."""
    platform.fake.posts = [written(60, NOW)]
    marks = platform.read().marks
    moves = 0
    for hour in range(1, 30 * 24, 12):
        found = platform.read(marks, NOW + timedelta(hours=hour))
        assert found.error is None
        moves += bool(found.marks)
        marks |= found.marks
    assert moves == 5


def test_more_than_can_be_reached_is_a_gap(platform: Platform) -> None:
    """The 800 newest are read, eight pages; the ledger says from when on, and the next run is normal."""
    platform.fake.posts = list(numbered(900, NOW))
    platform.fake.page_size = 90
    found = platform.read()
    assert len(found.ids) == 720
    oldest = found.posts[-1].created_at
    assert str(found.error) == f"gap: what is before {oldest:%Y-%m-%dT%H:%M:%SZ} is out of reach"
    assert platform.calls == 8
    assert found.marks == {SINCE_ID: platform.fake.posts[0].id}
    assert platform.read(found.marks).error is None


# ----------------------------------------------------------------------------------------------------- faults


def problem(name: str) -> tuple[int, dict[str, Any], dict[str, str]]:
    """A recorded error."""
    found = json.loads((RECORDINGS / "problems.json").read_text(encoding="utf-8"))[name]
    return found["status"], found["body"], found.get("headers", {})


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("invalid request", MisconfiguredError, "status 400"),
        ("unauthorized", CredentialError, "status 401"),
        ("no credits", NotPermittedError, "status 402: no credits are left"),
        ("no credits, as some report", NotPermittedError, "status 403: no credits are left"),
        ("not enrolled", NotPermittedError, "status 403"),
        ("no such account", MisconfiguredError, "status 404"),
        ("too many", ThrottledError, "status 429"),
        ("too many, of old", ThrottledError, "status 429"),
        ("month is used up", NotPermittedError, "status 429: the month's usage cap is reached"),
    ],
)
def test_every_error_of_the_table_is_told_apart(
    platform: Platform, name: str, kind: type[ChannelError], text: str
) -> None:
    """One call, no retry, and a text that quotes nothing of the answer; the mark stays."""
    status, body, headers = problem(name)
    platform.fake.fault = lambda _asked, _: Answer(status, json.dumps(body).encode(), headers)
    found = platform.read()
    assert type(found.error) is kind
    assert str(found.error) == text
    assert (platform.calls, platform.pauses, found.marks) == (1, [], {})


def test_a_wrong_token_is_a_persons_business(platform: Platform) -> None:
    """It is told apart from silence, after one call."""
    found = platform.read(token="bukan-token")
    assert isinstance(found.error, CredentialError)
    assert "bukan-token" not in str(found.error)


@pytest.mark.parametrize("host", ["api.twitter.com", "api.x.com"])
def test_a_problem_is_known_by_the_end_of_its_address(host: str) -> None:
    """X's old and new hosts mean the same."""
    error = judged(403, {"type": f"https://{host}/2/problems/usage-capped"}, {}, NOW)
    assert type(error) is NotPermittedError


@pytest.mark.parametrize(
    ("reset", "expected"),
    [
        (str(int(NOW.timestamp()) + 420), timedelta(minutes=7)),
        (str(int(NOW.timestamp()) - 420), timedelta(minutes=1)),
        ("9" * 40, LONGEST_WAIT),
        ("-5", DEFAULT_WAIT),
        ("besok", DEFAULT_WAIT),
        ("²", DEFAULT_WAIT),
        (None, DEFAULT_WAIT),
    ],
)
def test_the_wait_asked_for_is_kept_within_reason(reset: str | None, expected: timedelta) -> None:
    """X names the second at which it counts anew."""
    assert wait_asked_for({} if reset is None else {"x-rate-limit-reset": reset}, NOW) == expected


HTML = Answer(200, b"<!DOCTYPE html><title>Masuk</title>", {"Content-Type": "text/html"})
NO_BODIES: list[Any] = [
    {},
    {"data": None, "meta": {"result_count": 0}},
    {"data": []},
    {"data": {}, "meta": {"result_count": 0}},
    {"meta": {}},
    {"meta": {"result_count": 3}},
    {"meta": {"result_count": False}},
    {"meta": {"result_count": 0.0}},
    {"errors": [{"type": "https://api.x.com/2/problems/resource-not-found"}]},
    {"data": [{"id": "1", "text": "a"}], "meta": {"result_count": 1, "next_token": 5}},
]
NO_PAGES = [
    HTML,
    replace(HTML, status=302),
    replace(HTML, status=403),
    replace(HTML, status=401),
    Answer(200, b""),
    Answer(200, b"null"),
    Answer(200, b"[]"),
    Answer(200, b'{"data":[{"id":"1"'),
    Answer(200, b"bukan gzip", {"Content-Encoding": "gzip"}),
    *map(as_json, NO_BODIES),
]


@pytest.mark.parametrize("answer", NO_PAGES)
@pytest.mark.parametrize("after", [0, 1])
def test_what_is_no_page_is_an_outage_and_moves_no_mark(platform: Platform, answer: Answer, after: int) -> None:
    """Only no data with a count of zero is an empty page; what was read before is good."""
    platform.fake.posts, platform.fake.page_size = list(numbered(20, NOW)), 5
    platform.fake.fault = lambda _asked, number: answer if number > after else None
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert len(found.ids) == 5 * after
    assert found.marks == {}
    assert "Masuk" not in str(found.error)


@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_error_is_tried_a_few_times(platform: Platform, status: int) -> None:
    """HTML or not: two retries with pauses, then the next run."""
    platform.fake.fault = lambda _asked, _: replace(HTML, status=status)
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert str(found.error) == f"status {status}"
    assert (platform.calls, len(platform.pauses)) == (ATTEMPTS, ATTEMPTS - 1)


def test_a_single_server_error_is_got_over(platform: Platform) -> None:
    """One failed call costs one pause and loses nothing."""
    platform.fake.posts, platform.fake.page_size = list(numbered(20, NOW)), 5
    platform.fake.fault = lambda _asked, number: replace(HTML, status=503) if number == 2 else None
    found = platform.read()
    assert (found.error, found.ids) == (None, platform.fake.citizens)


def test_a_page_that_comes_again_and_again_ends_the_run(platform: Platform) -> None:
    """Although its token is another one each time: nothing comes twice, and the mark stays."""
    items = [{"id": post.id, "text": "lapor"} for post in numbered(5, NOW)]
    platform.fake.fault = lambda _asked, number: as_json(
        {"data": items, "meta": {"result_count": 5, "next_token": f"t{number}"}}
    )
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (len(found.ids), platform.calls, found.marks) == (5, 2, {})


def test_a_token_that_comes_again_ends_the_run(platform: Platform) -> None:
    """It leads nowhere."""
    platform.fake.fault = lambda _asked, _: as_json({"meta": {"result_count": 0, "next_token": "sama"}})
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (platform.calls, found.marks) == (2, {})


def test_empty_pages_in_between_are_read_over(platform: Platform) -> None:
    """What was filtered after the cut leaves empty pages; the posts behind them are read."""
    platform.fake.posts = list(numbered(5, NOW))
    empty = as_json({"meta": {"result_count": 0, "next_token": "t0"}})
    platform.fake.fault = lambda _asked, number: empty if number == 1 else None
    assert platform.read().ids == platform.fake.citizens


def test_a_newest_id_from_nowhere_is_not_believed(platform: Platform) -> None:
    """The mark is never beyond what came, nor an id that no clock can have given yet."""
    sound, future = written(5, NOW), written(-2 * DAY, NOW)
    platform.fake.fault = lambda _asked, _: as_json(
        {
            "data": [{"id": post.id, "text": "lapor"} for post in (future, sound)],
            "meta": {"result_count": 2, "newest_id": str(10**19 - 1)},
        }
    )
    found = platform.read()
    assert found.ids == [future.id, sound.id]
    assert found.marks == {SINCE_ID: sound.id}


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        ({"id": "7", "text": "lapor", "author_id": "300000017", "created_at": "kemarin"}, "created_at"),
        ({"text": "lapor"}, "id"),
        ({"id": "../me", "text": "lapor"}, "id"),
        ({"id": 1e400, "text": "lapor"}, "id"),
        ({"id": "9" * 40, "text": "lapor"}, "id"),
        ({"id": "7"}, "text"),
        ({"id": "7", "text": "lapor", "edit_history_tweet_ids": ["x"]}, "edit_history_tweet_ids"),
        ({"id": "7", "text": "lapor", "created_at": "9999-12-31T23:59:59-10:00"}, "OverflowError"),
        (None, ""),
        ([], ""),
        ("teks", ""),
    ],
)
def test_one_malformed_post_is_put_aside_and_the_page_goes_on(platform: Platform, item: Any, reason: str) -> None:
    """It waits in quarantine without the person who wrote it."""
    sound = written(5, NOW)
    platform.fake.fault = lambda _asked, _: as_json(
        {"data": [item, {"id": sound.id, "text": "lapor"}], "meta": {"result_count": 2}}
    )
    found = platform.read()
    assert found.error is None
    assert found.ids == [sound.id]
    [rejected] = found.rejected
    assert rejected.reason.startswith(reason)
    assert "300000017" not in rejected.model_dump_json()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"account": "kabarsleman"}, "account"),
        ({"parameters": {"dialect": "baru"}}, "dialect"),
        ({"parameters": {"dialek": "new"}}, "dialek"),
        ({"parameters": {"expand_authors": "mungkin"}}, "expand_authors"),
    ],
)
def test_a_wrong_parameter_is_named(changes: dict[str, Any], field: str) -> None:
    """The channel and the field are said before anything is asked."""
    with pytest.raises(MisconfiguredError, match=rf"^x:kabarsleman: {field}: "):
        open_mentions(an_account(**changes), connection_to("http://x.test", NOW, TOKEN))


def test_x_is_off_until_somebody_has_the_approval() -> None:
    """The directory's entry says why, how often it would be read, and what it may cost."""
    [channel] = [channel for channel in load_directory().channels if channel.kind == "x"]
    assert not channel.is_polled
    assert "Enterprise" in str(channel.note)
    assert (channel.every_minutes, channel.monthly_budget_usd) == (15, 20)


# ------------------------------------------------------------------------------------------------- recordings


def recorded(name: str) -> Answer:
    """A recorded answer."""
    found = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
    return Answer(found["status"], json.dumps(found["body"]).encode(), found["headers"])


def test_recorded_answers_are_read(platform: Platform) -> None:
    """Two pages of the legacy dialect, as the document shows them."""
    pages = [recorded("mentions-1"), recorded("mentions-2")]
    platform.fake.fault = lambda _asked, number: pages[number - 1]
    found = platform.read()
    assert found.error is None
    first, second = found.posts
    assert (
        first.text
        == "@kabarsleman selamat siang, selokan <depan pasar> mampet & meluap, mohon ditengok https://t.co/CoNtOh1234"
    )
    assert (first.permalink, first.has_photo) == (f"https://x.com/warga_contoh17/status/{first.native_id}", True)
    assert moment_of(int(first.native_id)) == first.created_at
    assert second.native_id == "2117482400000000000"
    assert second.text.endswith("sudah kami tanyakan ke pak dukuh")
    assert (second.parent_id, second.permalink) == ("2117300000000000000", "https://x.com/i/status/2117482443043889728")
    assert (found.own, found.marks) == (2, {SINCE_ID: first.native_id})


def test_the_new_dialect_reads_the_same(platform: Platform) -> None:
    """The same post in the other dialect gives the same post, but for the name in its link."""
    other = recorded("mentions-2")
    platform.fake.fault = lambda _asked, number: [recorded("mentions-1"), other][number - 1]
    legacy = platform.read().posts[1]
    platform.fake.fault = lambda _asked, _: recorded("mentions-new-dialect")
    platform.parameters = {"dialect": "new"}
    [post] = platform.read().posts
    assert post == legacy.model_copy(update={"permalink": "https://x.com/contoh_gamping/status/2117482443043889728"})
    assert platform.cost == pytest.approx(0.005 * 2 + 0.010)


def test_a_recorded_silence_is_read(platform: Platform) -> None:
    """The mark moves to a day ago, so that it stays within reach."""
    platform.fake.fault = lambda _asked, _: recorded("nothing")
    found = platform.read()
    assert (found.error, found.posts) == (None, [])
    assert found.marks == {SINCE_ID: str(id_at(NOW - timedelta(days=1)))}


# -------------------------------------------------------------------------------------------- anything at all

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
SOUND: dict[str, Any] = {
    "id": str(id_at(NOW - timedelta(hours=1))),
    "text": "tolong",
    "created_at": "2026-11-03T06:00:00.000Z",
    "author_id": "300000017",
    "edit_history_tweet_ids": ["2117482443043889728"],
    "referenced_tweets": [{"type": "replied_to", "id": "12"}],
    "note_tweet": {"text": "tolong sekali"},
    "attachments": {"media_keys": ["3_1"]},
}
items = st.builds(lambda changes: SOUND | changes, st.dictionaries(st.sampled_from(sorted(SOUND)), junk, max_size=3))
bodies = st.fixed_dictionaries(
    {},
    optional={
        "data": st.lists(items | junk, max_size=3) | junk,
        "meta": junk
        | st.fixed_dictionaries({}, optional={"result_count": junk, "next_token": junk, "newest_id": junk}),
        "includes": junk | st.fixed_dictionaries({"users": junk, "tweets": junk}),
        "errors": junk,
        "type": junk,
    },
)
answers = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 204, 302, 400, 401, 402, 403, 404, 429, 500]),
    st.binary(max_size=30) | (bodies | junk).map(lambda body: json.dumps(body).encode()),
    st.dictionaries(st.just("x-rate-limit-reset"), st.text(max_size=5), max_size=1),
)


@given(st.lists(answers, min_size=1, max_size=5), st.dictionaries(st.just(SINCE_ID), st.text(max_size=5), max_size=1))
def test_whatever_x_answers_a_run_yields_or_raises_a_channel_error(given: list[Answer], marks: dict[str, str]) -> None:
    """No bytes make a run die of anything else; a mark is an id that came, or a day ago."""
    left = iter(given)
    platform = direct()
    platform.fake.fault = lambda _asked, _: next(left, None)
    found = platform.read(marks)
    assert all(Post.model_validate_json(post.model_dump_json()) == post for post in found.posts)
    assert platform.cost >= 0
    for mark in found.marks.values():
        assert id_at(NOW - timedelta(days=1)) <= int(mark) <= id_at(NOW + x.SKEW)


# ------------------------------------------------------------------------------------------------------ deaths


@dataclass
class Deployment:
    """A table, a clock that moves with every run, and X; requests count among the calls a run may die at."""

    platform: Platform
    memory: Memory = field(default_factory=Memory)
    now: datetime = NOW
    runs: int = 0

    def poll(self) -> None:
        """Run once."""
        self.runs += 1
        self.now += timedelta(minutes=3)
        self.platform.fake.now = self.now
        channel = an_account(lookback_days=6)
        poll = Poll(
            channel,
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=2),
        )
        http = Direct(self._answer)
        poll.run(lambda: open_mentions(channel, connection_to("http://x.test", self.now, TOKEN, http=http)))

    def _answer(self, asked: Asked) -> Answer:
        with self.memory.call():
            return self.platform.fake.answer(asked)

    def check(self) -> None:
        """The mark is not beyond what is stored."""
        cursor = self.memory.cursors.get("x:kabarsleman")
        mark = int(cursor.marks.get(SINCE_ID, "0")) if cursor is not None else 0
        stored = {post.native_id for post in self.memory.posts.values()}
        assert all(native_id in stored for native_id in self.platform.fake.citizens if int(native_id) <= mark)


@given(
    deaths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    after=st.booleans(),
    count=st.integers(0, 12),
    meanwhile=st.integers(0, 3),
)
def test_a_poller_killed_between_any_two_calls_loses_and_doubles_nothing(
    *, deaths: list[int], after: bool, count: int, meanwhile: int
) -> None:
    """Killed at any request or any call of the table, while people go on writing; at last all is there, once."""
    platform = direct(*numbered(count, NOW), page_size=5)
    deployment = Deployment(platform)
    memory = deployment.memory
    stored: list[str] = []
    for death in (*deaths, None):
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        before = set(memory.posts)
        with contextlib.suppress(Killed):
            deployment.poll()
        stored += set(memory.posts) - before
        deployment.check()
        platform.fake.posts += [written(number / 10, deployment.now) for number in range(meanwhile)]
    deployment.poll()
    deployment.check()
    wanted = {f"x#{native_id}" for native_id in platform.fake.citizens}
    assert set(memory.posts) == wanted
    assert len(stored) == len(set(stored))
    assert memory.runs[-1].complete


def test_a_gap_stands_in_the_ledger_and_the_next_run_is_complete() -> None:
    """The run is not complete and says why; the one after it is."""
    deployment = Deployment(direct(written(60, NOW)))
    deployment.poll()
    deployment.now += timedelta(days=9)
    deployment.platform.fake.posts.append(written(5, deployment.now))
    deployment.poll()
    run = deployment.memory.runs[-1]
    assert (run.complete, run.error, run.new) == (False, None, 1)
    assert str(run.stopped).startswith("gap: 2026-11-03T06:00:00Z to ")
    deployment.platform.fake.posts.append(written(1, deployment.now))
    deployment.poll()
    assert deployment.memory.runs[-1].complete


def test_a_quiet_poll_costs_no_write() -> None:
    """One read of the cursor, one question to X."""
    deployment = Deployment(direct(*numbered(20, NOW)))
    deployment.poll()
    deployment.memory.reads = deployment.memory.writes = 0
    asked = len(deployment.platform.fake.asked)
    deployment.poll()
    asked = len(deployment.platform.fake.asked) - asked
    assert (deployment.memory.writes, deployment.memory.reads - asked, asked) == (0, 1, 1)


def test_the_address_is_the_accounts(platform: Platform) -> None:
    """Mentions of the account by its id, a hundred a page, and no search."""
    platform.read()
    [asked] = platform.fake.asked
    assert urlsplit(asked.target).path == f"/2/users/{ACCOUNT}/mentions"
    assert asked.query["max_results"] == "100"
