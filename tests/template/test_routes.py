"""What the documents promise, what the handler answers and what the gateway routes are the same addresses."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from typing import Any, cast

import pytest

from admin_api.routes import Routes
from infra.templates import ROOT
from tests.template.declared import events

_DOCUMENTED = re.compile(r"((?:`[A-Z]+`, )*)`([A-Z]+) (/[^`?\s]*)[^`]*`")
"""An address in a document: "`GET`, `PUT /departments/{code}/contacts`", with or without a query string."""


@dataclass
class FakeApp:
    """Stands in for the resolver: keeps which methods and addresses are answered."""

    answered: set[str] = field(default_factory=set)

    def route(self, rule: str, method: str | list[str]) -> Callable[[Any], None]:
        """Keep an address that has an answer. The refusals of other methods are registered as lists."""
        if isinstance(method, str):
            self.answered.add(f"{method} {rule.replace('<', '{').replace('>', '}')}")
        return lambda _: None

    def not_found(self, _: Any) -> None:
        """Take the answer to unknown addresses."""


def documented(file: str) -> set[str]:
    """Return the addresses that a document names, as ``GET /tickets``."""
    return {
        f"{method} {path}"
        for others, method, path in _DOCUMENTED.findall((ROOT / file).read_text(encoding="utf-8"))
        for method in (*re.findall(r"[A-Z]+", others), method)
    }


def routed(function: str | None = None) -> set[str]:
    """Return the addresses that the gateway hands to a function; to any function by default."""
    return {
        f"{route['Method'].upper()} {route['Path']}"
        for name, route in events("Api").items()
        if function in {None, name.partition(".")[0]}
    }


def test_every_route_that_the_handler_registers_is_routed() -> None:
    """An address without a route in the template is answered with 404 by the gateway, whatever the handler knows."""
    app = FakeApp()
    nothing = cast("Any", None)
    Routes(cast("Any", app), *[nothing] * (len(fields(Routes)) - 1)).register()
    assert app.answered == routed("AdminApi")


def test_every_route_is_documented_and_every_documented_route_is_routed() -> None:
    """The document of the API lists the addresses of all functions, and no other."""
    assert documented("docs/api.md") == routed()


@pytest.mark.parametrize("file", ["README.md", "docs/deploying.md", "docs/architecture.md"])
def test_the_other_documents_name_only_what_is_routed(file: str) -> None:
    """An operator who follows a document never meets 404."""
    patterns = [re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(address))) for address in routed()]
    for address in documented(file):
        assert any(pattern.fullmatch(address) for pattern in patterns), address
