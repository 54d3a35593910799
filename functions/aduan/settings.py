"""Reads a function's settings from the environment, once at import, into a frozen model that the function declares."""

from __future__ import annotations

import os
from typing import TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError


class Settings(BaseModel):
    """Base of a function's settings. The field ``table_name`` is read from ``TABLE_NAME``. No default is hidden."""

    model_config = ConfigDict(frozen=True, extra="ignore")


S = TypeVar("S", bound=Settings)


class SettingsError(Exception):
    """The function was deployed with a missing or wrong setting. The message names it."""


def from_environment(model: type[S]) -> S:
    """Read the fields of `model` from the environment.

    Raises:
        SettingsError: when variables are missing or wrong. The message names each.
    """
    given = {name: os.environ[name.upper()] for name in model.model_fields if name.upper() in os.environ}
    try:
        return model.model_validate(given)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']).upper() or 'settings'}: {fault['msg']}"
            for fault in error.errors(include_input=False)
        )
        raise SettingsError(f"The function cannot start. {faults}") from None
