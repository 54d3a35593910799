"""Read labelled texts: the project's own corpus, files of others, the county's export, and people's corrections."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from aduan.directory import Directory
from infra.training.example import CORPUS_SOURCE, Example
from infra.training.json_lines import ExampleError, read_json_lines
from infra.training.near_duplicates import with_groups
from infra.training.sp4n import read_export

CORPUS: Final = Path(__file__).parent / "corpus"
PROTEST: Final = Path(__file__).parent / "protest.jsonl"


def read_examples(path: Path, directory: Directory) -> list[Example]:
    """Read labelled texts: JSON lines with at least ``text`` and ``is_report``, or an export of SP4N-LAPOR!.

    Raises:
        ExampleError: when a field or column is missing or wrong, or a topic does not exist.
    """
    if path.suffix.lower() in (".xlsx", ".xls", ".csv"):
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
    return examples if all(example.group for example in examples) else with_groups(examples)


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
