"""Every test starts with dummy credentials and an otherwise empty environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest

KEPT = ("PATH", "HOME", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV")
DUMMY = {
    "AWS_ACCESS_KEY_ID": "testing",
    "AWS_SECRET_ACCESS_KEY": "testing",
    "AWS_DEFAULT_REGION": "ap-southeast-1",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",  # moto does not answer at account-based addresses
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "POWERTOOLS_METRICS_NAMESPACE": "Aduan",
    "POWERTOOLS_SERVICE_NAME": "test",
}


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    with mock.patch.dict(os.environ, {**kept, **DUMMY}, clear=True):
        yield
