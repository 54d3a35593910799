"""Write people's corrections as labelled texts, one JSON object per line, for ``python -m infra.training train``.

Texts are masked, as they are stored. A text carries its ticket's code and nothing that leads to its author. Texts that
have since been edited or deleted at their source are left out.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from aduan.directory import Directory
from aduan.directory_loading import load_directory
from aduan.example import Example
from aduan.record import month_of
from aduan.store.examples import DynamoExampleStore, ExampleStore
from aduan.store.table import Table
from infra.local.machine import REGION, STATE, WATCHED

OUT: Final = STATE / "corrections.jsonl"
MONTHS: Final = 24
"""How many months are covered when no range is given."""
PAGE: Final = 100


class CorrectionsError(Exception):
    """The corrections cannot be read; the message says why."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the file, print how many lines it has, and return the exit code."""
    chosen = _arguments(arguments)
    try:
        table = open_deployment(chosen.table, chosen.stack)
        months = chosen.months or months_between(chosen.since, month_of(datetime.now(UTC)))
        examples = list(examples_of(DynamoExampleStore(table), months))
    except (CorrectionsError, ClientError, BotoCoreError) as error:
        print(f"corrections: {error}", file=sys.stderr)
        return 1
    directory = load_directory()
    lines = [line(example, directory) for example in examples if example.text and example.is_confirmed]
    chosen.out.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in lines)
    chosen.out.write_text(text, encoding="utf-8")
    wordless = sum(not example.text for example in examples)
    waiting = len(examples) - len(lines) - wordless
    left_out = f"; {waiting} by link that the desk has not confirmed" if waiting else ""
    print(f"{len(lines)} corrections in {chosen.out}; {wordless} of posts without words left out{left_out}")
    return 0


def open_deployment(table: str | None, stack: str | None) -> Table:
    """Open the table by its name or by its stack's name; the local stack's table when neither is given.

    Raises:
        CorrectionsError: when there is no such stack.
    """
    if table is None and stack is None:
        return _local_table()
    if table is None:
        cloudformation: Any = boto3.client("cloudformation")
        [found] = cloudformation.describe_stacks(StackName=stack)["Stacks"]
        outputs = {output["OutputKey"]: output["OutputValue"] for output in found.get("Outputs", [])}
        if "TableName" not in outputs:
            raise CorrectionsError(f"the stack {stack} has no output TableName")
        table = outputs["TableName"]
    return Table(boto3.client("dynamodb"), table)


def _local_table() -> Table:
    try:
        stack = json.loads(WATCHED.read_text())
    except FileNotFoundError:
        raise CorrectionsError("give --table or --stack, or start the local stack with `make up`") from None
    session = boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)  # noqa: S106
    return Table(session.client("dynamodb", endpoint_url=stack["emulator"]), stack["table"])


def months_between(first: str | None, last: str) -> list[str]:
    """List the months from `first` to `last`, both included; the last two years when `first` is None."""
    end = _number(last)
    start = end - MONTHS + 1 if first is None else _number(first)
    return [f"{number // 12:04}-{number % 12 + 1:02}" for number in range(start, end + 1)]


def examples_of(store: ExampleStore, months: Sequence[str]) -> Iterator[Example]:
    """Yield the examples of some months."""
    for month in months:
        after: str | None = None
        while True:
            page, after = store.page(month, PAGE, after)
            yield from page
            if after is None:
                break


def line(example: Example, directory: Directory) -> dict[str, Any]:
    """Return an example as the training reads it; the training finds its group itself."""
    label = example.label
    return {
        "id": example.ticket,
        "text": example.text,
        "is_report": label.is_report,
        "kind": label.kind,
        "topic": topic(example, directory),
        "topic_alt": [],
        "department": label.department,
        "urgency": label.urgency,
        "source": "corrections",
        "group": "",
    }


def topic(example: Example, directory: Directory) -> str | None:
    """Return the topic that a person named, or else the classifier's topic if it leads to the department they named.

    An officer who moves a complaint about lamps from Dishub to PLN agrees that it is about lamps. One who moves it to
    the waterworks says that it is not about lamps, but does not say what it is about.
    """
    label, decision = example.label, example.decision
    if label.topic is not None or decision is None or decision.topic is None:
        return label.topic
    believed = directory.topics.get(decision.topic)
    if believed is None or label.department not in {believed.department, *believed.others}:
        return None
    return believed.code


def _number(month: str) -> int:
    year, _, number = month.partition("-")
    return int(year) * 12 + int(number) - 1


def _month(text: str) -> str:
    try:
        return datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC).strftime("%Y-%m")
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no month; write 2026-11") from None


def _arguments(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.corrections", description=__doc__)
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--table", help="name of the table")
    where.add_argument("--stack", help="name of the deployed stack; default: the local stack that is running")
    when = parser.add_mutually_exclusive_group()
    when.add_argument("--months", type=_month, nargs="+", help="months in which the tickets were opened, as 2026-11")
    when.add_argument("--since", type=_month, help="the first of these months; default: two years ago")
    parser.add_argument("--out", type=Path, default=OUT, help=f"file to write; default: {OUT}")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
