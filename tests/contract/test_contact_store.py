"""Contacts, in memory and on DynamoDB, keep the same promises."""

from __future__ import annotations

from datetime import timedelta

from aduan.notice import Contact, ContactId
from tests.builders import NOON, a_contact_notice
from tests.stores import MINUTE, Stores, stored_notice
from tests.unit.fakes_notify import a_contact


def test_a_contact_is_replaced(stores: Stores) -> None:
    """The last contact written is the one that counts."""
    contact = Contact(department="dishub", email="a@example.go.id", updated_at=NOON, updated_by="admin")
    assert stores.contacts.get(ContactId("dishub")) is None
    stores.contacts.put(contact)
    stores.contacts.put(contact.model_copy(update={"email": "b@example.go.id"}))
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.email == "b@example.go.id"


def test_an_address_dies_once_and_the_desk_is_told(stores: Stores) -> None:
    """Each address dies by itself, with a notice; a second time changes nothing and tells nobody."""
    stores.contacts.put(a_contact("dishub").model_copy(update={"fallback_email": "cadangan@sleman.example"}))
    contact = stores.contacts.get(ContactId("dishub"))
    assert contact is not None
    for which, address in (("email", contact.email), ("fallback_email", contact.fallback_email)):
        notice = a_contact_notice(which=which, address=address)
        assert stores.contacts.died(contact, notice) is True
        assert stores.contacts.died(contact, notice) is False
        told = stored_notice(stores, notice.id)
        assert told.model_copy(update={"act_at": None}) == notice
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.addresses("email") == ()
    assert (stored.dead_since, stored.fallback_dead_since) == (NOON, NOON)
    assert stored.dead_because == stored.fallback_dead_because == "bounce: General"
    assert len(list(stores.notices.left_behind(NOON + timedelta(days=1)))) == 2


def test_a_contact_that_was_replaced_does_not_die(stores: Stores) -> None:
    """A report about the old contact does not mark the new one, and the desk is not told."""
    stores.contacts.put(a_contact("dishub"))
    old = stores.contacts.get(ContactId("dishub"))
    assert old is not None
    assert old.email is not None
    stores.contacts.put(old.model_copy(update={"updated_at": NOON + MINUTE}))
    assert stores.contacts.died(old, a_contact_notice()) is False
    stored = stores.contacts.get(ContactId("dishub"))
    assert stored is not None
    assert stored.addresses("email") == (old.email,)
    assert stores.notices.get(a_contact_notice().id) is None
