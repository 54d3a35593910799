"""Read labelled texts: the project's own corpus, files of others, the county's export, and people's corrections."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, get_args

from aduan.context import Context
from aduan.directory import Directory
from aduan.post import ChannelKind
from infra.training.example import CORPUS_SOURCE, DANGER_SOURCE, THREADS_SOURCE, Example
from infra.training.json_lines import ExampleError, read_json_lines
from infra.training.near_duplicates import with_groups
from infra.training.sp4n import read_export

CORPUS: Final = Path(__file__).parent / "corpus"
THREADS: Final = Path(__file__).parent / "threads"
DANGER: Final = Path(__file__).parent / "danger"
PROTEST: Final = Path(__file__).parent / "protest.jsonl"


def read_examples(path: Path, directory: Directory) -> list[Example]:
    """Read labelled texts: JSON lines with ``text`` and ``is_report`` or ``label``, or an export of SP4N-LAPOR!.

    A ``label`` is one of the five kinds; lines whose label is ``unclear`` are left out. Such lines are comments and
    posts as they really are. Each of their sources is a collection of its own, and ``instagram_…`` names a kind of
    channel.

    Raises:
        ExampleError: when a field or column is missing or wrong, or a topic does not exist.
    """
    if path.suffix.lower() in (".xlsx", ".xls", ".csv"):
        return read_export(path, directory)
    rows = [(number, row) for number, row in read_json_lines(path) if row.get("label") != "unclear"]
    raw: list[dict[str, Any]] = []
    for number, row in rows:
        fields = {name: row[name] for name in Example.model_fields if name in row} | _of_comment(row)
        fields.setdefault("collection", path.stem)
        fields["teaches_topic"] = "label" not in row
        if not fields["teaches_topic"] and fields.get("topic") not in directory.topics:
            fields["topic"] = None  # nothing is learnt from it, so a slip of its reader stops nobody
        fields.setdefault("id", f"{path.stem}-{number}")
        fields.setdefault("source", path.stem)
        fields.setdefault("group", "")
        raw.append(fields)
    examples = [
        _example(f"{path.name}, line {number}", fields, directory)
        for (number, _), fields in zip(rows, raw, strict=True)
    ]
    return examples if all(example.group for example in examples) else with_groups(examples)


def _of_comment(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a line that has a ``label``; none for other lines."""
    if "label" not in row:
        return {}
    label, source = row["label"], str(row.get("source", ""))
    kind = next((kind for kind in get_args(ChannelKind) if source.startswith(f"{kind}_")), row.get("channel_kind"))
    danger = row.get("danger") in {True, "now"}
    return {
        "is_report": label != "other",
        "kind": label,
        "urgency": "emergency" if danger else row.get("urgency") or "normal",
        "channel_kind": kind,
        "context": _context(row),
        "collection": source or "comments",
    }


def _context(row: Mapping[str, Any]) -> Context | None:
    under, to = row.get("under") or "", row.get("to")
    return Context(under=under, by="account" if under else None, to=to) if under or to else None


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
    for path, number, row in _lines(folder):
        fields = {"id": f"{path.stem}-{number}", "source": CORPUS_SOURCE, "collection": CORPUS_SOURCE} | row
        fields.pop("lang", None)
        examples.append(_example(f"{path.name}, line {number}", fields, directory))
    return examples


def read_threads(directory: Directory, folder: Path = THREADS) -> list[Example]:
    """Read the threads that were written for this project: a line is a post of an account with its comments.

    Raises:
        ExampleError: when a line is wrong.
    """
    examples: list[Example] = []
    for path, number, thread in _lines(folder):
        for place, comment in enumerate(thread["comments"]):
            row = comment | {"under": thread["under"], "channel_kind": thread["channel_kind"]}
            fields = {name: row[name] for name in ("text", "topic")} | _of_comment(row)
            fields |= {"id": f"{thread['thread']}-{place}", "group": thread["thread"]}
            fields |= {"source": THREADS_SOURCE, "collection": THREADS_SOURCE}
            examples.append(_example(f"{path.name}, line {number}, comment {place}", fields, directory))
    return examples


def read_dangers(directory: Directory, folder: Path = DANGER) -> list[Example]:
    """Read the witnesses of danger, and what only uses their words, that were written for this project.

    Raises:
        ExampleError: when a line is wrong.
    """
    examples: list[Example] = []
    for path, number, row in _lines(folder):
        fields = {name: row[name] for name in ("text", "topic", "group")} | _of_comment(row)
        fields |= {"id": f"danger-{path.stem}-{number}", "source": DANGER_SOURCE, "collection": DANGER_SOURCE}
        examples.append(_example(f"{path.name}, line {number}", fields, directory))
    return examples


def _lines(folder: Path) -> Iterator[tuple[Path, int, dict[str, Any]]]:
    """Yield the file, number and object of each line of a folder, in the order of the files' names."""
    for path in sorted(folder.glob("*.jsonl")):
        for number, row in read_json_lines(path):
            yield path, number, row
