"""Measure a post's cost in DynamoDB units, from poll to sent notice, with the real stores on an emulated table."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Final

import boto3
from moto import mock_aws

from aduan.context import Context
from aduan.directory_loading import load_directory
from aduan.post import Post
from aduan.store.channels import DynamoChannelStore
from aduan.store.lanes import DynamoLaneStore
from aduan.store.notices import DynamoNoticeStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table
from aduan.ticket import ticket_code
from aduan.working_days import is_working_day
from classify.decide import decide
from infra.bench.capacity import Capacity, CapacityMeter
from infra.local.seed import seed_contacts
from infra.templates import table_request
from notify.delivery import Delivery, Senders
from notify.stores import open_stores
from poll_channels.poll import Poll
from poll_channels.source import Batch, Source, Window

NOW: Final = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
CAPTION: Final = (
    "Mulai Senin ini drainase di Jalan Kaliurang km 9 sampai km 10 diperbaiki. Selama dua minggu lalu lintas dialihkan"
    " lewat jalan lingkungan, dan kendaraan besar diminta lewat Jalan Damai. Mohon maaf atas ketidaknyamanannya."
    " Pertanyaan dan laporan silakan ditulis di kolom komentar. #sleman #drainase #jalankaliurang"
)
"""A caption of usual length, under which every post of the benchmark stands."""


class Listed(Source):
    """A channel that lists the same posts at every poll."""

    calls = 1

    def __init__(self, posts: list[Post]) -> None:
        self._posts = posts

    def read(self, window: Window, marks: Mapping[str, str]) -> Iterator[Batch]:
        """Yield the posts, whatever was read before."""
        del marks
        yield Batch.of(self._posts, window)


@dataclass(frozen=True)
class Accepting:
    """A provider that accepts every message."""

    def send(self, *_: object) -> str:
        """Accept the message."""
        return "0100018f-message-id-of-ordinary-length-000000"


@dataclass(frozen=True)
class Bench:
    """The production settings that matter to a notice."""

    stage: str = "prod"
    override_email: str = ""
    override_phone: str = ""


def units(posts_file: Path) -> dict[str, list[float]]:
    """Return the write units of each post, by what became of it, and the units of polls that found nothing."""
    posts = [_post(json.loads(line)) for line in posts_file.read_text(encoding="utf-8").splitlines()]
    with mock_aws():
        request = table_request("bench")
        client = boto3.client("dynamodb")
        client.create_table(**request)
        table = Table(client, "bench")
        seed_contacts(table)
        meter = CapacityMeter(client, request["GlobalSecondaryIndexes"])
        meter.watch()
        quiet = _quiet_poll(table, meter, posts[:60])
        costs: dict[str, list[float]] = defaultdict(list)
        for post, now in zip(posts, _working_hours(), strict=False):
            fresh = {"native_id": f"9{post.native_id}", "created_at": now, "fetched_at": now}
            became = _bring_home(table, post.model_copy(update=fresh), now)
            costs[became].append(meter.taken().writes)
    return {**costs, "quiet poll, writes": [quiet.writes], "quiet poll, reads": [quiet.reads]}


def _working_hours() -> Iterator[datetime]:
    """Yield one time an hour from eight to four on working days; more posts at once would wait for a digest."""
    day = NOW
    while True:
        if is_working_day(day.date()):
            yield from (day + timedelta(hours=hour) for hour in range(-4, 4))
        day += timedelta(days=1)


def _bring_home(table: Table, post: Post, now: datetime) -> str:
    stores, directory = open_stores(table), load_directory()
    delivery = Delivery(stores, Senders(Accepting(), Accepting()), directory, Bench(), clock=lambda: now)
    stores.posts.add(post)
    outcome = decide(
        post.key,
        posts=stores.posts,
        tickets=stores.tickets,
        directory=directory,
        now=now,
        chatter_for=timedelta(days=30),
        code_of=partial(ticket_code, "benchmark"),
    )
    if outcome in {"drop", "review", "question"}:
        return {"drop": "chatter", "review": "candidate", "question": "question"}[outcome]
    sent = 0
    for which in list(stores.notices.left_behind(now + timedelta(hours=1))):
        notice = stores.notices.get(which)
        if notice is not None:
            delivery.deliver(notice)
            sent += 1
    return "complaint by e-mail" if sent == 1 else "emergency by e-mail and SMS"


def _quiet_poll(table: Table, meter: CapacityMeter, posts: list[Post]) -> Capacity:
    """Poll twice and return what the second poll cost."""
    channel = next(channel for channel in load_directory().channels if channel.kind == "instagram")
    for number in range(2):
        poll = Poll(
            channel,
            DynamoChannelStore(table),
            DynamoPostStore(table),
            DynamoNoticeStore(table),
            DynamoLaneStore(table),
            run_id=f"bench-{number}",
            clock=lambda: NOW,
            lease_for=timedelta(minutes=1),
        )
        meter.taken()
        poll.run(lambda: Listed(posts))
    return meter.taken()


def _post(bundled: dict[str, str]) -> Post:
    """Return a bundled post with an id and an address of the usual length."""
    return Post(
        kind="instagram",
        native_id=f"1800000000000{bundled['id'][1:]:0>4}",
        channel="instagram:kabarsleman",
        text=bundled["text"],
        permalink="https://www.instagram.com/p/DAbCdEfGhIj/",
        parent_id="17900000000000010",
        context=Context(under=CAPTION, by="account", to="account"),
        author="k3J9sQ0xV7mB2nL5pR8tYa",
        created_at=NOW,
        fetched_at=NOW,
    )
