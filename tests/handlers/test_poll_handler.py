"""The poller as it is deployed: environment, Parameter Store, table, and a platform over HTTP."""

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
from botocore.exceptions import ClientError

from aduan.channel import Cursor, Run, TokenCheck
from aduan.directory import Channel
from aduan.platform_errors import CredentialError, OutageError
from aduan.record import stamp
from aduan.settings import SettingsError
from aduan.store.channels import DynamoChannelStore
from aduan.store.posts import DynamoPostStore
from aduan.store.table import Table, from_image, to_image
from aduan.store.tickets import DynamoTicketStore
from aduan.ticket import ticket_code
from infra.local.simulator.config import Config
from infra.local.simulator.server import Server, running
from infra.local.simulator.simulator import Simulator
from infra.local.simulator.world import Account, Draft, Kind, Role, populate
from poll_channels.source import Batch, Source
from tests import moves
from tests.builders import a_channel, a_post, a_ticket, a_triage
from tests.conftest import DUMMY
from tests.deployment import Deployment, deployment
from tests.in_memory import Killed
from tests.table import TABLE_NAME

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
        return [from_image(image) for image in self.table.client.scan(TableName=TABLE_NAME)["Items"]]

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


@pytest.fixture(name="server", scope="module")
def _server() -> Iterator[Server]:
    config = Config("v25.0", SECRET, ACCOUNTS)
    with running(Simulator(config, populate(ACCOUNTS, []))) as server:
        yield server


@pytest.fixture(name="started", scope="module")
def _started(server: Server) -> Iterator[Deployed]:
    """Start the function once for all tests, which share what a process keeps between invocations."""
    with deployment(**DUMMY) as deployed, pytest.MonkeyPatch.context() as patched:
        platforms = ("GRAPH_BASE_URL", "X_BASE_URL", "TELEGRAM_BASE_URL", "YOUTUBE_BASE_URL")
        module = deployed("PollChannels", STAGE="local", **dict.fromkeys(platforms, server.url))
        found = Deployed(deployed, module, server, deployed.table, boto3.client("ssm"))
        found.calls.watch(module.table.client)
        found.calls.watch(module.credentials._client)  # noqa: SLF001 # the client of this very process
        patched.setattr(module, "http", Pool(module.http, found.calls))
        patched.setattr(module, "datetime", SimpleNamespace(now=lambda _zone: found.now))
        patched.setattr(module, "time", SimpleNamespace(monotonic=time.monotonic, sleep=lambda _seconds: None))
        yield found


@pytest.fixture
def poller(started: Deployed, monkeypatch: pytest.MonkeyPatch) -> Deployed:
    monkeypatch.setattr("aduan.platform_http.BACKOFF_SECONDS", 0)  # how long it waits is tested beside the client
    started.server.simulator = Simulator(
        Config("v25.0", SECRET, ACCOUNTS), populate(ACCOUNTS, some_drafts()), clock=lambda: NOW
    )
    started.reset()
    started.now = NOW
    started.log = io.StringIO()
    started.module.logger.registered_handler.setStream(started.log)
    for name, value in TOKENS.items():
        started.secret(name, value)
    started.channels(INSTAGRAM, PAGE)
    return started


def metrics_of(output: str) -> Counter[str]:
    """Metrics that were written."""
    found: Counter[str] = Counter()
    for line in filter(None, output.splitlines()):
        written = json.loads(line)
        for group in written.get("_aws", {}).get("CloudWatchMetrics", []):
            found.update({metric["Name"]: int(sum(written[metric["Name"]])) for metric in group["Metrics"]})
    return found


def test_everything_on_both_channels_is_stored(poller: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """After one run per kind the table holds what citizens wrote, the ledger says so, and the metrics count it."""
    poller.poll()
    assert poller.stored() == poller.written()
    for channel in (INSTAGRAM, PAGE):
        [run] = poller.runs(channel)
        assert (run.complete, run.new, run.error, run.stopped) == (True, 4, None, None)
        assert poller.cursor(channel).watermark == NOW - timedelta(minutes=60)
    assert metrics_of(capsys.readouterr().out) == {
        "ChannelsRead": 2,
        "ChannelNewPosts": 8,
        "PostsNew": 8,
        "PostsRejected": 0,
        "RunFailed": 0,
    }


def test_a_second_run_writes_nothing(poller: Deployed) -> None:
    """A poll that finds nothing new costs one read of the table and not one write."""
    poller.poll()
    for _ in range(3):
        poller.calls.names.clear()
        poller.now += timedelta(minutes=1)
        poller.poll("instagram")
        table_calls = [name for name in poller.calls.names if name not in {"HTTP", "GetParameters"}]
        assert table_calls == ["GetItem"]
    assert poller.stored() == poller.written()


def test_what_is_new_is_stored_by_the_next_run(poller: Deployed) -> None:
    """A reply that comes a minute later costs one post, one lease, one ledger line and one cursor."""
    poller.poll()
    late = some_drafts()[3]
    poller.simulator.world.add(
        Draft("late", late.kind, Role.REPLY, "instagram-c1", AUTHOR, TEXT, has_photo=False, created_at=NOW)
    )
    poller.calls.names.clear()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram")
    assert poller.stored() == poller.written()
    assert Counter(name for name in poller.calls.names if name in WRITES) == {"UpdateItem": 1, "PutItem": 3}


def test_a_missing_token_is_named_in_the_ledger(poller: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """The run fails with the parameter's name, sends the platform nothing, and leaves the cursor."""
    poller.poll("instagram")
    before = poller.cursor()
    [name, *_] = TOKENS
    poller.ssm.delete_parameter(Name=name)
    poller.module.credentials.forget()
    poller.calls.names.clear()
    capsys.readouterr()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram")
    assert poller.runs()[0].error == f"CredentialError: parameter {name} is missing or holds no token"
    assert "HTTP" not in poller.calls.names
    moved = poller.cursor()
    assert (moved.watermark, moved.marks, moved.seen) == (before.watermark, before.marks, before.seen)
    assert metrics_of(capsys.readouterr().out)["RunFailed"] == 1


@pytest.mark.parametrize("value", ["\n", " ", "token-KENARI-2\r\nX-Jahat: 1", "tokén-KENARI-2"])
def test_a_value_that_cannot_be_a_token_is_refused_without_quoting_it(poller: Deployed, value: str) -> None:
    """A broken secret is a credential error naming the parameter; the HTTP library would quote the secret."""
    [name, *_] = TOKENS
    poller.secret(name, value)
    poller.poll("instagram")
    assert poller.runs()[0].error == f"CredentialError: parameter {name} is missing or holds no token"


def test_a_pasted_token_with_a_line_end_works(poller: Deployed) -> None:
    """Blanks and line ends around a secret are not part of it."""
    for name, value in TOKENS.items():
        poller.secret(name, f" {value}\n")
    poller.poll("instagram")
    assert poller.runs()[0].complete


def test_secrets_are_read_on_a_machine_that_has_just_started(poller: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A monotonic clock near zero does not make an empty cache look fresh."""
    monkeypatch.setattr(poller.module.credentials, "_clock", lambda: 2.0)
    poller.poll("instagram")
    assert poller.runs()[0].complete


def test_a_refused_token_is_fetched_anew_by_the_next_run(poller: Deployed) -> None:
    """A rotated token is picked up after the old one was refused; good ones are not asked for every minute."""
    [name, *_] = TOKENS
    poller.secret(name, "token-lama")
    poller.poll("instagram")
    assert poller.runs()[0].error == "CredentialError: code 190/467"
    poller.secret(name, TOKENS[name])
    for _ in range(3):
        poller.now += timedelta(minutes=1)
        poller.poll("instagram")
    assert poller.runs()[0].complete
    assert poller.calls.names.count("GetParameters") == 2


@pytest.mark.parametrize("channels", [(OTHER, INSTAGRAM), (INSTAGRAM, OTHER)])
def test_a_failing_account_stops_no_other(poller: Deployed, channels: tuple[Channel, ...]) -> None:
    """An account without a token, first or last, does not keep the other from being read."""
    poller.channels(*channels)
    poller.poll("instagram")
    [run] = poller.runs(INSTAGRAM)
    assert (run.complete, run.new) == (True, 4)
    [failed] = poller.runs(OTHER)
    name = "/aduan/test/channels/instagram/akunlain/token"
    assert failed.error == f"CredentialError: parameter {name} is missing or holds no token"


@pytest.mark.parametrize("channels", [(OTHER, INSTAGRAM), (INSTAGRAM, OTHER)])
def test_a_crash_in_one_account_is_raised_after_the_others_were_read(
    poller: Deployed,
    channels: tuple[Channel, ...],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An unexpected error fails the invocation visibly, but only after the other accounts were read."""
    poller.channels(*channels)
    open_account = poller.module.KINDS["instagram"]

    def crash(channel: Channel, connection: Any) -> Any:
        if channel == OTHER:
            raise ClientError({"Error": {"Code": "InternalServerError"}}, "GetParameters")
        return open_account(channel, connection)

    monkeypatch.setitem(poller.module.KINDS, "instagram", crash)
    with pytest.raises(ExceptionGroup, match="1 of 2 channels failed"):
        poller.poll("instagram")
    assert poller.runs(INSTAGRAM)[0].complete
    assert metrics_of(capsys.readouterr().out)["RunFailed"] == 1


def test_an_unreachable_parameter_store_fails_visibly(poller: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither cursor nor table is touched, the invocation fails, and the alarm's metric counts it."""

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "InternalServerError"}}, "GetParameters")

    events = poller.module.credentials._client.meta.events  # noqa: SLF001 # the client of this very process
    events.register("before-call.ssm", refuse)
    try:
        with pytest.raises(ExceptionGroup):
            poller.poll("instagram")
    finally:
        events.unregister("before-call.ssm", refuse)
    assert poller.items() == []
    assert metrics_of(capsys.readouterr().out) == {"ChannelsRead": 1, "RunFailed": 1}


@pytest.mark.parametrize("fault", ["server_error", "html", "no_data_key", "null_body"])
def test_an_outage_is_in_the_ledger_and_the_backlog_is_read_later(poller: Deployed, fault: str) -> None:
    """The cursor stays while the platform is down; afterwards nothing is missing."""
    poller.simulator.faults.switch_on({"fault": fault, "after": 2})
    for _ in range(3):
        poller.poll()
        poller.now += timedelta(minutes=1)
    for channel in (INSTAGRAM, PAGE):
        error = poller.runs(channel)[0].error
        assert error is not None
        assert error.startswith(("OutageError: ", "TransientError: "))
        assert poller.cursor(channel).watermark is None
    poller.simulator.faults.clear()
    poller.poll()
    assert poller.stored() == poller.written()


def test_a_throttled_account_is_left_alone(poller: Deployed) -> None:
    """Until the time that the platform named, a run costs one read of the table and no request."""
    poller.simulator.faults.switch_on({"fault": "throttled", "minutes": 7, "times": 1})
    poller.poll("instagram")
    poller.calls.names.clear()
    for _ in range(6):
        poller.now += timedelta(minutes=1)
        poller.poll("instagram")
    assert poller.calls.names == ["GetItem"] * 6
    poller.now += timedelta(minutes=1)
    poller.poll("instagram")
    assert poller.runs()[0].complete


def test_a_run_short_of_time_stops_and_the_next_one_goes_on(poller: Deployed) -> None:
    """A run that has no time left says so, and it is no error."""
    poller.poll("instagram", milliseconds=0)
    run = poller.runs()[0]
    assert (run.stopped, run.error, run.complete, run.calls) == ("time", None, False, 0)
    poller.now += timedelta(minutes=1)
    poller.poll()
    assert poller.stored() == poller.written()


def test_a_kind_nobody_has_reads_nothing(poller: Deployed) -> None:
    """A schedule without channels is no fault."""
    poller.channels(PAGE)
    poller.poll("instagram")
    assert poller.calls.names == []


# A real death flushes no metrics; the decorator still tries to.
killed = pytest.mark.filterwarnings("ignore:No application metrics to publish")


@killed
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("channel", [INSTAGRAM, PAGE])
def test_a_poller_killed_at_any_call_loses_and_doubles_nothing(poller: Deployed, channel: Channel, when: str) -> None:
    """Killed before or after any call to AWS or the platform, the run after the lease stores what is missing, once."""
    poller.poll(channel.kind)
    total = len(poller.calls.names)
    assert set(poller.calls.names) == {"HTTP", "GetParameters", "GetItem", "PutItem", "UpdateItem", "BatchGetItem"}
    written = {entry.native_id for entry in poller.simulator.world.citizen_posts() if entry.kind == channel.kind}
    for death in range(1, total + 1):
        poller.reset()
        setattr(poller.calls, f"kill_{when}", death)
        with pytest.raises(Killed):
            poller.poll(channel.kind)
        survivors = {item["pk"]: item for item in poller.items()}
        watermark = survivors.get(f"CHANNEL#{channel.id}", {}).get("watermark")
        posts = [key for key in survivors if key.startswith("POST#")]
        assert watermark is None or len(posts) == len(written), "the cursor passed what is stored"
        setattr(poller.calls, f"kill_{when}", None)
        poller.now += timedelta(seconds=81)
        poller.poll(channel.kind)
        after = {item["pk"]: item for item in poller.items()}
        assert {item["native_id"] for key, item in after.items() if key.startswith("POST#")} == written
        assert {key: after[key] for key in posts} == {key: survivors[key] for key in posts}, "a post was written again"
        assert poller.runs(channel)[0].complete


@killed
def test_a_killed_run_is_not_met_by_its_successor(poller: Deployed) -> None:
    """Nobody reads the channel during a dead run's lease; afterwards it is read again."""
    poller.poll("instagram")
    poller.reset()
    poller.calls.kill_after = 7
    with pytest.raises(Killed):
        poller.poll("instagram")
    poller.calls.kill_after = None
    assert poller.cursor().lease_owner is not None
    poller.now += timedelta(seconds=79)
    poller.calls.names.clear()
    poller.poll("instagram")
    assert poller.calls.names == ["GetItem"]
    poller.now += timedelta(seconds=2)
    poller.poll()
    assert poller.stored() == poller.written()


FAULTS: list[dict[str, Any]] = [
    {},
    {"fault": "html"},
    {"fault": "truncated", "after": 1},
    {"fault": "expired_token", "after": 1},
    {"fault": "throttled"},
    {"fault": "unknown_field", "field": "id"},
    {"fault": "hide_ids"},
    {"fault": "server_error", "after": 2},
]


@pytest.mark.parametrize("fault", FAULTS)
def test_log_and_ledger_hold_no_word_no_person_and_no_token(
    poller: Deployed, fault: dict[str, Any], capfd: pytest.CaptureFixture[str]
) -> None:
    """Whatever goes wrong, only ids, codes and counts are written outside the posts, and no person is stored."""
    if fault:
        poller.simulator.faults.switch_on(fault)
    poller.poll()
    written = capfd.readouterr()
    log = written.out + written.err + poller.log.getvalue()
    assert '"channel":"instagram:kabarsleman"' in log
    ledger = json.dumps([item for item in poller.items() if item["pk"].startswith("CHANNEL#")], default=str)
    assert "RUN#" in ledger
    for secret in ("KENARI", "Jeglongan", "Warga", "appsecret_proof", "access_token"):
        assert secret not in log
        assert secret not in ledger
    everything = json.dumps(poller.items(), default=str)
    for secret in ("KENARI-1", "KENARI-2", "KENARI-3", "KENARI-5"):
        assert secret not in everything


def test_the_log_of_a_crash_holds_no_token(poller: Deployed) -> None:
    """Even what the runtime prints of a failed invocation names no secret."""
    with pytest.raises(CredentialError) as caught:
        poller.module.credentials.get("channels/instagram/akunlain/token", "meta/app_secret")
    assert "KENARI" not in str(caught.value)
    assert "KENARI" not in repr(poller.simulator.config)


@pytest.mark.parametrize(
    ("name", "value"),
    [("TABLE_NAME", ""), ("CREDENTIALS_PATH", "aduan"), ("GRAPH_BASE_URL", "graph"), ("GRAPH_VERSION", "25")],
)
def test_a_wrong_setting_is_named(started: Deployed, name: str, value: str) -> None:
    """The function does not start with an impossible setting, and names it."""
    with pytest.raises(SettingsError, match=name):
        started.start("PollChannels", STAGE="local", **{name: value})


def test_a_token_is_warned_of_once_at_each_of_its_last_days(
    poller: Deployed, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """There is one warning at fourteen, seven and one day before the end, and none in between."""
    warned = []
    end = NOW + timedelta(days=30)
    poller.channels(INSTAGRAM)
    for days in (30, 14, 13, 7, 6, 1, 1):
        poller.now = end - timedelta(days=days)
        look = TokenCheck(channel=INSTAGRAM.id, looked_at=poller.now, valid=True, reason="expires_at", ends_at=end)
        monkeypatch.setattr("poll_channels.tasks.tokens.inspect_token", lambda *_, look=look: look)
        capsys.readouterr()
        poller.poll("instagram", task="tokens")
        if "TokenWarnings" in metrics_of(capsys.readouterr().out):
            warned.append(days)
        assert DynamoChannelStore(poller.table).token(INSTAGRAM.id) == look
    assert warned == [14, 7, 1]


def test_a_look_that_fails_leaves_the_last_one(poller: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is known about a token is kept when the platform is down for a day."""
    look = TokenCheck(channel=INSTAGRAM.id, looked_at=NOW, valid=False, reason="code 190")
    monkeypatch.setattr("poll_channels.tasks.tokens.inspect_token", lambda *_: look)
    poller.channels(INSTAGRAM)
    poller.poll("instagram", task="tokens")

    def down(*_: Any) -> TokenCheck:
        raise OutageError("code 2")

    monkeypatch.setattr("poll_channels.tasks.tokens.inspect_token", down)
    poller.poll("instagram", task="tokens")
    assert DynamoChannelStore(poller.table).token(INSTAGRAM.id) == look


def test_what_is_deleted_at_its_source_is_buried_here(poller: Deployed) -> None:
    """The daily recheck misses a deleted comment on two days, and leaves only its tombstone."""
    poller.poll("instagram")
    before = {item["pk"] for item in poller.items() if item.get("text")}
    vanished = poller.simulator.world.find("instagram-c2")
    assert vanished is not None
    poller.simulator.world.delete(vanished.native_id)
    poller.poll("instagram", task="recheck")
    assert {item["pk"] for item in poller.items() if item.get("text")} == before
    poller.let_a_day_pass()
    poller.poll("instagram", task="recheck")
    after = {item["pk"] for item in poller.items() if item.get("text")}
    assert len(before) - len(after) == 1
    [gone] = [item for item in poller.items() if item.get("state") == "gone"]
    assert (gone["pk"], gone["gone_reason"]) == (*(before - after), "dihapus di kanal asalnya")


class OneComment(Source):
    """An account with one comment; one account fails."""

    calls = 1

    def __init__(self, channel: Channel, connection: Any) -> None:
        self._channel = channel

    def read(self, window: Any, marks: Any) -> Iterator[Batch]:
        """The same comment at every poll."""
        if self._channel.id.endswith("13"):
            raise OutageError("code 2")
        native_id = self._channel.account
        yield Batch.of([a_post(native_id=native_id, channel=self._channel.id, created_at=NOW)], window)


def test_sixty_accounts_are_read_in_one_invocation(poller: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A failing account stops no other; an account without news costs one read and no write."""
    accounts = [a_channel(id=f"instagram:akun{number:02}", account=str(10**16 + number)) for number in range(60)]
    poller.channels(*accounts)
    monkeypatch.setitem(poller.module.KINDS, "instagram", OneComment)
    poller.poll("instagram")
    assert len(poller.stored()) == 59
    poller.calls.names.clear()
    poller.poll("instagram")
    counted = Counter(poller.calls.names)
    assert counted == {"GetItem": 60, "PutItem": 1}, "the one write is the ledger's entry of the broken account"


def ticket_on(poller: Deployed, source_id: str) -> str:
    """Open the ticket of one post, as `classify` does on a channel with replies, and return its code."""
    poller.poll("instagram")
    entry = poller.simulator.world.find(source_id)
    assert entry is not None
    posts = DynamoPostStore(poller.table)
    post = posts.get(f"instagram#{entry.native_id}")
    assert post is not None
    ticket = a_ticket(code=ticket_code(post.key), post=post.key, channel=post.channel, opened_at=NOW, replies=())
    DynamoTicketStore(poller.table).write(moves.opened(post, a_triage(), ticket, [], []))
    return ticket.code


def answers(poller: Deployed) -> list[str]:
    """The county's replies to the comment of a citizen."""
    entry = poller.simulator.world.find("instagram-c1")
    assert entry is not None
    return [below.text for below in entry.descendants() if below.draft.by_county]


def test_a_citizen_is_answered_once(poller: Deployed) -> None:
    """The schedule writes one reply with the ticket's code, and finds nothing to do afterwards."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    code = ticket_on(poller, "instagram-c1")
    for _ in range(3):
        poller.now += timedelta(minutes=20)
        poller.poll("instagram", task="reply")
    [text] = answers(poller)
    assert code in text
    assert "KENARI" not in poller.log.getvalue()


@pytest.mark.parametrize("when", ["dies after it wrote", "dies before it wrote"])
def test_a_run_that_is_killed_answers_once(poller: Deployed, when: str) -> None:
    """Whether or not the killed run wrote its reply, in the end there is exactly one."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    poller.calls.names.clear()
    poller.now += timedelta(minutes=1)
    claim = 6  # the queue, the cursor, the answer, its ticket, its post, the claim
    poller.calls.kill_after = claim + 1 if when == "dies after it wrote" else claim
    with pytest.raises(Killed):
        poller.poll("instagram", task="reply")
    assert poller.calls.names[-1] == ("HTTP" if when == "dies after it wrote" else "PutItem")
    poller.calls.kill_after = None
    for _ in range(3):
        poller.now += timedelta(minutes=20)
        poller.poll("instagram", task="reply")
    assert len(answers(poller)) == 1


def test_where_nobody_is_answered_nothing_is_asked(poller: Deployed) -> None:
    """With the channel's replies off, the schedule reads no item and calls no platform."""
    ticket_on(poller, "instagram-c1")
    poller.calls.names.clear()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", "facebook_page", task="reply")
    assert poller.calls.names == []
    assert answers(poller) == []


def test_outside_production_nobody_real_is_answered(poller: Deployed, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trial stage reads the county's real accounts, but writes no replies there."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    settings = poller.module.settings
    monkeypatch.setattr(poller.module, "settings", settings.model_copy(update={"stage": "dev"}))
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", task="reply")
    assert answers(poller) == []


def test_a_refused_answer_is_a_failed_run(poller: Deployed, capsys: pytest.CaptureFixture[str]) -> None:
    """An expired token raises the alarm of a failed run, and the reply waits."""
    poller.channels(INSTAGRAM.model_copy(update={"replies": True}))
    ticket_on(poller, "instagram-c1")
    poller.simulator.faults.switch_on({"fault": "expired_token"})
    capsys.readouterr()
    poller.now += timedelta(minutes=1)
    poller.poll("instagram", task="reply")
    assert metrics_of(capsys.readouterr().out)["RunFailed"] == 1
    poller.simulator.faults.clear()
    poller.now += timedelta(hours=2)
    poller.poll("instagram", task="reply")
    assert len(answers(poller)) == 1
