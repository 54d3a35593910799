"""The artefacts for upload: they are really built, and each handler is started from its own artefact alone."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import botocore
import pytest
from botocore.loaders import Loader
from botocore.model import ServiceModel, Shape

from infra.artefacts import OPERATIONS, finish
from infra.templates import ROOT
from tests.template.declared import FUNCTIONS, environment
from tests.template.sources import CODE, settings_fields

SAM = ROOT / ".venv-sam" / "bin" / "sam"
PROCESSORS = {"x86_64": "x86_64", "amd64": "x86_64", "aarch64": "arm64", "arm64": "arm64"}
BUILD_SECONDS = 300
MEGABYTE = 1_000_000
MOST_BYTES = 60 * MEGABYTE
UNCHECKED_HASH = 0b01
"""Flags of byte-code that is valid by its hash and never compared with its source (PEP 552)."""
RUNTIME = {"AWS_REGION": "ap-southeast-3", "AWS_DEFAULT_REGION": "ap-southeast-3"}
"""Environment variables that Lambda itself adds, as far as an import needs them."""
IMPORT = """
import importlib, json, sys
artefact, name = sys.argv[1:]
sys.path.insert(0, artefact)
module, _, attribute = name.rpartition(".")
found = callable(getattr(importlib.import_module(module), attribute))
files = [file for file in (getattr(each, "__file__", None) for each in list(sys.modules.values())) if file]
print(json.dumps({"callable": found, "files": files, "path": sys.path, "bases": [sys.base_prefix, sys.prefix]}))
"""

SETTINGS = [
    (function, field.upper())
    for function, properties in FUNCTIONS.items()
    for field in sorted(settings_fields(properties["Handler"].rpartition(".")[0]))
]
each_function = pytest.mark.parametrize("function", FUNCTIONS)
FIRST = next(iter(FUNCTIONS))
"""The function whose artefact is examined; all artefacts are the same."""


@dataclass(frozen=True)
class Built:
    """The finished build folder."""

    folder: Path
    finished: int
    """How many artefacts `finish` reported."""

    def artefact(self, function: str) -> Path:
        """Return the folder of a function's artefact."""
        return self.folder / function

    def start(self, function: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
        """Import a handler in a fresh process: nothing on its path but the artefact and Python's own library.

        ``-I`` ignores PYTHON… variables and the working folder, ``-S`` the packages of any environment.
        """
        command = [sys.executable, "-I", "-S", "-B", "-c", IMPORT]
        return subprocess.run(  # noqa: S603 # this very interpreter, and names from the template
            [*command, str(self.artefact(function)), FUNCTIONS[function]["Handler"]],
            cwd=self.folder,
            env=RUNTIME | variables,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(name="built", scope="session")
def _built(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Built]:
    """Build as `make build` does, but for this machine and into a folder of its own; once for all tests."""
    if not SAM.exists():
        pytest.fail(
            f"{SAM.relative_to(ROOT)} does not exist: run `make test`, which builds it, instead of pytest alone"
        )
    folder = tmp_path_factory.mktemp("artefacts")
    overrides = {
        "Stage": "dev",
        "Architecture": PROCESSORS[platform.machine().lower()],
        "Runtime": f"python{sys.version_info.major}.{sys.version_info.minor}",
    }
    command: list[str | Path] = [SAM, "build", "--template", ROOT / "template.yaml"]
    command += ["--build-dir", folder / "build", "--cache-dir", folder / "cache"]
    command += ["--parameter-overrides", *(f"{name}={value}" for name, value in overrides.items())]
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    # `sam build` looks for the runtime's Python on PATH.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    done = subprocess.run(  # noqa: S603 # sam from the project's own environment
        command,
        cwd=ROOT,
        env=kept | {"PATH": path, "SAM_CLI_TELEMETRY": "0", "AWS_DEFAULT_REGION": "ap-southeast-3"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=BUILD_SECONDS,
        check=False,
    )
    if done.returncode:
        pytest.fail(f"`sam build` failed:\n{done.stdout[-3000:]}")
    yield Built(folder / "build", finish(folder / "build"))
    shutil.rmtree(folder)  # pytest would keep the folders of three sessions, 200 MB each


def test_every_function_has_an_artefact(built: Built) -> None:
    """Exactly the functions of the template were built."""
    assert {folder.parent.name for folder in built.folder.glob("*/aduan")} == set(FUNCTIONS)
    assert built.finished == len(FUNCTIONS)


@each_function
def test_the_artefacts_are_the_same(built: Built, function: str) -> None:
    """One CodeUri, one content: the producer and the consumer of a record never run different code."""
    first, own = built.artefact(FIRST), built.artefact(function)
    files = {file.relative_to(own): file for file in own.rglob("*") if file.is_file()}
    assert set(files) == {file.relative_to(first) for file in first.rglob("*") if file.is_file()}
    assert not [name for name, file in files.items() if file.read_bytes() != (first / name).read_bytes()]


def test_the_artefact_holds_our_code_and_nothing_around_it(built: Built) -> None:
    """Every source file is there; no test, no infra, no environment is."""
    artefact = built.artefact(FIRST)
    ours = {file.relative_to(CODE) for file in CODE.rglob("*.py")}
    assert not [file for file in ours if not (artefact / file).exists()]
    assert not {"infra", "tests", "docs", "template.yaml", ".venv"} & {entry.name for entry in artefact.iterdir()}


def test_all_of_it_is_compiled(built: Built) -> None:
    """Each source file has its byte-code, made for this Python, which no date can invalidate."""
    artefact = built.artefact(FIRST)
    sources = sorted(artefact.rglob("*.py"))
    compiled = sorted(artefact.rglob("*.pyc"))
    tag = sys.implementation.cache_tag
    assert compiled == sorted(file.parent / "__pycache__" / f"{file.stem}.{tag}.pyc" for file in sources)
    for file in compiled:
        flags = int.from_bytes(file.read_bytes()[4:8], "little")
        assert flags == UNCHECKED_HASH, file.relative_to(artefact)


def test_only_the_services_in_use_are_described(built: Built) -> None:
    """The artefact holds botocore's descriptions of exactly those services that the functions use."""
    data = built.artefact(FIRST) / "botocore" / "data"
    assert {entry.name for entry in data.iterdir() if entry.is_dir()} == set(OPERATIONS)
    assert (data / "endpoints.json").exists()


@pytest.mark.parametrize("service", OPERATIONS)
def test_the_calls_in_use_are_described_in_full(built: Built, service: str) -> None:
    """Input, output and errors of each call are as botocore describes them, but without the documentation."""
    own = service_model(service, built.artefact(FIRST) / "botocore" / "data")
    original = service_model(service, Path(botocore.__file__).parent / "data")
    assert set(own.operation_names) == OPERATIONS[service]
    for operation in sorted(OPERATIONS[service]):
        assert described(own, operation) == described(original, operation), operation
    assert own.metadata == original.metadata


def service_model(service: str, data: Path) -> ServiceModel:
    """Read a service's description from one folder only."""
    loader = Loader(extra_search_paths=[str(data)], include_default_search_paths=False)
    return ServiceModel(loader.load_service_model(service, "service-2"), service)


def described(model: ServiceModel, operation: str) -> dict[str, Any]:
    """Everything that botocore knows about a call: its HTTP form, and each shape reachable from it."""
    about = model.operation_model(operation)
    waiting: list[Shape | None] = [about.input_shape, about.output_shape, *about.error_shapes]
    shapes: dict[str, Any] = {}
    while waiting:
        shape = waiting.pop()
        if shape is None or shape.name in shapes:
            continue
        shapes[shape.name] = (shape.type_name, shape.serialization, shape.metadata, getattr(shape, "enum", None))
        waiting += getattr(shape, "members", {}).values()
        waiting += [getattr(shape, part, None) for part in ("member", "key", "value")]
    return {**shapes, "": (about.http, about.wire_name, about.metadata if hasattr(about, "metadata") else None)}


def test_the_artefact_is_small(built: Built, record_property: Any) -> None:
    """Unzipped it stays below 60 MB; Lambda allows 250."""
    size = sum(file.stat().st_size for file in built.artefact(FIRST).rglob("*") if file.is_file())
    record_property("bytes", size)
    print(f"{size / MEGABYTE:.1f} MB unzipped")  # noqa: T201 # shown by `pytest -rP`
    assert size < MOST_BYTES


@each_function
def test_a_handler_starts_alone_from_its_artefact(built: Built, function: str) -> None:
    """With the template's environment and nothing of this repository, the handler is importable and callable."""
    done = built.start(function, environment(function))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["callable"] is True
    assert not [entry for entry in answer["path"] if Path(entry).is_relative_to(ROOT)]
    roots = (built.artefact(function), *(Path(base) / sys.platlibdir for base in answer["bases"]))
    roots += tuple(Path(base) / "lib" for base in answer["bases"])
    foreign = [
        file for file in answer["files"] if "-packages" in file or not any(map(Path(file).is_relative_to, roots))
    ]
    assert not foreign


@pytest.mark.parametrize(("function", "name"), SETTINGS)
def test_a_missing_setting_is_named_before_the_first_event(built: Built, function: str, name: str) -> None:
    """Without one of its variables a function does not start, and the last line of its output names it."""
    variables = environment(function)
    del variables[name]
    done = built.start(function, variables)
    assert done.returncode != 0
    last = done.stderr.strip().splitlines()[-1]
    assert "SettingsError: The function cannot start." in last
    assert name in last


@each_function
def test_every_function_has_settings_to_miss(function: str) -> None:
    """Every function has settings, so that none escapes the test above."""
    assert function in {owner for owner, _ in SETTINGS}
