"""The deployed `poll_channels`: environment, Parameter Store, table, and a platform over HTTP."""

from __future__ import annotations

import contextlib
import io
import json
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import ModuleType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import boto3
import pytest

from aduan.channel import Cursor, Run
from aduan.directory import Channel
from aduan.record import stamp
from aduan.store.channels import DynamoChannelStore
from aduan.store.table import Table, to_image
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from tests.builders import a_channel
from tests.conftest import DUMMY
from tests.deployment import Deployment, deployment
from tests.in_memory.memory import Killed
from tests.table import TABLE_NAME, everything

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

NOW = datetime(2026, 11, 3, 7, 0, tzinfo=UTC)
SECRET = "rahasia-KENARI-1"
INSTAGRAM = a_channel()
PAGE = a_channel(id="facebook_page:pemkabsleman", kind="facebook_page", account="100000000000001", handle=None)
OTHER = a_channel(id="instagram:akunlain", account="17841400000000002", handle="akunlain")
"""An account that is unknown to the platform."""
ACCOUNTS = (
    Account(Kind.INSTAGRAM, INSTAGRAM.account, "kabarsleman", "token-KENARI-2"),
    Account(Kind.FACEBOOK_PAGE, PAGE.account, "Pemkab", "token-KENARI-3"),
)
TOKENS = {
    "/aduan/test/channels/instagram/kabarsleman/token": "token-KENARI-2",
    "/aduan/test/channels/facebook_page/pemkabsleman/token": "token-KENARI-3",
    "/aduan/test/meta/app_secret": SECRET,
    "/aduan/test/author_key": "kunci-penulis",
}
TEXT, AUTHOR = "Jeglongan nang ngarep omahku KENARI-4", "Warga KENARI-5"
WRITES = frozenset({"PutItem", "UpdateItem", "DeleteItem", "TransactWriteItems", "BatchWriteItem"})


def some_drafts() -> list[Draft]:
    """A thread, a reply and a listed post, for both kinds."""

    def draft(source_id: str, kind: Kind, role: Role, parent: str | None, minutes: int) -> Draft:
        return Draft(
            source_id=f"{kind}-{source_id}",
            kind=kind,
            role=role,
            parent=None if parent is None else f"{kind}-{parent}",
            author=AUTHOR,
            text=f"{TEXT} {source_id}",
            has_photo=False,
            created_at=NOW - timedelta(minutes=minutes),
            by_county=role is Role.COUNTY_POST,
        )

    return [
        made
        for kind, listed in ((Kind.INSTAGRAM, Role.TAG), (Kind.FACEBOOK_PAGE, Role.VISITOR_POST))
        for made in (
            draft("host", kind, Role.COUNTY_POST, None, 100),
            draft("c1", kind, Role.COMMENT, "host", 90),
            draft("c2", kind, Role.COMMENT, "host", 80),
            draft("r1", kind, Role.REPLY, "c1", 70),
            draft("listed", kind, listed, None, 60),
        )
    ]


@dataclass
class Pool:
    """The handler's connections, counted and breakable."""

    real: Any
    calls: Calls

    def request(self, method: str, url: str, **options: Any) -> Any:
        """One request."""
        with self.calls.one("HTTP"):
            return self.real.request(method, url, **options)


@dataclass
class Calls:
    """All calls to AWS and to the platform in order; the process dies before or after a chosen one."""

    names: list[str] = field(default_factory=list)
    kill_before: int | None = None
    kill_after: int | None = None

    def begin(self, name: str) -> None:
        """A call is about to be made."""
        self.names.append(name)
        if len(self.names) == self.kill_before:
            raise Killed

    def end(self) -> None:
        """The call took effect, and its answer has arrived."""
        if len(self.names) == self.kill_after:
            raise Killed

    @contextlib.contextmanager
    def one(self, name: str) -> Iterator[None]:
        """Surround a whole call."""
        self.begin(name)
        yield
        self.end()

    def watch(self, client: Any) -> None:
        """Count the calls of a client, at the last moment before they are sent."""

        def before(model: Any, **_: Any) -> None:
            self.begin(model.name)

        def after(**_: Any) -> None:
            self.end()

        client.meta.events.register("before-call", before)
        client.meta.events.register("after-call", after)


@dataclass
class Deployed:
    """The function on moto, the platform on the simulator, and a clock that both use."""

    start: Deployment
    module: ModuleType
    server: Server
    table: Table
    """The table, reached by a client whose calls are not counted."""
    ssm: SSMClient
    log: io.StringIO = field(default_factory=io.StringIO)
    calls: Calls = field(default_factory=Calls)
    now: datetime = NOW
    invocations: int = 0

    @property
    def simulator(self) -> Simulator:
        """The platform."""
        return self.server.simulator

    def poll(self, *kinds: str, milliseconds: int = 50_000, **task: str) -> None:
        """Invoke the function as its schedules do."""
        for kind in kinds or ("instagram", "facebook_page"):
            self.invocations += 1
            context = SimpleNamespace(
                aws_request_id=f"request-{self.invocations}",
                get_remaining_time_in_millis=lambda: milliseconds,
            )
            self.module.handler({"kind": kind, **task}, context)

    def let_a_day_pass(self) -> None:
        """Move what the rechecks remember a day into the past."""
        for item in self.items():
            remembered = "missed_at" if "missed_at" in item else "finished_at"
            if item.get(remembered) and not item["sk"].startswith("RUN#"):
                earlier = stamp(datetime.fromisoformat(item[remembered]) - timedelta(days=1))
                self.table.client.put_item(TableName=TABLE_NAME, Item=to_image({**item, remembered: earlier}))

    def items(self) -> list[dict[str, Any]]:
        """Everything in the table."""
        return everything(self.table)

    def stored(self) -> Counter[str]:
        """Native ids of the stored posts."""
        return Counter(item["native_id"] for item in self.items() if item["pk"].startswith("POST#"))

    def written(self) -> Counter[str]:
        """Native ids of what citizens wrote on the platform."""
        return Counter(entry.native_id for entry in self.simulator.world.citizen_posts())

    def runs(self, channel: Channel = INSTAGRAM) -> list[Run]:
        """The ledger, youngest first."""
        return list(DynamoChannelStore(self.table).runs(channel.id, 10))

    def cursor(self, channel: Channel = INSTAGRAM) -> Cursor:
        """How far the channel was read."""
        return DynamoChannelStore(self.table).read(channel.id)

    def channels(self, *channels: Channel) -> None:
        """Let the directory name these channels."""
        self.module.directory = self.module.directory.model_copy(update={"channels": channels})  # type: ignore[attr-defined]

    def secret(self, name: str, value: str) -> None:
        """Put a parameter."""
        self.ssm.put_parameter(Name=name, Value=value, Type="SecureString", Overwrite=True)

    def reset(self) -> None:
        """Return to an empty table, and to a process without calls or cached values."""
        for item in self.items():
            self.table.client.delete_item(TableName=TABLE_NAME, Key=to_image({"pk": item["pk"], "sk": item["sk"]}))
        self.module.credentials.forget()
        self.calls.names.clear()
        self.calls.kill_before = self.calls.kill_after = None

    def begin(self) -> None:
        """Return to the state before the first run: two channels with tokens, and a platform with some posts."""
        config = Config("v25.0", SECRET, ACCOUNTS)
        self.server.simulator = Simulator(config, populate(ACCOUNTS, some_drafts()), clock=lambda: NOW)
        self.reset()
        self.now = NOW
        self.log = io.StringIO()
        self.module.logger.registered_handler.setStream(self.log)
        for name, value in TOKENS.items():
            self.secret(name, value)
        self.channels(INSTAGRAM, PAGE)


def metrics_of(output: str) -> Counter[str]:
    """Metrics that were written."""
    found: Counter[str] = Counter()
    for line in filter(None, output.splitlines()):
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            found.update({metric["Name"]: int(sum(written[metric["Name"]])) for metric in group["Metrics"]})
    return found


@contextlib.contextmanager
def started_poller() -> Iterator[Deployed]:
    """Start the function once for many tests, which share what a process keeps between invocations."""
    with (
        running(Simulator(Config("v25.0", SECRET, ACCOUNTS), populate(ACCOUNTS, []))) as server,
        deployment(**DUMMY) as deployed,
        pytest.MonkeyPatch.context() as patched,
    ):
        platforms = ("GRAPH_BASE_URL", "X_BASE_URL", "TELEGRAM_BASE_URL", "YOUTUBE_BASE_URL")
        module = deployed("PollChannels", STAGE="local", **dict.fromkeys(platforms, server.url))
        found = Deployed(deployed, module, server, deployed.table, boto3.client("ssm"))
        found.calls.watch(module.table.client)
        found.calls.watch(module.credentials._client)  # noqa: SLF001 # the client of this very process
        patched.setattr(module, "http", Pool(module.http, found.calls))
        patched.setattr(module, "datetime", SimpleNamespace(now=lambda _zone: found.now))
        patched.setattr(module, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: None))
        yield found
