"""Who changed a contact, when, and from what to what, is on record and can be read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from moto import mock_aws

from aduan.notice import ContactId
from aduan.store.contacts import ContactStore, DynamoContactStore
from tests.builders import NOON
from tests.in_memory.contacts import InMemoryContactStore
from tests.in_memory.memory import Memory
from tests.table import create_table
from tests.unit.fakes_notify import a_contact

DISHUB = ContactId("dishub")
FIRST = a_contact("dishub").model_copy(update={"updated_at": NOON, "updated_by": "admin-1"})
SECOND = FIRST.model_copy(
    update={"email": "lain@sleman.example", "updated_at": NOON + timedelta(days=1), "updated_by": "admin-2"}
)


@pytest.fixture(name="contacts", params=["in memory", "DynamoDB"])
def _contacts(request: pytest.FixtureRequest) -> Iterator[ContactStore]:
    """Each test runs on both."""
    if request.param == "in memory":
        yield InMemoryContactStore(Memory())
        return
    with mock_aws():
        yield DynamoContactStore(create_table())


def test_every_version_of_a_contact_is_on_record(contacts: ContactStore) -> None:
    """The latest comes first, each with who wrote it and when; another contact's are not among them."""
    contacts.put(a_contact("dlh"))
    contacts.put(FIRST)
    contacts.put(SECOND, FIRST)
    assert contacts.get(DISHUB) == SECOND
    assert contacts.versions(DISHUB, 10) == [SECOND, FIRST]
    assert contacts.versions(DISHUB, 1) == [SECOND]
    assert contacts.versions(ContactId("dishub", "head"), 10) == []


def test_what_a_contact_was_when_it_was_replaced_is_on_record(contacts: ContactStore) -> None:
    """Also when it was entered before changes were recorded, and that its address was dead."""
    dead = FIRST.model_copy(update={"dead_since": NOON + timedelta(hours=1), "dead_because": "bounce: General"})
    contacts.put(dead)
    contacts.put(SECOND, dead)
    assert contacts.versions(DISHUB, 10) == [SECOND, dead]


def test_a_contact_that_replaces_itself_within_a_moment_is_one_version(contacts: ContactStore) -> None:
    """A transaction may name an item only once."""
    contacts.put(FIRST)
    contacts.put(FIRST, FIRST)
    assert contacts.versions(DISHUB, 10) == [FIRST]
