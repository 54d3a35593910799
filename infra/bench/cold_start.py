"""Measure the import of a handler in a fresh process, against a bare DynamoDB client of boto3 as pip installs it."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import sysconfig
from pathlib import Path
from typing import Final

BASELINE: Final = "import boto3; boto3.client('dynamodb')"
SITE_PACKAGES: Final = Path(sysconfig.get_path("purelib"))
_PROGRAM: Final = """
import sys, time
sys.path.insert(0, '.')
began = time.process_time()
{statement}
print(time.process_time() - began)
"""


def milliseconds(folder: Path, statement: str, settings: dict[str, str]) -> float:
    """Run one statement in a fresh, isolated process and return the processor time it took, in milliseconds."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", _PROGRAM.format(statement=statement)],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "AWS_DEFAULT_REGION": "ap-southeast-3", **settings},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return 1000 * float(done.stdout)


def ratios(build: Path, handlers: dict[str, dict[str, str]], runs: int) -> dict[str, tuple[float, float]]:
    """Return the median import in milliseconds and the median ratio to the baseline, by function.

    Baseline and handler take turns, so that a machine that slows down slows both.
    """
    measured = {}
    for name, settings in handlers.items():
        artefact = build / name
        statement = f"import {settings['HANDLER'].rpartition('.')[0]}"
        environment = {key: value for key, value in settings.items() if key != "HANDLER"}
        pairs = [
            (milliseconds(SITE_PACKAGES, BASELINE, environment), milliseconds(artefact, statement, environment))
            for _ in range(runs + 1)
        ][1:]  # the first pair only warms the disk cache
        measured[name] = (
            statistics.median(handler for _, handler in pairs),
            statistics.median(handler / baseline for baseline, handler in pairs),
        )
    return measured
