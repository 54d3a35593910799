"""YouTube's comments: threads and replies are read once each, with few of the day's units."""

import contextlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.directory import Channel
from aduan.post import Post
from poll_channels.poll import Poll
from poll_channels.source import (
    Budget,
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
    Window,
)
from poll_channels.sources import youtube
from poll_channels.sources.graph import ATTEMPTS, DEFAULT_WAIT, LONGEST_WAIT, TransientError
from poll_channels.sources.youtube import SWEPT, open_comments, until_midnight_pacific
from tests.builders import a_channel
from tests.fake_youtube import ACCOUNT, KEY, FakeYouTube, Said, error, said
from tests.in_memory import InMemoryChannelStore, InMemoryPostStore, Killed, Memory
from tests.local_http import Answer, Asked, as_json, serving
from tests.reading import Direct, Reading, connection_to, read

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
DAY = 24 * 60
FLOOR = NOW - timedelta(days=30)
FIRST = Window(since=FLOOR, floor=FLOOR, threads=FLOOR)
LATER = Window(since=NOW - timedelta(days=2), floor=FLOOR, threads=FLOOR)
RECORDINGS = Path(__file__).parent.parent / "recordings" / "youtube"


def an_account(**changes: Any) -> Channel:
    """The county's channel."""
    fields: dict[str, Any] = {"id": "youtube:kabarsleman", "kind": "youtube", "account": ACCOUNT}
    return a_channel(**(fields | changes))


@dataclass
class Platform:
    """YouTube, and the source that reads it."""

    fake: FakeYouTube
    url: str = "http://youtube.test"
    http: Any = None
    pauses: list[float] = field(default_factory=list)
    calls: int = 0

    def read(
        self,
        window: Window = FIRST,
        marks: Mapping[str, str] | None = None,
        now: datetime = NOW,
        key: str = KEY,
        budget: Budget | None = None,
    ) -> Reading:
        """Run once."""
        self.fake.asked.clear()
        connection = connection_to(self.url, now, key, http=self.http, pauses=self.pauses, budget=budget)
        source = open_comments(an_account(), connection)
        found = read(source, window, marks or {})
        self.calls = source.calls
        return found


@pytest.fixture(name="platform")
def _platform() -> Iterator[Platform]:
    fake = FakeYouTube()
    with serving(fake.answer) as url:
        yield Platform(fake, url)


def direct(*threads: Said, **changes: Any) -> Platform:
    """YouTube without a network between."""
    fake = FakeYouTube(list(threads), **changes)
    return Platform(fake, http=Direct(fake.answer))


def a_thread(native_id: str, minutes_ago: float, replies: int = 0, now: datetime = NOW, **changes: Any) -> Said:
    """A comment, and replies in the minutes after it."""
    answers = [said(f"{native_id}.{number}", minutes_ago - number / 100, now) for number in range(replies)]
    return said(native_id, minutes_ago, now, replies=answers, **changes)


# ------------------------------------------------------------------------------------------- healthy platform


def test_every_comment_and_reply_is_read(platform: Platform) -> None:
    """Over all pages, with replies beyond those that are shown; what the channel itself wrote is left out."""
    mine = [said("own", 3, NOW, author=ACCOUNT)]
    mine[0].replies = [said("own.1", 2, NOW), said("own.2", 1, NOW, author=ACCOUNT)]
    platform.fake.threads = [
        *(a_thread(f"t{number}", 10 + number, replies=number % 9) for number in range(120)),
        a_thread("long", 300, replies=230),
        *mine,
    ]
    found = platform.read()
    assert found.error is None
    assert set(found.ids) == platform.fake.citizens
    assert (found.own, found.rejected) == (2, [])
    twice = {native_id for native_id in found.ids if found.ids.count(native_id) > 1}
    assert all("." in native_id for native_id in twice), "only replies come twice: shown, and with all the others"
    long_ones = 3 * (120 // 9)
    assert platform.calls == 2 + long_ones + 3


def test_a_comment_is_what_its_author_wrote(platform: Platform) -> None:
    """Text, time, place in the thread and link are the platform's own; the author is nobody's name."""
    comment = said("c", 60, NOW, replies=[said("c.1", 50, NOW, author=None)])
    platform.fake.threads = [comment]
    top, reply = platform.read().posts
    assert (top.kind, top.channel, top.fetched_at) == ("youtube", "youtube:kabarsleman", NOW)
    assert (top.text, top.created_at, top.parent_id) == ("Lapor c", comment.published, None)
    assert top.permalink == "https://www.youtube.com/watch?v=dEmOvIdEo01&lc=c"
    assert (reply.parent_id, reply.author) == ("c", None)
    assert reply.permalink == "https://www.youtube.com/watch?v=dEmOvIdEo01&lc=c.1"
    assert top.author is not None
    assert "UCauthor" not in top.model_dump_json()


def test_a_comment_on_no_video_leads_to_the_channel(platform: Platform) -> None:
    """Comments on the channel itself have no video."""
    platform.fake.threads = [said("c", 60, NOW, video=None)]
    assert platform.read().posts[0].permalink == f"https://www.youtube.com/channel/{ACCOUNT}/discussion?lc=c"


def test_the_key_goes_in_the_header_only(platform: Platform) -> None:
    """No address holds it."""
    platform.fake.threads = [a_thread("t", 60, replies=7)]
    platform.read()
    assert len(platform.fake.asked) == 2
    for asked in platform.fake.asked:
        assert KEY not in asked.target
        assert asked.headers["x-goog-api-key"] == KEY


def test_a_quiet_channel_costs_one_unit_and_yields_nothing_old(platform: Platform) -> None:
    """With the marks of the first run the second one asks for the first page only."""
    platform.fake.threads = [a_thread(f"t{number}", 3 * DAY + number, replies=8) for number in range(150)]
    platform.fake.threads.append(a_thread("young", 60, replies=8))
    marks = platform.read().marks
    found = platform.read(LATER, marks)
    assert (found.error, found.marks) == (None, {})
    assert {native_id.partition(".")[0] for native_id in found.ids} == {"young"}
    assert platform.calls == 2, "the page of the young thread, and one that lies before the window"


def test_a_page_before_the_window_is_the_last_one_read(platform: Platform) -> None:
    """Threads come by when they began, so nothing younger follows; once a day the run goes on all the same."""
    platform.fake.page_size = 10
    platform.fake.threads = [a_thread(f"t{number}", number * 12 * 60) for number in range(70)]
    marks = platform.read().marks
    assert platform.calls == 7, "thirty days, and the rest of the page"
    platform.read(LATER, marks)
    assert platform.calls == 2
    platform.read(LATER, marks, NOW + timedelta(days=1))
    assert platform.calls == 7


def test_a_late_reply_to_an_old_thread_is_found_within_a_day(platform: Platform) -> None:
    """It brings nothing up in the list: the daily listing finds it, and asks only for threads that changed."""
    platform.fake.page_size = 10
    platform.fake.threads = [a_thread(f"t{number}", 20 * DAY + number, replies=7) for number in range(15)]
    platform.fake.threads += [a_thread(f"young{number}", number) for number in range(25)]
    marks = platform.read().marks
    late = said("t7.late", 0, NOW)
    platform.fake.thread("t7").replies.append(late)
    found: list[str] = []
    asked = 0
    for hour in range(25):
        now = NOW + timedelta(hours=hour)
        window = replace(LATER, since=now - timedelta(days=2))
        reading = platform.read(window, marks, now)
        assert reading.error is None
        marks |= reading.marks
        found += reading.ids
        asked += platform.fake.asked_for("comments")
    assert "t7.late" in found
    assert asked == 1


def test_a_reply_in_the_place_of_a_deleted_one_is_found_within_a_day(platform: Platform) -> None:
    """The count is as it was; young threads are read once a day all the same."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=9)]
    marks = platform.read().marks
    replies = platform.fake.thread("t").replies
    replies[7] = said("t.new", 0, NOW)
    found: list[str] = []
    for hour in range(26):
        now = NOW + timedelta(hours=hour)
        reading = platform.read(replace(LATER, since=now - timedelta(days=2)), marks, now)
        marks |= reading.marks
        found += reading.ids
    assert "t.new" in found


def test_a_comment_that_was_held_back_is_found_within_a_day(platform: Platform) -> None:
    """What becomes visible days after it was written is below the window; the daily listing has it."""
    platform.fake.threads = [a_thread("t", 60)]
    marks = platform.read().marks
    platform.fake.threads.append(a_thread("held", 5 * DAY))
    found: list[str] = []
    for hour in range(25):
        now = NOW + timedelta(hours=hour)
        reading = platform.read(replace(LATER, since=now - timedelta(days=2)), marks, now)
        marks |= reading.marks
        found += reading.ids
    assert "held" in found


def test_a_reply_that_was_held_back_is_found_when_the_count_changes(platform: Platform) -> None:
    """All replies of a thread whose number changed are taken, however old, and know what they answer."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=8)]
    marks = platform.read().marks
    platform.fake.threads[0].replies.append(said("t.held", 4 * DAY, NOW))
    posts = {post.native_id: post for post in platform.read(LATER, marks).posts}
    assert posts["t.held"].parent_id == "t"


def test_a_reply_that_does_not_tell_what_it_answers_answers_its_thread(platform: Platform) -> None:
    """It came with it."""
    reply = {"id": "t1.1", "snippet": {"textDisplay": "Setuju", "publishedAt": "2026-11-03T03:00:00Z"}}
    thread = {"id": "t1", "snippet": {"topLevelComment": SOUND_COMMENT}, "replies": {"comments": [reply]}}
    platform.fake.fault = lambda asked, _: as_json({"items": [reply] if "parentId" in asked.query else [thread]})
    assert [post.parent_id for post in platform.read().posts] == [None, "t1", "t1"]


def test_a_reply_that_comes_while_the_thread_is_read_is_found_by_the_next_run(platform: Platform) -> None:
    """The mark says what was known before the replies were read."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=9)]
    thread = platform.fake.threads[0]

    def arrive(asked: Asked, _: int) -> None:
        if asked.path.endswith("/comments") and len(thread.replies) == 9:
            thread.replies.append(said("t.meanwhile", 0, NOW))
            thread.replies.insert(0, thread.replies.pop())

    platform.fake.fault = arrive
    marks = platform.read().marks
    assert marks["t"].startswith("9.")
    assert "t.meanwhile" in platform.read(LATER, marks).ids


def test_replies_that_are_counted_and_never_listed_are_not_asked_for_again(platform: Platform) -> None:
    """What YouTube holds back counts, but does not come."""
    platform.fake.threads, platform.fake.hidden = [a_thread("t", 60, replies=3)], 2
    marks = platform.read().marks
    assert platform.fake.asked_for("comments") == 1
    platform.read(LATER, marks)
    assert platform.fake.asked_for("comments") == 0


def test_an_edit_comes_under_the_same_id_with_its_new_text(platform: Platform) -> None:
    """Also of an old comment, as long as its thread is on a page that is read."""
    platform.fake.threads = [said("old", 9 * DAY, NOW), said("quiet", 9 * DAY, NOW)]
    marks = platform.read().marks
    platform.fake.thread("old").text = "Lapor lagi"
    platform.fake.thread("old").updated = NOW
    [post] = platform.read(LATER, marks).posts
    assert (post.native_id, post.text, post.created_at) == ("old", "Lapor lagi", NOW - timedelta(days=9))


def test_what_is_older_than_the_beginning_is_left_alone(platform: Platform) -> None:
    """But for a new reply to it."""
    platform.fake.threads = [said("t", 40 * DAY, NOW, replies=[said("t.1", 5, NOW)])]
    assert platform.read().ids == ["t.1"]


def test_a_page_of_old_threads_of_its_own_ends_the_reading_too(platform: Platform) -> None:
    """The channel's own comments have a time as well."""
    platform.fake.page_size = 10
    platform.fake.threads = [said(f"o{number}", 40 * DAY + number, NOW, author=ACCOUNT) for number in range(50)]
    assert platform.read().error is None
    assert platform.calls == 1


# ----------------------------------------------------------------------------------------------------- faults


def problem(name: str) -> Answer:
    """A recorded error."""
    found = json.loads((RECORDINGS / "problems.json").read_text(encoding="utf-8"))[name]
    return as_json(found["body"], found["status"])


@pytest.mark.parametrize(
    ("name", "kind", "text"),
    [
        ("quota", ThrottledError, "status 403 quotaExceeded"),
        ("rate", ThrottledError, "status 403 rateLimitExceeded"),
        ("closed", GoneError, "status 403 commentsDisabled"),
        ("forbidden", NotPermittedError, "status 403 forbidden"),
        ("no such channel", MisconfiguredError, "status 404 channelNotFound"),
        ("no such video", GoneError, "status 404 videoNotFound"),
        ("bad key", CredentialError, "status 400 badRequest"),
        ("bad key, of old", CredentialError, "status 400 keyInvalid"),
        ("bad request", MisconfiguredError, "status 400"),
        ("passing", TransientError, "status 400 processingFailure"),
        ("backend", TransientError, "status 503"),
    ],
)
def test_every_error_of_the_table_is_told_apart(
    platform: Platform, name: str, kind: type[ChannelError], text: str
) -> None:
    """What passes is tried three times, the rest once; the text quotes nothing of the answer, and no mark moves."""
    platform.fake.fault = lambda _asked, _: problem(name)
    found = platform.read()
    assert type(found.error) is kind
    assert str(found.error) == text
    assert platform.calls == (ATTEMPTS if kind is TransientError else 1)
    assert found.marks == {}


def test_a_wrong_key_is_a_persons_business(platform: Platform) -> None:
    """It is told apart from silence, after one call."""
    found = platform.read(key="bukan-kunci")
    assert isinstance(found.error, CredentialError)
    assert platform.calls == 1


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (datetime(2026, 7, 1, 6, 30, tzinfo=UTC), timedelta(minutes=30)),
        (datetime(2026, 7, 1, 7, 0, tzinfo=UTC), timedelta(hours=1)),
        (datetime(2026, 12, 1, 7, 45, tzinfo=UTC), timedelta(minutes=15)),
        (datetime(2026, 12, 31, 8, 0, tzinfo=UTC), LONGEST_WAIT),
        (datetime(2026, 12, 31, 23, 0, tzinfo=UTC), LONGEST_WAIT),
        (datetime(2027, 1, 1, 2, 0, tzinfo=UTC), timedelta(hours=5)),
    ],
)
def test_a_used_up_quota_is_waited_for(now: datetime, expected: timedelta) -> None:
    """Until midnight in California, in summer and in winter, but six hours at most at once."""
    assert until_midnight_pacific(now) == expected


def test_a_rate_limit_is_waited_for(platform: Platform) -> None:
    """A quarter of an hour."""
    platform.fake.fault = lambda _asked, _: Answer(429, b"")
    found = platform.read()
    assert isinstance(found.error, ThrottledError)
    assert found.error.wait == DEFAULT_WAIT


HTML = Answer(200, b"<!DOCTYPE html><title>Masuk</title>", {"Content-Type": "text/html"})
NO_BODIES: list[Any] = [
    {},
    {"items": None},
    {"items": {}},
    {"pageInfo": {"totalResults": 0}},
    {"items": [], "nextPageToken": 5},
    {"error": {"code": 200}},
]
NO_PAGES = [
    HTML,
    replace(HTML, status=302),
    replace(HTML, status=403),
    Answer(200, b""),
    Answer(200, b"null"),
    Answer(200, b"[]"),
    Answer(200, b'{"items":[{"id":"1"'),
    *map(as_json, NO_BODIES),
]


@pytest.mark.parametrize("answer", NO_PAGES)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_is_no_page_is_an_outage(platform: Platform, answer: Answer, after: int) -> None:
    """Only a list of nothing is an empty page; what was read before is good, and the day is not over."""
    platform.fake.page_size = 1
    platform.fake.threads = [a_thread("a", 60, replies=6), a_thread("b", 70), a_thread("c", 80)]
    platform.fake.fault = lambda _asked, number: answer if number > after else None
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert SWEPT not in found.marks
    assert "Masuk" not in str(found.error)


def test_a_channel_without_comments_is_no_error(platform: Platform) -> None:
    """An empty list is an answer."""
    found = platform.read()
    assert (found.error, found.posts, platform.calls) == (None, [], 1)


def test_a_page_that_comes_again_and_again_ends_the_run(platform: Platform) -> None:
    """A token that was given before leads nowhere."""
    platform.fake.fault = lambda _asked, _: as_json({"items": [], "nextPageToken": "sama"})
    assert isinstance(platform.read().error, OutageError)
    assert platform.calls == 2


def test_a_list_without_end_is_cut_and_not_begun_again_a_minute_later(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run says that it was cut; the day's units are not used up by doing so again."""
    monkeypatch.setattr(youtube, "PAGE_CAP", 3)
    platform.fake.page_size = 5
    platform.fake.threads = [a_thread(f"t{number}", 60 + number) for number in range(100)]
    found = platform.read()
    assert isinstance(found.error, PageCapError)
    assert len(found.ids) == 15
    platform.fake.threads += [a_thread("new", 1)]
    assert "new" in platform.read(LATER, found.marks).ids


def test_a_thread_longer_than_a_run_reads_starves_no_other(platform: Platform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The run says that it was cut, without a mark for that thread; the others are read."""
    monkeypatch.setattr(youtube, "PAGE_CAP", 2)
    platform.fake.threads = [a_thread("long", 60, replies=250), a_thread("other", 70, replies=7)]
    found = platform.read()
    assert isinstance(found.error, PageCapError)
    assert "long" not in found.marks
    assert {"other", "other.6"} <= set(found.ids)
    assert "other" in found.marks


def test_a_thread_deleted_since_it_was_listed_is_skipped(platform: Platform) -> None:
    """Or closed: the other threads are read."""
    platform.fake.threads = [a_thread("gone", 60, replies=9), a_thread("other", 70, replies=9)]
    for answer in (error(404, "commentNotFound"), problem("closed")):

        def refuse(asked: Asked, _: int, answer: Answer = answer) -> Answer | None:
            return answer if asked.query.get("parentId") == "gone" else None

        platform.fake.fault = refuse
        found = platform.read()
        assert found.error is None
        assert "other.8" in found.ids
        assert "gone" not in found.marks


def test_a_run_whose_time_is_up_keeps_what_it_finished(platform: Platform) -> None:
    """The threads that were read have their marks, the day has not."""
    platform.fake.page_size = 1
    platform.fake.threads = [a_thread("a", 60, replies=9), a_thread("b", 70, replies=9)]
    ticks = iter(range(1000))
    found = platform.read(budget=Budget(lambda: next(ticks), 11))
    assert isinstance(found.error, StoppedError)
    assert list(found.marks) == ["a"]
    assert platform.calls == 11


SOUND_COMMENT: dict[str, Any] = {
    "id": "c1",
    "snippet": {
        "textDisplay": "tolong",
        "authorDisplayName": "@KENARI",
        "authorChannelId": {"value": "UCauthor000000000000000001"},
        "publishedAt": "2026-11-03T02:11:45Z",
        "updatedAt": "2026-11-03T02:15:02Z",
    },
}


def wrong(**changes: Any) -> dict[str, Any]:
    """A comment with something wrong in its snippet."""
    return {"id": "c1", "snippet": SOUND_COMMENT["snippet"] | changes}


@pytest.mark.parametrize(
    "comment",
    [
        wrong(publishedAt="kemarin"),
        wrong(publishedAt=None),
        wrong(updatedAt="9999-12-31T23:59:59-10:00"),
        wrong(textDisplay=None),
        wrong(authorChannelId={"value": 1e400}),
        {**SOUND_COMMENT, "id": "../me?x=1"},
        {**SOUND_COMMENT, "id": None},
        {"id": "c1"},
        None,
        [],
        "teks",
    ],
)
@pytest.mark.parametrize("place", ["top", "shown", "edge"])
def test_one_malformed_comment_is_put_aside_and_the_page_goes_on(platform: Platform, comment: Any, place: str) -> None:
    """Wherever it stands, only that one goes into quarantine, without the person who wrote it."""
    sound = {**SOUND_COMMENT, "id": "sound"}
    thread = {"id": "t1", "snippet": {"topLevelComment": sound, "totalReplyCount": 0}}
    if place == "top":
        threads = [{"id": "t0", "snippet": {"topLevelComment": comment, "totalReplyCount": 0}}, thread]
    elif place == "shown":
        threads = [thread | {"replies": {"comments": [comment]}}]
    else:
        threads = [{"id": "t1", "snippet": {"topLevelComment": sound, "totalReplyCount": 1}}]
    platform.fake.fault = lambda asked, _: as_json(
        {"items": [comment] if asked.path.endswith("/comments") else threads}
    )
    found = platform.read()
    assert (found.error, found.ids) == (None, ["sound"])
    [rejected] = found.rejected
    assert "KENARI" not in rejected.model_dump_json()


@pytest.mark.parametrize("thread", [None, [], "teks", {}, {"id": "t1"}, {"id": "../x", "snippet": {}}])
def test_a_malformed_thread_is_put_aside_and_its_replies_are_read(platform: Platform, thread: Any) -> None:
    """What can be read of it is read."""
    if isinstance(thread, dict):
        thread = thread | {"replies": {"comments": [SOUND_COMMENT]}}
    platform.fake.fault = lambda _asked, _: as_json({"items": [thread]})
    found = platform.read()
    assert found.error is None
    assert len(found.rejected) == 1
    assert found.ids == (["c1"] if isinstance(thread, dict) else [])


@pytest.mark.parametrize("count", [None, -1, "banyak", 10**12, True, 1.5])
def test_a_thread_that_does_not_tell_its_replies_is_asked_once_a_day(platform: Platform, count: Any) -> None:
    """A count the platform does not give is not taken for none."""
    thread = {"id": "t1", "snippet": {"topLevelComment": SOUND_COMMENT, "totalReplyCount": count}}
    platform.fake.fault = lambda asked, _: as_json({"items": [] if asked.path.endswith("/comments") else [thread]})
    marks = platform.read().marks
    assert platform.calls == 2
    platform.read(LATER, marks)
    assert platform.calls == 1


@pytest.mark.parametrize(
    ("changes", "field"), [({"account": "@kabarsleman"}, "account"), ({"parameters": {"video": "x"}}, "video")]
)
def test_a_wrong_parameter_is_named(changes: dict[str, Any], field: str) -> None:
    """The channel and the field are said before anything is asked."""
    with pytest.raises(MisconfiguredError, match=rf"^youtube:kabarsleman: {field}: "):
        open_comments(an_account(**changes), connection_to("http://youtube.test", NOW, KEY))


# ------------------------------------------------------------------------------------------------- recordings


def test_recorded_answers_are_read(platform: Platform) -> None:
    """Two pages of threads and the replies of one, as the document shows them."""

    def recorded(asked: Asked, _: int) -> Answer:
        name = "replies" if asked.path.endswith("/comments") else "threads-1"
        name = "threads-2" if "pageToken" in asked.query else name
        found = json.loads((RECORDINGS / f"{name}.json").read_text(encoding="utf-8"))
        assert asked.path == found["path"]
        return Answer(found["status"], json.dumps(found["body"]).encode(), found["headers"])

    platform.fake.fault = recorded
    found = platform.read()
    assert (found.error, found.rejected, platform.calls) == (None, [], 3)
    posts = {post.native_id: post for post in found.posts}
    first, second = "UgzAbCdEfGhIjKlMnOp4AaABAg", "UgzZzZzZzZzZzZzZzZz4AaABAg"
    assert set(posts) == {first, f"{first}.AQrStUvWxYz", f"{first}.BQrStUvWxYz", second}
    assert posts[first].permalink == f"https://www.youtube.com/watch?v=dEmOvIdEo01&lc={first}"
    unknown = posts[f"{first}.BQrStUvWxYz"]
    assert (unknown.author, unknown.parent_id) == (None, first)
    assert unknown.permalink == f"https://www.youtube.com/watch?v=dEmOvIdEo01&lc={first}.BQrStUvWxYz"
    assert set(found.marks) == {first, SWEPT}
    assert "contoh." not in "".join(post.model_dump_json() for post in found.posts)


# -------------------------------------------------------------------------------------------- anything at all

junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
snippets = st.builds(
    lambda changes: SOUND_COMMENT["snippet"] | changes,
    st.dictionaries(st.sampled_from([*SOUND_COMMENT["snippet"], "parentId", "videoId"]), junk, max_size=2),
)
comments = st.fixed_dictionaries({"id": st.sampled_from(["a", "b", "c"]) | junk, "snippet": snippets | junk})
threads = st.fixed_dictionaries(
    {
        "id": st.sampled_from(["a", "b"]) | junk,
        "snippet": junk
        | st.fixed_dictionaries(
            {"topLevelComment": comments | junk, "totalReplyCount": st.integers(0, 9) | junk, "videoId": junk}
        ),
    },
    optional={"replies": junk | st.fixed_dictionaries({"comments": st.lists(comments | junk, max_size=2) | junk})},
)
bodies = st.fixed_dictionaries(
    {},
    optional={
        "items": st.lists(threads | comments | junk, max_size=3) | junk,
        "nextPageToken": junk,
        "error": junk | st.fixed_dictionaries({"errors": junk | st.lists(st.fixed_dictionaries({"reason": junk}))}),
    },
)
answers = st.builds(
    Answer,
    st.sampled_from([200, 200, 200, 204, 302, 400, 401, 403, 404, 429, 500]),
    st.binary(max_size=30) | (bodies | junk).map(lambda body: json.dumps(body).encode()),
)


@given(st.lists(answers, min_size=1, max_size=6))
def test_whatever_youtube_answers_a_run_yields_or_raises_a_channel_error(given: list[Answer]) -> None:
    """No bytes make a run die of anything else, and everything yielded can be stored."""
    left = iter(given)
    platform = direct()
    platform.fake.fault = lambda _asked, _: next(left, None)
    found = platform.read()
    assert all(Post.model_validate_json(post.model_dump_json()) == post for post in found.posts)
    assert all(len(name) + len(mark) < 250 for name, mark in found.marks.items())


# ------------------------------------------------------------------------------------------------------ deaths


@dataclass
class Deployment:
    """A table, a clock that moves with every run, and YouTube; requests count among the calls a run may die at."""

    platform: Platform
    memory: Memory = field(default_factory=Memory)
    now: datetime = NOW
    runs: int = 0

    def poll(self) -> None:
        """Run once."""
        self.runs += 1
        self.now += timedelta(minutes=3)
        poll = Poll(
            an_account(),
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            run_id=f"run-{self.runs}",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=2),
        )
        http = Direct(self._answer)
        poll.run(lambda: open_comments(an_account(), connection_to("http://youtube.test", self.now, KEY, http=http)))

    def _answer(self, asked: Asked) -> Answer:
        with self.memory.call():
            return self.platform.fake.answer(asked)

    def check(self) -> None:
        """Neither the watermark nor a mark is beyond what is stored."""
        cursor = self.memory.cursors.get("youtube:kabarsleman")
        if cursor is None:
            return
        stored = {post.native_id: post for post in self.memory.posts.values()}
        if cursor.watermark is not None:
            assert cursor.watermark <= max(post.created_at for post in stored.values())
        for thread in self.platform.fake.threads:
            if thread.id in cursor.marks:
                count = int(cursor.marks[thread.id].partition(".")[0])
                assert {reply.id for reply in thread.replies[:count]} <= set(stored)


@given(
    deaths=st.lists(st.integers(1, 40), min_size=1, max_size=4),
    after=st.booleans(),
    sizes=st.lists(st.integers(0, 9), max_size=4),
    meanwhile=st.integers(0, 2),
)
def test_a_poller_killed_between_any_two_calls_loses_and_doubles_nothing(
    *, deaths: list[int], after: bool, sizes: list[int], meanwhile: int
) -> None:
    """Killed at any request or any call of the table, while people go on writing; at last all is there, once."""
    platform = direct(
        *(a_thread(f"t{number}", 100 + number, replies=size) for number, size in enumerate(sizes)), page_size=2, shows=2
    )
    deployment = Deployment(platform)
    memory = deployment.memory
    stored: list[str] = []
    for run, death in enumerate((*deaths, None)):
        memory.calls = 0
        memory.kill_before, memory.kill_after = (None, death) if after else (death, None)
        before = set(memory.posts)
        with contextlib.suppress(Killed):
            deployment.poll()
        stored += set(memory.posts) - before
        deployment.check()
        for number in range(meanwhile):
            platform.fake.threads.append(a_thread(f"m{run}-{number}", 0.5, now=deployment.now))
            for thread in platform.fake.threads[:2]:
                thread.replies.append(said(f"{thread.id}.m{run}-{number}", 0.5, deployment.now))
    deployment.poll()
    deployment.check()
    assert set(memory.posts) == {f"youtube#{native_id}" for native_id in platform.fake.citizens}
    assert len(stored) == len(set(stored))
    assert memory.runs[-1].complete


def test_a_quiet_poll_costs_no_write_and_one_read() -> None:
    """One unit, and the cursor."""
    deployment = Deployment(direct(*(a_thread(f"t{number}", 5 * DAY + number, replies=7) for number in range(20))))
    deployment.poll()
    deployment.memory.reads = deployment.memory.writes = 0
    deployment.platform.fake.asked.clear()
    deployment.poll()
    asked = len(deployment.platform.fake.asked)
    assert (deployment.memory.writes, deployment.memory.reads - asked, asked) == (0, 1, 1)


def test_an_edit_is_stored() -> None:
    """The new text takes the place of the old one."""
    deployment = Deployment(direct(a_thread("t", 60)))
    deployment.poll()
    thread = deployment.platform.fake.threads[0]
    thread.text, thread.updated = "Sudah beres, terima kasih", deployment.now
    deployment.poll()
    assert deployment.memory.posts["youtube#t"].text == "Sudah beres, terima kasih"
