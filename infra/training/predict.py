"""Classify the texts in a file with the same function that runs in Lambda."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aduan.directory import Directory
from aduan.triage import Triage
from classify.classifier import classify
from infra.training.json_lines import ExampleError, read_json_lines


def predict(path: Path, directory: Directory) -> Iterator[dict[str, Any]]:
    """Yield the decision about each line of a file, in the order of the lines.

    Raises:
        ExampleError: when a line is not a JSON object with a ``text``.
    """
    for number, row in read_json_lines(path):
        if not isinstance(row.get("text"), str):
            raise ExampleError(f"{path.name}, line {number}: it has no text")
        yield described(row.get("id", number), classify(row["text"], directory))


def described(name: object, triage: Triage) -> dict[str, Any]:
    """Describe a decision as one flat object. ``department`` is the best guess, even if the desk has to decide."""
    return {
        "id": name,
        "is_report": triage.is_report,
        "report_probability": triage.report_probability,
        "kind": triage.kind,
        "topic": triage.topic,
        "topic_probability": triage.topic_probability,
        "runner_up": triage.runner_up,
        "department": triage.guess or triage.department,
        "place": triage.place.label() if triage.place else None,
        "urgency": triage.urgency,
        "route": triage.route,
    }
