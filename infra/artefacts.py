"""Finish what `sam build` leaves behind, so that a cold start loads nothing it does not need.

`sam build` ships no byte-code, dates every file in its archives 1980, and a deployed function cannot write to its own
folder. Without byte-code, every cold start would compile all sources again, which takes two to four times as long as
the import itself. The byte-code is compiled with unchecked hashes, which make it valid whatever the files' dates say.

botocore reads its descriptions of some 440 services from compressed JSON that includes all documentation. The functions
make fourteen calls to seven services; everything else is removed.
"""

from __future__ import annotations

import compileall
import gzip
import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from py_compile import PycInvalidationMode
from typing import Any, Final

import jinja2

from aduan.templating import template_environment

OPERATIONS: Final = {
    "dynamodb": frozenset({"BatchGetItem", "GetItem", "PutItem", "Query", "TransactWriteItems", "UpdateItem"}),
    "ssm": frozenset({"GetParameters"}),
    "secretsmanager": frozenset({"GetSecretValue"}),
    "sesv2": frozenset({"DeleteSuppressedDestination", "SendEmail"}),
    "sns": frozenset({"Publish"}),
    "bedrock-runtime": frozenset({"Converse"}),
    "lambda": frozenset({"Invoke"}),
}
"""The calls that the functions make, by botocore's name of the service. A test compares them with the code."""
ENDPOINTS: Final = frozenset({"dynamodb", "secretsmanager", "ssm", "email", "sns", "sts", "lambda"})
"""The same services by their host names. STS is listed because its regional endpoint is looked up."""
TASK_ROOT: Final = "/var/task"
"""The folder where Lambda unpacks an artefact; tracebacks name files below it."""


class ArtefactError(Exception):
    """An artefact cannot be finished; the message says which and why."""


def finish(build: Path) -> int:
    """Finish the artefacts below a build folder and return how many there were.

    Raises:
        ArtefactError: when there is none, or when a file does not compile.
    """
    artefacts = sorted(folder.parent for folder in build.glob("*/aduan"))
    if not artefacts:
        raise ArtefactError(f"{build} holds no artefact; run `sam build` first")
    first, *others = artefacts
    trim_botocore(first / "botocore" / "data")
    compile_templates(first)
    compile_code(first)
    for other in others:
        # All functions share one CodeUri, so their artefacts are the same: finish one, copy it, upload it once.
        shutil.rmtree(other)
        shutil.copytree(first, other)
    return len(artefacts)


def trim_botocore(data: Path) -> None:
    """Remove the services, operations and shapes that are not in use, and all documentation."""
    for folder in data.iterdir():
        if folder.is_dir() and folder.name not in OPERATIONS:
            shutil.rmtree(folder)
    for service, operations in OPERATIONS.items():
        for file in data.glob(f"{service}/*/service-2.json.gz"):
            model = trimmed_model(json.loads(gzip.decompress(file.read_bytes())), operations)
            # No timestamp in the archive, so that the same code gives the same artefact.
            file.write_bytes(gzip.compress(json.dumps(model).encode(), mtime=0))
    hosts = data / "endpoints.json"
    endpoints = json.loads(hosts.read_text(encoding="utf-8"))
    for partition in endpoints["partitions"]:
        partition["services"] = {name: value for name, value in partition["services"].items() if name in ENDPOINTS}
    hosts.write_text(json.dumps(endpoints), encoding="utf-8")


def trimmed_model(model: dict[str, Any], operations: frozenset[str]) -> dict[str, Any]:
    """Return a service's description with only these operations and the shapes they need."""
    kept = {name: value for name, value in model["operations"].items() if name in operations}
    shapes: dict[str, Any] = {}
    wanted = list(_shapes_named_in(kept))
    while wanted:
        name = wanted.pop()
        if name not in shapes:
            shapes[name] = model["shapes"][name]
            wanted += _shapes_named_in(shapes[name])
    trimmed: dict[str, Any] = _without_documentation({**model, "operations": kept, "shapes": shapes})
    return trimmed


def compile_templates(artefact: Path) -> None:
    """Compile the Jinja templates to Python files beside them; the functions prefer those to the sources."""
    for folder in artefact.glob("*/templates"):
        sources = template_environment(folder).overlay(loader=jinja2.FileSystemLoader(folder))
        sources.compile_templates(folder, extensions=["j2"], zip=None, ignore_errors=False)


def compile_code(artefact: Path) -> None:
    """Compile every file of an artefact; byte-code left by tests is removed, because its dates would make it stale."""
    for folder in artefact.rglob("__pycache__"):
        shutil.rmtree(folder)
    if not compileall.compile_dir(
        artefact,
        quiet=1,
        stripdir=str(artefact),
        prependdir=TASK_ROOT,
        invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
        force=True,
    ):
        raise ArtefactError(f"a file of {artefact.name} does not compile")


def _shapes_named_in(part: Any) -> Iterator[str]:
    """Yield the names of the shapes that a part of a description refers to."""
    if isinstance(part, dict):
        for name, value in part.items():
            if name == "shape" and isinstance(value, str):
                yield value
            else:
                yield from _shapes_named_in(value)
    elif isinstance(part, list):
        for value in part:
            yield from _shapes_named_in(value)


def _without_documentation(part: Any) -> Any:
    if isinstance(part, dict):
        return {
            name: _without_documentation(value)
            for name, value in part.items()
            if not (name == "documentation" and isinstance(value, str))
        }
    if isinstance(part, list):
        return [_without_documentation(value) for value in part]
    return part


if __name__ == "__main__":
    try:
        print(f"{finish(Path(sys.argv[1]))} artefacts compiled with Python {sys.version.split()[0]}")
    except ArtefactError as error:
        sys.exit(str(error))
