"""Everything that sending needs, put together once; used by the stream's handler and by `follow_up`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from aduan.action_keys import ActionKeys
from aduan.store.contacts import DynamoContactStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.sending import DynamoSendingStore
from aduan.store.table import QUICK, Table
from aduan.store.tickets import DynamoTicketStore
from notify.action_links import ActionLinks
from notify.delivery import Outcome, Senders, Stores, deliver
from notify.senders import EmailSender, SmsSender, sending_config

if TYPE_CHECKING:
    from collections import Counter

    import boto3

    from aduan.directory import Directory
    from aduan.notice import AnyNotice, Notice
    from notify.settings import SendingSettings

METRICS: Final[dict[Outcome, str]] = {
    "already": "NoticeAlready",
    "sent": "NoticeSent",
    "failed": "NoticeFailed",
    "unknown": "NoticeUnknown",
    "parked": "NoticeParked",
    "postponed": "NoticePostponed",
    "blocked": "NoticeBlocked",
    "waiting": "NoticeWaiting",
    "deferred": "NoticeDeferred",
    "skipped": "NoticeSkipped",
}
"""Names of the metrics, by outcome."""


@dataclass(frozen=True)
class Outbox:
    """The table, the providers, and the rules of this deployment."""

    stores: Stores
    senders: Senders
    directory: Directory
    settings: SendingSettings
    links: ActionLinks

    def deliver(self, notice: AnyNotice) -> Outcome:
        """Send one notice, unless it was sent, and write down what became of it."""
        return deliver(
            notice,
            stores=self.stores,
            senders=self.senders,
            directory=self.directory,
            now=datetime.now(UTC),
            owner=uuid4().hex,
            settings=self.settings,
            links=self.links,
        )

    def goes_together(self, notice: AnyNotice) -> bool:
        """Tell whether a notice's digest has come."""
        from notify.digest import goes_together  # noqa: PLC0415 # as below

        return goes_together(notice, datetime.now(UTC))

    def deliver_together(
        self, notices: Iterable[Notice], has_time: Callable[[], bool]
    ) -> tuple[Counter[Outcome], list[Exception]]:
        """Send the digests of these notices; return what became of each, and the faults of those nothing became of."""
        from notify.digest import Digests  # noqa: PLC0415 # once a day: no cold start pays for it

        now, owner = datetime.now(UTC), uuid4().hex
        digests = Digests(self.stores, self.senders, self.directory, now, owner, self.settings, self.links)
        return digests.deliver(notices, has_time), digests.faults


def open_outbox(session: boto3.Session, table: Table, directory: Directory, settings: SendingSettings) -> Outbox:
    """Connect to the providers. One session for all clients: each session reads the service models anew."""
    config = sending_config()
    mail = EmailSender(
        lambda: session.client("sesv2", config=config), settings.sender_address, settings.configuration_set
    )
    text = SmsSender(lambda: session.client("sns", config=config), settings.sms_sender_id)
    stores = Stores(
        DynamoNoticeStore(table),
        DynamoTicketStore(table),
        DynamoPostStore(table),
        DynamoContactStore(table),
        DynamoSendingStore(table),
    )
    keys = ActionKeys(lambda: session.client("secretsmanager", config=QUICK), settings.action_keys, time.monotonic)
    links = ActionLinks(settings.action_base_url.rstrip("/"), keys)
    return Outbox(stores, Senders(mail, text), directory, settings, links)
