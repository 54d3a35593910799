"""The API says who changed a contact."""

from __future__ import annotations

import pytest

from tests.admin_requests import ADMIN
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import CONTACTS, Api


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


def test_who_changes_a_contact_is_on_record(api: Api) -> None:
    """The latest change comes first, with both people and both addresses; a repetition is no change."""
    api("PUT", CONTACTS, body={"email": "lama@slemankab.go.id"})
    for _ in range(2):
        api("PUT", CONTACTS, {**ADMIN, "cognito:username": "admin-2"}, body={"email": "baru@slemankab.go.id"})
    changes = api.get(CONTACTS).body["changes"]
    assert [(change["by"], change["email"]) for change in changes] == [
        ("admin-2", "baru@slemankab.go.id"),
        ("admin-1", "lama@slemankab.go.id"),
    ]
    assert changes[0]["at_wib"].endswith(" WIB")


def test_a_contact_that_nobody_entered_has_no_changes(api: Api) -> None:
    """The list is there and empty."""
    assert api.get(CONTACTS).body["changes"] == []
