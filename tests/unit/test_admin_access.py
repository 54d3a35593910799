"""Who may see and do what in the admin API."""

from __future__ import annotations

from typing import Any

import pytest

from admin_api.access import Caller, caller
from aduan.refusal import RefusedError
from tests.builders import a_ticket

ADMIN = Caller("sub-1", "admin-1", None)
DISHUB = Caller("sub-2", "petugas-1", "dishub")


def an_event_of(**claims: Any) -> dict[str, Any]:
    return {"requestContext": {"authorizer": {"claims": {"sub": "sub-1", "token_use": "id", **claims}}}}


@pytest.mark.parametrize("groups", ["admin", "admin,department", "[admin department]", ["department", "admin"]])
def test_an_admin_is_recognised(groups: object) -> None:
    """Groups are understood in every form that a token's claim may take."""
    assert caller(an_event_of(**{"cognito:groups": groups, "cognito:username": "admin-1"})) == ADMIN


def test_an_officer_is_bound_to_the_department_of_the_account() -> None:
    """The department comes from the account, and the name falls back to the token's subject."""
    found = caller(an_event_of(**{"cognito:groups": "department", "custom:department": "dishub"}))
    assert found == Caller("sub-1", "sub-1", "dishub")
    assert not found.is_admin


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"requestContext": None},
        {"requestContext": {"authorizer": None}},
        {"requestContext": {"authorizer": {"claims": None}}},
        {"requestContext": {"authorizer": {"claims": "sub=1"}}},
        {"requestContext": {"authorizer": {"claims": {"token_use": "id", "cognito:groups": "admin"}}}},
        {"requestContext": {"authorizer": {"claims": {"token_use": "id", "sub": "", "cognito:groups": "admin"}}}},
        an_event_of(**{"token_use": "access", "cognito:groups": "admin"}),
        an_event_of(**{"token_use": None, "cognito:groups": "admin"}),
        an_event_of(**{"token_use": ["id"], "cognito:groups": "admin"}),
        {"headers": {"Authorization": "Bearer x"}, "requestContext": {}},
    ],
)
def test_without_verified_claims_nobody_is_somebody(event: dict[str, Any]) -> None:
    """Only the claims that the authorizer verified count; without them the answer is 401."""
    with pytest.raises(RefusedError) as refused:
        caller(event)
    assert refused.value.status == 401


@pytest.mark.parametrize(
    "claims",
    [
        {},
        {"cognito:groups": ""},
        {"cognito:groups": "administrators"},
        {"cognito:groups": ["Admin"]},
        {"cognito:groups": {"admin": True}},
        {"cognito:groups": "department"},
        {"cognito:groups": "department", "custom:department": ""},
        {"cognito:groups": "department", "custom:department": "dishub,dlh"},
        {"custom:department": "dishub"},
    ],
)
def test_an_account_without_a_place_is_refused(claims: dict[str, Any]) -> None:
    """An account in no known group, or without exactly one department, has no rights: 403."""
    with pytest.raises(RefusedError) as refused:
        caller(an_event_of(**claims))
    assert refused.value.status == 403


def test_an_admin_reads_every_department() -> None:
    """An admin's list is restricted only by the filters of the request."""
    assert ADMIN.department_to_read(None) is None
    assert ADMIN.department_to_read("dlh") == "dlh"
    assert ADMIN.may_read(a_ticket(department="dlh"))
    ADMIN.must_be_admin()


def test_an_officer_reads_one_department() -> None:
    """An officer's list shows only their own department; asking for another, or for all, is refused."""
    assert DISHUB.department_to_read(None) == "dishub"
    assert DISHUB.department_to_read("dishub") == "dishub"
    assert DISHUB.may_read(a_ticket(department="dishub"))
    assert not DISHUB.may_read(a_ticket(department="dlh"))
    with pytest.raises(RefusedError) as other:
        DISHUB.department_to_read("dlh")
    with pytest.raises(RefusedError) as more:
        DISHUB.must_be_admin()
    assert (other.value.status, more.value.status) == (403, 403)
