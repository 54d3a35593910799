"""Reopens a resolved ticket when its author answers in the thread that it is not done. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

from aduan.change import Change
from aduan.deadlines import changed
from aduan.notice import CONTRADICTED, Notice
from aduan.quiet_hours import held
from aduan.ticket import CLASSIFIER, MOVES, OPEN, Event, Resolution, Ticket
from aduan.triage import DESK
from aduan.working_days import due_at
from classify.contradiction import contradicts
from classify.phrase_matches import reader_of

if TYPE_CHECKING:
    from aduan.directory import Directory
    from aduan.post import Post
    from aduan.triage import Place, Triage

FEW_WORDS: Final = 8
"""An answer of up to so many words says too little for its topic to be trusted."""


def may_contradict(post: Post, triage: Triage) -> bool:
    """Tell whether a post is an answer which says that something is not done.

    Only for such a post are its author's resolved tickets looked up. An emergency always gets a ticket of its own.
    """
    answers = post.ticket is None and post.parent_id is not None and post.author is not None
    return answers and triage.urgency != "emergency" and contradicts(post.text)


def contradicted(post: Post, resolutions: Iterable[Resolution], directory: Directory) -> Resolution | None:
    """Find the resolution that a post contradicts, among its author's `resolutions`; None when there is none.

    It must be in the same thread, and older than the post but within the limit ``contradiction``. Of several, the
    latest is meant.
    """
    limit = directory.limits["contradiction"]
    meant = [
        one
        for one in resolutions
        if one.author == post.author
        and post.parent_id is not None
        and one.is_thread_of(post.parent_id)
        and one.resolved_at < post.created_at <= due_at(one.resolved_at, limit)
    ]
    return max(meant, key=lambda one: one.resolved_at, default=None)


def reopening(post: Post, triage: Triage, ticket: Ticket, directory: Directory, now: datetime) -> Change | None:
    """Return the change that reopens a contradicted ticket; None when nothing follows.

    Nothing follows when the post is about another matter, or when the ticket's status allows no reopening. Otherwise
    the post joins the ticket as another voice, with `triage` as its decision. A ticket that is already open only gets
    the post, and nobody is told twice.
    """
    if _is_about_another_matter(post, triage, ticket, directory):
        return None
    counted = {"voices": ticket.voices + 1, "version": ticket.version + 1}
    after = changed(ticket, counted, directory, now)
    joined = Change(before=ticket, after=after, at=now, post=post, decision=triage, joins=True)
    if ticket.status in OPEN:
        return replace(joined, events=(_event(ticket, now, "joined"),))
    if "reopened" not in MOVES[ticket.status]:
        return None
    reopened = changed(ticket, counted | {"status": "reopened"}, directory, now)
    notices = tuple(
        held(
            Notice(
                ticket=ticket.code,
                department=department,
                medium="email",
                urgency=ticket.urgency,
                step=CONTRADICTED,
                round=reopened.round,
                created_at=now,
            ),
            directory.sending,
        )
        for department in dict.fromkeys((ticket.department, DESK))
    )
    return replace(joined, after=reopened, events=(_event(ticket, now, "reopened"),), notices=notices)


def _is_about_another_matter(post: Post, triage: Triage, ticket: Ticket, directory: Directory) -> bool:
    """Tell whether a post is a complaint of its own and no answer, although it stands in the ticket's thread.

    Author and thread outweigh the topic of an answer of a few words: ``masih mati lampunya`` alone sounds like a
    matter of PLN. They also outweigh the topic of a longer one whose words speak of both. Other texts, and those that
    name another place, are taken at their word.
    """
    if triage.route != "auto" or triage.topic == ticket.topic:
        return False
    if _is_elsewhere(triage.place, ticket.place):
        return True
    reading = reader_of(directory).read(post.text)
    if len(reading.typed) <= FEW_WORDS:
        return False
    decided, known = (_words(reading.matches.topics.get(topic, ())) for topic in (triage.topic or "", ticket.topic))
    return not decided or not decided <= known


def _words(phrases: Iterable[str]) -> set[str]:
    return {word for phrase in phrases for word in phrase.split()}


def _is_elsewhere(named: Place | None, known: Place | None) -> bool:
    """Tell whether a post names a place that is not the ticket's, as far as both are known."""
    if named is None or known is None:
        return named is not None
    areas = [(getattr(named, area), getattr(known, area)) for area in ("kapanewon", "kalurahan", "outside")]
    return any(here != there and None not in {here, there} for here, there in areas)


def _event(ticket: Ticket, now: datetime, move: str) -> Event:
    why = "pelapor menyanggah di utasnya: belum selesai"
    return Event(ticket=ticket.code, at=now, move=move, by=CLASSIFIER, why=why)
