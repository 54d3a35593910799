"""Changes as the product makes them, of tickets that a test made up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from aduan.change import Change
from aduan.example import Example
from aduan.notice import Notice
from aduan.post import Post
from aduan.ticket import Event, Ticket
from aduan.triage import Triage
from poll_channels.recheck import erasure


def opened(
    post: Post, triage: Triage, ticket: Ticket, notices: Iterable[Notice] = (), events: Iterable[Event] = ()
) -> Change:
    """A decided post becomes a ticket."""
    return Change(
        before=None,
        after=ticket,
        at=ticket.opened_at,
        events=tuple(events),
        notices=tuple(notices),
        post=post,
        decision=triage,
    )


def revised(  # noqa: PLR0913 # what is written together
    post: Post, triage: Triage, before: Ticket, after: Ticket, *, notices: Iterable[Notice], events: Iterable[Event]
) -> Change:
    """Another version of a ticket's post was decided."""
    return Change(
        before=before,
        after=after,
        at=post.revised_at or post.fetched_at,
        events=tuple(events),
        notices=tuple(notices),
        withdraws="elsewhere",
        post=post,
        decision=triage,
    )


def corrected(  # noqa: PLR0913 # what is written together
    post: Post,
    before: Ticket,
    after: Ticket,
    *,
    notices: Iterable[Notice],
    events: Iterable[Event],
    example: Example | None,
) -> Change:
    """A person corrected the ticket."""
    events = tuple(events)
    return Change(
        before=before,
        after=after,
        at=events[-1].at,
        events=events,
        notices=tuple(notices),
        withdraws="unwanted",
        post=post,
        as_read=True,
        example=example,
    )


def joined(  # noqa: PLR0913 # what is written together
    post: Post, triage: Triage, before: Ticket, after: Ticket, *, notices: Iterable[Notice], event: Event
) -> Change:
    """Another post joins the ticket as a voice."""
    return Change(
        before=before,
        after=after,
        at=event.at,
        events=(event,),
        notices=tuple(notices),
        post=post,
        decision=triage,
        joins=True,
    )


def moved(  # noqa: PLR0913 # what is written together
    before: Ticket,
    after: Ticket,
    *,
    at: datetime,
    notices: Iterable[Notice] = (),
    event: Event | None = None,
    post: Post | None = None,
) -> Change:
    """The ticket was moved."""
    events = () if event is None else (event,)
    return Change(before=before, after=after, at=at, events=events, notices=tuple(notices), post=post)


def erased(post: Post, ticket: Ticket, event: Event, reason: str, at: datetime) -> Change:
    """A ticket's post was deleted at its source."""
    return replace(erasure(post, ticket, at), events=(event,), tombstone=reason)
