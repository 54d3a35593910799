"""Drive again what the stream left behind: posts that are still new, notices that are still not sent.

Between them come the tickets about which something is due. With the stream switched off this alone brings everything
to the same end, only later.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from aduan.store.notices import LEFT_BEHIND, NoticeStore

if TYPE_CHECKING:
    from aduan.notice import AnyNotice, Medium

NOTHING_DONE = frozenset({"already", "gathered", "held", "waiting"})
"""Outcomes of a notice that was not begun."""


@dataclass
class Redriven:
    """What a run did."""

    outcomes: Counter[str] = field(default_factory=Counter)
    faults: list[Exception] = field(default_factory=list)
    late: int = 0
    """How much of it was the stream's to bring, which it did not, or not within minutes."""


class Redrive:
    """One run of `follow_up`."""

    def __init__(
        self,
        *,
        decide: Callable[[str], str],
        follow: Callable[[str], str],
        deliver: Callable[[AnyNotice], str],
        notices: NoticeStore,
    ) -> None:
        self._decide = decide
        self._follow = follow
        self._deliver = deliver
        self._notices = notices
        self._blocked: set[Medium] = set()
        self._late = 0

    def run(
        self,
        posts: Iterable[str],
        tickets: Iterable[str],
        notices: Iterable[tuple[str, str]],
        has_time: Callable[[], bool],
    ) -> Redriven:
        """Drive posts and tickets first: the notices that follow go by the stream, or are found by the next run.

        One that fails delays no other; what there is no time for stays on the queue.
        """
        done = Redriven()
        for key in posts:
            if not has_time():
                break
            self._count(done, "post", partial(self._decide, key))
        done.late = done.outcomes.total() - done.outcomes["post_already"]
        for code in tickets:
            if not has_time():
                break
            self._count(done, "ticket", partial(self._follow, code))
        for subject, key in notices:
            if not has_time():
                break
            self._count(done, "notice", partial(self._drive, subject, key))
        done.late += self._late
        return done

    def _drive(self, subject: str, key: str) -> str:
        notice = self._notices.get(subject, key)
        if notice is None:
            return "already"
        # One refusal says it for all of a medium, and the most urgent one was asked for first.
        if notice.medium in self._blocked:
            return "held"
        outcome = self._deliver(notice)
        if outcome == "blocked":
            self._blocked.add(notice.medium)
        # Not what was tried before, nor what waited for the morning or was put back for `follow_up` to send.
        new = notice.attempt == 0 and notice.act_at in {None, notice.created_at + LEFT_BEHIND}
        self._late += new and outcome not in NOTHING_DONE
        return outcome

    def _count(self, done: Redriven, what: str, drive: Callable[[], str]) -> None:
        try:
            done.outcomes[f"{what}_{drive()}"] += 1
        except Exception as error:  # noqa: BLE001 # raised by the handler, when the others were driven
            done.faults.append(error)
