"""The mails that are not about one ticket, but a channel, a contact, the SMS budget, the gate, or what waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from aduan.notice import ChannelNotice, ContactChangeNotice, ContactNotice, GateNotice, ListNotice, SmsBudgetNotice
from aduan.triage import DESK

if TYPE_CHECKING:
    from datetime import datetime

    from aduan.directory import Directory
    from notify.case import DeskReason
    from notify.stores import Stores
    from notify.wording import Mail

# The wordings are imported where they are used: they are seldom needed, and no cold start should pay for them.


class NothingToSayError(Exception):
    """The ticket, post, channel or department that the notice is about no longer exists."""


class NothingWaitsError(Exception):
    """Everything that the notice was to list has been decided or answered meanwhile."""


def service_mail(
    notice: ChannelNotice | ContactNotice | ContactChangeNotice | SmsBudgetNotice | ListNotice | GateNotice,
    stores: Stores,
    directory: Directory,
    now: datetime,
) -> Callable[[DeskReason | None], Mail]:
    """Look up what a notice is about, and return a function that writes its mail.

    The function is given the reason why the mail goes to the desk; None when it goes to the department itself.

    Raises:
        NothingToSayError: with the reason, for the person who finds the parked notice.
        NothingWaitsError: when a list would be empty.
    """
    if isinstance(notice, ChannelNotice):
        channel = next((channel for channel in directory.channels if channel.id == notice.channel), None)
        if channel is None:
            raise NothingToSayError("the channel is gone")
        from notify.channel_wording import channel_mail  # noqa: PLC0415

        department = directory.departments.get(notice.department, directory.departments[DESK])
        return lambda desk_reason: channel_mail(notice, channel, department, desk_reason, directory)
    if isinstance(notice, ContactNotice):
        about = directory.departments.get(notice.about.department)
        if about is None:
            raise NothingToSayError("the department is gone")
        contact = stores.contacts.get(notice.about)
        from notify.contact_wording import contact_mail  # noqa: PLC0415

        return lambda _: contact_mail(notice, about, contact, directory)
    if isinstance(notice, ContactChangeNotice):
        changed = directory.departments.get(notice.about.department)
        if changed is None:
            raise NothingToSayError("the department is gone")
        from notify.contact_wording import contact_change_mail  # noqa: PLC0415

        return lambda _: contact_change_mail(notice, changed, directory)
    if isinstance(notice, ListNotice):
        from notify.list_wording import list_mail  # noqa: PLC0415
        from notify.waiting_posts import waiting_posts  # noqa: PLC0415

        waiting = waiting_posts(notice, stores.lanes, directory, now)
        if not waiting.posts:
            raise NothingWaitsError("nothing waits any more")
        return lambda desk_reason: list_mail(notice, waiting, desk_reason, directory, now)
    if isinstance(notice, GateNotice):
        from notify.gate_wording import gate_mail  # noqa: PLC0415

        return lambda _: gate_mail(notice, directory)
    from notify.sms_budget_wording import sms_budget_mail  # noqa: PLC0415

    return lambda _: sms_budget_mail(notice, directory)
