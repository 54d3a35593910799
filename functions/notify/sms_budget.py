"""Decide whether an SMS is spared, because another said the same or the month's budget is used up.

One SMS costs as much as 3,500 mails. What a spared SMS would have said is in a mail all the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from aduan.notice import Notice, SmsBudgetNotice
from aduan.record import month_of
from notify.timing import sms_matter

if TYPE_CHECKING:
    from aduan.directory import SmsRule
    from aduan.store.spending import SpendingStore
    from aduan.ticket import Ticket
    from notify.stores import Stores

MICRO_USD: Final = 1_000_000
"""Units of money in one USD: amounts are booked in millionths of a USD."""
USED_UP: Final = "the month's budget for SMS is used up"


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


def spare_or_book(notice: Notice, ticket: Ticket, stores: Stores, rule: SmsRule, now: datetime) -> str | Booked:
    """Book the price of an SMS that is about to be sent, or return the reason why it is spared.

    For several emergencies of one topic at one place within `rule.repeat_minutes`, a department gets one SMS. A step
    of the ladder tells somebody who has not heard of the ticket yet, so it is never a repetition.
    """
    matter = sms_matter(ticket) if notice.urgency == "emergency" and notice.step is None else None
    within = timedelta(minutes=rule.repeat_minutes)
    if matter is not None and not stores.sending.first_sms(notice.department, matter, notice.ticket, now, within):
        return f"an SMS about the same topic and place went out within {rule.repeat_minutes} minutes"
    price, budget = round(rule.price_usd * MICRO_USD), round(rule.monthly_budget_usd * MICRO_USD)
    name = f"{notice.subject}#{notice.key}#{notice.attempt}"
    if stores.spending.book(name, now, price, budget):
        return Booked(name, now, price, stores.spending)
    # Add the desk's notice before the SMS is skipped. There is one a month, so a repetition after a crash adds none.
    stores.notices.add(SmsBudgetNotice(month=month_of(now), budget_usd=rule.monthly_budget_usd, created_at=now))
    return USED_UP
