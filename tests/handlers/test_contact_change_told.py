"""A mail address that is taken out of a contact is told, once for each change."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace

import pytest

from admin_api.contact_change import told_of_change
from aduan.notice import ContactChangeNotice
from aduan.store.notices import DynamoNoticeStore
from aduan.store.table import OutdatedError
from notify.contact_wording import contact_change_mail
from tests.builders import NOON
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import CONTACTS, Api
from tests.sending import DIRECTORY, Sending
from tests.stores import stores_in_memory
from tests.unit.fakes_notify import a_contact

OLD, NEW = "lama@slemankab.go.id", "rahasia@lain.example"
BEFORE = a_contact("dlh").model_copy(update={"email": OLD, "updated_at": NOON})
AFTER = BEFORE.model_copy(update={"email": NEW, "updated_at": NOON + timedelta(days=1), "updated_by": "admin-2"})


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


def told(api: Api) -> list[ContactChangeNotice]:
    """The notices about changed contacts in the outbox."""
    store = DynamoNoticeStore(api.table)
    found = [store.get(which) for which in store.left_behind(NOON + timedelta(days=9_999))]
    return [notice for notice in found if isinstance(notice, ContactChangeNotice)]


def test_the_old_address_is_told_once(api: Api) -> None:
    """Neither the first entry of a contact nor a repetition tells anybody; taking an address out does."""
    api("PUT", CONTACTS, body={"email": OLD})
    assert told(api) == []
    for _ in range(2):
        api("PUT", CONTACTS, body={"email": NEW})
    [notice] = told(api)
    assert (notice.address, notice.instead) == (OLD, "r…@lain.example")
    api("PUT", CONTACTS, body={"email": NEW, "phone": "0812 3456 7890"})
    assert len(told(api)) == 1


def test_a_dead_address_is_not_told_and_a_kept_one_neither() -> None:
    """The one could not be reached, the other still is."""
    assert told_of_change(None, AFTER) == ()
    assert told_of_change(BEFORE.model_copy(update={"dead_since": NOON}), AFTER) == ()
    assert told_of_change(BEFORE, AFTER.model_copy(update={"fallback_email": OLD})) == ()
    assert [notice.address for notice in told_of_change(BEFORE, AFTER)] == [OLD]


def test_two_who_replace_a_contact_at_once_tell_of_one_change_each() -> None:
    """The second is refused and reads the contact again."""
    stores = stores_in_memory()
    stores.contacts.put(BEFORE)
    stores.contacts.put(AFTER, BEFORE, told_of_change(BEFORE, AFTER))
    with pytest.raises(OutdatedError):
        stores.contacts.put(AFTER, BEFORE, told_of_change(BEFORE, AFTER))


@pytest.mark.parametrize("stage", ["prod", "dev"])
def test_it_goes_to_the_address_that_was_taken_out(stage: str) -> None:
    """Whatever the contact says now; outside production to the override, like every mail."""
    [notice] = told_of_change(BEFORE, AFTER)
    sending, override = Sending(), "semua-surel@slemankab.example"
    settings = SimpleNamespace(stage=stage, override_email=override, override_phone="")
    assert replace(sending.delivery, settings=settings).deliver(sending.add(notice)) == "sent"
    assert [message.recipient for message in sending.mail.accepted] == [OLD if stage == "prod" else override]


def test_the_mail_says_what_was_changed_and_hides_the_new_address() -> None:
    """Whoever reads the old mailbox learns that it gets no more complaints, and whom to ask."""
    [notice] = told_of_change(BEFORE, AFTER)
    mail = contact_change_mail(notice, DIRECTORY.departments["dlh"], DIRECTORY)
    for said in (mail.text, mail.html):
        assert OLD in said
        assert NEW not in said
        assert "tidak lagi" in said


def test_an_old_address_that_bounces_is_given_up() -> None:
    """The mail was for this address alone: nobody else gets it, and it waits for nothing."""
    [notice] = told_of_change(BEFORE, AFTER)
    sending = Sending()
    assert sending.deliver(sending.add(notice)) == "sent"
    [message] = sending.mail.accepted
    sending.report(message, "dead", "bounce: General")
    after = sending.stored(notice)
    assert (after.state, after.act_at, after.failure) == ("failed", None, "bounce: General")
