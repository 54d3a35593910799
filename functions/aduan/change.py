"""Everything that is written together when a ticket is opened or changes. Pure.

A change is made by whoever decides about a ticket: `classify`, `admin_api`, `actions`, `follow_up` and the recheck of
`poll_channels`. `TicketStore.write` writes all of it or nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from aduan.reply import Reply, with_reply
from aduan.ticket import Resolution, Ticket, Voice, clock_of

if TYPE_CHECKING:
    from aduan.example import Example
    from aduan.notice import Notice
    from aduan.post import Post
    from aduan.ticket import Event
    from aduan.triage import Triage

Withdrawal = Literal["overtaken", "elsewhere", "unwanted", "all"]
"""Which pending notices of the ticket are withdrawn.

``overtaken``: steps of the ladder whose clock has stopped. ``elsewhere``: also those to a department that no longer has
the ticket. ``unwanted``: of the steps only the overtaken ones, and all other notices that the change does not want.
``all``: every one.
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one ticket."""

    before: Ticket | None
    """The ticket as it was read; None when it is opened."""
    after: Ticket
    """The ticket as its maker wants it; `ticket` is what is written."""
    at: datetime
    """When it changed: clocks that start anew start then."""
    events: tuple[Event, ...] = ()
    """Added to the history."""
    notices: tuple[Notice, ...] = ()
    """Wanted: one that is in the outbox already stays as it is, unless `renewals` says otherwise."""
    withdraws: Withdrawal = "overtaken"
    post: Post | None = None
    """The post it is about, as it was read."""
    decision: Triage | None = None
    """Written on the post, which must be undecided still."""
    tombstone: str | None = None
    """Why the post is erased: only its tombstone stays, with this reason."""
    as_read: bool = False
    """Whether nothing may be written if the post was edited or erased since it was read."""
    joins: bool = False
    """Whether the post becomes another voice of the ticket."""
    example: Example | None = None
    """What a person said about the post, kept for the training of the classifier."""

    def __post_init__(self) -> None:
        """Refuse a change that would forget who may contradict it.

        Raises:
            ValueError: when a ticket is resolved without the post that opened it.
        """
        if self.is_resolved_now and not self.is_about_first_post:
            raise ValueError(f"{self.after.code} is resolved without its post")

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is written.

        Where its clocks have to start anew, `follow_up` looks at it at once. It lists what its author is told.
        """
        ticket, _ = with_reply(self.before, self.after, self.at)
        if self.before is None or clock_of(ticket) in {clock_of(self.before), ticket.clock}:
            return ticket
        return ticket.model_copy(update={"act_at": self.at})

    @property
    def reply(self) -> Reply | None:
        """What the author is told under the post because of this change; None when that is nothing."""
        return with_reply(self.before, self.after, self.at)[1]

    @property
    def is_written(self) -> bool:
        """Whether the ticket itself changes; otherwise only what belongs to it does."""
        return self.before != self.after

    @property
    def is_resolved_now(self) -> bool:
        """Whether the ticket is declared resolved, and was not before."""
        return self.before is not None and self.before.status != "resolved" == self.after.status

    @property
    def misroutes(self) -> int:
        """How many departments have said with this change that the ticket is not theirs."""
        return 0 if self.before is None else len(self.after.refused_by) - len(self.before.refused_by)

    @property
    def voice(self) -> Voice | None:
        """The citizen's post that the ticket gets."""
        if self.post is None or not (self.joins or self.before is None):
            return None
        return Voice(ticket=self.after.code, post=self.post.key, at=self.post.created_at)

    @property
    def resolution(self) -> Resolution | None:
        """What its author may contradict, when the ticket is resolved now; None when nobody knows the author."""
        if not self.is_resolved_now or self.post is None or self.post.author is None:
            return None
        return Resolution(
            ticket=self.after.code,
            post=self.post.key,
            author=self.post.author,
            parent_id=self.post.parent_id,
            resolved_at=self.at,
        )

    @property
    def forgets_example(self) -> bool:
        """Whether a kept example must go: the words it was made of are edited or erased."""
        rewritten = self.decision is not None or self.tombstone is not None
        return (
            rewritten and self.before is not None and self.is_about_first_post and self.before.corrected_at is not None
        )

    @property
    def is_about_first_post(self) -> bool:
        """Whether its post is the one that opened the ticket."""
        return self.post is not None and self.post.key == self.after.post

    @property
    def needs_outbox(self) -> bool:
        """Whether the ticket's notices must be read before it can be written."""
        return self.before is not None and (self.is_written or bool(self.notices))

    def additions(self, outbox: Iterable[Notice]) -> list[Notice]:
        """Of the wanted notices those that are not in the outbox, which holds the ticket's notices as they are."""
        known = {notice.key for notice in outbox}
        return [notice for notice in self.notices if notice.key not in known]

    def renewals(self, outbox: Iterable[Notice]) -> list[tuple[Notice, Notice]]:
        """Notices of the outbox that become pending again or more urgent, each with what it becomes.

        One that was withdrawn is wanted again, or one that still waits is an emergency now. It stays one item, so
        nobody is told twice.
        """
        known = {notice.key: notice for notice in outbox}
        return [
            (known[notice.key], _renewed(known[notice.key], notice))
            for notice in self.notices
            if notice.key in known and _has_to_be_renewed(known[notice.key], notice)
        ]

    def stale(self, outbox: Iterable[Notice]) -> list[Notice]:
        """Notices of the outbox that are withdrawn: nobody has begun to send them, and `withdraws` includes them."""
        return [notice for notice in outbox if notice.state == "pending" and self._withdraws(notice)]

    def _withdraws(self, notice: Notice) -> bool:
        before, after = self.before, self.after
        if before is None:
            return False
        overtaken = notice.step is not None and clock_of(before) != clock_of(after)
        match self.withdraws:
            case "overtaken":
                return overtaken
            case "elsewhere":
                return overtaken or notice.department != after.department != before.department
            case "unwanted":
                wanted = {wanted.key for wanted in self.notices}
                return overtaken if notice.step is not None else notice.key not in wanted
            case "all":
                return True


def _has_to_be_renewed(known: Notice, notice: Notice) -> bool:
    hurries = notice.urgency == "emergency" != known.urgency
    return known.state == "withdrawn" or (known.state == "pending" and hurries)


def _renewed(known: Notice, notice: Notice) -> Notice:
    """The stream shows `notify` only what is new, so `follow_up` finds it on the queue, at once or when it may go."""
    return notice.model_copy(
        update={
            "attempt": known.attempt,
            "repeated_at": known.repeated_at,
            "bounced": known.bounced,
            "act_at": notice.act_at or notice.created_at,
        }
    )
