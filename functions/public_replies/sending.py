"""Sends the replies of one channel: each is claimed, sent once, and its outcome recorded.

When it is unknown whether a reply was written, our own comment with the same code is looked for under the post. The
reply is sent once more only when that comment is not there. On a platform that does not show our comments, the reply
is parked for a person to look at.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

from aduan.confidentiality import may_be_named
from aduan.platform_errors import (
    ChannelError,
    CredentialError,
    GoneError,
    MisconfiguredError,
    NotPermittedError,
    OutageError,
    StoppedError,
    ThrottledError,
)
from aduan.reply import STATES, Reply
from aduan.store.replies import ReplyTakenError
from public_replies.platforms import ShowsReplies
from public_replies.wording import beginning, reply_text

if TYPE_CHECKING:
    from aduan.directory import Channel, Directory
    from aduan.post import Post
    from aduan.store.channels import ChannelStore
    from aduan.store.posts import PostStore
    from aduan.store.replies import ReplyStore
    from aduan.store.tickets import TicketStore
    from aduan.ticket import Ticket
    from public_replies.platforms import TakesReplies

Outcome = Literal["sent", "found", "unknown", "failed", "parked", "postponed", "skipped", "already", "waiting"]
"""``found``: the reply had been written before; ``waiting``: it cannot be seen at present whether it was."""

BATCH_SIZE: Final = 10
"""The most replies of one channel in one run: 120 an hour, far below what platforms allow and what looks automated."""
GRACE: Final = timedelta(minutes=15)
"""How long a claimed reply is left alone: after that its run is dead and the platform shows what was written."""
PAUSE: Final = timedelta(hours=1)
"""How long a reply waits after a refusal on which a person must act."""
LATEST: Final = timedelta(days=3)
"""A reply that could not be sent within this time is not sent any more."""


@dataclass(frozen=True)
class Stores:
    """The stores that a run reads and writes."""

    channels: ChannelStore
    replies: ReplyStore
    tickets: TicketStore
    posts: PostStore


class ReplyRun:
    """One run over the replies of one channel."""

    def __init__(
        self,
        channel: Channel,
        stores: Stores,
        directory: Directory,
        *,
        run_id: str,
        clock: Callable[[], datetime],
    ) -> None:
        self._channel = channel
        self._stores = stores
        self._directory = directory
        self._run_id = run_id
        self._clock = clock
        self.outcomes: Counter[Outcome] = Counter()
        """How many replies had each outcome."""

    def run(self, open_source: Callable[[], TakesReplies]) -> None:
        """Send the replies that are due, as far as time and the platform allow.

        `open_source` is called only when a reply is due.

        Raises:
            ChannelError: when the platform refuses the whole account; unsent replies stay for another run.
        """
        now = self._clock()
        due = list(self._stores.replies.due(self._channel.id, now))[:BATCH_SIZE]
        if not due:
            return
        not_before = self._stores.channels.read(self._channel.id).not_before
        if not_before is not None and now < not_before:
            return
        source = open_source()
        for ticket, stage in due:
            reply = self._stores.replies.get(ticket, stage)
            if reply is None or reply.act_at is None or reply.act_at > self._clock():
                continue
            try:
                source.check()
                self.outcomes[self._send(reply, source)] += 1
            except StoppedError:
                return
            except ReplyTakenError:
                self.outcomes["already"] += 1

    def _send(self, reply: Reply, source: TakesReplies) -> Outcome:
        ticket = self._stores.tickets.get(reply.ticket)
        post = self._stores.posts.get(ticket.post) if ticket is not None else None
        if ticket is None or post is None:
            return self._end(reply, "failed", "the ticket or its post is gone")
        if reply.state == "claimed":
            known = self._reconcile(reply, post, source)
            if known is not None:
                return known
        owner = self._directory.departments.get(ticket.department)
        overtaken = self._overtaken(reply, ticket, post)
        if overtaken is not None or owner is None:
            return self._end(reply, "skipped", overtaken or "nobody has it")
        claimed = self._stores.replies.claim(reply, self._run_id, self._clock() + GRACE)
        try:
            comment_id = source.post_reply(post, reply_text(ticket, reply.stage, owner))
        except ChannelError as error:
            return self._refused(claimed, error)
        return self._sent(claimed, comment_id, "sent")

    def _reconcile(self, reply: Reply, post: Post, source: TakesReplies) -> Outcome | None:
        """Find out what became of a claimed reply; None when it was not written and is to be sent again."""
        if not isinstance(source, ShowsReplies):
            return self._end(reply, "parked", "nobody knows whether it was sent, and the platform does not show it")
        try:
            found = source.find_reply(post, beginning(reply.ticket, reply.stage))
        except GoneError:
            return self._end(reply, "skipped", "the post was deleted")
        except ChannelError as error:
            return self._unseen(reply, error)
        if found is not None:
            return self._sent(reply, found, "found")
        if reply.repeated:
            return self._end(reply, "parked", "it was sent twice, and is not to be seen")
        return None

    def _unseen(self, reply: Reply, error: ChannelError) -> Outcome:
        """Let a reply wait until our comments can be seen, but no longer than `LATEST`."""
        if self._clock() - reply.created_at < LATEST:
            return "waiting"
        return self._end(reply, "parked", f"nobody knows whether it was sent: {type(error).__name__}")

    def _overtaken(self, reply: Reply, ticket: Ticket, post: Post) -> str | None:
        """Return why a reply must not be sent any more, or None when it may be sent."""
        if post.state == "gone":
            return "the post was deleted"
        if ticket.status not in STATES[reply.stage]:
            return "the ticket has moved on"
        if not may_be_named(ticket.department, self._directory):
            return "what this department deals with is confidential"
        if self._clock() - reply.created_at >= LATEST:
            return "too late"
        return None

    def _refused(self, claimed: Reply, error: ChannelError) -> Outcome:
        """Record what an error means for the reply whose sending it ended.

        Raises:
            ChannelError: the same error, when it concerns the whole account.
        """
        why = f"{type(error).__name__}: {error}"
        match error:
            case ThrottledError():
                self._record(claimed, state="pending", failure=why, act_at=self._clock() + error.wait)
                self.outcomes["postponed"] += 1
                raise error
            case CredentialError() | NotPermittedError():
                self._record(claimed, state="pending", failure=why, act_at=self._clock() + PAUSE)
                self.outcomes["postponed"] += 1
                raise error
            case GoneError() | MisconfiguredError():
                return self._end(claimed, "failed", why)
            case OutageError() | StoppedError():
                # It stays claimed: after `GRACE` a later run looks whether it was written.
                self._record(claimed, failure=why)
                return "unknown"
        raise error

    def _sent(self, reply: Reply, comment_id: str, outcome: Outcome) -> Outcome:
        self._record(reply, state="sent", comment_id=comment_id, sent_at=self._clock(), act_at=None)
        return outcome

    def _end(self, reply: Reply, state: Literal["failed", "parked", "skipped"], why: str) -> Outcome:
        self._record(reply, state=state, failure=why, act_at=None)
        return state

    def _record(self, reply: Reply, **changes: Any) -> None:
        self._stores.replies.record(reply, reply.model_copy(update=changes))
