"""Admins sign in with a second factor."""

from __future__ import annotations

from tests.template.declared import RESOURCES, TEMPLATE

POOL = RESOURCES["Admins"]["Properties"]


def test_an_admin_needs_a_second_factor_in_prod_and_may_have_one_elsewhere() -> None:
    """Codes of an authenticator app, which cost nothing and need no telephone number; no SMS, no e-mail."""
    assert POOL["EnabledMfas"] == ["SOFTWARE_TOKEN_MFA"]
    assert POOL["MfaConfiguration"] == {"Fn::If": ["IsProd", "ON", "OPTIONAL"]}
    assert TEMPLATE["Conditions"]["IsProd"] == {"Fn::Equals": [{"Ref": "Stage"}, "prod"]}


def test_a_forgotten_password_is_reset_by_the_verified_address_only() -> None:
    """An account has no telephone number, and a number could be taken over."""
    assert POOL["AccountRecoverySetting"] == {"RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]}
    assert POOL["Policies"]["PasswordPolicy"]["TemporaryPasswordValidityDays"] == 3
