"""Contract tests run once for each implementation of the stores."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from moto import mock_aws

from tests.stores import Stores, stores_in_memory, stores_on
from tests.table import create_table


@pytest.fixture(params=["in memory", "DynamoDB"])
def stores(request: pytest.FixtureRequest) -> Iterator[Stores]:
    """Each test runs on both."""
    if request.param == "in memory":
        yield stores_in_memory()
        return
    with mock_aws():
        yield stores_on(create_table())
