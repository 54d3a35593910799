"""Imports go one way, and what only one place may do is done only there."""

from __future__ import annotations

import ast

import botocore.session
import pytest
from botocore import xform_name

from infra.artefacts import OPERATIONS
from tests.template.sources import CODE, MODULES, calls, imported, services, strings

ALLOWED = {
    "aduan": set[str](),
    # Public replies are no function of their own: they are sent through the sources, which declare who takes them.
    "poll_channels": {"aduan", "public_replies"},
    "public_replies": {"aduan"},
    "classify": {"aduan"},
    "learn": {"aduan", "classify"},
    "notify": {"aduan"},
    "admin_api": {"aduan"},
    "intake": {"aduan"},
    "actions": {"aduan"},
    # It redrives what the other two left behind, with their own logic.
    "follow_up": {"aduan", "classify", "notify"},
}
"""Our packages that each package may import besides itself."""
EXPRESSIONS = (
    "KeyConditionExpression",
    "UpdateExpression",
    "ConditionExpression",
    "FilterExpression",
    "ProjectionExpression",
    "attribute_not_exists",
    "begins_with(",
)

each_module = pytest.mark.parametrize("module", MODULES)


def package(module: str) -> str:
    """Return the outermost package of a module."""
    return module.partition(".")[0]


def in_store(module: str) -> bool:
    """Tell whether a module belongs to `aduan.store`, the only package that uses the table."""
    return f"{module}.".startswith("aduan.store.")


def test_every_package_is_known_here() -> None:
    """Every package declares above what it may import."""
    assert {package(module) for module in MODULES} == set(ALLOWED)
    assert all((CODE / name / "__init__.py").exists() for name in ALLOWED)


@each_module
def test_imports_go_one_way(module: str) -> None:
    """Shared code imports no function, and no function imports another, except as declared above."""
    ours = {package(name) for name in imported(module)} & set(ALLOWED)
    assert ours <= {package(module)} | ALLOWED[package(module)]


def test_no_imports_go_round() -> None:
    """No module reaches itself through what it imports."""
    edges = {module: {name for name in imported(module) if name in MODULES} - {module} for module in MODULES}
    left = dict(edges)
    while leaves := [module for module, targets in left.items() if not targets & set(left)]:
        for module in leaves:
            del left[module]
    assert not left


@each_module
def test_what_is_deployed_needs_nothing_around_it(module: str) -> None:
    """No function imports infra or the tests, which are not in the artefact."""
    assert not {package(name) for name in imported(module)} & {"infra", "tests", "pytest", "moto"}


@each_module
def test_imports_are_absolute(module: str) -> None:
    """All imports are absolute, so that tests and Lambda have the same import root."""
    assert not [
        node.lineno for node in ast.walk(MODULES[module]) if isinstance(node, ast.ImportFrom) and node.level > 0
    ]


@each_module
def test_the_environment_is_read_in_one_place(module: str) -> None:
    """Only `aduan.settings` reads the environment, so a missing setting always fails at import and by name."""
    if module == "aduan.settings":
        return
    for node in ast.walk(MODULES[module]):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"environ", "environb", "getenv", "getenvb"}, node.lineno
        if isinstance(node, ast.ImportFrom) and node.module == "os":
            assert not {alias.name for alias in node.names} & {"environ", "getenv"}, node.lineno


@each_module
def test_one_place_knows_the_table(module: str) -> None:
    """Keys and expressions are written below `aduan.store` and nowhere else."""
    if in_store(module):
        return
    assert not [name for name in imported(module) if name.startswith("boto3.dynamodb")]
    assert not [text for text in strings(module) for word in EXPRESSIONS if word in text]
    arguments = {
        keyword.arg
        for node in ast.walk(MODULES[module])
        if isinstance(node, ast.Call)
        for keyword in node.keywords
        if keyword.arg is not None
    }
    assert not arguments & {*EXPRESSIONS, "ExpressionAttributeValues", "IndexName", "TransactItems"}


def test_the_store_is_seen_by_this_test() -> None:
    """The words that the test above looks for are those that the store really uses."""
    used = {
        word for module in MODULES if in_store(module) for word in EXPRESSIONS if word in ast.unparse(MODULES[module])
    }
    assert {"KeyConditionExpression", "UpdateExpression", "ConditionExpression"} <= used


def test_the_artefact_describes_exactly_the_services_in_use() -> None:
    """The artefact keeps botocore's descriptions of exactly the services for which the functions make clients."""
    assert set[str]().union(*(services(module) for module in MODULES)) == set(OPERATIONS)


def test_the_artefact_describes_exactly_the_calls_in_use() -> None:
    """The artefact keeps a service's description of exactly the calls that are made on its client."""
    session = botocore.session.Session()
    known = {
        xform_name(operation): (service, operation)
        for service in OPERATIONS
        for operation in session.get_service_model(service).operation_names
    }
    # A method of our own objects that are called "client", such as the Graph client, is no operation.
    called = {known[call] for module in MODULES for call in calls(module) if call in known}
    assert called == {(service, operation) for service, kept in OPERATIONS.items() for operation in kept}
