"""Start the emulator and the simulator, wait until they answer, and stop them again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3

from aduan.directory import Channel
from aduan.directory_loading import load_directory
from infra.local.machine import (
    APP_SECRET,
    COUNTY,
    GRAPH_VERSION,
    ROOT,
    STATE,
    WATCHED,
    Addresses,
    MachineError,
    environment,
    tokens,
)
from infra.local.simulator.world import Kind

MINISTACK: Final = ROOT / ".venv-ministack" / "bin" / "ministack"
START_SECONDS: Final = 60
STOP_SECONDS: Final = 10
_RUNNING: Final = STATE / "running.json"
_CHILDREN: Final[list[subprocess.Popen[bytes]]] = []
"""References held while this process lives, because Python warns about a child process that is garbage-collected."""


def start_emulator(addresses: Addresses) -> None:
    """Start MiniStack with an empty state, and wait until it answers."""
    folder = _fresh(STATE / "emulator")
    extra = {
        "GATEWAY_PORT": str(addresses.emulator_port),
        "BIND_HOST": "127.0.0.1",
        "TMPDIR": str(folder),
        "STATE_DIR": str(folder),
        "S3_DATA_DIR": str(folder),
        # Services that nobody needs here, and that would listen on ports of their own.
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
    }
    started = _start("emulator", [str(MINISTACK)], environment(addresses) | extra)
    _wait(started, "emulator", f"{addresses.emulator}/_ministack/ready")


def start_simulator(addresses: Addresses, posts: Path, limit: int | None, county: Path = COUNTY) -> None:
    """Start the channel simulator with the posts of citizens and of the county, and wait until it answers.

    Raises:
        MachineError: when it cannot read the file; the message is the simulator's own.
    """
    STATE.mkdir(exist_ok=True)
    config = STATE / "simulator.json"
    config.write_text(json.dumps(simulator_config()))
    command = [sys.executable, "-m", "infra.local.simulator", "--config", str(config), "--posts", str(posts)]
    command += ["--county", str(county), "--port", str(addresses.simulator_port)]
    WATCHED.unlink(missing_ok=True)  # the file describes a stack that no longer runs
    command += ["--stack", str(WATCHED)]
    command += ["--limit", str(limit)] if limit is not None else []
    started = _start("simulator", command, environment(addresses) | {"PYTHONPATH": str(ROOT / "functions")})
    _wait(started, "simulator", f"{addresses.simulator}/_simulator/requests")


def simulator_config() -> dict[str, object]:
    """Return the accounts that are polled, each with the token that the functions find in the Parameter Store."""
    known = tokens()
    accounts = [
        _account(channel, known[channel.id])
        for channel in load_directory().channels
        if channel.is_polled and channel.kind in set(Kind)
    ]
    return {"version": GRAPH_VERSION, "app_secret": APP_SECRET, "accounts": accounts}


def _account(channel: Channel, token: str) -> dict[str, object]:
    """Return an account as the simulator's configuration wants it, with the fields that its kind needs."""
    parameters = channel.parameters
    account: dict[str, object] = {
        "kind": channel.kind,
        "account": channel.account,
        "token": token,
        **({"handle": channel.handle} if channel.handle else {}),
        "name": channel.name,
    }
    if channel.kind == Kind.TELEGRAM_RELAY.value:
        account["moderators"] = parameters["moderators"]
    if channel.kind == Kind.RSS.value:
        account |= {"feed": urlsplit(str(parameters["url"])).path or "/", "channel": channel.id.partition(":")[2]}
    return account


def remember(addresses: Addresses) -> None:
    """Write down where the stack listens, for `make down` and later commands."""
    _RUNNING.write_text(json.dumps(asdict(addresses)))


def remembered() -> Addresses | None:
    """Return where a running stack listens, or None when there is none."""
    if not _RUNNING.exists() or not any(_alive(_pid(name)) for name in ("emulator", "simulator")):
        return None
    return Addresses(**json.loads(_RUNNING.read_text()))


def stop_all() -> int:
    """Stop the running processes, their workers included; return how many there were."""
    stopped = sum(_stop(name) for name in ("emulator", "simulator"))
    _RUNNING.unlink(missing_ok=True)
    return stopped


def _start(name: str, command: list[str], env: dict[str, str]) -> subprocess.Popen[bytes]:
    with (STATE / f"{name}.log").open("wb") as log:
        # A session of its own, so that the process and the workers it starts can be stopped together.
        process = subprocess.Popen(
            command, cwd=ROOT, env=env, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
        )
    _CHILDREN.append(process)
    (STATE / f"{name}.pid").write_text(str(process.pid))
    return process


def _wait(process: subprocess.Popen[bytes], name: str, url: str) -> None:
    def answers() -> bool:
        try:
            return urllib3.request("GET", url, retries=False, timeout=2).status == 200  # noqa: PLR2004 # HTTP's own
        except urllib3.exceptions.HTTPError:
            return False

    def dead_or_answering() -> bool:
        return process.poll() is not None or answers()

    if not _until(dead_or_answering, START_SECONDS) or process.poll() is not None:
        words = (STATE / f"{name}.log").read_text(errors="replace").strip().splitlines()
        raise MachineError(f"the {name} did not start: {words[-1] if words else 'it said nothing'}")


def _until(condition: Callable[[], bool], seconds: float) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def _stop(name: str) -> bool:
    pid = _pid(name)
    (STATE / f"{name}.pid").unlink(missing_ok=True)
    if not _alive(pid):
        return False
    os.killpg(pid, signal.SIGTERM)
    if not _until(lambda: not _alive(pid), STOP_SECONDS):
        os.killpg(pid, signal.SIGKILL)
    return True


def _pid(name: str) -> int:
    file = STATE / f"{name}.pid"
    return int(file.read_text()) if file.exists() else 0


def _alive(pid: int) -> bool:
    if pid <= 0:
        return False
    for child in _CHILDREN:
        child.poll()  # a child of this process stays a zombie until it is polled
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def _fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder
