"""Everything that is written together when a ticket is opened or changes. Pure.

`classify`, `admin_api`, `actions`, `follow_up` and the recheck of `poll_channels` make changes. `TicketStore.write`
writes all of a change or nothing.
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
"""Which pending notices of the ticket are withdrawn, when the ticket changes or notices are wanted.

``overtaken``: steps of the ladder whose clock has stopped. ``elsewhere``: also notices to a department that no longer
has the ticket. ``unwanted``: overtaken steps, and all other notices that are not among the change's own.
``all``: every pending notice.
"""


@dataclass(frozen=True, kw_only=True)
class Change:
    """One change of one ticket."""

    before: Ticket | None
    """The ticket as it was read; None when the change opens it."""
    after: Ticket
    """The ticket as the maker of the change wants it. What is written is `ticket`."""
    at: datetime
    """When the ticket changed. Clocks that start anew start at this moment."""
    events: tuple[Event, ...] = ()
    """Events that are added to the history."""
    notices: tuple[Notice, ...] = ()
    """The wanted notices. One that is in the outbox already stays as it is, unless `renewals` has it."""
    withdraws: Withdrawal = "overtaken"
    post: Post | None = None
    """The post that the change is about, as it was read."""
    decision: Triage | None = None
    """The decision that is written on the post, which must still be undecided."""
    sorted_by: str | None = None
    """The person who made the decision; None for the classifier."""
    tombstone: str | None = None
    """Why the post is erased, if it is: only its tombstone stays, with this reason."""
    as_read: bool = False
    """Whether the change is refused if the post was edited or erased since it was read."""
    joins: bool = False
    """Whether the post becomes another voice of the ticket."""
    example: Example | None = None
    """What a person said about the post, kept for the training of the classifier."""

    def __post_init__(self) -> None:
        """Refuse a change that resolves a ticket without its first post, as nobody could then contradict it.

        Raises:
            ValueError: when a ticket is resolved without the post that opened it.
        """
        if self.is_resolved_now and not self.is_about_first_post:
            raise ValueError(f"{self.after.code} is resolved without its post")

    @property
    def ticket(self) -> Ticket:
        """The ticket as it is written.

        It lists the public answer that follows, if there is one. If its clocks have to start anew, it is due at once,
        so that `follow_up` starts them.
        """
        ticket, _ = with_reply(self.before, self.after, self.at)
        if self.before is None or clock_of(ticket) in {clock_of(self.before), ticket.clock}:
            return ticket
        return ticket.model_copy(update={"act_at": self.at})

    @property
    def reply(self) -> Reply | None:
        """The public answer under the post that follows from this change; None when there is none."""
        return with_reply(self.before, self.after, self.at)[1]

    @property
    def is_written(self) -> bool:
        """Whether the ticket itself changes, and not only what belongs to it."""
        return self.before != self.after

    @property
    def is_resolved_now(self) -> bool:
        """Whether this change resolves a ticket that was not resolved before."""
        return self.before is not None and self.before.status != "resolved" == self.after.status

    @property
    def misroutes(self) -> int:
        """How many departments this change adds to those that said the ticket is not theirs."""
        return 0 if self.before is None else len(self.after.refused_by) - len(self.before.refused_by)

    @property
    def voice(self) -> Voice | None:
        """The citizen's post that is added to the ticket; None when none is."""
        if self.post is None or not (self.joins or self.before is None):
            return None
        return Voice(ticket=self.after.code, post=self.post.key, at=self.post.created_at)

    @property
    def resolution(self) -> Resolution | None:
        """What the author may contradict; None when the ticket is not resolved now or the author is unknown."""
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
        """Whether a stored example must go, because the text it was made from was edited or erased."""
        rewritten = self.decision is not None or self.tombstone is not None
        corrected = self.before is not None and self.before.corrected_at is not None
        return (rewritten and self.is_about_first_post and corrected) or self.leaves_sorted

    @property
    def leaves_sorted(self) -> bool:
        """Whether the post, edited after a person sorted it in its lane, comes to a ticket by the classifier."""
        post = self.post
        comes = post is not None and post.ticket is None and post.sorted_at is not None
        return comes and self.decision is not None and self.example is None

    @property
    def forgets_words(self) -> bool:
        """Whether the history and the author's resolution must be emptied, because the first post is erased."""
        return self.tombstone is not None and self.before is not None and self.is_about_first_post

    @property
    def is_about_first_post(self) -> bool:
        """Whether the change's post is the one that opened the ticket."""
        return self.post is not None and self.post.key == self.after.post

    @property
    def needs_outbox(self) -> bool:
        """Whether the ticket's notices must be read before it can be written."""
        return self.before is not None and (self.is_written or bool(self.notices))

    def additions(self, outbox: Iterable[Notice]) -> list[Notice]:
        """List the wanted notices that are not yet in the outbox; `outbox` is the ticket's notices as stored."""
        known = {notice.key for notice in outbox}
        return [notice for notice in self.notices if notice.key not in known]

    def renewals(self, outbox: Iterable[Notice]) -> list[tuple[Notice, Notice]]:
        """List each notice in the outbox that becomes pending again or more urgent, paired with its renewed form.

        Either a withdrawn notice is wanted again, or a waiting one has become an emergency. Each stays one item, so
        nobody is told twice.
        """
        known = {notice.key: notice for notice in outbox}
        return [
            (known[notice.key], _renewed(known[notice.key], notice))
            for notice in self.notices
            if notice.key in known and _has_to_be_renewed(known[notice.key], notice)
        ]

    def stale(self, outbox: Iterable[Notice]) -> list[Notice]:
        """List the notices in the outbox to withdraw: those still pending that `withdraws` includes."""
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
    """Return the renewed notice, put on the queue of `follow_up`, because the stream shows `notify` only new items."""
    return notice.model_copy(
        update={
            "attempt": known.attempt,
            "repeated_at": known.repeated_at,
            "bounced": known.bounced,
            "act_at": notice.act_at or notice.created_at,
        }
    )
