"""Reads what the template declares about the functions, with SAM's globals merged in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from infra.templates import load

TEMPLATES: Final = ("template.yaml", "infra/storage.yaml", "infra/alarms.yaml")
TEMPLATE: Final = load("template.yaml")
RESOURCES: Final[dict[str, Any]] = TEMPLATE["Resources"]
GLOBALS: Final[dict[str, Any]] = TEMPLATE["Globals"]["Function"]
FUNCTIONS: Final[dict[str, dict[str, Any]]] = {
    name: resource["Properties"]
    for name, resource in RESOURCES.items()
    if resource["Type"] == "AWS::Serverless::Function"
}
INVENTED: Final = {
    "Stage": "dev",
    "SenderAddress": "aduan@sleman.example",
    "OverrideEmail": "semua@sleman.example",
    "OverridePhone": "+628110000000",
}
"""Values of the parameters that a deployment must set."""


def variables(function: str) -> dict[str, Any]:
    """The environment variables of a function: those of the globals and its own."""
    own: dict[str, Any] = FUNCTIONS[function].get("Environment", {}).get("Variables", {})
    return {**GLOBALS["Environment"]["Variables"], **own}


def environment(function: str) -> dict[str, str]:
    """The function's environment when deployed, with invented values for what only a deployment knows."""
    return {name: resolved(value) for name, value in variables(function).items()}


def resolved(value: Any) -> str:
    """Resolve `!Ref`, `!GetAtt`, `!Sub` and `!If` to text: parameters to their values, resources to names.

    No condition holds: each asks whether a parameter was given that by default is empty.
    """
    if isinstance(value, Mapping):
        [(how, what)] = value.items()
        if how == "Ref":
            return _named(what)
        if how == "Fn::If":
            return resolved(what[2])
        if how == "Fn::GetAtt":
            return ".".join(what)
        assert how == "Fn::Sub"
        return re.sub(r"\$\{([^}]+)\}", lambda match: _named(match[1]), what)
    return str(value)


def _named(name: str) -> str:
    if name in INVENTED:
        return INVENTED[name]
    return str(TEMPLATE["Parameters"].get(name, {}).get("Default", name))


def events(kind: str) -> dict[str, dict[str, Any]]:
    """Every event of one type in the template, as ``Function.Event``."""
    return {
        f"{function}.{name}": event["Properties"]
        for function, properties in FUNCTIONS.items()
        for name, event in properties.get("Events", {}).items()
        if event["Type"] == kind
    }


def of_type(kind: str) -> dict[str, dict[str, Any]]:
    """Every resource of one CloudFormation type, in all templates, as ``file:Name``."""
    return {
        f"{file}:{name}": resource
        for file in TEMPLATES
        for name, resource in load(file)["Resources"].items()
        if resource["Type"] == kind
    }
