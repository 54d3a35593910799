"""Labelled texts: the project's own corpus, other people's files, the county's export, and what people corrected."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from aduan.directory import Directory
from aduan.record import Record
from aduan.triage import ReportKind, Urgency
from infra.training.json_lines import ExampleError, read_json_lines

CORPUS: Final = Path(__file__).parent / "corpus"
PROTEST: Final = Path(__file__).parent / "protest.jsonl"
CORPUS_SOURCE: Final = "corpus"


class Example(Record):
    """One text and what is known about it; None where its source does not say."""

    id: str
    text: str
    is_report: bool
    kind: ReportKind | None = None
    topic: str | None = None
    topic_alt: tuple[str, ...] = ()
    """Topics that are right as well."""
    urgency: Urgency | None = None
    source: str
    group: str
    """Texts with the same group are twins of each other."""

    @property
    def topics(self) -> frozenset[str]:
        """All topics that are right; empty when none is known."""
        return frozenset() if self.topic is None else frozenset({self.topic, *self.topic_alt})

    def part(self, parts: int, salt: str = "") -> int:
        """Tell on which of so many sides of a split it stands; twins stand together, whatever else is read."""
        return int.from_bytes(hashlib.sha256(f"{salt}{self.group}".encode()).digest()[:8]) % parts


def read_examples(path: Path, directory: Directory) -> list[Example]:
    """Read labelled texts: JSON lines with at least ``text`` and ``is_report``, or an export of SP4N-LAPOR!.

    Raises:
        ExampleError: when a field or column is missing or wrong, or a topic does not exist.
    """
    if path.suffix.lower() in (".xlsx", ".xls", ".csv"):
        from infra.training.sp4n import read_export  # noqa: PLC0415 # it makes examples, and needs scikit-learn

        return read_export(path, directory)
    rows = list(read_json_lines(path))
    raw: list[dict[str, Any]] = []
    for number, row in rows:
        fields = {name: row[name] for name in Example.model_fields if name in row}
        fields.setdefault("id", f"{path.stem}-{number}")
        fields.setdefault("source", path.stem)
        fields.setdefault("group", "")
        raw.append(fields)
    examples = [
        _example(f"{path.name}, line {number}", fields, directory)
        for (number, _), fields in zip(rows, raw, strict=True)
    ]
    if all(example.group for example in examples):
        return examples
    from infra.training.near_duplicates import with_groups  # noqa: PLC0415 # scoring what has groups needs no scikit-learn

    return with_groups(examples)


def _example(where: str, fields: dict[str, Any], directory: Directory) -> Example:
    try:
        example = Example.model_validate(fields)
    except ValueError as error:
        raise ExampleError(f"{where}: {error}") from None
    for topic in example.topics:
        if topic not in directory.topics:
            raise ExampleError(f"{where}: there is no topic {topic!r}")
    return example


def read_corpus(directory: Directory, folder: Path = CORPUS) -> list[Example]:
    """Read the corpus that was written for this project.

    Raises:
        ExampleError: when a line is wrong.
    """
    examples: list[Example] = []
    for path in sorted(folder.glob("*.jsonl")):
        for number, row in read_json_lines(path):
            fields = {"id": f"{path.stem}-{number}", "source": CORPUS_SOURCE} | row
            fields.pop("lang", None)
            examples.append(_example(f"{path.name}, line {number}", fields, directory))
    return examples


def held_out(example: Example) -> bool:
    """Tell whether a text of the corpus is kept for scoring: no model ever learns from it."""
    return example.part(4, "corpus ") == 0
