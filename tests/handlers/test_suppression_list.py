"""An address that a person enters anew gets mail again, also from SES, and the answer says so."""

from __future__ import annotations

import pytest

from admin_api.suppression import NOT_LISTED, TAKEN_OFF, SesSuppressionList
from tests.admin_requests import DISHUB
from tests.deployment import Deployment
from tests.handlers.deployed_admin_api import CONTACTS, Api

OWN, FALLBACK = "dlh@slemankab.go.id", "cadangan.dlh@slemankab.go.id"


@pytest.fixture(name="api")
def _api(deployed: Deployment) -> Api:
    return Api(deployed("AdminApi"), deployed.table, deployed.log)


@pytest.fixture(name="listed")
def _listed(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Addresses on the list, each with what happens when it is taken off."""
    listed: dict[str, str] = {}

    def take_off(_self: SesSuppressionList, address: str) -> str:
        outcome = listed.get(address, NOT_LISTED)
        if outcome == TAKEN_OFF:
            del listed[address]
        return outcome

    monkeypatch.setattr(SesSuppressionList, "take_off", take_off)
    return listed


def test_an_address_that_is_entered_anew_is_taken_off_ses_list(api: Api, listed: dict[str, str]) -> None:
    """Both addresses are, and the answer names those that were on the list."""
    listed[FALLBACK] = TAKEN_OFF
    answer = api("PUT", CONTACTS, body={"email": OWN, "fallback_email": FALLBACK})
    [entry] = answer.body["suppression_list"]
    assert (entry["address"], entry["outcome"], entry["reason"]) == (FALLBACK, "taken_off", None)
    assert "dicabut dari daftar blokir" in entry["outcome_label"]
    assert not listed


def test_a_repetition_takes_off_what_could_not_be_taken_off_before(api: Api, listed: dict[str, str]) -> None:
    """The contact is stored at once; the same request sent again tries the list again."""
    listed[OWN] = "TooManyRequestsException"
    first = api("PUT", CONTACTS, body={"email": OWN})
    assert (first.status, first.body["email"]) == (200, OWN)
    [entry] = first.body["suppression_list"]
    assert (entry["outcome"], entry["reason"]) == ("unknown", "TooManyRequestsException")
    listed[OWN] = TAKEN_OFF
    again = api("PUT", CONTACTS, body={"email": OWN})
    assert [entry["outcome"] for entry in again.body["suppression_list"]] == ["taken_off"]
    assert again.body["updated_at"] == first.body["updated_at"]


def test_nobody_takes_an_address_off_who_may_not_enter_it(api: Api, listed: dict[str, str]) -> None:
    """A refused request leaves the list alone, and so does reading a contact."""
    listed[OWN] = TAKEN_OFF
    assert api("PUT", CONTACTS, DISHUB, body={"email": OWN}).status == 403
    assert api("PUT", CONTACTS, body={"email": OWN, "fallback_email": OWN}).status == 400
    assert api.get(CONTACTS).body["suppression_list"] == []
    assert listed
