"""What `make attack` plays, and when the stack has withstood it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from infra.local import attack, machine
from infra.local.attack import FALSE, Outcome

HELD = Outcome(
    flood_posts=100,
    flood_tickets=100,
    flood_texts=1,
    flood_mails=10,
    real_texts=1,
    real_mails=1,
    mails_in_all=15,
    untold=0,
)


def test_one_account_writes_the_flood(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Each comment is of the same author, and none names a place."""
    monkeypatch.setattr(attack, "STATE", tmp_path)
    posts = [json.loads(line) for line in attack.write_flood(100).read_text().splitlines()]
    assert len({post["id"] for post in posts}) == 100
    assert {(post["author"], post["text"]) for post in posts} == {("Akun Pembanjir", FALSE)}


@pytest.mark.parametrize(
    "missed", [{"flood_texts": 6}, {"real_texts": 0}, {"real_mails": 0}, {"mails_in_all": 100}, {"untold": 1}]
)
def test_the_stack_has_withstood_only_if_each_promise_holds(missed: dict[str, int]) -> None:
    """At most five SMS, the real fire told by SMS and by mail, digests, and no ticket without a mail."""
    assert HELD.withstood
    assert not replace(HELD, **missed).withstood


def test_the_stack_of_the_attack_has_limits() -> None:
    """Only the stage `local` holds nothing back and spares no SMS."""
    addresses = machine.Addresses(1, 2)
    assert machine.parameters(addresses)["Stage"] == "local"
    assert machine.parameters(addresses, machine.LIMITED)["Stage"] == "dev"
