"""Read the project's CloudFormation files as plain values, so that nobody has to copy them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parent.parent


class _Loader(yaml.SafeLoader):
    """A YAML loader that reads CloudFormation's short forms: ``!Ref x`` becomes ``{"Ref": x}``."""


def _intrinsic(loader: _Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
        if suffix == "GetAtt":
            value = value.split(".", 1)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)  # type: ignore[arg-type] # the third kind there is
    name = suffix if suffix in {"Ref", "Condition"} else f"Fn::{suffix}"
    return {name: value}


_Loader.add_multi_constructor("!", _intrinsic)


def load(name: str) -> dict[str, Any]:
    """Load ``template.yaml`` or a file below ``infra/`` by its path from the root."""
    with (ROOT / name).open() as file:
        template: dict[str, Any] = yaml.load(file, Loader=_Loader)  # noqa: S506 # a subclass of SafeLoader
    return template


def table_request(name: str) -> dict[str, Any]:
    """Return the DynamoDB request that creates the table of `infra/storage.yaml` under another name."""
    properties = dict(load("infra/storage.yaml")["Resources"]["Table"]["Properties"])
    for later in ("PointInTimeRecoverySpecification", "TimeToLiveSpecification"):
        properties.pop(later)  # CloudFormation sets these with calls of their own once the table exists
    properties["SSESpecification"] = {"Enabled": properties.pop("SSESpecification")["SSEEnabled"]}
    properties["StreamSpecification"] = {"StreamEnabled": True, **properties["StreamSpecification"]}
    return {**properties, "TableName": name}
