"""YouTube's comments: threads and replies are read once each, with few of the day's units."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.platform_errors import (
    NotPermittedError,
    OutageError,
    PageCapError,
    StoppedError,
)
from aduan.platform_http import LONGEST_WAIT
from aduan.post import Post
from aduan.time_budget import TimeBudget
from poll_channels.sources import youtube
from poll_channels.sources.youtube import SWEPT, until_midnight_pacific
from poll_channels.sources.youtube_items import VIDEOS
from tests.fake_youtube import ACCOUNT, KEY, Comment, FakeYouTube, error, said
from tests.local_http import Answer, Asked, as_json
from tests.reading import HTML, LATER, NOW, Deployment, Platform, junk, recorded, served

DAY = 24 * 60


@pytest.fixture(name="platform")
def _platform() -> Iterator[Platform[FakeYouTube]]:
    with served(FakeYouTube()) as platform:
        yield platform


def a_thread(native_id: str, minutes_ago: float, replies: int = 0, now: datetime = NOW, **changes: Any) -> Comment:
    """A comment, and replies in the minutes after it."""
    answers = [said(f"{native_id}.{number}", minutes_ago - number / 100, now) for number in range(replies)]
    return said(native_id, minutes_ago, now, replies=answers, **changes)


# ------------------------------------------------------------------------------------------- healthy platform


def test_every_comment_and_reply_is_read(platform: Platform[FakeYouTube]) -> None:
    """All pages are read, with replies beyond those shown; the channel's own comments are left out."""
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
    the_video = 1
    assert platform.calls == 2 + the_video + long_ones + 3


def test_a_comment_is_what_its_author_wrote(platform: Platform[FakeYouTube]) -> None:
    """Text, time, parent and link are the platform's own, and the author is a pseudonym."""
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


def test_a_comment_on_no_video_leads_to_the_channel(platform: Platform[FakeYouTube]) -> None:
    """A comment on the channel itself, without a video, gets the channel's address."""
    platform.fake.threads = [said("c", 60, NOW, video=None)]
    assert platform.read().posts[0].permalink == f"https://www.youtube.com/channel/{ACCOUNT}/discussion?lc=c"


def test_the_key_goes_in_the_header_only(platform: Platform[FakeYouTube]) -> None:
    """No address holds the key."""
    platform.fake.threads = [a_thread("t", 60, replies=7)]
    platform.read()
    assert len(platform.fake.asked) == 3, "threads, their video, and replies"
    for asked in platform.fake.asked:
        assert KEY not in asked.target
        assert asked.headers["x-goog-api-key"] == KEY


def test_a_quiet_channel_costs_one_unit_and_yields_nothing_old(platform: Platform[FakeYouTube]) -> None:
    """With the first run's marks the second one requests only the first page."""
    platform.fake.threads = [a_thread(f"t{number}", 3 * DAY + number, replies=8) for number in range(150)]
    platform.fake.threads.append(a_thread("young", 60, replies=8))
    marks = platform.read().marks
    found = platform.read(marks, LATER)
    assert (found.error, found.marks) == (None, {})
    assert {native_id.partition(".")[0] for native_id in found.ids} == {"young"}
    assert platform.calls == 2, "the page of the young thread, and one that lies before the window"


def test_a_page_before_the_window_is_the_last_one_read(platform: Platform[FakeYouTube]) -> None:
    """Threads are sorted by their start, so nothing younger follows; once a day the run continues anyway."""
    platform.fake.page_size = 10
    platform.fake.threads = [a_thread(f"t{number}", number * 12 * 60) for number in range(70)]
    marks = platform.read().marks
    assert platform.calls == 7 + 1, "thirty days, and the rest of the page; once, the video"
    platform.read(marks, LATER)
    assert platform.calls == 2
    platform.read(marks, LATER, NOW + timedelta(days=1))
    assert platform.calls == 7


def test_a_late_reply_to_an_old_thread_is_found_within_a_day(platform: Platform[FakeYouTube]) -> None:
    """A reply moves no thread up: the daily listing finds it, and requests only threads that changed."""
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
        reading = platform.read(marks, window, now)
        assert reading.error is None
        marks |= reading.marks
        found += reading.ids
        asked += platform.fake.asked_for("comments")
    assert "t7.late" in found
    assert asked == 1


def test_a_reply_in_the_place_of_a_deleted_one_is_found_within_a_day(platform: Platform[FakeYouTube]) -> None:
    """The count is unchanged, but young threads are read once a day anyway."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=9)]
    marks = platform.read().marks
    replies = platform.fake.thread("t").replies
    replies[7] = said("t.new", 0, NOW)
    found: list[str] = []
    for hour in range(26):
        now = NOW + timedelta(hours=hour)
        reading = platform.read(marks, replace(LATER, since=now - timedelta(days=2)), now)
        marks |= reading.marks
        found += reading.ids
    assert "t.new" in found


def test_a_comment_that_was_held_back_is_found_within_a_day(platform: Platform[FakeYouTube]) -> None:
    """A comment that appears days late lies before the window, but the daily listing has it."""
    platform.fake.threads = [a_thread("t", 60)]
    marks = platform.read().marks
    platform.fake.threads.append(a_thread("held", 5 * DAY))
    found: list[str] = []
    for hour in range(25):
        now = NOW + timedelta(hours=hour)
        reading = platform.read(marks, replace(LATER, since=now - timedelta(days=2)), now)
        marks |= reading.marks
        found += reading.ids
    assert "held" in found


def test_a_reply_that_was_held_back_is_found_when_the_count_changes(platform: Platform[FakeYouTube]) -> None:
    """All replies of a thread whose count changed are read, however old, with their parents."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=8)]
    marks = platform.read().marks
    platform.fake.threads[0].replies.append(said("t.held", 4 * DAY, NOW))
    posts = {post.native_id: post for post in platform.read(marks, LATER).posts}
    assert posts["t.held"].parent_id == "t"


def test_a_reply_that_does_not_tell_what_it_answers_answers_its_thread(platform: Platform[FakeYouTube]) -> None:
    """A reply without a parent gets the thread with which it came."""
    reply = {"id": "t1.1", "snippet": {"textDisplay": "Setuju", "publishedAt": "2026-11-03T03:00:00Z"}}
    thread = {"id": "t1", "snippet": {"topLevelComment": SOUND_COMMENT}, "replies": {"comments": [reply]}}
    platform.fake.fault = lambda asked, _: as_json({"items": [reply] if "parentId" in asked.query else [thread]})
    assert [post.parent_id for post in platform.read().posts] == [None, "t1", "t1"]


def test_a_reply_that_comes_while_the_thread_is_read_is_found_by_the_next_run(platform: Platform[FakeYouTube]) -> None:
    """The mark is the count from before the replies were read."""
    platform.fake.threads = [a_thread("t", 5 * DAY, replies=9)]
    thread = platform.fake.threads[0]

    def arrive(asked: Asked, _: int) -> None:
        if asked.path.endswith("/comments") and len(thread.replies) == 9:
            thread.replies.append(said("t.meanwhile", 0, NOW))
            thread.replies.insert(0, thread.replies.pop())

    platform.fake.fault = arrive
    marks = platform.read().marks
    assert marks["t"].startswith("9.")
    assert "t.meanwhile" in platform.read(marks, LATER).ids


def test_replies_that_are_counted_and_never_listed_are_not_asked_for_again(platform: Platform[FakeYouTube]) -> None:
    """Replies that YouTube counts but withholds cause no repeated requests."""
    platform.fake.threads, platform.fake.hidden = [a_thread("t", 60, replies=3)], 2
    marks = platform.read().marks
    assert platform.fake.asked_for("comments") == 1
    platform.read(marks, LATER)
    assert platform.fake.asked_for("comments") == 0


def test_an_edit_comes_under_the_same_id_with_its_new_text(platform: Platform[FakeYouTube]) -> None:
    """Edits of old comments are read too, as long as their thread is on a page that is read."""
    platform.fake.threads = [said("old", 9 * DAY, NOW), said("quiet", 9 * DAY, NOW)]
    marks = platform.read().marks
    platform.fake.thread("old").text = "Lapor lagi"
    platform.fake.thread("old").updated = NOW
    [post] = platform.read(marks, LATER).posts
    assert (post.native_id, post.text, post.created_at) == ("old", "Lapor lagi", NOW - timedelta(days=9))


def test_what_is_older_than_the_beginning_is_left_alone(platform: Platform[FakeYouTube]) -> None:
    """Comments before the floor are left alone, except a new reply to one."""
    platform.fake.threads = [said("t", 40 * DAY, NOW, replies=[said("t.1", 5, NOW)])]
    assert platform.read().ids == ["t.1"]


def test_a_page_of_old_threads_of_its_own_ends_the_reading_too(platform: Platform[FakeYouTube]) -> None:
    """The channel's own comments count when a page is checked for its age."""
    platform.fake.page_size = 10
    platform.fake.threads = [said(f"o{number}", 40 * DAY + number, NOW, author=ACCOUNT) for number in range(50)]
    assert platform.read().error is None
    assert platform.calls == 1


# ----------------------------------------------------------------------------------------------------- faults


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
    """The wait lasts until midnight in California, in summer and winter, but at most six hours at once."""
    assert until_midnight_pacific(now) == expected


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
    replace(HTML, status=403),
    Answer(200, b'{"items":[{"id":"1"'),
    *map(as_json, NO_BODIES),
]


@pytest.mark.parametrize("answer", NO_PAGES)
@pytest.mark.parametrize("after", [0, 1, 2])
def test_what_is_no_page_is_an_outage(platform: Platform[FakeYouTube], answer: Answer, after: int) -> None:
    """Only an empty list is an empty page; what was read before is valid, and the day is not marked as swept."""
    platform.fake.page_size = 1
    platform.fake.threads = [a_thread("a", 60, replies=6), a_thread("b", 70), a_thread("c", 80)]
    platform.fake.fault = lambda _asked, number: answer if number > after else None
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert SWEPT not in found.marks
    assert "Masuk" not in str(found.error)


def test_a_channel_without_comments_is_no_error(platform: Platform[FakeYouTube]) -> None:
    """An empty list is a valid page."""
    found = platform.read()
    assert (found.error, found.posts, platform.calls) == (None, [], 1)


def test_a_page_that_comes_again_and_again_ends_the_run(platform: Platform[FakeYouTube]) -> None:
    """A repeated page token leads nowhere, and ends the run."""
    platform.fake.fault = lambda _asked, _: as_json({"items": [], "nextPageToken": "sama"})
    assert isinstance(platform.read().error, OutageError)
    assert platform.calls == 2


def test_a_list_without_end_is_cut_and_not_begun_again_a_minute_later(
    platform: Platform[FakeYouTube], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run reports the cut, and does not use up the day's units by trying again."""
    monkeypatch.setattr(youtube, "PAGE_CAP", 3)
    platform.fake.page_size = 5
    platform.fake.threads = [a_thread(f"t{number}", 60 + number) for number in range(100)]
    found = platform.read()
    assert isinstance(found.error, PageCapError)
    assert len(found.ids) == 15
    platform.fake.threads += [a_thread("new", 1)]
    assert "new" in platform.read(found.marks, LATER).ids


def test_a_thread_longer_than_a_run_reads_starves_no_other(
    platform: Platform[FakeYouTube], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run reports the cut and sets no mark for that thread; the others are read."""
    monkeypatch.setattr(youtube, "PAGE_CAP", 2)
    platform.fake.threads = [a_thread("long", 60, replies=250), a_thread("other", 70, replies=7)]
    found = platform.read()
    assert isinstance(found.error, PageCapError)
    assert "long" not in found.marks
    assert {"other", "other.6"} <= set(found.ids)
    assert "other" in found.marks


def test_a_thread_deleted_since_it_was_listed_is_skipped(platform: Platform[FakeYouTube]) -> None:
    """When a thread is deleted or closed meanwhile, the other threads are still read."""
    platform.fake.threads = [a_thread("gone", 60, replies=9), a_thread("other", 70, replies=9)]
    for answer in (error(404, "commentNotFound"), recorded("youtube", "problems", "closed")):

        def refuse(asked: Asked, _: int, answer: Answer = answer) -> Answer | None:
            return answer if asked.query.get("parentId") == "gone" else None

        platform.fake.fault = refuse
        found = platform.read()
        assert found.error is None
        assert "other.8" in found.ids
        assert "gone" not in found.marks


def test_a_run_whose_time_is_up_keeps_what_it_finished(platform: Platform[FakeYouTube]) -> None:
    """Threads that were read have their marks, but the day is not marked as swept."""
    platform.fake.page_size = 1
    platform.fake.threads = [a_thread("a", 60, replies=9), a_thread("b", 70, replies=9)]
    asked = platform.fake.asked
    found = platform.read(budget=TimeBudget(lambda: float(len(asked)), 12))
    assert isinstance(found.error, StoppedError)
    assert list(found.marks) == [VIDEOS, "a"]
    assert platform.calls == 12


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
    """A comment with a wrong value in its snippet."""
    return {"id": "c1", "snippet": SOUND_COMMENT["snippet"] | changes}


@pytest.mark.parametrize(
    "comment",
    [
        wrong(publishedAt="kemarin"),
        wrong(publishedAt=None),
        wrong(updatedAt="9999-12-31T23:59:59-10:00"),
        wrong(textDisplay=None),
        {**SOUND_COMMENT, "id": "../me?x=1"},
        {**SOUND_COMMENT, "id": None},
        {"id": "c1"},
        None,
        [],
        "teks",
    ],
)
@pytest.mark.parametrize("place", ["top", "shown", "edge"])
def test_one_malformed_comment_is_put_aside_and_the_page_goes_on(
    platform: Platform[FakeYouTube], comment: Any, place: str
) -> None:
    """Only that comment goes into quarantine, wherever it stands, without the person who wrote it."""
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
def test_a_malformed_thread_is_put_aside_and_its_replies_are_read(platform: Platform[FakeYouTube], thread: Any) -> None:
    """The readable parts of a malformed thread are read."""
    if isinstance(thread, dict):
        thread = thread | {"replies": {"comments": [SOUND_COMMENT]}}
    platform.fake.fault = lambda _asked, _: as_json({"items": [thread]})
    found = platform.read()
    assert found.error is None
    assert len(found.rejected) == 1
    assert found.ids == (["c1"] if isinstance(thread, dict) else [])


@pytest.mark.parametrize("count", [None, -1, "banyak", 10**12, True, 1.5])
def test_a_thread_that_does_not_tell_its_replies_is_asked_once_a_day(
    platform: Platform[FakeYouTube], count: Any
) -> None:
    """A missing count is not taken for zero."""
    thread = {"id": "t1", "snippet": {"topLevelComment": SOUND_COMMENT, "totalReplyCount": count}}
    platform.fake.fault = lambda asked, _: as_json({"items": [] if asked.path.endswith("/comments") else [thread]})
    marks = platform.read().marks
    assert platform.calls == 2
    platform.read(marks, LATER)
    assert platform.calls == 1


# ------------------------------------------------------------------------------------------------- recordings


def test_recorded_answers_are_read(platform: Platform[FakeYouTube]) -> None:
    """Two documented pages of threads, and the replies of one, are read."""

    def answer(asked: Asked, _: int) -> Answer:
        name = {"comments": "replies", "commentThreads": "threads-1", "videos": "videos"}[asked.path.rpartition("/")[2]]
        return recorded("youtube", "threads-2" if "pageToken" in asked.query else name)

    platform.fake.fault = answer
    found = platform.read()
    assert (found.error, found.rejected, platform.calls) == (None, [], 4)
    posts = {post.native_id: post for post in found.posts}
    first, second = "UgzAbCdEfGhIjKlMnOp4AaABAg", "UgzZzZzZzZzZzZzZzZz4AaABAg"
    assert set(posts) == {first, f"{first}.AQrStUvWxYz", f"{first}.BQrStUvWxYz", second}
    assert posts[first].permalink == f"https://www.youtube.com/watch?v=dEmOvIdEo01&lc={first}"
    unknown = posts[f"{first}.BQrStUvWxYz"]
    assert (unknown.author, unknown.parent_id) == (None, first)
    assert unknown.permalink == f"https://www.youtube.com/watch?v=dEmOvIdEo01&lc={first}.BQrStUvWxYz"
    assert set(found.marks) == {first, SWEPT, VIDEOS}
    assert {post.context.under for post in found.posts if post.context} == {
        "Gotong royong di Cangkringan\nKerja bakti warga.",
        "",
    }
    assert "contoh." not in "".join(post.model_dump_json() for post in found.posts)


# -------------------------------------------------------------------------------------------- anything at all

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
    """Any bytes lead to storable batches or to a `ChannelError`, and to nothing else."""
    left = iter(given)
    platform = Platform(FakeYouTube())
    platform.fake.fault = lambda _asked, _: next(left, None)
    found = platform.read()
    assert all(Post.model_validate_json(post.model_dump_json()) == post for post in found.posts)
    assert all(len(name) + len(mark) < 250 for name, mark in found.marks.items())


# ------------------------------------------------------------------------------------------------------ deaths


def test_a_quiet_poll_costs_no_write_and_one_read() -> None:
    """A quiet poll costs one unit and one read of the cursor."""
    threads = [a_thread(f"t{number}", 5 * DAY + number, replies=7) for number in range(20)]
    deployment = Deployment(FakeYouTube(threads=threads))
    deployment.poll()
    deployment.memory.reads = deployment.memory.writes = 0
    deployment.fake.asked.clear()
    deployment.poll()
    asked = len(deployment.fake.asked)
    assert (deployment.memory.writes, deployment.memory.reads - asked, asked) == (0, 1, 1)


def test_an_edit_is_stored() -> None:
    """The new text replaces the old one."""
    deployment = Deployment(FakeYouTube(threads=[a_thread("t", 60)]))
    deployment.poll()
    thread = deployment.fake.threads[0]
    thread.text, thread.updated = "Sudah beres, terima kasih", deployment.now
    deployment.poll()
    assert deployment.memory.posts["youtube#t"].text == "Sudah beres, terima kasih"


# -------------------------------------------------------------------------------------------------- deletions


def test_a_question_that_is_refused_as_a_whole_is_asked_in_parts() -> None:
    """One missing comment may refuse all fifty; halves are requested until the missing ones are known."""
    threads = [a_thread(f"t{number}", 10 + number, replies=2) for number in range(17)]
    platform = Platform(FakeYouTube(threads=threads, refuses_missing=True))
    posts = {post.native_id: post for post in platform.read().posts}
    assert len(posts) == 51
    source = platform.open()
    slice_ = list(posts.values())[: source.batch_size]
    assert all(source.still_there(slice_).values())
    assert source.calls == 1
    platform.fake.delete("t3")
    gone = {"t3", "t3.0", "t3.1"}
    assert {native_id for native_id, there in source.still_there(slice_).items() if not there} == gone
    assert source.calls < 30


def test_a_lost_permission_says_nothing_about_deletions() -> None:
    """A refusal that does not concern the comments is raised."""
    platform = Platform(FakeYouTube(threads=[a_thread("t", 10)]))
    posts = platform.read().posts
    platform.fake.fault = lambda _asked, _: recorded("youtube", "problems", "forbidden")
    with pytest.raises(NotPermittedError):
        platform.open().still_there(posts)
