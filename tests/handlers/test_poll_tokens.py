"""Tokens and settings of the deployed poller, and its daily recheck of posts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from aduan.channel import TokenCheck
from aduan.platform_errors import CredentialError, OutageError
from aduan.settings import SettingsError
from aduan.store.channels import DynamoChannelStore
from tests.handlers.deployed_poller import (
    INSTAGRAM,
    NOW,
    TOKENS,
    Deployed,
    metrics_of,
)

if TYPE_CHECKING:
    pass


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
def test_a_wrong_setting_is_named(poller: Deployed, name: str, value: str) -> None:
    """The function does not start with an impossible setting, and names it."""
    with pytest.raises(SettingsError, match=name):
        poller.start("PollChannels", STAGE="local", **{name: value})


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


def test_what_is_deleted_at_its_source_is_erased_here(poller: Deployed) -> None:
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
