"""Decide whether an SMS is spared, because another said the same or the month's budget is used up.

One SMS costs as much as 3,500 mails. What a spared SMS would have said is in a mail all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.notice import Notice, SmsBudgetNotice
from aduan.record import month_of
from notify.timing import is_placed, sms_matter

if TYPE_CHECKING:
    from aduan.directory import SmsRule
    from aduan.store.spending import SpendingStore
    from aduan.ticket import Ticket
    from notify.stores import Stores

MICRO_USD: Final = 1_000_000
"""Units of money in one USD: amounts are booked in millionths of a USD."""
USED_UP: Final = "the month's budget for SMS is used up"
RESERVED: Final = "what is left for SMS this month is kept for a named place or a second author"
_DAY: Final = timedelta(days=1)


@dataclass(frozen=True)
class Booked:
    """The price of one SMS in millionths of a USD, booked before it is sent."""

    name: str
    at: datetime
    amount: int
    store: SpendingStore

    def settle(self, outcome: str) -> None:
        """Give the money back if the SMS was certainly not accepted; keep it booked if the outcome is unknown."""
        if outcome != "unknown":
            self.store.settle(self.name, self.at, 0 if outcome == "sent" else -self.amount)


@dataclass(frozen=True)
class TextRequest:
    """An SMS that is about to be sent, what it is about, and the rules and counts that decide."""

    notice: Notice
    ticket: Ticket
    author: str | None
    """Pseudonym of the author of the ticket's post; None when the platform names nobody."""
    stores: Stores
    rule: SmsRule
    now: datetime

    def spare_or_book(self) -> str | Booked:
        """Book the price of the SMS, or return the reason why it is spared.

        For several emergencies of one topic at one place within `rule.repeat_minutes`, a department gets one SMS. What
        one author writes, and what names no place, is rationed, so that no single account spends the month's money.
        What is only suspected has rations of its own, and never spends what is kept for emergencies. A
        step of the ladder tells somebody who has not heard of the ticket, so it is neither a repetition nor rationed.
        """
        budget = self.rule.monthly_budget_usd
        if self.notice.alarms and self.notice.step is None:
            vouched = is_placed(self.ticket) or self._has_second_author()
            budget = budget if vouched and not self._suspected else min(budget, self.rule.unplaced_budget_usd)
            spared = self._repeats() or self._exceeds_ration(vouched=vouched)
            if spared is not None:
                return spared
        price, most = round(self.rule.price_usd * MICRO_USD), round(budget * MICRO_USD)
        name = f"{self.notice.subject}#{self.notice.key}#{self.notice.attempt}"
        if self.stores.spending.book(name, self.now, price, most):
            return Booked(name, self.now, price, self.stores.spending)
        return RESERVED if budget < self.rule.monthly_budget_usd else self._used_up()

    def _used_up(self) -> str:
        # Add the desk's notice before the SMS is skipped. There is one a month, so after a crash none is added twice.
        month, budget = month_of(self.now), self.rule.monthly_budget_usd
        self.stores.notices.add(SmsBudgetNotice(month=month, budget_usd=budget, created_at=self.now))
        return USED_UP

    def _has_second_author(self) -> bool:
        """Tell whether somebody else wrote of the topic lately. Two unknown authors may be one."""
        if self.author is None:
            return False
        return not self._is_first(f"WITNESS#{self.ticket.topic}", self.author, self._repeat_time)

    def _repeats(self) -> str | None:
        """Return why the SMS only repeats another; None when it does not."""
        matter, within, same = sms_matter(self.ticket), self._repeat_time, "topic and place"
        if matter is None and self.author is not None:
            matter, within, same = (
                f"{self.ticket.topic}#{self.author}",
                _DAY,
                "topic, by the same author and without a place,",
            )
        if matter is None or self._is_first(matter, self.notice.ticket, within):
            return None
        return f"an SMS about the same {same} went out within {within / timedelta(minutes=1):.0f} minutes"

    def _exceeds_ration(self, *, vouched: bool) -> str | None:
        """Count the SMS, and return which of the day's rations is used up; None when it may be sent."""
        if self.notice.attempt > 0:
            return None  # it was counted when it was tried first
        department, rule, count = self._counted, self.rule, self.stores.sending.count_today
        if self.author is not None and not count(f"{department}#{self.author}", self.now, rule.per_author_a_day):
            return f"the author's {rule.per_author_a_day} SMS of the day were sent"
        if not vouched and not count(f"{department}#unplaced", self.now, rule.unplaced_a_day):
            return f"the day's {rule.unplaced_a_day} SMS about emergencies without a place were sent"
        return None

    def _is_first(self, matter: str, what: str, within: timedelta) -> bool:
        return self.stores.sending.first_sms(self._counted, matter, what, self.now, within)

    @property
    def _suspected(self) -> bool:
        return self.notice.urgency == "suspected"

    @property
    def _counted(self) -> str:
        """Under what name the SMS is counted: what is suspected neither spares nor displaces an emergency's."""
        return f"{self.notice.department}?" if self._suspected else self.notice.department

    @property
    def _repeat_time(self) -> timedelta:
        return timedelta(minutes=self.rule.repeat_minutes)
