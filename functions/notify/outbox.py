"""Put together everything that sending needs, for the stream's handler and for `follow_up`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from aduan.action_keys import ActionKeys
from aduan.store.table import QUICK, Table
from notify.action_links import ActionLinks
from notify.delivery import Delivery, Outcome, Senders
from notify.senders import EmailSender, SmsSender, sending_config
from notify.stores import open_stores

if TYPE_CHECKING:
    import boto3

    from aduan.directory import Directory
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
"""Name of the metric that counts an outcome."""


def open_delivery(session: boto3.Session, table: Table, directory: Directory, settings: SendingSettings) -> Delivery:
    """Make a delivery with its providers. All clients share one session: each session reads the service models anew."""
    config = sending_config()
    mail = EmailSender(
        lambda: session.client("sesv2", config=config), settings.sender_address, settings.configuration_set
    )
    text = SmsSender(lambda: session.client("sns", config=config), settings.sms_sender_id)
    keys = ActionKeys(lambda: session.client("secretsmanager", config=QUICK), settings.action_keys, time.monotonic)
    links = ActionLinks(settings.action_base_url.rstrip("/"), keys)
    return Delivery(open_stores(table), Senders(mail, text), directory, settings, links)
