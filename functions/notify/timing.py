"""When a notice is sent, and when an SMS only repeats another. Pure.

Emergencies are sent at once, at any hour, and so is to the desk what may be one; only in a flood of them those without
a place go together, within minutes. Everything else waits for the morning in its reader's quiet hours, goes into the
day's digest if the reader wants one, and into the next digest when the reader has had enough mails in this hour.
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

FLOOD_PAUSE: Final = timedelta(minutes=15)
"""In a flood, emergencies without a place go together at each quarter of an hour."""
GRACE: Final = timedelta(minutes=15)
"""How long a claimed notice may be without an outcome before its sender is taken for dead. Sending takes seconds, a
function lives for minutes, and SES reports within seconds."""


def hold_back(notice: AnyNotice, rule: SendingRule, now: datetime, sent: int) -> Hold | None:
    """Say until when a pending notice waits; None when it is sent now.

    Args:
        notice: A pending notice.
        rule: The sending rule of the department that reads the notice.
        now: When the notice would be sent.
        sent: How many counted mails the reader has had in this hour of the clock.
    """
    digest_at = notice.digest_at if isinstance(notice, Notice) else None
    alarms = notice.alarms
    if alarms and digest_at is not None and digest_at - now > FLOOD_PAUSE:
        return None  # it waited for the day's digest before it became an alarm
    if digest_at is not None:
        if digest_at > now:
            return Hold(digest_at, in_digest=True)
        if alarms:
            return None
        return Hold(digest_after(rule, now), in_digest=True) if is_quiet(rule, now) else None
    held = hold(notice, rule, now)
    if held is None and is_counted(notice, now) and sent >= rule.mails_an_hour:
        return Hold(_next_quarter(now) if alarms else digest_after(rule, now), in_digest=True)
    return held


def is_due(notice: AnyNotice, now: datetime) -> bool:
    """Tell whether it is time to send a notice: for the first time, after a refusal, or because its sender died."""
    if notice.state == "claimed":
        return notice.claimed_at is None or now - notice.claimed_at >= GRACE
    # Before the first attempt `act_at` is no limit: it only says when `follow_up` looks, and the stream comes first.
    waits = notice.attempt > 0 and notice.act_at is not None and notice.act_at > now
    return notice.state == "pending" and not waits


def goes_together(notice: AnyNotice, now: datetime) -> TypeGuard[Notice]:
    """Tell whether a notice's digest has come. It does not ask `is_due`, which decides about a second attempt."""
    if not isinstance(notice, Notice) or notice.digest_at is None or notice.digest_at > now:
        return False
    return notice.state == "pending" or (notice.state == "claimed" and notice.repeated_at is None)


def is_counted(notice: AnyNotice, now: datetime) -> bool:
    """Tell whether a notice sent now counts towards its reader's mails in this hour.

    Every notice counts that could go into a digest, unless it is sent in one.
    """
    if not fits_a_digest(notice):
        return False
    return not (isinstance(notice, Notice) and notice.digest_at is not None and notice.digest_at <= now)


def is_first(notice: AnyNotice) -> bool:
    """Tell whether a notice is the first about its ticket, and not a step of the ladder."""
    return isinstance(notice, Notice) and notice.step is None


def counts_since(rule: SendingRule, now: datetime) -> datetime:
    """Return the opening time of the earliest tickets that may be told of in this hour of the clock.

    That is the beginning of the hour. In the hour in which a quiet time ends, it is the beginning of the quiet time:
    tickets that were opened meanwhile are told of now, too.
    """
    hour = now.replace(minute=0, second=0, microsecond=0)
    before = hour - _MOMENT
    return quiet_since(rule, before) if is_quiet(rule, before) else hour


_MOMENT: Final = timedelta(microseconds=1)


def _next_quarter(now: datetime) -> datetime:
    minutes = FLOOD_PAUSE // timedelta(minutes=1)
    return now.replace(minute=now.minute // minutes * minutes, second=0, microsecond=0) + FLOOD_PAUSE


def is_placed(ticket: Ticket) -> bool:
    """Tell whether a ticket says where: a report that somebody can drive to."""
    return sms_matter(ticket) is not None


def sms_matter(ticket: Ticket) -> str | None:
    """Name the topic and place of an emergency, so that a second SMS about the same can be recognised.

    None when the place is not known: two fires at unknown places may be two fires. Where the kalurahan is known, a
    more exact place does not count, because not everybody gives it.
    """
    place = ticket.place
    if place is None:
        return None
    where = place.kalurahan or place.landmark or place.road or place.kapanewon or place.outside
    return f"{ticket.topic}#{where}" if where else None
