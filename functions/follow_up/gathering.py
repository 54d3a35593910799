"""Keep what goes together until a run has seen all of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from aduan.notice import AnyNotice, Notice

if TYPE_CHECKING:
    from collections import Counter

    from follow_up.redrive import Redriven
    from notify.delivery import Outcome

    Together = Callable[[Sequence[Notice], Callable[[], bool]], tuple[Counter[Outcome], list[Exception]]]


class Gathering:
    """Stands before the outbox: one notice goes at once, those of a digest when all of them are known."""

    def __init__(
        self,
        *,
        deliver: Callable[[AnyNotice], str],
        goes_together: Callable[[AnyNotice], bool],
        deliver_together: Together,
    ) -> None:
        self._deliver = deliver
        self._goes_together = goes_together
        self._deliver_together = deliver_together
        self._gathered: list[Notice] = []

    def deliver(self, notice: AnyNotice) -> str:
        """Deliver a notice, or keep it for `send`, which ``gathered`` says."""
        if isinstance(notice, Notice) and self._goes_together(notice):
            self._gathered.append(notice)
            return "gathered"
        return self._deliver(notice)

    def send(self, done: Redriven, has_time: Callable[[], bool]) -> None:
        """Send what was gathered, and write into what the run did what became of it."""
        became, faults = self._deliver_together(self._gathered, has_time)
        done.faults += faults
        done.outcomes.pop("notice_gathered", None)
        done.outcomes.update({f"notice_{outcome}": number for outcome, number in became.items()})
