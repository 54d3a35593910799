"""`sam build`, byte-code, `sam deploy`: the same steps as for AWS, against the emulator."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Any, Final

from infra.artefacts import finish
from infra.local.machine import BUILD, ROOT, STAGE, STATE, Addresses, MachineError, environment, parameters

SAM: Final = ROOT / ".venv-sam" / "bin" / "sam"
STACK: Final = f"aduan-{STAGE}"
DEPLOY_SECONDS: Final = 300


@dataclass(frozen=True)
class Deployment:
    """The stack's outputs."""

    api_id: str
    user_pool_id: str
    client_id: str
    table_name: str


def build(addresses: Addresses, stage: str = STAGE) -> int:
    """Build the artefacts for this machine and compile their byte-code; return how many there are."""
    sam("build", addresses, stage=stage)
    return finish(BUILD)


def deploy(addresses: Addresses, cloudformation: Any, stage: str = STAGE) -> Deployment:
    """Deploy the built template, and return its outputs."""
    options = ("--no-progressbar", "--no-confirm-changeset", "--no-fail-on-empty-changeset")
    sam("deploy", addresses, *options, stage=stage)
    [stack] = cloudformation.describe_stacks(StackName=STACK)["Stacks"]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Deployment(
        api_id=outputs["ApiId"],
        user_pool_id=outputs["UserPoolId"],
        client_id=outputs["UserPoolClientId"],
        table_name=outputs["TableName"],
    )


def sam(verb: str, addresses: Addresses, *options: str, stage: str = STAGE) -> None:
    """Run one SAM command for the stack of this machine; its output goes to a log.

    Raises:
        MachineError: when the command fails; the message holds the end of its output.
    """
    overrides = [f"{name}={value}" for name, value in parameters(addresses, stage).items()]
    command = [str(SAM), verb, "--config-env", STAGE, *options, "--parameter-overrides", *overrides]
    log = STATE / f"sam-{verb}.log"
    with log.open("wb") as file:
        done = subprocess.run(
            command,
            cwd=ROOT,
            env=environment(addresses),
            stdout=file,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            timeout=DEPLOY_SECONDS,
            check=False,
        )
    if done.returncode:
        words = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
        raise MachineError(f"`sam {verb}` failed ({log}): {' '.join(words[-3:])}")
