"""A source of the Graph API tells faults apart, and loses nothing that it could read."""

from __future__ import annotations

import json
import time
from datetime import timedelta
from typing import Any

import pytest

from aduan.platform_errors import CredentialError, OutageError, PageCapError, StoppedError, ThrottledError
from aduan.time_budget import TimeBudget
from infra.local.simulator.server import Server
from infra.local.simulator.world import Role
from poll_channels.sources import graph
from tests.graph_platform import (
    HOST,
    KINDS,
    LISTED,
    OLD_HOST,
    Platform,
    a_draft,
    of_kind,
    own,
    some_drafts,
    thread,
    whole,
)

NOT_VITAL = {"instagram": ["parent_id"], "facebook_page": ["attachments", "story", "parent", "attachment"]}


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
