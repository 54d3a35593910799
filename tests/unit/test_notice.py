"""Notices and contacts are read as any version stored them, and written so that any version finds them."""

from __future__ import annotations

from typing import Any

import pytest

from aduan.notice import ANY_NOTICE, AnyNotice, Contact, ContactId, GateNotice, NoticeId, SmsBudgetNotice
from aduan.record import stamp
from aduan.store.table import attributes, contact_key, notice_id, notice_key
from tests.builders import NOON, a_channel_notice, a_contact_notice, a_notice
from tests.unit.fakes_notify import a_contact

BUDGET = SmsBudgetNotice(month="2026-11", budget_usd=35.0, created_at=NOON)
DIED = "2026-11-03T05:00:00.000000Z"
each_notice = pytest.mark.parametrize(
    ("notice", "partition", "sort"),
    [
        (a_notice(), f"TICKET#{a_notice().ticket}", "NOTICE#dishub#email"),
        (a_notice(step="remind"), f"TICKET#{a_notice().ticket}", "NOTICE#dishub#email#remind"),
        (
            a_notice(role="head", step="contradicted", round=3),
            f"TICKET#{a_notice().ticket}",
            "NOTICE#dishub.head#email#contradicted.3",
        ),
        (a_channel_notice(), "CHANNEL#instagram:kabarsleman", f"NOTICE#permission#{DIED}"),
        (a_contact_notice(), "OUTBOX#dishub", f"NOTICE#email#{DIED}"),
        (a_contact_notice(about="dishub.head"), "OUTBOX#dishub.head", f"NOTICE#email#{DIED}"),
        (BUDGET, "OUTBOX#sms", "NOTICE#budget#2026-11"),
    ],
)


def test_the_notice_of_a_run_is_read_as_it_was_written() -> None:
    """One a run, in the outbox of the gate."""
    notice = GateNotice(learnt_at=NOON, outcome="in_force", sentence="Dari 412 keputusan", created_at=NOON)
    assert notice_key(notice.id) == {"pk": "OUTBOX#gate", "sk": f"NOTICE#learnt#{stamp(NOON)}"}
    assert ANY_NOTICE.validate_python(attributes(notice)) == notice


@each_notice
def test_a_notice_lies_where_it_always_lay(notice: AnyNotice, partition: str, sort: str) -> None:
    """A notice that is stored already is met under its key, and the key leads back to it."""
    key = notice_key(notice.id)
    assert key == {"pk": partition, "sk": sort}
    assert notice_id(key) == notice.id


@each_notice
def test_a_notice_from_before_notices_named_their_kind_is_read(notice: AnyNotice, partition: str, sort: str) -> None:
    """Its kind is told by the attribute that only its class has; a new one says it."""
    stored = attributes(notice)
    assert ANY_NOTICE.validate_python(stored) == notice
    del stored["kind"]
    assert ANY_NOTICE.validate_python({**stored, "pk": partition, "sk": sort, "schema_version": 1}) == notice


@pytest.mark.parametrize(
    ("step", "name", "in_round"),
    [("remind", "remind", None), ("remind.2", "remind", 2), ("contradicted.1", "contradicted", 1), (None, None, None)],
)
def test_a_step_is_stored_with_its_round_and_read_apart_from_it(
    step: str | None, name: str | None, in_round: int | None
) -> None:
    """The stored form, which the API shows as well, is one word."""
    notice = a_notice(step=step)
    assert (notice.step, notice.round) == (name, in_round)
    assert attributes(notice).get("step") == step
    assert "round" not in attributes(notice)
    assert notice == a_notice(step=name, round=in_round)


def test_a_kind_that_nobody_knows_is_refused() -> None:
    """Nothing is sent of what is not understood."""
    stored: dict[str, Any] = attributes(a_notice()) | {"kind": "weather"}
    with pytest.raises(ValueError, match="kind"):
        ANY_NOTICE.validate_python(stored)


@pytest.mark.parametrize(
    ("code", "contact"), [("dishub", ContactId("dishub")), ("dishub.head", ContactId("dishub", "head"))]
)
def test_a_contact_is_stored_under_its_code(code: str, contact: ContactId) -> None:
    """What names it in the table and in the API is one word, and comes back as department and role."""
    assert (ContactId.parse(code), str(contact)) == (contact, code)
    stored = attributes(a_contact(code))
    assert stored["department"] == code
    assert Contact.model_validate(stored).id == contact
    assert contact_key(contact) == {"pk": f"DEPARTMENT#{code}", "sk": "CONTACT"}


@pytest.mark.parametrize("code", ["dishub.officer", "dishub.", "dishub.head.head", "dishub.boss"])
def test_a_role_that_nobody_has_is_refused(code: str) -> None:
    """A contact has one code."""
    with pytest.raises(ValueError, match="role"):
        ContactId.parse(code)


def test_the_id_of_a_notice_names_what_it_is_about() -> None:
    """Its partition comes from its kind and not from how its subject is spelled."""
    lower = a_notice(ticket="slm:4k7p2m")
    assert lower.id == NoticeId("TICKET", "slm:4k7p2m", "dishub#email")
