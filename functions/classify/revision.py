"""Works out what an edited post changes about its ticket. Pure."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from aduan.change import Change
from aduan.deadlines import changed
from aduan.opening import opening
from aduan.ticket import CLASSIFIER, Event, Ticket
from aduan.triage import DESK, TICKET_ROUTES, Triage

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post

UNTOUCHED = frozenset({"needs_review", "routed", "not_ours"})
"""Statuses in which nobody has taken the ticket yet, so a new decision may still move it."""
_WHAT_MOVES = ("status", "kind", "topic", "urgency", "department", "runner_up", "place")
"""The fields of a ticket that follow from a new decision."""
_WHAT_COUNTS = ("is_report", "route", "kind", "topic", "department", "urgency", "place")


def revision(  # noqa: PLR0913 # the post, the two decisions about it, its ticket, and the circumstances
    post: Post, before: Triage, after: Triage, ticket: Ticket, *, directory: Directory, now: datetime
) -> Change:
    """Return the change that follows from a new version of a ticket's post.

    When the decision is the same, the history says that the text changed, and nobody is told. When it differs and
    nobody has taken the ticket, the ticket moves. If the new text is not surely a report, it moves to the desk, because
    somebody was already told of it. A ticket that was taken, or that a person corrected, stays where it is. A
    department that has had a notice of this ticket by the same medium gets no second one.

    A post that was erased and is shown again is treated alike, except that its ticket gets its link back and that
    notices which were withdrawn with the post are sent.
    """
    back = is_back(post, ticket)
    what = "kiriman tampil lagi" if back else "kiriman disunting"
    linked = {"permalink": post.permalink, "version": ticket.version + 1} if back else {}
    edited = Change(
        before=ticket,
        after=ticket.model_copy(update=linked),
        at=post.revised_at or post.fetched_at,
        withdraws="elsewhere",
        post=post,
        decision=after,
    )
    if (why := _why_it_stays(post, before, after, ticket)) is not None:
        return replace(edited, events=(_event(ticket, now, "edited", why.replace("kiriman disunting", what)),))
    if after.route not in TICKET_ROUTES:
        after = after.model_copy(update={"route": "desk", "department": DESK, "is_report": True})
    new = opening(post, after, directory, now, ticket.code)
    decided = {name: getattr(new.after, name) for name in _WHAT_MOVES}
    moved = changed(ticket, decided | linked | {"version": ticket.version + 1}, directory, now)
    return replace(
        edited,
        after=moved,
        events=(_event(ticket, now, moved.status, f"{what}; {new.events[0].why}"),),
        notices=new.notices,
    )


def _why_it_stays(post: Post, before: Triage, after: Triage, ticket: Ticket) -> str | None:
    """Return why the ticket stays as it is, in Indonesian; None when the new decision moves it."""
    if post.key != ticket.post:
        return "tambahan dari pelapor disunting"
    if same_decision(before, after) and not is_back(post, ticket):
        return "kiriman disunting, keputusan tetap"
    if ticket.corrected_at is not None:
        return "kiriman disunting; koreksi petugas tetap berlaku"
    return None if ticket.status in UNTOUCHED else "kiriman disunting setelah tiket ditangani"


def is_back(post: Post, ticket: Ticket) -> bool:
    """Tell whether a ticket's first post was erased and is shown again: then the ticket lost its link."""
    return post.key == ticket.post and not ticket.permalink and bool(post.permalink)


def same_decision(before: Triage, after: Triage) -> bool:
    """Tell whether two decisions have the same result, whatever their probabilities and reasons."""
    return all(getattr(before, name) == getattr(after, name) for name in _WHAT_COUNTS)


def _event(ticket: Ticket, now: datetime, move: str, why: str) -> Event:
    return Event(ticket=ticket.code, at=now, move=move, by=CLASSIFIER, why=why)
