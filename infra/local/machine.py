"""What the local stack needs to know of this machine, and where it keeps its files."""

from __future__ import annotations

import os
import platform
import socket
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aduan.directory_loading import load_directory
from infra import templates

ROOT: Final = Path(__file__).resolve().parents[2]
HERE: Final = Path(__file__).resolve().parent
COUNTY: Final = HERE / "county_posts.json"
"""What the county itself has posted."""
STATE: Final = ROOT / ".local"
"""The folder of everything the local stack leaves behind: logs, process ids, sent messages. `make down` keeps it."""
BUILD: Final = ROOT / ".aws-sam" / "build"
WATCHED: Final = STATE / "watched.json"
"""The file that tells the simulator's page where the stack is."""
REGION: Final = "ap-southeast-3"
STAGE: Final = "local"
"""Name of the stack on this machine, and the stage in which no notice is held back and no SMS is spared."""
LIMITED: Final = "dev"
"""A stage with all limits of production; it too sends everything to the override addresses."""
SENDER: Final = "aduan@slemankab.example"
OVERRIDE_EMAIL: Final = "semua-surel@slemankab.example"
OVERRIDE_PHONE: Final = "+628110000000"
ADMIN: Final = "admin@slemankab.example"
GRAPH_VERSION: Final = "v25.0"
APP_ID: Final = "1234567890"
APP_SECRET: Final = "local-app-secret"  # noqa: S105 # the simulator's, worth nothing elsewhere
_PLATFORMS: Final = {
    "GraphBaseUrl": "",
    "TelegramBaseUrl": "/telegram",
    "XBaseUrl": "/x",
    "YoutubeBaseUrl": "/youtube",
    "FeedBaseUrl": "/feeds",
}
"""The path under which the simulator answers for each platform, by the template's parameter."""
_PROCESSORS: Final = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}


class MachineError(Exception):
    """This machine cannot run the stack; the message says why."""


@dataclass(frozen=True)
class Addresses:
    """Where the emulator and the simulator listen."""

    emulator_port: int
    simulator_port: int

    @property
    def emulator(self) -> str:
        """The endpoint of every AWS service."""
        return f"http://127.0.0.1:{self.emulator_port}"

    @property
    def simulator(self) -> str:
        """The base address of the channel simulator."""
        return f"http://127.0.0.1:{self.simulator_port}"


def free_addresses(emulator: int = 4566, simulator: int = 4570) -> Addresses:
    """Return the usual ports, or free ones in place of those that are taken."""
    return Addresses(_free(emulator), _free(simulator))


def _free(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise MachineError("no free port on 127.0.0.1")


def parameters(addresses: Addresses, stage: str = STAGE) -> dict[str, str]:
    """Return the template's parameters for this machine: the stage, its processor, its Python, its addresses."""
    machine = platform.machine().lower()
    if machine not in _PROCESSORS:
        raise MachineError(f"Lambda knows x86_64 and arm64; this processor is {machine}")
    declared = templates.load("template.yaml")["Parameters"]
    return {
        "Stage": stage,
        "Architecture": _PROCESSORS[machine],
        "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
        "SenderAddress": SENDER,
        "OverrideEmail": OVERRIDE_EMAIL,
        "OverridePhone": OVERRIDE_PHONE,
        "GraphVersion": GRAPH_VERSION,
        "GatewayBaseUrl": f"{addresses.emulator}/_aws/execute-api",
        **{name: f"{addresses.simulator}{path}" for name, path in _PLATFORMS.items() if name in declared},
    }


def environment(addresses: Addresses) -> dict[str, str]:
    """Return the environment for every process that calls the emulator: dummy credentials, no telemetry.

    PYTHONPATH is left out, because the emulator's workers would inherit it: a function must import its artefact and not
    this checkout.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTHONPATH"))}
    return {
        **kept,
        # `sam build` looks on PATH for the runtime's Python, which is the one that runs this code.
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]),
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",  # the emulator accepts any credentials
        "AWS_DEFAULT_REGION": REGION,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": addresses.emulator,
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
        "SAM_CLI_TELEMETRY": "0",
    }


def tokens() -> dict[str, str]:
    """Return a token for each channel that is polled."""
    return {
        channel.id: f"local-token-{channel.id.replace(':', '-')}"
        for channel in load_directory().channels
        if channel.is_polled
    }
