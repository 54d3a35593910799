"""When a notice goes, and whether an SMS is worth its money. Pure.

Emergencies go at once, at any hour. Everything else waits for the morning when its reader is asleep, goes into the
day's digest where the reader wants one, and into the next digest when the reader has had enough mails in this hour.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeGuard

from aduan.notice import Notice
from aduan.quiet_hours import Hold, digest_after, fits_a_digest, hold, is_quiet, quiet_since

if TYPE_CHECKING:
    from aduan.directory import SendingRule
    from aduan.notice import AnyNotice
    from aduan.ticket import Ticket

GRACE: Final = timedelta(minutes=15)
"""How long a claimed notice may be without an outcome. Sending takes seconds and a function lives minutes, and SES
reports within seconds: after this its sender is dead."""


def hold_back(notice: AnyNotice, rule: SendingRule, now: datetime, sent: int) -> Hold | None:
    """Say until when a pending notice waits; None when it goes now.

    Args:
        notice: As it is.
        rule: Of the department that reads it.
        now: When it would go.
        sent: How many mails the rule counts the reader has had in this hour of the clock.
    """
    digest_at = notice.digest_at if isinstance(notice, Notice) else None
    if notice.urgency == "emergency":
        return None
    if digest_at is not None:
        if digest_at > now:
            return Hold(digest_at, in_digest=True)
        return Hold(digest_after(rule, now), in_digest=True) if is_quiet(rule, now) else None
    held = hold(notice, rule, now)
    if held is None and is_counted(notice, now) and sent >= rule.mails_an_hour:
        return Hold(digest_after(rule, now), in_digest=True)
    return held


def is_due(notice: AnyNotice, now: datetime) -> bool:
    """Whether it is time to send a notice: for the first time, after a refusal, or because its sender died."""
    if notice.state == "claimed":
        return notice.claimed_at is None or now - notice.claimed_at >= GRACE
    # Before the first attempt `act_at` bounds nothing: the stream is faster.
    waits = notice.attempt > 0 and notice.act_at is not None and notice.act_at > now
    return notice.state == "pending" and not waits


def goes_together(notice: AnyNotice, now: datetime) -> TypeGuard[Notice]:
    """Tell whether a notice's digest has come; not whether it is time to send it again."""
    if not isinstance(notice, Notice) or notice.digest_at is None or notice.digest_at > now:
        return False
    return notice.state == "pending" or (notice.state == "claimed" and notice.repeated_at is None)


def is_counted(notice: AnyNotice, now: datetime) -> bool:
    """Tell whether a notice that goes now counts against its reader's mails in an hour: what a digest can take."""
    if not fits_a_digest(notice):
        return False
    return not (isinstance(notice, Notice) and notice.digest_at is not None and notice.digest_at <= now)


def is_first(notice: AnyNotice) -> bool:
    """Tell whether a notice is the first about its ticket, and not a step of the ladder."""
    return isinstance(notice, Notice) and notice.step is None


def counts_since(rule: SendingRule, now: datetime) -> datetime:
    """Return since when tickets came in that may be told in this hour of the clock.

    Since it began; but in the hour in which a quiet time ends, what came in meanwhile is told, too.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    before = hour - _MOMENT
    return quiet_since(rule, before) if is_quiet(rule, before) else hour


_MOMENT: Final = timedelta(microseconds=1)


def sms_matter(ticket: Ticket) -> str | None:
    """Name what an emergency's SMS is about, so that a second one about the same can be told: topic and place.

    None when nobody knows where it is: two fires somewhere may be two fires. A kalurahan is named by all who know it,
    so what is more exact than that does not count.
    """
    place = ticket.place
    if place is None:
        return None
    where = place.kalurahan or place.landmark or place.road or place.kapanewon or place.outside
    return f"{ticket.topic}#{where}" if where else None
