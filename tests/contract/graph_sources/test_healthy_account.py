"""A source of the Graph API reads everything that citizens wrote, and asks no more than it needs."""

from __future__ import annotations

import hashlib
import hmac
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from aduan.platform_errors import CredentialError, GoneError
from infra.local.simulator.server import Server
from infra.local.simulator.world import Kind, Role
from tests.graph_platform import HOST, KINDS, LISTED, OLD_HOST, Platform, a_draft, of_kind, own, thread, whole
from tests.reading import APP_SECRET, LATER, NOW


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


def test_the_token_goes_in_the_header_only(platform: Platform) -> None:
    """No address holds the token; each holds the version and the proof of this token."""
    platform.read()
    token = platform.simulator.world.account_of(Kind(platform.kind)).token
    proof = hmac.new(APP_SECRET.encode(), token.encode(), hashlib.sha256).hexdigest()
    for url, headers in platform.wire.asked:
        assert token not in url
        assert "access_token" not in url
        assert APP_SECRET not in url
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
