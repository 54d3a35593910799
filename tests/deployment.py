"""Starts functions as they are deployed: cold, with the template's environment, on moto and one empty table."""

from __future__ import annotations

import importlib
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import ModuleType
from typing import Final
from unittest import mock

import boto3
from moto import mock_aws

from aduan.store.table import Table
from tests.codes import CODE_KEY
from tests.links import SECRET_NAME
from tests.table import TABLE_NAME, create_table
from tests.template.declared import FUNCTIONS, environment

KNOWN: Final = {
    "TABLE_NAME": TABLE_NAME,
    "STAGE": "prod",
    "CREDENTIALS_PATH": "/aduan/test",
    "CONFIGURATION_SET": "",
    "ACTION_KEYS": SECRET_NAME,
    "ACTION_BASE_URL": "https://aduan.example",
    "SMS_SENDER_ID": "SLEMAN",
}
"""Environment variables whose values the tests choose; the others come from the template."""
CHILD_LOGGERS: Final = ("aduan.stream",)
"""Modules to import anew with each handler, because their logger becomes a child of the handler's at import."""


@dataclass(frozen=True)
class Deployment:
    """Starts functions that share a table, an environment and a log."""

    table: Table
    log: io.StringIO = field(default_factory=io.StringIO)
    """What the functions' loggers wrote. Metrics are not in it, as they are printed."""

    def __call__(self, function: str, **changed: str | None) -> ModuleType:
        """Import the handler module of a function of the template, as a cold start does.

        The function gets the variables that the template declares for it. `changed` overrides some of them; None
        removes a variable.
        """
        handler: str = FUNCTIONS[function]["Handler"].rpartition(".")[0]
        declared = {
            name: KNOWN.get(name, value)
            for name, value in environment(function).items()
            if not name.startswith(
                "POWERTOOLS_SERVICE"
            )  # loggers of modules that are imported once have the first name
        }
        for name, value in (declared | changed).items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        for module in (handler, *CHILD_LOGGERS):
            sys.modules.pop(module, None)
        started = importlib.import_module(handler)
        started.logger.registered_handler.setStream(self.log)
        return started


@contextmanager
def deployment(**environment: str) -> Iterator[Deployment]:
    """Provide AWS with an empty table, and undo at the end whatever was started, created and set.

    Tests have it as the fixture `deployed`; what lives longer than a test, or shorter, enters it by itself.
    """
    handlers = [properties["Handler"].rpartition(".")[0] for properties in FUNCTIONS.values()]
    with mock.patch.dict(os.environ, environment), mock_aws():
        try:
            boto3.client("ssm").put_parameter(Name="/aduan/test/author_key", Value=CODE_KEY, Type="SecureString")
            yield Deployment(create_table())
        finally:
            for handler in handlers:
                sys.modules.pop(handler, None)
