"""Classify the texts in a file with the same function that runs in Lambda."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from aduan.context import Context
from aduan.directory import Directory
from aduan.post import ChannelKind
from aduan.triage import Triage
from classify.adapter import Adapter, AdapterError
from classify.classifier import classify
from classify.model import load_model
from infra.training.json_lines import ExampleError, read_json_lines


def predict(path: Path, directory: Directory, adapter: Adapter | None = None) -> Iterator[dict[str, Any]]:
    """Yield the decision about each line of a file, in the order of the lines; with an adapter, if one is given.

    Raises:
        ExampleError: when a line is not a JSON object with a ``text``, or ``under``, ``to`` or ``channel_kind`` are
            wrong.
    """
    for number, row in read_json_lines(path):
        if not isinstance(row.get("text"), str):
            raise ExampleError(f"{path.name}, line {number}: it has no text")
        triage = classify(row["text"], directory, adapter=adapter, **_circumstances(path, number, row))
        yield described(row.get("id", number), triage)


def read_adapter(path: Path) -> Adapter:
    """Read an adapter of the deployed model.

    Raises:
        ExampleError: when it cannot be used with that model.
    """
    try:
        return Adapter.from_bytes(path.read_bytes(), load_model())
    except AdapterError as error:
        raise ExampleError(f"{path.name}: {error}") from None


def _circumstances(path: Path, number: int, row: Mapping[str, Any]) -> dict[str, Any]:
    """Read what is known about a text: ``under``, ``to`` and ``channel_kind``."""
    kind, under, to = row.get("channel_kind"), row.get("under"), row.get("to")
    if kind is not None and kind not in get_args(ChannelKind):
        raise ExampleError(f"{path.name}, line {number}: there is no channel_kind {kind!r}")
    try:
        context = Context(under=under or "", by="account" if under else None, to=to) if under or to else None
    except ValueError as error:
        raise ExampleError(f"{path.name}, line {number}: {error}") from None
    return {"context": context, "channel_kind": kind}


def described(name: object, triage: Triage) -> dict[str, Any]:
    """Describe a decision as one flat object. ``department`` is the best guess, even if the desk has to decide."""
    return {
        "id": name,
        "is_report": triage.is_report,
        "report_probability": triage.report_probability,
        "shown_probability": triage.shown_probability,
        "kind": triage.kind,
        "topic": triage.topic,
        "topic_probability": triage.topic_probability,
        "runner_up": triage.runner_up,
        "department": triage.guess or triage.department,
        "place": triage.place.label() if triage.place else None,
        "urgency": triage.urgency,
        "danger": triage.urgency if triage.urgency in ("emergency", "suspected") else None,
        "route": triage.route,
    }
