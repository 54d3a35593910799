"""What a citizen deletes is deleted here, and nothing else is."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from aduan.channel import Cursor
from aduan.directory import Channel
from aduan.platform_errors import NotPermittedError, StoppedError
from aduan.post import Post
from poll_channels.recheck import REASON, Recheck
from poll_channels.source import CanRecheck
from tests import moves
from tests.builders import NOON, a_channel, a_notice, a_post, a_ticket, a_triage, an_event
from tests.codes import ticket_code
from tests.in_memory.channels import InMemoryChannelStore
from tests.in_memory.memory import Memory
from tests.in_memory.posts import InMemoryPostStore
from tests.in_memory.tickets import InMemoryTicketStore

SLICE = 10


@dataclass
class Platform(CanRecheck):
    """A platform from which posts vanish, and the table."""

    memory: Memory = field(default_factory=Memory)
    vanished: set[str] = field(default_factory=set)
    untold: set[str] = field(default_factory=set)
    """Posts about which the platform says nothing."""
    asked: list[str] = field(default_factory=list)
    stops_after: int | None = None
    now: datetime = NOON + timedelta(hours=1)
    batch_size: int = SLICE
    price_usd: float = 0.0
    cost_usd: float = 0.0
    said_cost_usd: float = 0.0
    """What the sweeps said they had cost."""
    budget: float | None = None

    @property
    def channel(self) -> Channel:
        """The channel that is swept."""
        return a_channel(monthly_budget_usd=self.budget)

    def still_there(self, posts: list[Post]) -> dict[str, bool]:
        """Answer for a slice."""
        if self.stops_after is not None and len(self.asked) >= self.stops_after:
            raise StoppedError("time")
        self.asked += [post.native_id for post in posts]
        told = {post.native_id: post.native_id not in self.vanished for post in posts}
        self.cost_usd += self.price_usd * sum(told.values())
        return {native_id: there for native_id, there in told.items() if native_id not in self.untold}

    def store(self, number: int) -> None:
        """Store posts that were all found at one moment."""
        for native_id in range(number):
            InMemoryPostStore(self.memory).add(a_post(native_id=f"{native_id:04}"))

    def sweep(self) -> int:
        """Run one sweep, and another one a day later when the first missed something; return how many were erased."""
        erased = self.sweep_once()
        if any(post.missed_at == self.now for post in self.memory.posts.values()):
            self.now += timedelta(days=1)
            erased += self.sweep_once()
        return erased

    def sweep_once(self) -> int:
        """Run one sweep."""
        recheck = Recheck(
            self.channel,
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryTicketStore(self.memory),
            run_id="sweep",
            clock=lambda: self.now,
            lease_for=timedelta(minutes=2),
        )
        try:
            return recheck.run(lambda: self)
        finally:
            self.said_cost_usd += recheck.cost_usd


def test_a_deleted_post_leaves_a_tombstone() -> None:
    """Text, author, picture and link are removed; when and why stay."""
    platform = Platform(vanished={"0001"})
    platform.store(3)
    assert platform.sweep() == 1
    post = platform.memory.posts["instagram#0001"]
    assert (post.text, post.author, post.permalink, post.has_photo) == ("", None, "", False)
    assert (post.state, post.gone_at, post.gone_reason) == ("gone", platform.now, REASON)
    assert platform.memory.posts["instagram#0002"].state == "new"


def test_a_ticket_is_told_and_what_is_not_sent_is_withdrawn() -> None:
    """The ticket stays open, and nobody is sent what its author has deleted."""
    platform = Platform(vanished={"0000"})
    platform.store(4)
    post = platform.memory.posts["instagram#0000"]
    code = ticket_code(post.key)
    notices = [a_notice(ticket=code), a_notice(ticket=code, medium="sms", state="sent")]
    InMemoryTicketStore(platform.memory).write(
        moves.opened(post, a_triage(), a_ticket(code=code, post=post.key), notices, [an_event(ticket=code)])
    )
    platform.sweep()
    ticket = platform.memory.tickets[code]
    assert (ticket.status, ticket.permalink) == ("routed", "")
    assert platform.memory.events[-1].move == "source_gone"
    assert sorted(notice.state for notice in platform.memory.notices.values()) == ["sent", "withdrawn"]


def test_every_post_is_asked_about_once_a_day() -> None:
    """This holds even if hundreds were found at one moment; a second run on the same day asks nothing."""
    platform = Platform()
    platform.store(SLICE * 2 + 7)
    platform.sweep()
    assert sorted(platform.asked) == [f"{number:04}" for number in range(SLICE * 2 + 7)]
    platform.sweep()
    assert len(platform.asked) == SLICE * 2 + 7
    platform.now += timedelta(days=1)
    platform.sweep()
    assert len(platform.asked) == 2 * (SLICE * 2 + 7)


def test_a_sweep_out_of_time_goes_on_where_it_stopped() -> None:
    """The next run asks about the rest, and repeats at most the slice where the sweep stopped."""
    platform = Platform(stops_after=SLICE)
    platform.store(SLICE * 2)
    platform.sweep()
    assert len(platform.asked) == SLICE
    platform.stops_after = None
    platform.sweep()
    assert sorted(platform.asked) == [f"{number:04}" for number in range(SLICE * 2)]


def test_posts_older_than_a_month_are_left_alone() -> None:
    """Posts older than a month are not asked about."""
    platform = Platform()
    platform.store(3)
    platform.now += timedelta(days=31)
    platform.sweep()
    assert platform.asked == []


def test_a_lost_permission_is_not_taken_for_deletion() -> None:
    """When everything seems to be gone, nothing is erased, not even a single post."""
    platform = Platform(vanished={"0000"})
    platform.store(1)
    with pytest.raises(NotPermittedError):
        platform.sweep()
    assert {post.state for post in platform.memory.posts.values()} == {"new"}


def test_an_erased_post_is_not_revised() -> None:
    """An edit does not bring a text back; only a poll that is shown the post does, by taking it in as new."""
    platform = Platform(vanished={"0001"})
    platform.store(3)
    platform.sweep()
    assert not InMemoryPostStore(platform.memory).revise(a_post(native_id="0001", text="lagi"))
    assert platform.sweep() == 0


def test_a_ticket_opened_while_the_platform_was_asked_is_told() -> None:
    """Asking takes time, so the post is read again before it is erased."""
    platform = Platform(vanished={"0000"})
    platform.store(3)
    platform.sweep_once()
    platform.now += timedelta(days=1)
    post = platform.memory.posts["instagram#0000"]
    code = ticket_code(post.key)
    ask = platform.still_there

    def open_meanwhile(posts: list[Post]) -> dict[str, bool]:
        InMemoryTicketStore(platform.memory).write(
            moves.opened(
                post, a_triage(), a_ticket(code=code, post=post.key), [a_notice(ticket=code)], [an_event(ticket=code)]
            )
        )
        return ask(posts)

    platform.still_there = open_meanwhile  # type: ignore[method-assign] # this once
    assert platform.sweep_once() == 1
    assert platform.memory.events[-1].move == "source_gone"
    assert {notice.state for notice in platform.memory.notices.values()} == {"withdrawn"}


def test_a_permission_lost_in_the_middle_is_not_taken_for_deletion() -> None:
    """A slice in which everything is gone is believed only while a post seen earlier is still there."""
    platform = Platform()
    platform.store(SLICE * 2)
    slices: list[set[str]] = []
    ask = platform.still_there

    def lose_it_after_the_first(posts: list[Post]) -> dict[str, bool]:
        slices.append({post.native_id for post in posts})
        if len(slices) > 1:
            platform.vanished |= {post.native_id for post in posts}
        return ask(posts)

    platform.still_there = lose_it_after_the_first  # type: ignore[method-assign] # this once
    with pytest.raises(NotPermittedError):
        platform.sweep()
    assert {post.state for post in platform.memory.posts.values()} == {"new"}
    assert slices[2] < slices[0], "the witness was asked about again"


def test_a_slice_that_was_really_deleted_is_erased() -> None:
    """The witness from an earlier slice is still there, so the platform is believed."""
    platform = Platform(vanished={f"{number:04}" for number in range(SLICE, SLICE * 2)})
    platform.store(SLICE * 2)
    assert platform.sweep() == SLICE


def test_what_the_platform_cannot_tell_is_left_alone_and_proves_nothing() -> None:
    """A post without an answer is not gone, and does not prove that the others were visible."""
    platform = Platform(vanished={"0000", "0001"}, untold={"0002"})
    platform.store(3)
    with pytest.raises(NotPermittedError):
        platform.sweep()
    platform.vanished = {"0000"}
    assert platform.sweep() == 1
    assert platform.memory.posts["instagram#0002"].state == "new"


def test_a_platform_that_wants_us_to_wait_is_not_asked() -> None:
    """The cursor says how long the platform wants us to wait."""
    platform = Platform()
    platform.store(3)
    not_before = platform.now + timedelta(minutes=5)
    platform.memory.cursors[platform.channel.id] = Cursor(channel=platform.channel.id, not_before=not_before)
    assert platform.sweep() == 0
    assert platform.asked == []
    platform.now = not_before
    platform.sweep()
    assert len(platform.asked) == 3


# ------------------------------------------------------------------------------------------- where it costs money

DAY = timedelta(days=1)


def test_what_was_charged_is_on_the_channels_bill_and_reading_does_not_wait_for_it() -> None:
    """The cursor's bill grows by the posts that are still there; reading does not pause and is free again."""
    platform = Platform(price_usd=0.005, budget=20, vanished={"0001"})
    platform.store(4)
    assert platform.sweep_once() == 0
    cursor = platform.memory.cursors[platform.channel.id]
    assert cursor.spent_usd == platform.said_cost_usd == pytest.approx(3 * 0.005)
    assert cursor.not_before is not None
    assert cursor.not_before <= platform.now
    assert cursor.lease_owner is None


def test_no_more_is_asked_than_half_of_what_the_month_has_allowed() -> None:
    """Reading keeps the other half; the sweep continues where it stopped on the next day, and asks each post once."""
    platform = Platform(price_usd=0.1, budget=30, now=datetime(2026, 11, 3, 17, 0, tzinfo=UTC))
    platform.store(35)
    platform.sweep()
    assert len(platform.asked) == 15, "of one dollar a day since the first, half, at ten cents each"
    platform.sweep()
    assert len(platform.asked) == 15
    platform.now += DAY
    platform.sweep()
    assert len(platform.asked) == 20
    platform.now += 3 * DAY
    platform.sweep()
    assert sorted(platform.asked) == sorted(platform.memory.posts[key].native_id for key in platform.memory.posts)


def test_a_month_that_reading_has_used_up_leaves_nothing_for_asking() -> None:
    """Nothing is asked, and nothing fails."""
    platform = Platform(price_usd=0.005, budget=20)
    platform.store(4)
    spent = Cursor(channel=platform.channel.id, spent_usd=19, spent_at=platform.now)
    platform.memory.cursors[platform.channel.id] = spent
    assert platform.sweep() == 0
    assert platform.asked == []


def test_a_channel_that_is_being_read_is_asked_later() -> None:
    """Two runs cannot write one bill: the sweep waits for the other run and keeps its place."""
    platform = Platform(price_usd=0.005, budget=20)
    platform.store(4)
    store = InMemoryChannelStore(platform.memory)
    store.lease(Cursor(channel=platform.channel.id), "reading", platform.now, platform.now + timedelta(minutes=2))
    assert platform.sweep() == 0
    assert platform.asked == []
    platform.now += timedelta(minutes=2)
    platform.sweep()
    assert len(platform.asked) == 4
