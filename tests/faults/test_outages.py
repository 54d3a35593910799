"""A platform fails, throttles, answers nonsense or without end, or refuses us."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from admin_api.health import channel_health
from aduan.channel import Cursor, Rejected
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    NotPermittedError,
    OutageError,
    PageCapError,
    StoppedError,
    ThrottledError,
)
from aduan.post import Post
from poll_channels.credentials import Credentials
from poll_channels.poll import Poll
from poll_channels.sources import KINDS
from tests.builders import NOON, a_channel, a_post
from tests.faults.platforms import JSON_KINDS, NOTHING, Platform, Wire, always
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.lanes import InMemoryLaneStore
from tests.in_memory.notices import InMemoryNoticeStore
from tests.in_memory.posts import InMemoryPostStore
from tests.polling import LEASE, MINUTE, FakeSource, some_posts
from tests.polling import Platform as Channel

ALL_KINDS = sorted(KINDS)
LOGIN = b"<!DOCTYPE html><html><head><title>Masuk</title></head><body>KENARI: silakan masuk kembali</body></html>"
ONE_DAY = timedelta(days=1)


@pytest.mark.parametrize("status", [500, 502, 503])
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_06_a_server_error_is_tried_again_with_jittered_pauses_within_the_time(kind: str, status: int) -> None:
    """One failed call costs only a pause; when all calls fail, the run ends as an outage after a few of them."""
    statuses = iter([status])
    passing = Platform(kind, Wire(lambda *_: (next(statuses, 200), NOTHING[kind], {})))
    assert passing.read().error is None
    assert len(passing.pauses) == 1
    lasting = always(kind, b"KENARI", status)
    found = lasting.read()
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.marks) == ([], {})
    assert "KENARI" not in str(found.error)
    assert len(lasting.wire.asked) <= 5
    assert all(0 <= pause <= 2**number for number, pause in enumerate(lasting.pauses, 1))
    again = always(kind, b"KENARI", status)
    again.read()
    assert again.pauses != lasting.pauses, "many accounts would come back at the same moment"


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_06_pauses_end_with_the_time(kind: str) -> None:
    """A platform in trouble never holds a run beyond its time."""
    platform = always(kind, b"", 503, seconds=0.01)
    assert isinstance(platform.read().error, StoppedError | OutageError)
    assert sum(platform.pauses) <= 0.01


@pytest.mark.parametrize("failure", [OutageError("no list of data"), CredentialError("code 190/463")])
def test_fault_06_an_outage_leaves_the_cursor_unchanged_and_the_ledger_says_why(failure: ChannelError) -> None:
    """Posts stored before the outage stay, the cursor does not move, and the channel is released."""
    channel = Channel()
    channel.poll(FakeSource({"a": some_posts(1)}))
    before = channel.cursor
    source = FakeSource({"b": some_posts(2), "c": some_posts(3)}, fails_after=1, failure=failure)
    run = channel.poll(source)
    assert run is not None
    assert (run.complete, run.error) == (False, f"{type(failure).__name__}: {failure}")
    assert (channel.cursor.watermark, channel.cursor.marks) == (before.watermark, before.marks)
    assert "instagram#2" in channel.memory.posts
    source.fails_after = None
    channel.poll(source)
    assert "instagram#3" in channel.memory.posts


def test_fault_06_two_hours_of_outage_are_told_and_then_read() -> None:
    """The channel is reported as failing during the outage; the run after it reads all that was written meanwhile."""
    channel = Channel()
    channel.poll(FakeSource({"a": some_posts(1)}))
    watermark = channel.cursor.watermark
    down = FakeSource({"b": some_posts(2)}, fails_after=0)
    for _ in range(120):
        channel.poll(down)
    assert channel.cursor.watermark == watermark
    runs = InMemoryChannelStore(channel.memory).runs(channel.channel.id, 60)
    health = channel_health(channel.channel, channel.cursor, runs, [], channel.now)
    assert "failing" in {issue.code for issue in health.issues}
    backlog = some_posts(*range(200, 320))
    run = channel.poll(FakeSource({"b": backlog}))
    assert run is not None
    assert (run.complete, run.new) == (True, 120)
    assert run.read_from <= NOON


def wait_header(kind: str, wait: str) -> tuple[int, object, Mapping[str, str]]:
    """Return a platform's way of throttling: status, body, and headers that name the wait."""
    graph = 400, {"error": {"code": 4, "is_transient": True}}
    business = {"1": [{"call_count": 100, "estimated_time_to_regain_access": json.loads(wait) if wait else None}]}
    answers: dict[str, tuple[int, object, Mapping[str, str]]] = {
        "facebook_page": (*graph, {"X-Business-Use-Case-Usage": json.dumps(business)}),
        "instagram": (*graph, {"X-Business-Use-Case-Usage": json.dumps(business)}),
        "rss": (429, b"", {"Retry-After": wait} if wait else {}),
        "telegram_relay": (
            429,
            {"ok": False, "error_code": 429, "parameters": {"retry_after": json.loads(wait)} if wait else {}},
            {},
        ),
        "x": (429, {"title": "Too Many Requests"}, {"x-rate-limit-reset": wait} if wait else {}),
        "youtube": (403, {"error": {"code": 403, "errors": [{"reason": "rateLimitExceeded"}]}}, {"Retry-After": wait}),
    }
    return answers[kind]


@pytest.mark.parametrize("wait", ["", "7", "0", "-5", "1e300", "99999999999999999999"])
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_07_a_throttled_run_stops_at_its_first_call_with_a_wait_that_makes_sense(kind: str, wait: str) -> None:
    """Whether the platform names a wait, none or an absurd one, the run stops at once and waits a day at most."""
    status, body, headers = wait_header(kind, wait)
    platform = always(kind, body, status, headers)
    found = platform.read()
    assert isinstance(found.error, ThrottledError)
    assert timedelta(0) < found.error.wait <= ONE_DAY
    assert (len(platform.wire.asked), platform.pauses, found.posts) == (1, [], [])


def test_fault_07_a_throttled_channel_is_left_alone_for_as_long_as_asked() -> None:
    """The wait is stored with the cursor, and no call is made before it has passed."""
    channel = Channel()
    throttled = FakeSource({"a": some_posts(1)}, fails_after=0, failure=ThrottledError("code 80002", 5 * MINUTE))
    channel.poll(throttled)
    source = FakeSource({"a": some_posts(1)})
    results = [channel.poll(source) for _ in range(5)]
    assert [run is None for run in results] == [True, True, True, True, False]
    assert len(source.windows) == 1


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_08_a_page_for_people_is_an_outage_and_is_not_quoted(kind: str) -> None:
    """A login, captcha or maintenance page with status 200 is never taken for a channel without posts."""
    found = always(kind, LOGIN, 200, {"Content-Type": "text/html"}).read()
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.rejected, found.marks) == ([], [], {})
    assert "KENARI" not in str(found.error)
    assert "Masuk" not in str(found.error)


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_09_only_what_the_platform_documents_as_nothing_is_nothing(kind: str) -> None:
    """The documented empty answer ends a run successfully, without a post."""
    found = always(kind, NOTHING[kind]).read()
    assert (found.error, found.posts, found.rejected) == (None, [], [])


MALFORMED = [
    b"",
    b" ",
    b"null",
    b"[]",
    b"{}",
    b'""',
    b"0",
    b'{"data": null, "items": null, "result": null, "ok": true}',
    b'{"data": {}, "items": {}, "result": {}, "ok": true}',
    b'{"data": [{"id": "17", "message": "KENA',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]


@pytest.mark.parametrize("data", MALFORMED, ids=range(len(MALFORMED)))
@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_09_a_malformed_answer_is_never_no_posts(kind: str, data: bytes) -> None:
    """An answer that is empty, truncated, lacks its list or is no object fails the run, which moves nothing."""
    found = always(kind, data).read()
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.rejected, found.marks) == ([], [], {})


def page_with(kind: str, token: str) -> dict[str, Any]:
    """Return a page without posts that promises another page."""
    graph = {"data": [], "paging": {"cursors": {"after": token}, "next": f"https://platform.test/?after={token}"}}
    stranger = {"update_id": 1, "message": {"from": {"id": 5}, "text": "KENARI"}}
    pages: dict[str, dict[str, Any]] = {
        "facebook_page": graph,
        "instagram": graph,
        "telegram_relay": {"ok": True, "result": [stranger]},
        "x": {"data": [{"id": "1"}], "meta": {"result_count": 1, "next_token": token}},
        "youtube": {"items": [], "nextPageToken": token},
    }
    return pages[kind]


@pytest.mark.parametrize("kind", JSON_KINDS)
def test_fault_10_a_page_that_comes_again_and_again_ends_the_run(kind: str) -> None:
    """A page token that was seen before is an outage after a few calls, neither an end nor a loop."""
    platform = always(kind, page_with(kind, "A"))
    assert isinstance(platform.read().error, OutageError)
    assert len(platform.wire.asked) <= 6


@pytest.mark.parametrize("kind", sorted(set(JSON_KINDS) - {"telegram_relay", "x"}))
def test_fault_10_pages_without_end_are_cut(kind: str) -> None:
    """A platform that always promises another page gets a bounded number of calls, and the run says so."""
    tokens = map(str, itertools.count())
    platform = Platform(kind, Wire(lambda *_: (200, json.dumps(page_with(kind, next(tokens))).encode(), {})))
    assert isinstance(platform.read().error, PageCapError)
    assert len(platform.wire.asked) <= 200


@given(order=st.permutations(range(6)), again=st.lists(st.integers(0, 5), max_size=6))
def test_fault_10_order_and_repetition_change_nothing(order: list[int], again: list[int]) -> None:
    """A post that comes twice or out of order is stored once; the watermark is the youngest stored post."""
    posts = some_posts(*range(6))
    channel = Channel()
    run = channel.poll(FakeSource({"a": [posts[number] for number in (*order, *again)]}))
    assert run is not None
    assert (run.new, run.revised) == (6, 0)
    assert len(channel.memory.posts) == 6
    assert channel.cursor.watermark == max(post.created_at for post in posts if isinstance(post, Post))


def refusal(kind: str) -> tuple[int, object]:
    """Return a platform's way of saying that a token is not, or no longer, valid."""
    return {
        "facebook_page": (400, {"error": {"code": 190, "error_subcode": 463, "message": "KENARI"}}),
        "instagram": (401, {"error": {"code": 190, "error_subcode": 467, "message": "KENARI"}}),
        "rss": (401, b"KENARI"),
        "telegram_relay": (401, {"ok": False, "error_code": 401, "description": "KENARI"}),
        "x": (401, {"title": "Unauthorized", "detail": "KENARI"}),
        "youtube": (400, {"error": {"code": 400, "message": "KENARI", "errors": [{"reason": "keyInvalid"}]}}),
    }[kind]


@pytest.mark.parametrize("kind", ALL_KINDS)
def test_fault_16_a_refused_token_ends_the_run_at_once_as_a_persons_business(kind: str) -> None:
    """The run makes one call and stores nothing; the error holds neither the token nor the platform's words."""
    status, body = refusal(kind)
    platform = always(kind, body, status)
    found = platform.read()
    assert isinstance(found.error, CredentialError | NotPermittedError)
    assert (len(platform.wire.asked), found.posts, found.marks) == (1, [], {})
    assert "KENARI" not in str(found.error)


def test_fault_16_a_channel_without_its_token_is_named_and_stops_no_other() -> None:
    """The refused channel has an issue for a person after two runs; its neighbour is read as usual."""
    refused = Channel()
    neighbour = a_channel(id="instagram:other", account="17841400000000002")
    for number in range(2):
        refused.poll(FakeSource({"a": some_posts(1)}, fails_after=0, failure=CredentialError("code 190/463")))
        posts: list[Post | Rejected] = [a_post(native_id=str(500 + number), channel=neighbour.id)]
        run = refused.poll(FakeSource({str(number): posts}), neighbour)
        assert run is not None
        assert (run.complete, run.new) == (True, 1)
    channels = InMemoryChannelStore(refused.memory)
    cursor, runs = channels.read(refused.channel.id), channels.runs(refused.channel.id, 60)
    health = channel_health(refused.channel, cursor, runs, [], refused.now)
    assert "authorisation" in {issue.code for issue in health.issues}
    assert cursor.watermark is None


def test_fault_16_a_secret_that_was_rotated_is_fetched_anew_once_it_was_refused() -> None:
    """Good secrets are cached; after a refusal the next run asks the Parameter Store again."""
    stored = ["old", "new"]
    asked: list[list[str]] = []

    def get_parameters(Names: list[str], **_: Any) -> dict[str, Any]:  # noqa: N803 # the service's name
        asked.append(Names)
        return {"Parameters": [{"Name": name, "Value": stored.pop(0)} for name in Names], "InvalidParameters": []}

    credentials = Credentials(cast("Any", SimpleNamespace(get_parameters=get_parameters)), "/aduan", lambda: 0.0)
    assert credentials.get("token") == credentials.get("token") == ["old"]
    credentials.forget()
    assert credentials.get("token") == ["new"]
    assert len(asked) == 2


def test_fault_17_an_unreachable_parameter_store_fails_the_run_and_touches_nothing() -> None:
    """The error ends the run unchanged, no cursor or ledger is written, and the next run reads everything."""
    channel = Channel()

    def unreachable() -> FakeSource:
        raise ClientError({"Error": {"Code": "KMSInternalException"}}, "GetParameters")

    poll = Poll(
        channel.channel,
        InMemoryChannelStore(channel.memory),
        InMemoryPostStore(channel.memory),
        InMemoryNoticeStore(channel.memory),
        InMemoryLaneStore(channel.memory),
        run_id="run",
        clock=lambda: NOON,
        lease_for=LEASE,
    )
    with pytest.raises(ClientError):
        poll.run(unreachable)
    assert channel.memory.writes == 0
    assert channel.memory.cursors.get(channel.channel.id, Cursor(channel=channel.channel.id)).watermark is None
    run = channel.poll(FakeSource({"a": some_posts(1)}))
    assert run is not None
    assert (run.complete, run.new) == (True, 1)
