"""Reading channels with the poller as it is deployed: environment, Parameter Store, table, and a platform over HTTP."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from aduan.directory import Channel
from aduan.platform_errors import OutageError
from infra.local.simulator.world import Draft, Role
from poll_channels.source import Batch, Source
from tests.builders import a_channel, a_post
from tests.handlers.deployed_poller import (
    AUTHOR,
    INSTAGRAM,
    NOW,
    OTHER,
    PAGE,
    TEXT,
    WRITES,
    Deployed,
    metrics_of,
    some_drafts,
)
from tests.in_memory.memory import Killed

if TYPE_CHECKING:
    pass


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
