"""Nothing is erased because of one answer, and what is shown again after it was erased is taken in again."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aduan.channel import Cursor
from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.record import stamp
from classify.decide import reconsider
from poll_channels.recheck import Recheck, forgetting
from poll_channels.source import CanRecheck
from tests import moves
from tests.builders import NOON, a_channel, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore
from tests.polling import FakeSource
from tests.polling import Platform as Channel

DAY = timedelta(days=1)
NAMES = [f"{number:02}" for number in range(10)]


@dataclass
class Asked(CanRecheck):
    """A platform whose answers a test decides, day by day."""

    memory: Memory = field(default_factory=Memory)
    missing: set[str] = field(default_factory=set)
    now: datetime = NOON + timedelta(hours=1)
    batch_size: int = 20
    price_usd: float = 0.0

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Answer about all of them."""
        return {post.native_id: post.native_id not in self.missing for post in posts}

    def sweep(self, *missing: str, at: datetime | None = None) -> int:
        """Sweep once, while these posts are not shown."""
        self.missing, self.now = set(missing), at or self.now
        sweep = Recheck(
            a_channel(),
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryTicketStore(self.memory),
            run_id="sweep",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=2),
        )
        return sweep.run(lambda: self)


@pytest.fixture
def asked() -> Asked:
    """A platform with ten posts."""
    platform = Asked()
    for name in NAMES:
        InMemoryPostStore(platform.memory).add(a_post(native_id=name))
    return platform


def test_posts_missed_on_one_day_only_are_kept(asked: Asked) -> None:
    """Half of the posts seem gone on one day, and are shown on the next: all keep their texts."""
    assert asked.sweep(*NAMES[5:]) == 0
    assert asked.sweep(at=asked.now + DAY) == 0
    assert {post.state for post in asked.memory.posts.values()} == {"new"}
    assert {post.missed_at for post in asked.memory.posts.values()} == {None}


def test_a_post_shown_between_two_misses_is_kept(asked: Asked) -> None:
    """The misses must follow each other; then the second one erases."""
    for missing in (["03"], [], ["03"]):
        assert asked.sweep(*missing) == 0
        asked.now += DAY
    assert asked.sweep("03") == 1
    assert asked.memory.posts["instagram#03"].state == "gone"


def test_one_night_is_not_two_days(asked: Asked) -> None:
    """A fault that lasts over midnight in Sleman is one fault, even if a sweep is repeated."""
    evening = datetime(2026, 11, 3, 16, 50, tzinfo=UTC)
    assert asked.sweep("03", at=evening) == 0
    asked.memory.sweeps.clear()
    assert asked.sweep("03", at=evening + timedelta(minutes=20)) == 0
    assert asked.sweep("03", at=evening + DAY + timedelta(hours=1)) == 1


def test_a_post_missed_on_its_last_day_is_asked_about_once_more(asked: Asked) -> None:
    """The month of rechecks ends with an answer, not with a suspicion."""
    first = a_post().fetched_at
    InMemoryPostStore(asked.memory).add(a_post(native_id="young", fetched_at=first + 20 * DAY))
    assert asked.sweep("03", at=first + 30 * DAY) == 0
    assert asked.sweep("03", "04", at=first + 31 * DAY) == 1
    assert asked.memory.posts["instagram#04"].missed_at is None


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_a_post_goes_exactly_with_its_second_miss_in_a_row(days: list[bool]) -> None:
    """Whatever a platform answers day after day, one answer decides nothing."""
    asked, expected = Asked(), False
    for name in ("00", "01"):
        InMemoryPostStore(asked.memory).add(a_post(native_id=name))
    for day, shown in enumerate(days):
        asked.sweep(*([] if shown else ["00"]), at=NOON + timedelta(hours=1) + day * DAY)
        expected = expected or (day > 0 and not shown and not days[day - 1])
        assert (asked.memory.posts["instagram#00"].state == "gone") == expected


def erased_channel() -> Channel:
    """A channel of which one post was read, erased, and forgotten on the cursor."""
    channel = Channel()
    posts = [a_post(native_id=name, author="p") for name in ("00", "01")]
    channel.poll(FakeSource({"a": list(posts)}))
    asked = Asked(channel.memory)
    asked.sweep("00", at=channel.now + timedelta(hours=1))
    assert asked.sweep("00", at=asked.now + DAY) == 1
    channel.now = asked.now
    return channel


def test_a_post_shown_again_after_it_was_erased_is_taken_in_as_new() -> None:
    """Its text and author are there again, it waits to be decided, and the run counts it as new, once."""
    channel = erased_channel()
    source = FakeSource({"b": [a_post(native_id=name, author="p", fetched_at=channel.now) for name in ("00", "01")]})
    run = channel.poll(source)
    assert run is not None
    assert (run.new, run.revised, run.duplicate) == (1, 0, 1)
    post = channel.memory.posts["instagram#00"]
    assert (post.text, post.author, post.state, post.gone_at) == (a_post().text, "p", "new", None)
    again = channel.poll(FakeSource({"c": source.threads["b"]}))
    assert again is not None
    assert again.new == 0


def test_the_cursor_forgets_erased_posts_and_their_threads() -> None:
    """A thread whose mark is unchanged would not be read, and a post that was seen not be looked up."""
    cursor = Cursor(channel="c", seen=("1_2@a", "3@b"), marks={"1": "x", "9": "y", "3": "z"})
    kept = forgetting(cursor, [a_post(native_id="1_2", parent_id="7_9")])
    assert (kept.seen, kept.marks) == (("3@b",), {"3": "z"})


def test_a_post_that_is_back_gives_its_ticket_its_link_and_its_notice_back() -> None:
    """It opens no second ticket, and a department that was not told yet is told now."""
    channel = erased_channel()
    memory, directory = channel.memory, load_directory()
    post = memory.posts["instagram#01"]
    code = ticket_code(post.key)
    tickets = InMemoryTicketStore(memory)
    ticket = a_ticket(code=code, post=post.key, permalink=post.permalink)
    tickets.write(moves.opened(post, a_triage(), ticket, [a_notice(ticket=code)], [an_event(ticket=code)]))
    asked = Asked(memory)
    InMemoryPostStore(memory).add(a_post(native_id="02", fetched_at=channel.now))
    asked.sweep("01", at=channel.now + DAY)
    assert asked.sweep("01", at=channel.now + 2 * DAY) == 1
    assert memory.tickets[code].permalink == ""
    assert InMemoryPostStore(memory).readmit(post)
    reconsider(memory.posts[post.key], a_triage(), tickets, directory, asked.now)
    assert memory.tickets[code].permalink == post.permalink
    assert len(memory.tickets) == 1
    assert [notice.state for notice in memory.notices.values()] == ["pending"], stamp(asked.now)
