"""X's mentions are read once each and at a known price, and every gap is reported."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.platform_errors import (
    GapError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
)
from aduan.platform_http import LONGEST_WAIT
from aduan.post import Post
from poll_channels.source import Window
from poll_channels.sources import x
from poll_channels.sources.x import (
    CHARGED,
    LATE,
    POST_READ_USD,
    SINCE_ID,
    id_at,
    interpret_error,
    moment_of,
    wait_asked_for,
)
from tests.fake_x import ACCOUNT, PROBLEM, TOKEN, FakeX, Written, numbered, written
from tests.local_http import Answer, as_json
from tests.reading import HTML, NOW, Deployment, Platform, junk, recorded, served

DAY = 24 * 60


@pytest.fixture(name="platform")
def _platform() -> Iterator[Platform[FakeX]]:
    with served(FakeX()) as platform:
        yield platform


def a_deployment(*posts: Written) -> Deployment[FakeX]:
    """A table, and X without a network between."""
    return Deployment(FakeX(posts=list(posts)))


# ------------------------------------------------------------------------------------------- healthy platform


@pytest.mark.parametrize("dialect", ["legacy", "new"])
def test_every_mention_is_read_once_over_all_pages(platform: Platform[FakeX], dialect: str) -> None:
    """In both dialects own posts and reposts are passed over, and the mark is the first page's newest id."""
    posts = [*numbered(230, NOW), written(231, NOW, author=ACCOUNT)]
    repeat = written(232, NOW, references=(("retweeted", posts[0].id),))
    platform.fake.posts = [*posts, repeat]
    found = platform.read(parameters={"dialect": dialect})
    assert found.error is None
    assert found.ids == platform.fake.citizens
    assert (found.own, found.rejected, platform.calls) == (2, [], 3)
    assert found.marks[SINCE_ID] == posts[0].id


@pytest.mark.parametrize("dialect", ["legacy", "new"])
def test_a_post_is_what_its_author_wrote(platform: Platform[FakeX], dialect: str) -> None:
    """A post has the whole unescaped text, photo, parent, first id, and a link to the newest version."""
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
    [post] = platform.read(parameters={"dialect": dialect}).posts
    assert (post.kind, post.channel, post.fetched_at) == ("x", "x:kabarsleman", NOW)
    assert post.native_id == edited.history[0]
    assert post.text == "lampu &lt; selokan <mati> & banjir"
    assert (post.has_photo, post.parent_id, post.created_at) == (True, "12", edited.created_at)
    assert post.permalink == f"https://x.com/i/status/{edited.id}"
    assert post.author is not None
    for person in (edited.author, "warga_17"):
        assert person not in post.model_dump_json()


def test_no_name_is_asked_for(platform: Platform[FakeX]) -> None:
    """The legacy dialect gives the author as a number, so that no name is paid for."""
    platform.fake.posts = [written(5, NOW)]
    [post] = platform.read().posts
    assert post.author is not None
    assert "expansions" not in platform.fake.asked[0].query


def test_the_token_goes_in_the_header_only(platform: Platform[FakeX]) -> None:
    """No address holds the token, and the response may be compressed."""
    platform.fake.posts = [written(5, NOW)]
    platform.read()
    [asked] = platform.fake.asked
    assert TOKEN not in asked.target
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.headers["accept-encoding"] == "gzip"


def test_a_second_run_asks_only_for_what_is_new(platform: Platform[FakeX]) -> None:
    """The second run asks for mentions since the mark."""
    platform.fake.posts = [written(minutes, NOW) for minutes in (50, 500)]
    marks = platform.read().marks
    fresh = written(1, NOW)
    platform.fake.posts.append(fresh)
    found = platform.read(marks)
    [asked] = platform.fake.asked
    assert asked.query["since_id"] == platform.fake.posts[0].id
    assert found.ids == [fresh.id]
    assert found.marks[SINCE_ID] == fresh.id


def test_a_post_that_becomes_visible_late_is_found(platform: Platform[FakeX]) -> None:
    """X indexes late, so the last half hour is always read again, even behind the mark."""
    platform.fake.posts = [written(10, NOW), written(50, NOW)]
    marks = platform.read().marks
    late = written(20, NOW)
    platform.fake.posts.append(late)
    found = platform.read(marks)
    assert platform.fake.asked[0].query["since_id"] == str(id_at(NOW - LATE))
    assert found.ids == [platform.fake.posts[0].id, late.id]
    assert SINCE_ID not in found.marks


def test_nothing_new_leaves_the_mark_alone(platform: Platform[FakeX]) -> None:
    """A page without data and with a count of zero is empty, and nothing is written."""
    platform.fake.posts = [written(50, NOW)]
    marks = platform.read().marks
    found = platform.read(marks)
    assert (found.error, found.posts, found.marks) == (None, [], {})


def test_ids_are_compared_as_numbers(platform: Platform[FakeX]) -> None:
    """An id of 18 digits is less than one of 19, although it may sort after it as text."""
    moment = datetime(2017, 1, 1, tzinfo=UTC)
    old = Written("999999999999999999", "@kabarsleman lama", moment)
    young = Written("1000000000000000000", "@kabarsleman baru", moment + timedelta(days=1))
    platform.fake.posts, platform.fake.keeps = [old, young], None
    then = datetime(2018, 5, 26, tzinfo=UTC)
    found = platform.read(now=then, window=Window(since=moment, floor=moment, threads=moment))
    assert found.ids == [young.id, old.id]
    assert found.marks[SINCE_ID] == young.id


def test_an_edit_comes_with_its_new_text_under_its_first_id(platform: Platform[FakeX]) -> None:
    """The old version is skipped when it is still listed after the new one."""
    old = written(10, NOW, text="@kabarsleman lampu mati")
    platform.fake.posts = [old]
    marks = platform.read().marks
    new = written(2, NOW, text="@kabarsleman lampu mati di Kutu", history=(old.id, str(id_at(NOW))))
    platform.fake.posts = [old, new]
    [post] = platform.read(marks).posts
    assert (post.native_id, post.text) == (old.id, "@kabarsleman lampu mati di Kutu")


def test_what_is_older_than_the_beginning_is_left_alone(platform: Platform[FakeX]) -> None:
    """The first run starts at the window's beginning."""
    platform.fake.posts = [written(60, NOW), written(6 * DAY + 60, NOW)]
    assert platform.read().ids == [platform.fake.posts[0].id]
    assert platform.fake.asked[0].query["start_time"] == "2026-10-28T07:00:00Z"


def test_partial_errors_are_no_errors(platform: Platform[FakeX]) -> None:
    """A reply to a deleted post is still read."""
    platform.fake.posts = [written(60, NOW, references=(("replied_to", "12"),))]
    platform.fake.errors = [{"title": "Not Found Error", "type": "https://api.x.com/2/problems/resource-not-found"}]
    found = platform.read()
    assert (found.error, len(found.posts)) == (None, 1)


# ------------------------------------------------------------------------------------------------------- price


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [({}, 0.015), ({"dialect": "new"}, 0.015 + 0.02)],
)
def test_a_run_says_what_it_cost(platform: Platform[FakeX], parameters: dict[str, Any], expected: float) -> None:
    """A post costs half a cent, and each author a cent when names were requested."""
    platform.fake.posts = [written(1, NOW), written(2, NOW, author="300000018"), written(3, NOW)]
    platform.read(parameters=parameters)
    assert platform.source.cost_usd == pytest.approx(expected)


def test_posts_read_twice_in_a_day_cost_once(platform: Platform[FakeX]) -> None:
    """A post charged earlier that day is free and writes no mark; after midnight (UTC) it costs again."""
    platform.fake.posts = [written(1, NOW), written(2, NOW)]
    marks = platform.read().marks
    found = platform.read(marks, now=NOW + timedelta(minutes=15))
    assert (len(found.posts), platform.source.cost_usd, found.marks) == (2, 0, {})
    midnight = datetime(2026, 11, 4, tzinfo=UTC)
    platform.fake.posts = [written(1, midnight)]
    marks = platform.read(now=midnight).marks
    platform.read(marks, now=midnight + timedelta(minutes=10))
    assert platform.source.cost_usd == 0
    marks = platform.read(now=midnight - timedelta(seconds=1)).marks
    platform.read(marks, now=midnight + timedelta(minutes=10))
    assert platform.source.cost_usd == pytest.approx(POST_READ_USD)


def test_a_post_that_becomes_visible_late_is_charged(platform: Platform[FakeX]) -> None:
    """The post is charged once, although it lies behind the mark and was written on the same day."""
    platform.fake.posts = [written(10, NOW)]
    marks = platform.read().marks
    platform.fake.posts.append(written(20, NOW))
    marks |= platform.read(marks).marks
    assert platform.source.cost_usd == pytest.approx(POST_READ_USD)
    platform.read(marks, now=NOW + timedelta(minutes=5))
    assert platform.source.cost_usd == 0


@given(
    st.lists(st.tuples(st.integers(1, 8), st.lists(st.integers(0, 29), max_size=4)), min_size=1, max_size=20),
    st.sampled_from([NOW, datetime(2026, 11, 3, 23, 30, tzinfo=UTC)]),
)
def test_the_bill_is_what_x_charges(polls: list[tuple[int, list[int]]], begin: datetime) -> None:
    """Each returned post is charged once a day (UTC), however late it appears, and over midnight too."""
    deployment = a_deployment()
    deployment.now, bill = begin, 0.0
    for wait, written_ago in polls:
        deployment.now += timedelta(minutes=wait)
        for minutes in written_ago:
            deployment.fake.write(len(deployment.fake.posts), deployment.now - timedelta(minutes=minutes))
        run = deployment.poll()
        assert run is not None
        bill += run.cost_usd
    assert bill == pytest.approx(len(deployment.fake.charged) * POST_READ_USD)


def test_a_flood_is_never_billed_too_low() -> None:
    """Ids beyond those remembered are counted again in the next run, and the cursor keeps its mark."""
    deployment = a_deployment(*(written(number / 10, NOW) for number in range(200)))
    runs = [deployment.poll() for _ in range(2)]
    charged = len(deployment.fake.charged) * POST_READ_USD
    assert charged == pytest.approx(200 * POST_READ_USD)
    assert sum(run.cost_usd for run in runs if run is not None) >= charged
    assert deployment.cursor is not None
    assert deployment.cursor.marks[SINCE_ID] == deployment.fake.posts[0].id
    assert len(deployment.cursor.marks[CHARGED]) <= 1_100


def test_an_empty_answer_costs_nothing(platform: Platform[FakeX]) -> None:
    """A quiet channel may be read as often as wanted, because empty pages are free."""
    platform.read()
    assert platform.source.cost_usd == 0


# --------------------------------------------------------------------------------------------- out of reach


def test_after_a_long_outage_the_gap_is_said_once(platform: Platform[FakeX]) -> None:
    """With a mark older than seven days the run reads what it can and records the gap; the next run is normal."""
    lost, kept = written(8 * DAY, NOW), written(60, NOW)
    platform.fake.posts = [lost, kept]
    floor = NOW - timedelta(days=30)
    window = Window(since=floor, floor=floor, threads=floor)
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=9)))}, window=window)
    assert found.ids == [kept.id]
    assert isinstance(found.error, GapError)
    assert found.error.since == datetime(2026, 10, 25, 7, 0, tzinfo=UTC)
    assert found.error.until == datetime(2026, 10, 27, 8, 0, tzinfo=UTC)
    assert found.marks[SINCE_ID] == kept.id
    again = platform.read(found.marks, window=window)
    assert (again.error, platform.calls) == (None, 1)


def test_a_gap_in_which_nobody_wrote_afterwards_is_said_once_too(platform: Platform[FakeX]) -> None:
    """Even without posts the mark moves to where X can read from."""
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=9)))})
    assert isinstance(found.error, GapError)
    assert platform.read(found.marks).error is None


def test_a_position_that_is_refused_without_a_reason_costs_no_gap(platform: Platform[FakeX]) -> None:
    """A young mark that X refuses is dropped, and the week before is read again."""
    platform.fake.posts = [written(60, NOW), written(3 * DAY, NOW)]
    platform.fake.fault = lambda asked, _: platform.fake.stale("since_id", "1") if "since_id" in asked.query else None
    found = platform.read({SINCE_ID: str(id_at(NOW - timedelta(days=2)))})
    assert found.error is None
    assert found.ids == platform.fake.citizens


def test_a_mark_from_the_future_is_dropped(platform: Platform[FakeX]) -> None:
    """Once X refuses such a mark, the new mark is what was read."""
    platform.fake.posts = [written(60, NOW)]
    platform.fake.fault = lambda asked, _: platform.fake.stale("since_id", "1") if "since_id" in asked.query else None
    found = platform.read({SINCE_ID: str(id_at(NOW + timedelta(days=2)))})
    assert found.error is None
    assert found.marks[SINCE_ID] == platform.fake.posts[0].id


def test_a_platform_that_refuses_every_position_is_misconfigured(platform: Platform[FakeX]) -> None:
    """A second refusal is an error and starts no loop."""
    platform.fake.fault = lambda _asked, _: platform.fake.stale("start_time", "1")
    assert isinstance(platform.read().error, MisconfiguredError)
    assert platform.calls == 2


def test_a_silent_channel_never_comes_to_the_edge(platform: Platform[FakeX]) -> None:
    """Weeks without a mention claim no gap, and the mark is written every five days at most."""
    platform.fake.posts = [written(60, NOW)]
    marks = platform.read().marks
    moves = 0
    for hour in range(1, 30 * 24, 12):
        found = platform.read(marks, now=NOW + timedelta(hours=hour))
        assert found.error is None
        moves += bool(found.marks)
        marks |= found.marks
    assert moves == 5


def test_more_than_can_be_reached_is_a_gap(platform: Platform[FakeX]) -> None:
    """The newest 800 mentions are read in eight pages, the ledger has the gap, and the next run is normal."""
    platform.fake.posts = list(numbered(900, NOW))
    platform.fake.page_size = 90
    found = platform.read()
    assert len(found.ids) == 720
    assert isinstance(found.error, GapError)
    assert (found.error.since, found.error.until) == (NOW - timedelta(days=6), found.posts[-1].created_at)
    assert platform.calls == 8
    assert found.marks[SINCE_ID] == platform.fake.posts[0].id
    assert platform.read(found.marks).error is None


# ----------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize("host", ["api.twitter.com", "api.x.com"])
def test_a_problem_is_known_by_the_end_of_its_address(host: str) -> None:
    """The same problem on X's old and new hosts means the same."""
    error = interpret_error(403, {"type": f"https://{host}/2/problems/usage-capped"}, {}, NOW)
    assert type(error) is NotPermittedError


@pytest.mark.parametrize(
    ("reset", "expected"),
    [
        (str(int(NOW.timestamp()) + 420), timedelta(minutes=7)),
        (str(int(NOW.timestamp()) - 420), timedelta(minutes=1)),
        ("9" * 40, LONGEST_WAIT),
        ("-5", None),
        ("besok", None),
        ("²", None),
        (None, None),
    ],
)
def test_the_wait_asked_for_is_kept_within_reason(reset: str | None, expected: timedelta | None) -> None:
    """X's header names the second at which its limit is renewed; without it the wait is None."""
    assert wait_asked_for({} if reset is None else {"x-rate-limit-reset": reset}, NOW) == expected


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
    replace(HTML, status=403),
    replace(HTML, status=401),
    Answer(200, b'{"data":[{"id":"1"'),
    *map(as_json, NO_BODIES),
]


@pytest.mark.parametrize("answer", NO_PAGES)
@pytest.mark.parametrize("after", [0, 1])
def test_what_is_no_page_is_an_outage_and_moves_no_mark(platform: Platform[FakeX], answer: Answer, after: int) -> None:
    """Only a count of zero without data is an empty page; what was read before is valid."""
    platform.fake.posts, platform.fake.page_size = list(numbered(20, NOW)), 5
    platform.fake.fault = lambda _asked, number: answer if number > after else None
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert len(found.ids) == 5 * after
    assert found.marks == {}
    assert "Masuk" not in str(found.error)


def test_a_page_that_comes_again_and_again_ends_the_run(platform: Platform[FakeX]) -> None:
    """A repeated page under new tokens yields nothing twice, and the mark stays."""
    items = [{"id": post.id, "text": "lapor"} for post in numbered(5, NOW)]
    platform.fake.fault = lambda _asked, number: as_json(
        {"data": items, "meta": {"result_count": 5, "next_token": f"t{number}"}}
    )
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (len(found.ids), platform.calls, found.marks) == (5, 2, {})


def test_a_token_that_comes_again_ends_the_run(platform: Platform[FakeX]) -> None:
    """A repeated page token ends the run, because it leads nowhere."""
    platform.fake.fault = lambda _asked, _: as_json({"meta": {"result_count": 0, "next_token": "sama"}})
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (platform.calls, found.marks) == (2, {})


def test_empty_pages_in_between_are_read_over(platform: Platform[FakeX]) -> None:
    """X filters pages and may leave them empty; the posts after them are read."""
    platform.fake.posts = list(numbered(5, NOW))
    empty = as_json({"meta": {"result_count": 0, "next_token": "t0"}})
    platform.fake.fault = lambda _asked, number: empty if number == 1 else None
    assert platform.read().ids == platform.fake.citizens


def test_a_newest_id_from_nowhere_is_not_believed(platform: Platform[FakeX]) -> None:
    """The mark is never beyond the returned ids, nor an id further in the future than clocks differ."""
    sound, future = written(5, NOW), written(-2 * DAY, NOW)
    platform.fake.fault = lambda _asked, _: as_json(
        {
            "data": [{"id": post.id, "text": "lapor"} for post in (future, sound)],
            "meta": {"result_count": 2, "newest_id": str(10**19 - 1)},
        }
    )
    found = platform.read()
    assert found.ids == [future.id, sound.id]
    assert found.marks[SINCE_ID] == sound.id


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
def test_one_malformed_post_is_put_aside_and_the_page_goes_on(
    platform: Platform[FakeX], item: Any, reason: str
) -> None:
    """The post is quarantined without the person who wrote it."""
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


def test_x_is_off_until_somebody_has_the_approval() -> None:
    """The directory's entry says why X is off, how often it would be read, and what it may cost."""
    [channel] = [channel for channel in load_directory().channels if channel.kind == "x"]
    assert not channel.is_polled
    assert "Enterprise" in str(channel.note)
    assert (channel.every_minutes, channel.monthly_budget_usd) == (15, 20)


# ------------------------------------------------------------------------------------------------- recordings


def test_recorded_answers_are_read(platform: Platform[FakeX]) -> None:
    """Two documented pages of the legacy dialect are read."""
    pages = [recorded("x", "mentions-1"), recorded("x", "mentions-2")]
    platform.fake.fault = lambda _asked, number: pages[number - 1]
    found = platform.read()
    assert found.error is None
    first, second = found.posts
    assert (
        first.text
        == "@kabarsleman selamat siang, selokan <depan pasar> mampet & meluap, mohon ditengok https://t.co/CoNtOh1234"
    )
    assert (first.permalink, first.has_photo) == (f"https://x.com/i/status/{first.native_id}", True)
    assert moment_of(int(first.native_id)) == first.created_at
    assert second.native_id == "2117482400000000000"
    assert second.text.endswith("sudah kami tanyakan ke pak dukuh")
    assert (second.parent_id, second.permalink) == ("2117300000000000000", "https://x.com/i/status/2117482443043889728")
    assert (found.own, found.marks[SINCE_ID]) == (2, first.native_id)


def test_the_new_dialect_reads_the_same(platform: Platform[FakeX]) -> None:
    """The same post in the other dialect becomes the same post."""
    other = recorded("x", "mentions-2")
    platform.fake.fault = lambda _asked, number: [recorded("x", "mentions-1"), other][number - 1]
    legacy = platform.read().posts[1]
    platform.fake.fault = lambda _asked, _: recorded("x", "mentions-new-dialect")
    [post] = platform.read(parameters={"dialect": "new"}).posts
    assert post.model_copy(update={"context": legacy.context}) == legacy
    assert (post.context, legacy.context) == (Context(to="account"), Context(by="account", to="account"))
    assert platform.source.cost_usd == pytest.approx(0.005 * 2 + 0.010)


def test_a_recorded_silence_is_read(platform: Platform[FakeX]) -> None:
    """Without posts the mark moves to a day ago, so that X can still read from it."""
    platform.fake.fault = lambda _asked, _: recorded("x", "nothing")
    found = platform.read()
    assert (found.error, found.posts) == (None, [])
    assert found.marks == {SINCE_ID: str(id_at(NOW - timedelta(days=1)))}


# -------------------------------------------------------------------------------------------- anything at all

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


@given(
    st.lists(answers, min_size=1, max_size=5),
    st.dictionaries(st.sampled_from([SINCE_ID, CHARGED]), st.text(max_size=5)),
)
def test_whatever_x_answers_a_run_yields_or_raises_a_channel_error(given: list[Answer], marks: dict[str, str]) -> None:
    """Any bytes lead to batches or a `ChannelError`, and a mark is always a returned id or a day ago."""
    left = iter(given)
    platform = Platform(FakeX())
    platform.fake.fault = lambda _asked, _: next(left, None)
    found = platform.read(marks)
    assert all(Post.model_validate_json(post.model_dump_json()) == post for post in found.posts)
    assert platform.source.cost_usd >= 0
    assert set(found.marks) <= {SINCE_ID, CHARGED}
    if SINCE_ID in found.marks:
        assert id_at(NOW - timedelta(days=1)) <= int(found.marks[SINCE_ID]) <= id_at(NOW + x.SKEW)
    assert set(found.marks.get(CHARGED, "")) <= {*"0123456789- "}


# ------------------------------------------------------------------------------------------------------ deaths


def test_a_gap_stands_in_the_ledger_and_the_next_run_is_complete() -> None:
    """The run is incomplete and records the lost time; the cursor moves, and the next run is complete."""
    deployment = a_deployment(written(60, NOW))
    deployment.poll()
    deployment.now += timedelta(days=9)
    fresh = written(5, deployment.now)
    deployment.fake.posts.append(fresh)
    deployment.poll()
    run = deployment.memory.runs[-1]
    assert (run.complete, run.error, run.stopped, run.new) == (False, None, "gap", 1)
    assert (run.lost_from, run.lost_until) == (NOW - timedelta(hours=1), deployment.now - x.REACH)
    assert deployment.cursor is not None
    assert deployment.cursor.watermark == fresh.created_at
    deployment.fake.posts.append(written(1, deployment.now))
    deployment.poll()
    assert deployment.memory.runs[-1].complete


def test_a_first_run_loses_nothing_and_claims_no_more_than_x_shows() -> None:
    """Posts from before the first run are no gap, even when the channel's lookback exceeds X's."""
    deployment = a_deployment(written(60, NOW), written(9 * DAY, NOW))
    deployment.changes = {"lookback_days": 30}
    run = deployment.poll()
    assert run is not None
    assert (run.complete, run.new, run.lost_until) == (True, 1, None)
    assert run.read_from == deployment.now - x.REACH


# -------------------------------------------------------------------------------------------------- deletions


def test_a_post_is_there_under_any_of_its_ids() -> None:
    """A post known by its first id may be returned under its last; the result names only the ids asked for."""
    edited = written(9, NOW, history=(str(id_at(NOW) - 999), "17"))
    platform = Platform(FakeX(posts=[edited]))
    posts = platform.read().posts
    assert platform.open().still_there(posts) == {edited.history[0]: True}
    [asked] = platform.fake.asked
    assert asked.query == {"ids": edited.history[0]}


def test_a_post_whose_author_closed_the_account_is_gone() -> None:
    """A post that X no longer shows is gone; one that X says nothing about is left alone."""
    here, hidden, untold = written(1, NOW), written(2, NOW), written(3, NOW)
    platform = Platform(FakeX(posts=[here, hidden, untold]))
    posts = platform.read().posts
    platform.fake.hidden = {hidden.id}
    reasons = [
        {"resource_id": hidden.id, "type": "https://api.x.com/2/problems/not-authorized-for-resource"},
        {"resource_id": untold.id, "type": f"{PROBLEM}/operational-disconnect"},
    ]
    assert platform.open().still_there(posts) == {here.id: True, hidden.id: False, untold.id: True}
    platform.fake.fault = lambda _asked, _: as_json({"data": [{"id": here.id}], "errors": reasons})
    assert platform.open().still_there(posts) == {here.id: True, hidden.id: False}


@pytest.mark.parametrize("body", [{}, {"data": []}, {"data": {}, "errors": "x"}, {"errors": [{"type": "about:blank"}]}])
def test_an_answer_that_says_nothing_buries_nothing(body: dict[str, Any]) -> None:
    """A post that is missing without a reason is not gone."""
    platform = Platform(FakeX(posts=[written(1, NOW)]))
    posts = platform.read().posts
    platform.fake.fault = lambda _asked, _: as_json(body)
    with pytest.raises(OutageError):
        platform.open().still_there(posts)


def test_asking_costs_what_is_still_there() -> None:
    """X charges each post that it returns; a deleted one costs nothing."""
    platform = Platform(FakeX(posts=list(numbered(5, NOW))))
    posts = platform.read().posts
    platform.fake.delete(posts[0].native_id)
    source = platform.open()
    source.still_there(posts)
    source.still_there(posts)
    assert source.cost_usd == pytest.approx(4 * POST_READ_USD)


def test_the_address_is_the_accounts(platform: Platform[FakeX]) -> None:
    """The request lists the account's mentions by its id, a hundred a page, and is no search."""
    platform.read()
    [asked] = platform.fake.asked
    assert urlsplit(asked.target).path == f"/2/users/{ACCOUNT}/mentions"
    assert asked.query["max_results"] == "100"
