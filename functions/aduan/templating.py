"""How a function's templates become text: strictly, and with everything escaped that becomes HTML."""

from __future__ import annotations

from pathlib import Path

from jinja2 import ChoiceLoader, Environment, FileSystemLoader, ModuleLoader, StrictUndefined, select_autoescape


def template_environment(folder: Path) -> Environment:
    """Open the templates of a folder; those named ``….html.j2`` are escaped."""
    return Environment(
        # Compiled by `infra.artefacts` where they are deployed: compiling takes a cold start 13 ms.
        loader=ChoiceLoader([ModuleLoader(folder), FileSystemLoader(folder)]),
        autoescape=select_autoescape(enabled_extensions=("html.j2",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
