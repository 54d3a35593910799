"""Seed what a deployment needs beside the template: tokens, a verified sender, contacts, one admin."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime
from typing import Any, Final

from aduan.directory_loading import load_directory
from aduan.notice import Contact, ContactId
from aduan.secure_parameters import AUTHOR_KEY, META_APP_ID, META_APP_SECRET
from aduan.store.contacts import DynamoContactStore
from aduan.store.table import Table
from infra.local.deploy import Deployment
from infra.local.machine import ADMIN, APP_ID, APP_SECRET, OVERRIDE_EMAIL, SENDER, STAGE, tokens

WITHOUT_CONTACT: Final = frozenset({"setwan", "kesbangpol"})
"""Two departments get no contact, so that the demo shows their notices going to the desk."""


def seed_credentials(ssm: Any, stage: str = STAGE) -> None:
    """Put the simulator's tokens where the functions of a stage look for the real ones."""
    given = tokens()
    wanted = {each.token_parameter: given[each.id] for each in load_directory().channels if each.id in given}
    app = {META_APP_ID: APP_ID, META_APP_SECRET: APP_SECRET}
    for name, value in {**wanted, **app, AUTHOR_KEY: secrets.token_urlsafe(32)}.items():
        ssm.put_parameter(Name=f"/aduan/{stage}/{name}", Value=value, Type="SecureString", Overwrite=True)


def verify_addresses(ses: Any) -> None:
    """Verify the sender and the receivers: SES sends only from verified addresses and, in its sandbox, only to them."""
    for address in (SENDER, OVERRIDE_EMAIL):
        ses.create_email_identity(EmailIdentity=address)


def seed_contacts(table: Table) -> int:
    """Give the county's departments, the desk and their heads invented addresses and numbers.

    Returns:
        How many departments got a contact.
    """
    contacts = DynamoContactStore(table)
    departments = [
        department
        for department in load_directory().departments.values()
        if department.kind != "outside" and department.code not in WITHOUT_CONTACT
    ]
    for number, department in enumerate(departments):
        contacts.put(
            Contact(
                department=ContactId(department.code),
                email=f"{department.code.replace('_', '-')}@slemankab.example",
                phone=f"+62811000{number:04d}",
                updated_at=datetime.now(UTC),
                updated_by="seed",
            )
        )
        # The Sekda is the head of `setda`.
        contacts.put(
            Contact(
                department=ContactId(department.code, "head"),
                email=f"kepala-{department.code.replace('_', '-')}@slemankab.example",
                phone=f"+62811100{number:04d}",
                updated_at=datetime.now(UTC),
                updated_by="seed",
            )
        )
    return len(departments)


def sign_in_admin(cognito: Any, deployment: Deployment) -> str:
    """Create one admin with a random password, sign them in, and return the token that the API asks for."""
    password = f"Aa1-{secrets.token_urlsafe(18)}"
    cognito.admin_create_user(
        UserPoolId=deployment.user_pool_id,
        Username=ADMIN,
        UserAttributes=[{"Name": "email", "Value": ADMIN}, {"Name": "email_verified", "Value": "true"}],
        TemporaryPassword=password,
        MessageAction="SUPPRESS",
    )
    cognito.admin_set_user_password(
        UserPoolId=deployment.user_pool_id, Username=ADMIN, Password=password, Permanent=True
    )
    cognito.admin_add_user_to_group(UserPoolId=deployment.user_pool_id, Username=ADMIN, GroupName="admin")
    answer = cognito.initiate_auth(
        ClientId=deployment.client_id,
        AuthFlow="USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": ADMIN, "PASSWORD": password},
    )
    token: str = answer["AuthenticationResult"]["IdToken"]
    return token
