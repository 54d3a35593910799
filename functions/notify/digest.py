"""Send the notices that waited for the day's digest, several in one mail.

Each notice is claimed like any other. Then one request sends all of them, and its answer holds for each. What SES
reports about the mail settles all of them. After a crash in between they stay claimed. Those that SES reports nothing
about are sent once more after the grace time, together again.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, cast

from aduan.triage import DESK
from notify.delivery import Ready
from notify.digest_wording import brief, digest_mail
from notify.mail_tags import TOGETHER

if TYPE_CHECKING:
    from datetime import datetime

    from aduan.notice import AnyNotice, Notice
    from notify.case import Case
    from notify.delivery import Addressee, Delivery, Outcome, ReadContact
    from notify.digest_wording import Brief
    from notify.wording import Mail


@dataclass(frozen=True)
class _Part:
    """A notice, its addressee, and what its digest says about its ticket."""

    notice: Notice
    to: Addressee
    due_at: datetime
    brief: Brief


def deliver_together(
    delivery: Delivery, notices: Iterable[Notice], has_time: Callable[[], bool]
) -> tuple[Counter[Outcome], list[Exception]]:
    """Send notices whose digest is due, in as few mails as have room for them.

    A notice stays queued when there is no time left for it, or when the provider has refused to take any mail. A
    fault in one notice or one mail does not hold up the others.

    Returns:
        How many notices had each outcome, and the faults.
    """
    now, read_contact = delivery.clock(), cache(delivery.stores.contacts.get)
    outcomes: Counter[Outcome] = Counter()
    faults: list[Exception] = []
    groups: defaultdict[tuple[str, Addressee], list[_Part]] = defaultdict(list)
    for notice in notices:
        with _noting(faults):
            found = _prepared(delivery, notice, now, read_contact)
            if isinstance(found, _Part):
                groups[notice.key, found.to].append(found)
            else:
                outcomes[found] += 1
    for parts in groups.values():
        parts.sort(key=lambda part: (part.due_at, part.notice.ticket))
        for start in range(0, len(parts), TOGETHER):
            if outcomes["blocked"] or not has_time():
                return outcomes, faults
            with _noting(faults):
                outcomes.update(_send(delivery, parts[start : start + TOGETHER], now))
    return outcomes, faults


@contextmanager
def _noting(faults: list[Exception]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 # the handler raises it when the others are done
        faults.append(error)


def _prepared(delivery: Delivery, notice: Notice, now: datetime, read_contact: ReadContact) -> _Part | Outcome:
    """Write what a digest says about a notice; return its outcome instead when it cannot be sent now."""
    ready = delivery.prepare(notice, now, read_contact)
    if not isinstance(ready, Ready):
        return ready
    held = delivery.hold(ready, now)
    if held is not None:
        return delivery.defer(notice, held)
    case = cast("Case", ready.content)
    # Written before any claim: a fault in the wording leaves this notice pending, and only this one.
    return _Part(notice, ready.to, case.ticket.due_at, brief(case))


def _send(delivery: Delivery, parts: Sequence[_Part], now: datetime) -> list[Outcome]:
    """Send one digest about several notices; a single notice gets the mail that it would have had by itself."""
    first = parts[0]
    if len(parts) == 1:
        return [delivery.deliver(first.notice)]
    department = delivery.department(first.notice)
    reader = department if first.to.desk_reason is None else delivery.directory.departments[DESK]
    reminds = first.notice.step is not None
    briefs = {part.notice.id: part.brief for part in parts}

    def write(claimed: Sequence[AnyNotice]) -> Mail:
        told = [briefs[notice.id] for notice in claimed]
        return digest_mail(told, department, reader, first.to.desk_reason, reminds=reminds, now=now)

    return delivery.send(first.to, [part.notice for part in parts], write, now)
