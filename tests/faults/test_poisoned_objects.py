"""An error of one thread, list or reply is its own: the rest is read, and it is tried again and named in the end."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from admin_api.channel_answers import channel_answer
from admin_api.health import channel_health
from aduan.channel import Run
from aduan.directory_loading import load_directory
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    NotPermittedError,
    ObjectsError,
    OutageError,
    ThrottledError,
)
from aduan.post import Post
from aduan.store.ledger import ChannelState
from poll_channels.recheck import Recheck
from poll_channels.source import CanRecheck
from tests.builders import NOON, a_channel, a_post
from tests.faults.platforms import CHANNELS, NOW, Platform, Wire, an_item
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.polling import FakeSource, some_posts
from tests.polling import Platform as Channel

CODES = [1, 2, 10, 12, 100, 803]
AT = (NOW - timedelta(minutes=20)).isoformat()
MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)

Answer = tuple[int, bytes, Mapping[str, str]]


def refused(code: int, **more: object) -> Answer:
    """An error of the Graph API."""
    error = {"message": f"(#{code}) no", "type": "OAuthException", "code": code, **more}
    return 400, json.dumps({"error": error}).encode(), {}


def page(*items: Any) -> Answer:
    """A list of the Graph API."""
    return 200, json.dumps({"data": list(items)}).encode(), {}


@dataclass
class Graph:
    """A Page and an Instagram account with three threads, of which a test makes some fail."""

    kind: str
    failing: dict[str, Answer] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def account(self) -> str:
        """The account's id."""
        return CHANNELS[self.kind].account

    def thread(self, number: int) -> str:
        """The id of a thread."""
        return f"{self.account}_{number}" if self.kind == "facebook_page" else f"9{number}"

    def comment(self, number: int | str) -> dict[str, Any]:
        """A citizen's comment."""
        return {
            "id": f"7{number}",
            "message": "lampu mati",
            "text": "lampu mati",
            "created_time": AT,
            "timestamp": AT,
            "from": {"id": "555"},
        }

    def answer(self, path: str, _body: Mapping[str, Any]) -> Answer:
        """Answer a request."""
        path = path.removeprefix("/v25.0/")
        self.asked.append(path)
        if path in self.failing:
            return self.failing[path]
        threads = [self.thread(number) for number in (1, 2, 3)]
        if path == f"{self.account}/feed":
            own = {"from": {"id": self.account}, "created_time": AT, "updated_time": AT, "message": "Info"}
            return page(*({"id": name, **own} for name in threads))
        if path == f"{self.account}/media":
            medium = {"timestamp": AT, "permalink": "https://www.instagram.com/p/x/", "comments_count": 1}
            return page(*({"id": name, **medium} for name in threads))
        if path == f"{self.account}/tags":
            return page({**self.comment("tag"), "caption": "x", "permalink": "https://www.instagram.com/p/y/"})
        return page(self.comment(path.partition("/")[0][-1]))

    def open(self) -> Platform:
        """Return it as a platform to read."""
        return Platform(self.kind, Wire(self.answer))


@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize("kind", ["facebook_page", "instagram"])
def test_one_poisoned_thread_starves_no_other(kind: str, code: int) -> None:
    """The threads before and after it are read, and the run says what it left out and why."""
    graph = Graph(kind)
    graph.failing[f"{graph.thread(2)}/comments"] = refused(code)
    found = graph.open().read()
    assert {post.native_id for post in found.posts} >= {"71", "73"}
    assert isinstance(found.error, ObjectsError)
    assert f"code {code}" in str(found.error)
    assert list(found.error.reasons) == [graph.thread(2).rpartition("_")[2]]


@pytest.mark.parametrize("answer", [*map(refused, CODES), refused(100, error_subcode=33), (500, b"", {})])
def test_refused_tags_starve_no_comments(answer: Answer) -> None:
    """The tags are one list among others; the reason is kept."""
    graph = Graph("instagram")
    graph.failing[f"{graph.account}/tags"] = answer
    found = graph.open().read()
    assert {post.native_id for post in found.posts} == {"71", "72", "73"}
    assert isinstance(found.error, ObjectsError)
    assert list(found.error.reasons) == ["tags"]


def test_the_replies_of_one_comment_starve_no_other_comment() -> None:
    """The medium is read to its end all the same, and is asked for again as a whole."""
    graph = Graph("instagram")
    more = {"data": [graph.comment("r")], "paging": {"next": "https://graph.test/?after=x"}}
    path = f"{graph.thread(1)}/comments"
    graph.failing = {
        path: page({**graph.comment("a"), "replies": more}, {**graph.comment("b"), "replies": more}),
        "7a/replies": refused(12),
    }
    found = graph.open().read()
    assert "7b/replies" in graph.asked
    assert isinstance(found.error, ObjectsError)
    assert set(found.marks) == {graph.thread(2), graph.thread(3)}


@pytest.mark.parametrize(
    ("answer", "kind"), [(refused(190), CredentialError), (refused(4), ThrottledError), (refused(368), ThrottledError)]
)
@pytest.mark.parametrize("account", ["facebook_page", "instagram"])
def test_an_error_of_the_account_stays_the_accounts(account: str, answer: Answer, kind: type[ChannelError]) -> None:
    """Wherever it is met, nothing more is asked."""
    graph = Graph(account)
    graph.failing[f"{graph.thread(2)}/comments"] = answer
    assert isinstance(graph.open().read().error, kind)
    assert f"{graph.thread(3)}/comments" not in graph.asked


@pytest.mark.parametrize("account", ["facebook_page", "instagram"])
def test_a_permission_refused_everywhere_is_the_accounts(account: str) -> None:
    """When every thread is refused, a permission was lost; also when the list of threads is."""
    graph = Graph(account)
    for number in (1, 2, 3):
        graph.failing[f"{graph.thread(number)}/comments"] = refused(10)
    graph.failing[f"{graph.account}/tags"] = refused(10)
    assert isinstance(graph.open().read().error, NotPermittedError)
    listed = Graph(account)
    listed.failing = {f"{listed.account}/{edge}": refused(10) for edge in ("feed", "media")}
    assert isinstance(listed.open().read().error, NotPermittedError)


def test_an_outage_that_begins_between_two_threads_is_the_accounts() -> None:
    """The list that was read before is asked for again, and gets no answer either."""
    graph = Graph("facebook_page")
    wire = Wire(lambda path, body: graph.answer(path, body) if len(wire.asked) < 3 else (503, b"", {}))
    found = Platform("facebook_page", wire).read()
    assert {post.native_id for post in found.posts} == {"71"}
    assert isinstance(found.error, OutageError)
    assert not isinstance(found.error, ObjectsError)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_the_replies_of_one_thread_on_youtube_starve_no_other(status: int) -> None:
    """The threads after it are read; a thread that is gone is no failure."""
    threads = [
        json.loads(an_item("youtube", f'"T{number}"').replace('"totalReplyCount": 0', '"totalReplyCount": 9'))
        for number in (1, 2, 3)
    ]
    asked: list[str] = []

    class Replies(Wire):
        def request(self, _method: str, url: str, **options: Any) -> Any:
            asked.append(url)
            self.answer = lambda path, _body: (
                (status, b'{"error": {"errors": [{"reason": "x"}]}}', {})
                if "parentId=T1" in url
                else (200, json.dumps({"items": threads if path.endswith("commentThreads") else []}).encode(), {})
            )
            return super().request(_method, url, **options)

    found = Platform("youtube", Replies(lambda _path, _body: (200, b"", {}))).read()
    assert any("parentId=T3" in url for url in asked)
    assert set(found.ids) == {"T1", "T2", "T3"}
    assert isinstance(found.error, ObjectsError) == (status != 404)
    assert {"T2", "T3"} <= set(found.marks)


@dataclass
class Poisoned:
    """A channel on a Page of which one thread is poisoned, polled minute by minute."""

    graph: Graph = field(default_factory=lambda: Graph("facebook_page"))
    channel: Channel = field(default_factory=lambda: Channel(channel=CHANNELS["facebook_page"], now=NOW))

    @property
    def path(self) -> str:
        """What is asked for the poisoned thread."""
        return f"{self.graph.thread(2)}/comments"

    def poll(self) -> Run:
        """Run once; the source knows the time."""
        source = self.graph.open().open()
        source._factory = source._factory.__class__(  # type: ignore[attr-defined]  # noqa: SLF001 # the run's time
            source._factory.channel,  # type: ignore[attr-defined]  # noqa: SLF001
            self.channel.now + MINUTE,
            "key",
        )
        run = self.channel.poll(source)
        assert run is not None
        return run


def test_a_poisoned_thread_is_tried_again_with_growing_waits_and_read_in_the_end() -> None:
    """It is asked for less and less often, blocks nothing, costs no write a minute, and is read when it is sound."""
    poisoned = Poisoned()
    poisoned.graph.failing[poisoned.path] = refused(12)
    tries: list[int] = []
    writes = poisoned.channel.memory.writes
    for minute in range(180):
        before = poisoned.graph.asked.count(poisoned.path)
        run = poisoned.poll()
        assert not run.complete
        assert run.error is None
        assert "code 12" in (run.stopped or "")
        tries += [minute] * (poisoned.graph.asked.count(poisoned.path) > before)
    gaps = [later - earlier for earlier, later in itertools.pairwise(tries)]
    assert len(tries) <= 9
    assert gaps == sorted(gaps)
    assert gaps[-1] > 8 * gaps[0]
    assert poisoned.channel.memory.writes - writes < 60
    assert poisoned.channel.cursor.refusals == 0
    poisoned.graph.failing.clear()
    poisoned.channel.now += 3 * DAY
    run = poisoned.poll()
    assert run.complete
    assert run.read_from <= NOW - DAY, "what was left out is read now, and the run says so"
    assert "facebook_page#72" in poisoned.channel.memory.posts
    assert poisoned.channel.cursor.failing == {}
    assert poisoned.channel.cursor.unread_since is None


def test_code_10_on_one_thread_is_no_refusal_of_the_channel() -> None:
    """The channel is not marked, and its owner is not told."""
    poisoned = Poisoned()
    poisoned.graph.failing[poisoned.path] = refused(10)
    for _ in range(5):
        poisoned.poll()
    assert poisoned.channel.cursor.needs_permission_since is None
    assert not poisoned.channel.memory.notices


def test_a_thread_that_fails_for_days_is_named_and_no_alarm_is_raised_before() -> None:
    """On the first day the channel is healthy, as everything else is read; then the thread is named with its error."""
    poisoned = Poisoned()
    poisoned.graph.failing[poisoned.path] = refused(12)
    channel, memory = poisoned.channel.channel, poisoned.channel.memory
    for hour in range(30):
        poisoned.poll()
        now = poisoned.channel.now
        health = channel_health(channel, poisoned.channel.cursor, memory.runs[::-1][:5], [], now)
        assert [issue.code for issue in health.issues] == (["objects"] if hour >= 25 else []), hour
        poisoned.channel.now += timedelta(minutes=58)
    assert "2 sejak" in health.issues[0].message
    assert "code 12" in health.issues[0].message
    state = ChannelState(poisoned.channel.cursor, tuple(memory.runs[:1]))
    cursor = channel_answer(channel, state, health, load_directory())["cursor"]
    assert isinstance(cursor, dict)
    assert not {"failing", "unread_since"} & cursor.keys()


def test_with_more_failures_than_are_remembered_the_watermark_waits() -> None:
    """What is not remembered must stay in the window of the next run."""
    channel = Channel()
    channel.poll(FakeSource({"a": some_posts(1)}))
    before = channel.cursor.watermark

    class Failing(FakeSource):
        def read(self, window: Any, marks: Any) -> Any:
            from poll_channels.source import Batch  # noqa: PLC0415 # here alone

            yield from super().read(window, marks)
            reasons = {f"t{number}": "OutageError: code 12" for number in range(11)}
            yield Batch(failed=reasons)
            raise ObjectsError(reasons)

    channel.poll(Failing({"b": some_posts(9)}))
    assert len(channel.cursor.failing) == 10
    assert channel.cursor.watermark == before


@dataclass
class OnePoisoned(CanRecheck):
    """A platform that answers every question about one post with an error."""

    batch_size: int = 2

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Fail when only the poisoned post is asked for."""
        told = {post.native_id: post.native_id != "3" for post in posts if post.native_id != "2"}
        if not told:
            raise OutageError("code 12")
        return told


def test_one_poisoned_post_stops_no_sweep() -> None:
    """The posts after it are asked about: what was deleted among them is noticed."""
    memory = Memory()
    for number in (0, 1, 2):
        InMemoryPostStore(memory).add(a_post(native_id=str(number)))
    sweep = Recheck(
        a_channel(),
        InMemoryChannelStore(memory),
        InMemoryPostStore(memory),
        InMemoryTicketStore(memory),
        run_id="sweep",
        clock=lambda: NOON + timedelta(hours=1),
        lease_for=timedelta(minutes=2),
    )
    assert sweep.run(OnePoisoned) == 0
    assert memory.sweeps[a_channel().id].finished_at is not None


def test_one_poisoned_post_of_a_slice_is_left_out() -> None:
    """The Graph API is asked for each post by itself; the others' answers count."""
    graph = Graph("facebook_page", {"71": refused(12)})
    source = graph.open().open()
    assert isinstance(source, CanRecheck)
    posts = [a_post(kind="facebook_page", native_id=f"7{number}") for number in (1, 2)]
    graph.failing["72"] = (200, b'{"id": "72"}', {})
    assert source.still_there(posts) == {"72": True}
    with pytest.raises(OutageError):
        source.still_there(posts[:1])
