"""Which posts a list names, and when a list is due. Reads the lanes; writes only the notice that a list is due."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, Protocol

from aduan.notice import ListNotice, NoticeId
from aduan.quiet_hours import is_quiet
from aduan.record import WIB
from aduan.triage import DESK, Urgency

if TYPE_CHECKING:
    from collections.abc import Sequence

    from aduan.directory import Directory
    from aduan.notice import AnyNotice
    from aduan.post import Post
    from aduan.store.lanes import LaneStore

OVERDUE: Final = timedelta(days=3)
"""A candidate that nobody has decided about for this long is named in every day's list, before all others."""
UNANSWERED: Final = timedelta(days=1)
"""A question without an answer for this long is in its owner's list."""
URGENT: Final[frozenset[Urgency]] = frozenset({"emergency", "suspected", "urgent"})
"""Candidates that sound like this are not left for the next day's list."""
_HOUR: Final = timedelta(hours=1)
_NEWS: Final = timedelta(days=1)
"""What sounded urgent longer ago was in a day's list since."""


class Outbox(Protocol):
    """What is needed of the outbox."""

    def add(self, notice: AnyNotice) -> bool:
        """Put a notice into the outbox unless it is there; tell whether it was new."""

    def get(self, notice: NoticeId) -> AnyNotice | None:
        """Return the notice as it is now, or None."""


@dataclass(frozen=True)
class Waiting:
    """The posts that one list is about."""

    candidates: tuple[Post, ...] = ()
    """The overdue ones first; then by what was found first."""
    questions: tuple[Post, ...] = ()

    @property
    def posts(self) -> tuple[Post, ...]:
        """All of them."""
        return self.candidates + self.questions


def is_overdue(post: Post, now: datetime) -> bool:
    """Tell whether a candidate has waited so long that it is named every day."""
    return now - post.fetched_at >= OVERDUE


def waiting_posts(notice: ListNotice, lanes: LaneStore, directory: Directory, now: datetime) -> Waiting:
    """Read what a list names, as it is now."""
    candidates = lanes.candidates() if notice.department == DESK else []
    if notice.occasion == "urgent":
        return Waiting(tuple(post for post in candidates if _sounds_urgent(post)))
    return Waiting(tuple(candidates), tuple(_unanswered(notice.department, lanes, directory, now)))


def announce(lanes: LaneStore, outbox: Outbox, directory: Directory, now: datetime) -> list[ListNotice]:
    """Put the notices of the lists that are due into the outbox, and return the new ones.

    The day's list is due from the hour of the reader's digest on, on days that are not quiet, if something waited for
    it at that hour. The desk's list of what sounds urgent is due at once, unless it is quiet or this hour had one. With
    nothing to list nothing is written. Called any number of times, it puts each list once.
    """
    candidates = lanes.candidates()
    daily = [
        notice
        for department in sorted({DESK} | {channel.department for channel in directory.channels})
        if (notice := _of_the_day(department, outbox, directory, now)) is not None
        and _waited(notice, candidates, lanes, directory)
    ]
    urgent = _urgent(candidates, outbox, directory, now)
    return [notice for notice in [*daily, *([urgent] if urgent is not None else [])] if outbox.add(notice)]


def _of_the_day(department: str, outbox: Outbox, directory: Directory, now: datetime) -> ListNotice | None:
    """Return the notice of a department's list of today, unless it is too early, quiet, or there already."""
    rule, local = directory.sending.rule(department), now.astimezone(WIB)
    if local.time() < rule.digest_at or is_quiet(rule, now):
        return None
    notice = ListNotice(department=department, occasion="daily", period=f"{local:%Y-%m-%d}", created_at=now)
    return notice if outbox.get(notice.id) is None else None


def _waited(notice: ListNotice, candidates: Sequence[Post], lanes: LaneStore, directory: Directory) -> bool:
    """Tell whether something waited for the day's list at its hour."""
    rule = directory.sending.rule(notice.department)
    due = datetime.combine(notice.created_at.astimezone(WIB).date(), rule.digest_at, WIB)
    if notice.department == DESK and any(post.fetched_at < due for post in candidates):
        return True
    return bool(_unanswered(notice.department, lanes, directory, due))


def _urgent(candidates: Sequence[Post], outbox: Outbox, directory: Directory, now: datetime) -> ListNotice | None:
    # At night one list would be put for every hour, and all would be sent in the morning.
    if is_quiet(directory.sending.rule(DESK), now):
        return None
    found = [_known_since(post) for post in candidates if _sounds_urgent(post)]
    news = [moment for moment in found if now - moment < _NEWS]
    if not news or _told_since(max(news), outbox, now):
        return None
    notice = _of_the_hour(now, now)
    return notice if outbox.get(notice.id) is None else None


def _told_since(moment: datetime, outbox: Outbox, now: datetime) -> bool:
    """Tell whether the desk got a list of what sounds urgent since a moment."""
    hour = moment
    while hour < now + _HOUR:
        notice = outbox.get(_of_the_hour(hour, now).id)
        if notice is not None and notice.created_at >= moment:
            return True
        hour += _HOUR
    return False


def _of_the_hour(hour: datetime, now: datetime) -> ListNotice:
    period = f"{hour.astimezone(WIB):%Y-%m-%dT%H}"
    return ListNotice(department=DESK, occasion="urgent", period=period, urgency="urgent", created_at=now)


def _known_since(post: Post) -> datetime:
    return max(post.fetched_at, post.revised_at or post.fetched_at)


def _sounds_urgent(post: Post) -> bool:
    return post.triage is not None and post.triage.urgency in URGENT


def _unanswered(department: str, lanes: LaneStore, directory: Directory, now: datetime) -> list[Post]:
    """Return the questions on a department's channels that have waited for a day, channel by channel."""
    channels = [channel.id for channel in directory.channels if channel.department == department]
    questions = [post for channel in channels for post in lanes.questions(channel)]
    return [post for post in questions if now - post.fetched_at >= UNANSWERED]
