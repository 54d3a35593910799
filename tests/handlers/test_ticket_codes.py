"""Codes of tickets are keyed, and the key is asked for once."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import boto3
import pytest
from moto import mock_aws

from aduan import ticket
from aduan.ticket_codes import CodeKeyError, TicketCodes

if TYPE_CHECKING:
    from mypy_boto3_ssm import SSMClient

LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
NAME = "/aduan/dev/author_key"
KEYS = ["instagram#1", "x#1866", "rss#a/b"]


def test_a_code_is_not_derived_from_the_post_alone() -> None:
    """Two keys give two codes, one key always the same, and none is the plain hash of former times."""
    for key in KEYS:
        number = int.from_bytes(hashlib.sha256(f"{key}#0".encode()).digest()[:8], "big")
        letters = [LETTERS[number >> 5 * place & 31] for place in range(6)]
        codes = ["SLM-" + "".join(letters), *(ticket.ticket_code(secret, key) for secret in ("one", "two"))]
        assert len(set(codes)) == 3
        assert ticket.ticket_code("one", key) == codes[1] != ticket.ticket_code("one", key, 1)


def test_the_key_is_asked_for_once_and_only_for_a_ticket() -> None:
    """A cold start connects to nothing; the first ticket asks once, and further ones ask nobody."""
    with mock_aws():
        client = boto3.client("ssm")
        connected: list[str] = []
        asked: list[str] = []

        def connect() -> SSMClient:
            connected.append("ssm")
            return client

        client.put_parameter(Name=NAME, Value="kunci", Type="SecureString")
        client.meta.events.register("before-call.ssm.GetParameters", lambda model, **_: asked.append(model.name))
        codes = TicketCodes(connect, "/aduan/dev")
        assert (connected, asked) == ([], [])
        assert [codes.of(key) for key in KEYS] == [ticket.ticket_code("kunci", key) for key in KEYS]
        assert (connected, asked) == (["ssm"], ["GetParameters"])


def test_without_the_key_no_ticket_is_opened_and_the_error_names_it() -> None:
    """No code is made without a key, and one that is stored later is found at the next try."""
    with mock_aws():
        client = boto3.client("ssm")
        codes = TicketCodes(lambda: client, "/aduan/dev")
        with pytest.raises(CodeKeyError, match=NAME):
            codes.of("instagram#1")
        client.put_parameter(Name=NAME, Value="kunci", Type="SecureString")
        assert codes.of("instagram#1") == ticket.ticket_code("kunci", "instagram#1")
