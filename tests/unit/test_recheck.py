"""What a citizen deletes is deleted here, and only that."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from aduan.post import Post
from aduan.ticket import ticket_code
from poll_channels.recheck import REASON, SLICE, Recheck
from poll_channels.source import NotPermittedError, StoppedError
from tests.builders import NOON, a_channel, a_notice, a_post, a_ticket, a_triage, an_event
from tests.in_memory import InMemoryChannelStore, InMemoryPostStore, InMemoryTicketStore, Memory


@dataclass
class Platform:
    """A platform from which posts vanish, and the table."""

    memory: Memory = field(default_factory=Memory)
    vanished: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    stops_after: int | None = None
    now: datetime = NOON + timedelta(hours=1)

    def gone(self, posts: list[Post]) -> set[str]:
        """Answer for a slice."""
        if self.stops_after is not None and len(self.asked) >= self.stops_after:
            raise StoppedError("time")
        self.asked += [post.native_id for post in posts]
        return {post.native_id for post in posts if post.native_id in self.vanished}

    def store(self, number: int) -> None:
        """Posts that were all found at one moment."""
        for native_id in range(number):
            InMemoryPostStore(self.memory).add(a_post(native_id=f"{native_id:04}"))

    def sweep(self) -> int:
        """One run."""
        recheck = Recheck(
            a_channel(),
            InMemoryChannelStore(self.memory),
            InMemoryPostStore(self.memory),
            InMemoryTicketStore(self.memory),
            clock=lambda: self.now,
        )
        return recheck.run(lambda: self)


def test_a_deleted_post_leaves_a_tombstone() -> None:
    """Text, author, picture and link are gone; when and why stay."""
    platform = Platform(vanished={"0001"})
    platform.store(3)
    assert platform.sweep() == 1
    post = platform.memory.posts["instagram#0001"]
    assert (post.text, post.author, post.permalink, post.has_photo) == ("", None, "", False)
    assert (post.state, post.gone_at, post.gone_reason) == ("gone", platform.now, REASON)
    assert platform.memory.posts["instagram#0002"].state == "new"


def test_a_ticket_is_told_and_what_is_not_sent_is_withdrawn() -> None:
    """The ticket stays open; nobody is told of what its author took back."""
    platform = Platform(vanished={"0000"})
    platform.store(4)
    post = platform.memory.posts["instagram#0000"]
    code = ticket_code(post.key)
    notices = [a_notice(ticket=code), a_notice(ticket=code, medium="sms", state="sent")]
    InMemoryTicketStore(platform.memory).open(
        post, a_triage(), a_ticket(code=code, post=post.key), notices, [an_event(ticket=code)]
    )
    platform.sweep()
    ticket = platform.memory.tickets[code]
    assert (ticket.status, ticket.permalink) == ("routed", "")
    assert platform.memory.events[-1].move == "source_gone"
    assert sorted(notice.state for notice in platform.memory.notices.values()) == ["sent", "withdrawn"]


def test_every_post_is_asked_about_once_a_day() -> None:
    """Also when hundreds were found at one moment; a second run on the same day asks nothing."""
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
    """The next run asks about the rest, and about nothing twice but the slice it stopped in."""
    platform = Platform(stops_after=SLICE)
    platform.store(SLICE * 2)
    platform.sweep()
    assert len(platform.asked) == SLICE
    platform.stops_after = None
    platform.sweep()
    assert sorted(platform.asked) == [f"{number:04}" for number in range(SLICE * 2)]


def test_posts_older_than_a_month_are_left_alone() -> None:
    """They are not asked about any more."""
    platform = Platform()
    platform.store(3)
    platform.now += timedelta(days=31)
    platform.sweep()
    assert platform.asked == []


def test_a_lost_permission_is_not_taken_for_deletion() -> None:
    """When everything seems gone, nothing is buried, be it a single post."""
    platform = Platform(vanished={"0000"})
    platform.store(1)
    with pytest.raises(NotPermittedError):
        platform.sweep()
    assert {post.state for post in platform.memory.posts.values()} == {"new"}


def test_a_buried_post_does_not_rise_again() -> None:
    """Should the platform show it once more, its text stays away."""
    platform = Platform(vanished={"0001"})
    platform.store(3)
    platform.sweep()
    assert not InMemoryPostStore(platform.memory).revise(a_post(native_id="0001", text="lagi"))
    assert platform.sweep() == 0


def test_a_ticket_opened_while_the_platform_was_asked_is_told() -> None:
    """Asking takes its time; the post is looked at again before it is buried."""
    platform = Platform(vanished={"0000"})
    platform.store(3)
    post = platform.memory.posts["instagram#0000"]
    code = ticket_code(post.key)
    ask = platform.gone

    def open_meanwhile(posts: list[Post]) -> set[str]:
        InMemoryTicketStore(platform.memory).open(
            post, a_triage(), a_ticket(code=code, post=post.key), [a_notice(ticket=code)], [an_event(ticket=code)]
        )
        return ask(posts)

    platform.gone = open_meanwhile  # type: ignore[method-assign] # this once
    assert platform.sweep() == 1
    assert platform.memory.events[-1].move == "source_gone"
    assert {notice.state for notice in platform.memory.notices.values()} == {"withdrawn"}
