"""Keep what goes together until a run has seen all of it."""

from collections import Counter
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from aduan.notice import AnyNotice, Notice

if TYPE_CHECKING:
    from follow_up.redrive import Redriven
    from notify.delivery import Outcome


class Gathering:
    """Stands before the outbox: one notice goes at once, those of a digest when all of them are known."""

    def __init__(
        self,
        *,
        deliver: Callable[[AnyNotice], str],
        goes_together: Callable[[AnyNotice], bool],
        deliver_together: Callable[[Iterable[Notice], Callable[[], bool]], tuple["Counter[Outcome]", list[Exception]]],
    ) -> None:
        self._deliver = deliver
        self._goes_together = goes_together
        self._deliver_together = deliver_together
        self._gathered: list[Notice] = []

    def deliver(self, notice: AnyNotice) -> str:
        """Deliver a notice, or keep it for `send`; ``gathered`` says so."""
        if isinstance(notice, Notice) and self._goes_together(notice):
            self._gathered.append(notice)
            return "gathered"
        return self._deliver(notice)

    def send(self, done: "Redriven", has_time: Callable[[], bool]) -> None:
        """Send what was gathered, and add what became of it to what the run did."""
        became, faults = self._deliver_together(self._gathered, has_time)
        done.faults += faults
        done.outcomes.update({f"notice_{outcome}": number for outcome, number in became.items()})
