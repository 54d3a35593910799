"""Opens a function's templates. An undefined variable is an error, and everything put into HTML is escaped."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined, select_autoescape
from markupsafe import Markup, escape

_CODE: Final = re.compile(r"SLM-[0-9A-Z]{6}")


def unbroken(text: object, attribute: str = 'style="white-space:nowrap;"') -> Markup:
    """Return a text as HTML in which no line ends at the hyphen of a ticket's code.

    Args:
        text: It is escaped unless it is HTML already.
        attribute: What keeps a ``span`` on one line; pages that allow no style of an element have a class for it.
    """
    return Markup(_CODE.sub(rf"<span {attribute}>\g<0></span>", escape(text)))  # noqa: S704 # escaped, and our own


def template_environment(folder: Path) -> Environment:
    """Return the environment for the templates of a folder; those named ``….html.j2`` escape their values."""
    environment = Environment(
        # `infra.artefacts` compiles the templates for a deployment: compiling would take 13 ms of a cold start.
        loader=ChoiceLoader([ModuleLoader(folder), FileSystemLoader(folder)]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["unbroken"] = unbroken
    return environment
