"""When a department may be told of what is not an emergency: not at night, not on days off, or in a daily digest.

Pure. A new notice is written with the moment from which it may be sent, so waiting for the morning costs no extra
write. The sender checks again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, TypeVar

from aduan.notice import CONTRADICTED, Notice, OutboxEntry
from aduan.record import WIB
from aduan.working_days import is_working_day

if TYPE_CHECKING:
    from aduan.directory import Sending, SendingRule

N = TypeVar("N", bound=OutboxEntry)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Hold:
    """How long a notice that is not sent at once is held back."""

    until: datetime
    in_digest: bool
    """Whether the notice is then sent together with others in one mail."""


def hold(notice: OutboxEntry, rule: SendingRule, now: datetime) -> Hold | None:
    """Return how long the rule holds a notice back; None when it may go at once, as an alarm always may.

    Only mails about tickets go into a digest. An SMS has no room for several, and what the desk reads about Aduan
    itself is not a list of complaints. A step of the ladder is due on its day and does not wait for the next digest.
    """
    if notice.alarms:
        return None
    if rule.ordinary == "digest" and fits_a_digest(notice) and not is_step(notice):
        return Hold(digest_after(rule, now), in_digest=True)
    opening = opens_at(rule, now)
    return Hold(opening, in_digest=False) if opening > now else None


def held(notice: Notice, sending: Sending) -> Notice:
    """Return a new notice with the moment from which its department's rule lets it be sent."""
    found = hold(notice, sending.rule(notice.department), notice.created_at)
    return notice if found is None else waiting(notice, found)


def waiting(notice: N, hold: Hold) -> N:
    """Return a notice that waits as `hold` says."""
    digest = {"digest_at": hold.until} if hold.in_digest else {}
    return notice.model_copy(update={"act_at": hold.until, **digest})


def fits_a_digest(notice: OutboxEntry) -> bool:
    """Tell whether a notice may be sent together with others. One about a reopened ticket always goes alone."""
    if not isinstance(notice, Notice) or notice.medium != "email":
        return False
    return notice.step != CONTRADICTED


def is_step(notice: OutboxEntry) -> bool:
    """Tell whether a notice comes from a step of the ladder or from a contradiction."""
    return isinstance(notice, Notice) and notice.step is not None


def is_quiet(rule: SendingRule, moment: datetime) -> bool:
    """Tell whether a department is left alone at a moment, except in an emergency."""
    return opens_at(rule, moment) > moment


def opens_at(rule: SendingRule, now: datetime) -> datetime:
    """Return the first moment from `now` on that is not quiet: `now` itself, or the end of the quiet time."""
    local = now.astimezone(WIB)
    day = local.date()
    if _is_open_day(rule, day):
        if rule.quiet_from is None or rule.quiet_until is None:
            return now
        if rule.quiet_until <= local.time() < rule.quiet_from:
            return now
        if local.time() < rule.quiet_until:
            return _at(day, rule.quiet_until)
    return _at(_next_open_day(rule, day), rule.quiet_until or time.min)


def quiet_since(rule: SendingRule, moment: datetime) -> datetime:
    """Return when the quiet time around a moment began; the moment itself when it is not quiet."""
    if not is_quiet(rule, moment):
        return moment
    day = moment.astimezone(WIB).date()
    while True:
        if _is_open_day(rule, day):
            end = _at(day, rule.quiet_from) if rule.quiet_from is not None else _at(day + _DAY, time.min)
            if end <= moment:
                return end
        day -= _DAY


def digest_after(rule: SendingRule, now: datetime) -> datetime:
    """Return when the next digest after `now` is sent."""
    day = now.astimezone(WIB).date()
    if _is_open_day(rule, day) and now < _at(day, rule.digest_at):
        return _at(day, rule.digest_at)
    return _at(_next_open_day(rule, day), rule.digest_at)


def _is_open_day(rule: SendingRule, day: date) -> bool:
    return not rule.quiet_on_days_off or is_working_day(day)


def _next_open_day(rule: SendingRule, day: date) -> date:
    day += _DAY
    while not _is_open_day(rule, day):
        day += _DAY
    return day


def _at(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, WIB).astimezone(UTC)
