"""An SMS costs as much as 3,500 mails: whether one is spared, because another said it or the month's money is spent.

What is spared is in a mail all the same.
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
"""Money is booked in millionths of a USD."""
USED_UP: Final = "the month's budget for SMS is used up"


@dataclass(frozen=True)
class Booked:
    """The price of one SMS, set aside before it is sent."""

    name: str
    at: datetime
    amount: int
    store: SpendingStore

    def settle(self, outcome: str) -> None:
        """Give the money back for what was certainly not accepted; what nobody knows the outcome of stays booked."""
        if outcome != "unknown":
            self.store.settle(self.name, self.at, 0 if outcome == "sent" else -self.amount)


def spare_or_book(notice: Notice, ticket: Ticket, stores: Stores, rule: SmsRule, now: datetime) -> str | Booked:
    """Decide about an SMS that is about to go: book its price, or say why it is spared.

    Of several emergencies of one topic at one place within some minutes, a department gets one SMS. A step of the
    ladder is told to somebody who has not heard yet, and is no repetition.
    """
    matter = sms_matter(ticket) if notice.urgency == "emergency" and notice.step is None else None
    within = timedelta(minutes=rule.repeat_minutes)
    if matter is not None and not stores.sending.first_sms(notice.department, matter, notice.ticket, now, within):
        return f"an SMS about the same topic and place went out within {rule.repeat_minutes} minutes"
    price, budget = round(rule.price_usd * MICRO_USD), round(rule.monthly_budget_usd * MICRO_USD)
    name = f"{notice.subject}#{notice.key}#{notice.attempt}"
    if stores.spending.book(name, now, price, budget):
        return Booked(name, now, price, stores.spending)
    # The notice first: it is there once a month, so a repetition after a crash writes nothing new.
    stores.notices.add(SmsBudgetNotice(month=month_of(now), budget_usd=rule.monthly_budget_usd, created_at=now))
    return USED_UP
