"""Handle what the stream left behind: posts that are still undecided and notices that are still not sent.

Between them come the tickets for which something is due. With the stream switched off, this alone brings everything
to the same end, only later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from aduan.store.notices import LEFT_BEHIND
from notify.timing import goes_together

if TYPE_CHECKING:
    from aduan.notice import Medium, Notice, NoticeId
    from notify.delivery import Delivery

W = TypeVar("W")

NOTHING_DONE = frozenset({"already", "waiting"})
"""Outcomes of a notice about which nothing was done."""


@dataclass
class Redriven:
    """What a run did: how many posts, tickets and notices had each outcome, and what went wrong."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[Exception] = field(default_factory=list)
    late: int = 0
    """How many posts and notices the stream should have brought but did not, or not within minutes."""


class Redrive:
    """One run of `follow_up`; `decide` handles the key of a post, `follow` the code of a ticket."""

    def __init__(self, *, decide: Callable[[str], str], follow: Callable[[str], str], delivery: Delivery) -> None:
        self._decide = decide
        self._follow = follow
        self._delivery = delivery
        self._blocked: set[Medium] = set()
        self._gathered: list[Notice] = []
        self._done = Redriven()

    def run(
        self,
        posts: Iterable[str],
        tickets: Iterable[str],
        notices: Iterable[NoticeId],
        has_time: Callable[[], bool],
    ) -> Redriven:
        """Handle posts, then tickets, then notices, as long as there is time.

        The notices that posts and tickets bring about are sent by the stream, or found by the next run. A failure does
        not hold up the others. Whatever there is no time for stays queued. Digests are sent last, when all their
        notices are known.
        """
        done = self._done
        self._each(posts, lambda key: f"post_{self._decide(key)}", has_time)
        done.late = done.outcomes.total() - done.outcomes["post_already"]
        self._each(tickets, lambda code: f"ticket_{self._follow(code)}", has_time)
        self._each(notices, self._drive, has_time)
        if self._gathered:
            from notify.digest import deliver_together  # noqa: PLC0415 # once a day: no cold start pays for it

            became, faults = deliver_together(self._delivery, self._gathered, has_time)
            done.faults += faults
            done.outcomes.update({f"notice_{outcome}": number for outcome, number in became.items()})
        return done

    def _each(self, work: Iterable[W], drive: Callable[[W], str | None], has_time: Callable[[], bool]) -> None:
        for one in work:
            if not has_time():
                return
            try:
                outcome = drive(one)
            except Exception as error:  # noqa: BLE001 # the handler raises it when the others are done
                self._done.faults.append(error)
            else:
                self._done.outcomes.update([outcome] if outcome is not None else [])

    def _drive(self, which: NoticeId) -> str | None:
        """Deliver a notice and return its outcome; None when it is kept for its digest."""
        notice = self._delivery.stores.notices.get(which)
        if notice is None:
            return "notice_already"
        # One refusal stands for all notices of a medium, and the most urgent notice was tried first.
        if notice.medium in self._blocked:
            return "notice_held"
        if goes_together(notice, self._delivery.clock()):
            self._gathered.append(notice)
            return None
        outcome = self._delivery.deliver(notice)
        if outcome == "blocked":
            self._blocked.add(notice.medium)
        # Leaves out notices that were tried before, waited for the morning, or were put back for `follow_up` to send.
        new = notice.attempt == 0 and notice.act_at in {None, notice.created_at + LEFT_BEHIND}
        self._done.late += new and outcome not in NOTHING_DONE
        return f"notice_{outcome}"
