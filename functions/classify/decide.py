"""Decides about one stored post, once. The stream uses it, and `follow_up` for posts that the stream left behind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from aws_lambda_powertools import Logger

from aduan.opening import opening
from aduan.post import Post
from aduan.store.table import OutdatedError
from aduan.store.tickets import TicketStore, write_opening
from aduan.triage import DESK, TICKET_ROUTES, Triage
from classify.classifier import classify
from classify.learnt_gate import gated
from classify.reopening import contradicted, may_contradict, reopening
from classify.revision import revision

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.store.posts import PostStore
    from classify.adapter import Adapter
    from classify.learnt_gate import LearntGate

Outcome = Literal["already", "auto", "desk", "question", "review", "drop", "joined"]
"""``already``: there was nothing left to do. ``joined``: the post contradicts a resolved ticket and now belongs to it.
The others are the route that was decided."""
Advise = Callable[[Post, Triage, datetime], Triage]
"""Returns the decision after a second opinion, or the same decision. Never raises."""
CodeOf = Callable[[str, int], str]
"""Returns the code of the ticket that a post opens, given the post's key and how many codes were taken before."""

logger = Logger(child=True)


def decide(  # noqa: PLR0913 # a post, the stores, the directory, settings, and whom else to ask
    key: str,
    *,
    posts: PostStore,
    tickets: TicketStore,
    directory: Directory,
    now: datetime,
    chatter_for: timedelta,
    code_of: CodeOf,
    advise: Advise | None = None,
    learnt: LearntGate | None = None,
) -> Outcome:
    """Decide about the post ``kind#native id``, and write the decision with everything that follows from it.

    Chatter is kept for `chatter_for`. `code_of` names a new ticket.
    `advise` asks for a second opinion, if this deployment has one to ask. `learnt` is what it learnt from its desk.

    Raises:
        CodeTakenError: when five codes in a row belong to other tickets.
        ClientError: when the table refuses.
    """
    post = posts.get(key)
    if post is None or post.state != "new":
        return "already"
    triage = triage_of(post, directory) if learnt is None else _triage_by_gate(post, directory, learnt, now)
    try:
        if may_contradict(post, triage) and join(post, triage, tickets, directory, now):
            return "joined"
        if advise is not None:
            triage = advise(post, triage, now)
        if post.ticket is not None:
            reconsider(post, triage, tickets, directory, now)
        elif triage.route in TICKET_ROUTES:
            open_ticket(post, triage, tickets, directory, now, code_of=code_of)
        else:
            posts.settle(post, triage, now + chatter_for)
    except OutdatedError:
        return "already"
    return triage.route


def _triage_by_gate(post: Post, directory: Directory, learnt: LearntGate, now: datetime) -> Triage:
    """Classify a post with what was learnt. What is dropped then is looked at by the base model too."""
    adapter = learnt.adapter()
    triage = triage_of(post, directory, adapter)
    if adapter is None or triage.route != "drop":
        return triage
    return gated(triage, triage_of(post, directory), samples=lambda: learnt.samples(post.key, now))


def triage_of(post: Post, directory: Directory, adapter: Adapter | None = None) -> Triage:
    """Classify a post. When the classifier fails, the post goes to the desk, so it is not lost."""
    try:
        triage = classify(
            post.text,
            directory,
            context=post.context,
            channel_kind=post.kind,
            has_photo=post.has_photo,
            clipped=post.clipped,
            adapter=adapter,
        )
    except Exception as error:  # noqa: BLE001 # whatever failed, a person can still read the post
        # Only the type is logged: the message of an error may quote what a citizen wrote.
        logger.error("the classifier failed", post=post.key, error=type(error).__name__)  # noqa: TRY400
        return Triage(
            is_report=True,
            kind="other",
            department=DESK,
            confidence=0,
            route="desk",
            reasons=("penggolong gagal membaca kiriman ini",),
            decided_by=f"none/{directory.hash}",
        )
    if triage.route == "question" and directory.opens_tickets_for_questions(post.channel):
        return triage.model_copy(update={"route": "desk", "department": DESK})
    return triage


def reconsider(post: Post, triage: Triage, tickets: TicketStore, directory: Directory, now: datetime) -> None:
    """Write what a new version of a ticket's post changes about the ticket.

    Raises:
        LookupError: when the ticket is gone, although nothing in this system deletes one.
    """
    ticket = tickets.get(post.ticket) if post.ticket is not None else None
    if ticket is None:
        raise LookupError(f"{post.key} names a ticket that is not there")
    tickets.write(revision(post, post.triage or triage, triage, ticket, directory=directory, now=now))


def join(post: Post, triage: Triage, tickets: TicketStore, directory: Directory, now: datetime) -> bool:
    """Reopen the ticket that a post contradicts and add the post to it. Return whether the post joined a ticket."""
    resolution = contradicted(post, tickets.resolved(post.author), directory) if post.author is not None else None
    ticket = tickets.get(resolution.ticket) if resolution is not None else None
    change = reopening(post, triage, ticket, directory, now) if ticket is not None else None
    if change is None:
        return False
    tickets.write(change)
    return True


def open_ticket(  # noqa: PLR0913 # a post, its decision, and what it takes to open a ticket
    post: Post, triage: Triage, tickets: TicketStore, directory: Directory, now: datetime, *, code_of: CodeOf
) -> None:
    """Open the post's ticket under the first code that is free."""
    write_opening(tickets, lambda attempt: opening(post, triage, directory, now, code_of(post.key, attempt)))
