"""What the functions' sources say, read without importing them: no environment is needed."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.templates import ROOT

CODE: Final = ROOT / "functions"
"""The one CodeUri: the import root, in tests and in Lambda."""


def module_name(file: Path) -> str:
    """Dotted name of a file below the import root."""
    parts = file.relative_to(CODE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES: Final = {module_name(file): ast.parse(file.read_text(), str(file)) for file in sorted(CODE.rglob("*.py"))}


def imported(module: str) -> Iterator[str]:
    """Everything a module imports, for types too; ``from a import b`` counts as ``a.b`` where that is a module."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                name = f"{node.module}.{alias.name}"
                yield name if name in MODULES else str(node.module)


def reached(module: str) -> set[str]:
    """Return a module and every one of ours that is loaded with it."""
    found: set[str] = set()
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in MODULES and name not in found:
            found.add(name)
            waiting += [*imported(name), name.rpartition(".")[0]]
    return found


def services(module: str) -> set[str]:
    """Services a module makes clients of: ``boto3.client("…")``, ``session.client("…")``."""
    found: set[str] = set()
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr == "resource" and ast.unparse(node.func.value) in {"boto3", "session"}:
                raise AssertionError(f"{module} makes a resource; only clients are looked for")
            if node.func.attr == "client":
                [service] = node.args
                found.add(ast.literal_eval(service))
    return found


def calls(module: str) -> set[str]:
    """Methods a module calls on a client: whatever it is called, its name ends in ``client``."""
    return {
        node.func.attr
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and ast.unparse(node.func.value).endswith("client")
    }


def settings_fields(handler: str) -> set[str]:
    """Fields of every settings model that is read from the environment when a handler is loaded."""
    return {
        field
        for module in reached(handler)
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "from_environment"
        for field in _fields(module, ast.unparse(node.args[0]))
    }


def _fields(module: str, model: str) -> set[str]:
    """Fields a model declares or inherits, wherever among our modules its name was imported from."""
    for node in MODULES[module].body:
        if isinstance(node, ast.ClassDef) and node.name == model:
            own = {
                field.target.id
                for field in node.body
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
            }
            return own.union(*(_fields(module, ast.unparse(base)) for base in node.bases))
        if isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                if (alias.asname or alias.name) == model:
                    return _fields(node.module, alias.name)
    return set()


def strings(module: str) -> Iterator[str]:
    """Every text constant of a module."""
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value
