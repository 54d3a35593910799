"""Read files with one JSON object on each line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class ExampleError(Exception):
    """A file of texts cannot be read. The message names the file, and the line and field where there is one."""


def read_json_lines(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the number, from 1, and the object of each line that is not empty.

    Raises:
        ExampleError: when a line is not a JSON object or not in UTF-8.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")  # editors on Windows put a mark in front
    except UnicodeDecodeError as error:
        number = error.object.count(b"\n", 0, error.start) + 1
        raise ExampleError(f"{path.name}, line {number}: it is not in UTF-8") from None
    for number, line in enumerate(text.split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise ExampleError(f"{path.name}, line {number}: it is not JSON: {error.msg}") from None
        if not isinstance(row, dict):
            raise ExampleError(f"{path.name}, line {number}: it is not a JSON object")
        yield number, row
