"""The promises of every kind of channel: nothing is lost, doubled, mistaken for silence or quoted in an error."""

from __future__ import annotations

import contextlib
import gzip
import logging
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aduan.context import UNDER_BYTES
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    StoppedError,
    ThrottledError,
    TransientError,
)
from aduan.platform_http import ATTEMPTS, DEFAULT_WAIT, LONGEST_WAIT, MOST_BYTES
from aduan.post import Post
from aduan.time_budget import TimeBudget
from infra.local.simulator.config import Config
from infra.local.simulator.exchange import Request
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from poll_channels.sources import KINDS, RECHECKED
from tests.kinds import FAKES
from tests.local_http import Answer, Asked
from tests.reading import APP_SECRET, HTML, NOW, Deployment, Direct, Fake, Platform, TellingFake, recorded, served

CANNOT_TELL = frozenset({"rss", "telegram_relay"})
"""Platforms that do not tell what was deleted: a feed drops old entries too, and a bot can fetch nothing by its id."""
OPEN = frozenset({"rss"})
"""Kinds that need no token."""
SHARED_NAME = frozenset({"telegram_relay"})
"""Platforms that want the token in the address."""

each_kind = pytest.mark.parametrize("kind", sorted(FAKES))
each_with_token = pytest.mark.parametrize("kind", sorted(set(FAKES) - OPEN))
each_that_tells = pytest.mark.parametrize("kind", sorted(set(FAKES) - CANNOT_TELL))


def a_platform(kind: str, written: int = 3) -> Platform[Fake]:
    """A platform on which citizens wrote this many texts in the last minutes."""
    fake = FAKES[kind]()
    for number in range(1, written + 1):
        fake.write(number, NOW - timedelta(minutes=10 + written - number))
    return Platform(fake)


@contextlib.contextmanager
def over_the_network(kind: str) -> Iterator[Platform[Fake]]:
    """The same platform behind a real server."""
    with served(a_platform(kind).fake) as platform:
        yield platform


def always(platform: Platform[Fake], answer: Answer, after: int = 0) -> None:
    """Let a platform give only this answer, after this many good ones."""
    platform.fake.fault = lambda _asked, number: answer if number > after else None


def test_every_kind_is_under_this_contract() -> None:
    """Every kind has a fake, without which it would not be tested."""
    assert set(FAKES) == set(KINDS)
    assert all(fake.CHANNEL.kind == kind for kind, fake in FAKES.items())


# ------------------------------------------------------------------------------------------- healthy platform


@each_kind
def test_what_citizens_wrote_is_read(kind: str) -> None:
    """Everything is read over a real connection, without names, and with marks that spare reading it again."""
    with over_the_network(kind) as platform:
        found = platform.read()
    assert found.error is None
    assert set(found.ids) == set(platform.fake.citizens)
    assert found.rejected == []
    assert {(post.kind, post.channel, post.fetched_at) for post in found.posts} == {
        (kind, platform.fake.CHANNEL.id, NOW)
    }
    assert platform.calls == found.calls == len(platform.fake.asked)
    assert "Warga Contoh" not in "".join(post.model_dump_json() for post in found.posts)
    assert platform.pauses == []


@each_kind
def test_a_post_says_what_it_answers_as_far_as_its_platform_does(kind: str) -> None:
    """Every platform on which people talk to the account says so; a feed and a forwarded message address nobody."""
    contexts = [post.context for post in a_platform(kind).read().posts]
    addressed = {context.to for context in contexts if context is not None}
    assert addressed == {"telegram_relay": set(), "rss": {None}, "youtube": {"account", "citizen"}}.get(
        kind, {"account"}
    )
    assert all(len(context.under.encode()) <= UNDER_BYTES for context in contexts if context is not None)


@each_kind
def test_a_quiet_poll_costs_no_write_and_one_read(kind: str) -> None:
    """The cursor alone tells that everything is known."""
    deployment = Deployment(a_platform(kind).fake)
    deployment.poll()
    deployment.poll()
    deployment.memory.reads = deployment.memory.writes = 0
    deployment.fake.asked.clear()
    deployment.poll()
    assert (deployment.memory.writes, deployment.memory.reads - len(deployment.fake.asked)) == (0, 1)


@each_kind
@settings(max_examples=40)
@given(
    deaths=st.lists(st.integers(1, 25), min_size=1, max_size=3),
    after=st.booleans(),
    written=st.integers(0, 6),
    meanwhile=st.integers(0, 2),
)
def test_a_poller_killed_between_any_two_calls_loses_and_doubles_nothing(
    *, kind: str, deaths: list[int], after: bool, written: int, meanwhile: int
) -> None:
    """Killed at any request or table call while people keep writing, the poller stores everything once in the end."""
    deployment = Deployment(a_platform(kind, written).fake)
    memory, number = deployment.memory, written
    stored: list[str] = []
    for death in (*deaths, None, None):
        before = set(memory.posts)
        deployment.die(death, after=after)
        stored += set(memory.posts) - before
        cursor = deployment.cursor
        if cursor is not None and cursor.watermark is not None:
            assert cursor.watermark <= max(post.created_at for post in memory.posts.values())
        if death is not None:
            for _ in range(meanwhile):
                number += 1
                deployment.fake.write(number, deployment.now)
    assert deployment.stored == set(deployment.fake.citizens)
    assert len(stored) == len(set(stored)) == number
    assert memory.runs[-1].complete


# ----------------------------------------------------------------------------------------------------- faults

NO_ANSWERS = {
    "html": HTML,
    "html, as if it were elsewhere": replace(HTML, status=302, headers={}),
    "empty": Answer(200, b""),
    "null": Answer(200, b"null"),
    "a list": Answer(200, b"[]"),
    "an object": Answer(200, b"{}"),
    "truncated": Answer(200, b'{"data":[{"id":"1"'),
    "deep": Answer(200, b"[" * 100_000),
    "a long number": Answer(200, b'{"data":' + b"9" * 5000 + b"}"),
    "no text": Answer(200, b"\xff\xfe\x00"),
    "not packed": Answer(200, b"bukan gzip", {"Content-Encoding": "gzip"}),
    "nothing more": Answer(204, b""),
    "a teapot": Answer(418, b""),
}


@each_kind
@pytest.mark.parametrize("fault", NO_ANSWERS)
def test_what_is_not_the_documented_shape_is_an_outage(kind: str, fault: str) -> None:
    """An undocumented answer is not taken for an empty channel, moves no mark, and is not quoted."""
    platform = a_platform(kind)
    always(platform, NO_ANSWERS[fault])
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.rejected, found.marks) == ([], [], {})
    assert "Masuk" not in str(found.error)


@each_kind
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_a_server_in_trouble_is_asked_a_few_times(kind: str, status: int) -> None:
    """A failing server gets two more attempts with growing pauses; then the next run tries."""
    platform = a_platform(kind)
    always(platform, replace(HTML, status=status))
    found = platform.read()
    assert type(found.error) is TransientError
    assert (str(found.error), found.calls) == (f"status {status}", ATTEMPTS)
    assert len(platform.pauses) == ATTEMPTS - 1
    assert all(0 <= pause <= 2 ** (number + 1) for number, pause in enumerate(platform.pauses))


@each_kind
@pytest.mark.parametrize("number", [1, 2])
def test_a_single_server_error_is_got_over(kind: str, number: int) -> None:
    """One failed request costs one pause and loses nothing."""
    platform = a_platform(kind)
    platform.fake.fault = lambda _asked, this: replace(HTML, status=503) if this == number else None
    found = platform.read()
    assert found.error is None
    assert set(found.ids) == set(platform.fake.citizens)
    assert len(platform.pauses) == (number <= found.calls - 1)


@each_kind
@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({}, DEFAULT_WAIT),
        ({"Retry-After": "120"}, timedelta(minutes=2)),
        ({"Retry-After": "Tue, 03 Nov 2026 07:01:00 GMT"}, timedelta(minutes=1)),
        ({"Retry-After": "Tue, 03 Nov 2026 06:00:00 GMT"}, DEFAULT_WAIT),
        ({"Retry-After": "9" * 12}, LONGEST_WAIT),
        ({"Retry-After": "9" * 99}, DEFAULT_WAIT),
        ({"Retry-After": "0"}, DEFAULT_WAIT),
        ({"Retry-After": "nanti"}, DEFAULT_WAIT),
    ],
)
def test_a_wait_is_as_asked_but_never_absurd(kind: str, headers: Mapping[str, str], wait: timedelta) -> None:
    """A wait in seconds or as a date is kept, even when a proxy asks for it, but never an absurd one."""
    platform = a_platform(kind)
    always(platform, replace(HTML, status=429, headers=headers))
    found = platform.read()
    assert isinstance(found.error, ThrottledError)
    assert (found.error.wait, found.calls, platform.pauses) == (wait, 1, [])


@each_kind
def test_an_answer_that_breaks_off_is_asked_for_again(kind: str) -> None:
    """A response with fewer bytes than promised is tried again, up to the usual number of attempts."""
    healthy = a_platform(kind).fake

    def breaks_off(asked: Asked, _number: int) -> Answer:
        whole = healthy.answer(asked)
        promised = {"Content-Length": str(len(whole.data) + 10), "Connection": "close"}
        return replace(whole, headers={**whole.headers, **promised})

    with over_the_network(kind) as platform:
        platform.fake.fault = breaks_off
        found = platform.read()
    assert isinstance(found.error, OutageError)
    assert (found.posts, found.calls) == ([], ATTEMPTS)


@each_kind
@pytest.mark.parametrize("packed", [False, True])
def test_an_answer_that_is_too_large_is_not_taken_in(kind: str, packed: bool) -> None:  # noqa: FBT001
    """More than two megabytes, unpacked, are refused and not requested again."""
    platform = a_platform(kind)
    body = b'{"data":"' + b"x" * MOST_BYTES
    always(
        platform,
        Answer(200, gzip.compress(body) if packed else body, {"Content-Encoding": "gzip"} if packed else {}),
    )
    found = platform.read()
    assert isinstance(found.error, OutageError)
    assert str(found.error) == f"the answer is larger than {MOST_BYTES} bytes"
    assert platform.pauses == []


@each_kind
def test_a_server_that_sends_a_byte_now_and_then_ends_with_the_runs_time(kind: str) -> None:
    """A response whose bytes each come in time, but not all of them, ends with the run's time."""
    with over_the_network(kind) as platform:
        always(platform, Answer(200, b" " * 500, drip=0.02))
        begun = time.monotonic()
        found = platform.read(budget=TimeBudget(time.monotonic, begun + 0.3))
    assert isinstance(found.error, StoppedError)
    assert time.monotonic() - begun < 8


@each_kind
def test_a_lost_connection_is_an_outage_that_names_no_address(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """After three attempts neither the error, its causes nor any log holds the address or the token."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    platform = a_platform(kind)
    platform.url = "http://127.0.0.1:9"
    error = platform.read().error
    assert isinstance(error, OutageError)
    assert error.__context__ is None
    assert error.__cause__ is None
    assert "127.0.0.1" not in str(error)
    assert platform.calls == ATTEMPTS
    assert "KENARI" not in caplog.text + str(error)


@each_kind
def test_a_run_whose_time_is_up_asks_nothing_more(kind: str) -> None:
    """The clock is checked before every request."""
    platform = a_platform(kind)
    found = platform.read(budget=TimeBudget(lambda: 5.0, 3))
    assert isinstance(found.error, StoppedError)
    assert (str(found.error), platform.fake.asked) == ("time", [])


@each_kind
def test_no_attempt_is_made_after_the_runs_time(kind: str) -> None:
    """A failing platform does not hold a run beyond its time."""
    platform = a_platform(kind)
    always(platform, replace(HTML, status=503))
    asked = platform.fake.asked
    found = platform.read(budget=TimeBudget(lambda: float(len(asked)), 2))
    assert isinstance(found.error, StoppedError)
    assert len(asked) == 2


@each_kind
@settings(max_examples=60)
@given(answers=st.lists(st.tuples(st.integers(200, 599), st.binary(max_size=200)), max_size=4))
def test_whatever_bytes_are_answered_a_run_ends_with_posts_or_a_channels_error(
    kind: str, answers: list[tuple[int, bytes]]
) -> None:
    """Any bytes lead to storable batches or to a `ChannelError`, and to nothing else."""
    platform = a_platform(kind)
    platform.fake.fault = lambda _asked, number: Answer(*answers[number - 1]) if number <= len(answers) else None
    found = platform.read()
    assert all(Post.model_validate_json(post.model_dump_json()) == post for post in found.posts)


# ------------------------------------------------------------------------------------------------ credentials


@each_with_token
def test_a_wrong_token_is_a_persons_business(kind: str) -> None:
    """A wrong token is distinguished from silence after one request, and never quoted."""
    platform = a_platform(kind)
    found = platform.read(token="123:bukan-KENARI")
    assert isinstance(found.error, CredentialError)
    assert (found.posts, found.calls) == ([], 1)
    assert "KENARI" not in str(found.error)


@each_with_token
def test_the_token_is_in_no_address_and_no_log(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """This holds with debug logging too; where a platform wants the token in the address, that is not logged."""
    caplog.set_level(logging.DEBUG)
    caplog.set_level(logging.DEBUG, logger="urllib3.connectionpool")
    with over_the_network(kind) as platform:
        platform.read()
        targets = [asked.target for asked in platform.fake.asked]
        always(platform, replace(HTML, status=502))
        platform.read()
    assert targets
    assert kind in SHARED_NAME or not any(platform.fake.TOKEN in target for target in targets)
    assert "KENARI" not in caplog.text
    assert platform.fake.TOKEN not in caplog.text


@each_kind
def test_a_misspelt_parameter_is_named(kind: str) -> None:
    """Before any request, the error names the channel and the field, but no value."""
    platform = a_platform(kind)
    channel = platform.fake.CHANNEL
    with pytest.raises(MisconfiguredError) as caught:
        platform.open(parameters={**channel.parameters, "tautann": "rahasia"})
    assert str(caught.value).startswith(f"channel {channel.id}: parameters.tautann: ")
    assert "rahasia" not in str(caught.value)
    assert platform.fake.asked == []


GROUP, FEED = FAKES["telegram_relay"].CHANNEL.parameters["group_url"], FAKES["rss"].CHANNEL.parameters["url"]
WRONG: list[tuple[str, dict[str, Any], str]] = [
    ("x", {"account": "kabarsleman"}, "account: "),
    ("x", {"parameters": {"dialect": "baru"}}, "parameters.dialect: "),
    *(("youtube", {"account": account}, "account: ") for account in ("@kabarsleman", "kabarsleman", "UC")),
    ("rss", {"parameters": {}}, "parameters.url: Field required"),
    ("rss", {"parameters": {"url": 5}}, "parameters.url: "),
    ("rss", {"parameters": {"url": "ftp://surat.example/a"}}, "parameters.url: "),
    ("rss", {"parameters": {"url": "https://nama:sandi@surat.example/a"}}, "parameters.url: "),
    ("rss", {"parameters": {"url": "https://surat.example/a b"}}, "parameters.url: "),
    ("rss", {"parameters": {"url": "http://surat.example/a"}}, "parameters.url: it must begin with https://"),
    ("rss", {"parameters": {"url": FEED, "urls": FEED}}, "parameters.urls: "),
    ("telegram_relay", {"parameters": {"group_url": GROUP}}, "parameters.moderators: Field required"),
    ("telegram_relay", {"parameters": {"moderators": ("1",)}}, "parameters.group_url: Field required"),
    ("telegram_relay", {"parameters": {"moderators": (), "group_url": GROUP}}, "parameters.moderators: "),
    ("telegram_relay", {"parameters": {"moderators": "1", "group_url": GROUP}}, "parameters.moderators: "),
    ("telegram_relay", {"parameters": {"moderators": ("@wahyu",), "group_url": GROUP}}, "parameters.moderators.0: "),
    ("telegram_relay", {"parameters": {"moderators": ("1",), "group_url": "http://x"}}, "parameters.group_url: "),
]


@pytest.mark.parametrize(("kind", "changes", "place"), WRONG)
def test_a_wrong_account_or_parameter_is_named(kind: str, changes: dict[str, Any], place: str) -> None:
    """Before any request, the error names the channel and the field, and quotes no value."""
    platform = a_platform(kind)
    with pytest.raises(MisconfiguredError) as caught:
        platform.open(**changes)
    assert str(caught.value).startswith(f"channel {platform.fake.CHANNEL.id}: {place}")
    assert "wahyu" not in str(caught.value)
    assert platform.fake.asked == []


PROBLEMS = [
    ("x", "invalid request", MisconfiguredError, "status 400"),
    ("x", "unauthorized", CredentialError, "status 401"),
    ("x", "no credits", NotPermittedError, "status 402: no credits are left"),
    ("x", "no credits, as some report", NotPermittedError, "status 403: no credits are left"),
    ("x", "not enrolled", NotPermittedError, "status 403"),
    ("x", "no such account", MisconfiguredError, "status 404"),
    ("x", "too many", ThrottledError, "status 429"),
    ("x", "too many, of old", ThrottledError, "status 429"),
    ("x", "month is used up", NotPermittedError, "status 429: the month's usage cap is reached"),
    ("youtube", "quota", ThrottledError, "status 403 quotaExceeded"),
    ("youtube", "rate", ThrottledError, "status 403 rateLimitExceeded"),
    ("youtube", "closed", GoneError, "status 403 commentsDisabled"),
    ("youtube", "forbidden", NotPermittedError, "status 403 forbidden"),
    ("youtube", "no such channel", MisconfiguredError, "status 404 channelNotFound"),
    ("youtube", "no such video", GoneError, "status 404 videoNotFound"),
    ("youtube", "bad key", CredentialError, "status 400 badRequest"),
    ("youtube", "bad key, of old", CredentialError, "status 400 keyInvalid"),
    ("youtube", "bad request", MisconfiguredError, "status 400"),
    ("youtube", "passing", TransientError, "status 400 processingFailure"),
    ("youtube", "backend", TransientError, "status 503"),
]


@pytest.mark.parametrize(("kind", "name", "error", "text"), PROBLEMS)
def test_every_recorded_error_is_told_apart(kind: str, name: str, error: type[ChannelError], text: str) -> None:
    """Transient errors are tried three times, others once; the error quotes nothing, and no mark moves."""
    platform = a_platform(kind)
    always(platform, recorded(kind, "problems", name))
    found = platform.read()
    assert type(found.error) is error
    assert str(found.error) == text
    attempts = ATTEMPTS if error is TransientError else 1
    assert (platform.calls, len(platform.pauses), found.marks) == (attempts, attempts - 1, {})


# -------------------------------------------------------------------------------------------------- deletions


def test_every_kind_says_whether_it_can_tell_what_was_deleted() -> None:
    """A kind either tells which posts were deleted, or is listed above with the reason why not."""
    assert set(KINDS) - set(RECHECKED) == set(CANNOT_TELL)


@each_that_tells
def test_deleted_posts_are_told_from_those_that_are_there(kind: str) -> None:
    """One request for a whole batch tells about each post that was read."""
    platform = a_platform(kind, written=12)
    posts = {post.native_id: post for post in platform.read().posts}
    source = platform.open()
    slice_ = list(posts.values())[: source.batch_size]
    assert source.still_there(slice_) == {post.native_id: True for post in slice_}
    gone = {slice_[1].native_id, slice_[-1].native_id}
    assert isinstance(platform.fake, TellingFake)
    for native_id in gone:
        platform.fake.delete(native_id)
    assert source.still_there(slice_) == {post.native_id: post.native_id not in gone for post in slice_}


@each_that_tells
@pytest.mark.parametrize("fault", ["html", "empty", "null", "a list", "truncated"])
def test_what_is_no_answer_says_nothing_about_deletions(kind: str, fault: str) -> None:
    """An outage raises, and no post is declared gone because of it."""
    platform = a_platform(kind)
    posts = platform.read().posts
    source = platform.open()
    always(platform, NO_ANSWERS[fault])
    with pytest.raises(OutageError):
        source.still_there(posts)


def simulated(kind: str, drafts: list[Draft]) -> tuple[Simulator, Platform[Fake]]:
    """The simulator in the place of a kind's fake."""
    channel, token = FAKES[kind].CHANNEL, FAKES[kind].TOKEN
    account = Account(Kind(kind), channel.account, channel.handle or channel.name, token)
    world = populate((account,), drafts)
    simulator = Simulator(Config("v25.0", APP_SECRET, (account,)), world, clock=lambda: NOW)

    def answer(asked: Asked) -> Answer:
        path, _, _ = asked.target.removeprefix("http://platform.test").partition("?")
        authorization = asked.headers.get("authorization", "")
        request = Request("GET", path, asked.query, "http://platform.test", authorization, headers=asked.headers)
        given = simulator.answer(request)
        return Answer(given.status, given.encoded(), given.headers)

    return simulator, Platform(FAKES[kind](), f"http://platform.test/{kind}", http=Direct(answer))


@pytest.mark.parametrize("kind", ["x", "youtube"])
def test_the_simulator_tells_deletions_as_the_platforms_do(kind: str) -> None:
    """The poller reads edited and deleted posts, and those beneath deleted ones, as from the real platform."""
    beneath = {"x": (Role.MENTION, Role.MENTION), "youtube": (Role.COMMENT, Role.REPLY)}[kind]

    def draft(name: str, role: Role, parent: str | None, minutes: int) -> Draft:
        moment, own = NOW - timedelta(minutes=minutes), role is Role.COUNTY_POST
        author = None if own else "Warga Contoh"
        return Draft(name, Kind(kind), role, parent, author, f"Lapor {name}", False, moment, own)  # noqa: FBT003 # in order

    above = kind == "youtube"
    drafts = [draft("host", Role.COUNTY_POST, None, 900)]
    for number in range(60):
        drafts.append(draft(f"c{number}", beneath[0], "host" if above else None, 800 - number))
        drafts.append(draft(f"r{number}", beneath[1], f"c{number}" if above else None, 700 - number))
    simulator, platform = simulated(kind, drafts)
    posts = {post.native_id: post for post in platform.read().posts}
    assert len(posts) == 120
    edited, removed = (simulator.world.find(name) for name in ("c1", "c2"))
    assert edited is not None
    assert removed is not None
    simulator.world.edit(edited.native_id, "Lapor lagi", NOW)
    gone = {removed.native_id, *(entry.native_id for entry in removed.children)}
    simulator.world.delete(removed.native_id)
    source = platform.open()
    wanted = list(posts.values())
    told: dict[str, bool] = {}
    for start in range(0, len(wanted), source.batch_size):
        told |= source.still_there(wanted[start : start + source.batch_size])
    assert told == {native_id: native_id not in gone for native_id in posts}
