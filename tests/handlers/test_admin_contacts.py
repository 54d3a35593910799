"""Contacts of departments, read and replaced through the deployed API."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aduan.notice import Contact, ContactId
from aduan.store.contacts import DynamoContactStore
from tests.admin_requests import ADMIN
from tests.builders import NOON
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import CONTACTS, Api


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


def test_a_contact_is_replaced_and_says_by_whom(api: Api) -> None:
    """A contact is stored in its normal form, with who wrote it and when; omitted fields are removed."""
    assert api.get(CONTACTS).body["email"] is None
    began = datetime.now(UTC)
    api("PUT", CONTACTS, body={"email": "dlh@slemankab.go.id", "phone": "0812-3456-7890"})
    answer = api("PUT", CONTACTS, body={"phone": "0812 3456 7890"})
    assert answer.status == 200
    assert answer.body == api.get(CONTACTS).body
    assert (answer.body["email"], answer.body["phone"]) == (None, "+6281234567890")
    stored = DynamoContactStore(api.table).get(ContactId("dlh"))
    assert stored is not None
    assert stored.updated_by == "admin-1"
    assert began <= stored.updated_at <= datetime.now(UTC)


def test_the_head_of_a_department_has_a_contact_of_his_own(api: Api) -> None:
    """The head's contact is entered like the officer's; neither replaces the other.

    The head of `setda` is the Sekda.
    """
    api("PUT", CONTACTS, body={"email": "dlh@slemankab.go.id"})
    answer = api("PUT", "/departments/dlh.head/contacts", body={"email": "kepala.dlh@slemankab.go.id"})
    assert (answer.status, answer.body["department"]) == (200, "dlh.head")
    assert answer.body["department_name"] == "Pimpinan Dinas Lingkungan Hidup"
    assert api.get(CONTACTS).body["email"] == "dlh@slemankab.go.id"
    assert api.get("/departments/setda.head/contacts").status == 200
    assert api.get("/departments/dlh.lurah/contacts").status == 404


def test_a_repeated_put_changes_nothing(api: Api) -> None:
    """The same contact sent again, even by another admin, gets the same answer and keeps its author and time."""
    body = {"email": "dlh@slemankab.go.id"}
    first = api("PUT", CONTACTS, body=body)
    again = api("PUT", CONTACTS, {**ADMIN, "cognito:username": "admin-2"}, body=body)
    assert again == first


def test_a_dead_address_is_shown_and_alive_once_it_is_entered_again(api: Api) -> None:
    """The main and fallback addresses show since when and why they are dead; entering the contact revives both."""
    body = {"email": "dlh@slemankab.go.id", "fallback_email": "sekretariat.dlh@slemankab.go.id"}
    assert api.get(CONTACTS).body["dead_since"] is None
    api("PUT", CONTACTS, body=body)
    contacts = DynamoContactStore(api.table)
    contact = contacts.get(ContactId("dlh"))
    assert contact is not None
    dead = {"dead_since": NOON, "dead_because": "bounce: General", "fallback_dead_since": NOON}
    contacts.put(contact.model_copy(update=dead))
    shown = api.get(CONTACTS).body
    assert (shown["fallback_email"], shown["dead_because"]) == (body["fallback_email"], "bounce: General")
    assert shown["dead_since_wib"] == shown["fallback_dead_since_wib"] == "2026-11-03 12:00 WIB"
    answer = api("PUT", CONTACTS, body=body)
    assert answer.body["dead_since"] is answer.body["fallback_dead_since"] is None
    stored = contacts.get(ContactId("dlh"))
    assert stored is not None
    assert stored.addresses("email") == (body["email"], body["fallback_email"])


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"email": "x"}, 400, "email"),
        ({"email": "a@b.id", "updated_by": "kepala dinas"}, 400, "updated_by"),
        ({"email": "a@b.id", "pk": "CHANNEL#1"}, 400, "pk"),
        (None, 400, "body"),
        ("x" * 4097, 413, "body"),
    ],
)
def test_a_wrong_contact_is_not_written(api: Api, body: object, status: int, field: str) -> None:
    """A body that is wrong, too long or sets more than it may leaves the contact as it was."""
    before = Contact(department="dlh", email="dlh@slemankab.go.id", updated_at=NOON, updated_by="admin-1")
    DynamoContactStore(api.table).put(before)
    answer = api("PUT", CONTACTS, body=body)
    assert (answer.status, answer.error["field"]) == (status, field)
    assert DynamoContactStore(api.table).get(ContactId("dlh")) == before
