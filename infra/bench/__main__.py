"""Measure the figures of docs/figures.md: ``make bench``."""

from __future__ import annotations

import json
import os
import platform
import statistics
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, Final

from rich.console import Console
from rich.table import Table as Screen

from aduan.context import Context
from aduan.directory_loading import load_directory
from classify.classifier import classify
from infra.artefacts import finish
from infra.bench.cold_start import ratios
from infra.bench.units import units
from infra.local.deploy import sam
from infra.local.machine import BUILD, HERE, Addresses, parameters
from infra.templates import load

POSTS: Final = HERE / "posts.jsonl"
COLD_START_RUNS: Final = 9
CLASSIFY_ROUNDS: Final = 20
COLD_START_LIMITS: Final = {"AdminApi": 1.8}
COLD_START_LIMIT: Final = 1.6
UNIT_LIMITS: Final = {
    "complaint by e-mail": 24,
    "chatter": 6,
    "candidate": 7,
    "question": 7,
    "quiet poll, writes": 0,
    "quiet poll, reads": 1,
}

Row = tuple[str, str, str, bool]
"""The name of a figure, its value, its limit, and whether it is within the limit."""


def main() -> int:
    """Print every figure beside its limit; return 1 when one exceeds it."""
    console = Console(highlight=False)
    screen = Screen(title=f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in ("what", "measured", "limit", ""):
        screen.add_column(name)
    within = True
    with console.status("measuring …"):
        for what, measured, limit, fine in (*unit_rows(), *classify_rows(), *cold_start_rows()):
            within = within and fine
            screen.add_row(what, measured, limit, "✓" if fine else "[red]✗")
    console.print(screen)
    console.print(f"{datetime.now(UTC):%d %B %Y}")
    return 0 if within else 1


def unit_rows() -> Iterator[Row]:
    """Yield the DynamoDB units per post, mean and largest; the limit applies to the mean."""
    for what, costs in sorted(units(POSTS).items()):
        mean, limit = statistics.mean(costs), UNIT_LIMITS.get(what)
        shown = f"{mean:.1f} (largest {max(costs):g}, n = {len(costs)})"
        yield f"DynamoDB units: {what}", shown, "" if limit is None else f"≤ {limit}", limit is None or mean <= limit


CLASSIFY_LIMIT: Final = 0.4
CAPTION: Final = (
    "Halo Lur, mulai Senin pengangkutan sampah di wilayah Depok dan Ngaglik dijadwalkan ulang karena perbaikan jalan. "
    "Mohon sampah dipilah dari rumah dan dikeluarkan sebelum pukul 06.00."
)
"""A caption as accounts write them, under which the texts are read."""


def classify_rows() -> Iterator[Row]:
    """Yield the time to classify one text of the bundled posts under a caption, in this process."""
    directory, context = load_directory(), Context(under=CAPTION, by="account", to="account")
    texts = [json.loads(line)["text"] for line in POSTS.read_text(encoding="utf-8").splitlines()]
    for text in texts:
        classify(text, directory, context=context)
    times = []
    for _ in range(CLASSIFY_ROUNDS):
        for text in texts:
            began = time.perf_counter()
            classify(text, directory, context=context)
            times.append(1000 * (time.perf_counter() - began))
    median = statistics.median(times)
    p95 = statistics.quantiles(times, n=20)[-1]
    yield (
        "classify one text with its context",
        f"{median:.2f} ms (95th percentile {p95:.2f})",
        f"≤ {CLASSIFY_LIMIT} ms",
        median <= CLASSIFY_LIMIT,
    )


def cold_start_rows() -> Iterator[Row]:
    """Yield the import time of each built handler against a bare DynamoDB client, in fresh processes."""
    addresses = Addresses(0, 0)
    sam("build", addresses)
    finish(BUILD)
    for name, (milliseconds, ratio) in ratios(BUILD, handlers(addresses), COLD_START_RUNS).items():
        limit = COLD_START_LIMITS.get(name, COLD_START_LIMIT)
        yield f"cold start of {name}", f"{ratio:.2f} x ({milliseconds:.0f} ms)", f"≤ {limit} x", ratio <= limit


def handlers(addresses: Addresses) -> dict[str, dict[str, str]]:
    """Return each function's handler and environment from the template; values only a deployment knows are invented."""
    template = load("template.yaml")
    given = parameters(addresses)
    shared = template["Globals"]["Function"]["Environment"]["Variables"]

    def value(key: str, raw: Any) -> str:
        if isinstance(raw, dict) and "Ref" in raw:
            default = template["Parameters"].get(raw["Ref"], {}).get("Default", "invented")
            return given.get(raw["Ref"], str(default))
        if isinstance(raw, str):
            return raw
        return "https://invented.example" if key.endswith("_URL") else "/invented"

    return {
        name: {
            "HANDLER": resource["Properties"]["Handler"],
            **{
                key: value(key, raw)
                for key, raw in (shared | resource["Properties"].get("Environment", {}).get("Variables", {})).items()
            },
        }
        for name, resource in template["Resources"].items()
        if resource["Type"] == "AWS::Serverless::Function"
    }


if __name__ == "__main__":
    sys.exit(main())
