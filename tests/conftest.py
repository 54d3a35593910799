"""Every test starts with dummy credentials and an otherwise empty environment."""

from __future__ import annotations

import os
from collections.abc import Iterator
from unittest import mock

import pytest
from botocore.loaders import create_loader
from hypothesis import settings
from moto.dynamodb.models.table import StreamRecord

from tests.classifying import Deployed, classifying
from tests.deployment import Deployment, deployment

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

# Examples have no deadline, because a busy machine is no fault of the code. A failure prints how to repeat it. In CI
# Hypothesis loads its own profile "ci" instead, which has no deadline either and tries the same examples in each run.
settings.register_profile("default", deadline=None, print_blob=True)


@pytest.fixture(autouse=True)
def _environment() -> Iterator[None]:
    kept = {name: os.environ[name] for name in KEPT if name in os.environ}
    with mock.patch.dict(os.environ, {**kept, **DUMMY}, clear=True):
        yield


@pytest.fixture(scope="session", autouse=True)
def _one_loader() -> Iterator[None]:
    """Read botocore's descriptions of services once.

    Each start of moto makes boto3 forget its session, and a new session reads and parses megabytes of JSON again.
    """
    loader = create_loader()
    with mock.patch("botocore.session.create_loader", return_value=loader):
        yield


@pytest.fixture(scope="session", autouse=True)
def _shared_stream_records() -> Iterator[None]:
    """Let moto's copies of a table share its stream's records, which nothing changes.

    moto copies the whole table for every part of a transaction, so that it can roll back. The more a test has written,
    the more of each copy is its stream.
    """
    with mock.patch.object(StreamRecord, "__deepcopy__", lambda record, _memo: record, create=True):
        yield


@pytest.fixture
def deployed() -> Iterator[Deployment]:
    """Start a function of the template cold: `deployed("Notify", STAGE="dev")` is its handler's module."""
    with deployment() as start:
        yield start


@pytest.fixture
def classifier(deployed: Deployment) -> Deployed:
    """The deployed `classify`, with new posts that wait for it."""
    return classifying(deployed)
